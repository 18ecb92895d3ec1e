"""TrafficAllowed: can what is required pass between two connected VNets, as far as can be read without asking a machine?

With required flows each is judged whole: one part of it that is blocked makes it False. Without any, it is False only when
nothing at all can pass; partial blocks are the rule in a well kept network, hence one Info finding, or Info findings where a
person asks for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from vnetlink.domain.network_security import Protocol
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.reasons import Reason, Severity
from vnetlink.domain.routing import PeeredSpace, SubnetView, VnetView
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.vnet_link import Direction, RequiredFlow
from vnetlink.planning import az
from vnetlink.planning.diagnosis import commands
from vnetlink.planning.diagnosis.blocks import findings
from vnetlink.planning.diagnosis.trial import Passage, Trial, attempt, endpoints
from vnetlink.planning.plan import Finding, Truth

NOT_READ = (
    "Not read: security groups of network interfaces, admin rules of Network Manager, firewalls inside the machines"
)
_PROTOCOLS = {one.value.lower(): one for one in Protocol} | {"any": Protocol.ANY}


@dataclass(frozen=True, slots=True)
class TrafficVerdict:
    """The condition TrafficAllowed and the findings behind it."""

    allowed: Truth
    reason: Reason
    message: str
    findings: tuple[Finding, ...] = ()


def judge(vnets: PerSide[VnetView], flows: tuple[RequiredFlow, ...] = (), each: bool = False) -> TrafficVerdict:
    """The verdict on both directions, or on the flows that are required. Pure; the same world gives the same text.

    `each`: a finding for each rule and route that blocks a part, not one for all of them.
    """
    verdict = _required(vnets, flows) if flows else _anything(vnets, each)
    return replace(verdict, findings=(*access_off(vnets), *verdict.findings))


def access_off(vnets: PerSide[VnetView]) -> tuple[Finding, ...]:
    """A peering that keeps the other VNet out of the tag VirtualNetwork (virtual-network-manage-peering.md): what no other rule
    allows does not pass."""
    off = (vnets[side].peering_to(vnets[side.other].id) for side in Side)
    return tuple(
        _access_off(peering) for peering in off if peering is not None and not peering.allow_virtual_network_access
    )


def _access_off(peering: PeeredSpace) -> Finding:
    message = (
        f"allowVirtualNetworkAccess is off on peering {peering.id}: security groups do not count {peering.remote} as "
        "VirtualNetwork, so only what another rule allows can pass."
    )
    how = f"If it is not meant, set it in spec.peering, or where nobody manages it: {commands.allow_access(peering.id)}"
    return Finding(Reason.NETWORK_SECURITY_BLOCKS, message, str(peering.id), how)


def not_transitive(vnets: PerSide[VnetView]) -> tuple[Finding, ...]:
    """Both are peered with a third VNet and not with each other: peering is not transitive (virtual-network-peering-overview.md)."""
    one, two = vnets
    shared = [peer for peer in one.peered if two.peering_to(peer.remote)]
    if not shared or one.peering_to(two.id) or two.peering_to(one.id):
        return ()
    message = (
        f"VNets {one.id} and {two.id} are both peered with {shared[0].remote}, but have no link of their own; "
        "peering is not transitive."
    )
    return (Finding(Reason.NOT_TRANSITIVE, message, str(one.id), Reason.NOT_TRANSITIVE.facts.remedy),)


def passages(vnets: PerSide[VnetView], flow: RequiredFlow) -> tuple[Passage, ...]:
    """A required flow taken through everything, once for each side that it starts from. Subnets are those it names."""
    return tuple(attempt(_trial(vnets, side, flow)) for side in flow.direction.sources)


def _trial(vnets: PerSide[VnetView], side: Side, flow: RequiredFlow) -> Trial:
    source, target = vnets[side], vnets[side.other]
    sender, receiver = _names(flow, side)
    protocol = _PROTOCOLS[flow.protocol.lower()]
    return Trial(source, target, _chosen(source, sender), _chosen(target, receiver), protocol, flow.port)


def _names(flow: RequiredFlow, side: Side) -> tuple[str | None, str | None]:
    """The subnets in which the flow starts and ends. Of a flow in both directions they are VNet 1's and VNet 2's."""
    mirrored = flow.direction is Direction.BOTH and side is Side.VNET2
    return (flow.to_subnet, flow.from_subnet) if mirrored else (flow.from_subnet, flow.to_subnet)


def _chosen(vnet: VnetView, name: str | None) -> tuple[SubnetView, ...]:
    if name is None:
        return endpoints(vnet)
    return tuple(subnet for subnet in vnet.subnets if subnet.name.lower() == name.lower())


def _anything(vnets: PerSide[VnetView], each: bool) -> TrafficVerdict:
    both = passages(vnets, RequiredFlow())
    found = findings(both)
    partly = _partial(found) if each else _summed(found)
    passing = [passage.some_passes() for passage in both]
    if any(passing):
        return TrafficVerdict(Truth.TRUE, Reason.NO_BLOCK_FOUND, _no_block(both), partly)
    if None in passing:
        return _unknown(both, partly)
    if not all(endpoints(vnet) for vnet in vnets):
        return TrafficVerdict(Truth.UNKNOWN, Reason.NO_BLOCK_FOUND, "Not judged: a VNet has no subnet for machines.")
    found = found or not_transitive(vnets)
    if not found:
        message = "Not judged: no route leads from one VNet to the other before they are connected."
        return TrafficVerdict(Truth.UNKNOWN, Reason.CONNECTING, message)
    return TrafficVerdict(Truth.FALSE, found[0].reason, f"Nothing can pass. {found[0].message}", found)


def _required(vnets: PerSide[VnetView], flows: tuple[RequiredFlow, ...]) -> TrafficVerdict:
    missing = tuple(dict.fromkeys(finding for flow in flows for finding in _unknown_subnets(vnets, flow)))
    tried = [(flow, passages(vnets, flow)) for flow in flows]
    every = tuple(passage for _, several in tried for passage in several)
    blocked = [flow for flow, several in tried if any(passage.blocked for passage in several)]
    found = (*missing, *(findings(every) or (not_transitive(vnets) if blocked else ())))
    if missing or blocked:
        return _false(flows, blocked, found)
    doubtful = any(passage.doubts or not passage.screens for passage in every)
    return _unknown(every, ()) if doubtful else TrafficVerdict(Truth.TRUE, Reason.NO_BLOCK_FOUND, _no_block(every))


def _false(flows: tuple[RequiredFlow, ...], blocked: list[RequiredFlow], found: tuple[Finding, ...]) -> TrafficVerdict:
    if not found:
        message = "Not judged: no route leads from one VNet to the other before they are connected."
        return TrafficVerdict(Truth.UNKNOWN, Reason.CONNECTING, message)
    named = "; ".join(map(_text, blocked))
    told = f"{len(blocked)} of {len(flows)} required flows cannot pass whole: {named}. " if blocked else ""
    return TrafficVerdict(Truth.FALSE, found[0].reason, f"{told}{found[0].message}", found)


def _unknown(tried: tuple[Passage, ...], found: tuple[Finding, ...]) -> TrafficVerdict:
    doubts = tuple(dict.fromkeys(doubt for passage in tried for doubt in passage.doubts))
    unread = _unread(tried)
    why = "; ".join(doubts[:2]) or "one of the VNets has no subnet for machines"
    more = f"; and {len(doubts) - 2} more" if len(doubts) > 2 else ""
    return TrafficVerdict(Truth.UNKNOWN, unread or Reason.NO_BLOCK_FOUND, f"Nobody knows: {why}{more}.", found)


def _unread(tried: tuple[Passage, ...]) -> Reason | None:
    """Why a group or a table could not be read."""
    of_groups = (screen.nsg.reason for one in tried for screen in one.screens if isinstance(screen.nsg, Unreadable))
    tables = (course.subnets[0].routes for one in tried for course in one.courses)
    return next(chain(of_groups, (table.reason for table in tables if isinstance(table, Unreadable))), None)


def _no_block(tried: tuple[Passage, ...]) -> str:
    appliances = sorted({course.appliance for one in tried for course in one.courses if course.appliance})
    by_way = f", and what the appliance at {', '.join(appliances)} lets pass" if appliances else ""
    doubts = tuple(dict.fromkeys(doubt for passage in tried for doubt in passage.doubts))
    unsure = f" Of a part nobody knows: {doubts[0]}." if doubts else ""
    return f"No rule or route that was read stands in the way. {NOT_READ}{by_way}.{unsure}"


def _summed(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Partial blocks as one Info finding."""
    more = f" ({len(found) - 1} more rules or routes block other parts.)" if len(found) > 1 else ""
    return tuple(replace(one, message=f"{one.message}{more}") for one in _partial(found[:1]))


def _partial(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Partial blocks as Info findings."""
    return tuple(
        replace(one, message=f"A part of the traffic does not pass: {one.message}", severity=Severity.INFO)
        for one in found
    )


def _unknown_subnets(vnets: PerSide[VnetView], flow: RequiredFlow) -> Iterator[Finding]:
    for side in flow.direction.sources:
        for vnet, name in zip((vnets[side], vnets[side.other]), _names(flow, side), strict=True):
            if name is not None and not _chosen(vnet, name):
                message = f"VNet {vnet.id} has no subnet {name!r}, which spec.requiredFlows names."
                command = f"Correct the flow, or choose among: {az.list_subnets(vnet.id)}"
                yield Finding(Reason.SUBNET_NOT_FOUND, message, str(vnet.id), command)


def _text(flow: RequiredFlow) -> str:
    port = "" if flow.port is None else f" {flow.port}"
    ends = f"{flow.from_subnet or 'every subnet'} to {flow.to_subnet or 'every subnet'}"
    return f"{flow.protocol}{port} from {ends} ({flow.direction.value})"
