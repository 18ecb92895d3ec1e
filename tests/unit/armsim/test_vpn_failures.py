"""Faults of a VPN's operations, repair of what failed, and the least rights a VPN needs (design/faults.md C3, F34, F59)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from armsim.messages import Response
from simulated_azure import GROUP, SUB, Azure, code, connection, connection_path, gateway

NETWORK = f"{GROUP}/providers/Microsoft.Network"
GATEWAY = f"{NETWORK}/virtualNetworkGateways/gw"
FAR = f"{NETWORK}/virtualNetworkGateways/far"
THERE, BACK = connection_path("there"), connection_path("back")


@pytest.fixture
def azure() -> Azure:
    return Azure()


def hub(azure: Azure, name: str = "hub", space: str = "11.0") -> str:
    path = azure.vnet(name, f"{space}.0.0/16", subnets={"GatewaySubnet": f"{space}.0.0/27"})
    azure.address(path)
    return path


def fault(azure: Azure, **spec: Any) -> None:
    assert azure.control("POST", "faults", spec).status == 200


def state(azure: Azure, path: str) -> str:
    return str(azure.properties(path)["provisioningState"])


# --- fail and repair


def test_a_gateway_whose_creation_failed_is_failed_and_repaired_by_the_same_put(azure: Azure) -> None:
    path = hub(azure)
    fault(azure, kind="fail", method="PUT", path="/virtualNetworkGateways/gw", code="InternalServerError", count=1)
    answer = azure.send("PUT", GATEWAY, gateway(path))
    assert answer.status == 201
    azure.wait()
    ended = azure.get(answer.headers["Azure-AsyncOperation"])
    assert (ended["status"], ended["error"]["code"]) == ("Failed", "InternalServerError")
    assert state(azure, GATEWAY) == "Failed"
    assert "ipConfigurations" not in azure.properties(f"{path}/subnets/GatewaySubnet")
    assert azure.send("DELETE", f"{path}/subnets/GatewaySubnet").status == 400
    repaired = azure.send("PUT", GATEWAY, gateway(path))
    assert repaired.status == 200
    azure.wait(885)
    assert state(azure, GATEWAY) == "Updating"
    azure.wait(1)
    assert state(azure, GATEWAY) == "Succeeded"
    assert azure.properties(GATEWAY)["bgpSettings"]["bgpPeeringAddress"]


def test_tags_do_not_repair_a_gateway_that_was_never_made(azure: Azure) -> None:
    path = hub(azure)
    fault(azure, kind="fail", method="PUT", path="/virtualNetworkGateways/gw", count=1)
    azure.send("PUT", GATEWAY, gateway(path))
    azure.wait()
    assert azure.send("PATCH", GATEWAY, {"tags": {"a": "b"}}).status == 200
    azure.wait()
    assert state(azure, GATEWAY) == "Failed"
    assert azure.get(GATEWAY)["tags"] == {"a": "b"}


def test_tags_of_a_gateway_that_stands_leave_it_so_unless_their_operation_fails(azure: Azure) -> None:
    azure.put(GATEWAY, gateway(hub(azure)))
    azure.send("PATCH", GATEWAY, {"tags": {"a": "b"}})
    azure.wait()
    assert state(azure, GATEWAY) == "Succeeded"
    fault(azure, kind="fail", method="PATCH", count=1)
    azure.send("PATCH", GATEWAY, {"tags": {}})
    azure.wait()
    assert state(azure, GATEWAY) == "Failed"


def test_neither_tags_nor_a_key_make_a_connection_that_failed(azure: Azure) -> None:
    fault(azure, kind="fail", method="PUT", path="/connections/back", count=1)
    azure.connected()
    azure.send("PATCH", BACK, {"tags": {"a": "b"}})
    azure.wait()
    assert (state(azure, BACK), azure.get(BACK)["tags"]) == ("Failed", {"a": "b"})
    azure.send("PUT", f"{BACK}/sharedkey", {"value": "abc123"})
    azure.wait()
    assert state(azure, BACK) == "Failed"
    assert azure.properties(THERE)["connectionStatus"] == "Connecting"


def test_a_failed_gateway_carries_no_connection_and_can_be_deleted(azure: Azure) -> None:
    azure.put(FAR, gateway(hub(azure, "far", "12.0")))
    fault(azure, kind="fail", method="PUT", path="/virtualNetworkGateways/gw", count=1)
    azure.send("PUT", GATEWAY, gateway(hub(azure)))
    azure.wait()
    refused = azure.send("PUT", THERE, connection(GATEWAY, FAR))
    assert code(refused) == "ReferencedResourceNotProvisioned"
    assert "Failed state" in refused.data["error"]["message"]
    azure.delete(GATEWAY)
    assert azure.send("GET", GATEWAY).status == 404


def test_a_deletion_that_fails_leaves_a_failed_gateway_that_a_second_one_removes(azure: Azure) -> None:
    azure.put(GATEWAY, gateway(hub(azure)))
    fault(azure, kind="fail", method="DELETE", path="/virtualNetworkGateways/gw", count=1)
    azure.delete(GATEWAY)
    assert state(azure, GATEWAY) == "Failed"
    azure.delete(GATEWAY)
    assert azure.send("GET", GATEWAY).status == 404


# --- stall, by operation

STALLED: dict[str, tuple[str, str, Callable[[Azure], Response]]] = {
    "gateway": ("PUT", "/virtualNetworkGateways/gw1", lambda azure: azure.send("PUT", GW1, azure_gateway())),
    "tags": ("PATCH", "/connections/there", lambda azure: azure.send("PATCH", THERE, {"tags": {}})),
    "key": ("PUT", "/sharedkey", lambda azure: azure.send("PUT", f"{THERE}/sharedkey", {"value": "new"})),
    "deletion": ("DELETE", "/connections/there", lambda azure: azure.send("DELETE", THERE)),
}
GW1 = f"{NETWORK}/virtualNetworkGateways/gw1"


def azure_gateway() -> dict[str, Any]:
    return gateway(f"{NETWORK}/virtualNetworks/one")


@pytest.mark.parametrize("what", STALLED)
def test_one_operation_can_be_stalled(azure: Azure, what: str) -> None:
    azure.connected()
    azure.wait()
    method, path, begin = STALLED[what]
    fault(azure, kind="stall", method=method, path=path, seconds=7200, count=1)
    answer = begin(azure)
    assert answer.status < 300
    azure.wait(7200)
    assert azure.get(answer.headers["Azure-AsyncOperation"])["status"] == "InProgress"
    azure.wait(886)
    assert azure.get(answer.headers["Azure-AsyncOperation"])["status"] == "Succeeded"


# --- the least rights

START = "Microsoft.Network"
ROLE = json.loads((Path(__file__).resolve().parents[3] / "deploy" / "azure-roles" / "vpn.json").read_text())
VPN = tuple(one for one in ROLE["Actions"] if not one.endswith("/locations/read"))


def life(azure: Azure, vnets: tuple[str, str]) -> list[Response]:
    """Every call of a VPN's life, as the app; each operation is waited for by time."""
    answers: list[Response] = []

    def call(method: str, path: str, body: Any = None) -> None:
        answers.append(azure.send(method, path, body))
        azure.wait()

    for vnet, path in zip(vnets, (GATEWAY, FAR), strict=True):
        subnet, prefix = f"{vnet}/subnets/GatewaySubnet", azure.core.world.vnets[vnet.lower()].prefixes[0]
        call("GET", vnet)
        call("PUT", subnet, {"properties": {"addressPrefix": prefix.replace("/16", "/27")}})
        ip = {**STANDARD, "tags": {"vnetlink": "x"}}
        call("PUT", f"{vnet.replace('virtualNetworks', 'publicIPAddresses')}-ip", ip)
        call("GET", f"{vnet.replace('virtualNetworks', 'publicIPAddresses')}-ip")
        call("PUT", path, gateway(vnet))
        call("GET", path)
        call("PATCH", path, {"tags": {"vnetlink": "x"}})
    for path, near, far in ((THERE, GATEWAY, FAR), (BACK, FAR, GATEWAY)):
        call("PUT", path, connection(near, far))
        call("GET", path)
        call("GET", f"{near}/connections")
        call("GET", f"{path}/sharedkey")
        call("PUT", f"{path}/sharedkey", {"value": "new"})
        call("PATCH", path, {"tags": {"vnetlink": "x"}})
    for path in (THERE, BACK, GATEWAY, FAR):
        call("DELETE", path)
    for vnet in vnets:
        call("DELETE", f"{vnet.replace('virtualNetworks', 'publicIPAddresses')}-ip")
        call("DELETE", f"{vnet}/subnets/GatewaySubnet")
    return answers


