"""The evaluators agree with brute force: a tiny world of addresses and ports, each combination judged literally."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from vnetlink.domain.arm_id import NetworkSecurityGroupId, PeeringId, RouteTableId, VnetId
from vnetlink.domain.intervals import Intervals, addresses, intersect, meet, prefixes, subtract, union
from vnetlink.domain.network_security import (
    DEFAULT_RULES,
    Access,
    Flow,
    NetworkSecurityGroup,
    PortRange,
    Protocol,
    SecurityRule,
    Way,
)
from vnetlink.domain.routing import NextHop, PeeredSpace, Route, RouteTable, VnetView
from vnetlink.planning.diagnosis.routes import next_hops
from vnetlink.planning.diagnosis.security import (
    Allowed,
    Denied,
    Part,
    PartlyDenied,
    Unknown,
    evaluate,
    protocols,
    sift,
)

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
NSG = NetworkSecurityGroupId(SUBSCRIPTION, "rg", "nsg")
ADDRESSES = [str(IPv4Address("10.0.0.0") + n) for n in range(8)]  # half of them are the virtual network
PUBLIC = ["8.8.8.8", "168.63.129.16"]
VIRTUAL_NETWORK = ("10.0.0.0/30",)
PORTS = (0, 1, 2, 3)
TAGS = ("*", "VirtualNetwork", "Internet", "AzureLoadBalancer", "Storage")

tiny_prefixes = st.builds(
    lambda base, length: str(ip_network(f"{base}/{length}", strict=False)),
    st.sampled_from(ADDRESSES),
    st.integers(29, 32),
)
sides = st.lists(st.one_of(tiny_prefixes, st.sampled_from(TAGS)), min_size=1, max_size=2).map(tuple)
ranges = st.tuples(st.sampled_from(PORTS), st.sampled_from(PORTS)).map(lambda ends: PortRange(min(ends), max(ends)))
port_ranges = st.one_of(st.just((PortRange(),)), st.lists(ranges, min_size=1, max_size=2).map(tuple))
groups = st.sampled_from([(), (), (), ("/asg/one",)])


@st.composite
def rules(draw: st.DrawFn, priority: int) -> SecurityRule:
    """One rule at that priority, of either direction."""
    from_groups, to_groups = draw(groups), draw(groups)
    return SecurityRule(
        f"r{priority}",
        priority,
        draw(st.sampled_from(Way)),
        draw(st.sampled_from(Access)),
        draw(st.sampled_from(Protocol)),
        () if from_groups else draw(sides),
        () if to_groups else draw(sides),
        draw(port_ranges),
        draw(port_ranges),
        from_groups,
        to_groups,
    )


rule_lists = st.integers(0, 5).flatmap(lambda count: st.tuples(*(rules(100 + n) for n in range(count))))
flow_sides = st.lists(st.one_of(tiny_prefixes, st.sampled_from(PUBLIC)), min_size=1, max_size=2).map(tuple)
flows = st.builds(
    Flow,
    flow_sides,
    flow_sides,
    st.sampled_from(Protocol),
    st.one_of(st.none(), st.sampled_from(PORTS)),
    st.just(PortRange(0, 3)),
)

Packet = tuple[
    str, str, Protocol, int | None, int | None
]  # source, destination, protocol, destination port, source port


def packets(flow: Flow) -> list[Packet]:
    """Every packet of the flow in the tiny world."""
    asked = (Protocol.TCP, Protocol.UDP, Protocol.ICMP) if flow.protocol is Protocol.ANY else (flow.protocol,)
    found: list[Packet] = []
    for source, target, protocol in product(enumerated(flow.sources), enumerated(flow.destinations), asked):
        if protocol in (Protocol.TCP, Protocol.UDP):
            wanted = PORTS if flow.port is None else (flow.port,)
            found += [(source, target, protocol, port, start) for port in wanted for start in PORTS]
        elif flow.port is None:
            found.append((source, target, protocol, None, None))
    return found


def enumerated(given: tuple[str, ...]) -> list[str]:
    return sorted({str(address) for prefix in given for address in ip_network(prefix)})


def side_matches(given: tuple[str, ...], asg: tuple[str, ...], address: str) -> bool | None:
    """None: nobody knows."""
    inside = address == "168.63.129.16" or any(ip_address(address) in ip_network(one) for one in VIRTUAL_NETWORK)
    public = not ip_address(address).is_private and not inside
    answers: list[bool | None] = [None] if asg else []
    for side in given:
        if side == "Storage":
            answers.append(None if public else False)
        elif side in TAGS:
            answers.append(
                {"*": True, "VirtualNetwork": inside, "Internet": public}.get(side, address == "168.63.129.16")
            )
        else:
            answers.append(ip_address(address) in ip_network(side))
    return True if True in answers else None if None in answers else False


def rule_matches(rule: SecurityRule, packet: Packet) -> bool | None:
    source, target, protocol, port, start = packet
    if rule.protocol not in (Protocol.ANY, protocol) or (rule.source_groups and rule.destination_groups):
        return False
    for number, allowed in ((port, rule.destination_ports), (start, rule.source_ports)):
        if number is None and allowed != (PortRange(),):
            return False
        if number is not None and not any(one.first <= number <= one.last for one in allowed):
            return False
    answers = (
        side_matches(rule.sources, rule.source_groups, source),
        side_matches(rule.destinations, rule.destination_groups, target),
    )
    return False if False in answers else None if None in answers else True


def first_match(given: tuple[SecurityRule, ...], way: Way, packet: Packet) -> str | None:
    """The name of the rule that denies, `""` when the packet passes, None when nobody knows."""
    perhaps: list[SecurityRule] = []
    for rule in sorted([*given, *DEFAULT_RULES], key=lambda one: one.priority):
        answer = rule_matches(rule, packet) if rule.way is way else False
        if answer is None:
            perhaps.append(rule)
        elif answer:
            if any(one.access is not rule.access for one in perhaps):
                return None
            return rule.name if rule.access is Access.DENY else ""
    raise AssertionError("the last default rule matches everything")


def holds(part: Part, packet: Packet) -> bool:
    source, target, protocol, port, start = packet
    if not meet(addresses((source,)), part.space[0]) or not meet(addresses((target,)), part.space[1]):
        return False
    for one, carried in protocols(part.space[2]):
        if one is protocol:
            inside = port is None or any(ports.first <= port <= ports.last for ports in carried)
            return inside and (start is None or meet(((start, start),), part.space[3]))
    return False


@settings(max_examples=150, deadline=None)
@given(given_rules=rule_lists, flow=flows, way=st.sampled_from(Way))
def test_every_packet_is_judged_by_the_first_rule_that_matches_it(
    given_rules: tuple[SecurityRule, ...], flow: Flow, way: Way
) -> None:
    nsg = NetworkSecurityGroup(NSG, given_rules)
    sieve = sift(flow, nsg, way, VIRTUAL_NETWORK)
    seen = set()
    for packet in packets(flow):
        expected = first_match(given_rules, way, packet)
        seen.add(expected)
        assert [block.rule.name for block in sieve.blocks if holds(block.part, packet)] == (
            [expected] if expected else []
        )
        assert sum(holds(part, packet) for part in sieve.open) == (expected == "")
        assert sum(holds(doubt.part, packet) for doubt in sieve.doubts) == (expected is None)
    denied = seen - {"", None}
    expected_kind = (
        Unknown if not seen
        else Denied if seen == denied
        else PartlyDenied if denied
        else Unknown if None in seen
        else Allowed
    )  # fmt: skip
    assert isinstance(evaluate(flow, nsg, way, VIRTUAL_NETWORK), expected_kind)


HERE = VnetId(SUBSCRIPTION, "rg", "here")
PEER = VnetId(SUBSCRIPTION, "rg", "peer")
USER_HOPS = [hop for hop in NextHop if hop is not NextHop.VNET_PEERING]
user_routes = st.lists(
    st.builds(Route, st.just("user"), st.one_of(tiny_prefixes, st.just("Storage")), st.sampled_from(USER_HOPS)),
    max_size=5,
    unique_by=lambda route: route.prefix,
).map(tuple)
some_prefixes = st.lists(tiny_prefixes, max_size=2, unique=True).map(tuple)


@st.composite
def vnets(draw: st.DrawFn) -> VnetView:
    """A VNet, a peer that does not overlap with it, and whatever a gateway announces."""
    peer = PeeredSpace(PeeringId(HERE, "p"), PEER, draw(st.sampled_from([(), ("10.0.0.4/31",), ("10.0.0.4/30",)])))
    return VnetView(HERE, ("10.0.0.0/30",), peered=(peer,), gateway=draw(some_prefixes))


def literal_hop(address: str, vnet: VnetView, table: RouteTable) -> NextHop:
    """Every route that contains the address, the longest first, then by who made it."""
    where = ip_address(address)

    def within(prefix: str) -> bool:
        return prefix != "Storage" and where in ip_network(prefix)

    system = [(prefix, NextHop.VNET_LOCAL) for prefix in vnet.prefixes]
    system += [(prefix, NextHop.VNET_PEERING) for prefix in vnet.peered[0].prefixes]
    preferred = any(within(prefix) for prefix, _ in system)
    system += [("10.0.0.0/8", NextHop.NONE), ("0.0.0.0/0", NextHop.INTERNET)]
    announced = () if table.disable_bgp_route_propagation or preferred else vnet.gateway
    found = [(ip_network(route.prefix).prefixlen, 3, route.next_hop) for route in table.routes if within(route.prefix)]
    found += [(ip_network(prefix).prefixlen, 2, NextHop.GATEWAY) for prefix in announced if within(prefix)]
    found += [(ip_network(prefix).prefixlen, 1, hop) for prefix, hop in system if within(prefix)]
    return max(found, key=lambda one: one[:2])[2]


@settings(max_examples=150, deadline=None)
@given(vnet=vnets(), routes=user_routes, off=st.booleans(), destinations=flow_sides)
def test_every_address_takes_the_longest_prefix_and_the_users_route_of_two(
    vnet: VnetView, routes: tuple[Route, ...], off: bool, destinations: tuple[str, ...]
) -> None:
    table = RouteTable(RouteTableId(SUBSCRIPTION, "rg", "table"), routes, disable_bgp_route_propagation=off)
    legs = next_hops(destinations, vnet, table)
    for address in enumerated(destinations):
        hops = [leg.next_hop for leg in legs if meet(addresses((address,)), leg.held)]
        assert hops == [literal_hop(address, vnet, table)]


numbers = st.frozensets(st.integers(0, 40))


def intervals(given: frozenset[int]) -> Intervals:
    return union((number, number) for number in given)


@given(one=numbers, other=numbers)
def test_sets_of_intervals_are_sets(one: frozenset[int], other: frozenset[int]) -> None:
    a, b = intervals(one), intervals(other)
    assert union(a, b) == intervals(one | other)
    assert intersect(a, b) == intervals(one & other)
    assert subtract(a, b) == intervals(one - other)
    assert meet(a, b) == bool(one & other)
    assert addresses(prefixes(a)) == a
