"""Only some subnets of two VNets are peered."""

from __future__ import annotations

from typing import Any

from estate import Estate
from stories import looks_again


def overlapping(estate: Estate) -> tuple[str, str]:
    """Two VNets with the same address space, whose subnets called front and back are apart."""
    app = estate.azure.vnet("app", "10.1.0.0/16", subnets={"front": "10.1.1.0/24", "same": "10.1.9.0/24"})
    data = estate.azure.vnet("data", "10.1.0.0/16", subnets={"back": "10.1.2.0/24", "same": "10.1.9.0/24"})
    return app, data


def subnets(ours: str, theirs: str) -> dict[str, Any]:
    """The block of spec."""
    return {"subnetPeering": {"vnet1SubnetNames": [ours], "vnet2SubnetNames": [theirs]}}


def test_vnets_that_overlap_connect_when_the_chosen_subnets_do_not(estate: Estate) -> None:
    app, data = overlapping(estate)
    estate.start()
    estate.pair("subnets", app, data, interval="1s", peering=subnets("front", "back"))
    estate.wait_ready("subnets")
    looks_again(estate, app)

    assert estate.writes() == ["PUT app-data", "PUT data-app"]
    ours, theirs = estate.peerings(app)["app-data"], estate.peerings(data)["data-app"]
    assert (ours["peerCompleteVnets"], theirs["peerCompleteVnets"]) == (False, False)
    assert (ours["localSubnetNames"], ours["remoteSubnetNames"]) == (["front"], ["back"])
    assert (theirs["localSubnetNames"], theirs["remoteSubnetNames"]) == (["back"], ["front"])
    estate.delete("subnets")
    assert estate.peerings(app) == estate.peerings(data) == {}


def test_a_subnet_that_is_missing_is_named_and_ready_comes_when_it_is_made(estate: Estate) -> None:
    app, data = overlapping(estate)
    estate.start()
    estate.pair("no-subnet", app, data, interval="1s", peering=subnets("front", "later"))

    ready = estate.wait_reason("no-subnet", "SubnetNotFound")
    assert "'later'" in ready["message"]
    assert data in ready["message"]
    assert "spec.peering.subnetPeering.vnet2SubnetNames" in ready["message"]
    assert "az network vnet subnet list --subscription" in ready["message"]
    looks_again(estate, app)
    assert estate.writes() == []

    estate.azure.put(f"{data}/subnets/later", {"properties": {"addressPrefix": "10.1.3.0/24"}})
    estate.wait_ready("no-subnet")
    assert estate.writes() == ["PUT app-data", "PUT data-app"]


def test_chosen_subnets_that_overlap_are_refused_before_any_write(estate: Estate) -> None:
    app, data = overlapping(estate)
    estate.start()
    estate.pair("same-subnets", app, data, interval="1s", peering=subnets("same", "same"))

    ready = estate.wait_reason("same-subnets", "AddressSpacesOverlap")

    assert f"10.1.9.0/24 of {app} with 10.1.9.0/24 of {data}" in ready["message"]
    assert estate.writes() == []
