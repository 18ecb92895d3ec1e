"""What stays in Azure when an object is deleted, and how a stuck deletion is let go."""

from __future__ import annotations

import pytest

from estate import Estate, eventually
from stories import looks_again, told, two_vnets

POLICIES = {
    "Orphan": ([], ["half", "app-data"]),
    "DeleteCreated": (["DELETE app-data"], ["half"]),
    "DeleteAll": (["DELETE app-data", "DELETE half"], []),
}


@pytest.mark.parametrize("policy", POLICIES)
def test_what_goes_and_what_is_left_in_azure_and_named(estate: Estate, policy: str) -> None:
    app, data = two_vnets(estate)
    estate.azure.peering(data, "half", app)
    estate.start()
    name = f"goes-{policy.lower()}"
    estate.pair(name, app, data, deletionPolicy=policy)
    estate.wait_ready(name)
    since = estate.azure.last_request()
    gone, left = POLICIES[policy]
    shown = {one["id"].rsplit("/", 1)[-1]: one["onDelete"] for one in estate.read(name)["status"]["resources"]}
    assert {peering for peering in ("half", "app-data") if shown[peering] == "Keep"} == set(left)

    estate.delete(name)

    assert estate.writes(since) == gone
    assert {*estate.peerings(app), *estate.peerings(data)} == set(left)
    eventually("the events", lambda: len(told(estate, name, "LeftInAzure")) == len(left))
    notes = " ".join(told(estate, name, "LeftInAzure"))
    for peering in left:
        vnet = app if peering == "app-data" else data
        assert f"az network vnet peering delete --ids {vnet}/virtualNetworkPeerings/{peering}" in notes


def test_orphan_set_during_a_stuck_deletion_releases_it(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.start()
    estate.pair("stuck", app, data, interval="1s")
    estate.wait_ready("stuck")
    locked = estate.azure.fault(
        kind="answer", method="DELETE", path="/virtualNetworkPeerings/", status=409, code="ScopeLocked"
    )
    estate.delete("stuck", wait=False)

    ready = estate.wait_reason("stuck", "DeletionHeld")
    assert "spec.deletionPolicy: Orphan" in ready["message"]
    eventually("the event", lambda: len(told(estate, "stuck", "DeletionHeld")) == 1)
    since = estate.azure.last_request()
    estate.patch("stuck", deletionPolicy="Orphan")
    estate.wait_gone("stuck")

    assert estate.writes(since) == []
    eventually("the events", lambda: len(told(estate, "stuck", "LeftInAzure")) == 2)
    estate.azure.clear_faults(locked)


def test_a_stuck_deletion_ends_by_itself_when_the_cause_is_gone(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.start()
    estate.pair("stuck-once", app, data, interval="1s")
    estate.wait_ready("stuck-once")
    estate.azure.fault(kind="answer", method="DELETE", path="/virtualNetworks/app/", status=409, code="ScopeLocked")
    estate.delete("stuck-once", wait=False)

    estate.wait_reason("stuck-once", "DeletionHeld")
    assert estate.peerings(data) == {}, "one side that is held never holds the other"
    estate.azure.clear_faults()
    estate.wait_gone("stuck-once")
    assert estate.peerings(app) == {}


def test_an_object_whose_vnets_are_gone_goes_without_a_write(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.start()
    estate.pair("vnets-gone", app, data, interval="1s")
    estate.wait_ready("vnets-gone")
    estate.azure.delete(app)
    estate.azure.delete(data)
    since = estate.azure.last_request()

    looks_again(estate, app, 1)
    estate.delete("vnets-gone")
    assert estate.writes(since) == []
