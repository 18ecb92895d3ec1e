"""The real az CLI builds a VPN between two networks, breaks its key and takes it down; and NSGs, routes, private DNS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from armsim_process import SUBSCRIPTION, ArmsimProcess
from contract import azure_cli
from contract.az_shell import Az

# Azure's hours pass in an eye's blink, but for the creation of gateways, which waits for the test to move the clock.
CONFIG = {"durations": {"virtualNetworkGateways.create": 30_000_000}}
SPEED = "10000"
HOURS = 31_000_000.0


@pytest.fixture(scope="module")
def armsim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArmsimProcess]:
    with ArmsimProcess(tmp_path_factory.mktemp("armsim"), config=CONFIG, speed=SPEED) as process:
        yield process


@pytest.fixture(scope="module")
def az(armsim: ArmsimProcess, tmp_path_factory: pytest.TempPathFactory) -> Az:
    return Az(azure_cli.az(), armsim, tmp_path_factory.mktemp("home"))


def eventually(look: Callable[[], Any], wanted: Any) -> None:
    """A tunnel's status follows the virtual clock; a handful of looks is minutes of Azure's time."""
    seen = [look()]
    while seen[-1] != wanted:
        assert len(seen) < 15, f"never {wanted}: {seen}"
        seen.append(look())


def test_a_vpn_comes_up_with_one_key_and_down_with_two(az: Az, armsim: ArmsimProcess) -> None:
    az("group create -n vpn -l westeurope")
    for number, side in enumerate(("left", "right")):
        prefixes = f"--address-prefixes 10.{number}.0.0/16 --subnet-name app --subnet-prefixes 10.{number}.0.0/24"
        az(f"network vnet create -g vpn -n {side} {prefixes}")
        az(
            f"network vnet subnet create -g vpn --vnet-name {side} -n GatewaySubnet --address-prefixes 10.{number}.255.0/27"
        )
        made = az(f"network public-ip create -g vpn -n {side}-ip --sku Standard --zone 1 2 3")["publicIp"]
        assert (made["publicIPAllocationMethod"], bool(made["ipAddress"])) == ("Static", True)
        create = f"network vnet-gateway create -g vpn -n {side} --vnet {side} --public-ip-addresses {side}-ip"
        assert az(f"{create} --gateway-type Vpn --vpn-type RouteBased --sku VpnGw1AZ --no-wait") is None

    show = "network vnet-gateway show -g vpn -n left --query provisioningState -o tsv"
    assert az.text(show) == "Updating"
    armsim.advance(HOURS)
    for side in ("left", "right"):
        az(f"network vnet-gateway wait -g vpn -n {side} --created --interval 1 --timeout 60")
    gateway = az("network vnet-gateway show -g vpn -n left")
    assert (gateway["provisioningState"], gateway["bgpSettings"]["bgpPeeringAddress"]) == ("Succeeded", "10.0.255.30")

    left = az(
        "network vpn-connection create -g vpn -n l2r --vnet-gateway1 left --vnet-gateway2 right --shared-key Abc123"
    )
    assert left["resource"]["connectionType"] == "Vnet2Vnet"
    status = "network vpn-connection show -g vpn -n {} --query connectionStatus -o tsv"
    assert az.text(status.format("l2r")) in ("Unknown", "Connecting")
    az("network vpn-connection create -g vpn -n r2l --vnet-gateway1 right --vnet-gateway2 left --shared-key Abc123")
    for name in ("l2r", "r2l"):
        eventually(partial(az.text, status.format(name)), "Connected")
    assert {one["name"] for one in az("network vpn-connection list -g vpn")} == {"l2r", "r2l"}
    assert all("connectionStatus" not in one for one in az("network vpn-connection list -g vpn"))
    assert az("network vpn-connection shared-key show -g vpn --connection-name l2r")["value"] == "Abc123"

    az("network vpn-connection shared-key update -g vpn --connection-name l2r --value Other9")
    assert az("network vpn-connection shared-key show -g vpn --connection-name l2r")["value"] == "Other9"
    for name in ("l2r", "r2l"):
        eventually(partial(az.text, status.format(name)), "NotConnected")
    az("network vpn-connection shared-key update -g vpn --connection-name r2l --value Other9")
    eventually(lambda: az.text(status.format("r2l")), "Connected")

    in_use = az.refused(
        "network vnet subnet delete -g vpn --vnet-name left -n GatewaySubnet", "InUseSubnetCannotBeDeleted"
    )
    assert "virtualNetworkGateways/left/ipConfigurations" in in_use
    az.refused("network public-ip delete -g vpn -n left-ip", "PublicIPAddressCannotBeDeleted")
    az.refused("network vnet-gateway delete -g vpn -n left", "VirtualNetworkGatewayCannotBeDeleted")
    for name in ("l2r", "r2l"):
        az(f"network vpn-connection delete -g vpn -n {name}")
    for side in ("left", "right"):
        az(f"network vnet-gateway delete -g vpn -n {side}")
    az("network public-ip delete -g vpn -n left-ip")
    az("network vnet delete -g vpn -n left")
    assert az.text("network vnet list -g vpn --query [].name -o tsv") == "right"
    az("group delete -n vpn --yes")
    az.refused("group show -n vpn", "ResourceGroupNotFound", exit_code=3)


def test_security_groups_and_route_tables_guard_subnets_and_stay_while_in_use(az: Az) -> None:
    az("group create -n guard -l westeurope")
    nsg = az("network nsg create -g guard -n nsg")["NewNSG"]
    assert [one["priority"] for one in nsg["defaultSecurityRules"]] == [65000, 65001, 65500] * 2
    rule = "network nsg rule create -g guard --nsg-name nsg -n ssh --priority {} --destination-port-ranges 22"
    made = az(rule.format(100) + " --access Deny --direction Inbound --protocol Tcp")
    assert (made["access"], made["destinationPortRange"], made["provisioningState"]) == ("Deny", "22", "Succeeded")
    az.refused(rule.format(99), "SecurityRuleInvalidPriority")
    assert az.text("network nsg rule list -g guard --nsg-name nsg --query [].name -o tsv") == "ssh"

    az("network route-table create -g guard -n routes")
    hop = "--address-prefix 0.0.0.0/0 --next-hop-type VirtualAppliance --next-hop-ip-address 10.0.0.4"
    route = az("network route-table route create -g guard --route-table-name routes -n all " + hop)
    assert (route["nextHopType"], route["nextHopIpAddress"]) == ("VirtualAppliance", "10.0.0.4")
    az("network vnet create -g guard -n v --address-prefixes 10.0.0.0/16")
    subnet = "--vnet-name v -n s --address-prefixes 10.0.0.0/24 --network-security-group nsg --route-table routes"
    az(f"network vnet subnet create -g guard {subnet}")
    assert len(az("network nsg show -g guard -n nsg")["subnets"]) == 1
    az.refused("network nsg delete -g guard -n nsg", "InUseNetworkSecurityGroupCannotBeDeleted")
    az.refused("network route-table delete -g guard -n routes", "InUseRouteTableCannotBeDeleted")
    az("network vnet delete -g guard -n v")
    az("network nsg delete -g guard -n nsg")
    az("network route-table delete -g guard -n routes")
    az.refused("network nsg show -g guard -n nsg", "ResourceNotFound", exit_code=3)


def test_a_private_zone_is_linked_to_a_network_and_kept_while_linked(az: Az) -> None:
    az("group create -n dns -l westeurope")
    az("network vnet create -g dns -n v --address-prefixes 10.0.0.0/16")
    zone = az("network private-dns zone create -g dns -n corp.example")
    assert (zone["location"], zone["numberOfVirtualNetworkLinks"]) == ("global", 0)
    link = "network private-dns link vnet create -g dns -z corp.example -n l -v v -e true"
    made = az(link)
    assert (made["virtualNetworkLinkState"], made["registrationEnabled"]) == ("Completed", True)
    assert az.run(link).code != 0  # az sends If-None-Match: *
    assert (
        az("network private-dns zone show -g dns -n corp.example")["numberOfVirtualNetworkLinksWithRegistration"] == 1
    )
    assert az.text("network private-dns link vnet list -g dns -z corp.example --query [].name -o tsv") == "l"
    assert az.run("network private-dns zone delete -g dns -n corp.example --yes").code == 1
    az("network private-dns link vnet delete -g dns -z corp.example -n l --yes")
    az("network private-dns zone delete -g dns -n corp.example --yes")
    az.refused("network private-dns zone show -g dns -n corp.example", "ResourceNotFound", exit_code=3)


def test_an_interface_in_a_subnet_keeps_the_subnet(az: Az) -> None:
    az("group create -n nic -l westeurope")
    az("network vnet create -g nic -n v --address-prefixes 10.0.0.0/16 --subnet-name s --subnet-prefixes 10.0.0.0/24")
    nic = az("network nic create -g nic -n n --vnet-name v --subnet s")["NewNIC"]
    assert nic["ipConfigurations"][0]["privateIPAddress"] == "10.0.0.4"
    refused = az.refused("network vnet subnet delete -g nic --vnet-name v -n s", "InUseSubnetCannotBeDeleted")
    assert (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/nic/providers/Microsoft.Network/networkInterfaces/n/" in refused
    )
    az.refused("network vnet delete -g nic -n v", "InUseSubnetCannotBeDeleted")
    az("network nic delete -g nic -n n")
    az("network vnet delete -g nic -n v")
