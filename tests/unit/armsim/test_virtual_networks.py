"""arm.md sections 1.1, 1.2 and 3: virtual networks, subnets, etags."""

from __future__ import annotations

from typing import Any

import pytest

from simulated_azure import GROUP, SUB, SUB_2, Azure, code, gateway, network

VNETS = f"{GROUP}/providers/Microsoft.Network/virtualNetworks"


@pytest.fixture
def azure() -> Azure:
    made = Azure()
    made.group()
    return made


def test_a_new_vnet_answers_201_updating_and_an_old_one_200(azure: Azure) -> None:
    first = azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16", subnets={"a": "10.0.0.0/24"}))
    assert (first.status, first.data["properties"]["provisioningState"]) == (201, "Updating")
    assert first.data["properties"]["subnets"][0]["properties"]["provisioningState"] == "Updating"
    azure.wait()
    again = azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16"))
    assert (again.status, again.data["properties"]["provisioningState"]) == (200, "Updating")


def test_the_body_has_the_recorded_order_and_fields(azure: Azure) -> None:
    azure.vnet("v", "10.0.0.0/16", subnets={"a": "10.0.0.0/24"})
    shown = azure.get(f"{VNETS}/v", version="2022-01-01")
    assert list(shown) == ["name", "id", "etag", "type", "location", "properties"]
    names = [
        "provisioningState",
        "resourceGuid",
        "addressSpace",
        "subnets",
        "virtualNetworkPeerings",
        "enableDdosProtection",
    ]
    assert list(shown["properties"]) == names
    inner = shown["properties"]["subnets"][0]
    assert list(inner) == ["name", "id", "etag", "properties", "type"]
    assert inner["properties"] == {
        "provisioningState": "Succeeded",
        "addressPrefix": "10.0.0.0/24",
        "delegations": [],
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
    }


def test_the_body_follows_its_api_version(azure: Azure) -> None:
    azure.vnet("v", "10.0.0.0/16")
    assert "enableVmProtection" in azure.properties(f"{VNETS}/v", version="2019-11-01")
    new = azure.properties(f"{VNETS}/v", version="2024-05-01")
    assert new["addressSpace"]["ipamPoolPrefixAllocations"] == []
    assert new["privateEndpointVNetPolicies"] == "Disabled"
    assert "enableVmProtection" not in new


def test_vnet_and_children_show_one_etag_that_every_change_moves(azure: Azure) -> None:
    one, _, first, _ = azure.pair()
    azure.put(f"{one}/subnets/a", {"properties": {"addressPrefix": "10.1.0.0/24"}})
    seen = {azure.get(path)["etag"] for path in (one, first, f"{one}/subnets/a")}
    assert len(seen) == 1
    accepted = azure.send("PUT", one, network("10.1.0.0/16", subnets={"a": "10.1.0.0/24"})).data["etag"]
    azure.wait()
    assert len({*seen, accepted, azure.get(one)["etag"]}) == 3
    assert azure.get(one)["etag"].startswith('W/"')


def test_the_etag_header_is_sent_for_vnets_and_not_for_gateways(azure: Azure) -> None:
    hub = azure.vnet("hub", "10.0.0.0/16", subnets={"GatewaySubnet": "10.0.0.0/27"})
    assert azure.send("GET", hub).headers["ETag"] == azure.get(hub)["etag"]
    assert "ETag" not in azure.send("GET", azure.gateway(hub)).headers


def test_a_gateway_moves_the_etag_of_its_vnet_and_shows_in_its_subnet(azure: Azure) -> None:
    hub = azure.vnet("hub", "10.0.0.0/16", subnets={"GatewaySubnet": "10.0.0.0/27"})
    before = azure.get(hub)["etag"]
    gateway = azure.gateway(hub)
    assert azure.get(hub)["etag"] != before
    subnet = azure.properties(f"{hub}/subnets/GatewaySubnet")
    assert subnet["ipConfigurations"] == [{"id": f"{gateway}/ipConfigurations/default"}]


def test_the_end_of_a_gateways_operation_moves_the_etag_again(azure: Azure) -> None:
    hub = azure.vnet("hub", "10.0.0.0/16", subnets={"GatewaySubnet": "10.0.0.0/27"})
    azure.address(hub)
    azure.send("PUT", f"{GROUP}/providers/Microsoft.Network/virtualNetworkGateways/g", gateway(hub))
    before = azure.get(hub)
    azure.wait()
    after = azure.get(hub)
    assert before["etag"] != after["etag"]
    shown = ["ipConfigurations" in each["properties"]["subnets"][0]["properties"] for each in (before, after)]
    assert shown == [False, True]


def test_a_put_does_not_touch_peerings(azure: Azure) -> None:
    one, _, first, _ = azure.pair()
    body = network("10.1.0.0/16")
    body["properties"]["virtualNetworkPeerings"] = []
    azure.put(one, body)
    assert azure.properties(first)["peeringState"] == "Connected"


