"""Whatever comes instead of an answer leads to no conclusion: no write that an undisturbed run would not make."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from armsim_process import SUBSCRIPTION_2
from estate import Estate, eventually
from interruptions import own, taken

LOCK = {
    "error": {
        "code": "RetryableError",
        "message": "A retryable error occurred.",
        "details": [
            {"code": "RetryableErrorDueToAnotherOperation", "message": "The call can be retried in 2 seconds."}
        ],
    }
}
TROUBLES: dict[str, dict[str, Any]] = {
    "e500": {"kind": "answer", "status": 500, "code": "InternalServerError"},
    "e503": {"kind": "answer", "status": 503, "code": "ServerTimeout"},
    "page503": {"kind": "html", "status": 503},
    "page404": {"kind": "html", "status": 404},
    "page200": {"kind": "html", "status": 200, "when": "after"},
    "cut": {"kind": "cut", "when": "before"},
    "cutlate": {"kind": "cut", "when": "after"},
    "truncated": {"kind": "truncate"},
    "locked": {"kind": "answer", "status": 429, "body": LOCK},
}


def vnets(estate: Estate) -> dict[str, tuple[str, str]]:
    """Two VNets for each trouble."""
    return {
        trouble: (
            estate.azure.vnet(f"app-{trouble}", f"10.{2 * n}.0.0/16"),
            estate.azure.vnet(f"data-{trouble}", f"10.{2 * n + 1}.0.0/16"),
        )
        for n, trouble in enumerate(TROUBLES)
    }


def disturb(estate: Estate, method: str, **more: Any) -> None:
    """Each trouble on the way to its own app VNet, or to the peering in it."""
    me = estate.azure.env["AZURE_CLIENT_ID"]
    for trouble, fault in TROUBLES.items():
        path = f"/virtualNetworks/app-{trouble}[/?]"
        estate.azure.fault(id=trouble, method=method, path=path, principal=me, **fault, **more)


def hits(estate: Estate) -> dict[str, int]:
    return {fault["id"]: fault["hits"] for fault in estate.azure.faults()["faults"]}


def versions(estate: Estate) -> dict[str, str]:
    return {trouble: estate.read(trouble)["metadata"]["resourceVersion"] for trouble in TROUBLES}


def writes(verb: str, trouble: str) -> set[str]:
    return {f"{verb} app-{trouble}-data-{trouble}", f"{verb} data-{trouble}-app-{trouble}"}


def test_bad_answers_to_reads_change_nothing_and_are_over_when_they_are_over(estate: Estate) -> None:
    both = vnets(estate)
    estate.start()
    for trouble, (app, data) in both.items():
        estate.pair(trouble, app, data, interval="5s")
    for trouble in both:
        estate.wait_ready(trouble)
    before, since = versions(estate), estate.azure.last_request()

    disturb(estate, "GET")
    eventually("two bad answers each", lambda: min(hits(estate).values()) >= 2)
    assert versions(estate) == before
    assert taken(estate, since) == []

    for trouble, (app, data) in both.items():
        estate.azure.peering(app, f"app-{trouble}-data-{trouble}", data, allowForwardedTraffic=True)
    estate.azure.clear_faults()
    repaired = {f"PUT app-{trouble}-data-{trouble}" for trouble in both}
    eventually("one repair each", lambda: set(taken(estate, since)) == repaired)
    for trouble in both:
        estate.wait_ready(trouble)
    assert Counter(taken(estate, since)) == Counter(repaired)


def test_bad_answers_to_a_first_put_end_in_two_puts_a_pair(estate: Estate) -> None:
    both = vnets(estate)
    estate.start()
    disturb(estate, "PUT", count=1)
    for trouble, (app, data) in both.items():
        estate.pair(trouble, app, data)
    for trouble in both:
        estate.wait_ready(trouble)

    assert hits(estate) == dict.fromkeys(TROUBLES, 1)
    assert Counter(taken(estate)) == Counter(write for trouble in both for write in writes("PUT", trouble))


def test_bad_answers_to_a_delete_end_in_nothing_left(estate: Estate) -> None:
    both = vnets(estate)
    estate.start()
    for trouble, (app, data) in both.items():
        estate.pair(trouble, app, data)
    for trouble in both:
        estate.wait_ready(trouble)
    since = estate.azure.last_request()
    disturb(estate, "DELETE", count=1)
    estate.kubectl("delete", "peeringpairs", "--all", "--timeout=40s")

    assert hits(estate) == dict.fromkeys(TROUBLES, 1)
    assert Counter(taken(estate, since)) == Counter(write for trouble in both for write in writes("DELETE", trouble))
    assert all(estate.peerings(vnet) == {} for ends in both.values() for vnet in ends)


def test_bad_answers_to_reads_let_no_object_go_while_it_is_deleted(estate: Estate) -> None:
    both = vnets(estate)
    estate.start()
    for trouble, (app, data) in both.items():
        estate.pair(trouble, app, data)
    for trouble in both:
        estate.wait_ready(trouble)
    since = estate.azure.last_request()
    disturb(estate, "GET")
    estate.kubectl("delete", "peeringpairs", "--all", "--wait=false")
    eventually("two bad answers each", lambda: min(hits(estate).values()) >= 2)
    assert [trouble for trouble in both if not estate.exists(trouble)] == []

    estate.azure.clear_faults()
    estate.kubectl("wait", "--for=delete", "peeringpairs", "--all", "--timeout=30s")
    deletes = Counter(write for trouble in both for write in writes("DELETE", trouble))
    assert Counter(taken(estate, since)) == deletes
    assert all(estate.peerings(vnet) == {} for ends in both.values() for vnet in ends)


def test_an_answer_that_hangs_keeps_neither_its_object_nor_other_subscriptions(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    other = {"group": "other", "subscription": SUBSCRIPTION_2}
    near, far = estate.azure.vnet("near", "10.3.0.0/16", **other), estate.azure.vnet("far", "10.4.0.0/16", **other)
    estate.start()
    hung = estate.azure.fault(kind="hang", method="GET", path="virtualNetworks/(app|data)[/?]")
    estate.pair("hung", app, data)
    eventually("a hung read", lambda: hits(estate)[hung])

    estate.pair("lively", near, far)
    estate.wait_ready("lively", within=10)
    assert estate.condition("hung") == {}
    estate.azure.clear_faults()
    estate.wait_ready("hung")


@pytest.mark.parametrize(
    "trouble",
    [{"kind": "answer", "status": 503}, {"kind": "html", "status": 502}, {"kind": "cut"}],
    ids=["503", "html", "cut"],
)
def test_without_tokens_nothing_is_asked_and_the_object_says_so_until_they_come(
    estate: Estate, trouble: dict[str, Any]
) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.azure.fault(path="/oauth2/v2.0/token", **trouble)
    estate.start()
    estate.pair("tokenless", app, data)

    condition = estate.wait_reason("tokenless", "AzureUnreachable")
    assert condition["status"] == "Unknown"
    assert "login service" in condition["message"]
    assert own(estate) == []
    estate.azure.clear_faults()
    estate.wait_ready("tokenless")
    assert taken(estate) == ["PUT app-data", "PUT data-app"]
