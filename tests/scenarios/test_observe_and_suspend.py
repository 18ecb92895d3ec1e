"""Objects that look and do not touch: suspended ones, and those with managementPolicy Observe."""

from __future__ import annotations

from typing import Any

import pytest

from estate import Estate, eventually
from stories import connected, looks_again, owned, two_vnets

HANDS_OFF = [{"suspend": True}, {"managementPolicy": "Observe"}]
hands_off = pytest.mark.parametrize("spec", HANDS_OFF, ids=["suspended", "observing"])


@hands_off
def test_nothing_is_written_and_what_would_be_is_listed(estate: Estate, spec: dict[str, Any]) -> None:
    app, data = two_vnets(estate)
    estate.start()
    estate.pair("looking", app, data, interval="1s", **spec)
    ready = estate.wait_reason("looking", "ReversePeeringMissing")
    looks_again(estate, app)

    body = estate.read("looking")
    assert ready["status"] == "False"
    planned = [(one["action"], one["id"]) for one in body["status"]["plannedActions"]]
    assert planned == [
        ("CreatePeering", f"{app}/virtualNetworkPeerings/app-data"),
        ("CreatePeering", f"{data}/virtualNetworkPeerings/data-app"),
    ]
    assert "finalizers" not in body["metadata"]
    assert owned(estate, "looking") == {}
    estate.delete("looking")
    assert estate.writes() == []


@hands_off
def test_the_truth_is_told_of_peerings_that_others_keep(estate: Estate, spec: dict[str, Any]) -> None:
    app, data = two_vnets(estate)
    estate.azure.peering(app, "theirs", data)
    estate.azure.peering(data, "also-theirs", app)
    estate.start()
    estate.pair("watching", app, data, interval="1s", **spec)
    estate.wait_ready("watching")
    assert "plannedActions" not in estate.read("watching")["status"]

    estate.azure.peering(app, "theirs", data, allowForwardedTraffic=True)
    drifted = estate.wait_reason("watching", "Drifted")
    assert "allowForwardedTraffic" in drifted["message"]
    estate.azure.delete(f"{data}/virtualNetworkPeerings/also-theirs")
    estate.wait_reason("watching", "PeeringDisconnected")
    looks_again(estate, app)

    estate.delete("watching")
    assert estate.writes() == []
    assert list(estate.peerings(app)) == ["theirs"]


@hands_off
def test_a_pair_that_was_managed_is_let_alone_and_deleting_it_leaves_azure_as_it_is(
    estate: Estate, spec: dict[str, Any]
) -> None:
    app, _ = connected(estate, "retired")
    since = estate.azure.last_request()
    estate.patch("retired", **spec)
    estate.wait_ready("retired")
    looks_again(estate, app)
    assert "finalizers" not in estate.read("retired")["metadata"]

    estate.delete("retired")

    assert estate.writes(since) == []
    assert estate.peerings(app)["app-data"]["peeringState"] == "Connected"


def test_a_suspended_pair_says_so_and_resumes_with_what_it_owned(estate: Estate) -> None:
    app, data = connected(estate, "paused")
    estate.patch("paused", suspend=True)
    ready = estate.wait_reason("paused", "Suspended")
    assert (ready["status"], ready["message"].startswith("Suspended.")) == ("True", True)
    estate.azure.peering(app, "app-data", data, allowForwardedTraffic=True)
    estate.wait_reason("paused", "Drifted")
    planned = estate.read("paused")["status"]["plannedActions"]
    assert [(one["action"], one["detail"]) for one in planned] == [
        ("UpdatePeering", "allowForwardedTraffic: true -> false.")
    ]
    since = estate.azure.last_request()

    estate.patch("paused", suspend=False)
    estate.wait_reason("paused", "Connected")
    assert estate.writes(since) == ["PUT app-data"]
    estate.delete("paused")
    assert estate.writes(since) == ["PUT app-data", "DELETE app-data", "DELETE data-app"]


@hands_off
def test_the_finalizer_goes_even_while_a_vnet_is_missing(estate: Estate, spec: dict[str, Any]) -> None:
    app, data = connected(estate, "let-go")
    estate.azure.delete(data)
    estate.wait_reason("let-go", "VNetNotFound")

    estate.patch("let-go", **spec)
    eventually("no finalizer", lambda: "finalizers" not in estate.read("let-go")["metadata"])
    assert estate.wait_reason("let-go", "VNetNotFound")["status"] == "False"
    assert list(estate.peerings(app)) == ["app-data"]
