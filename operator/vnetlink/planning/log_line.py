"""Writes and what came of them in one line of a log: what changed, why, and the answer. Never a key."""

from __future__ import annotations

from vnetlink.domain.outcome import Accepted, Later, Outcome, Refused
from vnetlink.planning.actions import (
    AskChild,
    ChildAction,
    DeleteChild,
    DeletePeering,
    ForgetPreviousKey,
    KeepPreviousKey,
    MakeSharedKey,
    MarkFailedKey,
    PeeringAction,
    PutChild,
    PutPeering,
    RenewSharedKey,
    SecretAction,
)


def describe(action: PeeringAction, drifted: bool) -> str:
    """What the write does, and whether it puts back what somebody else changed."""
    match action:
        case PutPeering(creates=True):
            return "create peering"
        case PutPeering():
            return f"{'put back' if drifted else 'change'} {action.rewrites or 'nothing'} of peering"
        case DeletePeering():
            return "delete peering"


def describe_secret(action: SecretAction) -> str:
    """What is done to a Secret."""
    match action:
        case MakeSharedKey(secret):
            return f"generate a shared key into Secret {secret.name}"
        case RenewSharedKey(secret):
            return f"generate another shared key into Secret {secret.name}"
        case KeepPreviousKey():
            return "keep the previous shared key in a Secret"
        case MarkFailedKey():
            return "mark the new shared key as failed"
        case ForgetPreviousKey():
            return "forget the previous shared key"


def told_outcome(outcome: Outcome) -> str:
    """ARM's answer in words."""
    match outcome:
        case Accepted(created=created):
            return "accepted, it is new" if created else "accepted"
        case Later(reason=reason, message=message):
            return f"not now ({reason.value}): {message}"
        case Refused(reason=reason, code=code, message=message):
            return f"refused ({reason.value}, {code}): {message}"


def describe_child(action: ChildAction) -> str:
    """What is done to a pair of a link."""
    match action:
        case AskChild():
            return f"have {action.kind} {action.name} look at Azure"
        case PutChild():
            return f"{'change' if action.version else 'create'} {action.kind} {action.name}"
        case DeleteChild():
            return f"delete {action.kind} {action.name}"
