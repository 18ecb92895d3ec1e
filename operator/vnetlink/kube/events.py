"""Tells transitions as events.k8s.io/v1 Events: repeated ones become a series, each object has a budget.

Never blocks, never raises, never retries: an event that cannot be told is dropped (design/kopf.md K16).
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from vnetlink.domain.events import Event
from vnetlink.domain.kinds import KINDS
from vnetlink.domain.specs import ObjectKey
from vnetlink.kube.api import Answer, ApiServer, Body, micro, path
from vnetlink.kube.objects import GROUP, VERSION

CONTROLLER = "vnetlink.dev/operator"
QUEUED = 1000
REMEMBERED = 4096
SERIES_ENDS = 360.0  # seconds without a repetition, as in client-go
BURST, REFILL = 25.0, 300.0  # tokens, and seconds for one more
LONGEST_NOTE = 1024  # the API server's own limit

log = logging.getLogger(__name__)


class Budget:
    """A token bucket for each object and reason, so that routine never starves a warning: `BURST`, then one every `REFILL` s."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, of: str, now: float) -> bool:
        """Take a token, False when there is none."""
        tokens, since = self._buckets.pop(of, (BURST, now))
        tokens = min(BURST, tokens + (now - since) / REFILL)
        self._buckets[of] = (tokens - 1, now) if tokens >= 1 else (tokens, now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return tokens >= 1


@dataclass(frozen=True, slots=True)
class Told:
    """An event that lies in the API server under `name`, and how often it has happened; `count` may be ahead of what was sent."""

    name: str
    count: int
    last: float


class Memory:
    """Which equal event was told last, so that a repetition becomes a series."""

    def __init__(self) -> None:
        self._told: OrderedDict[Event, Told] = OrderedDict()

    def repeated(self, event: Event, now: float) -> Told | None:
        """The running series with this repetition counted, None when the event is new or its series has ended."""
        told = self._told.pop(event, None)
        if told is None or now - told.last > SERIES_ENDS:
            return None
        self.keep(event, replace(told, count=told.count + 1, last=now))
        return self._told[event]

    def keep(self, event: Event, told: Told) -> None:
        """Remember it, and forget the one that is longest unused."""
        self._told[event] = told
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)


class Recorder:
    """`record` is for everybody, `run` is the one task that sends.

    `now` gives an aware datetime for people, `monotonic` seconds for budgets; `instance` names this process.
    """

    def __init__(
        self, api: ApiServer, instance: str, now: Callable[[], datetime], monotonic: Callable[[], float]
    ) -> None:
        self._api, self._instance, self._now, self._monotonic = api, instance[:128], now, monotonic
        self._queue: asyncio.Queue[Event] = asyncio.Queue(QUEUED)
        self._budget, self._memory = Budget(), Memory()

    def record(self, event: Event) -> None:
        """Have it told soon, or dropped when too many wait."""
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            log.warning("event dropped, %d wait already: %s %s", QUEUED, event.reason, event.key)

    async def run(self) -> None:
        """Send what was recorded, for ever."""
        while True:
            event = await self._queue.get()
            try:
                await self.tell(event)
            except Exception:
                log.exception("event dropped: %s %s", event.reason, event.key)
            finally:
                self._queue.task_done()

    async def flush(self) -> None:
        """Wait until everything recorded so far was sent or dropped; `run` must be running."""
        await self._queue.join()

    async def tell(self, event: Event) -> None:
        """Send one event: a new one, or one more of its series. Without a token it is only counted."""
        now = self._monotonic()
        series = self._memory.repeated(event, now)
        if not self._budget.spend(f"{event.uid}/{event.reason}", now):
            log.info("event held back, too many of its kind: %s %s: %s", event.reason, event.key, event.note)
            return
        if series is None or not await self._extend(event, series):
            await self._create(event, now)

    async def _create(self, event: Event, now: float) -> None:
        name = f"{event.key.name[:220]}.{uuid.uuid4().hex[:16]}"
        answer = await self._api.post(_events(event), self._body(event, name))
        if answer.ok:
            self._memory.keep(event, Told(name, 1, now))
        else:
            self._dropped(event, answer)

    async def _extend(self, event: Event, series: Told) -> bool:
        """Whether the series is told; False when the API server has forgotten the event (an hour by default)."""
        count = {"count": series.count, "lastObservedTime": micro(self._now())}
        answer = await self._api.merge_patch(path(*_place(event), series.name), {"series": count})
        if not answer.ok and answer.status != 404:
            self._dropped(event, answer)
        return answer.status != 404

    def _dropped(self, event: Event, answer: Answer) -> None:
        """A missing right lasts and has to be told; anything else passes."""
        level = logging.WARNING if answer.status == 403 else logging.DEBUG
        log.log(level, "event dropped: %s %s: %s", event.reason, event.key, answer.message)

    def _body(self, event: Event, name: str) -> Body:
        return {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": event.key.namespace},
            "eventTime": micro(self._now()),
            "reportingController": CONTROLLER,
            "reportingInstance": self._instance,
            "action": event.action[:128],
            "reason": event.reason[:128],
            "type": event.type.value,
            "note": _shortened(event.note),
            "regarding": _reference(event.key, event.uid),
            **({"related": _reference(*event.related)} if event.related else {}),
        }


def _place(event: Event) -> tuple[str, ...]:
    return ("apis", "events.k8s.io", "v1", "namespaces", event.key.namespace, "events")


def _reference(key: ObjectKey, uid: str) -> Body:
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KINDS[key.kind],
        "namespace": key.namespace,
        "name": key.name,
        "uid": uid,
    }


def _events(event: Event) -> str:
    return path(*_place(event))


def _shortened(note: str) -> str:
    encoded = note.encode()
    return note if len(encoded) <= LONGEST_NOTE else encoded[: LONGEST_NOTE - 3].decode("utf-8", "ignore") + "…"