def test_a_put_replaces_subnets_and_without_the_property_keeps_them(azure: Azure) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16", subnets={"a": "10.0.0.0/24", "b": "10.0.1.0/24"})
    azure.put(vnet, network("10.0.0.0/16", subnets={"b": "10.0.1.0/24"}))
    assert [one["name"] for one in azure.properties(vnet)["subnets"]] == ["b"]
    azure.put(vnet, {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/15"]}}})
    assert [one["name"] for one in azure.properties(vnet)["subnets"]] == ["b"]


def test_lists_cover_a_group_and_a_subscription(azure: Azure) -> None:
    azure.vnet("a", "10.0.0.0/16")
    azure.vnet("b", "10.1.0.0/16", group="other")
    azure.vnet("c", "10.2.0.0/16", group="rg", subscription=SUB_2)
    names = [one["name"] for one in azure.get(VNETS)["value"]]
    assert names == ["a"]
    whole = f"/subscriptions/{SUB}/providers/Microsoft.Network/virtualNetworks"
    assert [one["name"] for one in azure.get(whole)["value"]] == ["a", "b"]


def test_an_empty_list_is_twelve_bytes(azure: Azure) -> None:
    assert azure.send("GET", VNETS).body == b'{"value":[]}'


def test_lists_are_paged_by_next_link() -> None:
    azure = Azure(page_size=2)
    for number in range(5):
        azure.vnet(f"v{number}", f"10.{number}.0.0/16")
    link, names = VNETS, []
    while link:
        page = azure.get(link)
        names += [one["name"] for one in page["value"]]
        link = page.get("nextLink", "")
    assert names == [f"v{number}" for number in range(5)]


def test_tags_are_patched_at_once(azure: Azure) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16")
    response = azure.send("PATCH", vnet, {"tags": {"a": "b"}})
    assert (response.status, response.data["tags"]) == (200, {"a": "b"})
    assert azure.get(vnet)["properties"]["provisioningState"] == "Succeeded"


def test_delete_answers_202_then_204_for_what_is_gone(azure: Azure) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16")
    assert azure.delete(vnet).status == 202
    gone = azure.send("DELETE", vnet)
    assert (gone.status, gone.body) == (204, b"")
    assert "Azure-AsyncOperation" not in gone.headers


def test_a_vnet_is_deleting_until_its_operation_ends(azure: Azure) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16")
    azure.send("DELETE", vnet)
    assert azure.properties(vnet)["provisioningState"] == "Deleting"


def test_a_subnet_lives_like_its_vnet(azure: Azure) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16")
    made = azure.put(f"{vnet}/subnets/a", {"properties": {"addressPrefix": "10.0.0.0/24"}})
    assert made.status == 201
    assert azure.put(f"{vnet}/subnets/a", {"properties": {"addressPrefix": "10.0.0.0/25"}}).status == 200
    assert [one["name"] for one in azure.get(f"{vnet}/subnets")["value"]] == ["a"]
    assert azure.delete(f"{vnet}/subnets/a").status == 202
    assert azure.delete(f"{vnet}/subnets/a").status == 204
    assert code(azure.send("GET", f"{vnet}/subnets/a")) == "NotFound"


def test_several_prefixes_of_a_subnet_are_shown_as_several(azure: Azure) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16")
    azure.put(f"{vnet}/subnets/a", {"properties": {"addressPrefixes": ["10.0.0.0/24", "10.0.1.0/24"]}})
    shown = azure.properties(f"{vnet}/subnets/a")
    assert shown["addressPrefixes"] == ["10.0.0.0/24", "10.0.1.0/24"]
    assert "addressPrefix" not in shown


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("10.0.0.0", "InvalidAddressPrefixFormat"),
        ("10.0.0.0/24--no-wait", "InvalidAddressPrefixFormat"),
        ("10.0.0.0/33", "InvalidAddressPrefixFormat"),
        ("10.0.0.0/255.255.0.0", "InvalidAddressPrefixFormat"),
        (" 10.0.0.0/16", "InvalidAddressPrefixFormat"),
        ("words/16", "InvalidAddressPrefixFormat"),
        ("10.0.0.1/16", "InvalidCIDRNotation"),
    ],
)
def test_a_bad_prefix_is_refused(azure: Azure, prefix: str, expected: str) -> None:
    assert code(azure.send("PUT", f"{VNETS}/v", network(prefix))) == expected
    assert code(azure.send("GET", f"{VNETS}/v")) == "ResourceNotFound"


def test_a_bad_prefix_names_itself_and_its_resource(azure: Azure) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16")
    refused = azure.send("PUT", f"{vnet}/subnets/a", {"properties": {"addressPrefix": "10.0.4.0/24x"}})
    assert refused.data["error"]["message"] == (
        f"Address prefix 10.0.4.0/24x of resource {vnet}/subnets/a is not formatted correctly. It should follow CIDR "
        "notation, for example 10.0.0.0/24."
    )


def test_a_subnet_outside_the_address_space_is_refused(azure: Azure) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16")
    refused = azure.send("PUT", f"{vnet}/subnets/a", {"properties": {"addressPrefix": "10.1.0.0/24"}})
    assert code(refused) == "NetcfgInvalidSubnet"
    assert refused.data["error"]["message"] == "Subnet 'a' is not valid in virtual network 'v'."


