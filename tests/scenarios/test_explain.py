"""`vnetlink explain`: are these two connected, and if not why? Asked of Azure alone; no cluster, no write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from armsim_process import ArmsimProcess
from traffic_words import DENY_ALL, route_table, security_group, subnet
from vpn_estate import KEY, OTHER_KEY


def explain(azure: ArmsimProcess, *args: str) -> tuple[int, str, str]:
    """Exit code, answer and complaints."""
    command = [sys.executable, "-m", "vnetlink", "explain", *args]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "VNETLINK_"))}
    done = subprocess.run(
        command, env={**inherited, **azure.env}, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


def two(azure: ArmsimProcess) -> tuple[str, str]:
    return azure.vnet("app", "10.1.0.0/16"), azure.vnet("data", "10.2.0.0/16")


def peer(azure: ArmsimProcess, vnet: str, remote: str, name: str, **flags: Any) -> None:
    azure.put(
        f"{vnet}/virtualNetworkPeerings/{name}", {"properties": {"remoteVirtualNetwork": {"id": remote}, **flags}}
    )


def writes(azure: ArmsimProcess) -> list[str]:
    me = azure.env["AZURE_CLIENT_ID"]
    return [one["path"] for one in azure.requests() if one["principal"] == me and one["method"] not in ("GET", "POST")]


def test_two_connected_vnets_are_connected_whatever_their_options(azure: ArmsimProcess) -> None:
    app, data = two(azure)
    peer(azure, app, data, "there", allowForwardedTraffic=True)
    peer(azure, data, app, "back")

    code, told, _ = explain(azure, app, data)

    assert (code, told.splitlines()[0]) == (
        0,
        "1->2 Connected, 2->1 Connected: Both peerings are Connected and in sync.",
    )
    assert "Drifted" not in told
    assert "AdoptionRefused" not in told
    assert writes(azure) == []


def test_a_half_made_pair_is_not_connected_and_the_command_for_the_rest_is_told(azure: ArmsimProcess) -> None:
    app, data = two(azure)
    peer(azure, app, data, "there")

    code, told, _ = explain(azure, app, data, "-o", "json")

    answer = json.loads(told)
    assert (code, answer["connected"]) == (1, False)
    assert (answer["vnet1ToVnet2"], answer["vnet2ToVnet1"]) == ("Initiated", "Missing")
    assert answer["message"] == "Not connected.", "there is no object whose managementPolicy could be set"
    assert answer["findings"][0]["code"] == "ReversePeeringMissing"
    assert "az network vnet peering create" in answer["findings"][0]["remediation"]


def test_a_rule_that_blocks_is_named_between_connected_vnets(azure: ArmsimProcess) -> None:
    app, data = two(azure)
    closed = security_group(azure, DENY_ALL)
    for vnet, prefix in ((app, "10.1.1.0/24"), (data, "10.2.1.0/24")):
        subnet(azure, vnet, prefix, **closed)
    peer(azure, app, data, "there")
    peer(azure, data, app, "back")

    code, told, _ = explain(azure, app, data)

    assert code == 0, "the link stands"
    assert "NetworkSecurityBlocks" in told
    assert "deny-all" in told

    def denied(port: str) -> dict[str, Any]:
        return {
            "name": f"deny-{port}",
            "properties": {**DENY_ALL["properties"], "priority": int(port), "destinationPortRange": port},
        }

    security_group(azure, denied("122"), denied("443"))
    code, told, _ = explain(azure, app, data)
    assert code == 0
    assert told.count("Info: NetworkSecurityBlocks: A part of the traffic does not pass: Rule deny-122") == 2
    assert told.count("Info: NetworkSecurityBlocks: A part of the traffic does not pass: Rule deny-443") == 2


def test_two_spokes_of_one_hub_are_told_that_peering_is_not_transitive(azure: ArmsimProcess) -> None:
    app, data = two(azure)
    hub = azure.vnet("hub", "10.9.0.0/16")
    for spoke, name in ((app, "app"), (data, "data")):
        peer(azure, hub, spoke, name)
        peer(azure, spoke, hub, "hub")

    code, told, _ = explain(azure, app, data)

    assert code == 1
    assert "NotTransitive" in told


def test_two_vnets_joined_by_a_tunnel_are_told_what_keeps_it_down(azure: ArmsimProcess) -> None:
    app = azure.vnet("app", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.255.0/27"})
    data = azure.vnet("data", "10.2.0.0/16", subnets={"GatewaySubnet": "10.2.255.0/27"})
    gateways = azure.gateway(app, "gw-app"), azure.gateway(data, "gw-data")

    def connect(name: str, near: str, far: str, key: str, **options: Any) -> None:
        ends = {"virtualNetworkGateway1": {"id": near}, "virtualNetworkGateway2": {"id": far}}
        properties = {"connectionType": "Vnet2Vnet", "sharedKey": key, **ends, **options}
        where = f"{azure.group('rg')}/providers/Microsoft.Network/connections/{name}"
        azure.put(where, {"location": "westeurope", "properties": properties})

    connect("there", *gateways, KEY, routingWeight=7)
    connect("back", *reversed(gateways), OTHER_KEY)
    code, told, _ = explain(azure, app, data, "-o", "json")
    answer = json.loads(told)
    assert (code, answer["vnet1ToVnet2"], answer["vnet2ToVnet1"]) == (1, "NotConnected", "NotConnected")
    assert {"SharedKeyMismatch", "TunnelNotConnected"} == {one["code"] for one in answer["findings"]}
    assert KEY not in told
    assert OTHER_KEY not in told

    subnet(azure, app, "10.1.1.0/24", **route_table(azure, "deaf", disableBgpRoutePropagation=True))
    subnet(azure, data, "10.2.1.0/24")
    azure.put(f"{azure.group('rg')}/providers/Microsoft.Network/connections/back/sharedkey", {"value": KEY})
    code, told, _ = explain(azure, app, data)
    assert (code, told.splitlines()[0]) == (0, "1->2 Connected, 2->1 Connected: Both connections are there.")
    assert "GatewayRoutesNotPropagated" in told
    assert writes(azure) == []


def test_what_cannot_be_seen_is_unknown_and_a_bad_id_is_refused(azure: ArmsimProcess) -> None:
    app, data = two(azure)
    azure.roles({azure.env["AZURE_CLIENT_ID"]: []})

    code, told, _ = explain(azure, app, data)
    assert code == 2
    assert "AuthorizationFailed" in told

    code, told, wrong = explain(azure, app, "/subscriptions/nonsense")
    assert (code, told) == (2, "")
    assert "is not the id of a virtual network" in wrong
    assert explain(azure, app, app.upper().replace("SUBSCRIPTIONS", "subscriptions"))[0] == 2
