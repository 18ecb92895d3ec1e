"""arm.md section 4, fact by fact and rule by rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from armsim.settings import TENANT_A, TENANT_B
from simulated_azure import GROUP, SUB_B, Azure, code, gateway, network, peering, side


@pytest.fixture
def azure() -> Azure:
    return Azure()


def states(azure: Azure, *peerings: str) -> list[tuple[str, str]]:
    found = [azure.properties(one) for one in peerings]
    return [(one["peeringState"], one["peeringSyncLevel"]) for one in found]


def grow(azure: Azure, vnet: str, *prefixes: str) -> None:
    azure.put(vnet, network(*prefixes))


# --- facts


def test_resource_guid_is_the_xor_of_both_vnets_and_equal_on_both_sides(azure: Azure) -> None:
    one, two, first, second = azure.pair()
    guids = [int(azure.properties(each)["resourceGuid"].replace("-", ""), 16) for each in (one, two, first, second)]
    assert guids[0] ^ guids[1] == guids[2] == guids[3]


def test_the_first_side_is_initiated_at_once_and_stays_so(azure: Azure) -> None:
    one, two = azure.vnet("one", "10.1.0.0/16"), azure.vnet("two", "10.2.0.0/16")
    before = azure.get(two)["etag"]
    response = azure.send("PUT", side(one, two), peering(two))
    assert response.status == 201
    shown = response.data["properties"]
    assert (shown["provisioningState"], shown["peeringState"]) == ("Updating", "Initiated")
    assert shown["peeringSyncLevel"] == "RemoteNotInSync"
    assert shown["remoteAddressSpace"] == {"addressPrefixes": ["10.2.0.0/16"]}
    azure.wait(20)
    assert states(azure, side(one, two)) == [("Initiated", "RemoteNotInSync")]
    assert azure.properties(two)["virtualNetworkPeerings"] == []
    assert azure.get(two)["etag"] != before


def test_the_second_side_answers_connected_at_once_and_the_first_follows(azure: Azure) -> None:
    one, two = azure.vnet("one", "10.1.0.0/16"), azure.vnet("two", "10.2.0.0/16")
    first = azure.peer(one, two)
    shown = azure.send("PUT", side(two, one), peering(one)).data["properties"]
    assert (shown["peeringState"], shown["peeringSyncLevel"]) == ("Connected", "FullyInSync")
    azure.wait(20)
    assert states(azure, first, side(two, one)) == [("Connected", "FullyInSync")] * 2


def test_a_put_of_an_existing_peering_keeps_its_state_and_moves_both_etags(azure: Azure) -> None:
    one, two, first, _ = azure.pair()
    before = azure.get(one)["etag"], azure.get(two)["etag"]
    response = azure.send("PUT", first, peering(two, allowForwardedTraffic=True))
    assert (response.status, response.data["properties"]["provisioningState"]) == (200, "Updating")
    assert response.data["properties"]["peeringState"] == "Connected"
    azure.wait(20)
    assert azure.get(one)["etag"] != before[0]
    assert azure.get(two)["etag"] != before[1]
    assert azure.properties(first)["allowForwardedTraffic"] is True


def test_a_new_prefix_makes_my_side_remote_and_the_other_local_not_in_sync(azure: Azure) -> None:
    one, _, first, second = azure.pair()
    response = azure.send("PUT", one, network("10.1.0.0/16", "10.99.0.0/16"))
    assert (
        response.data["properties"]["virtualNetworkPeerings"][0]["properties"]["peeringSyncLevel"] == "RemoteNotInSync"
    )
    azure.wait()
    assert states(azure, first, second) == [("Connected", "RemoteNotInSync"), ("Connected", "LocalNotInSync")]
    other = azure.properties(second)
    assert other["remoteAddressSpace"]["addressPrefixes"] == ["10.1.0.0/16"]
    assert other["remoteVirtualNetworkAddressSpace"]["addressPrefixes"] == ["10.1.0.0/16", "10.99.0.0/16"]


def test_a_new_prefix_moves_the_other_vnets_etag_and_shows_in_its_body(azure: Azure) -> None:
    one, two, _, _ = azure.pair()
    before = azure.get(two)
    grow(azure, one, "10.1.0.0/16", "10.99.0.0/16")
    after = azure.get(two)
    assert after["etag"] != before["etag"]
    levels = [
        each["properties"]["virtualNetworkPeerings"][0]["properties"]["peeringSyncLevel"] for each in (before, after)
    ]
    assert levels == ["FullyInSync", "LocalNotInSync"]


def test_a_sync_answers_in_sync_at_once_and_heals_both_sides(azure: Azure) -> None:
    one, _, first, second = azure.pair()
    grow(azure, one, "10.1.0.0/16", "10.99.0.0/16")
    response = azure.send("PUT", f"{second}?syncRemoteAddressSpace=True", peering(one))
    shown = response.data["properties"]
    assert (response.status, shown["peeringSyncLevel"]) == (200, "FullyInSync")
    assert shown["remoteAddressSpace"]["addressPrefixes"] == ["10.1.0.0/16", "10.99.0.0/16"]
    azure.wait()
    assert states(azure, first, second) == [("Connected", "FullyInSync")] * 2
    assert azure.send("GET", f"{second}?syncRemoteAddressSpace=True").status == 200


def test_both_sides_grown_is_local_and_remote_not_in_sync(azure: Azure) -> None:
    one, two, first, second = azure.pair()
    grow(azure, one, "10.1.0.0/16", "10.98.0.0/16")
    grow(azure, two, "10.2.0.0/16", "10.99.0.0/16")
    assert states(azure, first, second) == [("Connected", "LocalAndRemoteNotInSync")] * 2


def test_a_sync_of_a_peering_in_sync_changes_only_the_etag(azure: Azure) -> None:
    _, two, first, _ = azure.pair()
    before = azure.get(first)
    azure.put(f"{first}?syncRemoteAddressSpace=true", peering(two))
    after = azure.get(first)
    assert after.pop("etag") != before.pop("etag")
    assert after == before


def test_without_the_flag_an_update_keeps_its_copy_of_the_remote_space(azure: Azure) -> None:
    one, _, _, second = azure.pair()
    grow(azure, one, "10.1.0.0/16", "10.99.0.0/16")
    azure.put(second, peering(one))
    assert azure.properties(second)["remoteAddressSpace"]["addressPrefixes"] == ["10.1.0.0/16"]


def test_deleting_one_side_leaves_the_other_disconnected_with_space_and_flags(azure: Azure) -> None:
    _, _, first, second = azure.pair(allowForwardedTraffic=True)
    response = azure.delete(second)
    assert response.status == 202
    left = azure.properties(first)
    assert (left["peeringState"], left["provisioningState"]) == ("Disconnected", "Succeeded")
    assert left["remoteAddressSpace"]["addressPrefixes"] == ["10.2.0.0/16"]
    assert left["allowForwardedTraffic"] is True
    assert code(azure.send("GET", second)) == "NotFound"


def test_a_side_cannot_be_made_again_against_a_disconnected_one(azure: Azure) -> None:
    one, two, first, second = azure.pair()
    azure.delete(second)
    refused = azure.send("PUT", second, peering(one))
    assert (refused.status, code(refused)) == (400, "RemotePeeringIsDisconnected")
    message = refused.data["error"]["message"]
    assert f"peering {second} because remote peering {first}" in message
    assert f"parent virtual network {two} is" in message


def test_deleting_the_disconnected_side_is_a_way_out(azure: Azure) -> None:
    one, two, first, second = azure.pair()
    azure.delete(second)
    azure.delete(first)
    azure.peer(one, two)
    azure.peer(two, one)
    assert states(azure, first, second) == [("Connected", "FullyInSync")] * 2


def test_putting_the_disconnected_side_makes_it_initiated_again(azure: Azure) -> None:
    one, two, first, second = azure.pair()
    azure.delete(second)
    azure.put(first, peering(two))
    assert states(azure, first) == [("Initiated", "RemoteNotInSync")]
    azure.put(second, peering(one))
    assert states(azure, first, second) == [("Connected", "FullyInSync")] * 2


def test_a_deleted_vnet_leaves_its_peers_disconnected(azure: Azure) -> None:
    _, two, first, _ = azure.pair()
    azure.delete(two)
    assert azure.properties(first)["peeringState"] == "Disconnected"
    assert azure.properties(first)["remoteAddressSpace"]["addressPrefixes"] == ["10.2.0.0/16"]


def test_a_vnet_made_again_is_another_one_to_its_peers(azure: Azure) -> None:
    one, two, first, second = azure.pair()
    old = azure.properties(first)["resourceGuid"]
    azure.delete(two)
    azure.vnet("two", "10.2.0.0/16")
    assert azure.properties(first)["peeringState"] == "Disconnected"
    assert code(azure.send("PUT", second, peering(one))) == "RemotePeeringIsDisconnected"
    azure.put(first, peering(two))
    azure.put(second, peering(one))
    assert states(azure, first, second) == [("Connected", "FullyInSync")] * 2
    assert azure.properties(first)["resourceGuid"] != old


def test_a_deleted_group_leaves_peers_in_other_groups_disconnected(azure: Azure) -> None:
    one, two = azure.vnet("one", "10.1.0.0/16"), azure.vnet("two", "10.2.0.0/16", group="other")
    first = azure.peer(one, two)
    azure.peer(two, one)
    azure.delete(two.partition("/providers/")[0])
    assert azure.properties(first)["peeringState"] == "Disconnected"


def test_gateway_transit_lists_the_remote_gateway_and_forgets_it(azure: Azure) -> None:
    hub = azure.vnet("hub", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.0.0/27"})
    spoke = azure.vnet("spoke", "10.2.0.0/16")
    gateway_id = azure.gateway(hub)
    azure.peer(hub, spoke, allowGatewayTransit=True)
    first = azure.peer(spoke, hub, useRemoteGateways=True)
    assert azure.properties(first)["remoteGateways"] == [{"id": gateway_id}]
    azure.put(first, peering(hub))
    assert "remoteGateways" not in azure.properties(first)


def test_the_remote_vnet_of_a_peering_cannot_be_changed(azure: Azure) -> None:
    _, _, first, _ = azure.pair()
    three = azure.vnet("three", "10.3.0.0/16")
    assert azure.send("PUT", first, peering(three)).status == 400


def test_the_body_has_the_fields_of_its_api_version(azure: Azure) -> None:
    _, _, first, _ = azure.pair()
    old = azure.properties(first, version="2019-11-01")
    assert {"peeringSyncLevel", "remoteVirtualNetworkAddressSpace", "peerCompleteVnets"}.isdisjoint(old)
    middle = azure.properties(first, version="2021-02-01")
    assert "peeringSyncLevel" in middle
    assert "peerCompleteVnets" not in middle
    assert azure.properties(first, version="2022-01-01")["peerCompleteVnets"] is True
    new = azure.properties(first)
    assert new["localAddressSpace"] == new["localVirtualNetworkAddressSpace"] == {"addressPrefixes": ["10.1.0.0/16"]}


def test_a_peering_shows_the_etag_of_its_vnet(azure: Azure) -> None:
    one, _, first, _ = azure.pair()
    response = azure.send("GET", first)
    assert response.headers["ETag"] == response.data["etag"] == azure.get(one)["etag"]
    assert response.data["type"] == "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
    assert list(response.data) == ["name", "id", "etag", "properties", "type"]


def test_the_list_of_peerings_is_the_one_in_the_vnet(azure: Azure) -> None:
    one, _, first, _ = azure.pair()
    listed = azure.get(f"{one}/virtualNetworkPeerings")["value"]
    assert listed == azure.properties(one)["virtualNetworkPeerings"]
    assert [each["id"] for each in listed] == [first]


# --- validation


def refusal(azure: Azure, vnet: str, remote: str, name: str = "", **flags: Any) -> tuple[str, str]:
    before = azure.core.world.snapshot()
    response = azure.send("PUT", side(vnet, remote, name), peering(remote, **flags))
    assert response.status == 400
    assert response.data["error"]["details"] == []
    assert "x-ms-failure-cause" not in response.headers
    assert azure.core.world.vnets == before.vnets
    return code(response), response.data["error"]["message"]


def test_overlapping_spaces_are_refused_with_both_prefixes(azure: Azure) -> None:
    one, two = azure.vnet("one", "10.1.0.0/16", "10.5.0.0/16"), azure.vnet("two", "10.2.0.0/16", "10.5.1.0/24")
    found, message = refusal(azure, one, two)
    assert found == "VnetAddressSpacesOverlap"
    assert f"Virtual networks {one} and {two} cannot" in message
    assert message.endswith("Overlapping address prefixes: 10.5.0.0/16, 10.5.1.0/24")


def test_a_space_that_overlaps_with_another_peer_of_the_remote_is_refused(azure: Azure) -> None:
    hub = azure.vnet("hub", "10.1.0.0/16")
    old, new = azure.vnet("old", "10.2.0.0/16"), azure.vnet("new", "10.2.4.0/24")
    azure.peer(hub, old)
    found, message = refusal(azure, new, hub)
    assert found == "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet"
    assert f"{new} and {hub} cannot be peered" in message
    assert f"virtual network {old} already peered" in message
    assert "Overlapping address prefixes: 10.2.4.0/24, 10.2.0.0/16." in message
    assert refusal(azure, hub, new)[0] == "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet"


def test_a_second_peering_to_the_same_remote_is_refused(azure: Azure) -> None:
    one, two, first, _ = azure.pair()
    found, message = refusal(azure, one, two, "another")
    assert found == "AnotherPeeringAlreadyReferencesRemoteVnet"
    assert message.startswith(f"Peering {first} already references remote virtual network {two}.")


def test_use_remote_gateways_needs_a_remote_gateway_even_unverified(azure: Azure) -> None:
    one, two = azure.vnet("one", "10.1.0.0/16"), azure.vnet("two", "10.2.0.0/16")
    found, message = refusal(azure, one, two, useRemoteGateways=True, doNotVerifyRemoteGateways=True)
    assert found == "RemoteVnetHasNoGateways"
    assert "cannot have UseRemoteGateway flag" in message


def test_a_gateway_that_is_still_being_made_is_none(azure: Azure) -> None:
    hub = azure.vnet("hub", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.0.0/27"})
    spoke = azure.vnet("spoke", "10.2.0.0/16")
    azure.gateway(hub)
    standing = next(iter(azure.core.world.gateways.values()))
    azure.core.world.put(replace(standing, born=False))
    assert refusal(azure, spoke, hub, useRemoteGateways=True)[0] == "RemoteVnetHasNoGateways"


def hub_and_spoke(azure: Azure) -> tuple[str, str]:
    hub = azure.vnet("hub", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.0.0/27"})
    spoke = azure.vnet("spoke", "10.2.0.0/16", subnets={"GatewaySubnet": "10.2.0.0/27"})
    azure.gateway(hub)
    return hub, spoke


def test_use_remote_gateways_needs_transit_on_the_other_side(azure: Azure) -> None:
    hub, spoke = hub_and_spoke(azure)
    reverse = azure.peer(hub, spoke)
    _, message = refusal(azure, spoke, hub, useRemoteGateways=True)
    assert f"because corresponding remote peering {reverse} has AllowGatewayTransit flag set to false." in message


def test_only_one_peering_may_use_remote_gateways(azure: Azure) -> None:
    hub, spoke = hub_and_spoke(azure)
    second = azure.vnet("second", "10.3.0.0/16", subnets={"GatewaySubnet": "10.3.0.0/27"})
    azure.gateway(second, "gw2")
    first = azure.peer(spoke, hub, useRemoteGateways=True)
    _, message = refusal(azure, spoke, second, useRemoteGateways=True)
    assert f"because another peering {first} already has UseRemoteGateways" in message


def test_a_vnet_with_a_gateway_cannot_use_a_remote_one(azure: Azure) -> None:
    hub, spoke = hub_and_spoke(azure)
    azure.gateway(spoke, "own")
    assert refusal(azure, spoke, hub, useRemoteGateways=True)[0] == "VnetHasGatewayCannotUseRemoteGateways"


def test_a_vnet_that_uses_a_remote_gateway_gets_none_of_its_own(azure: Azure) -> None:
    hub, spoke = hub_and_spoke(azure)
    azure.peer(hub, spoke, allowGatewayTransit=True)
    azure.peer(spoke, hub, useRemoteGateways=True)
    made = f"{GROUP}/providers/Microsoft.Network/virtualNetworkGateways/own"
    refused = azure.send("PUT", made, gateway(spoke, azure.address(spoke)))
    assert code(refused) == "VnetUsesRemoteGatewaysCannotHaveGateway"
    azure.peer(spoke, hub)
    assert azure.send("PUT", made, gateway(spoke)).status == 201


def test_transit_cannot_be_taken_away_while_it_is_used(azure: Azure) -> None:
    hub, spoke = hub_and_spoke(azure)
    azure.peer(hub, spoke, allowGatewayTransit=True)
    azure.peer(spoke, hub, useRemoteGateways=True)
    assert refusal(azure, hub, spoke)[0] == "RemotePeeringUsesGatewayTransit"


def test_a_peering_with_itself_is_refused(azure: Azure) -> None:
    one = azure.vnet("one", "10.1.0.0/16")
    assert refusal(azure, one, one)[0] == "CannotPeerVnetWithItself"


def test_a_missing_remote_vnet_is_an_invalid_reference(azure: Azure) -> None:
    one = azure.vnet("one", "10.1.0.0/16")
    assert refusal(azure, one, one.replace("one", "none"))[0] == "InvalidResourceReference"


@pytest.mark.parametrize("name", ["-a", "a-", "a b", "a" * 81, "é", "a@b"])
def test_a_name_outside_the_rules_is_refused(azure: Azure, name: str) -> None:
    one, two = azure.vnet("one", "10.1.0.0/16"), azure.vnet("two", "10.2.0.0/16")
    assert refusal(azure, one, two, name)[0] == "InvalidResourceName"


@pytest.mark.parametrize("name", ["a", "a_", "_a", "0.9-a", "a" * 80])
def test_a_name_within_the_rules_is_taken(azure: Azure, name: str) -> None:
    one, two = azure.vnet("one", "10.1.0.0/16"), azure.vnet("two", "10.2.0.0/16")
    assert azure.get(azure.peer(one, two, name))["name"] == name


def test_the_limit_of_peerings_holds(azure: Azure) -> None:
    small = Azure(quotas={"peerings": 1, "subnets": 3, "virtualNetworks": 9})
    one, two, three = (small.vnet(name, f"10.{n}.0.0/16") for n, name in enumerate(("one", "two", "three")))
    small.peer(one, two)
    assert refusal(small, one, three)[0] == "VirtualNetworkPeeringsCountLimitReached"


@pytest.mark.parametrize(
    "remote", ["", "/", "two", "/subscriptions/x", f"{GROUP}/providers/Microsoft.Network/virtualNetworks/a/subnets/b"]
)
def test_a_remote_id_that_is_no_vnet_is_a_linked_invalid_property(azure: Azure, remote: str) -> None:
    one = azure.vnet("one", "10.1.0.0/16")
    refused = azure.send("PUT", side(one, "x"), peering(remote))
    assert (refused.status, code(refused)) == (400, "LinkedInvalidPropertyId")


# --- subnet peering


def subnet_pair(azure: Azure) -> tuple[str, str]:
    """Spaces overlap as a whole, not in the chosen subnets."""
    one = azure.vnet("one", "10.0.0.0/8", subnets={"a": "10.1.0.0/24", "b": "10.2.0.0/24"})
    two = azure.vnet("two", "10.0.0.0/8", subnets={"a": "10.3.0.0/24", "b": "10.2.0.0/25"})
    return one, two


def chosen(local: str, remote: str) -> dict[str, Any]:
    return {"peerCompleteVnets": False, "localSubnetNames": [local], "remoteSubnetNames": [remote]}


def test_overlap_of_a_subnet_peering_is_judged_on_the_chosen_subnets(azure: Azure) -> None:
    one, two = subnet_pair(azure)
    first = azure.peer(one, two, **chosen("a", "a"))
    shown = azure.properties(first)
    assert shown["peerCompleteVnets"] is False
    assert (shown["localSubnetNames"], shown["remoteSubnetNames"]) == (["a"], ["a"])
    assert shown["remoteAddressSpace"]["addressPrefixes"] == ["10.3.0.0/24"]
    assert shown["remoteVirtualNetworkAddressSpace"]["addressPrefixes"] == ["10.0.0.0/8"]
    assert shown["enableOnlyIPv6Peering"] is False
    azure.delete(first)
    assert refusal(azure, one, two, **chosen("b", "b"))[0] == "VnetAddressSpacesOverlap"
    assert refusal(azure, one, two)[0] == "VnetAddressSpacesOverlap"


def test_both_sides_of_a_subnet_peering_connect_in_sync(azure: Azure) -> None:
    one, two = subnet_pair(azure)
    first = azure.peer(one, two, **chosen("a", "a"))
    second = azure.peer(two, one, **chosen("a", "a"))
    assert states(azure, first, second) == [("Connected", "FullyInSync")] * 2


def test_a_subnet_peering_names_subnets_that_exist(azure: Azure) -> None:
    one, two = subnet_pair(azure)
    assert refusal(azure, one, two, **chosen("none", "a"))[0] == "PeeringSubnetNotFound"


# --- across tenants and groups, see also test_access.py


def test_a_pair_across_tenants_connects_with_auxiliary_tokens(azure: Azure) -> None:
    one = azure.vnet("one", "10.1.0.0/16")
    two = azure.vnet("two", "10.2.0.0/16", subscription=SUB_B, tenant=TENANT_B)
    azure.put(side(one, two), peering(two), auxiliary=(TENANT_B,))
    azure.put(side(two, one), peering(one), tenant=TENANT_B, auxiliary=(TENANT_A,))
    assert azure.properties(side(one, two))["peeringState"] == "Connected"


def test_ids_are_compared_without_case_and_shown_canonical(azure: Azure) -> None:
    one, two = azure.vnet("One", "10.1.0.0/16"), azure.vnet("Two", "10.2.0.0/16")
    first = side(one, two, "Peer")
    azure.put(first.lower().replace("peer", "Peer"), peering(two.upper().replace("SUBSCRIPTIONS", "subscriptions")))
    shown = azure.get(first.lower())
    assert (shown["id"], shown["properties"]["remoteVirtualNetwork"]["id"]) == (side(one, two, "peer".title()), two)


def test_the_sync_level_of_a_disconnected_peering_is_remote_not_in_sync(azure: Azure) -> None:
    _, _, first, second = azure.pair()
    azure.delete(second)
    assert states(azure, first) == [("Disconnected", "RemoteNotInSync")]


def test_an_overlap_made_after_the_peering_is_refused_at_the_next_sync(azure: Azure) -> None:
    one, two, first, _ = azure.pair()
    azure.put(two, network("10.2.0.0/16", "10.1.128.0/17"))
    assert azure.properties(first)["peeringSyncLevel"] == "LocalNotInSync"
    refused = azure.send("PUT", f"{first}?syncRemoteAddressSpace=true", peering(two))
    assert code(refused) == "VnetAddressSpacesOverlap"
    assert one in refused.data["error"]["message"]
