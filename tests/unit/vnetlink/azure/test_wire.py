"""The fence on the way to Azure: asked for every write, and not before the connection stands."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.rest import HttpRequest

from armsim import certificates
from vnetlink.azure.wire import NotLeading, Wire

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class SlowServer:
    """Accepts a connection at once, begins TLS when it is told to, and keeps what then arrives."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.accepted, self.go_on, self.arrived = threading.Event(), threading.Event(), list[bytes]()
        self._context, self._listening = context, socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._serving = threading.Thread(target=self._serve, daemon=True)
        self._serving.start()

    def _serve(self) -> None:
        plain, _ = self._listening.accept()
        self.accepted.set()
        self.go_on.wait(10)
        with self._context.wrap_socket(plain, server_side=True) as connection:
            while part := connection.recv(65536):
                self.arrived.append(part)
                connection.sendall(ANSWER)

    def close(self) -> None:
        self._listening.close()
        self._serving.join(10)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SlowServer]:
    running = SlowServer(certificates.context(tmp_path))
    yield running
    running.close()


async def test_who_stops_leading_while_it_connects_sends_nothing(server: SlowServer, tmp_path: Path) -> None:
    leads = True
    wire = Wire({"SSL_CERT_FILE": str(tmp_path / "ca.pem")}, lambda: leads)
    put = HttpRequest("PUT", f"https://127.0.0.1:{server.port}/", json={"made": "twice"})
    sending = asyncio.create_task(wire.transport().send(put))
    await asyncio.to_thread(server.accepted.wait, 10)
    leads = False
    server.go_on.set()
    with pytest.raises(NotLeading):
        await sending
    await wire.close()
    server.close()
    assert server.arrived == []


async def test_reading_is_free_and_a_leader_writes(server: SlowServer, tmp_path: Path) -> None:
    server.go_on.set()
    asked: list[bool] = []
    wire = Wire({"SSL_CERT_FILE": str(tmp_path / "ca.pem")}, lambda: not asked.append(True))
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "POST"):
        await wire.transport().send(HttpRequest(method, f"https://127.0.0.1:{server.port}/"))
    await wire.close()
    assert asked == [True] * 4
