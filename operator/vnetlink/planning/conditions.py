"""The one fold from a verdict and a snapshot into status. Nobody else says Ready.

Equal states give equal status: no time stamps but lastTransitionTime, no request ids, no counters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from vnetlink.domain.reasons import Reason, Severity
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import ObjectMeta, Owner, VNetLink
from vnetlink.domain.times import stamp
from vnetlink.planning.json_value import Json, Status
from vnetlink.planning.link.child import method
from vnetlink.planning.plan import Finding, Plan, PlannedAction, Truth, Verdict

# The schema's bounds: whatever goes beyond them would make every status write fail.
MOST = {
    "findings": 16,
    "resources": 64,
    "plannedActions": 32,
    "addressPrefixes": 1024,
    "remoteAddressPrefixes": 1024,
    "publicIPAddresses": 4,
}
LONGEST = {
    "message": 4096,
    "remediation": 4096,
    "detail": 4096,
    "lastHandledReconcileAt": 1024,
    "id": 512,
    "name": 80,
    "addressPrefixes": 43,
    "remoteAddressPrefixes": 43,
    "publicIPAddresses": 45,
}
LONGEST_OTHER = 64
UNKNOWN: Status = {side.direction: {"state": "Unknown"} for side in Side}
OUTAGE_AFTER_INTERVALS = 3
NOT_READ = "Azure was not read."

Connected: TypeAlias = tuple[Truth, Reason, str]
Row: TypeAlias = tuple[str, Truth, Reason, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a kind shows of its world.

    `fields` of status, `conditions` that only this kind has, the `states` of both directions in one word each, `notes` to
    follow them in Connected's message;
    `unread_for`: how long it is since Azure could last be read.
    """

    fields: Status
    states: PerSide[str]
    notes: PerSide[str] = PerSide("", "")
    unread_for: timedelta = timedelta(0)
    conditions: tuple[Row, ...] = ()


def status(pair: Owner, plan: Plan, shown: Shown | None, previous: Mapping[str, Json], now: datetime) -> Status | None:
    """The whole status that the object should carry, or None when it should stay as it is. `shown` None: nothing was read.

    An outage or throttling changes nothing that was known, until three intervals have passed without a successful read.
    """
    if plan.verdict.ready is Truth.UNKNOWN and plan.verdict.progressing:
        return _unread(pair, plan.verdict, shown, previous, now)
    return within_bounds(
        {
            "observedGeneration": pair.meta.generation,
            "conditions": _conditions(
                plan.verdict,
                _connected(shown, plan.verdict),
                pair.meta,
                previous,
                now,
                shown.conditions if shown else (),
            ),
            **(_unseen(pair) | (_kept(previous) if pair.meta.deleting else {}) if shown is None else shown.fields),
            **_told(plan.findings, plan.planned),
            **_handled(pair.meta),
        }
    )


def spec_error(meta: ObjectMeta, message: str, previous: Mapping[str, Json], now: datetime) -> Status:
    """The status of an object whose spec cannot be read."""
    verdict = Verdict(Truth.FALSE, Reason.INVALID_SPEC, message, stalled=True)
    unknown = (Truth.UNKNOWN, Reason.INVALID_SPEC, NOT_READ)
    return within_bounds(
        {
            "observedGeneration": meta.generation,
            "conditions": _conditions(verdict, unknown, meta, previous, now),
            **{name: previous[name] for name in ("method", "pair") if name in previous},
            **UNKNOWN,
            **_handled(meta),
        }
    )


def of_credential(meta: ObjectMeta, verdict: Verdict, previous: Mapping[str, Json], now: datetime) -> Status:
    """The status of an AzureCredential: Ready, and Reconciling or Stalled while that is so. It connects nothing."""
    rows = [_condition(row, meta, previous, now) for row in _ready_rows(verdict)]
    return within_bounds({"observedGeneration": meta.generation, "conditions": rows})


def ready_of(previous: Mapping[str, Json]) -> tuple[str, str]:
    """Status and reason of the Ready condition in a status as the API server returned it; empty when there is none."""
    ready = condition_of(previous, "Ready")
    return str(ready.get("status", "")), str(ready.get("reason", ""))


def condition_of(previous: Mapping[str, Json], kind: str) -> Mapping[str, Json]:
    """One condition in such a status, empty when it is not there."""
    return _previous_conditions(previous).get(kind, {})


