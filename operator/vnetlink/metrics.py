"""What /metrics shows, under the names of controller-runtime, its work queue and client-go where they have one.

Every label has few values (kinds, reasons, states, status codes), whatever users name their objects; only a VPN, which costs
two gateways, has a series of its own. docs/reference/metrics.md is this table: python -m vnetlink.metrics > docs/reference/metrics.md
"""

from __future__ import annotations

import sys
from collections import Counter as Tally
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics import MetricWrapperBase

from vnetlink.domain.events import Event
from vnetlink.domain.kinds import KINDS, VPN_CONNECTION_PAIRS
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import ObjectKey

disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
REGISTRY: Final = CollectorRegistry()  # ours alone: the default one would add what every Python process has
M = TypeVar("M", bound=MetricWrapperBase)
_ALL: list[MetricWrapperBase] = []
_AT_SCRAPE: list[Callable[[], None]] = []

_WORK = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_WAIT = (0.001, 0.01, 0.1, 1, 10, 60, 600)
_REQUEST = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_OUTAGE = (1, 5, 10, 30, 60, 120, 300, 600, 1800)
_CONNECTING = (5, 15, 30, 60, 120, 300, 600, 1200, 1800, 2700, 3600, 7200)


def _made(metric: M) -> M:
    _ALL.append(metric)
    return metric


def _counter(name: str, text: str, *labels: str) -> Counter:
    return _made(Counter(name, text, labels, registry=REGISTRY))


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    return _made(Gauge(name, text, labels, registry=REGISTRY))


def _histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return _made(Histogram(name, text, labels, buckets=buckets, registry=REGISTRY))


