"""arm.md section 7: connections in two directions, their status over virtual time, their shared keys."""

from __future__ import annotations

from typing import Any

import pytest

from armsim.settings import TENANT_B
from simulated_azure import GROUP, STANDARD_ADDRESS, SUB_B, Azure, code, connection, connection_path, gateway

GATEWAYS = f"{GROUP}/providers/Microsoft.Network/virtualNetworkGateways"
ENDS = (f"{GATEWAYS}/gw1", f"{GATEWAYS}/gw2")
V2022, V2015 = "2022-01-01", "2015-06-15"


@pytest.fixture
def azure() -> Azure:
    return Azure()


@pytest.fixture
def pair(azure: Azure) -> tuple[str, str]:
    return azure.connected()


def status(azure: Azure, path: str) -> str:
    return str(azure.properties(path)["connectionStatus"])


def settled(azure: Azure, pair: tuple[str, str]) -> None:
    azure.wait(200)
    assert [status(azure, path) for path in pair] == ["Connected", "Connected"]


def change(path: str, **properties: Any) -> dict[str, Any]:
    ends = ENDS if path.endswith("there") else ENDS[::-1]
    return connection(*ends, **properties)


# --- status


def test_two_directions_with_one_key_come_up_over_time(azure: Azure, pair: tuple[str, str]) -> None:
    seen = []
    for _ in range(4):
        seen.append(tuple(status(azure, path) for path in pair))
        azure.wait(50)
    assert seen == [("Unknown",) * 2, ("Unknown",) * 2, ("Connecting",) * 2, ("Connected",) * 2]


def test_a_lone_direction_stays_connecting_and_was_not_connected_in_2015(azure: Azure, pair: tuple[str, str]) -> None:
    azure.delete(pair[1])
    azure.delete(pair[0])
    azure.put(pair[0], change(pair[0]))
    azure.wait(36_000)
    assert status(azure, pair[0]) == "Connecting"
    assert azure.properties(pair[0], version=V2015)["connectionStatus"] == "NotConnected"


def test_unequal_keys_never_connect_and_end_as_not_connected(azure: Azure) -> None:
    there, back = azure.connected()
    azure.send("PUT", f"{back}/sharedkey", {"value": "other"})
    azure.wait(41)
    assert status(azure, there) in ("Unknown", "Connecting")
    azure.wait(300)
    assert [status(azure, path) for path in (there, back)] == ["NotConnected"] * 2


def test_a_changed_key_drops_a_tunnel_only_after_it_has_lasted(azure: Azure, pair: tuple[str, str]) -> None:
    settled(azure, pair)
    azure.send("PUT", f"{pair[0]}/sharedkey", {"value": "other"})
    azure.wait(180)
    assert [status(azure, path) for path in pair] == ["Connected", "Connected"]
    azure.wait(121)
    assert [status(azure, path) for path in pair] == ["NotConnected", "NotConnected"]
    azure.send("PUT", f"{pair[1]}/sharedkey", {"value": "other"})
    azure.wait(40)
    assert status(azure, pair[0]) == "Unknown"
    settled(azure, pair)


def test_a_deleted_direction_takes_the_other_down_after_a_while(azure: Azure, pair: tuple[str, str]) -> None:
    settled(azure, pair)
    assert azure.send("DELETE", pair[1]).status == 202
    azure.wait(100)
    assert status(azure, pair[0]) == "Connected"
    azure.wait(300)
    assert status(azure, pair[0]) == "NotConnected"


def test_both_directions_have_counted_the_same_bytes(azure: Azure, pair: tuple[str, str]) -> None:
    assert azure.properties(pair[0])["ingressBytesTransferred"] == 0
    azure.wait(500)
    shown = [azure.properties(path) for path in pair]
    counted = {one[name] for one in shown for name in ("ingressBytesTransferred", "egressBytesTransferred")}
    assert len(counted) == 1
    assert counted.pop() >= 416


