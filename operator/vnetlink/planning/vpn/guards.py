"""The second lock for a VpnConnectionPair: an action outside these bounds is dropped before it runs, and named."""

from __future__ import annotations

from vnetlink.domain.arm_id import SubnetId
from vnetlink.domain.ownership import Origin, Part, Role
from vnetlink.domain.specs import ManagementPolicy, VpnConnectionPair
from vnetlink.planning.actions import (
    Action,
    DeletePart,
    DeletePeering,
    PatchTags,
    PutConnection,
    PutGateway,
    PutPeering,
    PutPublicIp,
    PutSharedKey,
    PutSubnet,
    Record,
    ReleaseFinalizer,
    VpnAction,
)
from vnetlink.planning.guards import recorded_part, safe
from vnetlink.planning.plan import Plan
from vnetlink.planning.vpn.world import VpnWorld


def allow(plan: Plan, pair: VpnConnectionPair, world: VpnWorld | None) -> Plan:
    """The plan without what a VpnConnectionPair must never do."""
    return safe(plan, lambda action: _objection(action, plan, pair, world))


def _objection(action: Action, plan: Plan, pair: VpnConnectionPair, world: VpnWorld | None) -> str:
    writes = pair.spec.lifecycle.writes
    match action:
        case ReleaseFinalizer():
            return ""
        case Record():
            return "" if writes else "a record is kept by writing objects only"
        case PutPeering() | DeletePeering():
            return f"{action.id} is no part of a VPN"
        case PutSubnet() | PutPublicIp() | PutGateway() | PutConnection() | PutSharedKey() | PatchTags() | DeletePart():
            return _azure_objection(action, plan, pair, world)
        case _:
            return "" if writes and not pair.meta.deleting else "a Secret is written by writing objects only"


def _azure_objection(action: VpnAction, plan: Plan, pair: VpnConnectionPair, world: VpnWorld | None) -> str:
    end = pair.spec.ends[action.slot.side]
    if world is None:
        return f"{action.id} was not read"
    if not pair.spec.lifecycle.writes or end.management is ManagementPolicy.OBSERVE:
        return f"{action.id} is only observed"
    part = recorded_part(action, plan, pair)
    if part is None:
        return f"{action.id} is neither made nor adopted by this object"
    if isinstance(action.id, SubnetId) and action.id.vnet != end.id:
        return f"{action.id} does not belong to this pair"
    if isinstance(action, PutConnection) and (action.near, action.far) != _gateways(world, action):
        return f"{action.id} does not lead from one gateway of this pair to the other"
    return "" if _may(action, part) else f"{action.id} was not made by this object"


def _may(action: VpnAction, part: Part) -> bool:
    """Only what we made is deleted, retagged or repaired; a connection that was adopted may be written and, told to, deleted."""
    destructive = isinstance(action, DeletePart | PatchTags) or (isinstance(action, PutGateway) and not action.creates)
    return not destructive or part.origin is Origin.CREATED or action.slot.role is Role.LINK


def _gateways(world: VpnWorld, action: PutConnection) -> tuple[object, object]:
    side = action.slot.side
    return world.sides[side].gateway_id, world.sides[side.other].gateway_id
