"""Long-running operations on a virtual clock: begin, headers, due. Knows not what finishing an operation does."""

from __future__ import annotations

import base64
import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

from .store import Operation, World

KEPT_SECONDS = 3600.0
KEPT_MOST = 20_000
SHORTEST_MS = 10


@dataclass(frozen=True, slots=True)
class Clock:
    """Virtual time as a function of wall time: it runs `speed` times as fast, and jumps by POST clock."""

    wall: float
    virtual: float
    speed: float

    def at(self, now: float) -> float:
        return self.virtual + max(0.0, now - self.wall) * self.speed

    def moved(self, now: float, seconds: float) -> Clock:
        return replace(self, wall=now, virtual=self.at(now) + seconds)


class Schedule:
    """Running operations, soonest first."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, str]] = []
        self._done: list[tuple[float, str]] = []

    def rebuild(self, world: World) -> None:
        running = [one for one in world.operations.values() if one.status == "InProgress"]
        self._heap = [(one.ends, one.id) for one in running]
        self._done = [(one.ends, one.id) for one in world.operations.values() if one.status != "InProgress"]
        heapq.heapify(self._heap)
        heapq.heapify(self._done)

    def add(self, operation: Operation) -> None:
        heapq.heappush(self._heap, (operation.ends, operation.id))

    def due(self, world: World, virtual: float) -> Iterator[Operation]:
        while self._heap and self._heap[0][0] <= virtual:
            moment, guid = heapq.heappop(self._heap)
            operation = world.operations.get(guid)
            if operation is not None and operation.status == "InProgress" and operation.ends == moment:
                yield operation

    def close(self, operation: Operation) -> None:
        """The operation has come to its end and will be forgotten some time."""
        heapq.heappush(self._done, (operation.ends, operation.id))

    def forget_old(self, world: World, virtual: float) -> None:
        """Finished operations can be polled for an hour (chosen; Azure's own limit is not in arm.md)."""
        while self._done and (self._done[0][0] + KEPT_SECONDS < virtual or len(self._done) > KEPT_MOST):
            operation = world.operations.get(heapq.heappop(self._done)[1])
            if operation is not None:
                world.drop(operation)


def retry_after(seconds: float, speed: float) -> dict[str, str]:
    """Scaled by speed; below one second as x-ms-retry-after-ms, since `Retry-After: 0` costs clients 30 s (ecosystem.md 10.3)."""
    scaled = seconds / speed
    if scaled < 1:
        return {"x-ms-retry-after-ms": str(max(SHORTEST_MS, round(scaled * 1000)))}
    return {"Retry-After": str(ceil(scaled))}


def notified(version: str) -> dict[str, str]:
    """Sent from about 2022 on (arm.md 1.3); the api-version stands for the age of the service."""
    return {"Azure-AsyncNotification": "Enabled"} if version >= "2021" else {}


def status_url(base: str, operation: Operation, version: str, *, what: str = "operations") -> str:
    """Same guid as x-ms-request-id; signed since 2024 (arm.md 1.3)."""
    path = f"/subscriptions/{operation.subscription}/providers/Microsoft.Network/locations/{operation.location}"
    signed = _signature(operation.id) if version >= "2024" else ""
    return f"{base}{path}/{what}/{operation.id}?api-version={version}{signed}"


def _signature(guid: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(guid.encode()).digest()).decode().rstrip("=")
    return f"&t=638619078782900185&c=armsim-{digest[:20]}&s={digest}&h={digest[::-1]}"
