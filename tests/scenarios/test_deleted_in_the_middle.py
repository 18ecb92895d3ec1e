"""Deleted, or robbed of its finalizer, while a write is on its way: nothing stays in Azure, nothing is made twice."""

from __future__ import annotations

import pytest

from estate import Estate, eventually
from interruptions import rest, taken

FINALIZER = "vnetlink.dev/azure"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2])
def test_an_object_deleted_during_a_put_takes_with_it_what_was_made(estate: Estate, nth: int, when: str) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()
    estate.azure.fault(kind="hold", method="PUT", when=when, nth=nth, principal=estate.azure.env["AZURE_CLIENT_ID"])
    estate.pair("brief", app, data)
    eventually("the write", estate.azure.holding)
    estate.delete("brief", wait=False)
    assert estate.exists("brief")

    estate.azure.release()
    estate.wait_gone("brief")
    assert estate.peerings(app) == estate.peerings(data) == {}
    puts = ["PUT app-data", "PUT data-app"][:nth]
    assert taken(estate) == [*puts, *(put.replace("PUT", "DELETE") for put in puts)]


def test_a_finalizer_that_was_taken_away_comes_back_and_nothing_is_written(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()
    estate.pair("robbed", app, data)
    estate.wait_ready("robbed")
    since = estate.azure.last_request()

    estate.kubectl("patch", "peeringpair", "robbed", "--type=merge", '--patch={"metadata":{"finalizers":null}}')
    eventually("the finalizer", lambda: estate.read("robbed")["metadata"].get("finalizers") == [FINALIZER])
    rest(estate, app)
    assert taken(estate, since) == []
    estate.delete("robbed")
    assert taken(estate, since) == ["DELETE app-data", "DELETE data-app"]
