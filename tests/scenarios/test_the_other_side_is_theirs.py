"""VNet 2 belongs to another team: our half is made and kept, and the message tells them what to run."""

from __future__ import annotations

from typing import Any

import pytest

import az_words
from estate import Estate, eventually
from stories import looks_again, two_vnets

THEIRS = {"managementPolicy": "Observe"}
OPTIONS: list[dict[str, Any]] = [
    {},
    {"vnet2": {"allowForwardedTraffic": True, "allowVirtualNetworkAccess": False, "name": "to-them"}},
    {"subnetPeering": {"vnet1SubnetNames": ["a"], "vnet2SubnetNames": ["b", "c"], "enableOnlyIPv6Peering": False}},
]


@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "flags", "subnets"])
def test_our_half_stands_and_the_command_in_the_message_makes_it_ready(estate: Estate, options: dict[str, Any]) -> None:
    app = estate.azure.vnet("app", "10.1.0.0/16", subnets={"a": "10.1.1.0/24"})
    subnets = {"b": "10.2.1.0/24", "c": "10.2.2.0/24"}
    data = estate.azure.vnet("data", "10.2.0.0/16", group="rg(theirs)", subnets=subnets)
    estate.start()
    estate.pair("ours", app, data, end2=THEIRS, interval="1s", peering=options)

    ready = estate.wait_reason("ours", "WaitingForOtherSide")
    assert ready["status"] == "False"
    assert estate.condition("ours", "Reconciling")["reason"] == "WaitingForOtherSide"
    assert estate.writes() == ["PUT app-data"]

    az_words.run(estate.azure, ready["message"])
    estate.wait_reason("ours", "Connected")
    looks_again(estate, app)

    assert estate.writes() == ["PUT app-data"]
    theirs = next(iter(estate.peerings(data).values()))
    for flag, wanted in options.get("vnet2", {}).items():
        assert flag == "name" or theirs[flag] is wanted
    estate.delete("ours")
    assert estate.writes() == ["PUT app-data", "DELETE app-data"]


def test_our_half_is_kept_and_theirs_is_never_touched(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.azure.peering(data, "theirs", app, allowForwardedTraffic=True)
    estate.start()
    estate.pair("kept-half", app, data, end2=THEIRS, interval="1s")
    estate.wait_ready("kept-half")
    since = estate.azure.last_request()

    estate.azure.peering(app, "app-data", data, allowForwardedTraffic=True)
    looks_again(estate, app)
    assert estate.writes(since) == ["PUT app-data"]

    estate.azure.delete(f"{app}/virtualNetworkPeerings/app-data")
    ready = estate.wait_reason("kept-half", "WaitingForOtherSide")
    looks_again(estate, app)
    assert f"{data}/virtualNetworkPeerings/theirs" in ready["message"]
    az_words.run(estate.azure, ready["message"])
    ready = estate.wait_reason("kept-half", "WaitingForOtherSide")

    def their_turn() -> bool:
        return "peering create" in estate.condition("kept-half")["message"]

    eventually("the command to make theirs", their_turn)
    az_words.run(estate.azure, estate.condition("kept-half")["message"])
    estate.wait_ready("kept-half")
    assert estate.writes(since) == ["PUT app-data", "PUT app-data"]


def test_their_stale_copy_of_our_address_space_is_told_with_the_command(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.azure.peering(data, "theirs", app)
    estate.start()
    estate.pair("their-sync", app, data, end2=THEIRS, interval="1s")
    estate.wait_ready("their-sync")
    since = estate.azure.last_request()

    estate.azure.vnet("app", "10.1.0.0/16", "10.9.0.0/16")
    ready = estate.wait_reason("their-sync", "AddressSpaceOutOfSync")
    looks_again(estate, app)
    assert estate.writes(since) == []
    assert "Its owner can run: az network vnet peering sync" in ready["message"]

    az_words.run(estate.azure, ready["message"])
    estate.wait_ready("their-sync")


def test_when_they_delete_theirs_our_half_is_made_anew_and_the_message_asks_them_again(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.azure.peering(data, "theirs", app)
    estate.start()
    estate.pair("asked-again", app, data, end2=THEIRS, interval="1s")
    estate.wait_ready("asked-again")
    since = estate.azure.last_request()

    estate.azure.delete(f"{data}/virtualNetworkPeerings/theirs")
    ready = estate.wait_reason("asked-again", "WaitingForOtherSide")
    looks_again(estate, app)
    assert estate.writes(since) == ["DELETE app-data", "PUT app-data"]

    az_words.run(estate.azure, ready["message"])
    estate.wait_ready("asked-again")
    assert estate.writes(since) == ["DELETE app-data", "PUT app-data"]
