"""The operator is there before what it serves: it says what is missing and how to install it, then serves."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from controlplane.cluster import CRDS, Cluster
from estate import OPERATOR_NAMESPACE, Estate, eventually
from helm import chart
from vnetlink.domain.kinds import KINDS

CRD = "peeringpairs.vnetlink.dev"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A control plane without our CRDs."""
    plane = Cluster(tmp_path_factory.mktemp("bare"))
    plane.start()
    try:
        yield plane
    finally:
        plane.stop()


def remove_crds(cluster: Cluster) -> None:
    cluster.kubectl("delete", "-k", str(CRDS), "--ignore-not-found", "--timeout=30s")


def said(estate: Estate, *words: str) -> bool:
    """Whether the operator lives, is not ready, and /readyz and its log hold these words."""
    serving, text = estate.operator.ready()
    return estate.operator.alive and not serving and all(w in text and w in estate.operator.log() for w in words)


def probes(estate: Estate) -> dict[str, bool]:
    """Whether each probe of the chart succeeds."""
    container = chart.container(chart.without_crds())
    return {
        probe: estate.operator.ask(container[probe]["httpGet"]["path"])[0]
        for probe in ("livenessProbe", "readinessProbe")
    }


def test_without_its_crd_it_names_it_and_serves_within_ten_seconds_of_its_arrival(estate: Estate) -> None:
    remove_crds(estate.cluster)
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.operator.start()
    eventually("the missing CRD", lambda: said(estate, CRD, "kubectl apply -k crds"))
    assert probes(estate) == {"livenessProbe": True, "readinessProbe": False}

    estate.cluster.apply_crds()
    estate.pair("early", app, data)
    estate.wait_ready("early", within=10)
    assert estate.operator.ready() == (True, "ok\n")
    assert probes(estate) == {"livenessProbe": True, "readinessProbe": True}


def make(estate: Estate, plural: str, name: str) -> None:
    """An object of that kind, good enough to be looked at."""
    ends = {f"vnet{n}": {"id": estate.azure.vnet(f"{name}{n}", f"10.{n}.0.0/16")} for n in (1, 2)}
    vpn = {"vpn": {"sharedKey": {"secretRef": {"name": "psk"}}}} if plural == "vpnconnectionpairs" else {}
    body = {
        "apiVersion": "vnetlink.dev/v1alpha1",
        "kind": KINDS[plural],
        "metadata": {"name": name, "namespace": estate.namespace},
        "spec": ends | vpn,
    }
    estate.cluster.kubectl("create", "-f", "-", input=json.dumps(body))


def looked_at(estate: Estate, plural: str, name: str) -> bool:
    generation = "jsonpath={.status.observedGeneration}"
    return estate.cluster.kubectl("-n", estate.namespace, "get", plural, name, "-o", generation).stdout == "1"


@pytest.mark.parametrize(
    ("first", "second"),
    [("peeringpairs", "vpnconnectionpairs"), ("vpnconnectionpairs", "peeringpairs"), ("peeringpairs", "vnetlinks")],
)
def test_with_one_crd_missing_it_serves_the_other_kinds_and_that_one_from_when_it_comes(
    estate: Estate, first: str, second: str
) -> None:
    remove_crds(estate.cluster)
    for plural in KINDS.keys() - {second}:
        estate.cluster.apply_crds_of(CRDS / f"{plural}.yaml")
    estate.start()
    make(estate, first, "early")
    eventually("the kind that is there", lambda: looked_at(estate, first, "early"))
    assert f"waiting for CustomResourceDefinition {second}.vnetlink.dev" in estate.operator.log()

    estate.cluster.apply_crds_of(CRDS / f"{second}.yaml")
    make(estate, second, "late")
    eventually("the kind that came later", lambda: looked_at(estate, second, "late"), within=10)
    make(estate, first, "later")
    make(estate, second, "latest")
    eventually("both are watched", lambda: looked_at(estate, first, "later") and looked_at(estate, second, "latest"))
    assert estate.operator.ready() == (True, "ok\n")
    estate.cluster.kubectl("-n", estate.namespace, "delete", f"{first},{second}", "--all", "--timeout=30s")
    assert estate.operator.stop() == 0


def test_without_its_namespace_it_names_it_and_serves_when_it_is_there(estate: Estate) -> None:
    estate.cluster.apply_crds()
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.cluster.kubectl("delete", "namespace", OPERATOR_NAMESPACE, "--timeout=30s")
    estate.operator.start()
    estate.pair("early", app, data)
    eventually("the missing namespace", lambda: said(estate, f"kubectl create namespace {OPERATOR_NAMESPACE}"))
    assert estate.condition("early") == {}

    estate.cluster.kubectl("create", "namespace", OPERATOR_NAMESPACE)
    estate.wait_ready("early", within=10)


def test_a_crd_that_goes_takes_no_more_than_the_threshold_along_unasked(estate: Estate) -> None:
    estate.cluster.apply_crds()
    vnets = [estate.azure.vnet(f"vnet{n}", f"10.{n}.0.0/16") for n in range(4)]
    estate.start("--identity-namespaces", "*", "--deletion-threshold", "1")
    for n in range(2):
        estate.pair(f"pair{n}", vnets[2 * n], vnets[2 * n + 1])
    for n in range(2):
        estate.wait_ready(f"pair{n}")
    since = estate.azure.last_request()
    estate.cluster.kubectl("delete", "crd", CRD, "--wait=false")
    for n in range(2):
        assert "2 objects" in estate.wait_reason(f"pair{n}", "DeletionHeld")["message"]

    for n in range(2):
        estate.patch(f"pair{n}", deletionPolicy="Orphan")
    estate.cluster.kubectl("wait", "--for=delete", f"crd/{CRD}", "--timeout=30s")
    assert estate.writes(since) == []
    assert all(len(estate.peerings(vnet)) == 1 for vnet in vnets)


def test_a_crd_that_goes_and_comes_back_is_served_again_by_this_process_or_the_next(estate: Estate) -> None:
    estate.cluster.apply_crds()
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()
    estate.pair("before", app, data)
    estate.wait_ready("before")
    remove_crds(estate.cluster)
    assert estate.peerings(app) == {}, "deleting the CRD deletes the objects, and their finalizers are served"

    estate.cluster.apply_crds()
    estate.pair("after", app, data)
    codes: list[int] = []

    def ready() -> bool:
        if not estate.operator.alive:
            codes.append(estate.operator.stop())
            estate.operator.start()
        return estate.condition("after").get("status") == "True"

    eventually("the new object Ready", ready)
    assert codes in ([], [1])
