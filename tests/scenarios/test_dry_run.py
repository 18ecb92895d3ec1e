"""`--dry-run`: the operator says what it would do, and does nothing anywhere."""

from __future__ import annotations

from estate import Estate, eventually
from stories import looks_again, two_vnets


def test_each_would_be_write_is_logged_and_nothing_is_written_to_azure_or_the_object(estate: Estate) -> None:
    app, data = two_vnets(estate)
    drifted, other = estate.azure.vnet("drifted", "10.3.0.0/16"), estate.azure.vnet("other", "10.4.0.0/16")
    estate.azure.peering(drifted, "by-hand", other, allowForwardedTraffic=True)
    estate.azure.peering(other, "also-by-hand", drifted)
    estate.pair("dry-new", app, data, interval="1s")
    estate.pair("dry-drift", drifted, other, interval="1s", adoptionPolicy="Always")
    before = {name: estate.read(name) for name in ("dry-new", "dry-drift")}
    estate.cluster.kubectl("create", "namespace", "dry-run", check=False)
    estate.start("--identity-namespaces", "*", "--dry-run", "--operator-namespace", "dry-run")
    looks_again(estate, app)
    looks_again(estate, drifted, 1)

    lines = [entry["message"] for entry in estate.operator.entries() if "dry run" in entry["message"]]
    for would in (
        f"would CreatePeering {app}/virtualNetworkPeerings/app-data",
        f"would CreatePeering {data}/virtualNetworkPeerings/data-app",
        f"would UpdatePeering {drifted}/virtualNetworkPeerings/by-hand: allowForwardedTraffic",
    ):
        assert any(would in line for line in lines), lines
    assert estate.writes() == []
    assert {name: estate.read(name) for name in before} == before
    assert estate.events("dry-new") == estate.events("dry-drift") == []
    assert "vnetlink" not in estate.cluster.kubectl("get", "configmaps", "--namespace", "dry-run").stdout


def test_the_deletion_of_an_object_is_left_to_a_real_operator(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.start()
    estate.pair("dry-delete", app, data, interval="1s")
    estate.wait_ready("dry-delete")
    estate.operator.stop()
    estate.delete("dry-delete", wait=False)
    since = estate.azure.last_request()
    dry = estate.start("--identity-namespaces", "*", "--dry-run").operator

    for peering in (f"{app}/virtualNetworkPeerings/app-data", f"{data}/virtualNetworkPeerings/data-app"):
        would = f"would DeletePeering {peering}"
        eventually(would, lambda would=would: any(would in entry["message"] for entry in dry.entries()))
    assert estate.writes(since) == []
    assert estate.exists("dry-delete")

    dry.stop()
    estate.start("--identity-namespaces", "*")
    estate.wait_gone("dry-delete")
    assert estate.writes(since) == ["DELETE app-data", "DELETE data-app"]
