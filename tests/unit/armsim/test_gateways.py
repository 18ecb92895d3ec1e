"""arm.md sections 5 and 6, as far as gateway transit needs gateways and their addresses."""

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
    assert code(azure.send("PUT", PATH, body)) == "InvalidNumberOfGatewayIpConfigurations"
    body["properties"]["ipConfigurations"] = [first, second]
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