RECONCILES = _counter(
    "controller_runtime_reconcile_total",
    "Turns that ended. result: success (the object is gone), requeue_after (looked at again after a while), requeue (at once, or "
    "with a backoff), error (an exception).",
    *("controller", "result"),
)
RECONCILE_ERRORS = _counter(
    "controller_runtime_reconcile_errors_total",
    "Turns that ended with an exception: bugs of the operator.",
    "controller",
)
TERMINAL_ERRORS = _counter(
    "controller_runtime_terminal_reconcile_errors_total",
    "Turns whose error is not tried again. Always 0: every object is looked at again.",
    "controller",
)
RECONCILE_TIME = _histogram("controller_runtime_reconcile_time_seconds", "Length of a turn.", _WORK, "controller")
MAX_CONCURRENT = _gauge(
    "controller_runtime_max_concurrent_reconciles",
    "Turns that can run at a time. All kinds share the workers, so that each shows their whole number.",
    "controller",
)
ACTIVE_WORKERS = _gauge("controller_runtime_active_workers", "Turns that run now.", "controller")
DEPTH = _gauge("workqueue_depth", "Objects that are ready for a turn and wait for a worker.", "name", "controller")
ADDS = _counter("workqueue_adds_total", "Objects put into line.", "name", "controller")
QUEUE_TIME = _histogram(
    "workqueue_queue_duration_seconds", "How long objects waited in line.", _WAIT, "name", "controller"
)
WORK_TIME = _histogram(
    "workqueue_work_duration_seconds", "How long workers kept an object.", _WORK, "name", "controller"
)
UNFINISHED = _gauge(
    "workqueue_unfinished_work_seconds", "Ages of the turns that run now, added up.", "name", "controller"
)
LONGEST = _gauge(
    "workqueue_longest_running_processor_seconds", "Age of the longest turn that runs now.", "name", "controller"
)
RETRIES = _counter("workqueue_retries_total", "Turns to be repeated with a backoff.", "name", "controller")
REST_CLIENT = _counter(
    "rest_client_requests_total",
    "Requests to the Kubernetes API server, without kopf's watches. code: HTTP status, <error> without one.",
    *("code", "method", "host"),
)
LEADER = _gauge(
    "leader_election_master_status",
    "1 on the process that works, 0 on one that stands by. name: the Lease.",
    "name",
)
ARM_REQUESTS = _counter(
    "azure_arm_requests_total",
    "Requests to Azure Resource Manager. type: resource type in lower case; code: HTTP status, <error> without an answer.",
    *("method", "type", "code"),
)
ARM_TIME = _histogram(
    "azure_arm_request_duration_seconds", "Time to the head of Azure's answer.", _REQUEST, "method", "type"
)
ARM_THROTTLED = _counter(
    "azure_arm_throttled_total",
    "Answers by which Azure asked to come back later: 429 for a quota, 503 with Retry-After.",
    "method",
)
ARM_HELD_BACK = _counter(
    "azure_arm_held_back_total",
    "Requests that were not sent, because Azure asked to wait or our own rate was used up.",
    "method",
)
ARM_REMAINING = _gauge(
    "azure_arm_remaining_requests",
    "What Azure said last is left of a quota. quota: the end of the header x-ms-ratelimit-remaining-….",
    *("subscription", "quota"),
)
BUILD = _gauge("vnetlink_build_info", "Always 1.", "version")
OBJECTS = _gauge(
    "vnetlink_objects",
    "Objects by the status and reason of their condition Ready; reason is empty before the first status.",
    *("kind", "ready", "reason"),
)
DIRECTIONS = _gauge(
    "vnetlink_directions", "Directions of links and pairs by state, two for each object.", "kind", "state"
)
SYNC_LEVEL = _gauge(
    "vnetlink_peering_sync_level", "Pairs of peerings by syncLevel: InSync or OutOfSync.", "kind", "level"
)
TUNNEL_UP = _gauge(
    "vnetlink_tunnel_up",
    "1 while both connections of a VpnConnectionPair are Connected, else 0.",
    *("namespace", "name"),
)
TIME_TO_CONNECTED = _histogram(
    "vnetlink_time_to_connected_seconds",
    "From an object's creation, or from the loss of Ready, to Ready.",
    _CONNECTING,
    "kind",
)
DRIFT = _counter(
    "vnetlink_drift_detected_total",
    "Differences that somebody else made in Azure: repaired, contested, or only told where the object observes.",
    "kind",
)
EVENTS = _counter("vnetlink_events_total", "Transitions told as Kubernetes Events.", "kind", "type", "reason")
ROTATION_OUTAGE = _histogram(
    "vnetlink_shared_key_rotation_outage_seconds",
    "Seconds at most that a tunnel was down while its shared key was rotated, or rolled back.",
    _OUTAGE,
    "namespace",
)
ROTATIONS = _counter("vnetlink_shared_key_rotations_total", "Rotations of shared keys that came to an end.", "result")

CONTROLLERS = tuple(kind.lower() for kind in KINDS.values())
_ROTATED = {"SharedKeyRotated": "rotated", "RotationRolledBack": "rolled_back"}
_DRIFTED = frozenset({"DriftRepaired", "Drifted", "Contested"})
_REASONS = frozenset(reason.value for reason in Reason)
_STATES = frozenset(
    [
        "Missing",
        "Creating",
        "Updating",
        "Initiated",
        "Connecting",
        "Connected",
        "NotConnected",
        "Disconnected",
        "Deleting",
        "Unknown",
    ]
)
_RESULTS = ("success", "requeue_after", "requeue", "error")


def controller(key: ObjectKey) -> str:
    """The kind as controller-runtime and kubectl spell it: lower case, singular."""
    return KINDS[key.kind].lower()


def start(version: str, workers: int) -> None:
    """Show what is known from the start, so that a rate sees the first one."""
    BUILD.labels(version).set(1)
    for result in _ROTATED.values():
        ROTATIONS.labels(result)
    for kind in CONTROLLERS:
        RECONCILE_ERRORS.labels(kind)
        TERMINAL_ERRORS.labels(kind)
        MAX_CONCURRENT.labels(kind).set(workers)
        DRIFT.labels(kind)
        for result in _RESULTS:
            RECONCILES.labels(kind, result)


