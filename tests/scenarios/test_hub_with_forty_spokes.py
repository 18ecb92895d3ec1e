"""A hub with 40 spokes that are all named main, each in a group of its own."""

from __future__ import annotations

import json

from estate import Estate, eventually

SPOKES = 40


def test_all_become_ready_under_forty_different_names(estate: Estate) -> None:
    hub = estate.azure.vnet("main", "10.0.0.0/16", group="hub")
    spokes = [estate.azure.vnet("main", f"10.{1 + n}.0.0/16", group=f"spoke-{n}") for n in range(SPOKES)]
    estate.start("--identity-namespaces", "*", "--deletion-threshold", "0")  # all forty go at once, unasked
    documents = [estate.manifest(f"spoke-{n}", hub, spoke, interval="30s") for n, spoke in enumerate(spokes)]
    estate.apply(*documents)

    def ready() -> bool:
        items = json.loads(estate.kubectl("get", "peeringpairs", "--output", "json"))["items"]
        states = [
            row["status"] for one in items for row in one["status"].get("conditions", []) if row["type"] == "Ready"
        ]
        return states.count("True") == SPOKES

    eventually("all Ready", ready, within=90, every=1)
    peerings = estate.peerings(hub)
    assert len(peerings) == SPOKES
    assert {one["remoteVirtualNetwork"]["id"] for one in peerings.values()} == set(spokes)
    assert len(estate.writes()) == 2 * SPOKES
    assert all("main-main" in name for name in peerings)

    estate.kubectl("delete", "peeringpairs", "--all", "--timeout=60s")
    assert estate.peerings(hub) == {}
    assert len(estate.writes()) == 4 * SPOKES
