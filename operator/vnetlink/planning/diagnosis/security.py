"""What one network security group does with one flow: first match by priority on each part of it, exactly.

How Azure filters: MicrosoftDocs/azure-docs, articles/virtual-network/network-security-groups-overview.md ("Security rules")
and network-security-group-how-it-works.md; tags: service-tags-overview.md. Choices where those say nothing:
- A rule that names ports does not match protocols that have none (ICMP, ESP, AH).
- Tags of services (Storage, Sql, …) hold public addresses only; which ones is not known, so on public addresses outside the
  virtual network they may or may not match, and nowhere else do they.
- Members of application security groups are not known; a rule with a group on both sides never matches traffic between two
  VNets, because members of both must be in one VNet (application-security-groups.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TypeAlias

from vnetlink.domain.intervals import (
    EVERYWHERE,
    IPV4,
    IPV6,
    Intervals,
    addresses,
    intersect,
    meet,
    prefixes,
    span,
    subtract,
    union,
)
from vnetlink.domain.network_security import (
    INTERNET,
    LAST_PORT,
    LOAD_BALANCER,
    VIRTUAL_NETWORK,
    Access,
    Flow,
    NetworkSecurityGroup,
    PortRange,
    Protocol,
    SecurityRule,
    Way,
)
from vnetlink.domain.outcome import Unreadable
from vnetlink.planning.diagnosis.cells import Box, TooManyCells, cells

PLATFORM = "168.63.129.16"  # the virtual IP address of the host: network-security-groups-overview.md
# What an effective rule lists for Internet leaves out these (az network nic list-effective-nsg, as shown in
# diagnose-network-traffic-filter-problem.md), and of IPv6 it is global unicast.
_NOT_PUBLIC = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
)
_NEITHER = ("224.0.0.0/3", f"{PLATFORM}/32")
PUBLIC = union(subtract(IPV4, addresses(_NOT_PUBLIC + _NEITHER)), addresses(("2000::/3",)))

# The service axis: TCP's ports, UDP's ports, then one number for each protocol without ports.
_STARTS = {Protocol.TCP: 0, Protocol.UDP: LAST_PORT + 1}
_PORTLESS = {
    Protocol.ICMP: 2 * (LAST_PORT + 1),
    Protocol.ESP: 2 * (LAST_PORT + 1) + 1,
    Protocol.AH: 2 * (LAST_PORT + 1) + 2,
}
EVERY_SERVICE: Intervals = ((0, _PORTLESS[Protocol.AH]),)
EVERY_PORT: Intervals = ((0, LAST_PORT),)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a flow: every source to every destination with every service. `space` is the same as sets of numbers."""

    space: Box

    @property
    def sources(self) -> tuple[str, ...]:
        """As prefixes."""
        return prefixes(self.space[0])

    @property
    def destinations(self) -> tuple[str, ...]:
        """As prefixes."""
        return prefixes(self.space[1])


@dataclass(frozen=True, slots=True)
class Block:
    """What one rule denies of a flow."""

    rule: SecurityRule
    part: Part


@dataclass(frozen=True, slots=True)
class Doubt:
    """A part of a flow of which nobody can say whether it passes, and why."""

    why: str
    part: Part


@dataclass(frozen=True, slots=True)
class Allowed:
    """All of the flow passes."""


@dataclass(frozen=True, slots=True)
class Denied:
    """Nothing of it passes; the blocks together are the whole flow."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class PartlyDenied:
    """The blocks do not pass; of the doubts nobody knows; the rest passes, where there is any."""

    blocks: tuple[Block, ...]
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is certainly denied, and of the doubts nobody knows."""

    why: str
    doubts: tuple[Doubt, ...] = ()


Judgement: TypeAlias = Allowed | Denied | PartlyDenied | Unknown