def _unread(
    pair: Owner, verdict: Verdict, shown: Shown | None, previous: Mapping[str, Json], now: datetime
) -> Status | None:
    known = bool(ready_of(previous)[0])
    outage = shown is not None and shown.unread_for > pair.spec.lifecycle.interval * OUTAGE_AFTER_INTERVALS
    if known and not outage:
        return None
    reason = verdict.reason if verdict.reason is Reason.THROTTLED else Reason.AZURE_UNREACHABLE
    told = Verdict(Truth.UNKNOWN, reason, verdict.message, progressing=True)
    kept = _kept(previous)
    generation = previous.get("observedGeneration", -1) if known else pair.meta.generation
    conditions = _conditions(told, (Truth.UNKNOWN, reason, NOT_READ), pair.meta, previous, now)
    return within_bounds({**_unseen(pair), **kept, "observedGeneration": generation, "conditions": conditions})


def _unseen(pair: Owner) -> Status:
    """What the columns say before Azure was read: never nothing."""
    return {**({"method": method(pair)[0].value} if isinstance(pair, VNetLink) else {}), **UNKNOWN}


def _kept(previous: Mapping[str, Json]) -> Status:
    """What was seen last."""
    return {key: value for key, value in previous.items() if key in KEPT_IN_OUTAGE}


KEPT_IN_OUTAGE = (
    *("vnet1", "vnet2", "vnet1ToVnet2", "vnet2ToVnet1", "syncLevel", "sharedKey", "encryption", "resources"),
    *("method", "pair"),
    "lastHandledReconcileAt",
)


def _conditions(
    verdict: Verdict,
    connected: Connected,
    meta: ObjectMeta,
    previous: Mapping[str, Json],
    now: datetime,
    more: tuple[Row, ...] = (),
) -> list[Json]:
    """Ready, then Reconciling or Stalled while true, then Connected, then those of the kind: always in this order."""
    rows = [*_ready_rows(verdict), ("Connected", *connected), *more]
    return [_condition(row, meta, previous, now) for row in rows]


def _ready_rows(verdict: Verdict) -> list[Row]:
    rows: list[Row] = [("Ready", verdict.ready, verdict.reason, verdict.message)]
    if verdict.progressing:
        rows.append(("Reconciling", Truth.TRUE, verdict.reason, verdict.message))
    elif verdict.stalled:
        rows.append(("Stalled", Truth.TRUE, verdict.reason, verdict.message))
    return rows


def _condition(row: Row, meta: ObjectMeta, previous: Mapping[str, Json], now: datetime) -> Json:
    kind, truth, reason, message = row
    before = _previous_conditions(previous).get(kind, {})
    steady = before.get("status") == truth.value and before.get("lastTransitionTime")
    return {
        "type": kind,
        "status": truth.value,
        "reason": reason.value,
        "message": message,
        "observedGeneration": meta.generation,
        "lastTransitionTime": str(steady) if steady else stamp(now),
    }


def _previous_conditions(previous: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    conditions = previous.get("conditions")
    rows = conditions if isinstance(conditions, list) else []
    return {str(row["type"]): row for row in rows if isinstance(row, dict) and "type" in row}


def _connected(shown: Shown | None, verdict: Verdict) -> Connected:
    if shown is None:
        return Truth.UNKNOWN, verdict.reason, NOT_READ
    states, notes = shown.states, shown.notes
    message = f"1->2 {states.vnet1}{notes.vnet1}, 2->1 {states.vnet2}{notes.vnet2}."
    if set(states) == {"Connected"}:
        return Truth.TRUE, Reason.CONNECTED, message
    return (Truth.UNKNOWN if "Unknown" in set(states) else Truth.FALSE), verdict.reason, message


def _told(findings: tuple[Finding, ...], planned: tuple[PlannedAction, ...]) -> Status:
    told: Status = {}
    if findings:
        told["findings"] = [finding.as_row() for finding in sorted(findings, key=_urgency)]
    if planned:
        told["plannedActions"] = [_planned(action) for action in planned]
    return told


def _urgency(finding: Finding) -> int:
    return (Severity.ERROR, Severity.WARNING, Severity.INFO).index(finding.weight)


def _planned(action: PlannedAction) -> Json:
    return {
        "action": action.action,
        "id": action.id,
        "detail": action.detail,
        "billable": action.billable,
        "outage": action.outage,
    }


def _handled(meta: ObjectMeta) -> Status:
    return {"lastHandledReconcileAt": meta.reconcile_requested_at} if meta.reconcile_requested_at else {}


def within_bounds(status: Status) -> Status:
    """The status, cut where the schema would refuse it: a status that says less is better than one that is never written."""
    return {name: _cut(name, value) for name, value in status.items()}


def _cut(name: str, value: Json) -> Json:
    match value:
        case str():
            return value[: LONGEST.get(name, LONGEST_OTHER)]
        case dict():
            return within_bounds(value)
        case list():
            return [_cut(name, item) for item in value[: MOST.get(name)]]
        case _:
            return value
