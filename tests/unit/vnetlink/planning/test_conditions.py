"""The fold into status: Ready first, steady times, nothing lost in an outage, nothing beyond the schema's bounds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from properties.azure_model import Azure
from properties.test_peering_pair import META, Run, pair_of, seen
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import End, PeeringPairSpec
from vnetlink.planning.conditions import status
from vnetlink.planning.peering.pair import plan_pair
from vnetlink.planning.peering.seen_status import shown
from vnetlink.planning.peering.world import PairWorld
from vnetlink.planning.plan import Finding, Plan, PlannedAction, Truth, Verdict, Wake

MORNING, NOON = datetime(2026, 1, 1, 6, tzinfo=UTC), datetime(2026, 1, 1, 12, tzinfo=UTC)
SPEC = PeeringPairSpec(PerSide(End(Azure.new().vnets.vnet1.id), End(Azure.new().vnets.vnet2.id)))


def connected() -> Run:
    """A pair at rest."""
    run = Run(Azure.new(), pair_of(SPEC))
    run.rest()
    return run


def told(run: Run, previous: dict[str, Any], now: datetime, world: PairWorld | None = None) -> dict[str, Any] | None:
    """The status of the next turn."""
    world = world or seen(run.azure)
    return status(run.pair, plan_pair(run.pair, world), shown(run.pair, world), previous, now)


def unread(run: Run, reason: Reason, unread_for: timedelta) -> PairWorld:
    """A turn that reaches nobody."""
    nobody = Unreadable(reason, "no answer", transient=True)
    return replace(seen(run.azure), vnets=PerSide(nobody, nobody), unread_for=unread_for)


def test_equal_states_give_equal_status_whenever_they_are_told() -> None:
    run = connected()
    first = told(run, {}, MORNING)
    assert first is not None
    assert told(run, first, NOON) == first


def test_a_time_stamp_moves_only_with_its_own_condition() -> None:
    run = connected()
    first = told(run, {}, MORNING)
    run.azure = run.azure.delete(Side.VNET2)
    second = told(run, first or {}, NOON)
    assert second is not None
    times = {row["type"]: (row["status"], row["lastTransitionTime"]) for row in second["conditions"]}
    assert times["Ready"] == ("False", "2026-01-01T12:00:00Z")
    assert list(times) == ["Ready", "Reconciling", "Connected"]


@pytest.mark.parametrize("reason", [Reason.AZURE_UNREACHABLE, Reason.THROTTLED])
def test_an_outage_leaves_status_alone_for_three_intervals(reason: Reason) -> None:
    run = connected()
    known = told(run, {}, MORNING)
    assert told(run, known or {}, NOON, unread(run, reason, SPEC.lifecycle.interval * 2.9)) is None


def test_after_three_intervals_ready_is_unknown_and_what_was_seen_last_stays() -> None:
    run = connected()
    known = told(run, {}, MORNING) or {}
    dark = told(run, known, NOON, unread(run, Reason.AZURE_UNREACHABLE, SPEC.lifecycle.interval * 3.1)) or {}
    ready = dark["conditions"][0]
    assert (ready["type"], ready["status"], ready["reason"]) == ("Ready", "Unknown", "AzureUnreachable")
    assert dark["vnet1ToVnet2"] == known["vnet1ToVnet2"]
    assert told(run, dark, NOON, unread(run, Reason.AZURE_UNREACHABLE, SPEC.lifecycle.interval * 9)) == dark


def test_an_object_that_was_never_reached_says_so_at_once() -> None:
    run = connected()
    first = told(run, {"observedGeneration": -1}, MORNING, unread(run, Reason.AZURE_UNREACHABLE, timedelta(0))) or {}
    assert [row["type"] for row in first["conditions"]] == ["Ready", "Reconciling", "Connected"]
    assert first["observedGeneration"] == META.generation


def test_an_edit_during_an_outage_is_not_claimed_to_be_observed() -> None:
    run = connected()
    known = told(run, {}, MORNING) or {}
    run.pair = replace(run.pair, meta=replace(run.pair.meta, generation=2))
    dark = told(run, known, NOON, unread(run, Reason.AZURE_UNREACHABLE, timedelta(days=1))) or {}
    assert dark["observedGeneration"] == 1


def test_status_never_grows_beyond_the_bounds_of_the_schema() -> None:
    run = connected()
    long = Finding(Reason.AZURE_ERROR, "m" * 9999, "id", "r" * 9999)
    plan = Plan(
        Verdict(Truth.FALSE, Reason.AZURE_ERROR, "m" * 9999, stalled=True),
        Wake(timedelta(0)),
        findings=(long,) * 99,
        planned=(PlannedAction("CreatePeering", "id", "d" * 9999),) * 99,
    )
    run.pair = replace(run.pair, meta=replace(run.pair.meta, reconcile_requested_at="x" * 9999))
    made = status(run.pair, plan, shown(run.pair, seen(run.azure)), {}, MORNING) or {}
    assert (len(made["findings"]), len(made["plannedActions"]), len(made["lastHandledReconcileAt"])) == (16, 32, 1024)
    assert max(len(text) for row in made["findings"] for text in row.values()) == 4096
    assert max(len(row["message"]) for row in made["conditions"]) == 4096


def test_resources_tell_what_a_delete_would_remove() -> None:
    by_hand = Azure.new().put(Side.VNET1, "by-hand", PeeringOptions())[0]
    run = Run(by_hand, pair_of(SPEC))
    run.rest()
    resources = (told(run, {}, MORNING) or {})["resources"]
    assert [(r["role"], r["origin"], r["onDelete"]) for r in resources] == [
        ("VirtualNetwork", "Selected", "Keep"),
        ("Peering", "Adopted", "Keep"),
        ("VirtualNetwork", "Selected", "Keep"),
        ("Peering", "Created", "Delete"),
    ]