def at_scrape(show: Callable[[], None]) -> None:
    """Have `show` set its gauges before each answer."""
    _AT_SCRAPE.append(show)


def text() -> bytes:
    """All metrics in Prometheus' text format, CONTENT_TYPE."""
    for show in _AT_SCRAPE:
        show()
    return generate_latest(REGISTRY)


# --- turns and the queue


def turned(key: ObjectKey, result: str, seconds: float) -> None:
    """A turn has ended."""
    RECONCILES.labels(controller(key), result).inc()
    RECONCILE_TIME.labels(controller(key)).observe(seconds)
    if result == "error":
        RECONCILE_ERRORS.labels(controller(key)).inc()


class QueueMetrics:
    """What the queue tells of its keys."""

    def added(self, key: ObjectKey) -> None:
        """It stands in line."""
        ADDS.labels(*_queue(key)).inc()

    def taken(self, key: ObjectKey, waited: float) -> None:
        """A worker has it, after so many seconds."""
        QUEUE_TIME.labels(*_queue(key)).observe(waited)

    def done(self, key: ObjectKey, worked: float) -> None:
        """The worker has given it back, after so many seconds."""
        WORK_TIME.labels(*_queue(key)).observe(worked)

    def retried(self, key: ObjectKey) -> None:
        """It comes again, with a backoff."""
        RETRIES.labels(*_queue(key)).inc()


def show_queue(waiting: Iterable[ObjectKey], running: Mapping[ObjectKey, float]) -> None:
    """How the queue stands now; `running` with their ages in seconds."""
    depth = Tally(map(controller, waiting))
    ages: dict[str, list[float]] = {kind: [] for kind in CONTROLLERS}
    for key, age in running.items():
        ages[controller(key)].append(age)
    for kind in CONTROLLERS:
        DEPTH.labels(kind, kind).set(depth[kind])
        ACTIVE_WORKERS.labels(kind).set(len(ages[kind]))
        UNFINISHED.labels(kind, kind).set(sum(ages[kind]))
        LONGEST.labels(kind, kind).set(max(ages[kind], default=0.0))


def _queue(key: ObjectKey) -> tuple[str, str]:
    return controller(key), controller(key)


# --- Azure


def arm_type(path: str) -> str:
    """The resource type in the path of a request to ARM, in lower case: its length is bounded, and so are its values."""
    scope, provider, named = path.lower().rpartition("/providers/")
    if not provider:
        return (named or scope).strip("/").split("/")[::2][-1]
    namespace, *rest = named.strip("/").split("/")
    return "/".join((namespace, *rest[::2]))


def arm_answered(method: str, path: str, status: int, seconds: float, headers: Mapping[str, str]) -> None:
    """A request to ARM has ended; status 0: without an answer."""
    kind = arm_type(path)
    ARM_REQUESTS.labels(method, kind, str(status or "<error>")).inc()
    ARM_TIME.labels(method, kind).observe(seconds)
    parts = path.split("/")
    for name, value in headers.items():
        quota = name.lower().removeprefix("x-ms-ratelimit-remaining-")
        if quota != name.lower() and value.isdecimal() and len(parts) > 2:
            ARM_REMAINING.labels(parts[2].lower(), quota).set(int(value))


# --- objects


def told(event: Event) -> None:
    """An event was recorded."""
    kind = controller(event.key)
    EVENTS.labels(kind, event.type.value, event.reason).inc()
    if event.reason in _DRIFTED:
        DRIFT.labels(kind).inc()
    if event.reason in _ROTATED:
        ROTATIONS.labels(_ROTATED[event.reason]).inc()
        if event.seconds is not None:
            ROTATION_OUTAGE.labels(event.key.namespace).observe(event.seconds)


