"""What a deleted VNetLink takes with it, and what it leaves: whatever stays in Azure is told, each part once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from link_worlds import OPERATOR, OWNER, ZONE, link_of, pair_that_says, peered, world_of
from properties.azure_model import IDS, Azure
from vnetlink.domain.arm_id import ZoneLinkId
from vnetlink.domain.kinds import PEERING_PAIRS
from vnetlink.domain.observed import ObservedSubnet, ObservedVnet, ObservedZoneLink, Provisioning
from vnetlink.domain.outcome import Present, Refused, Unreadable
from vnetlink.domain.ownership import Origin, Part, Role, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import DeletionPolicy, Lifecycle, VNetLink
from vnetlink.planning import brake
from vnetlink.planning.actions import DeleteChild, DeletePart, Record, ReleaseFinalizer
from vnetlink.planning.link import events
from vnetlink.planning.link.deletion import plan_deletion
from vnetlink.planning.link.guards import allow
from vnetlink.planning.link.world import LinkWorld, SeenZone

VNET, LINKED = Slot(Side.VNET1, Role.VNET), Slot(Side.VNET1, Role.DNS_LINK, ZONE.key)
ZONE_LINK = ZoneLinkId(ZONE, "one")
ALONE = replace(Azure.new().vnets.vnet1, tags=tuple(OWNER.items()))
PEERED = Azure.new().third(Side.VNET1, "10.3.0.0/16").vnets.vnet1.peerings
NETWORK_CARD = f"{IDS.vnet1.group!s}/providers/Microsoft.Network/networkInterfaces/card/ipConfigurations/one"


def deleted(**spec: Any) -> VNetLink:
    """A link that made VNet 1 and its DNS zone link, and is being deleted."""
    link = link_of(meta={"deleting": True}, **spec)
    record = link.record.with_part(LINKED, Part(ZONE_LINK, Origin.CREATED))
    return replace(link, record=record.with_part(VNET, Part(IDS.vnet1, Origin.CREATED)))


def there(vnet: ObservedVnet = ALONE, tags: dict[str, str] | None = None, **changes: Any) -> LinkWorld:
    """VNet 1 and its zone link with these tags; None: the zone link is gone."""
    ours = ObservedZoneLink(ZONE_LINK, IDS.vnet1, False, Provisioning.SUCCEEDED, tuple((tags or {}).items()))
    zone = SeenZone(ZONE, Present(() if tags is None else (ours,)), OPERATOR)
    world = world_of(Azure.new(), zones=(zone,), **changes)
    return replace(world, vnets=world.vnets.put(Side.VNET1, Present(vnet)))


def let_go(link: VNetLink, world: LinkWorld) -> tuple[VNetLink, list[str]]:
    """The link without what its next step lets go of, and what is told of that."""
    plan = plan_deletion(link, world)
    assert allow(plan, link, world) == plan, "the guards have nothing to object"
    (step,) = plan.actions
    assert isinstance(step, Record)
    told = list(events.after_record(link, step.record))
    assert {event.reason for event in told} == {"LeftInAzure"}
    return replace(link, record=step.record), [event.note for event in told]


def in_use(**subnet: Any) -> ObservedVnet:
    return replace(ALONE, subnets=(ObservedSubnet("front", ("10.1.1.0/24",), **subnet),))


@pytest.mark.parametrize(
    "world",
    [
        there(replace(ALONE, peerings=PEERED)),
        there(in_use(used_by=(NETWORK_CARD,))),
        there(replace(ALONE, tags=())),
        there(refusals={VNET: Refused(Reason.GATEWAY_IN_USE, "InUseSubnetCannotBeDeleted", "It is in use.")}),
    ],
    ids=["peered to a third VNet", "with a network card", "marked as somebody else's", "in use, as Azure says"],
)
def test_a_vnet_that_is_not_empty_or_not_ours_any_more_stays_and_is_told_with_the_command(world: LinkWorld) -> None:
    link, (note,) = let_go(deleted(), world)
    assert note.startswith(
        f"Left VNet {IDS.vnet1} in Azure: others use it, or made or marked it as theirs. To remove it"
    )
    assert note.endswith(f"az network vnet delete --ids {IDS.vnet1}")
    assert plan_deletion(link, world).actions == (ReleaseFinalizer(),)
    assert list(events.after_release(link)) == [], "it is told once"


def test_an_empty_one_goes_with_its_empty_subnets_and_nothing_is_told_to_stay() -> None:
    (step,) = plan_deletion(deleted(), there(in_use())).actions
    assert isinstance(step, DeletePart)
    assert step.id == IDS.vnet1
    assert list(events.after_release(deleted())) == []


def test_whether_a_vnet_is_empty_is_not_judged_while_an_operation_runs_on_it() -> None:
    plan = plan_deletion(deleted(), there(replace(ALONE, peerings=PEERED, settling=True)))
    assert (plan.actions, plan.waiting) == ((), True)


def test_a_zone_link_made_again_by_hand_stays_and_is_told_and_the_vnet_still_goes() -> None:
    world = there(tags={})
    link, (note,) = let_go(deleted(), world)
    assert note.startswith(f"Left DNS zone link {ZONE_LINK} in Azure: ")
    (step,) = plan_deletion(link, world).actions
    assert isinstance(step, DeletePart)
    assert step.id == IDS.vnet1


def test_under_orphan_everything_is_told_and_nothing_is_let_go_of_before() -> None:
    link = deleted(lifecycle=Lifecycle(deletion=DeletionPolicy.ORPHAN))
    world = there(replace(ALONE, peerings=PEERED), tags=OWNER)
    assert plan_deletion(link, world).actions == (ReleaseFinalizer(),)
    assert [event.note.split(" To remove")[0] for event in events.after_release(link)] == [
        f"Left DNS zone link {ZONE_LINK} in Azure.",
        f"Left VNet {IDS.vnet1} in Azure.",
    ]


@pytest.mark.parametrize("transient", [True, False])
def test_a_pair_that_cannot_be_read_is_not_taken_for_gone(transient: bool) -> None:
    unread = Unreadable(Reason.AUTHORIZATION_FAILED, "peeringpairs is forbidden", transient=transient)
    world = there(tags=OWNER)
    plan = plan_deletion(deleted(), replace(world, children={**world.children, PEERING_PAIRS: unread}))
    assert plan.actions == ()
    assert "peeringpairs is forbidden" in plan.verdict.message


def test_many_links_that_leave_azure_as_it_is_are_no_mass_deletion() -> None:
    standing = world_of(peered(), pair_that_says())
    assert brake.takes(deleted(), plan_deletion(deleted(), standing))
    orphaned = deleted(lifecycle=Lifecycle(deletion=DeletionPolicy.ORPHAN))
    going = plan_deletion(orphaned, standing)
    assert going.actions
    assert not brake.takes(orphaned, going)


def test_a_pair_that_goes_with_its_link_is_no_switch_of_the_method() -> None:
    (action,) = plan_deletion(deleted(), world_of(peered(), pair_that_says())).actions
    assert isinstance(action, DeleteChild)
    assert list(events.after_child(deleted(), action)) == []
    (told,) = events.after_child(link_of(), action)
    assert told.reason == "MethodSwitched"
