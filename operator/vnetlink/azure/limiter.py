"""Holds requests back before ARM does: rates, room for requests in flight, and Retry-After. Sends nothing itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum

from vnetlink.domain.identity import Identity

PATIENCE = 15.0  # seconds to queue before the caller gets its worker back
HANGING = 5.0  # seconds in flight after which nobody queues behind a request any more (F29)
PROBE_PAUSE = 1.0  # seconds to wait while somebody else's probe is on its way
NO_HINT = 5.0  # seconds to stay away after a 429 that names no time

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


class Kind(Enum):
    """ARM's three quotas (arm.md 1.7)."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"

    @classmethod
    def of(cls, method: str) -> Kind:
        """The quota that an HTTP method draws on."""
        return {"GET": cls.READ, "HEAD": cls.READ, "DELETE": cls.DELETE}.get(method.upper(), cls.WRITE)


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second, and how many at once after a rest. Zero a second is no limit."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Limits:
    """For each identity and subscription, below ARM's own (kopf.md A3.8)."""

    reads: Rate = Rate(20, 200)
    writes: Rate = Rate(3, 50)
    deletes: Rate = Rate(3, 50)
    in_flight: int = 4

    def rate(self, kind: Kind) -> Rate:
        """The rate of one quota."""
        return {Kind.READ: self.reads, Kind.WRITE: self.writes, Kind.DELETE: self.deletes}[kind]


UNLIMITED = Limits(Rate(0, 0), Rate(0, 0), Rate(0, 0), in_flight=64)


class TurnedBack(Exception):
    """Not sent: come back in `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"held back for {seconds:.1f} s")
        self.seconds = seconds


class Crowded(Exception):
    """Not sent: the requests in flight are not being answered and the queue has waited long enough."""


class Bucket:
    """A token bucket that may be overdrawn: the debt is the time to wait."""

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate, self._level, self._at = rate, float(rate.burst), now

    def take(self, now: float) -> float:
        """Takes one token; returns the seconds until it is there."""
        if self._rate.per_second <= 0:
            return 0.0
        self._refill(now)
        self._level -= 1
        return max(0.0, -self._level / self._rate.per_second)

    def put_back(self) -> None:
        """Returns a token that was not used."""
        self._level += 1

    def drain(self, now: float) -> None:
        """No burst is left: ARM says that its own bucket is nearly empty."""
        self._refill(now)
        self._level = min(self._level, 0.0)

    def _refill(self, now: float) -> None:
        self._level = min(float(self._rate.burst), self._level + (now - self._at) * self._rate.per_second)
        self._at = now


@dataclass(slots=True)
class Window:
    """Closed by Retry-After; afterwards one probe at a time until ARM answers it."""

    until: float = 0.0
    shut: bool = False
    probing: bool = False

    def pause(self, now: float) -> float:
        """Seconds for which nothing may be sent; 0 when something may."""
        if not self.shut:
            return 0.0
        return self.until - now if now < self.until else PROBE_PAUSE * self.probing

    def enter(self, now: float) -> bool:
        """Goes through the window (only after pause() gave 0); True when this request is the probe."""
        self.probing = self.shut
        return self.shut

    def close(self, now: float, seconds: float) -> None:
        """ARM said to stay away."""
        self.until, self.shut, self.probing = max(self.until, now + seconds), True, False

    def answered(self, now: float) -> None:
        """ARM answered; what was sent before the window closed opens nothing."""
        if now >= self.until:
            self.shut = self.probing = False


@dataclass(slots=True)
class Lane:
    """The way of one identity to one subscription. A hung lane takes none of another's room."""

    buckets: dict[Kind, Bucket]
    slots: asyncio.Semaphore
    clock: Clock
    sleep: Sleep
    window: Window = field(default_factory=Window)
    sent: list[float] = field(default_factory=list)  # when what is in flight was sent, on the event loop's clock

    @asynccontextmanager
    async def passage(self, kind: Kind) -> AsyncIterator[None]:
        """Room for one request, after waiting for its turn. Raises TurnedBack or Crowded instead of waiting long."""
        self._check()
        await self._wait_for_token(kind)
        await self._wait_for_slot()
        probe, sent = False, asyncio.get_running_loop().time()
        self.sent.append(sent)
        try:
            self._check()
            probe = self.window.enter(self.clock())
            yield
        finally:
            self.sent.remove(sent)
            self.slots.release()
            if probe:
                self.window.probing = False

    def turned_away(self, seconds: float | None) -> None:
        """ARM throttled a request."""
        self.window.close(self.clock(), NO_HINT if seconds is None else seconds)

    def answered(self, kind: Kind, *, nearly_empty: bool) -> None:
        """ARM took a request; `nearly_empty` when it says that little quota is left."""
        self.window.answered(self.clock())
        if nearly_empty:
            self.buckets[kind].drain(self.clock())

    def _check(self) -> None:
        pause = self.window.pause(self.clock())
        if pause > 0:
            raise TurnedBack(pause)

    async def _wait_for_token(self, kind: Kind) -> None:
        wait = self.buckets[kind].take(self.clock())
        if wait > PATIENCE:
            self.buckets[kind].put_back()
            raise TurnedBack(wait)
        if wait > 0:
            await self.sleep(wait)

    async def _wait_for_slot(self) -> None:
        """No longer than PATIENCE, and not behind requests that all hang: the worker has other subscriptions to serve."""
        time = asyncio.get_running_loop().time
        leave = time() + PATIENCE
        while True:
            try:
                async with asyncio.timeout_at(min(leave, self._hangs_from())):
                    await self.slots.acquire()
                return
            except TimeoutError:
                if time() >= min(leave, self._hangs_from()):
                    raise Crowded from None

    def _hangs_from(self) -> float:
        """When all that is in flight counts as hanging."""
        return max(self.sent, default=float("inf")) + HANGING


class Limiter:
    """All lanes."""

    def __init__(self, limits: Limits, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self._limits, self._clock, self._sleep = limits, clock, sleep
        self._lanes: dict[tuple[Identity, str], Lane] = {}

    def lane(self, identity: Identity, subscription: str) -> Lane:
        """The lane of an identity to a subscription."""
        key = (identity, subscription.lower())
        if key not in self._lanes:
            buckets = {kind: Bucket(self._limits.rate(kind), self._clock()) for kind in Kind}
            slots = asyncio.Semaphore(self._limits.in_flight)
            self._lanes[key] = Lane(buckets, slots, self._clock, self._sleep)
        return self._lanes[key]
