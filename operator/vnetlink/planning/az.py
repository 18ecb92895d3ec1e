"""The az commands that messages carry, ready to paste."""

from __future__ import annotations

from shlex import quote

from vnetlink.domain.arm_id import (
    ConnectionId,
    GatewayId,
    PeeringId,
    PublicIpId,
    ResourceGroupId,
    SubnetId,
    VnetId,
    ZoneLinkId,
)
from vnetlink.domain.ownership import PartId
from vnetlink.domain.peering import PeeringOptions

_FLAGS = {
    "allow_virtual_network_access": "--allow-vnet-access",
    "allow_forwarded_traffic": "--allow-forwarded-traffic",
    "allow_gateway_transit": "--allow-gateway-transit",
    "use_remote_gateways": "--use-remote-gateways",
}

_GROUPS: dict[type[PartId], str] = {
    PeeringId: "vnet peering",
    SubnetId: "vnet subnet",
    PublicIpId: "public-ip",
    GatewayId: "vnet-gateway",
    ConnectionId: "vpn-connection",
    VnetId: "vnet",
}


def create_peering(peering: PeeringId, remote: VnetId, options: PeeringOptions) -> str:
    """Make this peering as the spec asks for it."""
    flags = [flag for field, flag in _FLAGS.items() if getattr(options, field)]
    if not options.peer_complete_vnets:
        flags += ["--peer-complete-vnets false"]
        flags += [f"--local-subnet-names {' '.join(options.local_subnet_names)}"]
        flags += [f"--remote-subnet-names {' '.join(options.remote_subnet_names)}"]
    if options.enable_only_ipv6_peering:
        flags += ["--enable-only-ipv6"]
    command = f"az network vnet peering create {_inside(peering.vnet)} --name {peering.name} --remote-vnet {quote(str(remote))}"
    return " ".join([command, *flags])


def create_connection(connection: ConnectionId | None, near: GatewayId, far: GatewayId | None) -> str:
    """Make this connection; the key is for its owner to fill in."""
    where = f"--subscription {near.subscription} --resource-group {quote(near.resource_group)}"
    name = connection.name if connection else "NAME"
    ends = f"--vnet-gateway1 {quote(str(near))} --vnet-gateway2 {quote(str(far)) if far else 'GATEWAY_ID'}"
    return f"az network vpn-connection create {where} --name {name} {ends} --shared-key KEY"


def delete(part: PartId) -> str:
    """Delete this part."""
    if isinstance(part, ResourceGroupId):
        return f"az group delete --subscription {part.subscription} --name {quote(part.name)}"
    if isinstance(part, ZoneLinkId):
        return f"az network private-dns link vnet delete {_in_zone(part)}"
    return f"az network {_GROUPS[type(part)]} delete --ids {quote(str(part))}"


def link_zone(link: ZoneLinkId, vnet: VnetId) -> str:
    """Link this private DNS zone to a VNet."""
    where = f"--subscription {link.zone.subscription} --resource-group {quote(link.zone.resource_group)}"
    what = f"--zone-name {link.zone.name} --name {link.name} --virtual-network {quote(str(vnet))}"
    return f"az network private-dns link vnet create {where} {what} --registration-enabled false"


def sync_peering(peering: PeeringId) -> str:
    """Let this peering take over the other VNet's address space."""
    return f"az network vnet peering sync --ids {quote(str(peering))}"


def stop_using_gateway(peering: PeeringId) -> str:
    """Let this peering's VNet no longer use the other's gateway."""
    return f"az network vnet peering update --ids {quote(str(peering))} --set useRemoteGateways=false"


def change_prefixes(vnet: VnetId) -> str:
    """Give this VNet another address space."""
    return f"az network vnet update --ids {quote(str(vnet))} --address-prefixes '<prefixes>'"


def show_vnet(vnet: VnetId) -> str:
    """Show this VNet."""
    return f"az network vnet show --ids {quote(str(vnet))}"


def show_peerings(*peerings: PeeringId) -> str:
    """Show these peerings."""
    return f"az network vnet peering show --ids {' '.join(quote(str(one)) for one in peerings)}"


def list_peerings(vnet: VnetId) -> str:
    """List this VNet's peerings; az lists take no --ids."""
    return f"az network vnet peering list {_inside(vnet)} --output table"


def list_subnets(vnet: VnetId) -> str:
    """List this VNet's subnets."""
    return f"az network vnet subnet list {_inside(vnet)} --output table"


def register(part: ZoneLinkId, enabled: bool) -> str:
    """Have this zone link register the VNet's machines, or not."""
    return f"az network private-dns link vnet update {_in_zone(part)} --registration-enabled {str(enabled).lower()}"


def _in_zone(part: ZoneLinkId) -> str:
    where = f"--subscription {part.zone.subscription} --resource-group {quote(part.zone.resource_group)}"
    return f"{where} --zone-name {part.zone.name} --name {part.name}"


def _inside(vnet: VnetId) -> str:
    return f"--subscription {vnet.subscription} --resource-group {quote(vnet.resource_group)} --vnet-name {vnet.name}"
