"""Reads what stands between two VNets, security groups and route tables, and has it judged. Reads only."""

from __future__ import annotations

from asyncio import gather
from datetime import timedelta

from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.routing import VnetView
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.vnet_link import RequiredFlow
from vnetlink.planning.diagnosis.traffic import TrafficVerdict, judge, not_transitive
from vnetlink.planning.diagnosis.views import groups_of, tables_of, view
from vnetlink.planning.plan import Finding
from vnetlink.ports import Azure


async def diagnose(
    azure: Azure,
    identities: PerSide[Identity],
    vnets: PerSide[ObservedVnet],
    flows: tuple[RequiredFlow, ...],
    max_age: timedelta,
    tunnelled: bool = False,
) -> tuple[TrafficVerdict, tuple[Finding, ...]]:
    """The verdict on traffic between two VNets, and what else the diagnosis has to say. `tunnelled`: a VPN joins them."""
    views = PerSide(*await gather(*(_view(azure, identities, vnets, side, max_age, tunnelled) for side in Side)))
    return judge(views, flows), not_transitive(views)


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
