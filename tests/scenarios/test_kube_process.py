"""The operator process beside a control plane of its own: how it waits, watches, outlasts an outage and ends.

Azure is never asked: no namespace may use the operator's identity.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from controlplane.cluster import Cluster
from vnetlink.handlers.watch import Unseen, Watcher
from vnetlink.kube.api import connection

OPERATOR = Path(__file__).resolve().parents[2] / "operator"
ROOT = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network"


class Operator:
    """One `python -m vnetlink run`."""

    def __init__(self, cluster: Cluster, log: Path, *flags: str) -> None:
        self.log = log
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(OPERATOR),
            "KUBECONFIG": str(cluster.kubeconfig),
            "VNETLINK_LEADER_ELECT": "false",
        }
        command = [sys.executable, "-m", "vnetlink", "run", "--health-port", "0", "--log-format", "text", *flags]
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)

    @property
    def said(self) -> str:
        return self.log.read_text()

    def ask(self, path: str) -> tuple[int, str]:
        """Status and body of a probe; 0 while nobody listens."""
        port = re.search(r"health: port (\d+)", self.said)
        if port is None:
            return 0, ""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port[1]}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()
        except OSError:
            return 0, ""

    def until(self, what: str, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait for a condition while the process lives."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{what} within {seconds} s; exit code {self.process.poll()}\n{self.said[-4000:]}")
            time.sleep(0.05)

    def until_ready(self, seconds: float = 20.0) -> None:
        self.until("ready", lambda: self.ask("/readyz")[0] == 200, seconds)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture(scope="module")
def own_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Without CRDs, and free to be stopped."""
    cluster = Cluster(tmp_path_factory.mktemp("own"))
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def start(own_cluster: Cluster, tmp_path: Path) -> Iterator[Callable[..., Operator]]:
    started: list[Operator] = []

    def start(*flags: str) -> Operator:
        started.append(Operator(own_cluster, tmp_path / f"operator{len(started)}.log", *flags))
        return started[-1]

    yield start
    for operator in started:
        operator.process.kill()
        operator.process.wait()


@pytest.fixture
def ready(own_cluster: Cluster, start: Callable[..., Operator]) -> Operator:
    """A cluster with all there should be, and an operator that serves it."""
    own_cluster.apply_crds()
    own_cluster.kubectl("create", "namespace", "vnetlink-system", check=False)
    operator = start()
    operator.until_ready()
    return operator


def manifest(name: str, **spec: Any) -> str:
    ends = {side: {"id": f"{ROOT}/virtualNetworks/{name}-{side}"} for side in ("vnet1", "vnet2")}
    return json.dumps(
        {
            "apiVersion": "vnetlink.dev/v1alpha1",
            "kind": "PeeringPair",
            "metadata": {"name": name, "namespace": "default"},
            "spec": ends | spec,
        }
    )


def pair(cluster: Cluster, name: str) -> Any:
    return json.loads(cluster.kubectl("get", "peeringpair", name, "-o", "json").stdout)


def ready_reason(cluster: Cluster, name: str, generation: int) -> str:
    status = pair(cluster, name)["status"]
    if status["observedGeneration"] != generation:
        return ""
    return next((str(found["reason"]) for found in status["conditions"] if found["type"] == "Ready"), "")


def test_started_before_its_crd_and_namespace_it_says_so_and_serves_once_they_are_there(
    own_cluster: Cluster, start: Callable[..., Operator]
) -> None:
    operator = start()
    operator.until(
        "not ready",
        lambda: (
            "peeringpairs.vnetlink.dev, vnetlinks.vnetlink.dev, vpnconnectionpairs.vnetlink.dev; install it: kubectl"
            in operator.ask("/readyz")[1]
        ),
    )
    assert operator.ask("/readyz")[0] == 503
    assert operator.ask("/livez") == (200, "ok\n")
    own_cluster.apply_crds()
    operator.until("namespace", lambda: "kubectl create namespace vnetlink-system" in operator.ask("/readyz")[1], 10)
    own_cluster.kubectl("create", "namespace", "vnetlink-system")
    operator.until_ready(10)
    own_cluster.kubectl("create", "-f", "-", input=manifest("early"))
    operator.until("served", lambda: ready_reason(own_cluster, "early", 1) == "ReferenceNotGranted", 10)
    assert operator.end(signal.SIGTERM) == 0


