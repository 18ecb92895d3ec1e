"""As a developer I test against a real API server that is mine alone, survives outages and leaves nothing behind."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.cluster import Cluster

OWNER = """
import signal, sys, threading
from pathlib import Path
from controlplane.cluster import Cluster
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell inherits it as ignored
cluster = Cluster(Path(sys.argv[1]))
starter = threading.Thread(target=cluster.start)  # the thread that started it may be gone long before its owner
starter.start()
starter.join()
print(*cluster.pids, flush=True)
sys.stdin.read()
"""
TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A control plane for one test, which may break it."""
    control_plane = Cluster(tmp_path / "controlplane")
    control_plane.start()
    yield control_plane
    control_plane.kill()


def ended(pid_fds: list[int], seconds: float) -> list[int]:
    """Those of the processes that have ended, all of them as soon as they have."""
    waiting = select.poll()
    for descriptor in pid_fds:
        waiting.register(descriptor, select.POLLIN)
    done: list[int] = []
    while len(done) < len(pid_fds) and (ready := waiting.poll(seconds * 1000)):
        for descriptor, _ in ready:
            waiting.unregister(descriptor)
            done.append(descriptor)
    return done


@pytest.mark.parametrize("last_words", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_survives_its_owner(tmp_path: Path, last_words: signal.Signals) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path / "controlplane")],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with owner:
        assert owner.stdout is not None
        pids = [int(pid) for pid in owner.stdout.readline().split()]
        assert len(pids) == 4, "the guard, etcd, the API server and the controllers"
        handles = [os.pidfd_open(pid) for pid in pids]
        try:
            owner.send_signal(last_words)
            assert sorted(ended(handles, 10)) == sorted(handles)
        finally:
            for handle in handles:
                os.close(handle)


def test_an_outage_of_the_api_server_keeps_address_and_data(own_cluster: Cluster) -> None:
    url = own_cluster.url
    own_cluster.kubectl("create", "configmap", "kept")
    own_cluster.stop_apiserver()
    answer = own_cluster.kubectl("get", "configmaps", check=False)
    assert answer.returncode == 1
    assert "refused" in answer.stderr
    own_cluster.start_apiserver()
    assert own_cluster.url == url
    assert own_cluster.kubectl("get", "configmap", "kept", "-o", "name").stdout == "configmap/kept\n"


def test_history_from_before_a_compaction_is_gone(own_cluster: Cluster) -> None:
    path = "/api/v1/namespaces/default/configmaps"
    before = json.loads(own_cluster.kubectl("get", "--raw", path).stdout)["metadata"]["resourceVersion"]
    for number in range(3):
        own_cluster.kubectl("create", "configmap", f"c{number}")
    watch = ("get", "--raw", f"{path}?watch=1&timeoutSeconds=1&resourceVersion={before}")
    exact_list = ("get", "--raw", f"{path}?resourceVersion={before}&resourceVersionMatch=Exact")
    assert own_cluster.compact_etcd() > int(before)
    assert "410" not in own_cluster.kubectl(*watch).stdout, "the watch cache still knows"
    own_cluster.stop_apiserver()
    own_cluster.compact_etcd()
    own_cluster.start_apiserver()
    assert json.loads(own_cluster.kubectl(*watch).stdout)["object"]["code"] == 410
    assert "(Expired)" in own_cluster.kubectl(*exact_list, check=False).stderr


def test_a_stopped_control_plane_starts_again_with_its_data(tmp_path: Path) -> None:
    control_plane = Cluster(tmp_path / "controlplane")
    control_plane.start()
    try:
        control_plane.kubectl("create", "configmap", "kept")
        control_plane.stop()
        assert control_plane.pids == ()
        control_plane.start()
        control_plane.kubectl("get", "configmap", "kept")
    finally:
        control_plane.kill()


def test_service_accounts_get_tokens_and_only_the_rights_they_are_given(cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", "rights")
    cluster.kubectl("create", "serviceaccount", "app", "-n", "rights")
    token = cluster.kubectl("create", "token", "app", "-n", "rights", "--audience=api://AzureADTokenExchange").stdout
    assert token.count(".") == 2
    who = ("--as=system:serviceaccount:rights:app", "-n", "rights")
    assert cluster.kubectl("auth", "can-i", "get", "secrets", *who, check=False).stdout == "no\n"
    cluster.kubectl(
        "create", "rolebinding", "view", "--clusterrole=edit", "--serviceaccount=rights:app", "-n", "rights"
    )
    assert cluster.kubectl("auth", "can-i", "get", "secrets", *who).stdout == "yes\n"


def test_pod_security_is_enforced(cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", "strict")
    cluster.kubectl("label", "namespace", "strict", "pod-security.kubernetes.io/enforce=restricted")
    cluster.kubectl("wait", "--for=create", "serviceaccount/default", "-n", "strict", "--timeout=30s")
    answer = cluster.kubectl("run", "root", "--image=x", "--privileged", "-n", "strict", check=False)
    assert 'violates PodSecurity "restricted' in answer.stderr


def test_what_is_owned_goes_with_its_owner_and_a_namespace_with_all_in_it(cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", "owned")
    cluster.kubectl("create", "configmap", "owner", "-n", "owned")
    uid = cluster.kubectl("get", "configmap", "owner", "-n", "owned", "-o", "jsonpath={.metadata.uid}").stdout
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    child = {"name": "child", "namespace": "owned", "ownerReferences": [owner]}
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": child}
    cluster.kubectl("create", "-f", "-", input=json.dumps(document))
    cluster.kubectl("delete", "configmap", "owner", "-n", "owned")
    cluster.kubectl("wait", "--for=delete", "configmap/child", "-n", "owned", "--timeout=60s")
    cluster.kubectl("delete", "namespace", "owned", "--timeout=60s")
