"""A plan: what is to be done, what was found, what is to be said, and when to look again. Finished before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from vnetlink.domain.reasons import Reason, Severity
from vnetlink.planning.actions import Action
from vnetlink.planning.json_value import Json

SOON = timedelta(seconds=2)
SLOWEST_INTERVAL = timedelta(minutes=5)
OUTAGE_RETRY = timedelta(seconds=20)  # at the latest, so that the end of any outage is noticed within 30 s


class Truth(Enum):
    """A condition's status."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check: what, to which resource, what to do next (one command).

    `id`: the ARM id that it is about, or an object's kind, namespace and name (`Secret team/psk`). `remediation` empty: there
    is no better advice than the reason's own.
    """

    reason: Reason
    message: str
    id: str
    remediation: str = ""
    severity: Severity | None = None

    @property
    def weight(self) -> Severity:
        """The severity shown: the reason's own unless the check says otherwise."""
        return self.severity or self.reason.facts.severity

    @property
    def advice(self) -> str:
        """What to do next, as it is shown."""
        return self.remediation or self.reason.facts.remedy

    def as_row(self) -> dict[str, Json]:
        """As status.findings and the commands' JSON show it."""
        return {
            "code": self.reason.value,
            "severity": self.weight.value,
            "id": self.id,
            "message": self.message,
            "remediation": self.advice,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Ready will say. `progressing` becomes Reconciling, `stalled` becomes Stalled; never both."""

    ready: Truth
    reason: Reason
    message: str
    progressing: bool = False
    stalled: bool = False


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One would-be write, for plannedActions and the dry run."""

    action: str
    id: str
    detail: str
    billable: bool = False
    outage: bool = False


@dataclass(frozen=True, slots=True)
class Wake:
    """When to look again: after `after`, or (backoff) after a delay that grows, up to `at_most`, while nothing changes."""

    after: timedelta
    backoff: bool = False
    at_most: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """`actions` run in order, each once, and at most one of them writes to Azure: after a write the world is read again.

    `waiting`: an operation that runs in Azure is all that stands between now and the next step.
    """

    verdict: Verdict
    wake: Wake
    actions: tuple[Action, ...] = ()
    findings: tuple[Finding, ...] = ()
    planned: tuple[PlannedAction, ...] = ()
    waiting: bool = False
