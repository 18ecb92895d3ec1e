"""What a PeeringPair must never do, whatever its planner comes up with."""

from __future__ import annotations

from vnetlink.domain.outcome import Present
from vnetlink.domain.specs import ManagementPolicy, PeeringPair
from vnetlink.planning.actions import (
    Action,
    DeletePeering,
    PeeringAction,
    PutPeering,
    Record,
    ReleaseFinalizer,
)
from vnetlink.planning.guards import is_recorded, record_objection, safe
from vnetlink.planning.peering.world import PairWorld
from vnetlink.planning.plan import Plan


def allow(plan: Plan, pair: PeeringPair, world: PairWorld | None) -> Plan:
    """The plan without what a PeeringPair must never do."""
    return safe(plan, lambda action: _objection(action, plan, pair, world))


def _objection(action: Action, plan: Plan, pair: PeeringPair, world: PairWorld | None) -> str:
    match action:
        case Record():
            return record_objection(pair)
        case ReleaseFinalizer():
            return ""
        case PutPeering() | DeletePeering():
            return _azure_objection(action, plan, pair, world)
        case _:
            return f"{type(action).__name__} is nothing that a PeeringPair does"


def _azure_objection(action: PeeringAction, plan: Plan, pair: PeeringPair, world: PairWorld | None) -> str:
    end, remote = pair.spec.ends[action.side], pair.spec.ends[action.side.other].id
    if world is None or not isinstance(world.vnets[action.side], Present):
        return f"{action.id} was not read"
    if action.id.vnet != end.id or action.remote != remote:
        return f"{action.id} does not belong to this pair"
    if not pair.spec.lifecycle.writes or end.management is ManagementPolicy.OBSERVE:
        return f"{action.id} is only observed"
    return "" if is_recorded(action, plan, pair) else f"{action.id} is neither made nor adopted by this object"
