"""Many objects at once: a namespace that goes with all of them, and a tenant whose objects are all broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import yaml

from armsim_process import SUBSCRIPTION
from estate import Estate
from interruptions import taken

BROKEN = 150


@pytest.fixture
def crowd(estate: Estate, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace beside the one that the estate applies to."""
    name = f"crowd-{abs(hash(request.node.name)) % 10**8}"
    estate.cluster.kubectl("create", "namespace", name)
    yield name
    estate.cluster.kubectl("delete", "namespace", name, "--ignore-not-found", "--timeout=20s", check=False)


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
    nowhere = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks"
    estate.start()
    broken = [estate.manifest(f"broken{n}", f"{nowhere}/no{n}", f"{nowhere}/none{n}") for n in range(BROKEN)]
    for one in broken:
        one["metadata"]["namespace"] = crowd
    estate.cluster.kubectl("apply", "--filename", "-", input=yaml.safe_dump_all(broken))

    estate.pair("works", app, data)
    estate.wait_ready("works", within=10)
