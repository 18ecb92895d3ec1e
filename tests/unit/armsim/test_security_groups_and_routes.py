"""arm.md section 8, and what uses subnets and addresses: security groups, route tables, interfaces."""

from __future__ import annotations

from typing import Any

import pytest

from simulated_azure import GROUP, STANDARD_ADDRESS, Azure, code

NETWORK = f"{GROUP}/providers/Microsoft.Network"
NSG = f"{NETWORK}/networkSecurityGroups/guard"
TABLE = f"{NETWORK}/routeTables/table"
NIC = f"{NETWORK}/networkInterfaces/nic"
LOCAL = f"{NETWORK}/localNetworkGateways/site"
HERE = {"location": "westeurope"}
ROUTE = {"properties": {"addressPrefix": "10.0.5.0/24", "nextHopType": "None"}}
ANY = {
    "sourcePortRange": "*",
    "destinationPortRange": "443",
    "sourceAddressPrefix": "*",
    "destinationAddressPrefix": "VirtualNetwork",
}
SITE = {**HERE, "properties": {"gatewayIpAddress": "1.2.3.4"}}
SIMPLE: tuple[tuple[str, dict[str, Any]], ...] = ((NSG, HERE), (TABLE, HERE), (LOCAL, SITE))


def rule(priority: int = 100, direction: str = "Inbound", **changes: Any) -> dict[str, Any]:
    head = {"protocol": "tcp", "access": "allow", "priority": priority, "direction": direction}
    return {"properties": {**head, **ANY, **changes}}


def interface(subnet: str, **inner: Any) -> dict[str, Any]:
    configuration = {"name": "primary", "properties": {"subnet": {"id": subnet}, **inner}}
    return {**HERE, "properties": {"ipConfigurations": [configuration]}}


@pytest.fixture
def azure() -> Azure:
    azure = Azure()
    azure.group()
    return azure


@pytest.fixture
def vnet(azure: Azure) -> str:
    return azure.vnet("net", "10.0.0.0/16", subnets={"a": "10.0.0.0/29", "b": "10.0.1.0/24"})


def attach(azure: Azure, vnet: str, subnet: str = "a", **references: str) -> Any:
    shown = azure.properties(f"{vnet}/subnets/{subnet}")
    links = {name: {"id": target} for name, target in references.items()}
    return azure.send(
        "PUT", f"{vnet}/subnets/{subnet}", {"properties": {"addressPrefix": shown["addressPrefix"], **links}}
    )


# --- what all of them have in common


@pytest.mark.parametrize(("path", "body"), SIMPLE)
def test_a_resource_lives_from_201_to_204(azure: Azure, path: str, body: dict[str, Any]) -> None:
    made = azure.send("PUT", path, body)
    assert (made.status, made.data["properties"]["provisioningState"]) == (201, "Updating")
    azure.wait(60)
    shown = azure.get(path)
    assert shown["properties"]["provisioningState"] == "Succeeded"
    assert azure.send("GET", path).headers["ETag"] == shown["etag"]
    collection = path.rpartition("/")[0]
    for listed in (collection, collection.replace("/resourceGroups/rg", "")):
        assert azure.get(listed)["value"] == [shown]
    assert azure.delete(path).status == 202
    assert azure.send("GET", path).status == 404
    assert azure.send("DELETE", path).status == 204


@pytest.mark.parametrize(("path", "body"), SIMPLE)
def test_a_change_of_tags_is_done_at_once(azure: Azure, path: str, body: dict[str, Any]) -> None:
    azure.put(path, body)
    answer = azure.send("PUT", path, {**body, "tags": {"a": "b"}})
    assert (answer.status, answer.data["properties"]["provisioningState"]) == (200, "Succeeded")
    assert "Azure-AsyncOperation" in answer.headers
    assert "Retry-After" not in answer.headers
    assert azure.get(answer.headers["Azure-AsyncOperation"]) == {"status": "Succeeded"}
    assert azure.send("PATCH", path, {"tags": {"c": "d"}}).data["tags"] == {"c": "d"}


