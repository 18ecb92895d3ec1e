"""ARM's JSON of resource groups and zone links, read tolerantly and written back without loss."""

from typing import Any

import pytest

from vnetlink.azure import other_codecs
from vnetlink.azure.shapes import Unintelligible
from vnetlink.domain.arm_id import PrivateDnsZoneId, ResourceGroupId, VnetId, ZoneLinkId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedZoneLink, Provisioning
from vnetlink.domain.ownership import Slot
from vnetlink.domain.sides import Side
from vnetlink.planning.actions import PutResourceGroup, PutZoneLink

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
WHO, SLOT = Identity("operator", "t"), Slot(Side.VNET1)
GROUP = ResourceGroupId(SUBSCRIPTION, "net")
VNET = VnetId(SUBSCRIPTION, "net", "hub")
ZONE = PrivateDnsZoneId(SUBSCRIPTION, "dns", "corp.example")
LINK = ZoneLinkId(ZONE, "hub")
TAGS = (("a", "1"), ("b", "2"))


def shown_link(name: str = "hub", **changes: Any) -> dict[str, Any]:
    properties = {
        "provisioningState": "Succeeded",
        "registrationEnabled": True,
        "virtualNetwork": {"id": str(VNET).upper()},
        "virtualNetworkLinkState": "Completed",
    } | changes
    id = f"{ZONE}/virtualNetworkLinks/{name}"
    return {"id": id, "name": name, "etag": '"5"', "tags": dict(TAGS), "properties": properties}


def put(*, registers: bool, creates: bool = True) -> PutZoneLink:
    return PutZoneLink(SLOT, LINK, VNET, registers, (("ours", "1"),), WHO, creates=creates)


@pytest.mark.parametrize("document", [{}, {"id": f"{GROUP}2"}, {"id": str(VNET)}, {"value": []}], ids=str)
def test_an_answer_about_something_else_says_nothing_about_a_group(document: dict[str, Any]) -> None:
    with pytest.raises(Unintelligible):
        other_codecs.resource_group(document, GROUP)


def test_a_group_in_any_casing_is_there() -> None:
    assert other_codecs.resource_group({"id": str(GROUP).upper()}, GROUP)


def test_links_are_read_with_the_vnet_they_lead_to() -> None:
    assert other_codecs.zone_links({"value": [shown_link()]}, ZONE) == (
        ObservedZoneLink(LINK, VNET, True, Provisioning.SUCCEEDED, TAGS),
    )


def test_a_link_that_is_on_its_way_is_busy() -> None:
    for state in ("Creating", "Updating", "Deleting", "NeverHeardOf"):
        (link,) = other_codecs.zone_links({"value": [shown_link(provisioningState=state)]}, ZONE)
        assert link.busy


@pytest.mark.parametrize("leads", [None, {}, {"id": 7}, {"id": "/somewhere"}], ids=str)
def test_a_link_to_what_is_no_vnet_leads_nowhere(leads: object) -> None:
    (link,) = other_codecs.zone_links({"value": [shown_link(virtualNetwork=leads)]}, ZONE)
    assert link.vnet is None


def test_a_link_whose_name_cannot_be_ours_or_that_is_another_zones_is_left_out() -> None:
    stranger = {**shown_link(), "id": f"{ZONE}x/virtualNetworkLinks/hub"}
    assert other_codecs.zone_links({"value": [shown_link("no way!"), stranger]}, ZONE) == ()


@pytest.mark.parametrize("document", [{}, {"value": None}, {"value": {}}, {"value": [shown_link(), 7]}], ids=str)
def test_a_list_that_does_not_tell_all_links_is_no_proof_that_ours_is_gone(document: dict[str, Any]) -> None:
    with pytest.raises(Unintelligible):
        other_codecs.zone_links(document, ZONE)


def test_a_link_is_found_on_the_list_in_any_casing() -> None:
    listed = {"value": [shown_link("other"), {**shown_link(), "id": str(LINK).upper()}]}
    assert other_codecs.shown_link(listed, LINK)["etag"] == '"5"'
    assert other_codecs.shown_link({"value": [shown_link("other")]}, LINK) == {}


def test_a_new_group_is_asked_for_with_location_and_tags() -> None:
    action = PutResourceGroup(SLOT, GROUP, "westeurope", TAGS, WHO)
    assert other_codecs.resource_group_body(action) == {"location": "westeurope", "tags": dict(TAGS)}


def test_a_new_link_is_global_and_names_its_vnet() -> None:
    assert other_codecs.zone_link_body(put(registers=False)) == {
        "location": "global",
        "tags": {"ours": "1"},
        "properties": {"virtualNetwork": {"id": str(VNET)}, "registrationEnabled": False},
    }


def test_a_changed_link_keeps_the_tags_that_it_has() -> None:
    body = other_codecs.registration_body(put(registers=False, creates=False), shown_link())
    assert body["tags"] == dict(TAGS)
    assert body["properties"] == {"virtualNetwork": {"id": str(VNET)}, "registrationEnabled": False}
