"""Sockets, TLS and clocks around the core: one asyncio process, one thread. Carries out faults; decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import time
from dataclasses import dataclass

from aiohttp import web

from .core import Core, Numbered
from .disk import Disk
from .hints import Hints
from .messages import Disturbance, Request, Response

LOG = logging.getLogger("armsim")
READ_LIMIT = 12 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Cut(Exception):
    """The connection is to be closed without an answer."""


class Server:
    """Serves one core on one port. Every accepted write is on its way to disk before it is answered."""

    def __init__(self, core: Core, disk: Disk) -> None:
        self._core = core
        self._disk = disk
        self._hints = Hints()
        self._woken = asyncio.Event()
        self._runner: web.ServerRunner | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext) -> int:
        """Returns the port."""
        server = web.Server(self._serve, access_log=None, max_headers=400)
        self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=tls, backlog=1024)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """What is held or hung is cut, and not worked on."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._disk.close(self._core)

    async def _serve(self, raw: web.BaseRequest) -> web.StreamResponse:
        began = time.perf_counter()
        request = await _read(raw)
        numbered = self._core.numbered(request, time.time())
        self._save(request)
        try:
            response = await self._disturbed(raw, request, numbered)
        except _Cut:
            return _cut(raw)
        finally:
            self._core.journal.amend(numbered.seq, durationMs=round((time.perf_counter() - began) * 1000, 2))
        hint = self._hints.of(request, response)
        if hint:
            LOG.warning("armsim: %s", hint)
        return web.Response(status=response.status, headers=dict(response.headers), body=response.body)

    async def _disturbed(self, raw: web.BaseRequest, request: Request, numbered: Numbered) -> Response:
        """Waits, holds or cuts as a fault wants, before or after the request is worked on."""
        disturbance = numbered.response.disturbance
        if disturbance is None:
            return numbered.response
        await self._endure(raw, request, disturbance)
        if disturbance.applied:
            return numbered.response
        if raw.transport is None or raw.transport.is_closing():
            raise _Cut
        again = self._core.numbered(request, time.time(), resumed=numbered.seq)
        self._save(request)
        return again.response

    async def _endure(self, raw: web.BaseRequest, request: Request, disturbance: Disturbance) -> None:
        match disturbance.kind:
            case "cut":
                raise _Cut
            case "delay":
                await asyncio.sleep(disturbance.seconds)
            case "hang":
                await self._until_gone(raw, disturbance.fault)
                raise _Cut
            case "hold":
                await self._held(request, disturbance)

    async def _held(self, request: Request, disturbance: Disturbance) -> None:
        ticket = self._core.faults.hold(disturbance.fault, request, "after" if disturbance.applied else "before")
        while ticket in self._core.faults.held:
            await self._woken.wait()

    async def _until_gone(self, raw: web.BaseRequest, fault: str) -> None:
        """A hung answer ends with its connection, its fault or the server."""
        while fault in self._core.faults.active:
            if raw.transport is None or raw.transport.is_closing():
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), 1.0)

    def _save(self, request: Request) -> None:
        if request.path.startswith("/_armsim") and request.method != "GET":
            self._wake()
        if self._core.world.changed or request.path.startswith("/_armsim"):
            self._disk.save(self._core)

    def _wake(self) -> None:
        """Lets every waiting request look again."""
        self._woken.set()
        self._woken = asyncio.Event()


async def _read(raw: web.BaseRequest) -> Request:
    """A body over the limit is read no further; the core refuses it by its length."""
    body = bytearray()
    async for chunk in raw.content.iter_chunked(65536):
        if len(body) <= READ_LIMIT:
            body += chunk
    headers = {name.lower(): value for name, value in raw.headers.items()}
    return Request(raw.method, raw.raw_path, headers, bytes(body), f"https://{raw.host}")


def _cut(raw: web.BaseRequest) -> web.StreamResponse:
    if isinstance(raw.transport, asyncio.Transport):
        raw.transport.abort()
    return web.Response()
