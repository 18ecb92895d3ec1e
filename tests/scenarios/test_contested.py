"""Somebody else keeps changing back what we write: a dispute is told and ended, not fought (design/faults.md, F51)."""

from __future__ import annotations

from typing import Any

from estate import Estate, eventually
from link_estate import LinkEstate
from stories import looks_again, told


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


def test_each_part_of_a_link_has_its_own_dispute_told_once_and_what_nobody_disputes_goes_on(links: LinkEstate) -> None:
    app, data = links.two_vnets()
    zone = f"{links.azure.group('rg')}/providers/Microsoft.Network/privateDnsZones/corp.example"
    links.azure.send("PUT", zone, {"location": "global"})
    mine, theirs = (f"{zone}/virtualNetworkLinks/{name}" for name in ("app", "data"))
    links.start()
    links.link("app-to-data", app, data, interval="1s", dns={"privateDnsZones": [{"id": zone}]})
    eventually("linked", lambda: links.condition("app-to-data", "DnsLinked").get("status") == "True")
    links.wait_ready("app-to-data")

    def registers() -> bool:
        return bool(links.azure.get(mine)["properties"]["registrationEnabled"])

    def change() -> None:
        shown: dict[str, Any] = links.azure.get(mine)
        changed = {**shown, "properties": {**shown["properties"], "registrationEnabled": True}}
        assert links.azure.send("PUT", mine, changed).status == 202

    for _ in range(3):
        change()
        eventually("put back", lambda: not registers())
    change()
    message = links.wait_reason("app-to-data", "Contested")["message"]
    assert mine.lower() in message.lower()
    assert links.row("app-to-data")[2:6] == ["Connected", "Connected", "True", "Contested"], "zones gate nothing"
    assert links.condition("app-to-data", "DnsLinked")["reason"] == "Contested"
    links.azure.delete(theirs)
    eventually("made again", lambda: links.azure.get(theirs))
    assert registers()
    assert len(told(links, "app-to-data", "DriftRepaired")) == 3

    def connected() -> bool:
        found = [*links.peerings(app).values(), *links.peerings(data).values()]
        return [one["peeringState"] for one in found] == ["Connected", "Connected"]

    for _ in range(3):
        links.azure.delete(f"{app}/virtualNetworkPeerings/app-data")
        eventually("both made again", connected)
    links.azure.delete(f"{app}/virtualNetworkPeerings/app-data")
    eventually("given up", lambda: links.row("app-to-data")[4:6] == ["False", "Contested"])
    since = links.azure.last_request()
    looks_again(links, app)
    assert links.writes(since) == []
    assert len(told(links, "app-to-data", "Contested")) == 2, "one for each of the two parts"
