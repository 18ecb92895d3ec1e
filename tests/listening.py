"""Servers in this process that take down what they are sent, and our clients: for tests of where requests go, and with what."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from armsim import certificates
from vnetlink.azure.clients import Clients, Network
from vnetlink.azure.cloud import Cloud
from vnetlink.azure.identities import Identities
from vnetlink.azure.limiter import UNLIMITED, Limiter

TENANT, CLIENT = "aaaaaaaa-0000-0000-0000-00000000000a", "cccccccc-0000-0000-0000-00000000000c"
TOKEN = {"token_type": "Bearer", "expires_in": 3600, "access_token": "the-token"}


@dataclass(frozen=True, slots=True)
class Heard:
    """One request, `target` just as it stood on the line; names of headers in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """One answer; `body` goes out as JSON."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


MISSING = Said(404, {"error": {"code": "ResourceNotFound", "message": "It is not there."}})


class Listener:
    """Answers on a port of its own; keeps what it heard, and how many came, whether they said something or not."""

    def __init__(self, answer: Callable[[Heard], Said] = lambda _: MISSING) -> None:
        self._answer, self.port, self.visits = answer, 0, 0
        self.heard: list[Heard] = []

    @asynccontextmanager
    async def listening(self, tls: ssl.SSLContext | None) -> AsyncIterator[None]:
        """Without `tls` it speaks plain HTTP."""
        async with await asyncio.start_server(self._visited, "127.0.0.1", 0, ssl=tls) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield

    async def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        try:
            while True:
                await self._exchange(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        method, target, _ = line.split(" ")
        headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
        await reader.readexactly(int(headers.get("content-length", 0)))
        self.heard.append(Heard(method, target, headers))
        said = self._answer(self.heard[-1])
        body = b"" if said.body is None else json.dumps(said.body).encode()
        told = {"Content-Type": "application/json", "Content-Length": str(len(body)), **said.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        writer.write(f"HTTP/1.1 {said.status} -\r\n{head}\r\n".encode() + body)
        await writer.drain()


class Wire:
    """Our clients at an Azure that answers as it is told to, and two strangers: one with a certificate that we trust, one without."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._runner, self._answer = directory, asyncio.Runner(), MISSING
        self.arm, self.stranger, self.plain = Listener(self._told), Listener(), Listener()

    def __enter__(self) -> Wire:
        self._running = self._open()
        self._runner.run(self._running.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._running.__aexit__(None, None, None))
        self._runner.close()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        tls = certificates.context(self._directory)
        async with self.arm.listening(tls), self.stranger.listening(tls), self.plain.listening(None):
            here = f"https://localhost:{self.arm.port}"
            cloud = Cloud.custom(here, here)
            environ = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_SECRET": "the-secret"}
            identities = Identities(cloud, {**environ, "SSL_CERT_FILE": str(self._directory / "ca.pem")})
            self._clients = Clients(cloud, identities, Limiter(UNLIMITED, time.monotonic), None)
            self._who = identities.operator
            yield
            await self._clients.close()
            await identities.close()

    def ask(
        self, ask: Callable[[Network], Awaitable[object]], subscription: str, answer: Said = MISSING
    ) -> list[Heard]:
        """What Resource Manager heard beside requests for tokens, when it says the same to everything."""
        self._answer = answer
        self.arm.heard.clear()
        self._runner.run(asyncio.wait_for(self._ask(ask, subscription), 60))
        return [one for one in self.arm.heard if not one.target.startswith(f"/{TENANT}/")]

    async def _ask(self, ask: Callable[[Network], Awaitable[object]], subscription: str) -> None:
        await ask(self._clients.network(self._who, None, subscription))

    @property
    def strayed(self) -> int:
        """How often somebody came to one of the strangers."""
        return self.stranger.visits + self.plain.visits

    def _told(self, heard: Heard) -> Said:
        return Said(200, TOKEN) if heard.target.startswith(f"/{TENANT}/") else self._answer
