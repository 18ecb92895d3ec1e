"""What a process tells of itself while it works: metrics after a story, spans where they are asked for, log lines with their turn."""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from estate import Estate, eventually
from operator_process import SOURCE


def test_a_link_that_is_made_and_drifts_is_counted_in_every_metric_that_concerns_it(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start("--identity-namespaces", "*", "--leader-elect=false")
    estate.pair("counted", app, data)
    estate.wait_ready("counted")
    peering = "microsoft.network/virtualnetworks/virtualnetworkpeerings"
    eventually(
        "counted as Ready",
        lambda: estate.operator.samples().get(("vnetlink_objects", "peeringpair", "True", "Connected")),
    )
    told = estate.operator.samples()
    assert told["azure_arm_requests_total", "201", "PUT", peering] == 2
    assert told["azure_arm_request_duration_seconds_count", "PUT", peering] == 2
    assert any(name[0] == "azure_arm_remaining_requests" for name in told)
    assert told["vnetlink_directions", "peeringpair", "Connected"] == 2
    assert told["vnetlink_peering_sync_level", "peeringpair", "InSync"] == 1
    assert told["vnetlink_time_to_connected_seconds_count", "peeringpair"] == 1
    assert told["vnetlink_events_total", "peeringpair", "PeeringCreated", "Normal"] == 2
    assert told["controller_runtime_reconcile_time_seconds_count", "peeringpair"] >= 2
    assert told["controller_runtime_max_concurrent_reconciles", "peeringpair"] == 16
    assert told["controller_runtime_terminal_reconcile_errors_total", "peeringpair"] == 0
    assert told["workqueue_work_duration_seconds_count", "peeringpair", "peeringpair"] >= 2
    assert told["leader_election_master_status", "vnetlink"] == 1
    host = estate.cluster.url.removeprefix("https://")
    assert told["rest_client_requests_total", "200", host, "PATCH"] >= 1

    estate.azure.peering(app, "app-data", data, allowForwardedTraffic=True)
    eventually("drift", lambda: estate.operator.samples().get(("vnetlink_drift_detected_total", "peeringpair")) == 1)
    estate.delete("counted")
    eventually(
        "no longer counted",
        lambda: ("vnetlink_directions", "peeringpair", "Connected") not in estate.operator.samples(),
    )


class Collector:
    """What an OTLP collector gets over HTTP."""

    def __init__(self) -> None:
        self.spans: queue.Queue[Span] = queue.Queue()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
                for group in sent.resource_spans:
                    for scope in group.scope_spans:
                        for span in scope.spans:
                            collector.spans.put(span)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    yield running
    running.server.shutdown()
    running.server.server_close()


def said(span: Span) -> dict[str, str | int]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_traced_a_turn_is_a_span_and_its_requests_to_azure_are_within_it(estate: Estate, collector: Collector) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.operator = estate.new_operator("--identity-namespaces", "*", "--tracing", "--log-level", "DEBUG")
    endpoint = f"http://127.0.0.1:{collector.server.server_port}"
    estate.operator.start(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint).wait_ready()
    estate.pair("traced", app, data)
    estate.wait_ready("traced")
    assert estate.operator.stop() == 0

    spans = list(collector.spans.queue)
    turns = {span.span_id: span for span in spans if span.name == "reconcile peeringpairs"}
    puts = [span for span in spans if span.name == "ARM PUT"]
    assert [said(span)["url.path"] for span in puts] == [
        f"{app}/virtualNetworkPeerings/app-data",
        f"{data}/virtualNetworkPeerings/data-app",
    ]
    assert {said(span)["http.response.status_code"] for span in puts} == {201}
    around = [said(turns[span.parent_span_id]) for span in puts]
    assert {turn["vnetlink.name"] for turn in around} == {"traced"}
    lines = [one for one in estate.operator.entries() if "ARM PUT" in one["message"]]
    assert [one["reconcile"] for one in lines] == [turn["vnetlink.reconcile"] for turn in around]
    assert {(one["kind"], one["object"], one["generation"]) for one in lines} == {("PeeringPair", "default/traced", 1)}


def test_a_collector_that_never_answers_disturbs_neither_work_nor_end(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.operator = estate.new_operator("--identity-namespaces", "*", "--tracing")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        estate.operator.start(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint).wait_ready()
        estate.pair("untraced", app, data)
        estate.wait_ready("untraced")
        asked = time.monotonic()
        assert estate.operator.stop() == 0
    assert time.monotonic() - asked < 20, "the longest that a drain may take"


def test_without_the_flag_nothing_of_opentelemetry_is_imported() -> None:
    code = (
        "import sys, vnetlink.process, vnetlink.azure.clients; print([m for m in sys.modules if 'opentelemetry' in m])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_flag_without_the_package_is_one_sentence_and_exit_code_2(estate: Estate) -> None:
    hidden = estate.dir / "opentelemetry"
    hidden.mkdir()
    (hidden / "__init__.py").write_text("raise ImportError('not here')")
    operator = estate.new_operator("--tracing")
    operator.start(PYTHONPATH=f"{estate.dir}:{SOURCE}")
    assert operator.ended() == 2
    assert "pip install 'vnetlink[tracing]'" in operator.log()