@pytest.mark.parametrize(("path", "body"), SIMPLE)
def test_a_running_operation_refuses_the_next(azure: Azure, path: str, body: dict[str, Any]) -> None:
    azure.send("PUT", path, body)
    assert azure.send("PUT", path, body).status == 429
    assert azure.send("DELETE", path).status == 409


@pytest.mark.parametrize(("path", "body"), SIMPLE)
def test_a_resource_stays_in_its_region(azure: Azure, path: str, body: dict[str, Any]) -> None:
    azure.put(path, body)
    assert code(azure.send("PUT", path, {**body, "location": "eastus"})) == "InvalidResourceLocation"


# --- security groups


def test_a_security_group_has_six_default_rules(azure: Azure) -> None:
    azure.put(NSG, HERE)
    rules = azure.properties(NSG)["defaultSecurityRules"]
    found = [(one["properties"]["direction"], one["properties"]["priority"]) for one in rules]
    assert found == [(way, number) for way in ("Inbound", "Outbound") for number in (65000, 65001, 65500)]


def test_a_rule_is_a_child_and_part_of_its_group(azure: Azure) -> None:
    azure.put(NSG, HERE)
    made = azure.put(f"{NSG}/securityRules/web", rule())
    assert made.status == 201
    shown = azure.get(f"{NSG}/securityRules/web")
    assert (shown["properties"]["protocol"], shown["properties"]["access"]) == ("Tcp", "Allow")
    assert azure.properties(NSG)["securityRules"][0]["id"] == shown["id"]
    assert azure.get(f"{NSG}/securityRules")["value"] == [shown]
    assert shown["etag"] == azure.get(NSG)["etag"]
    assert azure.delete(f"{NSG}/securityRules/web").status == 202
    assert azure.properties(NSG)["securityRules"] == []
    assert code(azure.send("GET", f"{NSG}/securityRules/web")) == "NotFound"


def test_rules_differ_in_priority_or_direction(azure: Azure) -> None:
    azure.put(NSG, {**HERE, "properties": {"securityRules": [{"name": "one", **rule()}]}})
    assert code(azure.send("PUT", f"{NSG}/securityRules/two", rule())) == "SecurityRuleConflict"
    assert azure.put(f"{NSG}/securityRules/two", rule(direction="Outbound")).status == 201
    assert azure.put(f"{NSG}/securityRules/one", rule(access="Deny")).status == 200


@pytest.mark.parametrize("priority", [99, 4097])
def test_a_priority_outside_its_range_is_refused(azure: Azure, priority: int) -> None:
    azure.put(NSG, HERE)
    assert code(azure.send("PUT", f"{NSG}/securityRules/r", rule(priority))) == "SecurityRuleInvalidPriority"


@pytest.mark.parametrize("port", ["66600", "x", "5-", "9-5", "1-2-3"])
def test_a_port_that_is_none_is_refused(azure: Azure, port: str) -> None:
    azure.put(NSG, HERE)
    refused = azure.send("PUT", f"{NSG}/securityRules/r", rule(destinationPortRange=port))
    assert code(refused) == "SecurityRuleInvalidPortRange"


def test_a_security_group_in_use_cannot_be_deleted(azure: Azure, vnet: str) -> None:
    azure.put(NSG, HERE)
    assert attach(azure, vnet, networkSecurityGroup=NSG).status == 200
    azure.wait(10)
    assert azure.properties(NSG)["subnets"] == [{"id": f"{vnet}/subnets/a"}]
    refused = azure.send("DELETE", NSG)
    assert code(refused) == "InUseNetworkSecurityGroupCannotBeDeleted"
    attach(azure, vnet)
    azure.wait(10)
    assert "subnets" not in azure.properties(NSG)
    assert azure.delete(NSG).status == 202


