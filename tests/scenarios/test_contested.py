"""Somebody else keeps changing back what we write: a dispute is told and ended, not fought (design/faults.md, F51)."""

from __future__ import annotations

from typing import Any

from estate import Estate, eventually


def test_after_three_reversals_nothing_is_written_until_it_is_quiet(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()
    estate.pair("disputed", app, data, interval="1s")
    estate.wait_ready("disputed")
    path = f"{app}/virtualNetworkPeerings/app-data"

    def forwarding() -> bool:
        return bool(estate.peerings(app)["app-data"]["allowForwardedTraffic"])

    def change() -> None:
        shown: dict[str, Any] = estate.azure.get(path)
        estate.azure.put(path, {"properties": {**shown["properties"], "allowForwardedTraffic": True}})

    for _ in range(3):
        change()
        eventually("put back", lambda: not forwarding())
    estate.wait_ready("disputed")
    change()
    message = estate.wait_reason("disputed", "Contested")["message"]
    assert "app-data" in message
    assert "az monitor activity-log list" in message

    since = estate.azure.last_request()
    eventually("four more looks", lambda: len(estate.azure.requests(since, "GET", "virtualNetworks/app")) >= 4)
    assert estate.writes(since) == []
    assert estate.events("disputed").count("Contested") == 1
    assert forwarding()

    shown = estate.azure.get(path)
    estate.azure.put(path, {"properties": {**shown["properties"], "allowForwardedTraffic": False}})
    estate.wait_ready("disputed")
