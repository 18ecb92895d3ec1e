"""A person asks for a look right now."""

from __future__ import annotations

from estate import Estate, eventually
from stories import connected


def test_the_request_is_echoed_and_looked_at_once_although_the_interval_is_long(estate: Estate) -> None:
    app, data = connected(estate, "asked", interval="5m")
    estate.azure.peering(app, "app-data", data, allowForwardedTraffic=True)
    since = estate.azure.last_request()

    estate.kubectl("annotate", "peeringpair", "asked", "vnetlink.dev/reconcile-requested-at=2026-01-01T00:00:00Z")
    eventually(
        "the echo",
        lambda: estate.read("asked")["status"].get("lastHandledReconcileAt") == "2026-01-01T00:00:00Z",
        within=5,
    )
    eventually("the repair", lambda: estate.writes(since) == ["PUT app-data"], within=5)


def test_a_refusal_is_tried_again_at_once_when_asked(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.azure.fault(
        kind="answer", method="PUT", path="/virtualNetworkPeerings/", status=403, code="RequestDisallowedByPolicy"
    )
    estate.start()
    estate.pair("refused-once", app, data, interval="5m")
    estate.wait_reason("refused-once", "PolicyDenied")
    estate.azure.clear_faults()

    estate.kubectl("annotate", "peeringpair", "refused-once", "vnetlink.dev/reconcile-requested-at=now")
    estate.wait_ready("refused-once", within=10)
