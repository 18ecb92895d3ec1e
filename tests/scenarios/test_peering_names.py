"""What the peerings are called."""

from __future__ import annotations

from estate import Estate
from stories import direction, looks_again, two_vnets

NAMED = {"vnet1": {"name": "to-data"}, "vnet2": {"name": "to-app"}}


def test_explicit_names_are_used(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.start()
    estate.pair("named", app, data, peering=NAMED)
    estate.wait_ready("named")

    assert estate.writes() == ["PUT to-data", "PUT to-app"]
    assert direction(estate, "named")["name"] == "to-data"


def test_an_explicit_name_that_leads_elsewhere_is_refused_and_used_once_it_is_free(estate: Estate) -> None:
    app, data = two_vnets(estate)
    third = estate.azure.vnet("third", "10.3.0.0/16")
    estate.azure.peering(app, "to-data", third)
    estate.start()
    estate.pair("taken", app, data, interval="1s", peering=NAMED)

    ready = estate.wait_reason("taken", "NameTaken")
    looks_again(estate, app)
    assert f"{app}/virtualNetworkPeerings/to-data" in ready["message"]
    assert third in ready["message"]
    assert "spec.peering.vnet1.name" in ready["message"]
    assert estate.writes() == []

    estate.azure.delete(f"{app}/virtualNetworkPeerings/to-data")
    estate.wait_ready("taken")
    assert estate.writes() == ["PUT to-data", "PUT to-app"]


def test_a_default_name_that_leads_elsewhere_is_left_alone_and_another_is_chosen(estate: Estate) -> None:
    app, data = two_vnets(estate)
    third = estate.azure.vnet("third", "10.3.0.0/16")
    estate.azure.peering(app, "app-data", third)
    estate.start()
    estate.pair("second-name", app, data, interval="1s")
    estate.wait_ready("second-name")

    chosen = direction(estate, "second-name")["name"]
    assert chosen.startswith("app-data-")
    assert estate.peerings(app)["app-data"]["remoteVirtualNetwork"]["id"] == third
    estate.delete("second-name")
    assert list(estate.peerings(app)) == ["app-data"]
