"""One kind of traffic from subnets of one VNet to subnets of another, taken through everything that filters or routes it.

Security groups keep state (network-security-groups-overview.md), so answers pass them by; but answers need a route back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from vnetlink.domain.intervals import EVERYWHERE, Intervals, prefixes
from vnetlink.domain.network_security import Flow, NetworkSecurityGroup, Protocol, Way
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.routing import RouteTable, SubnetView, VnetView
from vnetlink.planning.diagnosis.cells import Box, common
from vnetlink.planning.diagnosis.courses import Course, Fate, courses
from vnetlink.planning.diagnosis.security import EVERY_PORT, EVERY_SERVICE, Doubt, Sieve, sift, spaces

# Platform subnets: nothing in them starts or answers traffic of ours, and most take no security group.
PLATFORM_SUBNETS = frozenset(
    name.lower()
    for name in ("GatewaySubnet", "RouteServerSubnet", "AzureFirewallSubnet", "AzureFirewallManagementSubnet")
)
MOST_STEPS = 300_000


@dataclass(frozen=True, slots=True)
class Trial:
    """The traffic. `senders` are subnets of `source`, `receivers` of `target`; `port` None: every one."""

    source: VnetView
    target: VnetView
    senders: tuple[SubnetView, ...]
    receivers: tuple[SubnetView, ...]
    protocol: Protocol = Protocol.ANY
    port: int | None = None

    @property
    def flow(self) -> Flow:
        """All of it."""
        return Flow(ranges(self.senders), ranges(self.receivers), self.protocol, self.port)


@dataclass(frozen=True, slots=True)
class Screen:
    """Subnets of one VNet that share one security group, and what it does to the trial's traffic."""

    vnet: VnetView
    way: Way
    nsg: NetworkSecurityGroup | Unreadable | None
    subnets: tuple[SubnetView, ...]
    sieve: Sieve


@dataclass(frozen=True, slots=True)
class Passage:
    """What became of a trial. Each of `screens` and `tracks` covers all traffic of its own subnets."""

    trial: Trial
    screens: tuple[Screen, ...]
    forth: tuple[tuple[Intervals, Course], ...]  # from these addresses of the source
    back: tuple[tuple[Intervals, Course], ...]  # from these addresses of the target

    @property
    def courses(self) -> tuple[Course, ...]:
        """Every course, of questions and of answers."""
        return tuple(course for _, course in (*self.forth, *self.back))

    @property
    def blocked(self) -> bool:
        """Whether any part of it certainly does not pass."""
        return any(screen.sieve.blocks for screen in self.screens) or any(c.fate is Fate.LOST for c in self.courses)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why nobody can say of some parts."""
        of_rules = (doubt.why for screen in self.screens for doubt in screen.sieve.doubts)
        of_routes = (course.why for course in self.courses if course.fate is Fate.UNKNOWN)
        return tuple(dict.fromkeys((*of_rules, *of_routes)))

    def some_passes(self) -> bool | None:
        """Whether any part of it gets there and is answered; None: nobody knows."""
        certain = _meets(self._layers(doubtful=False))
        return (
            certain if certain is not False else (None if _meets(self._layers(doubtful=True)) is not False else False)
        )

    def _layers(self, doubtful: bool) -> list[list[Box]]:
        fates = (Fate.ARRIVES, Fate.UNKNOWN) if doubtful else (Fate.ARRIVES,)
        forth = [_box(ours, course.leg.held) for ours, course in self.forth if course.fate in fates]
        back = [_box(course.leg.held, ours) for ours, course in self.back if course.fate in fates]
        return [self._open(Way.OUTBOUND, doubtful), forth, self._open(Way.INBOUND, doubtful), back]

    def _open(self, way: Way, doubtful: bool) -> list[Box]:
        sieves = [screen.sieve for screen in self.screens if screen.way is way]
        certain = [part.space for one in sieves for part in one.open]
        return certain + [doubt.part.space for one in sieves for doubt in one.doubts if doubtful]


def attempt(trial: Trial) -> Passage:
    """Take it through the senders' groups and routes, the receivers' groups, and the receivers' routes back."""
    there, here = ranges(trial.receivers), ranges(trial.senders)
    return Passage(
        trial,
        (*_screens(trial, Way.OUTBOUND), *_screens(trial, Way.INBOUND)) if spaces(trial.flow) else (),
        tuple(_tracks(trial.source, trial.senders, there, trial.target)),
        tuple(_tracks(trial.target, trial.receivers, here, trial.source)),
    )