STANDARD = {
    "location": "westeurope",
    "sku": {"name": "Standard"},
    "zones": ["1", "2", "3"],
    "properties": {"publicIPAllocationMethod": "Static"},
}


def granted(azure: Azure, actions: tuple[str, ...]) -> tuple[str, str]:
    vnets = azure.vnet("one", "11.0.0.0/16"), azure.vnet("two", "12.0.0.0/16")
    azure.control("PUT", "roles", {"app": [{"scope": GROUP, "actions": list(actions)}]})
    return vnets


def test_the_vpn_role_is_enough_for_a_whole_life(azure: Azure) -> None:
    answers = life(azure, granted(azure, VPN))
    assert {one.status for one in answers} <= {200, 201, 202}
    assert azure.core.world.gateways == {}
    assert azure.core.world.addresses == {}


@pytest.mark.parametrize("missing", VPN)
def test_each_right_of_the_vpn_role_is_needed(azure: Azure, missing: str) -> None:
    answers = life(azure, granted(azure, tuple(one for one in VPN if one != missing)))
    refused = [one for one in answers if one.status >= 400]
    wanted = {"AuthorizationFailed", "LinkedAuthorizationFailed"}
    assert {code(refused[0])} <= (wanted | {"InternalServerError"})
    if refused[0].status == 403:
        assert missing.lower() in refused[0].data["error"]["message"].lower()


def test_a_role_in_a_group_does_not_read_operations_of_the_subscription(azure: Azure) -> None:
    """LRO polls are at the subscription: design/faults.md F33."""
    vnets = granted(azure, VPN)
    answer = azure.send("PUT", f"{vnets[0]}/subnets/GatewaySubnet", {"properties": {"addressPrefix": "11.0.0.0/27"}})
    polled = azure.send("GET", answer.headers["Azure-AsyncOperation"])
    assert code(polled) == "AuthorizationFailed"
    assert f"over scope '/subscriptions/{SUB}" in polled.data["error"]["message"]


# --- headers


def test_every_answer_of_a_vpn_tells_what_is_left(azure: Azure) -> None:
    azure.connected()
    azure.wait()
    left = "x-ms-ratelimit-remaining-subscription"
    for method, path, body, kind in (
        ("GET", f"{THERE}/sharedkey", None, "reads"),
        ("PUT", f"{THERE}/sharedkey", {"value": "new"}, "writes"),
        ("GET", f"{GW1}/connections", None, "reads"),
        ("PATCH", GW1, {"tags": {}}, "writes"),
        ("DELETE", BACK, None, "deletes"),
        ("DELETE", GW1, None, "deletes"),
    ):
        assert int(azure.send(method, path, body).headers[f"{left}-{kind}"]) > 0