def test_the_status_is_absent_while_updating_and_in_both_lists(azure: Azure, pair: tuple[str, str]) -> None:
    for collection in (f"{GROUP}/providers/Microsoft.Network/connections", f"{ENDS[0]}/connections"):
        for one in azure.get(collection, version=V2022)["value"]:
            assert {"connectionStatus", "sharedKey"}.isdisjoint(one["properties"])
    answer = azure.send("PUT", pair[0], change(pair[0]))
    assert answer.data["properties"]["provisioningState"] == "Updating"
    assert "connectionStatus" not in answer.data["properties"]
    assert "connectionStatus" not in azure.properties(pair[0])


def test_a_gateway_lists_the_connections_that_begin_there(azure: Azure, pair: tuple[str, str]) -> None:
    assert [one["id"] for one in azure.get(f"{ENDS[1]}/connections")["value"]] == [pair[1]]
    assert azure.send("GET", f"{GATEWAYS}/none/connections").status == 404


def test_a_reset_brings_the_tunnel_up_anew(azure: Azure, pair: tuple[str, str]) -> None:
    settled(azure, pair)
    assert azure.send("POST", f"{pair[0]}/resetconnection").status == 202
    azure.wait(11)
    assert [status(azure, path) for path in pair] == ["Unknown", "Unknown"]
    settled(azure, pair)


# --- keys


def test_the_key_is_shown_until_2024_and_absent_after(azure: Azure, pair: tuple[str, str]) -> None:
    assert azure.properties(pair[0], version=V2022)["sharedKey"] == "abc123"
    assert "sharedKey" not in azure.properties(pair[0], version="2024-10-01")
    assert azure.get(f"{pair[0]}/sharedkey") == {"value": "abc123"}


def test_a_put_with_another_key_changes_everything_but_the_key(azure: Azure, pair: tuple[str, str]) -> None:
    azure.put(pair[0], change(pair[0], key="other", routingWeight=25))
    assert azure.properties(pair[0])["routingWeight"] == 25
    assert azure.get(f"{pair[0]}/sharedkey") == {"value": "abc123"}


def test_setting_a_key_leaves_the_connection_updating_for_forty_seconds(azure: Azure, pair: tuple[str, str]) -> None:
    answer = azure.send("PUT", f"{pair[0]}/sharedkey", {"value": "new"})
    assert (answer.status, answer.body) == (200, b"")
    assert "Azure-AsyncOperation" in answer.headers
    assert "Location" not in answer.headers
    azure.wait(39)
    assert azure.properties(pair[0])["provisioningState"] == "Updating"
    refused = azure.send("DELETE", pair[0])
    assert (refused.status, code(refused)) == (409, "AnotherOperationInProgress")
    again = azure.send("PUT", f"{pair[0]}/sharedkey", {"value": "newer"})
    assert (again.status, code(again)) == (429, "RetryableError")
    azure.wait(1)
    assert azure.properties(pair[0])["provisioningState"] == "Succeeded"
    assert azure.get(f"{pair[0]}/sharedkey") == {"value": "new"}


def test_a_failed_key_operation_leaves_the_new_key_and_a_failed_connection(azure: Azure, pair: tuple[str, str]) -> None:
    azure.control("POST", "faults", {"kind": "fail", "method": "PUT", "path": "/sharedkey", "count": 1})
    answer = azure.send("PUT", f"{pair[0]}/sharedkey", {"value": "new"})
    azure.wait(41)
    assert azure.get(answer.headers["Azure-AsyncOperation"])["status"] == "Failed"
    assert azure.properties(pair[0])["provisioningState"] == "Failed"
    assert azure.get(f"{pair[0]}/sharedkey") == {"value": "new"}
    azure.put(f"{pair[0]}/sharedkey", {"value": "new"})
    assert azure.properties(pair[0])["provisioningState"] == "Succeeded"


