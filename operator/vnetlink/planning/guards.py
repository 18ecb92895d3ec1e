"""The second lock: whatever a planner comes up with, an action outside these bounds is dropped before it runs, and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from vnetlink.domain.ownership import Part
from vnetlink.domain.reasons import Reason
from vnetlink.domain.specs import Owner
from vnetlink.planning.actions import (
    Action,
    AzureAction,
    Record,
)
from vnetlink.planning.plan import Finding, Plan


def safe(plan: Plan, objection: Callable[[Action], str]) -> Plan:
    """The plan without the actions that there is an objection to; one dropped is a bug in a planner, and told as a finding."""
    objected = [(action, objection(action)) for action in plan.actions]
    told = tuple(_refusal(action, why) for action, why in objected if why)
    kept = tuple(action for action, why in objected if not why)
    return replace(plan, actions=kept, findings=(*plan.findings, *told)) if told else plan


def _refusal(action: Action, why: str) -> Finding:
    id = str(action.id) if isinstance(action, AzureAction) else type(action).__name__
    how = "Nothing was done: report this as a bug of the operator, with its log."
    return Finding(Reason.INVALID_SPEC, f"Refused to act: {why}.", id, how)


def record_objection(pair: Owner) -> str:
    """Why no record may be written for this object, empty when one may."""
    writing = pair.spec.lifecycle.writes and not pair.meta.deleting
    return "" if writing else "a record is kept by writing objects only"


def recorded_part(action: AzureAction, plan: Plan, pair: Owner) -> Part | None:
    """The part that the record has for this very target, as it stands or as the same plan writes it first."""
    records = [pair.record, *(step.record for step in plan.actions if isinstance(step, Record))]
    part = records[-1].parts.get(action.slot)
    return part if part is not None and part.id == action.id else None


def is_recorded(action: AzureAction, plan: Plan, pair: Owner) -> bool:
    """Whether the record names the target."""
    return recorded_part(action, plan, pair) is not None
