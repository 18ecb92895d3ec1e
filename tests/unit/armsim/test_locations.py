"""Regions and their zones: Subscriptions - List Locations, and what a region without zones refuses and accepts."""

from __future__ import annotations

from typing import Any

import pytest

from simulated_azure import GROUP, STANDARD_ADDRESS, SUB, SUB_2, Azure, code, gateway

LOCATIONS = f"/subscriptions/{SUB}/locations"
IP = f"{GROUP}/providers/Microsoft.Network/publicIPAddresses/ip"
GATEWAY = f"{GROUP}/providers/Microsoft.Network/virtualNetworkGateways/gw"
READ = "Microsoft.Resources/subscriptions/locations/read"


@pytest.fixture
def azure() -> Azure:
    return Azure()


def located(azure: Azure, path: str = LOCATIONS, version: str = "2022-12-01") -> dict[str, Any]:
    return {one["name"]: one for one in azure.get(path, version=version)["value"]}


def at(location: str, *zones: str) -> dict[str, Any]:
    return {**STANDARD_ADDRESS, "location": location, "zones": list(zones)}


def test_a_region_with_zones_is_listed_as_documented(azure: Azure) -> None:
    shown = located(azure)["westeurope"]
    assert [one["logicalZone"] for one in shown.pop("availabilityZoneMappings")] == ["1", "2", "3"]
    assert shown == {
        "id": f"{LOCATIONS}/westeurope",
        "name": "westeurope",
        "type": "Region",
        "displayName": "West Europe",
        "regionalDisplayName": "(Europe) West Europe",
        "metadata": {
            "regionType": "Physical",
            "regionCategory": "Recommended",
            "geography": "Europe",
            "geographyGroup": "Europe",
            "physicalLocation": "Netherlands",
            "pairedRegion": [{"name": "northeurope", "id": f"{LOCATIONS}/northeurope"}],
        },
    }


@pytest.mark.parametrize("name", ["westus", "northcentralus", "westcentralus", "ukwest", "canadaeast"])
def test_a_region_without_zones_has_no_mappings(azure: Azure, name: str) -> None:
    shown = located(azure)[name]
    assert "availabilityZoneMappings" not in shown
    assert shown["metadata"]["regionCategory"] == "Other"


def test_a_logical_region_has_neither_a_geography_nor_zones(azure: Azure) -> None:
    shown = located(azure)["europe"]
    assert shown["metadata"] == {"regionType": "Logical", "regionCategory": "Other"}
    assert "availabilityZoneMappings" not in shown


def test_zone_numbers_mean_other_datacentres_in_another_subscription(azure: Azure) -> None:
    mine = located(azure)["westeurope"]["availabilityZoneMappings"]
    theirs = located(azure, f"/subscriptions/{SUB_2}/locations")["westeurope"]["availabilityZoneMappings"]
    physical = {f"westeurope-az{number}" for number in (1, 2, 3)}
    assert {one["physicalZone"] for one in mine} == {one["physicalZone"] for one in theirs} == physical
    assert mine != theirs


def test_mappings_are_younger_than_2022_12_01(azure: Azure) -> None:
    assert "availabilityZoneMappings" not in located(azure, version="2021-01-01")["westeurope"]
    assert "metadata" not in located(azure, version="2019-06-01")["westeurope"]


def test_locations_need_their_own_right_at_the_subscription(azure: Azure) -> None:
    azure.group()
    for scope, actions, status in (
        (GROUP, [READ], 403),
        (f"/subscriptions/{SUB}", [READ], 200),
        ("/", ["x/read"], 403),
    ):
        azure.control("PUT", "roles", {"app": [{"scope": scope, "actions": actions}]})
        answer = azure.send("GET", LOCATIONS, version="2022-12-01")
        assert answer.status == status
        assert "x-ms-ratelimit-remaining-subscription-reads" in answer.headers
        if status == 403:
            assert code(answer) == "AuthorizationFailed"
            assert f"action '{READ}' over scope '/subscriptions/{SUB}'" in answer.data["error"]["message"]


def test_groups_are_listed_with_a_role_at_the_subscription(azure: Azure) -> None:
    azure.group()
    azure.control("PUT", "roles", {"app": [{"scope": f"/subscriptions/{SUB}", "role": "Reader"}]})
    assert azure.send("GET", f"/subscriptions/{SUB}/resourceGroups").status == 200


def test_locations_can_only_be_read_as_a_list(azure: Azure) -> None:
    assert azure.send("PUT", LOCATIONS, {}).status == 405
    assert azure.send("GET", f"{LOCATIONS}/westeurope").status == 404


# --- zones of public addresses and gateways


def test_an_address_with_zones_is_refused_where_there_are_none(azure: Azure) -> None:
    azure.group()
    refused = azure.send("PUT", IP, at("West US", "1"))
    assert (refused.status, refused.headers["x-ms-failure-cause"]) == (400, "gateway")
    assert refused.data["error"] == {
        "code": "LocationNotSupportAvailabilityZones",
        "message": "The resource 'Microsoft.Network/publicIPAddresses/ip' does not support availability zones at "
        "location 'westus'.",
    }
    assert azure.send("PUT", IP, at("westus")).status == 201


def test_an_unknown_zone_is_refused_with_the_known_ones(azure: Azure) -> None:
    azure.group()
    refused = azure.send("PUT", IP, at("westeurope", "1", "4"))
    assert (refused.status, code(refused)) == (400, "InvalidAvailabilityZone")
    assert refused.data["error"]["message"] == (
        "The zone(s) '4' for resource 'Microsoft.Network/publicIPAddresses/ip' is not supported. The supported zones "
        "for location 'westeurope' are '1,2,3'"
    )


def test_an_az_sku_stands_without_zones_where_there_are_none(azure: Azure) -> None:
    """Regional fallback (arm.md 6)."""
    hub = azure.vnet("hub", "11.0.0.0/16", subnets={"GatewaySubnet": "11.0.0.0/27"}, location="northcentralus")
    azure.put(IP, at("northcentralus"))
    azure.put(GATEWAY, {**gateway(hub, IP), "location": "northcentralus"})
    assert azure.properties(GATEWAY)["provisioningState"] == "Succeeded"
