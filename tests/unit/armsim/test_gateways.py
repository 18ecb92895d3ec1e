"""arm.md sections 5 and 6: gateways and their addresses."""

from __future__ import annotations

from typing import Any

import pytest

from simulated_azure import GROUP, Azure, code, gateway

NETWORK = f"{GROUP}/providers/Microsoft.Network"
PATH = f"{NETWORK}/virtualNetworkGateways/gw"
IP = f"{NETWORK}/publicIPAddresses/ip"
STANDARD = {
    "location": "westeurope",
    "sku": {"name": "Standard"},
    "zones": ["1", "2", "3"],
    "properties": {"publicIPAllocationMethod": "Static"},
}


@pytest.fixture
def azure() -> Azure:
    return Azure()


@pytest.fixture
def hub(azure: Azure) -> str:
    path = azure.vnet("hub", "11.0.0.0/16", subnets={"GatewaySubnet": "11.0.0.0/24", "other": "11.0.1.0/24"})
    azure.address(path)
    return path


def test_a_gateway_is_bare_while_updating_and_complete_when_succeeded(azure: Azure, hub: str) -> None:
    azure.put(IP, STANDARD)
    made = azure.send("PUT", PATH, gateway(hub, IP)).data["properties"]
    assert (made["provisioningState"], made["sku"]["capacity"]) == ("Updating", 2)
    assert made["bgpSettings"] == {
        "asn": 0,
        "peerWeight": 0,
        "bgpPeeringAddresses": [
            {
                "ipconfigurationId": f"{PATH}/ipConfigurations/default",
                "defaultBgpIpAddresses": [],
                "customBgpIpAddresses": [],
            }
        ],
    }
    azure.wait(800)
    assert azure.properties(PATH)["provisioningState"] == "Updating"
    assert "ipConfigurations" not in azure.properties(f"{hub}/subnets/GatewaySubnet")
    azure.wait(86)
    shown = azure.properties(PATH)
    assert shown["bgpSettings"]["asn"] == 65515
    assert shown["bgpSettings"]["bgpPeeringAddress"] == "11.0.0.254"
    peer = shown["bgpSettings"]["bgpPeeringAddresses"][0]
    assert peer["tunnelIpAddresses"] == [azure.properties(IP)["ipAddress"]]


def test_an_active_active_gateway_has_two_addresses(azure: Azure, hub: str) -> None:
    body = change(gateway(hub), activeActive=True)
    first = body["properties"]["ipConfigurations"][0]
    address = {"publicIPAddress": {"id": azure.address(hub, "second-ip")}}
    second = {"name": "second", "properties": {**first["properties"], **address}}
    assert code(azure.send("PUT", PATH, body)) == "ActiveActiveGatewayMustHaveExactlyTwoIpConfigurations"
    body["properties"]["ipConfigurations"] = [first, second]
    plain = change(body, activeActive=False)
    assert code(azure.send("PUT", PATH, plain)) == "InvalidNumberOfGatewayIpConfigurations"
    azure.put(PATH, body)
    assert azure.properties(PATH)["bgpSettings"]["bgpPeeringAddress"] == "11.0.0.4,11.0.0.5"


def test_gateways_are_listed_and_deleted(azure: Azure, hub: str) -> None:
    azure.put(PATH, gateway(hub))
    assert [one["id"] for one in azure.get(f"{NETWORK}/virtualNetworkGateways")["value"]] == [PATH]
    assert azure.delete(PATH).status == 202
    assert azure.send("DELETE", PATH).status == 204
    assert "ipConfigurations" not in azure.properties(f"{hub}/subnets/GatewaySubnet")


