"""A turn may wait long for a VNet that another object writes to. What its owner says meanwhile counts."""

from __future__ import annotations

import pytest

from estate import Estate, eventually
from interruptions import own


@pytest.fixture
def waiting(estate: Estate) -> str:
    """The VNet of an object that owes it a write and waits for the hub, to which another object's write is on its way."""
    hub, one, two = (estate.azure.vnet(name, f"10.{n}.0.0/16") for n, name in enumerate(("hub", "one", "two")))
    estate.start()
    for name, spoke in (("first", one), ("second", two)):
        estate.pair(name, hub, spoke, interval="5m")
        estate.wait_ready(name)
    estate.azure.fault(kind="hold", method="PUT", path="hub-one", principal=estate.azure.env["AZURE_CLIENT_ID"], nth=1)
    estate.patch("first", peering={"vnet1": {"allowForwardedTraffic": True}})
    eventually("the other object's write", estate.azure.holding)
    return two


def waits_for_the_hub(estate: Estate, vnet: str, since: int) -> None:
    """Until the turn has read its VNets, after which nothing but the hub's lock is between it and its write."""
    eventually("a read", lambda: any(one["path"].split("?")[0] == vnet for one in own(estate, since)))


def test_suspending_it_stops_the_write(estate: Estate, waiting: str) -> None:
    since = estate.azure.last_request()
    estate.patch("second", peering={"vnet1": {"allowForwardedTraffic": True}})
    waits_for_the_hub(estate, waiting, since)
    estate.patch("second", suspend=True)

    estate.azure.release()
    estate.wait_reason("second", "Drifted")
    assert "PUT hub-two" not in estate.writes(since)


def test_letting_go_of_it_stops_the_delete(estate: Estate, waiting: str) -> None:
    since = estate.azure.last_request()
    estate.delete("second", wait=False)
    waits_for_the_hub(estate, waiting, since)
    estate.patch("second", deletionPolicy="Orphan")

    estate.azure.release()
    estate.wait_gone("second")
    assert not [write for write in estate.writes(since) if write.startswith("DELETE")]
    assert "two-hub" in estate.peerings(waiting)
