"""A prefix is added to a VNet, and the other side's peering learns it."""

from __future__ import annotations

import az_words
from estate import Estate
from stories import connected, looks_again, told


def test_a_prefix_added_to_vnet2_costs_one_put_with_sync_on_vnet1s_peering(estate: Estate) -> None:
    app, _ = connected(estate, "grown")
    since = estate.azure.last_request()

    estate.azure.vnet("data", "10.2.0.0/16", "10.3.0.0/16")
    looks_again(estate, app, 4)

    assert estate.writes(since) == ["PUT app-data sync"]
    body = estate.wait_ready("grown")
    assert body["status"]["syncLevel"] == "InSync"
    assert body["status"]["vnet1ToVnet2"]["remoteAddressPrefixes"] == ["10.2.0.0/16", "10.3.0.0/16"]
    assert len(told(estate, "grown", "AddressSpaceSynced")) == 1
    assert told(estate, "grown", "DriftRepaired") == []


def test_with_address_space_sync_off_it_is_told_with_the_command_and_nothing_is_written(estate: Estate) -> None:
    app, _ = connected(estate, "unsynced", peering={"addressSpaceSync": "Off"})
    since = estate.azure.last_request()

    estate.azure.vnet("data", "10.2.0.0/16", "10.3.0.0/16")
    ready = estate.wait_reason("unsynced", "AddressSpaceOutOfSync")
    looks_again(estate, app)

    assert ready["status"] == "False"
    assert estate.read("unsynced")["status"]["syncLevel"] == "OutOfSync"
    assert estate.condition("unsynced", "Connected")["status"] == "True"
    assert estate.writes(since) == []

    az_words.run(estate.azure, ready["message"])
    estate.wait_ready("unsynced")
    assert estate.writes(since) == []


def test_prefixes_added_to_both_vnets_cost_one_sync_each(estate: Estate) -> None:
    app, _ = connected(estate, "both-grown", interval="5m")
    since = estate.azure.last_request()

    estate.azure.vnet("app", "10.1.0.0/16", "10.4.0.0/16")
    estate.azure.vnet("data", "10.2.0.0/16", "10.3.0.0/16")
    estate.patch("both-grown", interval="1s")
    looks_again(estate, app, 5)

    assert sorted(estate.writes(since)) == ["PUT app-data sync", "PUT data-app sync"]
    assert estate.wait_ready("both-grown")["status"]["syncLevel"] == "InSync"


def test_a_repair_of_flags_does_not_sync_what_is_not_to_be_synced(estate: Estate) -> None:
    app, data = connected(estate, "flags-only", peering={"addressSpaceSync": "Off"})
    estate.azure.vnet("data", "10.2.0.0/16", "10.3.0.0/16")
    estate.wait_reason("flags-only", "AddressSpaceOutOfSync")
    since = estate.azure.last_request()

    estate.azure.peering(app, "app-data", data, allowForwardedTraffic=True)
    looks_again(estate, app)

    assert estate.writes(since) == ["PUT app-data"]
    assert estate.peerings(app)["app-data"]["remoteAddressSpace"]["addressPrefixes"] == ["10.2.0.0/16"]
