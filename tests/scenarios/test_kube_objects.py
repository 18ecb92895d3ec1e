"""Reading and writing our objects on a real API server: guards, other people's finalizers, status, outages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from controlplane.cluster import Cluster
from vnetlink.domain.outcome import Absent, Later, Present, Refused, Unreadable
from vnetlink.domain.specs import ObjectKey, PeeringPair
from vnetlink.kube.answers import Gone, Unchanged, Written
from vnetlink.kube.api import ApiServer
from vnetlink.kube.decode import FINALIZER, OWNED, peering_pair
from vnetlink.kube.objects import Objects
from vnetlink.kube.status import StatusWriter
from vnetlink.kube.versions import Versions

ROOT = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network"
NAMESPACE = "kube-objects"
READY = {"type": "Ready", "status": "True", "reason": "Connected", "message": "ok", "observedGeneration": 1}


@pytest.fixture(scope="module", autouse=True)
def namespace(cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", NAMESPACE)


@pytest.fixture
async def server(cluster: Cluster) -> AsyncIterator[ApiServer]:
    api = ApiServer(str(cluster.kubeconfig), None, "vnetlink/test")
    yield api
    await api.close()


@pytest.fixture
def versions() -> Versions:
    return Versions()


@pytest.fixture
def objects(server: ApiServer, versions: Versions) -> Objects:
    return Objects(server, versions)


@pytest.fixture
def statuses(server: ApiServer, versions: Versions) -> StatusWriter:
    return StatusWriter(server, versions)


def key(name: str) -> ObjectKey:
    return ObjectKey("peeringpairs", NAMESPACE, name)


def manifest(name: str, **metadata: Any) -> str:
    ends = {side: {"id": f"{ROOT}/virtualNetworks/{name}-{side}"} for side in ("vnet1", "vnet2")}
    meta = {"name": name, "namespace": NAMESPACE, **metadata}
    return json.dumps({"apiVersion": "vnetlink.dev/v1alpha1", "kind": "PeeringPair", "metadata": meta, "spec": ends})


async def made(cluster: Cluster, objects: Objects, name: str, **metadata: Any) -> Any:
    cluster.kubectl("create", "-f", "-", input=manifest(name, **metadata))
    return await current(objects, name)


async def current(objects: Objects, name: str) -> Any:
    found = await objects.get(key(name))
    assert isinstance(found, Present)
    return found.value


def annotate(cluster: Cluster, name: str, value: str) -> None:
    cluster.kubectl("-n", NAMESPACE, "annotate", "--overwrite", "peeringpair", name, f"example.com/note={value}")


async def test_an_object_is_read_and_decoded_with_the_servers_defaults(cluster: Cluster, objects: Objects) -> None:
    found = peering_pair(await made(cluster, objects, "read"), "here")
    assert isinstance(found, PeeringPair)
    assert found.meta.key == key("read")
    assert found.meta.generation == 1


async def test_what_does_not_exist_is_absent(objects: Objects) -> None:
    assert await objects.get(key("nobody")) == Absent()


async def test_every_object_is_listed_over_several_pages(
    cluster: Cluster, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        await made(cluster, objects, f"page{number}")
    monkeypatch.setattr("vnetlink.kube.objects.PAGE", 2)
    listed = await objects.all("peeringpairs")
    assert isinstance(listed, Present)
    assert {f"page{n}" for n in range(5)} <= {body["metadata"]["name"] for body in listed.value}
    assert {body["kind"] for body in listed.value} == {"PeeringPair"}


async def test_a_list_keeps_to_its_namespaces(cluster: Cluster, server: ApiServer, versions: Versions) -> None:
    elsewhere = Objects(server, versions, ("default",))
    await made(cluster, Objects(server, versions), "not-there")
    assert await elsewhere.all("peeringpairs") == Present(())


async def test_record_and_finalizer_come_in_one_write_and_other_finalizers_stay(
    cluster: Cluster, objects: Objects, versions: Versions
) -> None:
    body = await made(cluster, objects, "hold", finalizers=["example.com/theirs"])
    outcome = await objects.hold(body, "the record")
    assert isinstance(outcome, Written)
    stored = await current(objects, "hold")
    assert stored["metadata"]["finalizers"] == ["example.com/theirs", FINALIZER]
    assert stored["metadata"]["annotations"][OWNED] == "the record"
    assert stored["metadata"]["resourceVersion"] == outcome.resource_version
    assert versions.known(stored)
    again = await objects.hold(outcome.body, "the record, changed")
    assert isinstance(again, Written)
    assert again.body["metadata"]["finalizers"] == ["example.com/theirs", FINALIZER]


async def test_an_object_that_changed_meanwhile_is_not_written(cluster: Cluster, objects: Objects) -> None:
    body = await made(cluster, objects, "conflict")
    annotate(cluster, "conflict", "newer")
    assert isinstance(await objects.hold(body, "the record"), Later)
    assert "finalizers" not in (await current(objects, "conflict"))["metadata"]


async def test_releasing_takes_only_our_finalizer_off(cluster: Cluster, objects: Objects) -> None:
    body = await made(cluster, objects, "release", finalizers=["example.com/theirs", FINALIZER])
    assert isinstance(await objects.release(body), Written)
    assert (await current(objects, "release"))["metadata"]["finalizers"] == ["example.com/theirs"]
    assert isinstance(await objects.release(body), Later)


async def test_an_object_that_is_gone_is_told_as_gone(
    cluster: Cluster, objects: Objects, statuses: StatusWriter
) -> None:
    body = await made(cluster, objects, "gone")
    cluster.kubectl("-n", NAMESPACE, "delete", "peeringpair", "gone")
    assert await objects.hold(body, "the record") == Gone()
    assert await statuses.write(body, {"observedGeneration": 1}) == Gone()


async def test_a_status_is_written_once_and_then_left_alone(
    cluster: Cluster, objects: Objects, statuses: StatusWriter, versions: Versions
) -> None:
    desired = {"observedGeneration": 1, "syncLevel": "InSync", "conditions": [stamped(READY)], "findings": []}
    assert isinstance(await statuses.write(await made(cluster, objects, "status"), desired), Written)
    stored = await current(objects, "status")
    assert versions.known(stored)
    assert stored["status"]["conditions"] == [stamped(READY)]
    assert await statuses.write(stored, desired) == Unchanged()
    assert (await current(objects, "status"))["metadata"]["resourceVersion"] == stored["metadata"]["resourceVersion"]


async def test_what_the_status_no_longer_says_disappears(
    cluster: Cluster, objects: Objects, statuses: StatusWriter
) -> None:
    full = {"observedGeneration": 1, "syncLevel": "InSync", "conditions": [stamped(READY)]}
    await statuses.write(await made(cluster, objects, "removed"), full)
    await statuses.write(await current(objects, "removed"), {"observedGeneration": 2})
    assert (await current(objects, "removed"))["status"] == {"observedGeneration": 2}


async def test_an_edit_meanwhile_does_not_lose_the_status_but_its_echo_counts_as_news(
    cluster: Cluster, objects: Objects, statuses: StatusWriter, versions: Versions
) -> None:
    body = await made(cluster, objects, "edited")
    annotate(cluster, "edited", "newer")
    assert isinstance(await statuses.write(body, {"observedGeneration": 1}), Written)
    stored = await current(objects, "edited")
    assert stored["status"] == {"observedGeneration": 1}
    assert not versions.known(stored)


async def test_one_made_again_under_the_same_name_does_not_inherit_a_status(
    cluster: Cluster, objects: Objects, statuses: StatusWriter
) -> None:
    body = await made(cluster, objects, "again")
    cluster.kubectl("-n", NAMESPACE, "delete", "peeringpair", "again")
    await made(cluster, objects, "again")
    assert await statuses.write(body, {"observedGeneration": 7}) == Gone()
    assert (await current(objects, "again"))["status"]["observedGeneration"] == -1


async def test_a_status_the_schema_refuses_is_a_definite_no(
    cluster: Cluster, objects: Objects, statuses: StatusWriter
) -> None:
    body = await made(cluster, objects, "refused")
    assert isinstance(await statuses.write(body, {"conditions": "all well"}), Refused)


async def test_a_dry_run_is_answered_but_changes_nothing(
    cluster: Cluster, objects: Objects, versions: Versions
) -> None:
    body = await made(cluster, objects, "dry")
    dry = ApiServer(str(cluster.kubeconfig), None, "vnetlink/test", dry_run=True)
    try:
        assert isinstance(await Objects(dry, versions).hold(body, "the record"), Written)
    finally:
        await dry.close()
    assert (await current(objects, "dry"))["metadata"]["resourceVersion"] == body["metadata"]["resourceVersion"]


async def test_an_api_server_that_cannot_be_reached_is_unreadable_and_never_an_absence(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    nobody = tmp_path_factory.mktemp("kube") / "kubeconfig"
    nobody.write_text(cluster.kubeconfig.read_text().replace(cluster.url, "https://127.0.0.1:1"))
    server = ApiServer(str(nobody), None, "vnetlink/test")
    try:
        found = await Objects(server, Versions()).get(key("read"))
    finally:
        await server.close()
    assert isinstance(found, Unreadable)
    assert found.transient


def stamped(condition: dict[str, object]) -> dict[str, object]:
    return condition | {"lastTransitionTime": "2026-01-01T00:00:00Z"}
