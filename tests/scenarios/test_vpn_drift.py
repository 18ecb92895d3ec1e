"""What people change behind a VpnConnectionPair's back, what they had made before it, and copies of the object itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from estate import eventually
from stories import owned, told, write_status
from vpn_by_hand import (
    MADE,
    PAIR,
    SELECT,
    by_hand,
    connect,
    connection,
    gateway,
    goes,
    origins,
    quiet,
    site_to_site,
    there,
    tunnel,
)
from vpn_estate import KEY, OTHER_KEY, VpnEstate, vpn_estate


@pytest.fixture
def slow(cluster: Cluster, tmp_path: Path) -> Iterator[VpnEstate]:
    """As `vpn`, in an Azure whose gateways take some 5 s."""
    with ArmsimProcess(tmp_path / "armsim", speed="180") as azure, vpn_estate(cluster, azure, tmp_path) as estate:
        yield estate


def between(vpn: VpnEstate, name: str, ends: tuple[str, str], **spec: Any) -> None:
    """Apply a pair that selects the gateways that people made."""
    vpn.secret()
    if not vpn.operator.alive:
        vpn.start()
    vpn.vpn(name, *ends, side1=SELECT, side2=SELECT, **{"interval": "1s", **spec})


# --- drift


def test_a_connection_that_was_deleted_by_hand_is_made_again_with_the_same_key_and_nothing_else(vpn: VpnEstate) -> None:
    tunnel(vpn)
    vpn.operator.kill()  # what was made a moment ago is not believed to be gone; this operator has forgotten when that was
    vpn.azure.delete(connection(vpn, "data-app"))
    since = vpn.azure.last_request()

    vpn.operator.start()
    eventually("made again", lambda: "data-app" in vpn.names("connections"))
    vpn.wait_ready(PAIR)
    quiet(vpn, connection(vpn, "data-app"))

    assert vpn.writes(since) == ["PUT data-app"]
    assert vpn.shared_key("data-app") == KEY
    assert {one for one, fate in goes(vpn, PAIR).items() if fate == "Delete"} == MADE


def test_options_changed_by_hand_are_put_back_with_one_write_and_told_once(vpn: VpnEstate) -> None:
    tunnel(vpn)
    quiet(vpn, connection(vpn, "app-data"), 1)
    since = vpn.azure.last_request()
    changed = vpn.resource("connections", "app-data") or {}
    changed["properties"] |= {"routingWeight": 77, "dpdTimeoutSeconds": 9}
    vpn.azure.put(connection(vpn, "app-data"), changed)

    eventually("put back", lambda: vpn.writes(since))
    vpn.wait_ready(PAIR)
    quiet(vpn, connection(vpn, "app-data"))

    shown = vpn.resource("connections", "app-data") or {}
    assert (shown["properties"]["routingWeight"], shown["properties"]["dpdTimeoutSeconds"]) == (10, 45)
    assert vpn.writes(since) == ["PUT app-data"]
    eventually("told", lambda: len(told(vpn, PAIR, "DriftRepaired")) == 1)
    (note,) = told(vpn, PAIR, "DriftRepaired")
    assert "dpdTimeoutSeconds" in note
    assert "routingWeight" in note


def test_a_failed_gateway_that_is_not_ours_is_told_with_the_command_and_not_written(vpn: VpnEstate) -> None:
    ends = by_hand(vpn)
    between(vpn, "failed", ends)
    vpn.wait_ready("failed")
    since = vpn.azure.last_request()
    vpn.azure.fault(kind="fail", method="PUT", path="/virtualNetworkGateways/gw-app", count=1)
    vpn.azure.send("PUT", gateway(vpn, "gw-app"), vpn.resource("virtualNetworkGateways", "gw-app"))

    ready = vpn.wait_reason("failed", "GatewayFailed")
    quiet(vpn, gateway(vpn, "gw-app"))
    assert f"az network vnet-gateway reset --ids '{gateway(vpn, 'gw-app')}'" in ready["message"]
    assert vpn.writes(since) == []
    assert len(told(vpn, "failed", "GatewayFailed")) == 1


@pytest.mark.parametrize("how", ["ConnectionTypeMismatch", "NameTaken"])
def test_another_connection_under_the_asked_name_is_told_and_left_alone(vpn: VpnEstate, how: str) -> None:
    ends = by_hand(vpn)
    if how == "NameTaken":
        other = vpn.azure.vnet("other", "10.9.0.0/16", subnets={"GatewaySubnet": "10.9.255.0/27"})
        vpn.azure.gateway(other, "gw-other")
        connect(vpn, "wanted", "gw-app", "gw-other")
    else:
        site_to_site(vpn, "wanted", "gw-app")
    vpn.secret()
    vpn.start()
    side = {**SELECT, "connection": {"id": connection(vpn, "wanted")}}
    vpn.vpn("taken", *ends, side1=side, side2=SELECT, interval="1s")

    ready = vpn.wait_reason("taken", how)
    quiet(vpn, connection(vpn, "wanted"))
    assert f"az network vpn-connection delete --ids {connection(vpn, 'wanted')}" in ready["message"]
    assert vpn.writes() == []
    assert owned(vpn, "taken") == {}
    vpn.delete("taken")
    assert vpn.names("connections") == ["wanted"]


# --- adoption

ADOPTIONS = [
    ("IfMatching", "same-key", 10, []),
    ("IfMatching", "other-key", 10, None),
    ("IfMatching", "same-key", 77, None),
    ("Never", "same-key", 10, None),
    ("Always", "other-key", 77, ["PUT half", "PUT sharedkey"]),
]


@pytest.mark.parametrize(("policy", "key", "weight", "writes"), ADOPTIONS)
def test_connections_that_people_made_are_adopted_as_the_policy_says_the_key_included(
    vpn: VpnEstate, policy: str, key: str, weight: int, writes: list[str] | None
) -> None:
    ends = by_hand(vpn)
    connect(vpn, "half", "gw-app", "gw-data", key=KEY if key == "same-key" else OTHER_KEY, routingWeight=weight)
    connect(vpn, "other-half", "gw-data", "gw-app", key=KEY)
    between(vpn, "adopting", ends, adoptionPolicy=policy)

    if writes is None:
        ready = vpn.wait_reason("adopting", "AdoptionRefused")
        said = {("IfMatching", 77): "routingWeight", ("Never", 10): "adoptionPolicy is Never"}
        assert said.get((policy, weight), "the shared key") in ready["message"]
        assert KEY not in ready["message"]
        assert OTHER_KEY not in ready["message"]
        quiet(vpn, connection(vpn, "half"))
        assert owned(vpn, "adopting") == {}, "one refused side refuses the pair"
    else:
        vpn.wait_ready("adopting")
        quiet(vpn, connection(vpn, "half"))
        assert {origins(vpn, "adopting")[one] for one in ("half", "other-half")} == {"Adopted"}
        assert len(told(vpn, "adopting", "Adopted")) == 2
        assert vpn.shared_key("half") == vpn.shared_key("other-half") == KEY
    assert sorted(vpn.writes()) == (writes or [])
    vpn.delete("adopting")
    assert vpn.names("connections") == ["half", "other-half"]


def test_a_connection_that_is_being_changed_is_not_judged_before_its_key_can_be_read(vpn: VpnEstate) -> None:
    ends = by_hand(vpn)
    half = connect(vpn, "half", "gw-app", "gw-data", key=OTHER_KEY)
    vpn.azure.fault(kind="stall", method="PUT", path="/connections/half", seconds=3600, count=1)
    vpn.azure.send("PUT", half, vpn.resource("connections", "half"))
    between(vpn, "patient", ends)

    vpn.wait_reason("patient", "OperationInProgress")
    quiet(vpn, half, 2)
    assert owned(vpn, "patient") == {}
    vpn.azure.advance(3600)
    ready = vpn.wait_reason("patient", "AdoptionRefused")
    assert "the shared key" in ready["message"]
    assert vpn.writes() == []


def test_only_one_direction_there_is_adopted_and_the_other_is_made(vpn: VpnEstate) -> None:
    ends = by_hand(vpn)
    connect(vpn, "half", "gw-data", "gw-app")
    between(vpn, "completed", ends)
    vpn.wait_ready("completed")

    assert vpn.writes() == ["PUT app-data"]
    assert origins(vpn, "completed")["app-data"] == "Created"
    assert origins(vpn, "completed")["half"] == "Adopted"
    assert vpn.shared_key("app-data") == KEY


# --- who holds the pair


def test_a_peering_and_a_vpn_between_the_same_vnets_are_duplicates_whichever_is_older(vpn: VpnEstate) -> None:
    app, data = tunnel(vpn)
    vpn.kind = "peeringpair"
    vpn.pair("peered", data, app, interval="1s")
    ready = vpn.wait_reason("peered", "DuplicateLink")
    assert f"kubectl get vpnconnectionpairs -n default {PAIR}" in ready["message"]
    vpn.kind = "vpnpair"
    since = vpn.azure.last_request()

    vpn.delete(PAIR)
    eventually("the peering", lambda: vpn.peerings(app) and vpn.peerings(data))
    vpn.vpn("tardy", app, data)
    ready = vpn.wait_reason("tardy", "DuplicateLink")
    assert "kubectl get peeringpairs -n default peered" in ready["message"]
    assert not any("gateway" in write for write in vpn.writes(since) if write.startswith("PUT"))


# --- hands off


@pytest.mark.parametrize("spec", [{"suspend": True}, {"managementPolicy": "Observe"}], ids=["suspended", "observing"])
def test_hands_off_tells_of_drift_and_writes_nothing(vpn: VpnEstate, spec: dict[str, Any]) -> None:
    tunnel(vpn)
    quiet(vpn, connection(vpn, "app-data"), 1)
    vpn.patch(PAIR, **spec)
    eventually("let go", lambda: "finalizers" not in vpn.read(PAIR)["metadata"])
    since = vpn.azure.last_request()
    changed = vpn.resource("connections", "app-data") or {}
    changed["properties"] |= {"routingWeight": 77}
    vpn.azure.put(connection(vpn, "app-data"), changed)

    ready = vpn.wait_reason(PAIR, "Drifted")
    assert "routingWeight" in ready["message"]
    assert set(goes(vpn, PAIR).values()) == {"Keep"}
    quiet(vpn, connection(vpn, "app-data"))
    vpn.delete(PAIR)
    assert vpn.writes(since) == []
    assert there(vpn) == MADE


# --- edits on the way


def test_edits_while_gateways_are_being_made_count_and_cost_no_second_gateway(slow: VpnEstate) -> None:
    ends = slow.two_vnets()
    slow.secret()
    slow.start()
    slow.vpn(PAIR, *ends, interval="1s")
    eventually("both gateways", lambda: len(slow.names("virtualNetworkGateways")) == 2)
    for weight in (20, 30, 40):
        slow.patch(PAIR, vpn={"routingWeight": weight})
    slow.secret(key=OTHER_KEY)

    slow.wait_ready(PAIR, within=60)
    quiet(slow, connection(slow, "app-data"))
    assert sorted(slow.writes()) == sorted(f"PUT {one.rpartition('/')[2]}" for one in MADE), (
        "eight writes, with the last weight and key at once"
    )
    shown = slow.resource("connections", "app-data") or {}
    assert shown["properties"]["routingWeight"] == 40
    assert slow.shared_key("app-data") == slow.shared_key("data-app") == OTHER_KEY


# --- what kubectl shows


def test_tables_and_describe_tell_how_it_stands_and_each_event_once(vpn: VpnEstate) -> None:
    app, _ = tunnel(vpn)
    quiet(vpn, app)
    header, line = vpn.kubectl("get", "vpnpair", PAIR, "--output", "wide").splitlines()
    columns = ["NAME", "GW1", "GW2", "1->2", "2->1", "READY", "REASON", "AGE", "VNET1", "VNET2", "KEY", "MESSAGE"]
    assert header.split() == columns
    row = line.split()
    assert row[:7] == [PAIR, "Succeeded", "Succeeded", "Connected", "Connected", "True", "Connected"]
    assert row[8:11] == ["app", "data", "Matching"]
    assert line.endswith("Both connections are Connected.")
    assert max(map(len, vpn.kubectl("get", "vpnpair", PAIR).splitlines())) <= 120

    described = vpn.kubectl("describe", "vpnpair", PAIR)
    for reason in ("GatewayCreating", "PublicIPCreated", "SubnetCreated", "ConnectionCreated"):
        assert len(told(vpn, PAIR, reason)) == 2, reason
        assert reason in described
    assert len(told(vpn, PAIR, "Connected")) == 1
    assert KEY not in described


# --- copies and backups


def test_a_copy_under_another_name_owns_nothing_that_the_original_made(vpn: VpnEstate) -> None:
    tunnel(vpn)
    vpn.operator.kill()
    saved = vpn.read(PAIR)
    bare = '{"metadata":{"finalizers":null}}'
    vpn.kubectl("patch", "vpnpair", PAIR, "--type=merge", "--patch", bare)
    vpn.kubectl("delete", "vpnpair", PAIR)
    kept = {key: saved["metadata"][key] for key in ("annotations", "finalizers")}
    copy = {**saved, "metadata": {"name": "copied", **kept}}
    vpn.kubectl("create", "--filename", "-", input=json.dumps(copy))
    since = vpn.azure.last_request()

    vpn.operator.start()
    vpn.wait_ready("copied")
    shown = origins(vpn, "copied")
    assert {shown[one] for one in ("app-data", "data-app")} == {"Adopted"}
    assert {shown[one] for one in ("app-gateway", "app/GatewaySubnet", "data-gateway")} == {"Selected"}
    assert set(goes(vpn, "copied").values()) == {"Keep"}
    vpn.delete("copied")
    assert vpn.writes(since) == []
    assert there(vpn) == MADE


def test_an_object_restored_from_a_backup_takes_up_what_it_made_and_deletes_it(vpn: VpnEstate) -> None:
    tunnel(vpn)
    vpn.operator.kill()
    saved = vpn.read(PAIR)
    vpn.kubectl("patch", "vpnpair", PAIR, "--type=merge", "--patch", '{"metadata":{"finalizers":null}}')
    vpn.kubectl("delete", "vpnpair", PAIR)
    kept = {key: saved["metadata"][key] for key in ("name", "annotations", "finalizers")}
    vpn.kubectl("create", "--filename", "-", input=json.dumps({**saved, "metadata": kept}))
    write_status(vpn, PAIR, saved["status"])
    since = vpn.azure.last_request()

    vpn.operator.start()
    vpn.wait_ready(PAIR)
    quiet(vpn, connection(vpn, "app-data"))
    assert vpn.writes(since) == []
    assert {one for one, fate in goes(vpn, PAIR).items() if fate == "Delete"} == MADE
    vpn.delete(PAIR)
    assert there(vpn) == set()
