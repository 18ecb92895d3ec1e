"""What ARM showed last and what we wrote since: decides which reading still counts. May be lost at any time; sends nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Absent, Present

SETTLES_WITHIN = 120.0  # seconds for which an answer with an old etag is taken for a stale one
KEPT_FOR = 3600.0
SWEEP_EVERY = 300.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One GET: when it was sent (clock and order among our own reads and writes), what came."""

    sent: float
    order: int
    seen: Present[ObservedVnet] | Absent
    document: Mapping[str, object]

    @property
    def etag(self) -> str:
        """The VNet's etag, which its peerings share (arm.md 1.2)."""
        return self.seen.value.etag if isinstance(self.seen, Present) else ""


@dataclass(slots=True)
class Trace:
    """What is known of one VNet whoever looks: our last write, and the etags it left behind."""

    written: int = 0
    touched: float = 0.0
    settles_by: float = 0.0
    old_etags: deque[str] = field(default_factory=lambda: deque(maxlen=16))


class Memory:
    """Readings for each identity (one never sees with another's rights), writes for each VNet."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._order, self._swept = clock, 0, clock()
        self._readings: dict[tuple[Identity, str], Reading] = {}
        self._traces: dict[str, Trace] = {}

    def begin(self) -> tuple[float, int]:
        """To be called before a read is sent: its time and place in the order."""
        self._order += 1
        return self._clock(), self._order

    def keep(self, identity: Identity, vnet: VnetId, reading: Reading) -> None:
        """Remembers a reading unless a later one is there."""
        known = self._readings.get((identity, vnet.key))
        if known is None or known.order < reading.order:
            self._readings[(identity, vnet.key)] = reading
        self._sweep()

    def last(self, identity: Identity, vnet: VnetId) -> Reading | None:
        """The last reading, however old."""
        return self._readings.get((identity, vnet.key))

    def fresh(self, identity: Identity, vnet: VnetId, since: float) -> Reading | None:
        """The last reading if it was sent at `since` or later, after our own last write, and is not a stale one."""
        reading = self.last(identity, vnet)
        if reading is None or reading.sent < since or self.outdated(vnet, reading.order):
            return None
        return None if self._stale(vnet, reading) else reading

    def outdated(self, vnet: VnetId, order: int) -> bool:
        """Whether we wrote to the VNet, or to a peering that leads to it, after the read `order` was sent."""
        return order <= self._trace(vnet).written

    def wrote(self, *vnets: VnetId) -> None:
        """A write that concerns `vnets` has ended, however it ended."""
        self._order += 1
        for vnet in vnets:
            self._trace(vnet).written = self._order

    def etags(self, vnet: VnetId) -> frozenset[str]:
        """The etags that anybody saw last; to be asked for before a write is sent, for `accepted`."""
        return frozenset(
            reading.etag for (_, key), reading in self._readings.items() if key == vnet.key and reading.etag
        )

    def accepted(self, vnet: VnetId, before: frozenset[str], new_etag: str) -> None:
        """ARM took a write to `vnet`; what still shows an etag from before it was sent is older than the write."""
        trace = self._trace(vnet)
        trace.old_etags.extend(before - {new_etag} - set(trace.old_etags))
        trace.settles_by = self._clock() + SETTLES_WITHIN

    def judged(self, vnet: VnetId, reading: Reading) -> Present[ObservedVnet] | Absent:
        """What was seen, marked as settling when it is older than our own write."""
        if isinstance(reading.seen, Present) and self._stale(vnet, reading):
            return Present(replace(reading.seen.value, settling=True))
        return reading.seen

    def _stale(self, vnet: VnetId, reading: Reading) -> bool:
        trace = self._trace(vnet)
        return reading.etag in trace.old_etags and self._clock() < trace.settles_by

    def _trace(self, vnet: VnetId) -> Trace:
        trace = self._traces.setdefault(vnet.key, Trace())
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
