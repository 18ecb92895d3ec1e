"""Reads what stands between two VNets, security groups and route tables, and has it judged. Reads only."""

from __future__ import annotations

from asyncio import gather, get_running_loop
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain

from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Present, Seen, Unreadable
from vnetlink.domain.routing import VnetView
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.vnet_link import RequiredFlow
from vnetlink.memory import Memory
from vnetlink.planning.diagnosis.traffic import TrafficVerdict, judge
from vnetlink.planning.diagnosis.views import groups_of, tables_of, view
from vnetlink.planning.plan import Finding
from vnetlink.ports import Azure

# Judging is seconds of CPU where there are hundreds of groups. In a thread it holds up nobody: watches, probes and other turns
# go on. One thread, so that the event loop never competes with more than one.
JUDGE = ThreadPoolExecutor(1, "diagnosis")


async def diagnose(
    azure: Azure,
    memory: Memory,
    identities: PerSide[Identity],
    vnets: PerSide[ObservedVnet],
    flows: tuple[RequiredFlow, ...],
    max_age: timedelta,
    tunnelled: bool = False,
    each: bool = False,
) -> TrafficVerdict:
    """The verdict on traffic between two connected VNets; what was judged already is not judged again. `tunnelled`: a VPN
    joins them. `each`: as for `judge`."""
    views = PerSide(*await gather(*(_view(azure, identities, vnets, side, max_age, tunnelled) for side in Side)))
    if memory.judged is not None and any(map(_in_outage, views)):
        return memory.judged[1]  # an outage changes nothing that was known
    memory.judged = await get_running_loop().run_in_executor(JUDGE, _judged, memory.judged, (views, flows, each))
    return memory.judged[1]


async def findings_of(
    azure: Azure,
    memory: Memory,
    identities: PerSide[Identity],
    vnets: PerSide[Seen[ObservedVnet]],
    max_age: timedelta,
    tunnelled: bool = False,
    each: bool = False,
) -> tuple[Finding, ...]:
    """The findings on all traffic between the two, as `diagnose`; none where one of them was not read."""
    one, two = vnets
    if not isinstance(one, Present) or not isinstance(two, Present):
        return ()
    both = PerSide(one.value, two.value)
    return (await diagnose(azure, memory, identities, both, (), max_age, tunnelled, each)).findings


def _in_outage(vnet: VnetView) -> bool:
    parts = chain.from_iterable((subnet.nsg, subnet.routes) for subnet in vnet.subnets)
    return any(isinstance(part, Unreadable) and part.transient for part in parts)


def _judged(
    before: tuple[object, TrafficVerdict] | None, question: tuple[PerSide[VnetView], tuple[RequiredFlow, ...], bool]
) -> tuple[object, TrafficVerdict]:
    return before if before is not None and before[0] == question else (question, judge(*question))


async def _view(
    azure: Azure,
    identities: PerSide[Identity],
    vnets: PerSide[ObservedVnet],
    side: Side,
    max_age: timedelta,
    tunnelled: bool,
) -> VnetView:
    vnet, identity = vnets[side], identities[side]
    groups, tables = groups_of(vnet), tables_of(vnet)
    seen_groups = await gather(*(azure.network_security_group(identity, id, max_age) for id in groups))
    seen_tables = await gather(*(azure.route_table(identity, id, max_age) for id in tables))
    behind = vnets[side.other].prefixes if tunnelled else ()
    return view(vnet, dict(zip(groups, seen_groups, strict=True)), dict(zip(tables, seen_tables, strict=True)), behind)
