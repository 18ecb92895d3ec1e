"""Whether the way that a subnet's routes choose leads to the other VNet, and what is wrong with it where it does not.

virtual-networks-udr-overview.md for next hops; virtual-network-manage-peering.md for forwarded traffic. Where Azure's
documents are silent (a user route VnetLocal for a peer's range, a gateway that may or may not lead on) nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from vnetlink.domain.intervals import addresses, meet, span, subtract
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.routing import NextHop, PeeredSpace, RouteTable, SubnetView, VnetView
from vnetlink.planning.diagnosis import commands
from vnetlink.planning.diagnosis.routes import Leg, next_hops


class Fate(Enum):
    """What becomes of traffic on this way."""

    ARRIVES = "arrives"
    LOST = "lost"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Course:
    """One leg with its fate. `reason` None: nothing overrides anything, there simply is no connection."""

    vnet: VnetView
    subnets: tuple[SubnetView, ...]
    leg: Leg
    fate: Fate
    reason: Reason | None = None
    why: str = ""
    command: str = ""
    appliance: str = ""

    @property
    def table(self) -> RouteTable | None:
        """The route table of these subnets."""
        table = self.subnets[0].routes
        return table if isinstance(table, RouteTable) else None


def courses(
    vnet: VnetView, subnets: tuple[SubnetView, ...], destinations: tuple[str, ...], target: VnetView
) -> Iterator[Course]:
    """The courses of traffic from subnets that share one route table, to ranges of `target`; together all of these."""
    table = subnets[0].routes
    known = table if isinstance(table, RouteTable) else None
    for leg in next_hops(destinations, vnet, known):
        if isinstance(table, Unreadable):
            yield Course(vnet, subnets, leg, Fate.UNKNOWN, table.reason, f"a route table was not read: {table.message}")
        else:
            yield _course(vnet, subnets, leg, target, known)


def _course(
    vnet: VnetView, subnets: tuple[SubnetView, ...], leg: Leg, target: VnetView, table: RouteTable | None
) -> Course:
    def lost(why: str, command: str = "") -> Course:
        return Course(vnet, subnets, leg, Fate.LOST, Reason.ROUTE_OVERRIDES, why, command or delete)

    def unknown(why: str) -> Course:
        return Course(vnet, subnets, leg, Fate.UNKNOWN, None, why)

    if table is None or leg.route is None or not leg.is_users:
        return _by_system(vnet, subnets, leg, target, table)
    delete, route = commands.delete_route(table.id, leg.route.name), leg.route
    match route.next_hop:
        case NextHop.NONE:
            return lost("drops it (next hop None)")
        case NextHop.INTERNET:
            return lost("sends it to the Internet")
        case NextHop.GATEWAY if not subtract(leg.held, addresses(vnet.gateway)):
            return Course(vnet, subnets, leg, Fate.ARRIVES)
        case NextHop.GATEWAY:
            return unknown(f"route {route.name} sends it to a gateway that may or may not lead on")
        case NextHop.APPLIANCE:
            return _by_appliance(vnet, subnets, leg, target, table)
        case _:
            return unknown(f"route {route.name} keeps it inside VNet {vnet.id.name} (next hop {route.next_hop.value})")


def _by_system(
    vnet: VnetView, subnets: tuple[SubnetView, ...], leg: Leg, target: VnetView, table: RouteTable | None
) -> Course:
    match leg.next_hop:
        case NextHop.VNET_PEERING if not _leads_to(vnet, target, leg):
            why = f"VNet {vnet.id.name} is peered with another VNet that has the same addresses"
            return Course(vnet, subnets, leg, Fate.UNKNOWN, None, why)
        case NextHop.VNET_PEERING | NextHop.GATEWAY:
            return Course(vnet, subnets, leg, Fate.ARRIVES)
        case NextHop.VNET_LOCAL:
            return Course(vnet, subnets, leg, Fate.UNKNOWN, None, f"VNet {vnet.id.name} has the same addresses itself")
        case _ if table is not None and table.disable_bgp_route_propagation and meet(leg.held, addresses(vnet.gateway)):
            why = "keeps the gateway's routes from these subnets (disableBgpRoutePropagation)"
            reason = Reason.GATEWAY_ROUTES_NOT_PROPAGATED
            return Course(vnet, subnets, leg, Fate.LOST, reason, why, commands.propagate(table.id))
        case _:
            return Course(vnet, subnets, leg, Fate.LOST)


def _by_appliance(
    vnet: VnetView, subnets: tuple[SubnetView, ...], leg: Leg, target: VnetView, table: RouteTable
) -> Course:
    """An appliance is in one of the VNets or in one that both are peered with; from there it enters the target by a peering
    that must take forwarded traffic. What the appliance itself does nobody read."""
    assert leg.route is not None
    ip, name = leg.route.next_hop_ip, leg.route.name
    diverts = f"diverts it to the appliance at {ip or 'no address'}"

    def lost(why: str, command: str) -> Course:
        return Course(vnet, subnets, leg, Fate.LOST, Reason.ROUTE_OVERRIDES, f"{diverts}, {why}", command, ip)

    arrives = Course(vnet, subnets, leg, Fate.ARRIVES, appliance=ip)
    if _holds(target.prefixes, ip):
        return arrives
    at_home = _holds(vnet.prefixes, ip)
    via = vnet.id if at_home else next((peer.remote for peer in vnet.peered if _holds(peer.prefixes, ip)), None)
    if via is None:
        return lost("which is in no VNet that this one is peered with", commands.show_route(table.id, name))
    entry = target.peering_to(via)
    if entry is None:
        if at_home or target.gateway:
            return arrives if at_home else Course(vnet, subnets, leg, Fate.UNKNOWN, None, f"route {name} {diverts}")
        return lost(
            f"in VNet {via.name}, which is not peered with {target.id.name}", commands.delete_route(table.id, name)
        )
    return arrives if entry.allow_forwarded_traffic else lost(_shut(entry), commands.allow_forwarded(entry.id))


def _leads_to(vnet: VnetView, target: VnetView, leg: Leg) -> bool:
    peering = vnet.peering_to(target.id)
    return peering is not None and not subtract(leg.held, addresses(peering.prefixes))


def _shut(entry: PeeredSpace) -> str:
    return f"and peering {entry.id} does not take forwarded traffic (allowForwardedTraffic is off)"


def _holds(prefixes: tuple[str, ...], ip: str) -> bool:
    return bool(span(ip)) and meet(span(ip), addresses(prefixes))
