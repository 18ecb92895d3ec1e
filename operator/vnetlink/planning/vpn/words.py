"""What a write of a VpnConnectionPair is, in words: for logs, events and planned actions. Never a key."""

from __future__ import annotations

from vnetlink.domain.arm_id import ConnectionId, GatewayId, PublicIpId
from vnetlink.domain.ownership import PartId
from vnetlink.planning.actions import (
    DeletePart,
    PatchTags,
    PutConnection,
    PutGateway,
    PutPublicIp,
    PutSharedKey,
    PutSubnet,
    VpnAction,
)
from vnetlink.planning.plan import PlannedAction

TYPICAL_GATEWAY = "typically 20 to 45 minutes"  # 886 to 1,440 s in the median, up to 71 minutes (arm.md 1.3)


def noun(id: PartId) -> str:
    """What an id is of."""
    if isinstance(id, GatewayId):
        return "gateway"
    if isinstance(id, ConnectionId):
        return "connection"
    return "public IP" if isinstance(id, PublicIpId) else "subnet"


def describe(action: VpnAction, drifted: bool) -> str:
    """The write as a phrase; `drifted`: it puts back what somebody else changed."""
    match action:
        case PutSharedKey():
            return "set the shared key of connection"
        case PatchTags():
            return f"change the tags of {noun(action.id)}"
        case DeletePart():
            return f"delete {noun(action.id)}"
        case PutConnection(creates=False):
            return f"{'put back' if drifted else 'change'} {', '.join(action.changes) or 'nothing'} of connection"
        case PutGateway(creates=False):
            return "write the failed gateway again:"
        case PutSubnet() | PutPublicIp() | PutGateway() | PutConnection():
            return f"create {noun(action.id)}"


def planned(action: VpnAction) -> PlannedAction:
    """One would-be write. Gateways and addresses are billed; a new key cuts the tunnel for a moment."""
    id = str(action.id)
    match action:
        case PutSubnet():
            return PlannedAction("CreateSubnet", id, f"{action.prefix}.")
        case PutPublicIp():
            return PlannedAction("CreatePublicIP", id, "Standard, Static.", billable=True)
        case PutGateway(creates=True):
            return PlannedAction("CreateGateway", id, f"{action.shape.sku}; {TYPICAL_GATEWAY}.", billable=True)
        case PutGateway():
            return PlannedAction("RepairGateway", id, "It is Failed and is written again.", outage=True)
        case PutConnection(creates=True):
            return PlannedAction("CreateConnection", id, f"To {action.far}.")
        case PutConnection():
            return PlannedAction("UpdateConnection", id, f"{', '.join(action.changes)}.", outage=True)
        case PutSharedKey():
            return PlannedAction("SetSharedKey", id, "To the key in the Secret.", outage=True)
        case PatchTags():
            return PlannedAction("UpdateTags", id, "Its owner changes.")
        case DeletePart():
            return PlannedAction(
                f"Delete{noun(action.id).title().replace(' ', '')}", id, "It goes with the object.", outage=True
            )
