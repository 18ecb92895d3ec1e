"""The API server goes away, comes back, and has forgotten the past: same process, no write on a guess, no ghosts."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from controlplane.cluster import Cluster
from estate import Estate, control_plane, eventually
from interruptions import own, rest, taken


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A control plane that may be broken."""
    with control_plane(tmp_path_factory.mktemp("breakable")) as plane:
        yield plane


def tries(estate: Estate) -> int:
    """How often the operator could not read an object."""
    return sum("cannot read the object" in entry["message"] for entry in estate.operator.entries())


def test_half_a_minute_without_an_api_server_stops_all_work_and_ends_in_the_same_process(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()
    estate.pair("patient", app, data)
    estate.wait_ready("patient")

    estate.cluster.stop_apiserver()
    eventually("it is noticed", lambda: tries(estate))
    since = estate.azure.last_request()
    estate.azure.peering(app, "app-data", data, allowForwardedTraffic=True)
    eventually("the fifth try, half a minute later", lambda: tries(estate) >= 5, within=60)
    assert own(estate, since) == []

    estate.cluster.start_apiserver()
    eventually("the repair", lambda: taken(estate, since) == ["PUT app-data"])
    estate.wait_ready("patient")
    assert estate.operator.alive
    near, far = estate.azure.vnet("near", "10.3.0.0/16"), estate.azure.vnet("far", "10.4.0.0/16")
    estate.pair("later", near, far)
    estate.wait_ready("later")


def test_an_object_that_went_unseen_leaves_no_ghost_when_the_past_is_compacted(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    old, older = estate.azure.vnet("old", "10.3.0.0/16"), estate.azure.vnet("older", "10.4.0.0/16")
    estate.start()
    estate.pair("alive", app, data, interval="1s")
    estate.pair("ghost", old, older, interval="1s")
    estate.wait_ready("alive")
    estate.wait_ready("ghost")

    estate.operator.signal(signal.SIGSTOP)
    estate.kubectl("patch", "peeringpair", "ghost", "--type=merge", '--patch={"metadata":{"finalizers":null}}')
    estate.delete("ghost")
    estate.pair("alive", app, data, interval="1s", peering={"vnet1": {"allowForwardedTraffic": True}})
    estate.cluster.stop_apiserver()
    estate.cluster.compact_etcd()
    estate.cluster.start_apiserver()
    since = estate.azure.last_request()
    estate.operator.signal(signal.SIGCONT)

    eventually("the edit made unseen", lambda: taken(estate, since) == ["PUT app-data"])
    rest(estate, app, reads=4)
    ghostly = [one for one in own(estate, since) if "/old" in one["path"]]
    assert len(ghostly) <= 2, "at most the read that was on its way, of each VNet"
    assert estate.operator.alive
    assert list(estate.peerings(old)) == ["old-older"]

    estate.pair("ghost", old, older, interval="1s", adoptionPolicy="Always")
    estate.wait_ready("ghost")
