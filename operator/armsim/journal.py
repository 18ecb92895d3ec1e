"""The log of requests and its counts, for tests and the curious. Bounded; never holds a token or a body."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

KEPT = 200_000


@dataclass(frozen=True, slots=True)
class Entry:
    """`status` 0 means that no answer was given; `applied` tells whether the request was worked on."""

    seq: int
    time: float
    method: str
    path: str
    status: int
    principal: str
    tenant: str
    subscription: str
    auxiliary: bool
    clientRequestId: str
    applied: bool
    fault: str
    durationMs: float = 0.0


class Journal:
    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._counts: Counter[tuple[str, int]] = Counter()
        self._last = 0

    def next(self) -> int:
        return self._last + 1

    def add(self, entry: Entry) -> None:
        self._last = entry.seq
        self._entries.append(entry)
        self._counts[entry.method, entry.status] += 1

    def amend(self, seq: int, **changes: Any) -> None:
        """Changes a recent entry: its duration, or its outcome once a held request has been worked on."""
        for index in range(len(self._entries) - 1, -1, -1):
            old = self._entries[index]
            if old.seq == seq:
                new = replace(old, **changes)
                self._entries[index] = new
                if new.status != old.status:
                    self._counts[old.method, old.status] -= 1
                    self._counts[new.method, new.status] += 1
                return
            if old.seq < seq:
                return

    def export(self, since: int) -> dict[str, Any]:
        found = [asdict(one) for one in self._entries if one.seq > since]
        return {"last": self._last, "requests": found, "counts": self.counts()}

    def newest(self, count: int) -> list[Entry]:
        return list(islice(reversed(self._entries), count))

    def counts(self) -> dict[str, dict[str, int]]:
        table: dict[str, dict[str, int]] = {}
        for (method, status), number in sorted(self._counts.items()):
            if number:
                table.setdefault(method, {})[str(status)] = number
        return table

    def clear(self) -> None:
        """Sequence numbers go on, so a reader's `since` stays valid."""
        self._entries.clear()
        self._counts.clear()
