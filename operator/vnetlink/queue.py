"""The work queue: which object's turn is next (design/kopf.md A3, 1 to 3). It knows keys and clocks, nothing else.

A key is never out twice at once; what happens to it meanwhile makes it run once more. Lives in one event loop.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import IntEnum
from typing import Protocol

from vnetlink.domain.specs import ObjectKey
from vnetlink.planning.plan import Wake

FIRST_BACKOFF, LAST_BACKOFF = 1.0, 600.0
NAMESPACE_CAP = 8
OVERDUE = 60.0  # a key that has waited this long goes before every priority: nothing starves
STEADY = 30.0  # a plain delay from here on is a resync: spread, and served last


class Priority(IntEnum):
    """Which lane a key waits in; lower goes first."""

    DELETION = 0
    GENERATION = 1
    NOT_READY = 2
    RESYNC = 3


@dataclass(frozen=True, slots=True)
class _Waiting:
    priority: Priority
    since: float


@dataclass(frozen=True, slots=True)
class _Due:
    at: float
    priority: Priority


class Told(Protocol):
    """Who hears of what happens to keys; times in seconds."""

    def added(self, key: ObjectKey) -> None:
        """It stands in line."""

    def taken(self, key: ObjectKey, waited: float) -> None:
        """A worker has it."""

    def done(self, key: ObjectKey, worked: float) -> None:
        """The worker has given it back."""

    def retried(self, key: ObjectKey) -> None:
        """It comes again, with a backoff."""


class Queue:
    """Keys in four lanes, each round-robin over namespaces, and a heap of those that wait for their time.

    `now` is a monotonic clock in seconds; `jitter` gives a number in [-1, 1].
    """

    def __init__(self, now: Callable[[], float], jitter: Callable[[], float], told: Told | None = None) -> None:
        self._now, self._jitter, self._told = now, jitter, told
        self._ready: dict[ObjectKey, _Waiting] = {}
        self._lanes: dict[Priority, OrderedDict[str, dict[ObjectKey, None]]] = {p: OrderedDict() for p in Priority}
        self._due: dict[ObjectKey, _Due] = {}
        self._heap: list[tuple[float, ObjectKey]] = []
        self._out: dict[ObjectKey, float] = {}
        self._again: dict[ObjectKey, Priority] = {}
        self._failures: dict[ObjectKey, int] = {}
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._draining = False

    def add(self, key: ObjectKey, priority: Priority) -> None:
        """Have a turn now, or once more after the one that runs. News about the wish ends a backoff."""
        if priority <= Priority.GENERATION:
            self._failures.pop(key, None)
        self._due.pop(key, None)
        if key in self._out:
            self._again[key] = min(priority, self._again.get(key, priority))
        else:
            self._line_up(key, priority)
            self._rouse()

    def wake(self, keys: Iterable[ObjectKey]) -> None:
        """Have these look again, because something beside them has changed."""
        for key in keys:
            self.add(key, Priority.NOT_READY)

    def add_after(self, key: ObjectKey, delay: timedelta, priority: Priority = Priority.RESYNC) -> None:
        """Have a turn after `delay`, sooner when something else asks for it."""
        at, planned = self._now() + delay.total_seconds(), self._due.get(key)
        if key in self._ready or (planned is not None and planned.at <= at):
            return
        self._due[key] = _Due(at, priority)
        heapq.heappush(self._heap, (at, key))
        self._rouse()

    async def take(self) -> ObjectKey | None:
        """The next key, as soon as there is one; None once the queue drains. `done` must follow."""
        loop = asyncio.get_running_loop()
        while not self._draining:
            key = self.take_nowait()
            if key is not None:
                return key
            waiter = loop.create_future()
            self._waiters.append(waiter)
            delay = self.seconds_until_due()
            timer = None if delay is None else loop.call_later(delay, _finish, waiter)
            try:
                await waiter
            finally:
                if timer is not None:
                    timer.cancel()
        return None

    def take_nowait(self) -> ObjectKey | None:
        """The next key, None when nothing is ready."""
        self._ripen()
        key = self._choose()
        if key is None:
            return None
        if self._told:
            self._told.taken(key, self._now() - self._ready[key].since)
        self._step_out(key)
        self._out[key] = self._now()
        if self._ready:
            self._rouse()
        return key

    def done(self, key: ObjectKey, wake: Wake | None) -> None:
        """The turn is over: look again as `wake` says, or forget the key (None: the object is gone)."""
        began = self._out.pop(key)
        if self._told:
            self._told.done(key, self._now() - began)
        again = self._again.pop(key, None)
        if wake is None:
            self._failures.pop(key, None)
            self._due.pop(key, None)
        else:
            self._plan(key, wake)
        if again is not None:
            self.add(key, again)
        self._rouse()

    def open(self) -> None:
        """Keys are taken from now on; nobody has waited before."""
        self._ready = {key: replace(waiting, since=self._now()) for key, waiting in self._ready.items()}

    def drain(self) -> None:
        """Hand out nothing more; every waiting `take` answers None."""
        self._draining = True
        while self._waiters:
            _finish(self._waiters.popleft())

    def seconds_until_due(self) -> float | None:
        """Until the next planned turn, None when none is planned."""
        while self._heap and not self._planned(*self._heap[0]):
            heapq.heappop(self._heap)
        return max(0.0, self._heap[0][0] - self._now()) if self._heap else None

    def oldest_wait(self) -> float:
        """Seconds that the longest-waiting ready key has waited."""
        self._ripen()
        return max((self._now() - waiting.since for waiting in self._ready.values()), default=0.0)

    @property
    def waiting(self) -> Iterable[ObjectKey]:
        """Keys that are ready."""
        return self._ready

    @property
    def running(self) -> Mapping[ObjectKey, float]:
        """Keys that are out, with the seconds since."""
        return {key: self._now() - began for key, began in self._out.items()}

    def __len__(self) -> int:
        """Keys that are ready or out."""
        return len(self._ready) + len(self._out)

    def __contains__(self, key: ObjectKey) -> bool:
        return key in self._ready or key in self._out or key in self._due

    # -- waiting

    def _plan(self, key: ObjectKey, wake: Wake) -> None:
        if wake.backoff:
            self.add_after(key, self._backoff(key, wake), Priority.NOT_READY)
            return
        self._failures.pop(key, None)
        seconds = wake.after.total_seconds()
        if seconds < STEADY:
            self.add_after(key, wake.after, Priority.NOT_READY)
        else:  # earlier by up to a fifth, never later: the interval is a promise
            self.add_after(key, timedelta(seconds=seconds * (0.9 + 0.1 * self._jitter())), Priority.RESYNC)

    def _backoff(self, key: ObjectKey, wake: Wake) -> timedelta:
        if self._told:
            self._told.retried(key)
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        seconds = min(LAST_BACKOFF, FIRST_BACKOFF * 2 ** min(failures, 20)) * (1 + 0.2 * self._jitter())
        longest = min(LAST_BACKOFF, wake.at_most.total_seconds()) if wake.at_most else LAST_BACKOFF
        return max(wake.after, timedelta(seconds=min(longest, seconds)))

    def _ripen(self) -> None:
        now = self._now()
        while self._heap and self._heap[0][0] <= now:
            at, key = heapq.heappop(self._heap)
            if not self._planned(at, key):
                continue
            priority = self._due.pop(key).priority
            if key in self._out:
                self._again.setdefault(key, priority)
            else:
                self._line_up(key, priority)

    def _planned(self, at: float, key: ObjectKey) -> bool:
        planned = self._due.get(key)
        return planned is not None and planned.at == at

    # -- lanes

    def _line_up(self, key: ObjectKey, priority: Priority) -> None:
        waiting = self._ready.get(key)
        if waiting is not None and waiting.priority <= priority:
            return
        if waiting is not None:
            self._step_out(key)
        elif self._told:
            self._told.added(key)
        self._ready[key] = _Waiting(priority, waiting.since if waiting is not None else self._now())
        self._lanes[priority].setdefault(key.namespace, {})[key] = None

    def _step_out(self, key: ObjectKey) -> None:
        lane = self._lanes[self._ready.pop(key).priority]
        del lane[key.namespace][key]
        if lane[key.namespace]:
            lane.move_to_end(key.namespace)
        else:
            del lane[key.namespace]

    def _choose(self) -> ObjectKey | None:
        """Overdue keys, then lanes in order; a namespace with a full share is passed over while another one waits."""
        for heads in (self._overdue_heads(), self._heads()):
            candidates = list(heads)
            fair = (key for key in candidates if self._share(key.namespace) < NAMESPACE_CAP)
            if (key := next(fair, None)) is not None:
                return key
        return next(self._heads(), None)

    def _heads(self) -> Iterator[ObjectKey]:
        return (next(iter(keys)) for lane in self._lanes.values() for keys in lane.values())

    def _overdue_heads(self) -> Iterator[ObjectKey]:
        latest = self._now() - OVERDUE
        return (key for key in self._heads() if self._ready[key].since < latest)

    def _share(self, namespace: str) -> int:
        return sum(key.namespace == namespace for key in self._out)

    # -- waking workers

    def _rouse(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return


def _finish(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