def change(body: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {**body, "properties": {**body["properties"], **properties}}


def test_a_gateway_needs_a_gateway_subnet_of_that_name(azure: Azure, hub: str) -> None:
    body = gateway(hub)
    body["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] = f"{hub}/subnets/other"
    assert code(azure.send("PUT", PATH, body)) == "InvalidGatewaySubnet"
    body["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] = f"{hub}/subnets/none"
    assert code(azure.send("PUT", PATH, body)) == "InvalidResourceReference"
    assert azure.send("PUT", PATH, change(body, ipConfigurations=[])).status == 400


def test_a_vnet_has_one_vpn_gateway(azure: Azure, hub: str) -> None:
    azure.put(PATH, gateway(hub))
    refused = azure.send("PUT", f"{PATH}2", gateway(hub, azure.address(hub, "another")))
    assert code(refused) == "VirtualNetworkGatewayCountLimitReached"


def test_retired_skus_are_refused_in_this_era_only(hub: str, azure: Azure) -> None:
    plain = change(gateway(hub), sku={"name": "VpnGw1", "tier": "VpnGw1"})
    assert code(azure.send("PUT", PATH, plain)) == "NonAzSkusNotAllowedForVPNGateway"
    old = Azure(era=2023)
    old.address(old.vnet("hub", "11.0.0.0/16", subnets={"GatewaySubnet": "11.0.0.0/24"}))
    assert old.send("PUT", PATH, plain).status == 201


def test_a_standard_address_is_known_when_succeeded(azure: Azure) -> None:
    azure.group()
    made = azure.put(IP, STANDARD)
    assert "ipAddress" not in made.data["properties"]
    shown = azure.get(IP)
    assert shown["properties"]["ipAddress"].startswith("20.")
    assert list(shown) == ["name", "id", "etag", "location", "zones", "properties", "type", "sku"]
    assert shown["sku"] == {"name": "Standard", "tier": "Regional"}
    assert azure.send("GET", IP).headers["ETag"] == shown["etag"]
    assert len(azure.get(f"{NETWORK}/publicIPAddresses")["value"]) == 1


def test_an_address_in_use_cannot_be_deleted(azure: Azure, hub: str) -> None:
    azure.put(IP, STANDARD)
    azure.put(PATH, gateway(hub, IP))
    refused = azure.send("DELETE", IP)
    assert code(refused) == "PublicIPAddressCannotBeDeleted"
    assert f"allocated to resource {PATH}/ipConfigurations/default." in refused.data["error"]["message"]
    azure.delete(PATH)
    assert azure.delete(IP).status == 202
    assert azure.send("DELETE", IP).status == 204


def test_basic_and_dynamic_addresses_are_refused(azure: Azure) -> None:
    azure.group()
    assert code(azure.send("PUT", IP, {"location": "westeurope"})) == "IPv4BasicSkuPublicIpCountLimitReached"
    dynamic = {"location": "westeurope", "sku": {"name": "Standard"}}
    assert code(azure.send("PUT", IP, dynamic)) == "StandardAndStandardV2SkuPublicIPAddressesMustBeStatic"


# --- the rules of arm.md 6


def spread(hub: str, **properties: Any) -> dict[str, Any]:
    return change(gateway(hub), **properties)


def sku(name: str) -> dict[str, str]:
    return {"name": name, "tier": name}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"gatewayType": "ExpressRoute", "sku": sku("Basic")}, "InvalidGatewaySkuSpecifiedForGatewayDeploymentType"),
        ({"sku": sku("ErGw1AZ")}, "InvalidGatewaySkuSpecifiedForGatewayDeploymentType"),
        ({"sku": sku("VpnGw4AZ")}, "VirtualNetworkGatewaySkuCannotBeCreatedForSpecifiedVmGeneration"),
        (
            {"sku": sku("VpnGw1AZ"), "vpnGatewayGeneration": "Generation2"},
            "VirtualNetworkGatewaySkuCannotBeCreatedForSpecifiedVmGeneration",
        ),
        ({"vpnType": "PolicyBased"}, "PolicyBasedVpnGatewayMustBeBasicSku"),
        ({"activeActive": True}, "ActiveActiveGatewayMustHaveExactlyTwoIpConfigurations"),
        ({"activeActive": True, "sku": sku("Basic")}, "ActiveActiveNotSupportedForBasicSku"),
        ({"sku": sku("VpnGw9")}, "InvalidRequestFormat"),
        ({"gatewayType": "Vpm"}, "InvalidRequestFormat"),
    ],
)
def test_a_gateway_that_breaks_a_rule_is_refused(azure: Azure, hub: str, changes: dict[str, Any], refusal: str) -> None:
    assert code(azure.send("PUT", PATH, spread(hub, **changes))) == refusal
    assert azure.send("GET", PATH).status == 404


