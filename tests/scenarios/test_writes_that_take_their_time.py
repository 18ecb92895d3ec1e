"""Between a write and what reads show of it: stale answers, operations that fail, writers that come in between."""

from __future__ import annotations

import pytest

from estate import Estate, eventually
from interruptions import own, rest, taken


@pytest.fixture
def ends(estate: Estate) -> tuple[str, str]:
    """Two VNets and an operator that serves."""
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()
    return app, data


def freeze(estate: Estate) -> str:
    """From now on the operator's reads show Azure as it is now."""
    me = estate.azure.env["AZURE_CLIENT_ID"]
    return estate.azure.fault(kind="stale", path="/virtualNetworks/", principal=me)


def stale_reads(estate: Estate, after: str, since: int = 0) -> int:
    """How many stale answers came after a write."""
    seen = own(estate, since)
    writes = [n for n, one in enumerate(seen) if one["method"] != "GET" and after in one["path"]]
    return sum(bool(one["fault"]) for one in seen[writes[0] :]) if writes else 0


def test_stale_reads_after_a_put_cause_no_second_one(estate: Estate, ends: tuple[str, str]) -> None:
    app, data = ends
    freeze(estate)
    estate.pair("stale", app, data)
    eventually("three stale answers", lambda: stale_reads(estate, "app-data") >= 3)
    assert taken(estate) == ["PUT app-data"]

    estate.azure.clear_faults()
    estate.wait_ready("stale")
    assert taken(estate) == ["PUT app-data", "PUT data-app"]


def test_stale_reads_after_a_repair_cause_no_second_one(estate: Estate, ends: tuple[str, str]) -> None:
    app, data = ends
    estate.pair("stale", app, data, interval="5m")
    estate.wait_ready("stale")
    estate.azure.peering(app, "app-data", data, allowForwardedTraffic=True)
    since, _ = estate.azure.last_request(), freeze(estate)
    estate.kubectl("annotate", "peeringpair", "stale", "vnetlink.dev/reconcile-requested-at=now")
    eventually("three stale answers", lambda: stale_reads(estate, "app-data", since) >= 3)
    assert estate.writes(since) == ["PUT app-data"], "not even one that its etag would stop"

    estate.azure.clear_faults()
    rest(estate, app, reads=1)
    estate.wait_ready("stale")
    assert taken(estate, since) == ["PUT app-data"]


def test_stale_reads_after_a_delete_neither_repeat_it_nor_hold_the_object(
    estate: Estate, ends: tuple[str, str]
) -> None:
    app, data = ends
    estate.pair("stale", app, data)
    estate.wait_ready("stale")
    since, _ = estate.azure.last_request(), freeze(estate)
    estate.delete("stale", wait=False)
    eventually("three stale answers", lambda: stale_reads(estate, "app-data", since) >= 3)
    assert taken(estate, since) == ["DELETE app-data"]
    assert estate.exists("stale")

    estate.azure.clear_faults()
    estate.wait_gone("stale")
    assert taken(estate, since) == ["DELETE app-data", "DELETE data-app"]


def test_a_put_whose_operation_fails_is_made_again_from_a_fresh_read(estate: Estate, ends: tuple[str, str]) -> None:
    app, data = ends
    estate.azure.fault(kind="fail", method="PUT", path="app-data", count=1)
    estate.pair("failed", app, data)
    estate.wait_ready("failed")
    assert sorted(taken(estate)) == ["PUT app-data", "PUT app-data", "PUT data-app"]


def test_a_delete_whose_operation_fails_is_made_again(estate: Estate, ends: tuple[str, str]) -> None:
    app, data = ends
    estate.pair("failed", app, data)
    estate.wait_ready("failed")
    since = estate.azure.last_request()
    estate.azure.fault(kind="fail", method="DELETE", path="app-data", count=1)
    estate.delete("failed")
    assert estate.peerings(app) == estate.peerings(data) == {}
    assert sorted(taken(estate, since)) == ["DELETE app-data", "DELETE app-data", "DELETE data-app"]


def test_a_writer_that_comes_between_read_and_write_costs_one_more_try(estate: Estate, ends: tuple[str, str]) -> None:
    app, data = ends
    estate.pair("raced", app, data)
    estate.wait_ready("raced")
    since = estate.azure.last_request()
    estate.azure.fault(kind="hold", method="PUT", path="app-data", principal=estate.azure.env["AZURE_CLIENT_ID"], nth=1)
    estate.patch("raced", peering={"vnet1": {"allowForwardedTraffic": True}})
    eventually("the write", estate.azure.holding)

    estate.azure.vnet("app", "10.1.0.0/16", subnets={"new": "10.1.1.0/24"})
    estate.azure.release()
    estate.wait_ready("raced")
    statuses = [one["status"] for one in own(estate, since) if one["method"] == "PUT"]
    assert statuses == [412, 200]
    assert estate.peerings(app)["app-data"]["allowForwardedTraffic"] is True


def test_an_operation_in_progress_gets_no_put_on_top(estate: Estate, ends: tuple[str, str]) -> None:
    app, data = ends
    estate.azure.fault(kind="stall", method="PUT", path="app-data", count=1, seconds=600)
    estate.pair("slow", app, data)
    eventually("it says so", lambda: "An operation runs on" in estate.condition("slow").get("message", ""))
    rest(estate, app)
    assert taken(estate) == ["PUT app-data"]

    estate.azure.advance(600)
    estate.wait_ready("slow")
    assert taken(estate) == ["PUT app-data", "PUT data-app"]
