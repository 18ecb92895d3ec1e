"""A deletion of a VpnConnectionPair that cannot go on for now, or that something is wrong with: it says so, and it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from estate import eventually
from stories import told
from vpn_by_hand import (
    MADE,
    PAIR,
    connection,
    gateway,
    goes,
    quiet,
    there,
    tunnel,
)
from vpn_estate import VpnEstate, vpn_estate


@pytest.fixture
def slow(cluster: Cluster, tmp_path: Path) -> Iterator[VpnEstate]:
    """As `vpn`, in an Azure whose gateways take their time: about 5 s to make, a second to delete."""
    with (
        ArmsimProcess(tmp_path / "armsim", speed="180") as azure,
        vpn_estate(cluster, azure, tmp_path) as estate,
    ):
        yield estate


def left(vpn: VpnEstate, name: str, count: int) -> list[str]:
    """The notes of LeftInAzure, as soon as there are so many."""
    eventually(f"{count} times LeftInAzure", lambda: len(told(vpn, name, "LeftInAzure")) >= count)
    return told(vpn, name, "LeftInAzure")


# --- a deletion that cannot go on, and how it ends


def test_a_deletion_held_by_a_lock_says_so_and_ends_when_it_is_gone(vpn: VpnEstate) -> None:
    tunnel(vpn)
    vpn.azure.fault(kind="answer", method="DELETE", path="/app-gateway\\b(?!-)", status=409, code="ScopeLocked")
    vpn.delete(PAIR, wait=False)

    ready = vpn.wait_reason(PAIR, "DeletionHeld")
    assert "app-gateway" in ready["message"]
    assert "az lock list" in ready["message"]
    assert "spec.deletionPolicy: Orphan" in ready["message"]
    eventually("the other side", lambda: there(vpn) == {"app-gateway", "app-gateway-ip", "app/GatewaySubnet"})
    eventually("the event", lambda: len(told(vpn, PAIR, "DeletionHeld")) == 1)
    vpn.azure.clear_faults()
    vpn.wait_gone(PAIR)
    assert there(vpn) == set()
    assert len(told(vpn, PAIR, "DeletionHeld")) == 1


def test_a_deletion_without_the_right_to_delete_is_held_and_orphan_releases_it(vpn: VpnEstate) -> None:
    tunnel(vpn)
    group = vpn.azure.group("rg")
    vpn.azure.roles({vpn.azure.env["AZURE_CLIENT_ID"]: [{"scope": group, "actions": ["*/read"]}]})
    since = vpn.azure.last_request()
    vpn.delete(PAIR, wait=False)

    ready = vpn.wait_reason(PAIR, "DeletionHeld")
    assert "Microsoft.Network/connections/delete" in ready["message"]
    assert "az role assignment create" in ready["message"]
    vpn.patch(PAIR, deletionPolicy="Orphan")
    vpn.wait_gone(PAIR)

    assert there(vpn) == MADE
    assert {one["status"] for one in vpn.azure.requests(since, "DELETE")} == {403}
    assert len(left(vpn, PAIR, 8)) == 8


def test_a_deletion_waits_for_the_end_of_an_outage(vpn: VpnEstate) -> None:
    tunnel(vpn)
    vpn.azure.fault(kind="answer", path="^/subscriptions/", status=503, code="ServiceUnavailable")
    vpn.delete(PAIR, wait=False)

    vpn.wait_reason(PAIR, "AzureUnreachable")
    assert vpn.exists(PAIR)
    vpn.azure.clear_faults()
    vpn.wait_gone(PAIR)
    assert there(vpn) == set()


def test_an_object_whose_resource_groups_are_gone_goes_without_a_write(vpn: VpnEstate) -> None:
    tunnel(vpn)
    vpn.operator.kill()
    vpn.azure.delete(vpn.azure.group("rg"))
    since = vpn.azure.last_request()

    vpn.delete(PAIR, wait=False)
    vpn.operator.start()
    vpn.wait_gone(PAIR)
    assert vpn.writes(since) == []


def test_an_object_whose_vnet_is_gone_takes_what_is_left_of_it(vpn: VpnEstate) -> None:
    app, _ = tunnel(vpn)
    vpn.operator.kill()
    for one in ("app-data", "data-app"):
        vpn.azure.delete(connection(vpn, one))
    vpn.azure.delete(gateway(vpn, "app-gateway"))
    vpn.azure.delete(app)

    vpn.delete(PAIR, wait=False)
    vpn.operator.start()
    vpn.wait_gone(PAIR)
    assert there(vpn) == set()


def test_a_subnet_that_still_shows_the_gateway_that_just_went_is_waited_for(vpn: VpnEstate) -> None:
    app, _ = tunnel(vpn)
    me = vpn.azure.env["AZURE_CLIENT_ID"]
    stale = vpn.azure.fault(kind="stale", path="/virtualNetworks/app\\b", principal=me)
    vpn.delete(PAIR, wait=False)

    eventually("all but the subnet", lambda: there(vpn) == {"app/GatewaySubnet"})
    quiet(vpn, app, 1)
    assert "waiting for its end" in vpn.wait_reason(PAIR, "Deleting")["message"]
    vpn.azure.clear_faults(stale)
    vpn.wait_gone(PAIR)
    assert there(vpn) == set()


def test_an_object_deleted_while_its_gateways_are_being_made_waits_for_them_and_takes_them_with_it(
    slow: VpnEstate,
) -> None:
    app, data = slow.two_vnets()
    slow.secret()
    slow.start()
    slow.vpn(PAIR, app, data)
    slow.wait_reason(PAIR, "GatewayProvisioning")
    eventually("both gateways", lambda: len(slow.names("virtualNetworkGateways")) == 2)

    slow.delete(PAIR, wait=False)

    ready = slow.wait_reason(PAIR, "Deleting")
    assert "app-gateway" in ready["message"]
    assert ready["status"] == "False"
    slow.wait_gone(PAIR, within=60)
    assert there(slow) == set()
    assert not any("app-data" in write for write in slow.writes())


def test_a_deletion_in_an_azure_that_takes_its_time_leaves_nothing(slow: VpnEstate) -> None:
    tunnel(slow)
    since = slow.azure.last_request()
    slow.delete(PAIR, wait=False)
    slow.wait_gone(PAIR, within=60)
    assert there(slow) == set()
    assert len(slow.writes(since)) == 8, "none was tried in vain"


def test_a_namespace_goes_with_its_tunnel(vpn: VpnEstate) -> None:
    vpn.cluster.kubectl("create", "namespace", "brief")
    vpn.namespace = "brief"
    tunnel(vpn)
    vpn.cluster.kubectl("delete", "namespace", "brief", "--timeout=60s")
    assert there(vpn) == set()


def test_a_pair_that_another_object_holds_names_what_it_made_and_leaves_it(vpn: VpnEstate) -> None:
    app, data = vpn.two_vnets()
    vpn.start()
    vpn.kind = "peeringpair"
    vpn.pair("older", app, data, suspend=True, interval="1s")
    vpn.kind = "vpnpair"
    tunnel(vpn, "younger")
    vpn.kubectl("patch", "peeringpair", "older", "--type=merge", '--patch={"spec":{"suspend":false}}')
    vpn.wait_reason("younger", "DuplicateLink")
    assert set(goes(vpn, "younger").values()) == {"Keep"}
    since = vpn.azure.last_request()

    vpn.delete("younger")
    assert there(vpn) == MADE
    assert not any(write.startswith("DELETE") for write in vpn.writes(since))
    assert len(left(vpn, "younger", 8)) == 8


def test_pairs_that_share_a_gateway_and_are_deleted_at_once_leave_nothing(vpn: VpnEstate) -> None:
    hub, app = vpn.two_vnets()
    shop = vpn.azure.vnet("shop", "10.3.0.0/16")
    vpn.secret()
    vpn.start()
    vpn.vpn("first", hub, app)
    vpn.wait_ready("first")
    vpn.vpn("second", hub, shop, side1={"gateway": {}})
    vpn.wait_ready("second")

    vpn.azure.fault(kind="stall", method="DELETE", path="connections/app-shop", seconds=3600)
    vpn.kubectl("delete", "vpnpairs", "first", "second", "--wait=false")
    eventually("the first's connections gone", lambda: "data-app" not in vpn.names("connections"))
    eventually("the first waits", lambda: "app-shop" in vpn.condition("first").get("message", ""))
    assert "app-gateway" in vpn.names("virtualNetworkGateways")
    vpn.azure.advance(3600)
    vpn.wait_gone("first", within=60)
    vpn.wait_gone("second", within=60)

    kinds = ("virtualNetworkGateways", "publicIPAddresses", "connections")
    assert {kind: vpn.names(kind) for kind in kinds} == {kind: [] for kind in kinds}
