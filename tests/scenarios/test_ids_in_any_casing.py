"""Azure's ids are the same in any casing, and people type them in all of them."""

from __future__ import annotations

from estate import Estate
from stories import direction, looks_again, two_vnets


def shouted(vnet: str) -> str:
    """The id as some tools print it."""
    return vnet.replace("resourceGroups/rg", "resourcegroups/RG").replace("/app", "/APP").replace("/data", "/Data")


def test_one_pair_is_one_pair_and_status_shows_arms_own_casing(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.start()
    estate.pair("a-shouted", shouted(app), shouted(data), interval="1s")
    body = estate.wait_ready("a-shouted")
    looks_again(estate, app)

    assert len(estate.writes()) == 2
    assert (body["status"]["vnet1"]["id"], body["status"]["vnet2"]["id"]) == (app, data)
    assert direction(estate, "a-shouted")["origin"] == "Created"
    assert direction(estate, "a-shouted")["id"].startswith(f"{app}/virtualNetworkPeerings/")

    estate.pair("b-plain", app, data, interval="1s")
    estate.wait_reason("b-plain", "DuplicateLink")
    estate.pair("a-shouted", app, data, interval="1s")
    estate.wait_ready("a-shouted")
    estate.delete("b-plain")
    estate.delete("a-shouted")
    assert len(estate.writes()) == 4
    assert estate.peerings(app) == estate.peerings(data) == {}
