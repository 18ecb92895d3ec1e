"""ARM ids are parsed strictly and compared as ARM compares them."""

from __future__ import annotations

import pytest

from vnetlink.domain.arm_id import InvalidId, PeeringId, VnetId, valid_child_name

GUID = "0a1b2c3d-0000-0000-0000-00000000000f"
GOOD = f"/subscriptions/{GUID}/resourceGroups/My-Group_(1)/providers/Microsoft.Network/virtualNetworks/Hub.1"


def test_a_vnet_id_keeps_its_casing_and_is_emitted_canonically() -> None:
    assert str(VnetId.parse(GOOD.replace("resourceGroups", "RESOURCEGROUPS"))) == GOOD


def test_ids_that_differ_in_casing_are_equal_and_hash_alike() -> None:
    assert VnetId.parse(GOOD) == VnetId.parse(GOOD.upper())
    assert len({VnetId.parse(GOOD), VnetId.parse(GOOD.lower())}) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD + "/",
        GOOD + "\n",
        GOOD + "?x=1",
        GOOD + "#x",
        GOOD + "/subnets/a",
        GOOD.replace("/Hub.1", "/../x"),
        GOOD.replace("Hub", "%2f"),
        GOOD.replace("/providers", "//providers"),
        GOOD.replace("virtualNetworks", "publicIPAddresses"),
        GOOD.replace("My-Group", "My\u212aGroup"),
        GOOD.replace("Network/", "Networ\u212a/"),
        GOOD.replace("subscriptions", "\u017fubscriptions"),
        GOOD.replace(GUID, GUID[:-1]),
        GOOD.replace("Hub.1", "h"),
        GOOD.replace("Hub.1", "h" * 65),
        GOOD.replace("Hub.1", "hub."),
        GOOD + "x" * 10_000,
    ],
)
def test_anything_but_a_vnet_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidId):
        VnetId.parse(text)


def test_a_peering_id_knows_its_vnet_and_its_name() -> None:
    peering = PeeringId.parse(f"{GOOD}/virtualNetworkPeerings/hub-spoke")
    assert (peering.vnet, peering.name) == (VnetId.parse(GOOD), "hub-spoke")
    assert peering == PeeringId(VnetId.parse(GOOD.lower()), "HUB-SPOKE")


@pytest.mark.parametrize("name", ["", "-a", "a-", "a/b", "a b", "a" * 81, "a?b", "\u212a"])
def test_names_that_arm_refuses_for_a_peering_are_refused(name: str) -> None:
    assert not valid_child_name(name)
    with pytest.raises(InvalidId):
        PeeringId.parse(f"{GOOD}/virtualNetworkPeerings/{name}")