@pytest.mark.parametrize("length", [1, 17, 128])
def test_a_reset_key_has_the_wanted_length(azure: Azure, pair: tuple[str, str], length: int) -> None:
    answer = azure.send("POST", f"{pair[0]}/sharedkey/reset", {"keyLength": length})
    assert answer.status == 202
    assert {"Azure-AsyncOperation", "Location"} <= set(answer.headers)
    azure.wait(41)
    assert azure.get(answer.headers["Azure-AsyncOperation"]) == {"status": "Succeeded", "properties": {}}
    assert azure.send("GET", answer.headers["Location"]).body == b"null"
    key = azure.get(f"{pair[0]}/sharedkey")["value"]
    assert len(key) == length
    assert key.isalnum()


@pytest.mark.parametrize("key", ["", "a b", "a-b", "a~b", "é", "x" * 129])
def test_a_key_of_other_characters_or_length_is_refused(azure: Azure, pair: tuple[str, str], key: str) -> None:
    assert code(azure.send("PUT", f"{pair[0]}/sharedkey", {"value": key})) == "InvalidSharedKey"


@pytest.mark.parametrize("length", [0, 129])
def test_a_reset_to_another_length_is_refused(azure: Azure, pair: tuple[str, str], length: int) -> None:
    refused = azure.send("POST", f"{pair[0]}/sharedkey/reset", {"keyLength": length})
    assert code(refused) == "InvalidSharedKeyLength"


# --- what a PUT must fulfil


def test_a_connection_needs_gateways_that_exist_and_stand(azure: Azure, pair: tuple[str, str]) -> None:
    path = connection_path("more")
    missing = azure.send("PUT", path, connection(ENDS[0], f"{GATEWAYS}/none"))
    assert code(missing) == "InvalidResourceReference"
    third = azure.vnet("three", "10.3.0.0/16", subnets={"GatewaySubnet": "10.3.255.0/27"})
    azure.send("PUT", f"{GATEWAYS}/gw3", gateway(third, azure.address(third)))
    early = azure.send("PUT", path, connection(ENDS[0], f"{GATEWAYS}/gw3"))
    assert code(early) == "ReferencedResourceNotProvisioned"
    assert code(azure.send("PUT", path, connection(ENDS[0], ENDS[0]))) == "VirtualNetworkGatewayConnectionToItself"


def test_a_second_connection_of_the_same_direction_is_refused(azure: Azure, pair: tuple[str, str]) -> None:
    refused = azure.send("PUT", connection_path("more"), connection(*ENDS))
    assert code(refused) == "VirtualNetworkGatewayConnectionAlreadyExists"


def test_gateways_of_two_tenants_are_joined_by_a_connection_in_each(azure: Azure, pair: tuple[str, str]) -> None:
    """A connection needs no right on the far gateway and no auxiliary token (chosen)."""
    far = azure.vnet(
        "far", "10.9.0.0/16", subnets={"GatewaySubnet": "10.9.0.0/27"}, subscription=SUB_B, tenant=TENANT_B
    )
    home = f"{far.partition('/virtualNetworks/')[0]}"
    address, there = f"{home}/publicIPAddresses/ip", f"{home}/virtualNetworkGateways/gw"
    azure.put(address, STANDARD_ADDRESS, tenant=TENANT_B)
    azure.put(there, gateway(far, address), tenant=TENANT_B)
    out, back = connection_path("out"), f"{home}/connections/back"
    azure.put(out, connection(ENDS[0], there))
    azure.put(back, connection(there, ENDS[0]), tenant=TENANT_B)
    azure.wait(200)
    assert status(azure, out) == "Connected"
    assert azure.properties(back, tenant=TENANT_B)["connectionStatus"] == "Connected"
    assert azure.send("GET", back).status == 401


def test_the_gateways_of_a_connection_stay(azure: Azure, pair: tuple[str, str]) -> None:
    refused = azure.send("PUT", pair[0], change(pair[1]))
    assert code(refused) == "VirtualNetworkGatewayConnectionGatewaysCannotBeChanged"


def test_whole_gateways_may_be_sent_and_only_their_ids_are_kept(azure: Azure, pair: tuple[str, str]) -> None:
    body = change(pair[0])
    body["properties"]["virtualNetworkGateway1"]["properties"] = {"gatewayType": "Vpn"}
    azure.put(pair[0], body)
    assert azure.properties(pair[0])["virtualNetworkGateway1"] == {"id": ENDS[0]}


