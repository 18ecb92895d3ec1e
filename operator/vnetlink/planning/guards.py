"""The second lock: whatever a planner comes up with, an action outside these bounds is dropped before it runs, and named."""

from __future__ import annotations

from dataclasses import replace

from vnetlink.domain.outcome import Present
from vnetlink.domain.reasons import Reason
from vnetlink.domain.specs import ManagementPolicy, PeeringPair
from vnetlink.planning.actions import Action, AzureAction, DeletePeering, PutPeering, Record, ReleaseFinalizer
from vnetlink.planning.plan import Finding, Plan
from vnetlink.planning.world import PairWorld


def allow(plan: Plan, pair: PeeringPair, world: PairWorld | None) -> Plan:
    """The plan without unsafe actions. An action dropped here is a bug in a planner, and told as a finding."""
    unsafe = {action: why for action in plan.actions if (why := _objection(action, plan, pair, world))}
    if not unsafe:
        return plan
    told = tuple(Finding(Reason.INVALID_SPEC, f"Refused to act: {why}") for why in unsafe.values())
    safe = tuple(action for action in plan.actions if action not in unsafe)
    return replace(plan, actions=safe, findings=(*plan.findings, *told))


def _objection(action: Action, plan: Plan, pair: PeeringPair, world: PairWorld | None) -> str:
    match action:
        case Record():
            return (
                ""
                if pair.spec.lifecycle.writes and not pair.meta.deleting
                else "a record is kept by writing objects only"
            )
        case ReleaseFinalizer():
            return ""
        case PutPeering() | DeletePeering():
            return _azure_objection(action, plan, pair, world)


def _azure_objection(action: AzureAction, plan: Plan, pair: PeeringPair, world: PairWorld | None) -> str:
    end, remote = pair.spec.ends[action.side], pair.spec.ends[action.side.other].id
    if world is None or not isinstance(world.vnets[action.side], Present):
        return f"{action.id} was not read"
    if action.id.vnet != end.id or action.remote != remote:
        return f"{action.id} does not belong to this pair"
    if not pair.spec.lifecycle.writes or end.management is ManagementPolicy.OBSERVE:
        return f"{action.id} is only observed"
    return "" if _is_recorded(action, plan, pair) else f"{action.id} is neither made nor adopted by this object"


def _is_recorded(action: AzureAction, plan: Plan, pair: PeeringPair) -> bool:
    """Whether the record names the target, as it stands or as the same plan writes it first."""
    records = [pair.record, *(step.record for step in plan.actions if isinstance(step, Record))]
    part = records[-1].part(action.side)
    return part is not None and part.id == action.id
