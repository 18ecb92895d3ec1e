"""Peerings, or a whole VNet, vanish in Azure, and the pair is repaired in the order that ARM accepts."""

from __future__ import annotations

import az_words
from estate import Estate, eventually
from stories import connected, looks_again, told, two_vnets


def refusals(estate: Estate, since: int) -> list[tuple[str, int]]:
    """Writes of the operator that ARM refused."""
    mine = [
        r for r in estate.azure.requests(since, path="/virtualNetworkPeerings/") if r["method"] in ("PUT", "DELETE")
    ]
    return [(r["method"], r["status"]) for r in mine if r["status"] >= 400]


def test_one_side_deleted_by_hand_is_seen_told_and_repaired(estate: Estate) -> None:
    app, data = connected(estate, "one-side")
    since = estate.azure.last_request()
    estate.azure.delete(f"{app}/virtualNetworkPeerings/app-data")

    eventually("the repair", lambda: len(estate.writes(since)) >= 3)
    estate.wait_ready("one-side")
    looks_again(estate, app)

    assert estate.writes(since) == ["DELETE data-app", "PUT app-data", "PUT data-app"]
    assert refusals(estate, since) == []
    assert estate.peerings(app)["app-data"]["peeringState"] == "Connected"
    assert estate.peerings(data)["data-app"]["peeringState"] == "Connected"
    assert len(told(estate, "one-side", "Disconnected")) == 1
    assert estate.read("one-side")["status"]["vnet2ToVnet1"]["origin"] == "Created"


def test_both_sides_deleted_by_hand_are_made_again_with_two_puts(estate: Estate) -> None:
    app, data = connected(estate, "both-sides", interval="5m")
    since = estate.azure.last_request()
    estate.azure.delete(f"{app}/virtualNetworkPeerings/app-data")
    estate.azure.delete(f"{data}/virtualNetworkPeerings/data-app")

    estate.patch("both-sides", interval="1s")
    eventually("the repair", lambda: len(estate.writes(since)) >= 2)
    estate.wait_ready("both-sides")

    assert estate.writes(since) == ["PUT app-data", "PUT data-app"]
    assert refusals(estate, since) == []


def test_a_vnet_deleted_and_made_again_is_peered_again_without_an_edit(estate: Estate) -> None:
    app, data = connected(estate, "remade")
    estate.azure.delete(data)
    estate.wait_reason("remade", "VNetNotFound")
    looks_again(estate, app)
    since = estate.azure.last_request()

    estate.azure.vnet("data", "10.7.0.0/16")
    estate.wait_ready("remade")

    assert estate.writes(since) == ["DELETE app-data", "PUT app-data", "PUT data-app"]
    assert refusals(estate, since) == []
    assert estate.peerings(app)["app-data"]["remoteAddressSpace"]["addressPrefixes"] == ["10.7.0.0/16"]


def test_with_repair_disconnected_never_it_is_told_with_the_command_and_nothing_is_written(estate: Estate) -> None:
    app, data = connected(estate, "unrepaired", peering={"repairDisconnected": "Never"})
    since = estate.azure.last_request()
    estate.azure.delete(f"{app}/virtualNetworkPeerings/app-data")

    ready = estate.wait_reason("unrepaired", "PeeringDisconnected")
    looks_again(estate, app)

    assert estate.writes(since) == []
    assert estate.read("unrepaired")["status"]["vnet2ToVnet1"]["state"] == "Disconnected"
    assert f"{data}/virtualNetworkPeerings/data-app" in ready["message"]

    az_words.run(estate.azure, ready["message"])
    estate.wait_ready("unrepaired")
    assert estate.writes(since) == ["PUT app-data", "PUT data-app"]


def test_a_missing_vnet_is_named_and_ready_comes_by_itself_when_it_is_made(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.azure.delete(data)
    estate.start()
    estate.pair("early", app, data, interval="1s")

    ready = estate.wait_reason("early", "VNetNotFound")
    assert (ready["status"], data in ready["message"]) == ("False", True)
    assert f"not visible to client {estate.azure.env['AZURE_CLIENT_ID']} of tenant" in ready["message"]
    looks_again(estate, app)
    assert estate.writes() == []

    estate.azure.vnet("data", "10.2.0.0/16")
    estate.wait_ready("early")
    assert estate.writes() == ["PUT app-data", "PUT data-app"]