def test_a_prefix_cannot_go_from_under_a_subnet(azure: Azure) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16", subnets={"a": "10.0.0.0/24"})
    body = network("10.9.0.0/16", subnets={"a": "10.0.0.0/24"})
    assert code(azure.send("PUT", vnet, body)) == "NetcfgInvalidSubnet"


def test_overlapping_subnets_are_refused(azure: Azure) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16", subnets={"a": "10.0.0.0/24"})
    refused = azure.send("PUT", f"{vnet}/subnets/b", {"properties": {"addressPrefix": "10.0.0.128/25"}})
    assert code(refused) == "NetcfgSubnetRangesOverlap"


def test_a_bad_dns_server_is_refused(azure: Azure) -> None:
    body = network("10.0.0.0/16", dhcpOptions={"dnsServers": ["0"]})
    refused = azure.send("PUT", f"{VNETS}/v", body)
    assert code(refused) == "NetcfgInvalidDnsServer"
    assert refused.data["error"]["message"] == "DNS server is not valid as specified with the name '0'."


def test_dns_servers_are_shown_only_when_sent(azure: Azure) -> None:
    azure.put(f"{VNETS}/v", network("10.0.0.0/16", dhcpOptions={"dnsServers": ["1.2.3.4"]}))
    assert azure.properties(f"{VNETS}/v")["dhcpOptions"] == {"dnsServers": ["1.2.3.4"]}
    azure.put(f"{VNETS}/v", network("10.0.0.0/16"))
    assert "dhcpOptions" not in azure.properties(f"{VNETS}/v")


def test_a_subnet_in_use_holds_itself_and_its_vnet(azure: Azure) -> None:
    hub = azure.vnet("hub", "10.0.0.0/16", subnets={"GatewaySubnet": "10.0.0.0/27"})
    gateway = azure.gateway(hub)
    expected = (
        f"Subnet GatewaySubnet is in use by {gateway}/ipConfigurations/default and cannot be deleted. In order to "
        "delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet."
    )
    for method, path, body in (
        ("DELETE", hub, None),
        ("DELETE", f"{hub}/subnets/GatewaySubnet", None),
        ("PUT", hub, network("10.0.0.0/16")),
    ):
        refused = azure.send(method, path, body)
        assert (refused.status, code(refused)) == (400, "InUseSubnetCannotBeDeleted")
        assert refused.data["error"]["message"] == expected


def test_the_location_is_needed_and_stays(azure: Azure) -> None:
    body = network("10.0.0.0/16")
    del body["location"]
    assert code(azure.send("PUT", f"{VNETS}/v", body)) == "LocationRequired"
    azure.vnet("v", "10.0.0.0/16")
    refused = azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16", location="eastus"))
    assert (refused.status, code(refused)) == (409, "InvalidResourceLocation")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.0.50", {"available": True, "isPlatformReserved": False}),
        (
            "10.0.0.0",
            {
                "available": False,
                "availableIPAddresses": ["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8"],
                "isPlatformReserved": True,
            },
        ),
    ],
)
def test_ip_addresses_are_checked_as_recorded(azure: Azure, address: str, expected: Any) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16", subnets={"a": "10.0.0.0/24"})
    assert azure.get(f"{vnet}/CheckIPAddressAvailability?ipAddress={address}") == expected


@pytest.mark.parametrize("address", ["10.0.9.1", "words", ""])
def test_an_address_outside_every_subnet_is_refused(azure: Azure, address: str) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16", subnets={"a": "10.0.0.0/24"})
    refused = azure.send("GET", f"{vnet}/CheckIPAddressAvailability?ipAddress={address}")
    assert code(refused) == "PrivateIPAddressNotInAnySubnet"


def test_a_matching_etag_is_let_through_and_another_refused(azure: Azure) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16")
    etag = azure.get(vnet)["etag"]
    refused = azure.send("PUT", vnet, network("10.0.0.0/15"), headers={"if-match": 'W/"other"'})
    assert (refused.status, code(refused)) == (412, "PreconditionFailedEtagMismatch")
    assert azure.send("DELETE", vnet, headers={"if-match": 'W/"other"'}).status == 412
    assert azure.send("PUT", f"{VNETS}/new", network("10.0.0.0/16"), headers={"if-match": "*"}).status == 412
    assert azure.send("PUT", vnet, network("10.0.0.0/15"), headers={"if-none-match": "*"}).status == 412
    assert azure.send("PUT", vnet, network("10.0.0.0/15"), headers={"if-match": etag}).status == 200


def test_limits_of_subnets_and_vnets_hold() -> None:
    azure = Azure(quotas={"peerings": 9, "subnets": 1, "virtualNetworks": 1})
    vnet = azure.vnet("v", "10.0.0.0/16", subnets={"a": "10.0.0.0/24"})
    refused = azure.send("PUT", f"{vnet}/subnets/b", {"properties": {"addressPrefix": "10.0.1.0/24"}})
    assert code(refused) == "SubnetsCountLimitReached"
    assert code(azure.send("PUT", f"{VNETS}/w", network("10.0.0.0/16"))) == "VirtualNetworksCountLimitReached"
