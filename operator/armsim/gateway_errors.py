"""Refusals about addresses, gateways and connections (arm.md 5, 6, 7), one constructor a code. Never decides when."""

from __future__ import annotations

from .errors import Refusal, invalid

# --- gateways, public IPs (arm.md 5, 6)


def address_in_use(address: str, user: str) -> Refusal:
    text = (
        f"Public IP address {address} can not be deleted since it is still allocated to resource {user}. In order to "
        "delete the public IP, disassociate/detach the Public IP address from the resource.  To learn how to do "
        "this, see aka.ms/deletepublicip."
    )
    return invalid("PublicIPAddressCannotBeDeleted", text)


def must_be_static(address: str) -> Refusal:
    text = f"Standard sku publicIp {address} must have AllocationMethod set to Static."
    return invalid("StandardAndStandardV2SkuPublicIPAddressesMustBeStatic", text)


def basic_address_retired() -> Refusal:
    text = "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region."
    return invalid("IPv4BasicSkuPublicIpCountLimitReached", text)


def plain_sku_retired() -> Refusal:
    text = "VpnGw1-5 non-AZ SKUs are no longer supported for VPN gateways. Only VpnGw1-5AZ SKUs can be created going forward."
    return invalid("NonAzSkusNotAllowedForVPNGateway", text)


def wrong_gateway_subnet(gateway_id: str, subnet: str) -> Refusal:
    """Unverified: code and text chosen (arm.md 11)."""
    text = f"Subnet {subnet} used by gateway {gateway_id} must be named GatewaySubnet."
    return invalid("InvalidGatewaySubnet", text)


def second_gateway(vnet: str) -> Refusal:
    """Unverified: code and text chosen (arm.md 11)."""
    return invalid("VirtualNetworkGatewayCountLimitReached", f"Virtual network {vnet} already has a VPN gateway.")


def uses_remote_gateways(gateway: str, peering: str) -> Refusal:
    """A VNet has a gateway or uses another's (arm.md 4); that it is refused from this side too, code and text are chosen."""
    text = (
        f"Virtual network gateway {gateway} cannot be created because peering {peering} of its virtual network has "
        "UseRemoteGateways flag set to true."
    )
    return invalid("VnetUsesRemoteGatewaysCannotHaveGateway", text)


def zones_missing() -> Refusal:
    text = "Standard Public IPs associated with VPN Gateways with AZ VPN skus must have zones configured."
    return invalid("VmssVpnGatewayPublicIpsMustHaveZonesConfigured", text)


def sku_not_for_gateway(gateway_id: str) -> Refusal:
    allowed = "System.Collections.Generic.List`1[Microsoft.WindowsAzure.Networking.Nrp.Frontend.Contract.Csm.Public."
    text = (
        f"Virtual network gateway Sku specified is not valid for gateway {gateway_id} with DeploymentType VMScaleSet. "
        f"The allowed Skus are {allowed}VirtualNetworkGatewaySkuName],{allowed}VirtualNetworkGatewaySkuName]."
    )
    return invalid("InvalidGatewaySkuSpecifiedForGatewayDeploymentType", text)


def sku_not_in_generation(sku: str, generation: str) -> Refusal:
    """Azure/Enterprise-Scale issue 504, for VpnGw1 and Generation2; which SKU belongs to which is arm.md 6."""
    text = (
        f"The Virtual Network Gateway Sku {sku} cannot be used when VirtualNetworkVpnGatewayGeneration is set to "
        f"{generation}."
    )
    return invalid("VirtualNetworkGatewaySkuCannotBeCreatedForSpecifiedVmGeneration", text)


def policy_based_is_basic(gateway_id: str) -> Refusal:
    """Unverified: code and text chosen (rule: arm.md 6)."""
    text = f"Virtual network gateway {gateway_id} of vpnType PolicyBased can have the Basic sku only."
    return invalid("PolicyBasedVpnGatewayMustBeBasicSku", text)


def bad_client_pool(gateway_id: str) -> Refusal:
    text = f"The VPN client configuration specified for gateway {gateway_id} has an invalid IP or CIDR notation"
    return invalid("InvalidVpnClientAddressPrefixOrCidr", text)


def active_active_needs_two(gateway_id: str, count: int) -> Refusal:
    """Azure/Azure-Landing-Zones issues 2674 and 2764."""
    text = (
        f"Gateway has {count} IP configurations specified for gateway {gateway_id}. ActiveActive Gateway must be created "
        "with two IP configurations."
    )
    return invalid("ActiveActiveGatewayMustHaveExactlyTwoIpConfigurations", text)


def one_configuration(gateway_id: str) -> Refusal:
    """Unverified: code and text chosen (rule: arm.md 6, activeActive)."""
    text = f"Gateway {gateway_id}, which is not active-active, must have one ipConfiguration."
    return invalid("InvalidNumberOfGatewayIpConfigurations", text)


def active_active_not_basic(gateway_id: str) -> Refusal:
    """Documented ("available for all SKUs except Basic"); code and text chosen."""
    text = f"Virtual network gateway {gateway_id} of sku Basic cannot be active-active."
    return invalid("ActiveActiveNotSupportedForBasicSku", text)


