"""The API server answers, and it answers no: the operator keeps its keys, its watch and its patience."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.cluster import Cluster
from estate import Estate, eventually
from failing_apiserver import FailingApiServer
from interruptions import own, rest, taken
from operator_process import OperatorProcess


@pytest.fixture
def door(cluster: Cluster, estate: Estate, tmp_path: Path) -> Iterator[FailingApiServer]:
    """The operator's only way to the API server."""
    with FailingApiServer(cluster, tmp_path) as door:
        args = ("--identity-namespaces", "*")
        estate.operator = OperatorProcess(estate.dir / "operator.log", door.kubeconfig, estate.azure.env, args)
        yield door
        estate.operator.kill()


@pytest.mark.parametrize(("status", "headers"), [(503, {}), (429, {"Retry_After": "1"}), (403, {})], ids=str)
def test_a_refusing_api_server_is_outlasted_by_the_same_process(
    estate: Estate, door: FailingApiServer, status: int, headers: dict[str, str]
) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    near, far = estate.azure.vnet("near", "10.3.0.0/16"), estate.azure.vnet("far", "10.4.0.0/16")
    estate.start()
    estate.pair("outlasting", app, data, interval="1s")
    estate.wait_ready("outlasting")

    door.fail(status, **headers)
    eventually("it is noticed", lambda: door.refused >= 2)
    since = estate.azure.last_request()
    estate.azure.peering(app, "app-data", data, allowForwardedTraffic=True)
    estate.pair("newcomer", near, far)
    eventually("some tries more", lambda: door.refused >= 6)
    assert own(estate, since) == []

    door.mend()
    estate.wait_ready("newcomer")
    eventually("the repair", lambda: "PUT app-data" in taken(estate, since))
    assert estate.operator.alive


@pytest.mark.parametrize("status", [409, 422, 500])
def test_a_refused_patch_loses_no_object_and_repeats_no_write(
    estate: Estate, door: FailingApiServer, status: int
) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()
    estate.azure.fault(kind="hold", method="PUT", path="app-data", when="after")
    estate.pair("unpatched", app, data, interval="1s")
    eventually("the first write", estate.azure.holding)
    door.fail(status, "PATCH")
    estate.azure.release()
    eventually("refused patches", lambda: door.refused >= 3)
    assert taken(estate) in (["PUT app-data"], ["PUT app-data", "PUT data-app"])

    door.mend()
    estate.wait_ready("unpatched")
    rest(estate, app)
    assert taken(estate) == ["PUT app-data", "PUT data-app"]


def test_without_its_finalizer_nothing_is_made(estate: Estate, door: FailingApiServer) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()
    door.fail(500, "PATCH")
    estate.pair("unheld", app, data)
    eventually("refused patches", lambda: door.refused >= 3)
    assert taken(estate) == []

    door.mend()
    estate.wait_ready("unheld")
    assert taken(estate) == ["PUT app-data", "PUT data-app"]
