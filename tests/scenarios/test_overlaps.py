"""Address ranges that overlap are refused before any write, with both ranges and both owners."""

from __future__ import annotations

from estate import Estate
from stories import looks_again


def test_overlap_with_the_other_vnet_is_refused_and_ready_comes_when_a_range_changes(estate: Estate) -> None:
    app = estate.azure.vnet("app", "10.1.0.0/16")
    data = estate.azure.vnet("data", "10.2.0.0/16", "10.1.4.0/24")
    estate.start()
    estate.pair("overlapping", app, data, interval="1s")

    ready = estate.wait_reason("overlapping", "AddressSpacesOverlap")
    looks_again(estate, app)
    assert f"10.1.0.0/16 of {app} with 10.1.4.0/24 of {data}" in ready["message"]
    assert f"az network vnet update --ids {data} --address-prefixes" in ready["message"]
    assert estate.writes() == []

    estate.azure.vnet("data", "10.2.0.0/16")
    estate.wait_ready("overlapping")
    assert estate.writes() == ["PUT app-data", "PUT data-app"]


def test_overlap_with_a_vnet_already_peered_is_refused_and_ready_comes_when_that_peering_goes(estate: Estate) -> None:
    hub, spoke = estate.azure.vnet("hub", "10.1.0.0/16"), estate.azure.vnet("spoke", "10.2.0.0/16")
    old = estate.azure.vnet("old", "10.2.128.0/17")
    estate.azure.peering(hub, "hub-old", old)
    estate.azure.peering(old, "old-hub", hub)
    estate.start()
    estate.pair("third-party", hub, spoke, interval="1s")

    ready = estate.wait_reason("third-party", "OverlapsWithPeeredVNet")
    looks_again(estate, hub)
    assert f"10.2.0.0/16 of {spoke} with 10.2.128.0/17 of {old}" in ready["message"]
    assert f"{hub}/virtualNetworkPeerings/hub-old where it is managed" in ready["message"]
    assert estate.writes() == []

    estate.azure.delete(f"{hub}/virtualNetworkPeerings/hub-old")
    estate.wait_ready("third-party")
    assert estate.writes() == ["PUT hub-spoke", "PUT spoke-hub"]
