"""The mass-deletion brake: when more objects than a threshold are deleted at once, what they have in Azure waits for a person.

Decided from what the API server holds, so a restart forgets nothing. Who was held once stays held until it is confirmed or let
go of: fewer others, one by one, must not be what starts the rest. A pair counts as the link that made it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vnetlink.domain.reasons import Reason
from vnetlink.domain.specs import DeletionPolicy, ObjectKey, Owner
from vnetlink.planning.actions import AzureAction, DeleteChild, HoldDeletion
from vnetlink.planning.letting_go import hold
from vnetlink.planning.plan import Finding, Plan, Truth, Verdict, Wake

SETTLE = timedelta(seconds=5)  # a namespace's objects are marked one after the other, some milliseconds apart
TOGETHER = timedelta(minutes=10)  # what hangs since yesterday is no part of what is deleted today
CONFIRM = "vnetlink.dev/confirm-deletion=true"


@dataclass(frozen=True, slots=True)
class Leaving:
    """An object being deleted that may still delete in Azure, unconfirmed. `at`: its deletionTimestamp."""

    key: ObjectKey
    root: ObjectKey
    at: datetime


@dataclass(frozen=True, slots=True)
class Fleet:
    """All objects with our finalizer, in one look: how many roots there are, who is leaving, since when no other has joined."""

    size: int
    leaving: Sequence[Leaving]
    quiet_for: timedelta


def takes(owner: Owner, plan: Plan) -> bool:
    """Whether the plan is a deletion that nobody has confirmed and that deletes in Azure, by itself or through a pair.

    One that has to wait before it can (an operation, throttling, no token) counts, too: it would go on when fewer are left.
    A pair goes when its spec says what its link's says: that of an orphaned link takes nothing with it.
    """
    if not owner.meta.deleting or owner.meta.deletion_confirmed:
        return False
    deletes = owner.spec.lifecycle.deletion is not DeletionPolicy.ORPHAN
    if not plan.actions:
        return deletes
    return any(isinstance(one, AzureAction) or (deletes and isinstance(one, DeleteChild)) for one in plan.actions)


def allow(owner: Owner, plan: Plan, fleet: Fleet, threshold: int) -> Plan:
    """The plan, or one that waits in its place: a moment until the number is known, or for a confirmation."""
    mine = next((one for one in fleet.leaving if one.key == owner.meta.key), None)
    if fleet.size <= threshold:
        return plan
    if mine is None:
        return _settling(SETTLE)  # the look is older than the deletion
    together = len({one.root for one in fleet.leaving if abs(one.at - mine.at) <= TOGETHER})
    if together > threshold:
        return held(owner, together, (HoldDeletion(together),))
    return plan if fleet.quiet_for >= SETTLE else _settling(SETTLE - fleet.quiet_for)


def held(owner: Owner, together: int, actions: tuple[HoldDeletion, ...] = ()) -> Plan:
    """Nothing is deleted in Azure until a person confirms it."""
    key = owner.meta.key
    where = f"kubectl annotate -n {key.namespace} {key.kind}.vnetlink.dev"
    message = (
        f"{together} objects were deleted at once, more than --deletion-threshold allows; nothing was deleted in Azure."
    )
    remedy = f"`{where} {key.name} {CONFIRM}` deletes what is there, too; `{where} --all {CONFIRM}` for all of the namespace."
    plan = hold(owner, Finding(Reason.DELETION_HELD, message, key.described, remedy))
    return Plan(plan.verdict, plan.wake, actions, plan.findings)


def _settling(after: timedelta) -> Plan:
    message = "Waiting a few seconds to see how many objects are being deleted at once."
    return Plan(Verdict(Truth.FALSE, Reason.DELETING, message, progressing=True), Wake(after))
