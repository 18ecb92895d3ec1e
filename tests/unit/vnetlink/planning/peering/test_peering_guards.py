"""The second lock drops what no planner may ask for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from properties.azure_model import IDS, THIRD, Azure
from properties.test_peering_pair import OPERATOR, pair_of, seen
from vnetlink.domain.arm_id import PeeringId
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.ownership import Origin, Part, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import End, Lifecycle, ManagementPolicy, PeeringPair, PeeringPairSpec
from vnetlink.planning.actions import DeletePeering, Record
from vnetlink.planning.peering.guards import allow
from vnetlink.planning.plan import Plan, Truth, Verdict, Wake

OURS = PeeringId(IDS.vnet1, "one-two")
GOOD = DeletePeering(Side.VNET1, OURS, IDS.vnet2, OPERATOR)
SPEC = PeeringPairSpec(PerSide(End(IDS.vnet1), End(IDS.vnet2)))


def owner(spec: PeeringPairSpec = SPEC) -> PeeringPair:
    """An object that recorded the peering as its own."""
    pair = pair_of(spec)
    return replace(pair, record=pair.record.with_part(Slot(Side.VNET1), Part(OURS, Origin.CREATED)))


def left_of(action: DeletePeering, pair: PeeringPair) -> tuple[object, ...]:
    """What the guards leave of a plan with this action."""
    plan = Plan(Verdict(Truth.FALSE, Reason.UPDATING, ""), Wake(timedelta(0)), (action,))
    return allow(plan, pair, seen(Azure.new())).actions


def test_what_is_recorded_as_ours_may_be_deleted() -> None:
    assert left_of(GOOD, owner()) == (GOOD,)


@pytest.mark.parametrize(
    "action",
    [
        replace(GOOD, remote=THIRD),
        replace(GOOD, id=PeeringId(THIRD, "one-two")),
        replace(GOOD, id=PeeringId(IDS.vnet2, "one-two")),
        replace(GOOD, id=PeeringId(IDS.vnet1, "by-hand")),
        replace(GOOD, side=Side.VNET2),
    ],
)
def test_nothing_outside_the_pair_and_nothing_unrecorded_is_touched(action: DeletePeering) -> None:
    assert left_of(action, owner()) == ()


def test_a_forged_record_of_another_vnets_peering_opens_nothing() -> None:
    forged = PeeringId(THIRD, "one-two")
    pair = owner()
    pair = replace(pair, record=pair.record.with_part(Slot(Side.VNET1), Part(forged, Origin.CREATED)))
    assert left_of(replace(GOOD, id=forged), pair) == ()


@pytest.mark.parametrize(
    "spec",
    [
        replace(SPEC, lifecycle=Lifecycle(suspend=True)),
        replace(SPEC, lifecycle=Lifecycle(management=ManagementPolicy.OBSERVE)),
        replace(SPEC, ends=PerSide(End(IDS.vnet1, ManagementPolicy.OBSERVE), End(IDS.vnet2))),
    ],
)
def test_who_only_observes_writes_nothing(spec: PeeringPairSpec) -> None:
    assert left_of(GOOD, owner(spec)) == ()


def test_nothing_is_written_to_a_vnet_that_was_not_read() -> None:
    plan = Plan(Verdict(Truth.FALSE, Reason.UPDATING, ""), Wake(timedelta(0)), (GOOD,))
    dark = replace(
        seen(Azure.new()), vnets=seen(Azure.new()).vnets.put(Side.VNET1, Unreadable(Reason.THROTTLED, "", True))
    )
    assert allow(plan, owner(), dark).actions == ()
    assert allow(plan, owner(), None).actions == ()


def test_an_action_that_the_same_plan_records_first_is_allowed() -> None:
    stranger = pair_of(SPEC)
    plan = Plan(Verdict(Truth.FALSE, Reason.UPDATING, ""), Wake(timedelta(0)), (Record(owner().record), GOOD))
    assert allow(plan, stranger, seen(Azure.new())).actions == plan.actions