def test_second_generation_and_policy_based_gateways_are_made(azure: Azure, hub: str) -> None:
    azure.put(PATH, spread(hub, sku=sku("VpnGw4AZ"), vpnGatewayGeneration="Generation2"))
    azure.delete(PATH)
    azure.put(PATH, spread(hub, sku=sku("Basic"), vpnType="PolicyBased"))
    assert azure.properties(PATH)["vpnType"] == "PolicyBased"


def test_az_skus_need_addresses_with_zones(azure: Azure, hub: str) -> None:
    bare = azure.address(hub, "bare", zones=[])
    refused = azure.send("PUT", PATH, gateway(hub, bare))
    assert code(refused) == "VmssVpnGatewayPublicIpsMustHaveZonesConfigured"
    assert azure.send("PUT", PATH, change(gateway(hub, bare), sku=sku("Basic"))).status == 201


def test_a_gateway_needs_an_address_that_exists_is_free_and_stands(azure: Azure, hub: str) -> None:
    assert code(azure.send("PUT", PATH, gateway(hub, f"{IP}-none"))) == "InvalidResourceReference"
    azure.send("PUT", IP, STANDARD)
    assert code(azure.send("PUT", PATH, gateway(hub, IP))) == "ReferencedResourceNotProvisioned"
    azure.wait(10)
    azure.put(PATH, gateway(hub, IP))
    other = azure.vnet("other", "12.0.0.0/16", subnets={"GatewaySubnet": "12.0.0.0/24"})
    assert code(azure.send("PUT", f"{PATH}2", gateway(other, IP))) == "PublicIPAddressInUse"


