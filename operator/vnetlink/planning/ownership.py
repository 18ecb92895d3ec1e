"""How the ownership record changes with what came of an action. A lost record leaks, it never destroys (design/api.md)."""

from __future__ import annotations

from dataclasses import replace

from vnetlink.domain.outcome import Accepted, Outcome, Refused
from vnetlink.domain.ownership import Origin, OwnershipRecord
from vnetlink.planning.actions import AzureAction, PutPeering


def after(record: OwnershipRecord, action: AzureAction, outcome: Outcome) -> OwnershipRecord:
    """The record that is true after `action`: a definite refusal takes Created back, a 200 for a creation makes it Adopted."""
    part = record.parts.get(action.slot)
    if part is None or part.origin is not Origin.CREATED or not isinstance(action, PutPeering) or not action.creates:
        return record
    match outcome:
        case Refused():
            return record.without_part(action.slot)
        case Accepted(created=False):
            return record.with_part(action.slot, replace(part, origin=Origin.ADOPTED))
        case _:
            return record
