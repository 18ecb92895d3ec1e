"""What ARM showed last and what we wrote since: decides which reading still counts. May be lost at any time; sends nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from vnetlink.domain.identity import Identity
from vnetlink.domain.outcome import Absent, Present

SETTLES_WITHIN = 120.0  # seconds for which an answer with an old etag is taken for a stale one
KEPT_FOR = 3600.0
SWEEP_EVERY = 300.0


class Thing(Protocol):
    """Whatever can be read or written: any ArmId, or a question about one."""

    @property
    def key(self) -> str:
        """Lower-cased, different for different things."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One GET: when it was sent (clock and order among our own reads and writes), what came."""

    sent: float
    order: int
    seen: Present[object] | Absent
    document: Mapping[str, object]

    @property
    def etag(self) -> str:
        """From the body: some types have no header of it. A VNet shares its etag with all that is in it (arm.md 1.2)."""
        return str(self.document.get("etag") or "")


@dataclass(slots=True)
class Trace:
    """What is known of one thing whoever looks: our last write, the etags it left behind, whether it made the thing."""

    written: int = 0
    touched: float = 0.0
    settles_by: float = 0.0
    made: bool = False
    old_etags: deque[str] = field(default_factory=lambda: deque(maxlen=16))


class Memory:
    """Readings for each identity (one never sees with another's rights), writes for each thing."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._order, self._swept = clock, 0, clock()
        self._readings: dict[tuple[Identity, str], Reading] = {}
        self._traces: dict[str, Trace] = {}

    def begin(self) -> tuple[float, int]:
        """To be called before a read is sent: its time and place in the order."""
        self._order += 1
        return self._clock(), self._order

    def keep(self, identity: Identity, thing: Thing, reading: Reading) -> None:
        """Remembers a reading unless a later one is there."""
        known = self._readings.get((identity, thing.key))
        if known is None or known.order < reading.order:
            self._readings[(identity, thing.key)] = reading
        self._trace(thing)
        self._sweep()

    def last(self, identity: Identity, thing: Thing) -> Reading | None:
        """The last reading, however old."""
        return self._readings.get((identity, thing.key))

    def fresh(self, identity: Identity, thing: Thing, since: float) -> Reading | None:
        """The last reading if it was sent at `since` or later, after our own last write, and is not a stale one."""
        reading = self.last(identity, thing)
        if reading is None or reading.sent < since or self.outdated(thing, reading.order):
            return None
        return None if self.stale(thing, reading) else reading

    def outdated(self, thing: Thing, order: int) -> bool:
        """Whether we wrote something that concerns the thing after the read `order` was sent."""
        return order <= self._trace(thing).written

    def wrote(self, *things: Thing) -> None:
        """A write that concerns `things` has ended, however it ended."""
        self._order += 1
        for thing in things:
            self._trace(thing).written = self._order

    def etags(self, thing: Thing) -> frozenset[str]:
        """The etags that anybody saw last; to be asked for before a write is sent, for `accepted`."""
        return frozenset(
            reading.etag for (_, key), reading in self._readings.items() if key == thing.key and reading.etag
        )

    def accepted(self, thing: Thing, before: frozenset[str], new_etag: str, made: bool | None = None) -> None:
        """ARM took a write to `thing`; what still shows an etag from before it was sent is older than the write.

        `made`: True when the write made it, False when it deletes it, None when it leaves it in the world.
        """
        trace = self._trace(thing)
        if new_etag in trace.old_etags:  # a key that is set back, for one, is what it was
            trace.old_etags.remove(new_etag)
        trace.old_etags.extend(before - {new_etag} - set(trace.old_etags))
        trace.settles_by = self._clock() + SETTLES_WITHIN
        trace.made = trace.made if made is None else made

    def recurs(self, thing: Thing) -> None:
        """We undid a write of ours: the thing may show again what it showed before that write, and that is no old news."""
        self._trace(thing).old_etags.clear()

    def stale(self, thing: Thing, reading: Reading) -> bool:
        """Whether it is older than our own write: it has an etag from before, or misses what we made a moment ago."""
        trace = self._trace(thing)
        if self._clock() >= trace.settles_by:
            return False
        return trace.made if isinstance(reading.seen, Absent) else reading.etag in trace.old_etags

    def _trace(self, thing: Thing) -> Trace:
        trace = self._traces.setdefault(thing.key, Trace())
        trace.touched = self._clock()
        return trace

    def _sweep(self) -> None:
        """Forgets what nobody asked for within the hour."""
        now = self._clock()
        if now - self._swept < SWEEP_EVERY:
            return
        self._swept = now
        self._traces = {key: trace for key, trace in self._traces.items() if now - trace.touched < KEPT_FOR}
        self._readings = {key: reading for key, reading in self._readings.items() if key[1] in self._traces}