@dataclass(frozen=True, slots=True)
class _Shown:
    ready: str
    reason: str
    states: tuple[str, ...]
    sync_level: str
    down_since: datetime | None


class ObjectMetrics:
    """The objects as their status tells them. Only the leader shows them, or replicas would count them twice."""

    def __init__(self) -> None:
        self._known: dict[ObjectKey, _Shown] = {}
        self.shown = False

    def note(self, key: ObjectKey, body: Mapping[str, Any]) -> None:
        """The object as it is now."""
        now, before = _shown(body), self._known.get(key)
        if before is not None and before.down_since is not None:
            if now.ready != "True":
                now = replace(now, down_since=before.down_since)
            elif self.shown and (risen := _since(_ready(body))) is not None:
                seconds = (risen - before.down_since).total_seconds()
                TIME_TO_CONNECTED.labels(controller(key)).observe(max(0.0, seconds))
        self._known[key] = now

    def forget(self, key: ObjectKey) -> None:
        """It is gone."""
        self._known.pop(key, None)

    def show(self) -> None:
        """Count them."""
        for gauge in (OBJECTS, DIRECTIONS, SYNC_LEVEL, TUNNEL_UP):
            gauge.clear()
        if not self.shown:
            return
        for key, one in self._known.items():
            kind = controller(key)
            OBJECTS.labels(kind, one.ready, one.reason).inc()
            for state in one.states:
                DIRECTIONS.labels(kind, state).inc()
            if one.sync_level:
                SYNC_LEVEL.labels(kind, one.sync_level).inc()
            if key.kind == VPN_CONNECTION_PAIRS:
                TUNNEL_UP.labels(key.namespace, key.name).set(one.states == ("Connected", "Connected"))


def _shown(body: Mapping[str, Any]) -> _Shown:
    """Anybody may write a status, so only the words that we write become labels."""
    status, ready = body.get("status") or {}, _ready(body)
    said, reason, level = str(ready.get("status")), str(ready.get("reason", "")), status.get("syncLevel")
    states = [str((status.get(side.direction) or {}).get("state", "")) for side in Side]
    down = _since(ready) or _time(body["metadata"].get("creationTimestamp"))
    return _Shown(
        ready=said if said in ("True", "False") else "Unknown",
        reason=reason if reason in _REASONS else "",
        states=tuple(state for state in states if state in _STATES),
        sync_level=level if level in ("InSync", "OutOfSync") else "",
        down_since=None if said == "True" else down,
    )


def _ready(body: Mapping[str, Any]) -> Mapping[str, Any]:
    rows: Collection[Mapping[str, Any]] = (body.get("status") or {}).get("conditions") or ()
    return next((row for row in rows if row.get("type") == "Ready"), {})


def _since(condition: Mapping[str, Any]) -> datetime | None:
    return _time(condition.get("lastTransitionTime"))


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


# --- the reference


def names() -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Every metric's name as PromQL has it, with its type, text and labels."""
    return {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            family.documentation,
            tuple(metric._labelnames),
        )
        for metric in _ALL
        for family in metric.describe()
    }


def reference() -> str:
    """docs/reference/metrics.md."""
    rows = [
        f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {text} |"
        for name, (kind, text, labels) in names().items()
    ]
    return (
        "# Metrics\n\n"
        "On `/metrics` of the health port (default 8080), in Prometheus' text format. Written by "
        "`python -m vnetlink.metrics`; a test compares.\n\n"
        "`controller` and `kind` are the kind in lower case, as kubectl takes it: `vnetlink`, `peeringpair`, "
        "`vpnconnectionpair`, `azurecredential`. A histogram has `_bucket`, `_sum` and `_count`. Of several replicas only the leader "
        "shows `vnetlink_objects`, `vnetlink_directions`, `vnetlink_peering_sync_level` and `vnetlink_tunnel_up`.\n\n"
        "| name | type | labels | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


if __name__ == "__main__":
    sys.stdout.write(reference())
