// Peers two networks and builds a gateway with Azure's SDK for Go: a client that shares no code with Python's.
// Reads the environment of armsim's DIR/env, prints one JSON object, and ends with 1 at the first surprise.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v7"
)

const (
	subscription = "00000000-0000-0000-0000-000000000000"
	group        = "second"
	region       = "westeurope"
)

type story struct {
	ctx     context.Context
	clients *armnetwork.ClientFactory
	told    map[string]any
}

func main() {
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	clients, err := connect()
	if err == nil {
		one := &story{ctx, clients, map[string]any{}}
		err = errors.Join(one.peer(), one.refused(), one.gateway(), one.cut())
		_ = json.NewEncoder(os.Stdout).Encode(one.told)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func connect() (*armnetwork.ClientFactory, error) {
	endpoint := os.Getenv("ARM_ENDPOINT")
	where := cloud.Configuration{
		ActiveDirectoryAuthorityHost: os.Getenv("AZURE_AUTHORITY_HOST"),
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: endpoint, Audience: endpoint},
		},
	}
	client := azcore.ClientOptions{Cloud: where}
	login, err := azidentity.NewClientSecretCredential(
		os.Getenv("AZURE_TENANT_ID"), os.Getenv("AZURE_CLIENT_ID"), os.Getenv("AZURE_CLIENT_SECRET"),
		&azidentity.ClientSecretCredentialOptions{ClientOptions: client, DisableInstanceDiscovery: true})
	if err != nil {
		return nil, err
	}
	return armnetwork.NewClientFactory(subscription, login, &arm.ClientOptions{ClientOptions: client, DisableRPRegistration: true})
}

// done follows an operation to its end with the SDK's own poller.
func done[T any](ctx context.Context, poller *runtime.Poller[T], err error) (T, error) {
	if err != nil {
		var nothing T
		return nothing, err
	}
	return poller.PollUntilDone(ctx, &runtime.PollUntilDoneOptions{Frequency: time.Second})
}

func (s *story) network(name, prefix string, subnets ...*armnetwork.Subnet) (*armnetwork.VirtualNetwork, error) {
	poller, err := s.clients.NewVirtualNetworksClient().BeginCreateOrUpdate(s.ctx, group, name, armnetwork.VirtualNetwork{
		Location: to.Ptr(region),
		Properties: &armnetwork.VirtualNetworkPropertiesFormat{
			AddressSpace: &armnetwork.AddressSpace{AddressPrefixes: []*string{to.Ptr(prefix)}},
			Subnets:      subnets,
		},
	}, nil)
	made, err := done(s.ctx, poller, err)
	return &made.VirtualNetwork, err
}

func (s *story) side(network, remote string) (string, error) {
	poller, err := s.clients.NewVirtualNetworkPeeringsClient().BeginCreateOrUpdate(s.ctx, group, network, "link",
		armnetwork.VirtualNetworkPeering{Properties: &armnetwork.VirtualNetworkPeeringPropertiesFormat{
			AllowVirtualNetworkAccess: to.Ptr(true),
			RemoteVirtualNetwork:      &armnetwork.SubResource{ID: to.Ptr(remote)},
		}}, nil)
	made, err := done(s.ctx, poller, err)
	if err != nil {
		return "", err
	}
	return string(*made.Properties.PeeringState), nil
}

func (s *story) peer() error {
	one, err := s.network("one", "10.1.0.0/16", &armnetwork.Subnet{
		Name:       to.Ptr("GatewaySubnet"),
		Properties: &armnetwork.SubnetPropertiesFormat{AddressPrefix: to.Ptr("10.1.255.0/27")},
	})
	if err != nil {
		return err
	}
	two, err := s.network("two", "10.2.0.0/16")
	if err != nil {
		return err
	}
	first, err := s.side("one", *two.ID)
	if err != nil {
		return err
	}
	second, err := s.side("two", *one.ID)
	if err != nil {
		return err
	}
	s.told["first"], s.told["second"] = first, second
	return s.list()
}

