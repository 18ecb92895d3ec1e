"""What an object of a file is taken to own: by its tags, else because it joins the two VNets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from link_worlds import OPERATOR, link_of, peered, world_of
from properties.azure_model import IDS
from vnetlink.cli import presumed
from vnetlink.domain.arm_id import PrivateDnsZoneId, ZoneLinkId
from vnetlink.domain.observed import ObservedZoneLink, Provisioning
from vnetlink.domain.outcome import Present
from vnetlink.domain.ownership import Origin, Role
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import End
from vnetlink.domain.vnet_link import VnetCreation, WantedZone
from vnetlink.planning.actions import DeletePart, PutZoneLink
from vnetlink.planning.link.plan_link import plan_link
from vnetlink.planning.link.world import LinkWorld, SeenZone
from vpn_worlds import standing_run, with_gateway

OURS = "there/VNetLink/team/app-to-data"
ZONE = PrivateDnsZoneId(IDS.vnet1.subscription, "rg", "corp.example")
CREATION = VnetCreation("westeurope", ("10.1.0.0/16",))


def tagged(*values: str) -> LinkWorld:
    """Both VNets, and the owner tag of each."""
    vnets = peered().vnets
    sides = zip(vnets, values, strict=True)
    return world_of(
        vnets=PerSide(*(Present(replace(vnet, tags=(("vnetlink-owner", value),))) for vnet, value in sides))
    )


@pytest.mark.parametrize(
    ("tags", "namespaced", "taken", "namespace"),
    [
        ((OURS, "there/VNetLink/team/another"), True, [Side.VNET1], "team"),
        ((OURS, OURS), True, list(Side), "team"),
        (("there/VNetLink/elsewhere/app-to-data", OURS), True, [Side.VNET2], "team"),
        (("there/VNetLink/elsewhere/app-to-data", ""), False, [Side.VNET1], "elsewhere"),
        ((OURS, "a-second-installation/VNetLink/team/app-to-data"), True, [Side.VNET1], "team"),
        (("there/PeeringPair/team/app-to-data", "VNetLink/team/app-to-data"), False, [], "team"),
    ],
)
def test_a_vnet_is_taken_by_a_tag_of_this_kind_namespace_and_name_and_of_one_installation(
    tags: tuple[str, str], namespaced: bool, taken: list[Side], namespace: str
) -> None:
    ends = PerSide(End(IDS.vnet1, creation=CREATION), End(IDS.vnet2, creation=CREATION))

    found = presumed.link(link_of(ends), tagged(*tags), namespaced)

    assert [slot.side for slot in found.record.parts] == taken
    assert {part.origin for part in found.record.parts.values()} <= {Origin.CREATED}
    assert found.meta.key.namespace == namespace


def test_a_vnet_that_the_link_cannot_make_is_not_taken() -> None:
    assert not presumed.link(link_of(), tagged(OURS, OURS), namespaced=True).record.parts


def test_tagged_zone_links_are_changed_and_removed_as_asked_and_others_are_left_alone() -> None:
    wanted = WantedZone(ZONE, (Side.VNET1,), registration_enabled=True)
    links = tuple(
        ObservedZoneLink(ZoneLinkId(ZONE, side.value), IDS[side], False, Provisioning.SUCCEEDED, tags)
        for side in Side
        for tags in [(("vnetlink-owner", OURS),)]
    )
    plain = link_of(zones=(wanted,))

    def owed(zones: tuple[ObservedZoneLink, ...]) -> list[type]:
        world = world_of(zones=(SeenZone(ZONE, Present(zones), OPERATOR),))
        taken = presumed.link(plain, world, namespaced=True)
        actions = plan_link(taken, world).actions
        return [type(one) for one in actions if isinstance(one, PutZoneLink | DeletePart)]

    assert owed(links) == [DeletePart]
    assert owed(links[:1]) == [PutZoneLink]
    assert owed(tuple(replace(one, tags=()) for one in links)) == []


def test_connections_are_taken_as_they_stand_and_a_gateway_only_by_its_tag() -> None:
    run = standing_run()
    pair, world = replace(run.pair, record=replace(run.pair.record, parts={})), run.world()
    roles = {(slot.side, slot.role) for slot in presumed.vpn_pair(pair, world, namespaced=True).record.parts}
    assert roles >= {(side, role) for side in Side for role in (Role.LINK, Role.GATEWAY)}

    world = with_gateway(world, tags=())
    roles = {(slot.side, slot.role) for slot in presumed.vpn_pair(pair, world, namespaced=True).record.parts}
    assert (Side.VNET1, Role.GATEWAY) not in roles
    assert (Side.VNET1, Role.LINK) in roles
