"""A spec that this version cannot read, stored before a rule existed or by a newer version, traps nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from estate import Estate, eventually
from link_estate import LinkEstate
from stories import two_vnets

E = TypeVar("E", bound=Estate)
NONSENSE = ("--type=merge", '--patch={"spec":{"vnet1":{"id":"nonsense"}}}')


@contextmanager
def taking_any_id(estate: E) -> Iterator[E]:
    """An API server that takes any text for the id of a VNet, and any change of it, until the end of the block."""
    crd: dict[str, Any] = json.loads(
        estate.cluster.kubectl("get", "crd", f"{estate.kind}s.vnetlink.dev", "--output", "json").stdout
    )
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec.pop("x-kubernetes-validations")
    for end in (spec["properties"][side] for side in ("vnet1", "vnet2")):
        end["properties"]["id"].pop("x-kubernetes-validations")
        end.pop("x-kubernetes-validations", None)
    crd["metadata"] = {"name": crd["metadata"]["name"]}
    estate.cluster.kubectl("apply", "--server-side", "--filename", "-", input=json.dumps(crd))
    try:
        yield estate
    finally:
        estate.clean()
        estate.cluster.apply_crds()


@pytest.fixture
def lenient(estate: Estate) -> Iterator[Estate]:
    with taking_any_id(estate) as taking:
        yield taking


@pytest.fixture
def lenient_links(links: LinkEstate) -> Iterator[LinkEstate]:
    with taking_any_id(links) as taking:
        yield taking


def test_deleting_it_says_how_to_get_out_and_orphan_lets_it_go_without_a_call(lenient: Estate) -> None:
    _, data = two_vnets(lenient)
    lenient.start()
    document = lenient.manifest("odd", "nonsense", data)
    document["metadata"]["finalizers"] = ["vnetlink.dev/azure"]
    eventually(
        "it is taken",
        lambda: "odd" in lenient.kubectl("create", "--filename", "-", input=json.dumps(document), check=False),
    )
    assert "spec.vnet1.id" in lenient.wait_reason("odd", "InvalidSpec")["message"]

    since = lenient.azure.last_request()
    lenient.delete("odd", wait=False)
    eventually("the way out", lambda: "deletionPolicy: Orphan" in lenient.condition("odd").get("message", ""))
    lenient.patch("odd", deletionPolicy="Orphan")
    lenient.wait_gone("odd")
    assert not lenient.azure.requests(since, path="^/subscriptions/")


def test_a_link_let_go_of_leaves_what_its_pair_made(lenient_links: LinkEstate) -> None:
    links = lenient_links
    app, data = links.two_vnets()
    links.start()
    links.link("odd", app, data)
    links.wait_ready("odd")
    eventually("it is taken", lambda: "patched" in links.kubectl("patch", "vnetlink", "odd", *NONSENSE, check=False))
    links.wait_reason("odd", "InvalidSpec")

    since = links.azure.last_request()
    links.patch("odd", deletionPolicy="Orphan")
    links.delete("odd")
    assert links.kubectl("get", "peeringpairs").strip() == ""
    assert links.writes(since) == []
    assert len(links.peerings(app)) == len(links.peerings(data)) == 1