def test_a_subnet_names_what_exists(azure: Azure, vnet: str) -> None:
    assert code(attach(azure, vnet, networkSecurityGroup=NSG)) == "InvalidResourceReference"
    assert code(attach(azure, vnet, routeTable=TABLE)) == "InvalidResourceReference"
    azure.put(TABLE, HERE)
    assert code(attach(azure, vnet, networkSecurityGroup=TABLE)) == "InvalidResourceReference"
    assert attach(azure, vnet, routeTable=TABLE.upper().replace("/SUBSCRIPTIONS", "/subscriptions")).status == 200
    azure.wait(10)
    assert azure.properties(f"{vnet}/subnets/a")["routeTable"] == {"id": TABLE}


# --- route tables


def test_a_route_table_in_use_cannot_be_deleted(azure: Azure, vnet: str) -> None:
    azure.put(TABLE, HERE)
    attach(azure, vnet, routeTable=TABLE)
    azure.wait(10)
    assert azure.properties(TABLE)["subnets"] == [{"id": f"{vnet}/subnets/a"}]
    assert code(azure.send("DELETE", TABLE)) == "InUseRouteTableCannotBeDeleted"
    azure.delete(vnet)
    assert azure.delete(TABLE).status == 202


def test_a_route_is_a_child_of_its_table(azure: Azure) -> None:
    assert code(azure.send("PUT", f"{TABLE}/routes/r", ROUTE)) == "ParentResourceNotFound"
    azure.put(TABLE, HERE)
    assert azure.send("PUT", f"{TABLE}/routes/r", ROUTE).status == 201
    assert azure.send("PUT", f"{TABLE}/routes/other", ROUTE).status == 429
    assert azure.send("DELETE", TABLE).status == 409
    azure.wait(10)
    assert azure.properties(f"{TABLE}/routes/r")["nextHopType"] == "None"
    azure.put(TABLE, HERE)
    assert azure.properties(TABLE)["routes"] == []


def test_an_appliance_has_an_address_and_nothing_else_has(azure: Azure) -> None:
    azure.put(TABLE, HERE)
    bare = {"properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance"}}
    assert code(azure.send("PUT", f"{TABLE}/routes/r", bare)) == "InvalidNextHopIpAddress"
    bare["properties"]["nextHopIpAddress"] = "10.0.0.4"
    assert azure.send("PUT", f"{TABLE}/routes/r", bare).status == 201


def test_a_doomed_operation_fails_the_child_only(azure: Azure) -> None:
    azure.put(TABLE, HERE)
    azure.control("POST", "faults", {"kind": "fail", "method": "PUT", "path": "/routes/", "count": 1})
    azure.put(f"{TABLE}/routes/r", ROUTE)
    assert azure.properties(f"{TABLE}/routes/r")["provisioningState"] == "Failed"
    assert azure.properties(TABLE)["provisioningState"] == "Succeeded"


# --- interfaces


def test_an_interface_uses_its_subnet_and_its_address(azure: Azure, vnet: str) -> None:
    address = f"{NETWORK}/publicIPAddresses/ip"
    azure.put(address, STANDARD_ADDRESS)
    before = azure.get(vnet)["etag"]
    azure.put(NIC, interface(f"{vnet}/subnets/a", publicIPAddress={"id": address}))
    used = f"{NIC}/ipConfigurations/primary"
    assert azure.properties(NIC)["ipConfigurations"][0]["properties"]["privateIPAddress"] == "10.0.0.4"
    assert azure.get(vnet)["etag"] != before
    assert azure.properties(f"{vnet}/subnets/a")["ipConfigurations"] == [{"id": used}]
    assert azure.properties(address)["ipConfiguration"] == {"id": used}
    assert code(azure.send("DELETE", f"{vnet}/subnets/a")) == "InUseSubnetCannotBeDeleted"
    assert code(azure.send("DELETE", vnet)) == "InUseSubnetCannotBeDeleted"
    assert code(azure.send("DELETE", address)) == "PublicIPAddressCannotBeDeleted"
    azure.delete(NIC)
    assert azure.delete(address).status == 202
    assert azure.delete(vnet).status == 202