async def test_a_watch_that_found_its_kinds_missing_ends_instead_of_seeing_nothing(own_cluster: Cluster) -> None:
    own_cluster.kubectl("delete", "crd", "peeringpairs.vnetlink.dev", "--ignore-not-found")
    ended: queue.Queue[BaseException | None] = queue.Queue()
    connect = partial(connection, str(own_cluster.kubeconfig), None)
    watcher = Watcher("peeringpairs", lambda change, body: None, connect, ended.put, ())
    watcher.start()
    assert isinstance(await asyncio.to_thread(ended.get, timeout=20), Unseen)
    assert not watcher.watching


def test_no_object_ever_carries_a_trace_of_kopf(own_cluster: Cluster, ready: Operator) -> None:
    own_cluster.kubectl("create", "-f", "-", input=manifest("clean"))
    ready.until("served", lambda: ready_reason(own_cluster, "clean", 1) != "")
    own_cluster.kubectl("patch", "peeringpair", "clean", "--type=merge", "-p", '{"spec": {"interval": "7m"}}')
    ready.until("served again", lambda: ready_reason(own_cluster, "clean", 2) != "")
    text = own_cluster.kubectl("get", "peeringpairs", "-A", "-o", "json", "--show-managed-fields").stdout
    assert "kopf" not in text
    assert "finalizers" not in pair(own_cluster, "clean")["metadata"]


def test_a_served_object_is_left_alone_by_the_next_process(
    own_cluster: Cluster, ready: Operator, start: Callable[..., Operator]
) -> None:
    own_cluster.kubectl("create", "-f", "-", input=manifest("steady"))
    ready.until("served", lambda: ready_reason(own_cluster, "steady", 1) != "")
    version = pair(own_cluster, "steady")["metadata"]["resourceVersion"]
    assert ready.end(signal.SIGINT) == 0
    second = start()
    second.until_ready()
    own_cluster.kubectl("create", "-f", "-", input=manifest("marker"))
    second.until("served", lambda: ready_reason(own_cluster, "marker", 1) != "")
    assert pair(own_cluster, "steady")["metadata"]["resourceVersion"] == version


def test_an_outage_of_the_api_server_is_outlasted_and_what_happened_meanwhile_is_seen(
    own_cluster: Cluster, ready: Operator
) -> None:
    own_cluster.stop_apiserver()
    ready.until("noticed", lambda: "ERROR" in ready.said or "WARNING" in ready.said)
    own_cluster.start_apiserver()
    own_cluster.kubectl("create", "-f", "-", input=manifest("afterwards"))
    ready.until("served", lambda: ready_reason(own_cluster, "afterwards", 1) != "", 60)
    assert ready.ask("/livez")[0] == 200


def test_with_its_crd_gone_it_says_why_and_ends_with_exit_code_1(own_cluster: Cluster, ready: Operator) -> None:
    own_cluster.kubectl("delete", "crd", "peeringpairs.vnetlink.dev")
    assert ready.process.wait(40) == 1
    assert "the watch on the API server has ended: " in ready.said
    assert ready.said.count("CRITICAL") == 1


def test_without_a_cluster_it_says_what_it_tried(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(OPERATOR), "KUBECONFIG": str(tmp_path / "none")}
    command = [sys.executable, "-m", "vnetlink", "run", "--health-port", "0", "--log-format", "text"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "no cluster to talk to" in done.stderr
    assert "Traceback" not in done.stderr
