"""The second lock for a VNetLink: an action outside these bounds is dropped before it runs, and named."""

from __future__ import annotations

from vnetlink.domain.kinds import PAIRS
from vnetlink.domain.ownership import Origin
from vnetlink.domain.specs import ManagementPolicy, VNetLink
from vnetlink.planning.actions import (
    Action,
    AskChild,
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
from vnetlink.planning.guards import recorded_part, safe
from vnetlink.planning.link import child
from vnetlink.planning.link.vnets import made_by_us
from vnetlink.planning.link.world import LinkWorld
from vnetlink.planning.plan import Plan


def allow(plan: Plan, link: VNetLink, world: LinkWorld | None) -> Plan:
    """The plan without what a VNetLink must never do."""
    return safe(plan, lambda action: _objection(action, plan, link, world))


def _objection(action: Action, plan: Plan, link: VNetLink, world: LinkWorld | None) -> str:
    match action:
        case ReleaseFinalizer():
            return ""
        case Record():
            return "" if link.spec.lifecycle.writes else "a record is kept by writing objects only"
        case PutChild() | DeleteChild() | AskChild():
            names = {(kind, child.name(link.meta.key, kind)) for kind in PAIRS}
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
    part = recorded_part(action, plan, link)
    if part is None:
        return f"{action.id} is neither made nor adopted by this link"
    destructive = isinstance(action, DeletePart | ChangePrefixes)
    return f"{action.id} was not made by this link" if destructive and part.origin is not Origin.CREATED else ""
