"""What the loop remembers between turns: how soon a peering may be written once more."""

from __future__ import annotations

from datetime import timedelta

from vnetlink.domain.ownership import Slot
from vnetlink.domain.sides import Side
from vnetlink.memory import PACE, USUAL, Memory

LONGEST = timedelta(minutes=4)


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
