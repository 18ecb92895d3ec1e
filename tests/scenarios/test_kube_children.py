"""The pairs of a VNetLink on a real API server: made with an owner, put back, never someone else's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from controlplane.cluster import Cluster
from vnetlink.domain.outcome import Absent, Later, Present, Refused
from vnetlink.domain.specs import ObjectKey, ObjectMeta, PeeringPair, VNetLink, VpnConnectionPair
from vnetlink.kube.answers import Gone, Written
from vnetlink.kube.api import ApiServer
from vnetlink.kube.children import Children
from vnetlink.kube.decode import decode, metadata, vnet_link
from vnetlink.kube.objects import Objects
from vnetlink.kube.versions import Versions
from vnetlink.planning.actions import DeleteChild, PutChild
from vnetlink.planning.link import child

ROOT = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network"
NAMESPACE = "kube-children"
PEERINGS, VPNS = "peeringpairs", "vpnconnectionpairs"


@pytest.fixture(scope="module", autouse=True)
def namespace(cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", NAMESPACE)


@pytest.fixture
async def server(cluster: Cluster) -> AsyncIterator[ApiServer]:
    api = ApiServer(str(cluster.kubeconfig), None, "vnetlink/test")
    yield api
    await api.close()


@pytest.fixture
def children(server: ApiServer) -> Children:
    return Children(server)


@pytest.fixture
def objects(server: ApiServer) -> Objects:
    return Objects(server, Versions())


async def made(cluster: Cluster, name: str, **spec: Any) -> VNetLink:
    """A link with everything on it that tools put there."""
    tools = {"app.kubernetes.io/instance": "argo", "team": "net"}
    ends = {side: {"id": f"{ROOT}/virtualNetworks/{name}-{side}"} for side in ("vnet1", "vnet2")}
    document = {
        "apiVersion": "vnetlink.dev/v1alpha1",
        "kind": "VNetLink",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": tools, "annotations": tools},
        "spec": ends | {"vpn": {"sharedKey": {"secretRef": {"name": "psk"}}}} | spec,
    }
    stored = cluster.kubectl("create", "-f", "-", "-o", "json", input=json.dumps(document)).stdout
    found = vnet_link(json.loads(stored), "here")
    assert isinstance(found, VNetLink), found
    return found


def put(link: VNetLink, kind: str = PEERINGS, version: str = "") -> PutChild:
    return PutChild(kind, child.name(link.meta.key, kind), child.spec(link, kind), version)


def key(link: VNetLink, kind: str = PEERINGS) -> ObjectKey:
    return ObjectKey(kind, NAMESPACE, child.name(link.meta.key, kind))


async def current(objects: Objects, which: ObjectKey) -> Any:
    found = await objects.get(which)
    assert isinstance(found, Present), found
    return found.value


def edit(cluster: Cluster, which: ObjectKey, spec: dict[str, Any]) -> None:
    patch = json.dumps({"spec": spec})
    cluster.kubectl("-n", NAMESPACE, "patch", which.kind, which.name, "--type=merge", "-p", patch)


async def test_a_pair_is_made_with_its_owner_and_nothing_else_of_the_links_metadata(
    cluster: Cluster, children: Children, objects: Objects
) -> None:
    link = await made(cluster, "made")
    outcome = await children.perform(link.meta, put(link))
    assert isinstance(outcome, Written)
    body = await current(objects, key(link))
    meta = body["metadata"]
    assert meta["labels"] == {"vnetlink.dev/link": "made"}
    assert "annotations" not in meta
    assert meta["ownerReferences"] == [
        {
            "apiVersion": "vnetlink.dev/v1alpha1",
            "kind": "VNetLink",
            "name": "made",
            "uid": link.meta.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]
    assert metadata(body).controller == (link.meta.key, link.meta.uid)


@pytest.mark.parametrize(("kind", "type"), [(PEERINGS, PeeringPair), (VPNS, VpnConnectionPair)])
async def test_a_pair_of_either_kind_means_what_the_link_asks_for(
    cluster: Cluster, children: Children, objects: Objects, kind: str, type: type[object]
) -> None:
    link = await made(cluster, f"meaning-{kind}", interval="90s", adoptionPolicy="Always", suspend=True)
    assert isinstance(await children.perform(link.meta, put(link, kind)), Written)
    pair = decode(await current(objects, key(link, kind)), "here")
    assert isinstance(pair, type)
    assert isinstance(pair, PeeringPair | VpnConnectionPair)
    assert (pair.spec.ends, pair.spec.lifecycle) == (link.spec.ends, link.spec.lifecycle)


async def test_one_that_is_there_already_is_left_as_it_is(
    cluster: Cluster, children: Children, objects: Objects
) -> None:
    link, other = await made(cluster, "twice"), await made(cluster, "twice-other")
    await children.perform(link.meta, put(link))
    before = await current(objects, key(link))
    usurper = PutChild(PEERINGS, key(link).name, child.spec(other, PEERINGS))
    assert isinstance(await children.perform(other.meta, usurper), Later)
    assert await current(objects, key(link)) == before


async def test_an_edited_pair_is_put_back_whole_and_its_metadata_stays(
    cluster: Cluster, children: Children, objects: Objects
) -> None:
    link = await made(cluster, "edited")
    await children.perform(link.meta, put(link))
    before = await current(objects, key(link))
    edit(cluster, key(link), {"suspend": True, "peering": {"vnet1": {"allowForwardedTraffic": True}}})
    cluster.kubectl("-n", NAMESPACE, "label", "peeringpair", key(link).name, "example.com/note=theirs")
    version = (await current(objects, key(link)))["metadata"]["resourceVersion"]
    assert isinstance(await children.perform(link.meta, put(link, version=version)), Written)
    after = await current(objects, key(link))
    assert after["spec"] == before["spec"]
    assert after["metadata"]["labels"] == {"vnetlink.dev/link": "edited", "example.com/note": "theirs"}
    assert after["metadata"]["ownerReferences"] == before["metadata"]["ownerReferences"]


async def test_a_pair_that_changed_meanwhile_is_looked_at_again_before_it_is_written(
    cluster: Cluster, children: Children, objects: Objects
) -> None:
    link = await made(cluster, "raced")
    outcome = await children.perform(link.meta, put(link))
    assert isinstance(outcome, Written)
    edit(cluster, key(link), {"suspend": True})
    assert isinstance(await children.perform(link.meta, put(link, version=outcome.resource_version)), Later)
    assert (await current(objects, key(link)))["spec"]["suspend"] is True


async def test_a_change_that_the_pairs_rules_forbid_is_a_definite_no(
    cluster: Cluster, children: Children, objects: Objects
) -> None:
    link, other = await made(cluster, "forbidden"), await made(cluster, "forbidden-other")
    outcome = await children.perform(link.meta, put(link))
    assert isinstance(outcome, Written)
    moved = PutChild(PEERINGS, key(link).name, child.spec(other, PEERINGS), outcome.resource_version)
    refusal = await children.perform(link.meta, moved)
    assert isinstance(refusal, Refused)
    assert "cannot be changed to another virtual network" in refusal.message


async def test_only_the_very_pair_that_was_read_is_deleted(
    cluster: Cluster, children: Children, objects: Objects
) -> None:
    link = await made(cluster, "deleted")
    outcome = await children.perform(link.meta, put(link))
    assert isinstance(outcome, Written)
    uid = outcome.body["metadata"]["uid"]
    stranger = DeleteChild(PEERINGS, key(link).name, "00000000-0000-0000-0000-000000000000")
    assert isinstance(await children.perform(link.meta, stranger), Later)
    assert (await current(objects, key(link)))["metadata"]["uid"] == uid
    assert isinstance(await children.perform(link.meta, DeleteChild(PEERINGS, key(link).name, uid)), Written)
    assert await objects.get(key(link)) == Absent()
    assert await children.perform(link.meta, DeleteChild(PEERINGS, key(link).name, uid)) == Gone()


async def test_a_kind_that_is_none_of_ours_is_never_written(children: Children) -> None:
    meta = ObjectMeta(ObjectKey("vnetlinks", NAMESPACE, "x"), "u", 1, "1", metadata(_any()).created_at)
    for action in (PutChild("secrets", "x", {}), PutChild("secrets", "x", {}, "1"), DeleteChild("secrets", "x", "u")):
        with pytest.raises(ValueError, match="not one of ours"):
            await children.perform(meta, action)


async def test_a_dry_run_makes_changes_and_deletes_nothing(cluster: Cluster, objects: Objects) -> None:
    link = await made(cluster, "dry")
    dry = ApiServer(str(cluster.kubeconfig), None, "vnetlink/test", dry_run=True)
    try:
        assert isinstance(await Children(dry).perform(link.meta, put(link)), Written)
    finally:
        await dry.close()
    assert await objects.get(key(link)) == Absent()


def _any() -> Any:
    return {"kind": "VNetLink", "metadata": {"name": "x", "creationTimestamp": "2026-01-01T00:00:00Z"}}
