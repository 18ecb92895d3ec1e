"""How the ownership record changes with what came of an action. A lost record leaks, it never destroys (design/api.md)."""

from __future__ import annotations

from dataclasses import replace

from vnetlink.domain.outcome import Accepted, Outcome, Refused
from vnetlink.domain.ownership import Origin, OwnershipRecord, Part
from vnetlink.domain.specs import Owner
from vnetlink.planning.actions import AzureAction, PutGateway, PutSharedKey, Record


def before(record: OwnershipRecord, action: AzureAction, since: str = "", key_version: str = "") -> OwnershipRecord:
    """The record as it has to stand before `action`, written under the same locks: what it makes is Created since `since`.

    Of the action that is sent next and of no later one: somebody else may make that in between.
    """
    part = record.parts.get(action.slot)
    if not action.creates or (part is not None and part.id == action.id):
        return record
    return record.with_part(action.slot, Part(action.id, Origin.CREATED, since, key_version))


def recording(owner: Owner, record: OwnershipRecord) -> tuple[Record, ...]:
    """The order to write the record, where it says something new."""
    return (Record(record),) if record.dump() != owner.record.dump() else ()


def after(record: OwnershipRecord, action: AzureAction, outcome: Outcome) -> OwnershipRecord:
    """The record that is true after `action`.

    A definite refusal takes Created back, a 200 for a creation makes it Adopted, a key that was set is noted by its version. A
    repair of a gateway counts when Azure took it: one that was put off or throttled is still owed.
    """
    part = record.parts.get(action.slot)
    if part is None or part.id != action.id:  # a subnet of a VNet has the slot of the VNet
        return record
    if isinstance(action, PutSharedKey):
        known = isinstance(outcome, Accepted)
        return record.with_part(action.slot, replace(part, key_version=action.version)) if known else record
    if isinstance(action, PutGateway) and not action.creates:
        return record.with_part(action.slot, replace(part, repaired=True)) if isinstance(outcome, Accepted) else record
    if part.origin is not Origin.CREATED or not action.creates:
        return record
    match outcome:
        case Refused():
            return record.without_part(action.slot)
        case Accepted(created=False):
            return record.with_part(action.slot, replace(part, origin=Origin.ADOPTED))
        case _:
            return record