def test_tags_are_changed_by_a_long_running_patch(azure: Azure, pair: tuple[str, str]) -> None:
    answer = azure.send("PATCH", pair[0], {"tags": {"a": "b"}})
    assert answer.status == 200
    assert "Azure-AsyncOperation" in answer.headers
    assert azure.properties(pair[0])["provisioningState"] == "Updating"
    azure.wait(60)
    assert azure.get(pair[0])["tags"] == {"a": "b"}


def test_a_gateway_with_connections_cannot_be_deleted(azure: Azure, pair: tuple[str, str]) -> None:
    assert code(azure.send("DELETE", ENDS[1])) == "VirtualNetworkGatewayCannotBeDeleted"
    for path in pair:
        azure.delete(path)
    assert azure.delete(ENDS[1]).status == 202


def test_a_connection_is_deleted_once(azure: Azure, pair: tuple[str, str]) -> None:
    answer = azure.send("DELETE", pair[0])
    assert answer.status == 202
    azure.wait(31)
    assert azure.send("GET", answer.headers["Location"]).status == 204
    assert azure.send("GET", pair[0]).status == 404
    assert azure.send("DELETE", pair[0]).status == 204


def test_a_failed_first_operation_makes_no_tunnel(azure: Azure) -> None:
    azure.control("POST", "faults", {"kind": "fail", "method": "PUT", "path": "/connections/back", "count": 1})
    there, back = azure.connected()
    assert azure.properties(back)["provisioningState"] == "Failed"
    azure.wait(36_000)
    assert status(azure, there) == "Connecting"
    azure.put(back, change(back))
    azure.wait(200)
    assert status(azure, there) == "Connected"


def test_a_local_gateway_is_the_far_end_of_a_site_to_site_connection(azure: Azure, pair: tuple[str, str]) -> None:
    local = f"{GROUP}/providers/Microsoft.Network/localNetworkGateways/site"
    space = {"addressPrefixes": ["192.168.0.0/16"]}
    azure.put(
        local,
        {"location": "westeurope", "properties": {"gatewayIpAddress": "1.2.3.4", "localNetworkAddressSpace": space}},
    )
    ends = {"virtualNetworkGateway1": {"id": ENDS[0]}, "localNetworkGateway2": {"id": local}}
    body = {"location": "westeurope", "properties": {**ends, "connectionType": "IPSec", "sharedKey": "k"}}
    path = connection_path("site")
    azure.put(path, body)
    shown = azure.properties(path)
    assert (shown["connectionType"], shown["localNetworkGateway2"]) == ("IPsec", {"id": local})
    assert code(azure.send("DELETE", local)) == "LocalNetworkGatewayCannotBeDeleted"
    azure.delete(path)
    assert azure.delete(local).status == 202


def test_an_instant_simulator_connects_at_once() -> None:
    azure = Azure(speed=float("inf"))
    pair = azure.connected()
    assert [status(azure, path) for path in pair] == ["Connected", "Connected"]


def test_reading_a_key_needs_read_and_action_and_with_read_alone_is_an_internal_error(
    azure: Azure, pair: tuple[str, str]
) -> None:
    def grant(*actions: str) -> None:
        azure.control("PUT", "roles", {"app": [{"scope": GROUP, "actions": list(actions)}]})

    start = "Microsoft.Network/connections"
    grant(f"{start}/read")
    assert code(azure.send("GET", f"{pair[0]}/sharedkey")) == "AuthorizationFailed"
    grant(f"{start}/sharedKey/read")
    failed = azure.send("GET", f"{pair[0]}/sharedkey")
    assert (failed.status, code(failed)) == (500, "InternalServerError")
    grant(f"{start}/sharedKey/action")
    assert code(azure.send("GET", f"{pair[0]}/sharedkey")) == "AuthorizationFailed"
    grant(f"{start}/sharedKey/read", f"{start}/sharedKey/action")
    assert azure.get(f"{pair[0]}/sharedkey") == {"value": "abc123"}
