"""What the loop remembers of an object between turns. All of it may be lost: nothing is decided from it but when to try again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from vnetlink.domain.arm_id import ArmId
from vnetlink.domain.outcome import Refused, Unreadable
from vnetlink.domain.ownership import Slot
from vnetlink.domain.specs import ObjectKey, ObjectMeta
from vnetlink.planning.diagnosis.traffic import TrafficVerdict
from vnetlink.planning.link.child import GROWN

PACE = 2.0  # seconds from our last write in a slot to the next update there: a burst of edits is written once
REVERSALS, REVERSALS_WITHIN = 3, 1800.0  # so many within so many seconds are a dispute (design/faults.md, F51)
CONTESTED_FOR = 3600.0  # seconds to the next write while somebody else keeps changing it back
USUAL = 4  # writes in one slot until all is well; of a peering: delete, make, change, sync


@dataclass(slots=True)
class Memory:
    """One object's. Times are monotonic seconds. `asked`: a person wants a look right now, and has not had it yet; at what
    traffic has to pass, `traffic_asked`.

    `rested`: nothing was owed in the last turn; `has_stood`: and it was Ready, in some turn of this version of the spec.
    `judged`: what the last diagnosis of traffic was made from, and its verdict.
    """

    uid: str
    version: tuple[int, str, str, bool]
    last_read: float
    refusals: dict[Slot, tuple[Refused, float]] = field(default_factory=dict)
    busy_since: float | None = None
    rested: bool = False
    has_stood: bool = False
    asked: bool = False
    traffic_asked: bool = False
    written: dict[Slot, float] = field(default_factory=dict)
    taken: dict[Slot, int] = field(default_factory=dict)
    reversals: dict[ArmId, tuple[float, ...]] = field(default_factory=dict)
    disputed: set[ArmId] = field(default_factory=set)
    judged: tuple[object, TrafficVerdict] | None = None

    def note_read(self, seen: Iterable[object], now: float) -> None:
        """Azure was read; an outage in any part of it means that it could not be."""
        if not any(isinstance(one, Unreadable) and one.transient for one in seen):
            self.last_read, self.asked = now, False

    def note_write(self, slot: Slot, taken: bool, now: float) -> None:
        """A write was sent; `taken`: Azure accepted it."""
        self.written[slot] = now
        self.taken[slot] = self.taken.get(slot, 0) + taken

    def note_reversal(self, id: ArmId, now: float) -> None:
        """We put back what somebody else had changed or deleted. After a long peace the count begins anew."""
        before = self.reversals.get(id, ())
        if before and now - before[-1] > 2 * CONTESTED_FOR:
            before = ()
            self.disputed.discard(id)
        recent = self.reversals[id] = (*before, now)[-REVERSALS:]
        if len(recent) == REVERSALS and recent[-1] - recent[0] < REVERSALS_WITHIN:
            self.disputed.add(id)

    def contested(self, id: ArmId, now: float) -> bool:
        """Whether somebody keeps changing it back, and it was written within the hour."""
        return id in self.disputed and now - self.reversals[id][-1] < CONTESTED_FOR

    def note_rest(self, rested: bool) -> None:
        """Whether nothing is owed to Azure now: what was written has lasted."""
        self.rested = rested
        if rested:
            self.taken.clear()

    def pause_before_write(self, slot: Slot, updates: bool, longest: timedelta, now: float) -> timedelta:
        """How long to wait before writing in this slot once more. Azure takes about 10 s for one write anyway.

        What is accepted again and again and does not last (an operation that fails, a policy that changes it back) is
        repeated ever more slowly, down to once in `longest`.
        """
        in_vain = self.taken.get(slot, 0) - USUAL
        pace = PACE if updates else 0.0
        if in_vain >= 0:
            pace = max(PACE, min(longest.total_seconds(), PACE * 2 ** min(in_vain, 16)))
        return timedelta(seconds=max(0.0, self.written.get(slot, now - pace) + pace - now))

    def refuse(self, slot: Slot, refusal: Refused, until: float) -> None:
        """Do not try this slot again before `until`."""
        self.refusals[slot] = (refusal, until)

    def refusals_at(self, now: float) -> Mapping[Slot, Refused]:
        """The refusals that still stand."""
        return {slot: refusal for slot, (refusal, until) in self.refusals.items() if now < until}

    def busy_for(self, now: float) -> timedelta:
        """How long an operation has been seen running."""
        return timedelta(seconds=now - self.busy_since) if self.busy_since is not None else timedelta(0)

    def unread_for(self, now: float) -> timedelta:
        """How long it is since Azure could be read."""
        return timedelta(seconds=now - self.last_read)

    def note_busy(self, busy: bool, now: float) -> None:
        """Start or stop the clock of a running operation."""
        self.busy_since = (self.busy_since if self.busy_since is not None else now) if busy else None


def _of_people(version: tuple[int, str, str, bool]) -> tuple[int, str, str, bool]:
    generation, look, rotation, deleting = version
    return generation, look.partition(GROWN)[0], rotation, deleting


class Memories:
    """Every object's memory. An edit, a requested reconcile or rotation, or a new object of the same name starts afresh."""

    def __init__(self) -> None:
        self._of: dict[ObjectKey, Memory] = {}

    def of(self, meta: ObjectMeta, now: float) -> Memory:
        """The memory of this very object in this very version of its spec."""
        version = (meta.generation, meta.reconcile_requested_at, meta.rotate_requested_at, meta.deleting)
        memory = self._of.get(meta.key)
        if memory is None or memory.uid != meta.uid:
            memory = self._of[meta.key] = Memory(meta.uid, version, now)
        elif memory.version != version:
            before, asked = memory, memory.asked or memory.version[1:3] != version[1:3]
            memory = self._of[meta.key] = Memory(
                meta.uid, version, before.last_read, asked=asked, traffic_asked=asked, written=before.written
            )
            if (
                version[0] == before.version[0]
            ):  # the flows are the same: what was judged is shown until it is judged anew
                memory.judged = before.judged
            if _of_people(version) == _of_people(before.version):  # a look that the link asked for settles no dispute
                memory.has_stood, memory.reversals, memory.disputed = (
                    before.has_stood,
                    before.reversals,
                    before.disputed,
                )
        return memory

    def forget(self, key: ObjectKey) -> None:
        """The object is gone."""
        self._of.pop(key, None)
