"""Addresses that an answer hands out: nobody goes there, least of all with a token.

Every other way in which an answer can lead astray is in tests/properties/test_hostile_answers.py.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from estate import Estate, eventually
from interruptions import taken


@pytest.fixture
def stranger() -> Iterator[socket.socket]:
    """A port that answers nobody; whoever connects waits in its queue."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def visited(stranger: socket.socket) -> bool:
    try:
        stranger.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.mark.parametrize(
    ("method", "status"), [("PUT", 201), ("DELETE", 202), ("GET", 307), ("GET", 302)], ids=lambda value: str(value)
)
def test_an_address_at_another_host_is_not_followed(
    estate: Estate, stranger: socket.socket, method: str, status: int
) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    there = f"https://localhost:{stranger.getsockname()[1]}/subscriptions/x/operations/y?api-version=2026-03-01"
    headers = {"Azure-AsyncOperation": there, "Location": there}
    fault: dict[str, Any] = {"kind": "answer", "status": status, "headers": headers, "body": {}, "count": 2}
    me = estate.azure.env["AZURE_CLIENT_ID"]
    estate.start()
    estate.azure.fault(method=method, principal=me, path="/virtualNetworks/app[/?]", when="after", **fault)
    estate.pair("lured", app, data)
    estate.wait_ready("lured")
    estate.delete("lured")

    eventually("the forged answers", lambda: any(one["hits"] for one in estate.azure.faults()["faults"]))
    assert not visited(stranger)
    assert sorted(taken(estate)) == ["DELETE app-data", "DELETE data-app", "PUT app-data", "PUT data-app"]
