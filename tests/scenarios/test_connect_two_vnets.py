"""A person applies a PeeringPair and two VNets become, and stay, connected."""

from __future__ import annotations

from estate import Estate, eventually


def test_one_apply_makes_both_peerings_with_two_writes_and_delete_takes_both(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()

    estate.pair("app-to-data", app, data)
    estate.kubectl("wait", "--for=condition=Ready", "peeringpair/app-to-data", "--timeout=30s")

    assert estate.writes() == ["PUT app-data", "PUT data-app"]
    for vnet, other, name in ((app, data, "app-data"), (data, app, "data-app")):
        peering = estate.peerings(vnet)[name]
        assert peering["peeringState"] == "Connected"
        assert peering["peeringSyncLevel"] == "FullyInSync"
        assert peering["remoteVirtualNetwork"]["id"] == other
    table = estate.kubectl("get", "peeringpairs")
    assert table.splitlines()[0].split() == ["NAME", "1->2", "2->1", "SYNC", "READY", "REASON", "AGE"]
    assert table.splitlines()[1].split()[:6] == ["app-to-data", "Connected", "Connected", "InSync", "True", "Connected"]

    estate.delete("app-to-data")
    assert estate.peerings(app) == estate.peerings(data) == {}
    assert estate.writes()[2:] == ["DELETE app-data", "DELETE data-app"]


def test_applying_the_same_file_again_and_ten_quiet_intervals_change_nothing(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()
    estate.pair("quiet", app, data, interval="1s")
    before = estate.wait_ready("quiet")
    since = estate.azure.last_request()

    estate.pair("quiet", app, data, interval="1s")
    eventually("ten intervals of reads", lambda: len(estate.azure.requests(since, "GET", "virtualNetworks/app")) >= 10)

    assert estate.writes(since) == []
    assert estate.read("quiet")["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
