"""What goes with a VNetLink, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from link_worlds import link_of, pair_that_says, peered, world_of
from properties.azure_model import IDS
from vnetlink.domain.kinds import PEERING_PAIRS
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.ownership import Origin, Part, Role, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import DeletionPolicy, VNetLink
from vnetlink.planning import brake
from vnetlink.planning.link.deletion import plan_deletion
from vnetlink.planning.link.events import after_child
from vnetlink.planning.link.world import LinkWorld


def deleted(deletion: DeletionPolicy = DeletionPolicy.DELETE_CREATED) -> VNetLink:
    """A link that made VNet 1 and is being deleted."""
    link = link_of(meta={"deleting": True})
    link = replace(link, spec=replace(link.spec, lifecycle=replace(link.spec.lifecycle, deletion=deletion)))
    return replace(link, record=link.record.with_part(Slot(Side.VNET1, Role.VNET), Part(IDS.vnet1, Origin.CREATED)))


def blind(transient: bool) -> LinkWorld:
    """The API server does not say whether the pair is there."""
    unread = Unreadable(Reason.AUTHORIZATION_FAILED, "peeringpairs is forbidden", transient=transient)
    world = world_of(peered())
    return replace(world, children={**world.children, PEERING_PAIRS: unread})


@pytest.mark.parametrize("transient", [True, False])
def test_a_pair_that_cannot_be_read_is_not_taken_for_gone(transient: bool) -> None:
    plan = plan_deletion(deleted(), blind(transient))
    assert plan.actions == ()
    assert "peeringpairs is forbidden" in plan.verdict.message


def test_many_links_that_leave_azure_as_it_is_are_no_mass_deletion() -> None:
    standing = world_of(peered(), pair_that_says())
    assert brake.takes(deleted(), plan_deletion(deleted(), standing))
    orphaned = deleted(DeletionPolicy.ORPHAN)
    going = plan_deletion(orphaned, standing)
    assert going.actions
    assert not brake.takes(orphaned, going)


def test_a_pair_that_goes_with_its_link_is_no_switch_of_the_method() -> None:
    (action,) = plan_deletion(deleted(), world_of(peered(), pair_that_says())).actions
    assert list(after_child(deleted(), action)) == []  # type: ignore[arg-type]
    (told,) = after_child(link_of(), action)  # type: ignore[arg-type]
    assert told.reason == "MethodSwitched"
