"""What /metrics shows: names, bounds, and that the dashboard, the rules and the reference speak of nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from vnetlink import metrics
from vnetlink.domain.events import Event, EventType
from vnetlink.domain.specs import ObjectKey
from vnetlink.planning.plan import Wake
from vnetlink.process import _result
from vnetlink.queue import Priority, Queue

REPO = Path(__file__).resolve().parents[3]
FILES = REPO / "deploy" / "chart" / "files"
KEY = ObjectKey("peeringpairs", "team", "a")
VPN = ObjectKey("vpnconnectionpairs", "team", "v")
SCRAPED = frozenset({"le", "pod", "namespace", "job", "instance"})  # what Prometheus adds


def value(name: str, /, **labels: str) -> float | None:
    return metrics.REGISTRY.get_sample_value(name, labels)


# --- the reference, the dashboard, the rules


def expressions() -> Iterator[tuple[str, str]]:
    for rule in yaml.safe_load((FILES / "alerts.yaml").read_text()):
        yield rule.get("alert") or rule["record"], rule["expr"]
    for panel in json.loads((FILES / "dashboard.json").read_text())["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def exported() -> dict[str, frozenset[str]]:
    """Every series' name with its labels."""
    found = {}
    for name, (kind, _, labels) in metrics.names().items():
        for ending in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            found[name + ending] = frozenset(labels) | ({"le"} if ending == "_bucket" else set())
    return found


