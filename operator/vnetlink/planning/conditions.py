"""The one fold from a verdict and a snapshot into status. Nobody else says Ready.

Equal states give equal status: no time stamps but lastTransitionTime, no request ids, no counters.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from vnetlink.domain.observed import ObservedPeering, PeeringState, Provisioning
from vnetlink.domain.outcome import Absent, Present
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import ManagementPolicy, ObjectMeta, PeeringPair
from vnetlink.planning.deletion import goes
from vnetlink.planning.naming import peering_name
from vnetlink.planning.plan import Finding, Plan, PlannedAction, Truth, Verdict
from vnetlink.planning.world import Half, PairWorld, halves

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
Status: TypeAlias = dict[str, Json]

MOST_FINDINGS = 16
LONGEST_MESSAGE = 4096
OUTAGE_AFTER_INTERVALS = 3


def status(
    pair: PeeringPair, plan: Plan, world: PairWorld | None, previous: Mapping[str, Json], now: datetime
) -> Status | None:
    """The whole status that the object should carry, or None when it should stay as it is.

    An outage or throttling changes nothing that was known, until three intervals have passed without a successful read.
    """
    if plan.verdict.ready is Truth.UNKNOWN and plan.verdict.progressing:
        return _unread(pair, plan.verdict, world, previous, now)
    both = halves(pair, world) if world else None
    seen: Status = {} if world is None or both is None else _seen(pair, world, both)
    connected = _connected(both, plan.verdict)
    return {
        "observedGeneration": pair.meta.generation,
        "conditions": _conditions(plan.verdict, connected, pair.meta, previous, now),
        **seen,
        **_told(plan.findings, plan.planned),
        **_handled(pair.meta),
    }


def spec_error(meta: ObjectMeta, message: str, previous: Mapping[str, Json], now: datetime) -> Status:
    """The status of an object whose spec cannot be read."""
    verdict = Verdict(Truth.FALSE, Reason.INVALID_SPEC, message, stalled=True)
    unknown = (Truth.UNKNOWN, Reason.INVALID_SPEC)
    return {
        "observedGeneration": meta.generation,
        "conditions": _conditions(verdict, unknown, meta, previous, now),
        **_handled(meta),
    }


def ready_of(previous: Mapping[str, Json]) -> tuple[str, str]:
    """Status and reason of the Ready condition in a status as the API server returned it; empty when there is none."""
    ready = _previous_conditions(previous).get("Ready", {})
    return str(ready.get("status", "")), str(ready.get("reason", ""))


def direction_state(half: Half, opposite: ObservedPeering | None) -> str:
    """One direction in one word, for the columns 1->2 and 2->1. A VNet that we cannot read is judged by our own peering."""
    if half.vnet is None:
        told = opposite.state if opposite is not None else None
        return (
            {PeeringState.CONNECTED: "Connected", PeeringState.INITIATED: "Missing"}.get(told, "Unknown")
            if told
            else "Unknown"
        )
    if half.peering is None:
        return "Missing"
    return "Deleting" if half.peering.provisioning is Provisioning.DELETING else half.peering.state.value


def _unread(
    pair: PeeringPair, verdict: Verdict, world: PairWorld | None, previous: Mapping[str, Json], now: datetime
) -> Status | None:
    known = bool(ready_of(previous)[0])
    outage = world is not None and world.unread_for > pair.spec.lifecycle.interval * OUTAGE_AFTER_INTERVALS
    if known and not outage:
        return None
    reason = verdict.reason if verdict.reason is Reason.THROTTLED else Reason.AZURE_UNREACHABLE
    told = Verdict(Truth.UNKNOWN, reason, verdict.message, progressing=True)
    kept = {key: value for key, value in previous.items() if key in KEPT_IN_OUTAGE}
    generation = previous.get("observedGeneration", -1) if known else pair.meta.generation
    conditions = _conditions(told, (Truth.UNKNOWN, reason), pair.meta, previous, now)
    return {**kept, "observedGeneration": generation, "conditions": conditions}


KEPT_IN_OUTAGE = ("vnet1", "vnet2", "vnet1ToVnet2", "vnet2ToVnet1", "syncLevel", "resources", "lastHandledReconcileAt")


def _conditions(
    verdict: Verdict, connected: tuple[Truth, Reason], meta: ObjectMeta, previous: Mapping[str, Json], now: datetime
) -> list[Json]:
    """Ready, then Reconciling or Stalled while true, then Connected: always in this order."""
    rows: list[tuple[str, Truth, Reason, str]] = [("Ready", verdict.ready, verdict.reason, verdict.message)]
    if verdict.progressing:
        rows.append(("Reconciling", Truth.TRUE, verdict.reason, verdict.message))
    elif verdict.stalled:
        rows.append(("Stalled", Truth.TRUE, verdict.reason, verdict.message))
    rows.append(("Connected", *connected, "What Azure says of both directions now."))
    return [_condition(row, meta, previous, now) for row in rows]


def _condition(
    row: tuple[str, Truth, Reason, str], meta: ObjectMeta, previous: Mapping[str, Json], now: datetime
) -> Json:
    kind, truth, reason, message = row
    before = _previous_conditions(previous).get(kind, {})
    steady = before.get("status") == truth.value and before.get("lastTransitionTime")
    return {
        "type": kind,
        "status": truth.value,
        "reason": reason.value,
        "message": message[:LONGEST_MESSAGE],
        "observedGeneration": meta.generation,
        "lastTransitionTime": str(steady) if steady else now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _previous_conditions(previous: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    conditions = previous.get("conditions")
    rows = conditions if isinstance(conditions, list) else []
    return {str(row["type"]): row for row in rows if isinstance(row, dict) and "type" in row}


def _connected(both: PerSide[Half] | None, verdict: Verdict) -> tuple[Truth, Reason]:
    states = {_state(both, side) for side in Side} if both else {"Unknown"}
    if states == {"Connected"}:
        return Truth.TRUE, Reason.CONNECTED
    return (Truth.UNKNOWN if "Unknown" in states else Truth.FALSE), verdict.reason


def _state(both: PerSide[Half], side: Side) -> str:
    return direction_state(both[side], both[side.other].peering)


def _seen(pair: PeeringPair, world: PairWorld, both: PerSide[Half]) -> Status:
    peerings = [half.peering for half in both if half.peering is not None]
    in_sync = all(peering.sync_level.value == "FullyInSync" for peering in peerings)
    sync: Status = {"syncLevel": "InSync" if in_sync else "OutOfSync"} if len(peerings) == 2 else {}
    return {
        **{side.value: _vnet(pair, world, side) for side in Side},
        **{side.direction: _direction(pair, both, side) for side in Side},
        **sync,
        "resources": [
            resource
            for side in Side
            for resource in (_vnet_resource(world, both, side), _peering_resource(pair, both, side))
        ],
    }


def _vnet(pair: PeeringPair, world: PairWorld, side: Side) -> Json:
    seen = world.vnets[side]
    if not isinstance(seen, Present):
        return {"id": str(pair.spec.ends[side].id), "name": pair.spec.ends[side].id.name, "origin": "Selected"}
    vnet = seen.value
    return {
        "id": str(vnet.id),
        "name": vnet.id.name,
        "location": vnet.location,
        "addressPrefixes": list(vnet.prefixes),
        "origin": "Selected",
    }


def _direction(pair: PeeringPair, both: PerSide[Half], side: Side) -> Json:
    peering = both[side].peering
    shown: Status = {"state": _state(both, side)}
    if peering is None:
        return shown
    return {
        "id": str(peering.id),
        "name": peering.id.name,
        **shown,
        "syncLevel": peering.sync_level.value,
        "provisioningState": peering.provisioning.value,
        "origin": _origin(both[side]),
        "remoteAddressPrefixes": list(peering.remote_prefixes),
    }


def _origin(half: Half) -> str:
    """Foreign: it is there, and neither made nor adopted by this object."""
    return half.part.origin.value if half.part is not None and half.recorded else "Foreign"


def _vnet_resource(world: PairWorld, both: PerSide[Half], side: Side) -> Json:
    vnet = both[side].vnet
    state = vnet.provisioning.value if vnet else ("Missing" if isinstance(world.vnets[side], Absent) else "Unknown")
    id = str(vnet.id if vnet else both[side].end.id)
    return {"role": "VirtualNetwork", "id": id, "origin": "Selected", "state": state, "onDelete": "Keep"}


def _peering_resource(pair: PeeringPair, both: PerSide[Half], side: Side) -> Json:
    half = both[side]
    id = half.peering.id if half.peering else half.id_named(peering_name(half) or half.wanted.name or "")
    theirs = half.end.management is ManagementPolicy.OBSERVE
    origin = (
        _origin(half) if half.peering else (half.part.origin.value if half.part else "Foreign" if theirs else "Created")
    )
    deletes = goes(pair, side) and (half.peering is None or half.recorded)
    state = _state(both, side)
    return {
        "role": "Peering",
        "id": str(id),
        "origin": origin,
        "state": state,
        "onDelete": "Delete" if deletes else "Keep",
    }


def _told(findings: tuple[Finding, ...], planned: tuple[PlannedAction, ...]) -> Status:
    told: Status = {}
    if findings:
        told["findings"] = [_finding(finding) for finding in findings[:MOST_FINDINGS]]
    if planned:
        told["plannedActions"] = [_planned(action) for action in planned]
    return told


def _finding(finding: Finding) -> Json:
    return {
        "code": finding.reason.value,
        "severity": finding.weight.value,
        "id": finding.id,
        "message": finding.message[:LONGEST_MESSAGE],
        "remediation": finding.remediation or finding.reason.facts.remedy,
    }


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
