"""Route tables, and a virtual network as traffic sees it, as values.

Azure's document: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from vnetlink.domain.arm_id import PeeringId, RouteTableId, VnetId
from vnetlink.domain.network_security import NetworkSecurityGroup
from vnetlink.domain.outcome import Unreadable


class NextHop(Enum):
    """ARM's nextHopType. VNET_PEERING is never a user's: only Azure makes such routes."""

    VNET_LOCAL = "VnetLocal"
    VNET_PEERING = "VNetPeering"
    GATEWAY = "VirtualNetworkGateway"
    INTERNET = "Internet"
    APPLIANCE = "VirtualAppliance"
    NONE = "None"


class RouteSource(Enum):
    """Who made a route; of two for the same prefix the upper one wins ("How Azure selects a route")."""

    USER = "User"
    GATEWAY = "VirtualNetworkGateway"
    SYSTEM = "Default"


@dataclass(frozen=True, slots=True)
class Route:
    """One route. `prefix` may be a service tag, which stands for public addresses only. `next_hop_ip` for appliances."""

    name: str
    prefix: str
    next_hop: NextHop
    next_hop_ip: str = ""
    source: RouteSource = RouteSource.USER


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A route table. With `disable_bgp_route_propagation` a gateway's routes, static ones too, do not reach its subnets."""

    id: RouteTableId
    routes: tuple[Route, ...] = ()
    disable_bgp_route_propagation: bool = False


@dataclass(frozen=True, slots=True)
class SubnetView:
    """A subnet with what filters and what routes its traffic; None: it has none, Unreadable: nobody knows."""

    name: str
    prefixes: tuple[str, ...]
    nsg: NetworkSecurityGroup | Unreadable | None = None
    routes: RouteTable | Unreadable | None = None


@dataclass(frozen=True, slots=True)
class PeeredSpace:
    """What one Connected peering adds to its VNet: routes to `prefixes`. The flags are those of this very peering."""

    id: PeeringId
    remote: VnetId
    prefixes: tuple[str, ...]
    allow_virtual_network_access: bool = True
    allow_forwarded_traffic: bool = False


@dataclass(frozen=True, slots=True)
class VnetView:
    """A VNet as traffic sees it.

    `peered` holds Connected peerings only. `gateway`: the ranges that a gateway announces to its subnets, its own or (with
    useRemoteGateways) a peer's: on-premises ranges and VNets behind a VPN connection.
    """

    id: VnetId
    prefixes: tuple[str, ...]
    subnets: tuple[SubnetView, ...] = ()
    peered: tuple[PeeredSpace, ...] = ()
    gateway: tuple[str, ...] = ()

    def peering_to(self, remote: VnetId) -> PeeredSpace | None:
        """The Connected peering that leads to `remote`."""
        return next((one for one in self.peered if one.remote == remote), None)
