"""GatewaySubnet and its gateway: size, what may hang on it, who may join it, what stays while it is in use (arm.md 6)."""

from __future__ import annotations

from typing import Any

import pytest

from simulated_azure import GROUP, Azure, code, gateway, network

NETWORK = f"{GROUP}/providers/Microsoft.Network"
PATH = f"{NETWORK}/virtualNetworkGateways/gw"
BASIC = {"name": "Basic", "tier": "Basic"}
START = "Microsoft.Network"
JOIN_SUBNET = f"{START}/virtualNetworks/subnets/join/action"
JOIN_ADDRESS = f"{START}/publicIPAddresses/join/action"


@pytest.fixture
def azure() -> Azure:
    return Azure()


def hub(azure: Azure, prefix: str = "11.0.0.0/27") -> str:
    path = azure.vnet("hub", "11.0.0.0/16", subnets={"GatewaySubnet": prefix})
    azure.address(path)
    return path


def subnet(prefix: str = "11.0.0.0/27", **properties: Any) -> dict[str, Any]:
    return {"properties": {"addressPrefix": prefix, **properties}}


def with_properties(body: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {**body, "properties": {**body["properties"], **properties}}


def default_route(azure: Azure) -> str:
    table = f"{NETWORK}/routeTables/all"
    route = {"name": "all", "properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "Internet"}}
    azure.put(table, {"location": "westeurope", "properties": {"routes": [route]}})
    return table


# --- size


@pytest.mark.parametrize(
    ("prefix", "sku", "refusal"),
    [
        ("11.0.0.0/28", "VpnGw1AZ", "GatewaySubnetTooSmall"),
        ("11.0.0.0/29", "VpnGw2AZ", "GatewaySubnetTooSmall"),
        ("11.0.0.0/27", "VpnGw1AZ", ""),
        ("11.0.0.0/29", "Basic", ""),
        ("11.0.0.0/30", "Basic", "GatewaySubnetTooSmall"),
    ],
)
def test_a_gateway_subnet_has_room_for_its_sku(azure: Azure, prefix: str, sku: str, refusal: str) -> None:
    body = with_properties(gateway(hub(azure, prefix)), sku={"name": sku, "tier": sku})
    answer = azure.send("PUT", PATH, body)
    assert answer.status == (400 if refusal else 201)
    if refusal:
        assert code(answer) == refusal
        assert prefix in answer.data["error"]["message"]
        assert azure.send("GET", PATH).status == 404


def test_a_gateway_subnet_too_small_can_be_made_larger_before_its_gateway(azure: Azure) -> None:
    path = hub(azure, "11.0.0.0/28")
    assert code(azure.send("PUT", PATH, gateway(path))) == "GatewaySubnetTooSmall"
    azure.put(f"{path}/subnets/GatewaySubnet", subnet("11.0.0.0/27"))
    assert azure.send("PUT", PATH, gateway(path)).status == 201


@pytest.mark.parametrize("settled", [True, False])
def test_the_prefix_of_a_gateway_subnet_in_use_stays(azure: Azure, settled: bool) -> None:
    path = hub(azure)
    azure.send("PUT", PATH, gateway(path))
    if settled:
        azure.wait()
    for refused in (
        azure.send("PUT", f"{path}/subnets/GatewaySubnet", subnet("11.0.0.0/26")),
        azure.send("PUT", path, network("11.0.0.0/16", subnets={"GatewaySubnet": "11.0.0.0/26"})),
    ):
        assert (refused.status, code(refused)) == (400, "InUsePrefixCannotBeDeleted")
        assert refused.data["error"]["message"] == (
            "IpPrefix 11.0.0.0/27 on Subnet GatewaySubnet has active allocations and cannot be deleted."
        )
    assert azure.send("PUT", f"{path}/subnets/GatewaySubnet", subnet()).status == 200


@pytest.mark.parametrize("settled", [True, False])
def test_a_gateway_subnet_in_use_is_not_deleted_in_any_way(azure: Azure, settled: bool) -> None:
    path = hub(azure)
    azure.send("PUT", PATH, gateway(path))
    if settled:
        azure.wait()
    for refused in (
        azure.send("DELETE", f"{path}/subnets/GatewaySubnet"),
        azure.send("DELETE", path),
        azure.send("PUT", path, network("11.0.0.0/16", subnets={})),
    ):
        assert (refused.status, code(refused)) == (400, "InUseSubnetCannotBeDeleted")
    azure.wait()
    azure.delete(PATH)
    assert azure.delete(f"{path}/subnets/GatewaySubnet").status == 202


# --- what may hang on it


@pytest.mark.parametrize("used", [True, False])
def test_a_security_group_is_refused_before_and_after_the_gateway(azure: Azure, used: bool) -> None:
    path, group = hub(azure), f"{NETWORK}/networkSecurityGroups/n"
    azure.put(group, {"location": "westeurope"})
    if used:
        azure.put(PATH, gateway(path))
    guarded = subnet(networkSecurityGroup={"id": group})
    whole = network("11.0.0.0/16")
    whole["properties"]["subnets"] = [{"name": "GatewaySubnet", **guarded}]
    for refused in (azure.send("PUT", f"{path}/subnets/GatewaySubnet", guarded), azure.send("PUT", path, whole)):
        assert (refused.status, code(refused)) == (400, "NetworkSecurityGroupCannotBeAttachedToGatewaySubnet")


def test_a_security_group_that_came_there_by_other_ways_hinders_a_gateway(azure: Azure) -> None:
    """As by a policy; here by PUT state."""
    path, group = hub(azure), f"{NETWORK}/networkSecurityGroups/n"
    azure.put(group, {"location": "westeurope"})
    state = azure.control("GET", "state").data
    state["vnets"][0]["subnets"][0]["props"]["networkSecurityGroup"] = {"id": group}
    assert azure.control("PUT", "state", state).status == 200
    refused = azure.send("PUT", PATH, gateway(path))
    assert code(refused) == "NetworkSecurityGroupCannotBeAttachedToGatewaySubnet"
    assert "the network security group n " in refused.data["error"]["message"]


def test_a_default_route_hinders_a_gateway_and_may_come_later(azure: Azure) -> None:
    path, table = hub(azure), default_route(azure)
    routed = subnet(routeTable={"id": table})
    azure.put(f"{path}/subnets/GatewaySubnet", routed)
    assert code(azure.send("PUT", PATH, gateway(path))) == "GatewaySubnetRouteTableNotSupported"
    azure.put(f"{path}/subnets/GatewaySubnet", subnet())
    azure.put(PATH, gateway(path))
    assert azure.send("PUT", f"{path}/subnets/GatewaySubnet", routed).status == 200


# --- who may join, and where


def test_a_gateway_stands_in_the_region_of_its_network_and_address(azure: Azure) -> None:
    path = hub(azure)
    refused = azure.send("PUT", PATH, {**gateway(path), "location": "northeurope"})
    assert code(refused) == "InvalidResourceReference"
    assert "both resources are in the same region" in refused.data["error"]["message"]
    far = azure.address(path, "far", location="northeurope")
    assert code(azure.send("PUT", PATH, gateway(path, far))) == "InvalidResourceReference"


@pytest.mark.parametrize("missing", [JOIN_SUBNET, JOIN_ADDRESS])
def test_a_gateway_needs_the_right_to_join_its_subnet_and_address(azure: Azure, missing: str) -> None:
    path = hub(azure)
    write = [f"{START}/virtualNetworkGateways/write", f"{START}/virtualNetworkGateways/read"]
    actions = [*write, JOIN_SUBNET, JOIN_ADDRESS]
    azure.control("PUT", "roles", {"app": [{"scope": GROUP, "actions": [one for one in actions if one != missing]}]})
    refused = azure.send("PUT", PATH, gateway(path))
    assert (refused.status, code(refused)) == (403, "LinkedAuthorizationFailed")
    assert missing in refused.data["error"]["message"]
    azure.control("PUT", "roles", {"app": [{"scope": GROUP, "actions": actions}]})
    assert azure.send("PUT", PATH, gateway(path)).status == 201