@dataclass(frozen=True, slots=True)
class Sieve:
    """How a filter splits a flow: `open` passes, `blocks` do not, `doubts` may."""

    open: tuple[Part, ...] = ()
    blocks: tuple[Block, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def evaluate(
    flow: Flow, nsg: NetworkSecurityGroup | Unreadable | None, way: Way, virtual_network: Iterable[str]
) -> Judgement:
    """What a subnet's group does with a flow between two VNets; a subnet without a group lets everything pass.

    `virtual_network`: the prefixes behind the tag VirtualNetwork as this subnet has it: the VNet's own, those of its peers
    (with allowVirtualNetworkAccess), of its gateway, and of its user routes. Unknown when the flow has no address.
    """
    if not any(spaces(flow)):
        return Unknown("the flow has no source or no destination address")
    sieve = sift(flow, nsg, way, virtual_network)
    if sieve.blocks and not sieve.open and not sieve.doubts:
        return Denied(sieve.blocks)
    if sieve.blocks:
        return PartlyDenied(sieve.blocks, sieve.doubts)
    return Unknown(sieve.doubts[0].why, sieve.doubts) if sieve.doubts else Allowed()


def sift(flow: Flow, nsg: NetworkSecurityGroup | Unreadable | None, way: Way, virtual_network: Iterable[str]) -> Sieve:
    """The same, with the parts that pass."""
    whole = tuple(Part(space) for space in spaces(flow))
    if nsg is None:
        return Sieve(open=whole)
    if isinstance(nsg, Unreadable):
        return Sieve(doubts=tuple(Doubt(nsg.message, part) for part in whole))
    try:
        return _sift(whole, nsg.rules_for(way), tuple(virtual_network))
    except TooManyCells:
        why = f"the rules of {nsg.id} cut this traffic into too many parts to be judged"
        return Sieve(doubts=tuple(Doubt(why, part) for part in whole))


def spaces(flow: Flow) -> tuple[Box, ...]:
    """A flow as boxes, one for each family of addresses: IPv4 never talks to IPv6."""
    sources, destinations = addresses(flow.sources), addresses(flow.destinations)
    rest = (_flow_services(flow), ((flow.source_ports.first, flow.source_ports.last),))
    found = ((intersect(family, sources), intersect(family, destinations), *rest) for family in (IPV4, IPV6))
    return tuple(box for box in found if all(box))


def services_text(services: Intervals, most: int = 4) -> str:
    """What stands on the service axis, for people: `Tcp 22, 80-90; Icmp`; at most so many port ranges a protocol."""
    told = []
    for protocol, start in _STARTS.items():
        ports = intersect(((start, start + LAST_PORT),), services)
        ranges = [f"{a - start}" if a == b else f"{a - start}-{b - start}" for a, b in ports]
        if ports == ((start, start + LAST_PORT),):
            told.append(protocol.value)
        elif ranges:
            told.append(f"{protocol.value} {', '.join(ranges[:most])}{', …' if len(ranges) > most else ''}")
    told += [protocol.value for protocol, at in _PORTLESS.items() if intersect(((at, at),), services)]
    return "; ".join(told)


def protocols(services: Intervals) -> tuple[tuple[Protocol, tuple[PortRange, ...]], ...]:
    """What stands on the service axis, by protocol; those without ports have no range."""
    found: list[tuple[Protocol, tuple[PortRange, ...]]] = []
    for protocol, start in _STARTS.items():
        ports = intersect(((start, start + LAST_PORT),), services)
        if ports:
            found.append((protocol, tuple(PortRange(a - start, b - start) for a, b in ports)))
    return (*found, *((protocol, ()) for protocol, at in _PORTLESS.items() if intersect(((at, at),), services)))


def _flow_services(flow: Flow) -> Intervals:
    asked = (Protocol.TCP, Protocol.UDP, Protocol.ICMP) if flow.protocol is Protocol.ANY else (flow.protocol,)
    if flow.port is not None:
        return union(*(_ports(one, (PortRange(flow.port, flow.port),)) for one in asked if one.has_ports))
    return union(*(_service(one, (PortRange(),)) for one in asked))


def _service(protocol: Protocol, ports: tuple[PortRange, ...]) -> Intervals:
    if protocol.has_ports:
        return _ports(protocol, ports)
    return ((_PORTLESS[protocol], _PORTLESS[protocol]),) if _all_ports(ports) else ()


def _ports(protocol: Protocol, ports: tuple[PortRange, ...]) -> Intervals:
    start = _STARTS[protocol]
    return union((start + port.first, start + port.last) for port in ports)


def _all_ports(ports: tuple[PortRange, ...]) -> bool:
    return union((port.first, port.last) for port in ports) == EVERY_PORT


# One rule may become two rows: what certainly matches, and what may.
_Row: TypeAlias = tuple[SecurityRule, Box, bool]


def _sift(whole: tuple[Part, ...], rules: tuple[SecurityRule, ...], virtual_network: tuple[str, ...]) -> Sieve:
    passing: list[Part] = []
    blocks: list[Block] = []
    doubts: list[Doubt] = []
    for part in whole:
        rows = tuple(chain.from_iterable(_rows(rule, part.space, virtual_network) for rule in rules))
        sure = sum(1 << bit for bit, row in enumerate(rows) if row[2])
        for box, matching in cells([row[1] for row in rows], part.space, sure):
            match _decide(rows, matching):
                case SecurityRule(access=Access.DENY) as rule:
                    blocks.append(Block(rule, Part(box)))
                case SecurityRule():
                    passing.append(Part(box))
                case why:
                    doubts.append(Doubt(why, Part(box)))
    return Sieve(tuple(passing), tuple(blocks), tuple(doubts))


def _decide(rows: tuple[_Row, ...], matching: int) -> SecurityRule | str:
    """The rule that decides; or why nobody knows: one that may match comes first and would decide otherwise."""
    perhaps: list[SecurityRule] = []
    while matching:
        lowest = matching & -matching
        rule, _, certain = rows[lowest.bit_length() - 1]
        if certain:
            other = next((one for one in perhaps if one.access is not rule.access), None)
            return rule if other is None else _doubt(other)
        perhaps.append(rule)
        matching ^= lowest
    return "no rule matches"


def _doubt(rule: SecurityRule) -> str:
    groups = rule.source_groups + rule.destination_groups
    if groups:
        named = ", ".join(group.rpartition("/")[2] for group in groups)
        return f"rule {rule.name} names application security group {named}, whose members were not read"
    return f"rule {rule.name} names a service tag whose addresses were not read"


def _rows(rule: SecurityRule, space: Box, virtual_network: tuple[str, ...]) -> Iterator[_Row]:
    """Nothing for a rule that has nothing to do with this traffic, or has groups on both sides."""
    services, ports = _rest(rule.protocol, rule.destination_ports, rule.source_ports)
    if not meet(space[2], services) or not meet(space[3], ports):
        return
    source = _matched(rule.sources, virtual_network)
    destination = _matched(rule.destinations, virtual_network)
    if meet(source[0], space[0]) and meet(destination[0], space[1]):
        yield rule, (source[0], destination[0], services, ports), True
    groups = bool(rule.source_groups) + bool(rule.destination_groups)
    if groups == 1 or (groups == 0 and (source[1] or destination[1])):
        maybe_source = EVERYWHERE if rule.source_groups else union(*source)
        maybe_destination = EVERYWHERE if rule.destination_groups else union(*destination)
        if meet(maybe_source, space[0]) and meet(maybe_destination, space[1]):
            yield rule, (maybe_source, maybe_destination, services, ports), False


@lru_cache(maxsize=65536)
def _matched(sides: tuple[str, ...], virtual_network: tuple[str, ...]) -> tuple[Intervals, Intervals]:
    """The addresses that prefixes and tags match for certain, and those that they may match."""
    inside = _inside(virtual_network)
    sure, perhaps = [], []
    for side in sides:
        match side.lower():
            case "*" | "any" | "0.0.0.0/0":  # Azure's document: 0.0.0.0/0 stands for all addresses
                sure.append(EVERYWHERE)
            case tag if tag == VIRTUAL_NETWORK.lower():
                sure.append(inside)
            case tag if tag == INTERNET.lower():
                sure.append(_outside(virtual_network))
            case tag if tag == LOAD_BALANCER.lower():
                sure.append(addresses((PLATFORM,)))
            case tag if tag[:1].isalpha() and ":" not in tag:
                perhaps.append(_outside(virtual_network))
            case prefix:
                sure.append(span(prefix))
    return sure[0] if len(sure) == 1 else union(*sure), union(*perhaps)


@lru_cache(maxsize=65536)
def _rest(
    protocol: Protocol, ports: tuple[PortRange, ...], source_ports: tuple[PortRange, ...]
) -> tuple[Intervals, ...]:
    """The axes service and source port of a rule."""
    many = tuple(_STARTS) + tuple(_PORTLESS) if protocol is Protocol.ANY else (protocol,)
    free = _all_ports(source_ports)
    services = union(*(_service(one, ports) for one in many if free or one.has_ports))
    return services, EVERY_PORT if free else union((port.first, port.last) for port in source_ports)


@lru_cache(maxsize=1024)
def _inside(virtual_network: tuple[str, ...]) -> Intervals:
    return addresses((*virtual_network, PLATFORM))


@lru_cache(maxsize=1024)
def _outside(virtual_network: tuple[str, ...]) -> Intervals:
    return subtract(PUBLIC, _inside(virtual_network))
