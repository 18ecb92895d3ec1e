"""Plans of any pair that do nothing for now, and why: not granted, not the pair's holder, not read, not possible."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from vnetlink.domain.identity import Identity, NotGranted
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Absent, Refused, Seen, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import Lifecycle, ManagementPolicy, ObjectKey, Owner
from vnetlink.planning import az
from vnetlink.planning.actions import Record
from vnetlink.planning.plan import OUTAGE_RETRY, SLOWEST_INTERVAL, SOON, Finding, Plan, Truth, Verdict, Wake
from vnetlink.planning.remedies import remedy


class Ends(Protocol):
    """What every kind's world knows of the two VNets."""

    @property
    def vnets(self) -> PerSide[Seen[ObservedVnet]]:
        """Both VNets."""

    @property
    def identities(self) -> PerSide[Identity]:
        """Who reads and writes on each side."""


def quiet(lifecycle: Lifecycle) -> Wake:
    """Look again early enough that a drift is known within one interval, the age of a cached read included."""
    return Wake(min(lifecycle.interval, SLOWEST_INTERVAL) * 0.8)


def unseen(pair: Owner, world: Ends) -> Plan | None:
    """A VNet that cannot be read, or is not there: nothing is done. Someone else's VNet may stay unread."""
    for side in Side:
        end, seen = pair.spec.ends[side], world.vnets[side]
        theirs = end.management is ManagementPolicy.OBSERVE and not isinstance(world.vnets[side.other], Unreadable)
        match seen:
            case Unreadable() if not theirs:
                return unreadable(pair, seen, str(end.id))
            case Absent():
                message = f"VNet {end.id} was not found, or is not visible to {world.identities[side].described}."
                look = f"Make it, or look: {az.show_vnet(end.id)}"
                return stalled(pair, (Finding(Reason.VNET_NOT_FOUND, message, str(end.id), look),))
            case _:
                continue
    return None


def unreadable(pair: Owner, seen: Unreadable, id: str) -> Plan:
    """The resource `id` cannot be read: an outage is waited for, a refusal that lasts is told with its remedy."""
    if seen.transient:
        return Plan(Verdict(Truth.UNKNOWN, seen.reason, seen.message, progressing=True), _after_outage(seen))
    finding = Finding(seen.reason, seen.message, id, remedy(seen.reason, seen.message, id))
    verdict = Verdict(Truth.UNKNOWN, seen.reason, f"{seen.message} {finding.remediation}", stalled=True)
    return Plan(verdict, quiet(pair.spec.lifecycle), findings=(finding,))


def stalled(pair: Owner, blockers: tuple[Finding, ...]) -> Plan:
    """The user must act; the first blocker is what Ready says."""
    first = blockers[0]
    verdict = Verdict(Truth.FALSE, first.reason, f"{first.message} {first.remediation}".strip(), stalled=True)
    return Plan(verdict, quiet(pair.spec.lifecycle), findings=blockers)


def not_granted(pair: Owner, refusal: NotGranted) -> Plan:
    """The object may use no identity: nothing is read and nothing is written."""
    return stalled(pair, (Finding(refusal.reason, refusal.message, pair.meta.key.described),))


def duplicate(pair: Owner, winner: ObjectKey) -> Plan:
    """Another object holds this pair: write and delete nothing, and take over when it goes."""
    message = f"{winner.described} connects the same two VNets and is older, so it holds the pair."
    look = f"Delete this one, or look at the other: kubectl get {winner.kind} -n {winner.namespace} {winner.name}"
    return stalled(pair, (Finding(Reason.DUPLICATE_LINK, message, winner.described, look),))


def dispute(id: str) -> Refused:
    """Our own refusal to write what somebody else keeps changing back."""
    text = f"Somebody else has deleted {id} or changed it back three times within 30 minutes; it is put back once an hour at most."
    return Refused(Reason.CONTESTED, "", text)


def contested(pair: Owner, plan: Plan, id: str) -> Plan:
    """Somebody else keeps changing back what we write: nothing is written for now, and people are told once."""
    no = dispute(id)
    found = stalled(pair, (Finding(no.reason, no.message, id, remedy(no.reason, no.message, id)), *plan.findings))
    return replace(found, planned=plan.planned)


def denied(pair: Owner, plan: Plan, what: str, why: Refused) -> Plan:
    """The API server refused a write of this plan for good: people are told, or they would wait for ever. What stands stays Ready."""
    text = f"Kubernetes refused to {what}: {why.message.rstrip('.')}."
    how = "Have the cluster's administrator grant it, raise the quota, or change the policy that refuses it."
    found = (Finding(why.reason, text, pair.meta.key.described, how), *plan.findings)
    if plan.verdict.ready is Truth.TRUE:
        return replace(plan, findings=found)
    return replace(stalled(pair, found), planned=plan.planned)


def holding(pair: Owner, plan: Plan) -> Plan:
    """What is recorded as ours needs the finalizer, whatever else stands in the way: a deletion would leave it behind."""
    recording = any(isinstance(action, Record) for action in plan.actions)
    if recording or pair.meta.finalizer or not pair.record.parts:
        return plan
    return replace(plan, actions=(Record(pair.record), *plan.actions))


def _after_outage(seen: Unreadable) -> Wake:
    return Wake(seen.retry_after) if seen.retry_after else Wake(SOON, backoff=True, at_most=OUTAGE_RETRY)
