"""What the loop remembers between turns: how soon a peering may be written once more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from properties.azure_model import IDS
from vnetlink.domain.outcome import Absent, Present, Refused, Unreadable
from vnetlink.domain.ownership import Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import ObjectKey, ObjectMeta
from vnetlink.memory import CONTESTED_FOR, PACE, USUAL, Memories, Memory
from vnetlink.planning.diagnosis.traffic import TrafficVerdict
from vnetlink.planning.link.child import GROWN
from vnetlink.planning.plan import Truth

LONGEST = timedelta(minutes=4)
META = ObjectMeta(ObjectKey("peeringpairs", "team", "pair"), "uid", 1, "1", datetime(2026, 1, 1, tzinfo=UTC))


def memory() -> Memory:
    return Memory("uid", (1, "", "", False), 0.0)


def pauses(of: Memory, times: int, updates: bool = True) -> list[float]:
    """Seconds between writes that are accepted each time and each time have to be made again."""
    waited, now = [], 100.0
    for _ in range(times):
        pause = of.pause_before_write(Slot(Side.VNET1), updates, LONGEST, now).total_seconds()
        waited.append(pause)
        now += pause
        of.note_write(Slot(Side.VNET1), True, now)
    return waited


def test_a_write_that_is_accepted_and_never_lasts_is_repeated_ever_more_slowly() -> None:
    waited = pauses(memory(), 20)
    assert waited[: USUAL + 3] == [0, PACE, PACE, PACE, PACE, 2 * PACE, 4 * PACE]
    assert waited[-1] == LONGEST.total_seconds()


def test_making_it_again_and_again_slows_down_as_well() -> None:
    waited = pauses(memory(), 20, updates=False)
    assert waited[:USUAL] == [0] * USUAL
    assert waited[-1] == LONGEST.total_seconds()


def test_once_all_is_well_the_next_write_is_made_at_once() -> None:
    busy = memory()
    pauses(busy, 20)
    busy.note_rest(True)
    busy.note_write(Slot(Side.VNET1), True, 1e6 - PACE)
    assert busy.pause_before_write(Slot(Side.VNET1), False, LONGEST, 1e6) == timedelta(0)
    assert busy.pause_before_write(Slot(Side.VNET1), True, LONGEST, 1e6) == timedelta(0)


def test_the_other_side_does_not_wait_for_it() -> None:
    busy = memory()
    pauses(busy, 20)
    assert busy.pause_before_write(Slot(Side.VNET2), True, LONGEST, 0.0) == timedelta(0)


def test_what_azure_refuses_or_puts_off_does_not_slow_it_down() -> None:
    unlucky = memory()
    for second in range(20):
        unlucky.note_write(Slot(Side.VNET1), False, second)
    assert unlucky.pause_before_write(Slot(Side.VNET1), False, LONGEST, 20.0) == timedelta(0)


@pytest.mark.parametrize("asking", [{"reconcile_requested_at": "now"}, {"rotate_requested_at": "now"}])
def test_whoever_asks_gets_a_new_look_and_a_new_try(asking: dict[str, str]) -> None:
    memories, slot = Memories(), Slot(Side.VNET1)
    before = memories.of(META, 0.0)
    before.refuse(slot, Refused(Reason.SCOPE_LOCKED, "ScopeLocked", "locked"), 100.0)
    assert memories.of(META, 1.0).refusals_at(1.0)
    after = memories.of(replace(META, **asking), 1.0)  # type: ignore[arg-type]
    assert after.asked
    assert not after.refusals_at(1.0)


def test_an_outage_in_any_part_is_no_reading() -> None:
    outage, refusal = (Unreadable(Reason.AZURE_UNREACHABLE, "", transient) for transient in (True, False))
    asked = replace(memory(), asked=True)
    asked.note_read((Present(1), outage), 5.0)
    assert (asked.unread_for(5.0), asked.asked) == (timedelta(seconds=5), True)
    asked.note_read((Present(1), refusal, Absent()), 6.0)
    assert (asked.unread_for(6.0), asked.asked) == (timedelta(0), False)


def test_three_reversals_within_half_an_hour_are_a_dispute_with_one_write_an_hour() -> None:
    ours, part = memory(), IDS.vnet1
    for at in (0.0, 600.0, 1700.0):
        assert not ours.contested(part, at)
        ours.note_reversal(part, at)
    assert ours.contested(part, 1701.0)
    assert not ours.contested(IDS.vnet2, 1701.0)
    assert not ours.contested(part, 1700.0 + CONTESTED_FOR), "an hour later it is tried once"
    ours.note_reversal(part, 5400.0)
    assert ours.contested(part, 5401.0), "and no more"


def test_reversals_far_apart_and_those_before_a_long_peace_are_no_dispute() -> None:
    rare, part = memory(), IDS.vnet1
    for at in (0.0, 1000.0, 2000.0):
        rare.note_reversal(part, at)
    assert not rare.contested(part, 2001.0)
    disputed = memory()
    for at in (0.0, 1.0, 2.0, 2 * CONTESTED_FOR + 3):
        disputed.note_reversal(part, at)
    assert not disputed.contested(part, 2 * CONTESTED_FOR + 4)


@pytest.mark.parametrize(("look", "goes_on"), [(f"then{GROWN}now", True), ("now", False)])
def test_a_look_that_a_link_asks_for_settles_no_dispute_and_one_that_a_person_asks_for_does(
    look: str, goes_on: bool
) -> None:
    memories, first = Memories(), replace(META, reconcile_requested_at="then")
    memories.of(first, 0.0).has_stood = True
    for now in (1.0, 2.0, 3.0):
        memories.of(first, now).note_reversal(IDS.vnet1, now)
    after = memories.of(replace(META, reconcile_requested_at=look), 4.0)
    assert after.asked
    assert (after.contested(IDS.vnet1, 4.0), after.has_stood) == (goes_on, goes_on)


@pytest.mark.parametrize(("change", "kept"), [({"reconcile_requested_at": "monday"}, True), ({"generation": 2}, False)])
def test_what_was_judged_of_the_same_flows_is_shown_until_it_is_judged_anew(change: dict[str, Any], kept: bool) -> None:
    memories = Memories()
    memories.of(META, 0.0).judged = judged = ("question", TrafficVerdict(Truth.TRUE, Reason.NO_BLOCK_FOUND, "", ()))
    assert (memories.of(replace(META, **change), 0.0).judged is judged) is kept
