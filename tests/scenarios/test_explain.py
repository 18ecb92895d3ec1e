"""`vnetlink explain`: are these two connected, and if not why? Asked of Azure alone; no cluster, no write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from armsim_process import ArmsimProcess
from traffic_words import DENY_ALL, route_table, security_group, subnet
from vnetlink.cli.command import run
from vnetlink.config import Explain, parse
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
    return [one["path"] for one in azure.requests() if one["principal"] == me and one["method"] != "GET"]


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


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArmsimProcess]:
    """One Azure with all that is asked about below."""
    with ArmsimProcess(tmp_path_factory.mktemp("armsim")) as azure:
        for name, prefix in (("left", "10.1.0.0/16"), ("right", "10.1.128.0/17")):
            azure.vnet(name, prefix)
        gone, _ = joined(azure, "gone", "lone", 2)
        azure.delete(f"{gone}/virtualNetworkPeerings/to-lone")
        grown, _ = joined(azure, "grown", "stale", 4)
        body = azure.get(grown)
        body["properties"]["addressSpace"]["addressPrefixes"].append("10.40.0.0/16")
        azure.put(grown, body)
        from_, to = joined(azure, "from", "to", 6)
        subnet(
            azure,
            from_,
            "10.6.1.0/24",
            **route_table(azure, "sink", ("10.0.0.0/8", "None", ""), ("10.7.0.0/16", "None", "")),
        )
        subnet(azure, to, "10.7.1.0/24")
        joined(azure, "hub", "spoke", 8, hub={"allowGatewayTransit": True}, spoke={"useRemoteGateways": True})
        azure.delete(f"{azure.group('rg')}/providers/Microsoft.Network/virtualNetworkGateways/gw-hub")
        ends = azure.vnet_with_gateway("one", 20), azure.vnet_with_gateway("end", 21)
        azure.connection("half", *ends, KEY)
        yield azure


def joined(azure: ArmsimProcess, one: str, two: str, n: int, **flags: Mapping[str, Any]) -> tuple[str, str]:
    """Two VNets with both peerings; a first one that lets its gateway be used has one meanwhile."""
    hub = flags.get(one)
    ids = (
        azure.vnet(one, f"10.{n}.0.0/16", subnets={"GatewaySubnet": f"10.{n}.255.0/27"} if hub else {}),
        azure.vnet(two, f"10.{n + 1}.0.0/16"),
    )
    if hub:
        azure.gateway(ids[0], f"gw-{one}")
    peer(azure, *ids, f"to-{two}", **(hub or {}))
    peer(azure, *reversed(ids), f"to-{one}", **flags.get(two, {}))
    return ids


@pytest.mark.parametrize(
    ("vnets", "code", "states", "found", "command"),
    [
        ("left right", 1, ("Missing", "Missing"), "AddressSpacesOverlap", "az network vnet "),
        ("gone lone", 1, ("Missing", "Disconnected"), "PeeringDisconnected", "az network vnet peering delete"),
        ("grown stale", 0, ("Connected", "Connected"), "AddressSpaceOutOfSync", "az network vnet peering sync"),
        ("from to", 0, ("Connected", "Connected"), "RouteOverrides", "az network route-table "),
        ("hub spoke", 0, ("Connected", "Connected"), "RemoteHasNoGateway", "az network vnet peering update"),
        ("one end", 1, ("Connecting", "Missing"), "ConnectionMissing", "az network vpn-connection create"),
    ],
)
def test_each_fault_is_told_with_its_state_and_a_command(
    faulty: ArmsimProcess,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    vnets: str,
    code: int,
    states: tuple[str, str],
    found: str,
    command: str,
) -> None:
    ids = [f"{faulty.group('rg')}/providers/Microsoft.Network/virtualNetworks/{name}" for name in vnets.split()]
    for name, value in faulty.env.items():
        monkeypatch.setenv(name, value)
    asked = parse(["explain", *ids, "-o", "json"], os.environ, "0")
    assert isinstance(asked, Explain)

    assert run(asked) == code

    answer = json.loads(capsys.readouterr().out)
    told = {one["code"]: one["remediation"] for one in answer["findings"]}
    assert (answer["vnet1ToVnet2"], answer["vnet2ToVnet1"]) == states
    assert command in told[found], answer
    assert writes(faulty) == []


def test_two_vnets_joined_by_a_tunnel_are_told_what_keeps_it_down(azure: ArmsimProcess) -> None:
    gateways = azure.vnet_with_gateway("app", 1), azure.vnet_with_gateway("data", 2)
    app, data = (f"{azure.group('rg')}/providers/Microsoft.Network/virtualNetworks/{name}" for name in ("app", "data"))
    azure.connection("there", *gateways, KEY, routingWeight=7)
    azure.connection("back", *reversed(gateways), OTHER_KEY)
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


def test_names_that_resolve_on_one_side_only_are_told_and_zones_that_may_not_be_read_change_no_answer(
    azure: ArmsimProcess,
) -> None:
    app, data = two(azure)
    peer(azure, app, data, "there")
    peer(azure, data, app, "back")
    zone = f"{azure.group('rg')}/providers/Microsoft.Network/privateDnsZones/corp.example"
    linked = {"virtualNetwork": {"id": app}, "registrationEnabled": False}
    for path, body in ((zone, {}), (f"{zone}/virtualNetworkLinks/app", {"properties": linked})):
        azure.wait(azure.send("PUT", f"{path}?api-version=2020-06-01", {"location": "global", **body}))
    who = azure.env["AZURE_CLIENT_ID"]
    azure.roles({who: [{"role": "Reader", "scope": "/"}]})

    code, told, _ = explain(azure, app, data)
    assert code == 0
    assert f"Info: DnsZoneNotLinked: Private DNS zone corp.example is linked to VNet {app} and not to {data}" in told
    assert "az network private-dns link vnet create" in told
    assert writes(azure) == []

    azure.roles({who: [{"actions": ["Microsoft.Network/virtualNetworks/*"], "scope": "/"}]})
    code, told, _ = explain(azure, app, data, "-o", "json")
    answer = json.loads(told)
    assert (code, answer["connected"], answer["findings"]) == (0, True, [])
    assert "Microsoft.Network/privateDnsZones/read" in answer["notes"][0]


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
