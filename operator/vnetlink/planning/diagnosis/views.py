"""From what was read of a VNet to what traffic sees of it. Pure; what could not be read stays Unreadable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from vnetlink.domain.arm_id import ArmId, InvalidId, NetworkSecurityGroupId, RouteTableId
from vnetlink.domain.network_security import NetworkSecurityGroup
from vnetlink.domain.observed import ObservedSubnet, ObservedVnet, PeeringState
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.routing import PeeredSpace, RouteTable, SubnetView, VnetView

T = TypeVar("T")
Groups = Mapping[NetworkSecurityGroupId, Seen[NetworkSecurityGroup]]
Tables = Mapping[RouteTableId, Seen[RouteTable]]


def groups_of(vnet: ObservedVnet) -> tuple[NetworkSecurityGroupId, ...]:
    """The security groups on its subnets."""
    found = (_parsed(NetworkSecurityGroupId, subnet.network_security_group) for subnet in vnet.subnets)
    return tuple(dict.fromkeys(id for id in found if id is not None))


def tables_of(vnet: ObservedVnet) -> tuple[RouteTableId, ...]:
    """The route tables on its subnets."""
    found = (_parsed(RouteTableId, subnet.route_table) for subnet in vnet.subnets)
    return tuple(dict.fromkeys(id for id in found if id is not None))


def view(vnet: ObservedVnet, groups: Groups, tables: Tables, behind_gateway: tuple[str, ...] = ()) -> VnetView:
    """The VNet as traffic sees it. `behind_gateway`: ranges that a VPN connection of its own gateway leads to."""
    peered = (peering for peering in vnet.peerings if peering.state is PeeringState.CONNECTED)
    return VnetView(
        id=vnet.id,
        prefixes=vnet.prefixes,
        subnets=tuple(_subnet(subnet, groups, tables) for subnet in vnet.subnets),
        peered=tuple(
            PeeredSpace(
                id=one.id,
                remote=one.remote,
                prefixes=one.remote_prefixes,
                allow_virtual_network_access=one.options.allow_virtual_network_access,
                allow_forwarded_traffic=one.options.allow_forwarded_traffic,
            )
            for one in peered
        ),
        gateway=behind_gateway,
    )


def _subnet(subnet: ObservedSubnet, groups: Groups, tables: Tables) -> SubnetView:
    bare = SubnetView(subnet.name, subnet.prefixes)
    if (group := _parsed(NetworkSecurityGroupId, subnet.network_security_group)) is not None:
        nsg = _known(groups.get(group), group)
        bare = replace(bare, nsg=nsg)
    if (table := _parsed(RouteTableId, subnet.route_table)) is not None:
        routes = _known(tables.get(table), table)
        bare = replace(bare, routes=routes)
    return bare


def _known(seen: Present[T] | Absent | Unreadable | None, id: ArmId) -> T | Unreadable:
    """What a subnet refers to is there; 404 means that we may not see it."""
    match seen:
        case Present(value):
            return value
        case Unreadable():
            return seen
        case _:
            return Unreadable(Reason.AUTHORIZATION_FAILED, f"{id} is not visible", transient=False)


I = TypeVar("I", NetworkSecurityGroupId, RouteTableId)  # noqa: E741


def _parsed(kind: type[I], text: str) -> I | None:
    try:
        return kind.parse(text) if text else None
    except InvalidId:
        return None
