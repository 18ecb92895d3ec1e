"""Writes and what came of them in one line of a log: what changed, why, and the answer."""

from __future__ import annotations

from vnetlink.domain.outcome import Accepted, Later, Outcome, Refused
from vnetlink.planning.actions import AzureAction, DeletePeering, PutPeering


def describe(action: AzureAction, drifted: bool) -> str:
    """What the write does, and whether it puts back what somebody else changed."""
    match action:
        case PutPeering(creates=True):
            return "create peering"
        case PutPeering():
            return f"{'put back' if drifted else 'change'} {action.rewrites or 'nothing'} of peering"
        case DeletePeering():
            return "delete peering"


def told_outcome(outcome: Outcome) -> str:
    """ARM's answer in words."""
    match outcome:
        case Accepted(created=created):
            return "accepted, it is new" if created else "accepted"
        case Later(reason=reason, message=message):
            return f"not now ({reason.value}): {message}"
        case Refused(reason=reason, code=code, message=message):
            return f"refused ({reason.value}, {code}): {message}"
