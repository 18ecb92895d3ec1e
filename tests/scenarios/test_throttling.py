"""Azure says 429 and when to come back: nobody comes earlier, one asks first, nothing is concluded."""

from __future__ import annotations

from itertools import pairwise

from armsim_process import SUBSCRIPTION, SUBSCRIPTION_2
from estate import Estate, eventually
from interruptions import own, taken

WINDOW = 3.0
IN_FLIGHT = 4


def storm(estate: Estate) -> str:
    """Every call of the operator to the first subscription is throttled."""
    return estate.azure.fault(
        kind="answer",
        status=429,
        code="SubscriptionRequestsThrottled",
        message=f"Number of requests exceeded the limit. Please try again after '{WINDOW:.0f}' seconds.",
        retryAfter=int(WINDOW),
        path=f"^/subscriptions/{SUBSCRIPTION}/",
        principal=estate.azure.env["AZURE_CLIENT_ID"],
    )


def sent_into(estate: Estate, fault: str) -> list[float]:
    return [one["time"] for one in own(estate) if one["fault"] == fault]


def test_no_request_falls_into_a_window_and_one_probe_follows_it(estate: Estate) -> None:
    names = [f"pair{n}" for n in range(6)]
    ends = {
        name: (estate.azure.vnet(f"app{n}", f"10.{n}.0.0/16"), estate.azure.vnet(f"data{n}", f"10.{100 + n}.0.0/16"))
        for n, name in enumerate(names)
    }
    estate.start()
    for name, (app, data) in ends.items():
        estate.pair(name, app, data, interval="6s")
    before = {name: estate.wait_ready(name)["metadata"]["resourceVersion"] for name in names}
    since = estate.azure.last_request()

    fault = storm(estate)
    eventually("three probes", lambda: len([gap for gap in gaps(sent_into(estate, fault)) if gap > WINDOW]) >= 3)
    estate.azure.clear_faults()
    times = sent_into(estate, fault)
    burst = [at for at in times if at < times[0] + WINDOW]
    assert len(burst) <= IN_FLIGHT
    assert burst[-1] - burst[0] < 0.5, "only what was on its way may follow the first 429"
    assert all(gap >= WINDOW for gap in gaps([burst[-1], *times[len(burst) :]]))
    assert {name: estate.read(name)["metadata"]["resourceVersion"] for name in names} == before
    eventually(
        "each 429 counted", lambda: estate.operator.samples().get(("azure_arm_throttled_total", "GET")) == len(times)
    )

    app, data = ends["pair0"]
    estate.azure.peering(app, "app0-data0", data, allowForwardedTraffic=True)
    eventually("the repair", lambda: taken(estate, since) == ["PUT app0-data0"])


def gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]


def test_another_subscription_is_served_meanwhile_and_the_throttled_object_says_so(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    other = {"group": "other", "subscription": SUBSCRIPTION_2}
    near, far = estate.azure.vnet("near", "10.3.0.0/16", **other), estate.azure.vnet("far", "10.4.0.0/16", **other)
    estate.start()
    storm(estate)
    estate.pair("throttled", app, data)
    estate.wait_reason("throttled", "Throttled", kind="Reconciling")
    assert estate.condition("throttled")["status"] == "Unknown"

    estate.pair("free", near, far)
    estate.wait_ready("free", within=10)
    assert taken(estate) == ["PUT near-far", "PUT far-near"]
    estate.azure.clear_faults()
    estate.wait_ready("throttled")
    assert taken(estate)[2:] == ["PUT app-data", "PUT data-app"]


def test_a_throttled_deletion_waits_and_goes_on(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()
    estate.pair("leaving", app, data)
    estate.wait_ready("leaving")
    since, fault = estate.azure.last_request(), storm(estate)
    estate.delete("leaving", wait=False)
    eventually("a probe", lambda: len(sent_into(estate, fault)) >= 2)
    assert estate.exists("leaving")

    estate.azure.clear_faults()
    estate.wait_gone("leaving")
    assert taken(estate, since) == ["DELETE app-data", "DELETE data-app"]