def gateway_subnet_too_small(gateway_id: str, subnet: str, prefix: str) -> Refusal:
    """Documented ("/29 (applicable to the Basic SKU only), all other SKUs require … /27 or larger"); code and text chosen."""
    text = (
        f"Gateway subnet {subnet} with address prefix {prefix} is too small for gateway {gateway_id}: sku Basic needs a "
        "/29, every other sku a /27."
    )
    return invalid("GatewaySubnetTooSmall", text)


def gateway_address_taken(address: str, user: str) -> Refusal:
    """Code and status seen for a firewall that takes a NAT gateway's address; text chosen."""
    return invalid("PublicIPAddressInUse", f"Resource {user} is already using public IP address {address}.")


def gateway_route(subnet: str, table: str) -> Refusal:
    """Documented as blocked; code and text chosen (arm.md 6, 11)."""
    text = (
        f"Route table {table} cannot be associated with gateway subnet {subnet}: a route to 0.0.0.0/0 and disabled BGP "
        "route propagation are not supported there."
    )
    return invalid("GatewaySubnetRouteTableNotSupported", text)


def group_on_gateway_subnet(group: str) -> Refusal:
    text = (
        f"The operation failed because the network security group {group} can not be associated to the GatewaySubnet. "
        "Please remove the network security group associated to the GatewaySubnet. No changes have occurred on the "
        "gateway at this time. See here for additional details: https://aka.ms/GatewaySubnet."
    )
    return invalid("NetworkSecurityGroupCannotBeAttachedToGatewaySubnet", text)


def gateway_in_use(gateway_id: str, user: str) -> Refusal:
    """Code verified, status and text chosen (arm.md 6)."""
    text = (
        f"Virtual network gateway {gateway_id} cannot be deleted because it is in use by the following connections: "
        f"{user}."
    )
    return invalid("VirtualNetworkGatewayCannotBeDeleted", text)


def global_needs_standard(address: str) -> Refusal:
    text = (
        "Global publicIP addresses are only supported for standard SKU public IP addresses. Public IP address "
        f"{address} is not standard SKU."
    )
    return invalid("GlobalPublicIPAddressNotSupportedForBasicPublicIpAddress", text)


def bad_label(label: str) -> Refusal:
    text = (
        f"The domain name label {label} is invalid. It must conform to the following regular expression: "
        "^[a-z][a-z0-9-]{1,61}[a-z0-9]$."
    )
    return invalid("InvalidDomainNameLabel", text)


def label_taken(label: str, location: str) -> Refusal:
    """Unverified: text chosen."""
    text = f"DNS record {label}.{location}.cloudapp.azure.com is already used by another public IP."
    return invalid("DnsRecordInUse", text)


def idle_out_of_range(name: str) -> Refusal:
    text = f"Public IP address {name} has invalid Idle Timeout. The value must be between 4 and 30."
    return invalid("PublicIPIdleTimeoutIsOutOfRange", text)


def sku_fixed(old: str, new: str) -> Refusal:
    """Text known, code chosen (arm.md 5)."""
    text = f"Sku property is set at creation time and cannot be changed from {old} to {new} on resource update."
    return invalid("SkuPropertyCannotBeChanged", text)


def zones_fixed(address: str) -> Refusal:
    """Code seen on a load balancer; text chosen (arm.md 5)."""
    text = f"Resource {address} has an existing availability zone constraint and the request changes it, which cannot be done."
    return invalid("ResourceAvailabilityZonesCannotBeModified", text)


# --- connections, local network gateways (arm.md 7)


def same_gateway(connection: str) -> Refusal:
    """Unverified: code and text chosen."""
    text = f"Connection {connection} cannot lead from a virtual network gateway to itself."
    return invalid("VirtualNetworkGatewayConnectionToItself", text)


def second_connection(connection: str, other: str) -> Refusal:
    """Unverified: code and text chosen (arm.md 11)."""
    text = f"Connection {connection} cannot be created because connection {other} joins the same gateways already."
    return invalid("VirtualNetworkGatewayConnectionAlreadyExists", text)


def gateways_fixed(connection: str) -> Refusal:
    """Unverified: code and text chosen."""
    text = f"The gateways and the type of connection {connection} cannot be changed."
    return invalid("VirtualNetworkGatewayConnectionGatewaysCannotBeChanged", text)


def bad_key() -> Refusal:
    """Rule unverified (arm.md 7, key rules); code and text chosen."""
    text = "The shared key must have 1 to 128 printable ASCII characters and no space, hyphen or tilde."
    return invalid("InvalidSharedKey", text)


def bad_key_length(length: int) -> Refusal:
    """Code and text chosen; the range is arm.md 7's."""
    return invalid("InvalidSharedKeyLength", f"Shared key length {length} is invalid. It must be between 1 and 128.")


def zero_asn(gateway_id: str) -> Refusal:
    text = f"The local network gateway {gateway_id} cannot have an ASN of zero"
    return invalid("LocalNetworkGatewayCannotHaveZeroAsn", text)


def local_gateway_in_use(gateway_id: str, user: str) -> Refusal:
    """Unverified: code and text chosen."""
    text = f"Local network gateway {gateway_id} cannot be deleted because it is in use by connection {user}."
    return invalid("LocalNetworkGatewayCannotBeDeleted", text)
