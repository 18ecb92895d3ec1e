"""Two VNets in other regions, groups and subscriptions, with one identity."""

from __future__ import annotations

from armsim_process import SUBSCRIPTION_2
from estate import Estate, eventually


def test_one_apply_connects_them_and_delete_takes_both(estate: Estate) -> None:
    here = estate.azure.vnet("here", "10.1.0.0/16", group="rg-here")
    there = estate.azure.vnet(
        "there", "10.2.0.0/16", group="rg-there", subscription=SUBSCRIPTION_2, location="northeurope"
    )
    estate.start()
    estate.pair("far-apart", here, there, interval="1s")
    body = estate.wait_ready("far-apart")

    assert (body["status"]["vnet1"]["location"], body["status"]["vnet2"]["location"]) == ("westeurope", "northeurope")
    assert estate.writes() == ["PUT here-there", "PUT there-here"]
    estate.azure.vnet(
        "there", "10.2.0.0/16", "10.3.0.0/16", group="rg-there", subscription=SUBSCRIPTION_2, location="northeurope"
    )
    eventually("the sync", lambda: len(estate.writes()) == 3)
    estate.wait_ready("far-apart")
    estate.delete("far-apart")
    assert estate.writes()[2:] == ["PUT here-there sync", "DELETE here-there", "DELETE there-here"]
    assert estate.peerings(here) == estate.peerings(there) == {}