def virtual_network(vnet: VnetView, subnet: SubnetView) -> tuple[str, ...]:
    """What the tag VirtualNetwork holds in the rules of this subnet (service-tags-overview.md): the VNet's own ranges, its
    peers', its gateway's, and the prefixes of the subnet's user routes, a default route included. A peer whose
    allowVirtualNetworkAccess is off is not in it (virtual-network-manage-peering.md)."""
    peers = chain.from_iterable(peer.prefixes for peer in vnet.peered if peer.allow_virtual_network_access)
    routes = subnet.routes.routes if isinstance(subnet.routes, RouteTable) else ()
    return tuple(dict.fromkeys((*vnet.prefixes, *peers, *vnet.gateway, *(route.prefix for route in routes))))


def ranges(subnets: Iterable[SubnetView]) -> tuple[str, ...]:
    """The prefixes of all of them."""
    return tuple(chain.from_iterable(subnet.prefixes for subnet in subnets))


def endpoints(vnet: VnetView) -> tuple[SubnetView, ...]:
    """The subnets in which people's machines are."""
    return tuple(subnet for subnet in vnet.subnets if subnet.name.lower() not in PLATFORM_SUBNETS)


def _screens(trial: Trial, way: Way) -> Iterator[Screen]:
    vnet, subnets = (trial.source, trial.senders) if way is Way.OUTBOUND else (trial.target, trial.receivers)
    far = (trial.target if way is Way.OUTBOUND else trial.source).peering_to(vnet.id)
    near = vnet.peering_to((trial.target if way is Way.OUTBOUND else trial.source).id)
    shut = next((one for one in (near, far) if one is not None and not one.allow_virtual_network_access), None)
    whole = trial.flow
    for nsg, tag, group in _by_group(vnet, subnets):
        ours, flow = ranges(group), whole
        flow = Flow(ours, flow.destinations, flow.protocol, flow.port) if way is Way.OUTBOUND else flow
        flow = Flow(flow.sources, ours, flow.protocol, flow.port) if way is Way.INBOUND else flow
        sieve = sift(flow, nsg, way, tag)
        if nsg is None and shut is not None:
            why = f"allowVirtualNetworkAccess is off on peering {shut.id}, and no rule says that the traffic may pass"
            sieve = Sieve(doubts=tuple(Doubt(why, part) for part in sieve.open))
        yield Screen(vnet, way, nsg, group, sieve)


def _by_group(
    vnet: VnetView, subnets: tuple[SubnetView, ...]
) -> Iterator[tuple[NetworkSecurityGroup | Unreadable | None, tuple[str, ...], tuple[SubnetView, ...]]]:
    """Subnets for which the same rules mean the same; groups are told apart by id."""
    found: dict[tuple[object, tuple[str, ...]], list[SubnetView]] = {}
    for subnet in subnets:
        key = subnet.nsg.id if isinstance(subnet.nsg, NetworkSecurityGroup) else subnet.nsg
        found.setdefault((key, virtual_network(vnet, subnet)), []).append(subnet)
    for (_, tag), group in found.items():
        yield group[0].nsg, tag, tuple(group)


def _tracks(
    vnet: VnetView, subnets: tuple[SubnetView, ...], far: tuple[str, ...], target: VnetView
) -> Iterator[tuple[Intervals, Course]]:
    found: dict[object, list[SubnetView]] = {}
    for subnet in subnets:
        key = subnet.routes.id if isinstance(subnet.routes, RouteTable) else subnet.routes
        found.setdefault(key, []).append(subnet)
    for group in found.values():
        for space in spaces(Flow(ranges(group), far)):
            for course in courses(vnet, tuple(group), prefixes(space[1]), target):
                yield space[0], course


def _box(sources: Intervals, destinations: Intervals) -> Box:
    return (sources, destinations, EVERY_SERVICE, EVERY_PORT)


def _meets(layers: list[list[Box]]) -> bool | None:
    """Whether some traffic is in a box of every layer; None when there are too many boxes to find out."""
    steps = 0

    def inside(box: Box, depth: int) -> bool | None:
        nonlocal steps
        if depth == len(layers):
            return True
        for other in layers[depth]:
            steps += 1
            if steps > MOST_STEPS:
                return None
            shared = common(box, other)
            if shared is not None and (answer := inside(shared, depth + 1)) is not False:
                return answer
        return False

    return inside((EVERYWHERE, EVERYWHERE, EVERY_SERVICE, EVERY_PORT), 0)
