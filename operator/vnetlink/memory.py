"""What the loop remembers of an object between turns. All of it may be lost: nothing is decided from it but when to try again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from vnetlink.domain.outcome import Refused
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import ObjectKey, ObjectMeta

PACE = 2.0  # seconds from our last write to a peering to the next update of it: a burst of edits is written once
USUAL = 4  # writes to one peering until all is well: delete, make, change, sync


@dataclass(slots=True)
class Memory:
    """One object's. Times are monotonic seconds. `asked`: a person wants a look right now, and has not had it yet.

    `rested`: nothing was owed in the last turn; `has_rested`: in some turn of this version of the spec.
    """

    uid: str
    version: tuple[int, str, bool]
    last_read: float
    refusals: dict[Side, tuple[Refused, float]] = field(default_factory=dict)
    busy_since: float | None = None
    rested: bool = False
    has_rested: bool = False
    asked: bool = False
    written: dict[Side, float] = field(default_factory=dict)
    taken: dict[Side, int] = field(default_factory=dict)

    def note_write(self, side: Side, taken: bool, now: float) -> None:
        """A write was sent; `taken`: Azure accepted it."""
        self.written[side] = now
        self.taken[side] = self.taken.get(side, 0) + taken

    def note_rest(self, rested: bool) -> None:
        """Whether nothing is owed to Azure now: what was written has lasted."""
        self.rested = rested
        if rested:
            self.taken.clear()

    def pause_before_write(self, side: Side, updates: bool, longest: timedelta, now: float) -> timedelta:
        """How long to wait before writing this peering once more. Azure takes about 10 s for one write anyway.

        What is accepted again and again and does not last (an operation that fails, a policy that changes it back) is
        repeated ever more slowly, down to once in `longest`.
        """
        in_vain = self.taken.get(side, 0) - USUAL
        pace = PACE if updates else 0.0
        if in_vain >= 0:
            pace = max(PACE, min(longest.total_seconds(), PACE * 2 ** min(in_vain, 16)))
        return timedelta(seconds=max(0.0, self.written.get(side, now - pace) + pace - now))

    def refuse(self, side: Side, refusal: Refused, until: float) -> None:
        """Do not try this side again before `until`."""
        self.refusals[side] = (refusal, until)

    def refusals_at(self, now: float) -> Mapping[Side, Refused]:
        """The refusals that still stand."""
        return {side: refusal for side, (refusal, until) in self.refusals.items() if now < until}

    def busy_for(self, now: float) -> timedelta:
        """How long an operation has been seen running."""
        return timedelta(seconds=now - self.busy_since) if self.busy_since is not None else timedelta(0)

    def unread_for(self, now: float) -> timedelta:
        """How long it is since Azure could be read."""
        return timedelta(seconds=now - self.last_read)

    def note_busy(self, busy: bool, now: float) -> None:
        """Start or stop the clock of a running operation."""
        self.busy_since = (self.busy_since if self.busy_since is not None else now) if busy else None


class Memories:
    """Every object's memory. An edit, a requested reconcile or a new object of the same name starts afresh."""

    def __init__(self) -> None:
        self._of: dict[ObjectKey, Memory] = {}

    def of(self, meta: ObjectMeta, now: float) -> Memory:
        """The memory of this very object in this very version of its spec."""
        version = (meta.generation, meta.reconcile_requested_at, meta.deleting)
        memory = self._of.get(meta.key)
        if memory is None or memory.uid != meta.uid:
            memory = self._of[meta.key] = Memory(meta.uid, version, now)
        elif memory.version != version:
            asked = memory.asked or memory.version[1] != meta.reconcile_requested_at
            memory = self._of[meta.key] = Memory(
                meta.uid, version, memory.last_read, asked=asked, written=memory.written
            )
        return memory

    def forget(self, key: ObjectKey) -> None:
        """The object is gone."""
        self._of.pop(key, None)