func (s *story) list() error {
	states := []string{}
	pager := s.clients.NewVirtualNetworkPeeringsClient().NewListPager(group, "one", nil)
	for pager.More() {
		page, err := pager.NextPage(s.ctx)
		if err != nil {
			return err
		}
		for _, each := range page.Value {
			states = append(states, string(*each.Properties.PeeringState))
		}
	}
	s.told["listed"] = states
	return nil
}

// refused keeps the code that the SDK reads from the answer.
func (s *story) refused() error {
	one, err := s.clients.NewVirtualNetworksClient().Get(s.ctx, group, "one", nil)
	if err != nil {
		return err
	}
	if _, err = s.network("three", "10.1.128.0/17"); err != nil {
		return err
	}
	_, err = s.side("three", *one.ID)
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) {
		return fmt.Errorf("an overlap was not refused: %w", err)
	}
	s.told["overlap"] = fmt.Sprintf("%d %s", answer.StatusCode, answer.ErrorCode)
	return nil
}

func (s *story) gateway() error {
	sku := armnetwork.PublicIPAddressSKUNameStandard
	poller, err := s.clients.NewPublicIPAddressesClient().BeginCreateOrUpdate(s.ctx, group, "ip", armnetwork.PublicIPAddress{
		Location:   to.Ptr(region),
		SKU:        &armnetwork.PublicIPAddressSKU{Name: &sku},
		Zones:      []*string{to.Ptr("1"), to.Ptr("2"), to.Ptr("3")},
		Properties: &armnetwork.PublicIPAddressPropertiesFormat{PublicIPAllocationMethod: to.Ptr(armnetwork.IPAllocationMethodStatic)},
	}, nil)
	address, err := done(s.ctx, poller, err)
	if err != nil {
		return err
	}
	subnet, err := s.clients.NewSubnetsClient().Get(s.ctx, group, "one", "GatewaySubnet", nil)
	if err != nil {
		return err
	}
	return s.build(*subnet.ID, *address.ID)
}

func (s *story) build(subnet, address string) error {
	poller, err := s.clients.NewVirtualNetworkGatewaysClient().BeginCreateOrUpdate(s.ctx, group, "gw", armnetwork.VirtualNetworkGateway{
		Location: to.Ptr(region),
		Properties: &armnetwork.VirtualNetworkGatewayPropertiesFormat{
			GatewayType: to.Ptr(armnetwork.VirtualNetworkGatewayTypeVPN),
			VPNType:     to.Ptr(armnetwork.VPNTypeRouteBased),
			SKU: &armnetwork.VirtualNetworkGatewaySKU{
				Name: to.Ptr(armnetwork.VirtualNetworkGatewaySKUNameVPNGw1AZ),
				Tier: to.Ptr(armnetwork.VirtualNetworkGatewaySKUTierVPNGw1AZ),
			},
			IPConfigurations: []*armnetwork.VirtualNetworkGatewayIPConfiguration{{
				Name: to.Ptr("default"),
				Properties: &armnetwork.VirtualNetworkGatewayIPConfigurationPropertiesFormat{
					Subnet:          &armnetwork.SubResource{ID: to.Ptr(subnet)},
					PublicIPAddress: &armnetwork.SubResource{ID: to.Ptr(address)},
				},
			}},
		},
	}, nil)
	made, err := done(s.ctx, poller, err)
	if err != nil {
		return err
	}
	s.told["gateway"] = string(*made.Properties.ProvisioningState)
	s.told["bgp"] = *made.Properties.BgpSettings.BgpPeeringAddress
	return nil
}

func (s *story) cut() error {
	poller, err := s.clients.NewVirtualNetworkPeeringsClient().BeginDelete(s.ctx, group, "two", "link", nil)
	if _, err = done(s.ctx, poller, err); err != nil {
		return err
	}
	left, err := s.clients.NewVirtualNetworkPeeringsClient().Get(s.ctx, group, "one", "link", nil)
	if err != nil {
		return err
	}
	s.told["cut"] = string(*left.Properties.PeeringState)
	return nil
}
