"""The second lock for a VNetLink: an action outside these bounds is dropped before it runs, and named."""

from __future__ import annotations

from dataclasses import replace

from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.domain.reasons import Reason
from vnetlink.domain.specs import ManagementPolicy, VNetLink
from vnetlink.planning.actions import (
    Action,
    ChangePrefixes,
    DeleteChild,
    DeletePart,
    LinkAction,
    PutChild,
    PutResourceGroup,
    PutSubnet,
    PutVnet,
    PutZoneLink,
    Record,
    ReleaseFinalizer,
)
from vnetlink.planning.link import child
from vnetlink.planning.link.vnets import made_by_us
from vnetlink.planning.link.world import PEERING_PAIRS, VPN_CONNECTION_PAIRS, LinkWorld
from vnetlink.planning.plan import Finding, Plan


def allow(plan: Plan, link: VNetLink, world: LinkWorld | None) -> Plan:
    """The plan without unsafe actions. An action dropped here is a bug in a planner, and told as a finding."""
    unsafe = [(action, why) for action in plan.actions if (why := _objection(action, plan, link, world))]
    if not unsafe:
        return plan
    told = tuple(Finding(Reason.INVALID_SPEC, f"Refused to act: {why}") for _, why in unsafe)
    safe = tuple(action for action in plan.actions if all(action is not one for one, _ in unsafe))
    return replace(plan, actions=safe, findings=(*plan.findings, *told))


def _objection(action: Action, plan: Plan, link: VNetLink, world: LinkWorld | None) -> str:
    match action:
        case ReleaseFinalizer():
            return ""
        case Record():
            return "" if link.spec.lifecycle.writes else "a record is kept by writing objects only"
        case PutChild() | DeleteChild():
            names = {(kind, child.name(link, kind)) for kind in (PEERING_PAIRS, VPN_CONNECTION_PAIRS)}
            return "" if (action.kind, action.name) in names else f"{action.kind} {action.name} is no pair of this link"
        case PutResourceGroup() | PutVnet() | ChangePrefixes() | PutSubnet() | PutZoneLink() | DeletePart():
            return _azure_objection(action, plan, link, world)
        case _:
            return "that is no business of a VNetLink"


def _azure_objection(action: LinkAction, plan: Plan, link: VNetLink, world: LinkWorld | None) -> str:
    end = link.spec.ends[action.slot.side]
    if world is None:
        return f"{action.id} was not read"
    if not link.spec.lifecycle.writes or end.management is ManagementPolicy.OBSERVE:
        return f"{action.id} is only observed"
    if isinstance(action, PutSubnet):
        ours = action.id.vnet == end.id and made_by_us(link, action.slot, end.id)
        return "" if ours else f"{action.id} is no subnet of a VNet that this link made"
    part = _record(plan, link).parts.get(action.slot)
    if part is None or part.id != action.id:
        return f"{action.id} is neither made nor adopted by this link"
    destructive = isinstance(action, DeletePart | ChangePrefixes)
    return f"{action.id} was not made by this link" if destructive and part.origin.value != "Created" else ""


def _record(plan: Plan, link: VNetLink) -> OwnershipRecord:
    return [link.record, *(step.record for step in plan.actions if isinstance(step, Record))][-1]