def foreign(expression: str) -> set[str]:
    """The metrics and labels of an expression that nobody exports."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    grouped = re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", bare)
    matched = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"\"", bare)
    labels = {label.strip() for group in grouped for label in group.split(",")} | set(matched)
    bare = re.sub(r"\b(?:by|without|on|ignoring)\s*\([^)]*\)|\{[^}]*\}|\[[^\]]*\]", " ", bare)
    names = set(re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", bare)) - {"and", "or", "unless", "bool", "offset"}
    known = exported()
    carried = SCRAPED.union(*(known.get(name, frozenset()) for name in names))
    return (names - known.keys()) | (labels - carried)


@pytest.mark.parametrize(("where", "expression"), tuple(expressions()), ids=lambda text: re.sub(r"\W+", "-", text)[:50])
def test_dashboard_and_rules_ask_only_for_what_is_exported(where: str, expression: str) -> None:
    assert foreign(expression) == set(), where


@pytest.mark.parametrize(("where", "expression"), tuple(expressions()), ids=lambda text: re.sub(r"\W+", "-", text)[:50])
def test_of_what_other_operators_export_too_only_ours_is_asked(where: str, expression: str) -> None:
    for limit in re.findall(r"\b(?:controller_runtime|workqueue)_\w+(.{0,99})", expression):
        controllers = re.findall(r'^\{(?:controller|name)=~"([a-z|]+)"\}', limit)
        assert [set(one.split("|")) for one in controllers] == [set(metrics.CONTROLLERS)], where
    if "leader_election_" in expression:
        assert "and on (instance) vnetlink_build_info" in expression, where


def test_a_typing_error_in_an_expression_would_be_seen() -> None:
    assert foreign('sum by (knd) (rate(vnetlink_object{kind="x", redy!="True"}[5m])) > 0') == {
        "vnetlink_object",
        "knd",
        "kind",
        "redy",
    }
    assert (
        foreign("histogram_quantile(0.9, sum by (le) (rate(vnetlink_time_to_connected_seconds_bucket[1h])))") == set()
    )


def test_the_reference_is_this_table() -> None:
    written = (REPO / "docs" / "reference" / "metrics.md").read_text()
    assert written == metrics.reference(), "run: .venv/bin/python -m vnetlink.metrics > docs/reference/metrics.md"


def test_the_text_is_prometheus_own_and_has_every_metric() -> None:
    metrics.start("1.2.3", 16)
    families = {family.name: family for family in text_string_to_metric_families(metrics.text().decode())}
    assert {name.removesuffix("_total") for name in metrics.names()} == families.keys()
    assert metrics.CONTENT_TYPE.startswith("text/plain; version=0.0.4")
    assert value("vnetlink_shared_key_rotations_total", result="rolled_back") is not None, "a rate sees the first one"


# --- Azure

ROOT = "/subscriptions/s1/resourceGroups/RG/providers/Microsoft.Network"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"{ROOT}/virtualNetworks/secret-name", "microsoft.network/virtualnetworks"),
        (
            f"{ROOT}/VirtualNetworks/n/virtualNetworkPeerings/p",
            "microsoft.network/virtualnetworks/virtualnetworkpeerings",
        ),
        (f"{ROOT}/connections/c/sharedkey", "microsoft.network/connections/sharedkey"),
        ("/subscriptions/s1/providers/Microsoft.Network/virtualNetworks", "microsoft.network/virtualnetworks"),
        ("/subscriptions/s1/resourcegroups/rg", "resourcegroups"),
        ("/subscriptions/s1/locations", "locations"),
    ],
)
def test_a_type_never_holds_a_name(path: str, kind: str) -> None:
    assert metrics.arm_type(path) == kind


def test_what_azure_says_is_left_is_shown_for_each_subscription_and_quota() -> None:
    headers = {"x-ms-ratelimit-remaining-subscription-writes": "199", "x-ms-ratelimit-remaining-resource": "many;1"}
    metrics.arm_answered("PUT", f"{ROOT}/virtualNetworks/v", 201, 0.2, headers)
    metrics.arm_answered("PUT", f"{ROOT}/virtualNetworks/v", 0, 30.0, {})
    assert value("azure_arm_remaining_requests", subscription="s1", quota="subscription-writes") == 199
    assert value("azure_arm_remaining_requests", subscription="s1", quota="resource") is None
    kind = "microsoft.network/virtualnetworks"
    assert value("azure_arm_requests_total", method="PUT", type=kind, code="201") == 1
    assert value("azure_arm_requests_total", method="PUT", type=kind, code="<error>") == 1


# --- turns and the queue


@pytest.mark.parametrize(
    ("wake", "result"),
    [
        (None, "success"),
        (Wake(timedelta(minutes=5)), "requeue_after"),
        (Wake(timedelta(0)), "requeue"),
        (Wake(timedelta(seconds=2), backoff=True), "requeue"),
    ],
)
def test_a_turn_ends_as_controller_runtime_would_name_it(wake: Wake | None, result: str) -> None:
    assert _result(wake) == result


def test_the_queue_tells_how_it_stands() -> None:
    now = [0.0]
    queue = Queue(lambda: now[0], lambda: 0.0, metrics.QueueMetrics())
    names = {"name": "peeringpair", "controller": "peeringpair"}
    before = {one: value(f"workqueue_{one}", **names) or 0.0 for one in ("adds_total", "retries_total")}
    queue.add(KEY, Priority.RESYNC)
    queue.add(KEY, Priority.GENERATION)
    metrics.show_queue(queue.waiting, queue.running)
    assert value("workqueue_depth", **names) == 1
    assert value("workqueue_adds_total", **names) == before["adds_total"] + 1

    now[0] = 7.0
    assert queue.take_nowait() == KEY
    now[0] = 9.0
    metrics.show_queue(queue.waiting, queue.running)
    assert value("workqueue_depth", **names) == 0
    assert value("workqueue_longest_running_processor_seconds", **names) == 2
    assert value("controller_runtime_active_workers", controller="peeringpair") == 1
    assert (value("workqueue_queue_duration_seconds_sum", **names) or 0) >= 7

    queue.done(KEY, Wake(timedelta(0), backoff=True))
    assert value("workqueue_retries_total", **names) == before["retries_total"] + 1
    metrics.show_queue(queue.waiting, queue.running)
    assert value("workqueue_unfinished_work_seconds", **names) == 0


# --- objects


def body(ready: str = "", reason: str = "", at: str = "", states: tuple[str, str] = ("", ""), level: str = "") -> Any:
    directions = {"vnet1ToVnet2": {"state": states[0]}, "vnet2ToVnet1": {"state": states[1]}} if states[0] else {}
    rows = [{"type": "Ready", "status": ready, "reason": reason, "lastTransitionTime": at}] if ready else []
    status: Mapping[str, Any] = {"conditions": rows, **directions, **({"syncLevel": level} if level else {})}
    return {"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"}, "status": status}


UP = body("True", "Connected", "2026-01-01T00:00:40Z", ("Connected", "Connected"), "InSync")


def test_objects_are_counted_by_what_they_say_and_only_by_the_leader() -> None:
    shown = metrics.ObjectMetrics()
    shown.note(KEY, UP)
    shown.note(VPN, body("False", "TunnelNotConnected", "2026-01-01T00:00:00Z", ("Connected", "NotConnected")))
    shown.show()
    assert value("vnetlink_objects", kind="peeringpair", ready="True", reason="Connected") is None
    shown.shown = True
    shown.show()
    assert value("vnetlink_objects", kind="peeringpair", ready="True", reason="Connected") == 1
    assert value("vnetlink_directions", kind="peeringpair", state="Connected") == 2
    assert value("vnetlink_peering_sync_level", kind="peeringpair", level="InSync") == 1
    assert value("vnetlink_tunnel_up", namespace="team", name="v") == 0
    shown.forget(KEY)
    shown.forget(VPN)
    shown.show()
    assert value("vnetlink_objects", kind="peeringpair", ready="True", reason="Connected") is None
    assert value("vnetlink_tunnel_up", namespace="team", name="v") is None


def test_a_forged_status_makes_no_label() -> None:
    shown = metrics.ObjectMetrics()
    shown.shown = True
    shown.note(KEY, body("Maybe", "Nonsense", "yesterday", ("Fine", "Fine"), "Somewhat"))
    shown.show()
    assert value("vnetlink_objects", kind="peeringpair", ready="Unknown", reason="") == 1
    assert value("vnetlink_directions", kind="peeringpair", state="Fine") is None


def test_the_time_to_connected_runs_from_the_creation_and_then_from_each_loss() -> None:
    shown = metrics.ObjectMetrics()
    shown.shown = True
    name = "vnetlink_time_to_connected_seconds_sum"
    before = value(name, kind="peeringpair") or 0.0
    shown.note(KEY, body())
    shown.note(KEY, body("False", "Creating", "2026-01-01T00:00:10Z"))
    shown.note(KEY, UP)
    shown.note(KEY, UP)
    assert value(name, kind="peeringpair") == before + 40
    shown.note(KEY, body("False", "Drifted", "2026-01-01T01:00:00Z"))
    shown.note(KEY, body("Unknown", "AzureUnreachable", "2026-01-01T01:00:05Z"))
    shown.note(KEY, body("True", "Connected", "2026-01-01T01:00:30Z"))
    assert value(name, kind="peeringpair") == before + 70


def test_an_operator_that_starts_beside_what_stands_counts_no_time() -> None:
    shown = metrics.ObjectMetrics()
    shown.shown = True
    count = value("vnetlink_time_to_connected_seconds_count", kind="peeringpair")
    shown.note(KEY, UP)
    assert value("vnetlink_time_to_connected_seconds_count", kind="peeringpair") == count


def test_events_and_drift_are_counted() -> None:
    before = value("vnetlink_drift_detected_total", kind="peeringpair") or 0.0
    for reason in ("DriftRepaired", "Contested", "PeeringCreated"):
        metrics.told(Event(KEY, "uid", EventType.NORMAL, reason, "Do", "note"))
    assert value("vnetlink_drift_detected_total", kind="peeringpair") == before + 2
    assert value("vnetlink_events_total", kind="peeringpair", type="Normal", reason="PeeringCreated") == 1