def test_a_gateway_subnet_has_no_security_group_and_no_default_route(azure: Azure, hub: str) -> None:
    group, table = f"{NETWORK}/networkSecurityGroups/n", f"{NETWORK}/routeTables/t"
    azure.put(group, {"location": "westeurope"})
    subnet = {"addressPrefix": "11.0.0.0/24"}
    guarded = azure.send(
        "PUT", f"{hub}/subnets/GatewaySubnet", {"properties": {**subnet, "networkSecurityGroup": {"id": group}}}
    )
    assert code(guarded) == "NetworkSecurityGroupCannotBeAttachedToGatewaySubnet"
    route = {"name": "all", "properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "Internet"}}
    azure.put(table, {"location": "westeurope", "properties": {"routes": [route]}})
    azure.put(f"{hub}/subnets/GatewaySubnet", {"properties": {**subnet, "routeTable": {"id": table}}})
    assert code(azure.send("PUT", PATH, gateway(hub))) == "GatewaySubnetRouteTableNotSupported"
    azure.put(table, {"location": "westeurope"})
    assert azure.send("PUT", PATH, gateway(hub)).status == 201


def test_retired_skus_that_stand_may_be_updated(azure: Azure, hub: str) -> None:
    old = Azure(era=2023)
    old.address(old.vnet("hub", "11.0.0.0/16", subnets={"GatewaySubnet": "11.0.0.0/24"}))
    old.put(PATH, spread(hub, sku=sku("VpnGw1")))
    assert azure.control("PUT", "state", old.control("GET", "state").data).status == 200
    assert azure.send("PUT", PATH, spread(hub, sku=sku("VpnGw1"), enableBgp=True)).status == 200


def test_a_second_put_is_refused_for_twelve_seconds_then_an_equal_one_joins(azure: Azure, hub: str) -> None:
    first = azure.send("PUT", PATH, gateway(hub))
    refused = azure.send("PUT", PATH, gateway(hub))
    assert (refused.status, code(refused)) == (429, "RetryableError")
    assert "Retry-After" not in refused.headers
    assert refused.data["error"]["details"][0]["message"].endswith("The call can be retried in 12 seconds.")
    azure.wait(12)
    assert azure.send("PUT", PATH, spread(hub, enableBgp=True)).status == 429
    joined = azure.send("PUT", PATH, gateway(hub))
    assert joined.status == 201
    assert joined.headers["Azure-AsyncOperation"] == first.headers["Azure-AsyncOperation"]


def test_only_the_answer_of_a_put_shows_a_default_client_configuration(azure: Azure, hub: str) -> None:
    made = azure.put(PATH, gateway(hub))
    assert made.data["properties"]["vpnClientConfiguration"]["vpnClientProtocols"] == ["OpenVPN", "IkeV2"]
    assert "vpnClientConfiguration" not in azure.properties(PATH)
    pool = {"vpnClientAddressPool": {"addressPrefixes": ["172.16.0.0/24"]}}
    azure.put(PATH, spread(hub, vpnClientConfiguration=pool))
    shown = azure.properties(PATH)["vpnClientConfiguration"]
    assert shown["vpnClientAddressPool"] == pool["vpnClientAddressPool"]
    assert shown["vpnClientConnectionHealth"]["vpnClientConnectionsCount"] == 0


def test_bgp_settings_are_kept_as_sent(azure: Azure, hub: str) -> None:
    made = azure.put(PATH, spread(hub, bgpSettings={"asn": 65010, "peerWeight": 5}))
    assert made.data["properties"]["bgpSettings"]["asn"] == 65010
    azure.put(PATH, gateway(hub))
    shown = azure.properties(PATH)["bgpSettings"]
    assert (shown["asn"], shown["peerWeight"], shown["bgpPeeringAddress"]) == (65010, 5, "11.0.0.254")


def test_a_gateway_of_2017_has_fewer_properties(azure: Azure, hub: str) -> None:
    azure.put(PATH, gateway(hub))
    shown = azure.properties(PATH, version="2017-10-01")
    assert set(shown["bgpSettings"]) == {"asn", "bgpPeeringAddress", "peerWeight"}
    assert {"natRules", "vpnGatewayGeneration"}.isdisjoint(shown)


def test_tags_are_changed_by_a_long_running_patch(azure: Azure, hub: str) -> None:
    azure.put(PATH, gateway(hub))
    answer = azure.send("PATCH", PATH, {"tags": {"a": "b"}})
    assert (answer.status, answer.data["properties"]["provisioningState"]) == (200, "Updating")
    assert azure.send("PATCH", PATH, {"tags": {}}).status == 429
    assert azure.send("DELETE", PATH).status == 409
    azure.wait(62)
    assert azure.get(PATH)["tags"] == {"a": "b"}


ACTIONS = ("getLearnedRoutes", "getAdvertisedRoutes", "getBgpPeerStatus", "reset")


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_followed_by_its_location_only(azure: Azure, hub: str, action: str) -> None:
    azure.put(PATH, gateway(hub))
    accepted = azure.send("POST", f"{PATH}/{action}?peer=1.2.3.4")
    assert (accepted.status, accepted.body) == (202, b"")
    assert "Azure-AsyncOperation" not in accepted.headers
    running = azure.send("GET", accepted.headers["Location"])
    assert (running.status, running.body) == (202, b"")
    azure.wait(11)
    ended = azure.send("GET", accepted.headers["Location"])
    assert ended.status == 200
    assert ended.data.get("value") is not None or ended.data["id"] == PATH
    assert azure.send("POST", f"{PATH}2/{action}").status == 404


def test_routes_are_learned_over_a_bgp_connection_that_stands(azure: Azure) -> None:
    azure.connected(enableBgp=True)
    path = f"{NETWORK}/virtualNetworkGateways/gw1"

    def learned() -> list[Any]:
        accepted = azure.send("POST", f"{path}/getLearnedRoutes")
        azure.wait(11)
        found: list[Any] = azure.get(accepted.headers["Location"])["value"]
        return found

    assert learned() == []
    azure.wait(200)
    assert [one["network"] for one in learned()] == ["10.2.0.0/16"]
    accepted = azure.send("POST", f"{path}/getBgpPeerStatus")
    azure.wait(11)
    assert [one["state"] for one in azure.get(accepted.headers["Location"])["value"]] == ["Connected"]


def test_a_disconnection_cuts_the_named_connections(azure: Azure) -> None:
    there, _ = azure.connected()
    azure.wait(200)
    path = f"{NETWORK}/virtualNetworkGateways/gw1/disconnectVirtualNetworkGatewayVpnConnections"
    accepted = azure.send("POST", path, {"vpnConnectionIds": [there]})
    assert accepted.status == 202
    azure.wait(11)
    assert azure.send("GET", accepted.headers["Location"]).body == b"null"
    assert azure.properties(there)["connectionStatus"] == "Unknown"
    azure.wait(200)
    assert azure.properties(there)["connectionStatus"] == "Connected"


def test_a_gateway_is_listed_in_its_group_only(azure: Azure, hub: str) -> None:
    everywhere = f"{NETWORK}/virtualNetworkGateways".replace("/resourceGroups/rg", "")
    assert azure.send("GET", everywhere).status == 405


# --- addresses (arm.md 5)


def address(**changes: Any) -> dict[str, Any]:
    return {**STANDARD, **changes}


def test_sku_and_zones_of_an_address_stay(azure: Azure) -> None:
    azure.group()
    azure.put(IP, STANDARD)
    assert code(azure.send("PUT", IP, address(sku={"name": "StandardV2"}))) == "SkuPropertyCannotBeChanged"
    assert code(azure.send("PUT", IP, address(zones=["1"]))) == "ResourceAvailabilityZonesCannotBeModified"


def test_a_change_of_an_addresss_tags_is_done_at_once(azure: Azure) -> None:
    azure.group()
    azure.put(IP, STANDARD)
    answer = azure.send("PUT", IP, address(tags={"a": "b"}))
    assert (answer.status, answer.data["properties"]["provisioningState"]) == (200, "Succeeded")
    patched = azure.send("PATCH", IP, {"tags": {"c": "d"}})
    assert (patched.status, patched.data["tags"]) == (200, {"c": "d"})


def test_an_address_has_a_name_of_its_own(azure: Azure) -> None:
    azure.group()
    named = {"publicIPAllocationMethod": "Static", "dnsSettings": {"domainNameLabel": "here"}}
    azure.put(IP, address(properties=named))
    assert azure.properties(IP)["dnsSettings"]["fqdn"] == "here.westeurope.cloudapp.azure.com"
    assert code(azure.send("PUT", f"{IP}2", address(properties=named))) == "DnsRecordInUse"


def test_addresses_are_listed_in_group_and_subscription(azure: Azure) -> None:
    azure.group()
    azure.put(IP, STANDARD)
    shown = azure.get(IP)
    assert azure.get(f"{NETWORK}/publicIPAddresses")["value"] == [shown]
    assert azure.get(f"{NETWORK}/publicIPAddresses".replace("/resourceGroups/rg", ""))["value"] == [shown]


def test_a_dynamic_address_of_2023_is_known_while_its_gateway_stands(hub: str) -> None:
    old = Azure(era=2023)
    old.vnet("hub", "11.0.0.0/16", subnets={"GatewaySubnet": "11.0.0.0/24"})
    old.put(IP, {"location": "westeurope"})
    assert "ipAddress" not in old.properties(IP)
    old.put(PATH, change(gateway(hub, IP), sku=sku("VpnGw1")))
    assert old.properties(IP)["ipAddress"].startswith("20.")
    old.delete(PATH)
    assert "ipAddress" not in old.properties(IP)
