"""Which of many deletions wait for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from properties.azure_model import IDS
from properties.test_peering_pair import META
from vnetlink.domain.arm_id import PeeringId
from vnetlink.domain.identity import Identity
from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import DeletionPolicy, End, ObjectKey, PeeringPair, PeeringPairSpec, WantedPeering
from vnetlink.planning import brake
from vnetlink.planning.actions import Action, DeleteChild, DeletePeering, HoldDeletion, ReleaseFinalizer
from vnetlink.planning.brake import SETTLE, TOGETHER, Fleet, Leaving
from vnetlink.planning.plan import Plan, Truth, Verdict, Wake

THEN = datetime(2026, 1, 1, tzinfo=UTC)
DELETE = DeletePeering(Side.VNET1, PeeringId(IDS.vnet1, "one-two"), IDS.vnet2, Identity("operator", "tenant"))
PLAN = Plan(Verdict(Truth.FALSE, Reason.DELETING, "Deleting.", progressing=True), Wake(timedelta(0)), (DELETE,))
ENDS = PerSide(End(IDS.vnet1), End(IDS.vnet2))
SPEC = PeeringPairSpec(ENDS, PerSide(WantedPeering(), WantedPeering()))
PAIR = PeeringPair(replace(META, deleting=True, finalizer=True), SPEC, OwnershipRecord("here", str(META.key)))


def leaving(number: int, after: timedelta = timedelta(0), root: int | None = None) -> Leaving:
    """The object of that number; 0 is PAIR."""

    def key(n: int) -> ObjectKey:
        return META.key if n == 0 else replace(META.key, name=f"pair{n}")

    return Leaving(key(number), key(number if root is None else root), THEN + after)


def fleet(*gone: Leaving, size: int = 100, quiet_for: timedelta = SETTLE) -> Fleet:
    return Fleet(size, gone, quiet_for)


def holds(plan: Plan) -> bool:
    return any(isinstance(action, HoldDeletion) for action in plan.actions)


@pytest.mark.parametrize(("others", "held"), [(2, False), (3, True), (30, True)])
def test_above_the_threshold_it_is_held_and_up_to_it_it_goes(others: int, held: bool) -> None:
    plan = brake.allow(PAIR, PLAN, fleet(*(leaving(n) for n in range(others + 1))), 3)
    assert holds(plan) is held
    assert (plan == PLAN) is not held


def test_what_is_held_says_how_many_and_which_commands_confirm_one_and_all() -> None:
    plan = brake.allow(PAIR, PLAN, fleet(*(leaving(n) for n in range(4))), 3)
    assert plan.actions == (HoldDeletion(4),)
    assert (plan.verdict.reason, plan.verdict.stalled) == (Reason.DELETION_HELD, True)
    assert "4 objects" in plan.verdict.message
    for which in ("pair", "--all"):
        command = f"`kubectl annotate -n team peeringpairs.vnetlink.dev {which} vnetlink.dev/confirm-deletion=true`"
        assert command in plan.verdict.message
    assert "spec.deletionPolicy: Orphan" in plan.verdict.message


def test_nothing_goes_before_no_other_deletion_has_come_for_a_moment() -> None:
    first = brake.allow(PAIR, PLAN, fleet(leaving(0), quiet_for=timedelta(0)), 3)
    assert (first.actions, first.wake) == ((), Wake(SETTLE))
    later = brake.allow(PAIR, PLAN, fleet(leaving(0), quiet_for=timedelta(seconds=2)), 3)
    assert (later.actions, later.wake) == ((), Wake(SETTLE - timedelta(seconds=2)))


def test_a_look_that_is_older_than_the_deletion_is_no_answer() -> None:
    assert brake.allow(PAIR, PLAN, fleet(leaving(1)), 3).actions == ()


def test_a_fleet_that_is_not_larger_than_the_threshold_never_waits() -> None:
    seen = fleet(leaving(0), leaving(1), size=3, quiet_for=timedelta(0))
    assert brake.allow(PAIR, PLAN, seen, 3) == PLAN


def test_what_hangs_for_long_is_no_part_of_it_whichever_came_first() -> None:
    long = TOGETHER + timedelta(seconds=1)
    apart = [leaving(n, after) for n, after in enumerate((timedelta(0), long, long, -long, -long))]
    assert brake.allow(PAIR, PLAN, fleet(*apart), 1) == PLAN


def test_a_link_and_its_pairs_count_once() -> None:
    assert brake.allow(PAIR, PLAN, fleet(leaving(0, root=1), leaving(1), leaving(2, root=1)), 1) == PLAN


@pytest.mark.parametrize(
    ("action", "asked"),
    [(DELETE, True), (DeleteChild("peeringpairs", "pair", "uid"), True), (ReleaseFinalizer(), False)],
)
def test_only_what_takes_something_from_azure_is_asked_about(action: Action, asked: bool) -> None:
    plan = replace(PLAN, actions=(action,))
    assert brake.takes(PAIR, plan) is asked
    assert not brake.takes(replace(PAIR, meta=replace(PAIR.meta, deletion_confirmed=True)), plan)
    assert not brake.takes(replace(PAIR, meta=replace(PAIR.meta, deleting=False)), plan)


def test_one_that_has_to_wait_is_asked_about_too_for_it_would_go_on_when_fewer_are_left() -> None:
    waiting = replace(PLAN, actions=())
    assert brake.takes(PAIR, waiting)
    orphaned = replace(SPEC, lifecycle=replace(SPEC.lifecycle, deletion=DeletionPolicy.ORPHAN))
    assert not brake.takes(replace(PAIR, spec=orphaned), waiting)


@given(
    at=st.lists(st.timedeltas(timedelta(0), 3 * TOGETHER), min_size=1, max_size=12),
    quiet=st.timedeltas(timedelta(0), 2 * SETTLE),
    size=st.integers(0, 20),
    threshold=st.integers(1, 8),
)
def test_whatever_the_fleet_a_deletion_goes_or_waits_and_never_goes_above_the_threshold(
    at: list[timedelta], quiet: timedelta, size: int, threshold: int
) -> None:
    gone = [leaving(n, after) for n, after in enumerate(at)]
    plan = brake.allow(PAIR, PLAN, fleet(*gone, size=max(size, len(gone)), quiet_for=quiet), threshold)
    together = sum(abs(one.at - gone[0].at) <= TOGETHER for one in gone)
    assert holds(plan) is (together > threshold)
    assert plan == PLAN or not any(isinstance(action, DeletePeering) for action in plan.actions)
