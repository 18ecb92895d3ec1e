"""What a write of a VNetLink is, in words: for logs, events and planned actions."""

from __future__ import annotations

from vnetlink.domain.arm_id import ResourceGroupId, ZoneLinkId
from vnetlink.domain.outcome import Refused
from vnetlink.domain.ownership import PartId
from vnetlink.domain.reasons import Reason
from vnetlink.planning.actions import (
    ChangePrefixes,
    DeletePart,
    LinkAction,
    PutResourceGroup,
    PutSubnet,
    PutVnet,
    PutZoneLink,
)
from vnetlink.planning.plan import Finding, PlannedAction
from vnetlink.planning.remedies import remedy


def noun(id: PartId) -> str:
    """What an id is of."""
    if isinstance(id, ZoneLinkId):
        return "DNS zone link"
    return "resource group" if isinstance(id, ResourceGroupId) else "VNet"


def describe(action: LinkAction) -> str:
    """The write as a phrase."""
    match action:
        case PutResourceGroup():
            return "create resource group"
        case PutVnet():
            return "create VNet"
        case ChangePrefixes():
            return f"change the address space to {', '.join(action.prefixes)} of VNet"
        case PutSubnet():
            return "create subnet"
        case PutZoneLink():
            return "create DNS zone link" if action.creates else "change registrationEnabled of DNS zone link"
        case DeletePart():
            return f"delete {noun(action.id)}"


def refused(refusal: Refused, what: str, about: str) -> Finding:
    """Azure's no to `what`, or our own while somebody else keeps changing back what we write."""
    said = refusal.message if refusal.reason is Reason.CONTESTED else f"Azure refused {what}: {refusal.message}"
    return Finding(refusal.reason, said, about, remedy(refusal.reason, refusal.message, about))


def planned(action: LinkAction) -> PlannedAction:
    """One would-be write."""
    id = str(action.id)
    match action:
        case PutResourceGroup():
            return PlannedAction("CreateResourceGroup", id, f"In {action.location}.")
        case PutVnet():
            return PlannedAction(
                "CreateVNet", id, f"{', '.join(action.creation.prefixes)} in {action.creation.location}."
            )
        case ChangePrefixes():
            return PlannedAction("ChangeAddressSpace", id, f"To {', '.join(action.prefixes)}.")
        case PutSubnet():
            return PlannedAction("CreateSubnet", id, f"{action.prefix}.")
        case PutZoneLink():
            return PlannedAction("LinkDnsZone" if action.creates else "UpdateDnsZoneLink", id, f"To {action.vnet}.")
        case DeletePart():
            return PlannedAction("Delete", id, "It is no longer asked for.")