def test_an_interface_that_moves_is_seen_in_both_vnets(azure: Azure, vnet: str) -> None:
    other = azure.vnet("other", "10.9.0.0/16", subnets={"a": "10.9.0.0/24"})
    azure.put(NIC, interface(f"{vnet}/subnets/a"))
    shown = azure.get(vnet)
    azure.put(NIC, interface(f"{other}/subnets/a"))
    assert azure.get(vnet)["etag"] != shown["etag"]
    assert "ipConfigurations" not in azure.properties(vnet)["subnets"][0]["properties"]
    assert "ipConfigurations" in azure.properties(other)["subnets"][0]["properties"]


def test_an_address_belongs_to_one_configuration(azure: Azure, vnet: str) -> None:
    address = f"{NETWORK}/publicIPAddresses/ip"
    azure.put(address, STANDARD_ADDRESS)
    azure.put(NIC, interface(f"{vnet}/subnets/b", publicIPAddress={"id": address}))
    assert azure.put(NIC, interface(f"{vnet}/subnets/b", publicIPAddress={"id": address})).status == 200
    refused = azure.send("PUT", f"{NIC}2", interface(f"{vnet}/subnets/b", publicIPAddress={"id": address}))
    assert code(refused) == "PublicIPAddressInUse"


def test_interfaces_get_the_next_free_address_until_the_subnet_is_full(azure: Azure, vnet: str) -> None:
    for number in (4, 5, 6):
        azure.put(f"{NIC}{number}", interface(f"{vnet}/subnets/a"))
        inner = azure.properties(f"{NIC}{number}")["ipConfigurations"][0]["properties"]
        assert inner["privateIPAddress"] == f"10.0.0.{number}"
    assert code(azure.send("PUT", NIC, interface(f"{vnet}/subnets/a"))) == "SubnetIsFull"


def test_a_static_address_lies_in_the_subnet_and_is_free(azure: Azure, vnet: str) -> None:
    static = {"privateIPAllocationMethod": "Static"}
    outside = interface(f"{vnet}/subnets/b", **static, privateIPAddress="10.9.9.9")
    assert code(azure.send("PUT", NIC, outside)) == "PrivateIPAddressNotInAnySubnet"
    inside = interface(f"{vnet}/subnets/b", **static, privateIPAddress="10.0.1.77")
    azure.put(NIC, inside)
    assert code(azure.send("PUT", f"{NIC}2", inside)) == "PrivateIPAddressInUse"
    assert azure.put(NIC, {**inside, "tags": {"a": "b"}}).status == 200


def test_a_group_is_deleted_with_everything_in_it(azure: Azure, vnet: str) -> None:
    azure.put(NSG, HERE)
    azure.put(TABLE, HERE)
    azure.put(NIC, interface(f"{vnet}/subnets/a"))
    azure.connected()
    azure.send("DELETE", GROUP)
    azure.wait(60)
    world = azure.core.world
    tables = (world.groups, world.vnets, world.resources, world.connections, world.gateways, world.addresses)
    assert [len(one) for one in tables] == [0] * 6
    assert not world.interfaces


def test_a_group_with_something_that_another_group_uses_is_not_deleted(azure: Azure, vnet: str) -> None:
    elsewhere = azure.group("elsewhere")
    nic = f"{elsewhere}/providers/Microsoft.Network/networkInterfaces/nic"
    azure.put(nic, interface(f"{vnet}/subnets/a"))
    accepted = azure.send("DELETE", GROUP)
    azure.wait(60)
    ended = azure.send("GET", accepted.headers["Location"])
    assert (ended.status, code(ended)) == (409, "ResourceGroupDeletionBlocked")
    assert azure.properties(GROUP)["provisioningState"] == "Succeeded"
    azure.delete(nic)
    azure.send("DELETE", GROUP)
    azure.wait(60)
    assert azure.send("GET", GROUP).status == 404
