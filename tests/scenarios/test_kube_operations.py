"""Events, the installation id and the checks before the start, on a real API server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from controlplane.cluster import Cluster
from service_accounts import as_service_account
from vnetlink.domain.events import Event, EventType
from vnetlink.domain.identity import Identity
from vnetlink.domain.kinds import KINDS
from vnetlink.domain.specs import ObjectKey
from vnetlink.handlers.intake import Intake
from vnetlink.kube import discovery, installation
from vnetlink.kube.api import ApiServer, path
from vnetlink.kube.claims import Claims
from vnetlink.kube.credentials import Credentials
from vnetlink.kube.events import Recorder
from vnetlink.kube.objects import Objects
from vnetlink.kube.versions import Versions
from vnetlink.planning.grants import Law
from vnetlink.planning.plan import SOON, Wake
from vnetlink.queue import Queue

NAMESPACE = "kube-operations"


@pytest.fixture(scope="module", autouse=True)
def namespace(cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", NAMESPACE)


@pytest.fixture
async def server(cluster: Cluster) -> AsyncIterator[ApiServer]:
    api = ApiServer(str(cluster.kubeconfig), None, "vnetlink/test")
    yield api
    await api.close()


@pytest.fixture
def recorder(server: ApiServer) -> Recorder:
    return Recorder(server, "pod-1", lambda: datetime(2026, 1, 2, 3, 4, 5, 6, UTC), lambda: 0.0)


def event(name: str, note: str = "both sides", namespace: str = NAMESPACE) -> Event:
    return Event(ObjectKey("peeringpairs", namespace, name), f"uid-{name}", EventType.NORMAL, "Connected", "Read", note)


def told(cluster: Cluster, name: str) -> list[dict[str, Any]]:
    listed = json.loads(cluster.kubectl("-n", NAMESPACE, "get", "events.events.k8s.io", "-o", "json").stdout)
    return [item for item in listed["items"] if item["regarding"]["name"] == name]


async def test_an_event_is_told_about_its_object(cluster: Cluster, recorder: Recorder) -> None:
    await recorder.tell(event("single"))
    (found,) = told(cluster, "single")
    assert found["regarding"] == {
        "apiVersion": "vnetlink.dev/v1alpha1",
        "kind": "PeeringPair",
        "namespace": NAMESPACE,
        "name": "single",
        "uid": "uid-single",
    }
    assert (found["type"], found["reason"], found["action"], found["note"]) == (
        "Normal",
        "Connected",
        "Read",
        "both sides",
    )
    assert (found["reportingController"], found["reportingInstance"]) == ("vnetlink.dev/operator", "pod-1")
    assert "series" not in found


async def test_equal_events_become_one_series(cluster: Cluster, recorder: Recorder) -> None:
    for _ in range(3):
        await recorder.tell(event("series"))
    await recorder.tell(event("series", "another note"))
    repeated, other = sorted(told(cluster, "series"), key=lambda found: "series" not in found)
    assert repeated["series"]["count"] == 3
    assert "series" not in other


async def test_a_series_whose_event_was_deleted_starts_again(cluster: Cluster, recorder: Recorder) -> None:
    await recorder.tell(event("expired"))
    cluster.kubectl("-n", NAMESPACE, "delete", "events.events.k8s.io", told(cluster, "expired")[0]["metadata"]["name"])
    await recorder.tell(event("expired"))
    assert len(told(cluster, "expired")) == 1


async def test_a_long_note_is_shortened_to_what_the_api_server_takes(cluster: Cluster, recorder: Recorder) -> None:
    await recorder.tell(event("long", "ü" * 2000))
    (found,) = told(cluster, "long")
    assert found["note"].endswith("…")
    assert len(found["note"].encode()) <= 1024


async def test_an_event_that_cannot_be_told_is_dropped_and_the_next_one_is_told(
    cluster: Cluster, recorder: Recorder
) -> None:
    running = asyncio.create_task(recorder.run())
    recorder.record(event("nowhere", namespace="no-such-namespace"))
    recorder.record(event("next"))
    await recorder.flush()
    running.cancel()
    assert len(told(cluster, "next")) == 1


async def test_more_than_the_queue_holds_is_dropped_without_waiting(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(1001):
        recorder.record(event("many", str(number)))
    assert "event dropped" in caplog.text


# -- the installation


def ids(*values: str) -> Any:
    return iter(values).__next__


async def test_the_installation_id_is_made_once_and_kept(server: ApiServer) -> None:
    assert await installation.ensure(server, NAMESPACE, ids("first")) == "first"
    assert await installation.ensure(server, NAMESPACE, ids("second")) == "first"


async def test_two_that_make_the_id_at_the_same_time_get_the_same(cluster: Cluster, server: ApiServer) -> None:
    cluster.kubectl("create", "namespace", "kube-race")
    made = await asyncio.gather(*(installation.ensure(server, "kube-race", ids(str(n))) for n in range(8)))
    assert len(set(made)) == 1


async def test_a_missing_namespace_comes_with_the_command_that_makes_it(server: ApiServer) -> None:
    found = await installation.ensure(server, "not-yet", ids("x"))
    assert isinstance(found, installation.Unknown)
    assert "kubectl create namespace not-yet" in found.message
    assert found.lasting


async def test_a_config_map_without_id_is_never_overwritten(cluster: Cluster, server: ApiServer) -> None:
    cluster.kubectl("create", "namespace", "kube-empty")
    cluster.kubectl("-n", "kube-empty", "create", "configmap", installation.CONFIG_MAP, "--from-literal=other=x")
    found = await installation.ensure(server, "kube-empty", ids("new"))
    assert isinstance(found, installation.Unknown)
    answer = await server.get(path("api", "v1", "namespaces", "kube-empty", "configmaps", installation.CONFIG_MAP))
    assert answer.body["data"] == {"other": "x"}


# -- before the start


async def test_nothing_is_missing_once_the_crds_are_there(server: ApiServer) -> None:
    assert await discovery.served(server) == KINDS.keys()


async def test_an_administrator_is_denied_nothing(server: ApiServer) -> None:
    assert await discovery.denied(server, discovery.needs(KINDS, (), NAMESPACE, True)) == ()


async def test_missing_verbs_are_named(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> None:
    cluster.kubectl("-n", NAMESPACE, "create", "serviceaccount", "weak")
    ours = ",".join(f"{plural}.vnetlink.dev" for plural in KINDS)
    cluster.kubectl("create", "clusterrole", "weak", "--verb=get,list,watch", f"--resource={ours}")
    cluster.kubectl("create", "clusterrolebinding", "weak", "--clusterrole=weak", f"--serviceaccount={NAMESPACE}:weak")
    server = ApiServer(
        str(as_service_account(cluster, tmp_path_factory.mktemp("account"), NAMESPACE, "weak")), None, "vnetlink/test"
    )
    try:
        refused = await discovery.denied(server, discovery.needs(KINDS, (), NAMESPACE, True))
    finally:
        await server.close()
    assert [str(need) for need in refused] == [
        "patch azurecredentials.vnetlink.dev",
        "patch peeringpairs.vnetlink.dev",
        "patch vnetlinks.vnetlink.dev",
        "patch vpnconnectionpairs.vnetlink.dev",
        "create peeringpairs.vnetlink.dev",
        "delete peeringpairs.vnetlink.dev",
        "create vpnconnectionpairs.vnetlink.dev",
        "delete vpnconnectionpairs.vnetlink.dev",
        "update vnetlinks.vnetlink.dev/finalizers",
        "patch azurecredentials.vnetlink.dev/status",
        "patch peeringpairs.vnetlink.dev/status",
        "patch vnetlinks.vnetlink.dev/status",
        "patch vpnconnectionpairs.vnetlink.dev/status",
        "create events.events.k8s.io",
        "patch events.events.k8s.io",
        f"get configmaps in {NAMESPACE}",
        f"create configmaps in {NAMESPACE}",
        f"get leases.coordination.k8s.io in {NAMESPACE}",
        f"create leases.coordination.k8s.io in {NAMESPACE}",
        f"update leases.coordination.k8s.io in {NAMESPACE}",
    ]


# -- the sweep


def credentials(server: ApiServer, queue: Queue) -> Credentials:
    law = Law(Identity("operator", "tenant"), frozenset({"*"}))
    return Credentials(server, law, queue.wake, lambda: 0.0)


async def test_a_sweep_finds_what_the_watch_has_missed(cluster: Cluster, server: ApiServer) -> None:
    queue, versions = Queue(lambda: 0.0, lambda: 0.0), Versions()
    claims = Claims(lambda owner: True, queue.wake)
    intake = Intake(
        queue, claims, credentials(server, queue), Objects(server, versions, (NAMESPACE,)), versions, "here"
    )
    for name in ("removed", "unchanged", "edited"):
        cluster.kubectl("create", "-f", "-", input=manifest(name))
    assert await intake.sweep(KINDS)
    assert served(queue) == {"removed", "unchanged", "edited"}
    cluster.kubectl("-n", NAMESPACE, "delete", "peeringpair", "removed")
    cluster.kubectl(
        "-n", NAMESPACE, "patch", "peeringpair", "edited", "--type=merge", "-p", '{"spec":{"suspend":true}}'
    )
    cluster.kubectl("create", "-f", "-", input=manifest("new"))
    assert await intake.sweep(KINDS)
    assert served(queue) == {"removed", "edited", "new"}


async def test_a_sweep_of_one_kind_leaves_the_others_alone(cluster: Cluster, server: ApiServer) -> None:
    queue, versions = Queue(lambda: 0.0, lambda: 0.0), Versions()
    intake = Intake(
        queue,
        Claims(lambda owner: True, queue.wake),
        credentials(server, queue),
        Objects(server, versions),
        versions,
        "here",
    )
    intake.event("ADDED", json.loads(manifest("unlisted")))
    served(queue)
    assert await intake.sweep({"vpnconnectionpairs"})
    assert "unlisted" not in served(queue)
    assert await intake.sweep({"peeringpairs"})
    assert "unlisted" in served(queue)


async def test_a_sweep_that_cannot_read_the_list_concludes_nothing(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    nobody = tmp_path_factory.mktemp("nobody") / "kubeconfig"
    nobody.write_text(cluster.kubeconfig.read_text().replace(cluster.url, "https://127.0.0.1:1"))
    server = ApiServer(str(nobody), None, "vnetlink/test")
    queue, versions = Queue(lambda: 0.0, lambda: 0.0), Versions()
    intake = Intake(
        queue,
        Claims(lambda owner: True, queue.wake),
        credentials(server, queue),
        Objects(server, versions),
        versions,
        "here",
    )
    intake.event("ADDED", json.loads(manifest("known")))
    served(queue)
    try:
        assert not await intake.sweep(KINDS)
    finally:
        await server.close()
    assert served(queue) == set()


def manifest(name: str) -> str:
    root = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network"
    ends = {side: {"id": f"{root}/virtualNetworks/{name}-{side}"} for side in ("vnet1", "vnet2")}
    meta = {"name": name, "namespace": NAMESPACE}
    return json.dumps({"apiVersion": "vnetlink.dev/v1alpha1", "kind": "PeeringPair", "metadata": meta, "spec": ends})


def served(queue: Queue) -> set[str]:
    """Names of all ready keys, each given its turn."""
    names = set()
    while (found := queue.take_nowait()) is not None:
        names.add(found.name)
        queue.done(found, Wake(SOON))
    return names
