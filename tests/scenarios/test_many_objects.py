"""Many objects at once: a namespace that goes with all of them, and a tenant whose objects are all broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import yaml

from armsim_process import SUBSCRIPTION, SUBSCRIPTION_2
from estate import Estate, eventually
from interruptions import taken

BROKEN = 150
HUNG = 40  # more than there are workers


@pytest.fixture
def crowd(estate: Estate, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace beside the one that the estate applies to."""
    name = f"crowd-{abs(hash(request.node.name)) % 10**8}"
    estate.cluster.kubectl("create", "namespace", name)
    yield name
    estate.cluster.kubectl("delete", "namespace", name, "--ignore-not-found", "--timeout=20s", check=False)


def break_many(estate: Estate, namespace: str, count: int) -> None:
    """Apply pairs of VNets that do not exist."""
    nowhere = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks"
    broken = [estate.manifest(f"broken{n}", f"{nowhere}/no{n}", f"{nowhere}/none{n}") for n in range(count)]
    for one in broken:
        one["metadata"]["namespace"] = namespace
    estate.cluster.kubectl("apply", "--filename", "-", input=yaml.safe_dump_all(broken))


def test_a_namespace_goes_with_its_objects_and_takes_all_their_peerings(estate: Estate, crowd: str) -> None:
    vnets = [estate.azure.vnet(f"vnet{n}", f"10.{n}.0.0/16") for n in range(16)]
    estate.start()
    estate.namespace = crowd
    estate.apply(*(estate.manifest(f"pair{n}", vnets[2 * n], vnets[2 * n + 1]) for n in range(8)))
    for n in range(8):
        estate.wait_ready(f"pair{n}")
    since = estate.azure.last_request()

    estate.cluster.kubectl("delete", "namespace", crowd, "--timeout=60s")
    assert all(estate.peerings(vnet) == {} for vnet in vnets)
    gone = Counter(taken(estate, since))
    assert len(gone) == 16
    assert set(gone.values()) == {1}


def test_a_tenant_whose_objects_are_all_broken_does_not_delay_another(estate: Estate, crowd: str) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()
    break_many(estate, crowd, BROKEN)

    estate.pair("works", app, data)
    estate.wait_ready("works", within=10)


def test_a_subscription_that_hangs_does_not_take_the_workers_from_another(estate: Estate, crowd: str) -> None:
    other = {"group": "other", "subscription": SUBSCRIPTION_2}
    near, far = estate.azure.vnet("near", "10.1.0.0/16", **other), estate.azure.vnet("far", "10.2.0.0/16", **other)
    estate.azure.fault(kind="hang", method="GET", path=f"^/subscriptions/{SUBSCRIPTION}/")
    estate.start()
    break_many(estate, crowd, HUNG)
    eventually("all the room taken", lambda: estate.azure.faults()["faults"][0]["hits"] >= 4)

    estate.pair("works", near, far)
    estate.wait_ready("works", within=15)
    estate.azure.clear_faults()
