"""How the deletion of an object of any pair kind ends, or why it is held: the same words and the same way out for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vnetlink.domain.outcome import Refused, Unreadable
from vnetlink.domain.ownership import Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.specs import Owner
from vnetlink.planning.actions import Record, ReleaseFinalizer
from vnetlink.planning.blocked import quiet
from vnetlink.planning.plan import OUTAGE_RETRY, SOON, Finding, Plan, Truth, Verdict, Wake
from vnetlink.planning.remedies import remedy

ELSEWHERE = "If its namespace is being deleted, set credentialRef to an AzureCredential of another namespace that allows this one."
LET_GO = "To let go of it and leave Azure as it is, set spec.deletionPolicy: Orphan."
LETTING_GO = "Letting go of what others use or have marked as theirs."
_IDENTITY_GONE = (Reason.CREDENTIAL_MISSING, Reason.SERVICE_ACCOUNT_MISSING)


@dataclass(frozen=True, slots=True)
class Held:
    """A part that should go and cannot now. `transient`: an outage, that passes by itself."""

    finding: Finding
    transient: bool = False

    @classmethod
    def by(cls, why: Refused | Unreadable, id: object) -> Held:
        """Azure's answer about the part `id`, with its remedy."""
        finding = Finding(why.reason, why.message, str(id), remedy(why.reason, why.message, str(id)))
        return cls(finding, isinstance(why, Unreadable) and why.transient)


def release(reason: Reason, message: str) -> Plan:
    """Let the object go."""
    return Plan(Verdict(Truth.FALSE, reason, message, progressing=True), Wake(SOON), (ReleaseFinalizer(),))


def without(pair: Owner, *slots: Slot) -> Record:
    """Let go of what is somebody else's by now, or in somebody's use: it stays, and is named in LeftInAzure."""
    record = pair.record
    for slot in slots:
        record = record.without_part(slot)
    return Record(record)


def hold(pair: Owner, finding: Finding) -> Plan:
    """Keep the finalizer and say why and how to get out."""
    ways = [ELSEWHERE, LET_GO] if finding.reason in _IDENTITY_GONE else [LET_GO]
    message = " ".join(filter(None, ("Deletion is held:", finding.message, finding.remediation, *ways)))
    verdict = Verdict(Truth.FALSE, Reason.DELETION_HELD, message, stalled=True)
    return Plan(verdict, quiet(pair.spec.lifecycle), findings=(finding,))


def wait(pair: Owner, held: Sequence[Held]) -> Plan:
    """Nothing more can be deleted now: what lasts is told, an outage is waited for. `held` is not empty."""
    lasting = [problem for problem in held if not problem.transient]
    if lasting:
        return hold(pair, lasting[0].finding)
    finding = held[0].finding
    return Plan(
        Verdict(Truth.UNKNOWN, finding.reason, f"Deletion waits: {finding.message}", progressing=True),
        Wake(SOON, backoff=True, at_most=OUTAGE_RETRY),
    )
