"""Which of our writes undo what somebody else did in Azure: three of them within half an hour are a dispute (memory.py)."""

from __future__ import annotations

from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.planning.actions import (
    AzureAction,
    ChangePrefixes,
    DeletePart,
    DeletePeering,
    PatchTags,
    PutConnection,
    PutGateway,
    PutPeering,
    PutPublicIp,
    PutResourceGroup,
    PutSharedKey,
    PutSubnet,
    PutVnet,
    PutZoneLink,
)
from vnetlink.planning.peering.events import gateway_came


def puts_back(action: AzureAction, record: OwnershipRecord) -> bool:
    """Whether a write makes again what was deleted, or undoes a change, of an object whose spec stood once.

    `record`: as it was before this turn; what it does not name was never made, so nobody deleted it. A sync, the second phase
    of gateway transit, a rotation and what is written again because Azure failed undo nothing. A peering that is deleted
    because it is Disconnected is made again, which counts.
    """
    match action:
        case DeletePeering() | DeletePart() | PatchTags():
            return False
        case PutSharedKey():
            part = record.parts.get(action.slot)
            return record.rotation is None and part is not None and part.key_version == action.version
        case PutPeering(creates=False):
            return bool(action.changes) and not gateway_came(action)
        case PutConnection(creates=False):
            return bool(action.changes)
        case PutGateway(creates=False):
            return False
        case ChangePrefixes() | PutZoneLink(creates=False):
            return True
        case (
            PutPeering()
            | PutConnection()
            | PutGateway()
            | PutPublicIp()
            | PutResourceGroup()
            | PutVnet()
            | PutSubnet()
            | PutZoneLink()
        ):
            return action.slot in record.parts
