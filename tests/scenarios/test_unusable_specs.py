"""A spec that this version cannot read, stored before a rule existed or by a newer version, traps nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from estate import Estate, eventually
from stories import two_vnets

CRD = ("customresourcedefinition", "peeringpairs.vnetlink.dev")


@pytest.fixture
def lenient(estate: Estate) -> Iterator[Estate]:
    """An API server that takes any text for the id of a VNet, until the end of the test."""
    crd: dict[str, Any] = json.loads(estate.cluster.kubectl("get", *CRD, "--output", "json").stdout)
    ends = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    ends["vnet1"]["properties"]["id"].pop("x-kubernetes-validations")
    crd["metadata"] = {"name": crd["metadata"]["name"]}
    estate.cluster.kubectl("apply", "--server-side", "--filename", "-", input=json.dumps(crd))
    try:
        yield estate
    finally:
        estate.clean()
        estate.cluster.apply_crds()


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
