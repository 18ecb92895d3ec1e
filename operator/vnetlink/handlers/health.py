"""/livez, /readyz and /metrics. Not kopf's probe: kopf starts only once our kinds are served, and not being ready is news until then.

Says nothing about Azure: restarting the operator never mends an outage there.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from vnetlink import metrics

LONGEST_LAG = 10.0  # seconds that the event loop may be blocked
LONGEST_SILENCE = 30.0  # seconds for which the loop of a watch may not run
LONGEST_WAIT = 600.0  # seconds that a ready key may stay unserved
LONGEST_TURN = 1800.0  # seconds: every request has its timeout, so a turn that is longer hangs
HEARTBEAT = 1.0

log = logging.getLogger(__name__)


class Watching(Protocol):
    """The watch on one of our kinds, as far as health is concerned."""

    @property
    def alive(self) -> bool:
        """It has not ended."""

    @property
    def watching(self) -> bool:
        """It is up."""

    @property
    def silent(self) -> float:
        """Seconds since its loop ran last."""


@dataclass(slots=True)
class Health:
    """What the process knows about itself. `missing` says, in plain words, what stands between it and being ready."""

    monotonic: Callable[[], float]
    missing: str | None = "starting"
    watchers: Sequence[Watching] = ()
    oldest_wait: Callable[[], float] = lambda: 0.0
    lag: float = 0.0
    longest_turn: Callable[[], float] = lambda: 0.0

    def sick(self) -> str | None:
        """Why the process should be restarted, None when all is well."""
        if self.lag > LONGEST_LAG:
            return f"the event loop was blocked for {self.lag:.0f} s"
        if (waited := self.oldest_wait()) > LONGEST_WAIT:
            return f"an object has waited {waited:.0f} s for its turn"
        if (worked := self.longest_turn()) > LONGEST_TURN:
            return f"the turn of an object has not ended for {worked:.0f} s"
        if (silent := max((watcher.silent for watcher in self.watchers), default=0.0)) > LONGEST_SILENCE:
            return f"a watch on the Kubernetes API server has been stuck for {silent:.0f} s"
        if not all(watcher.alive for watcher in self.watchers):
            return "the watch on the Kubernetes API server has ended"
        return None

    def unready(self) -> str | None:
        """What is still missing before objects are served, None when nothing is."""
        up = self.watchers and all(watcher.watching for watcher in self.watchers)
        if self.missing is None and not up:
            return "the watch on the Kubernetes API server is not up"
        return self.missing

    async def beat(self) -> None:
        """Measure the loop's lag, for ever."""
        while True:
            before = self.monotonic()
            await asyncio.sleep(HEARTBEAT)
            self.lag = self.monotonic() - before - HEARTBEAT


async def serve(health: Health, port: int) -> web.AppRunner:
    """Listen on `port`, 0 = any free one; `cleanup()` of the runner ends it. Raises OSError when the port is taken."""
    application = web.Application()

    async def livez(_: web.Request) -> web.Response:
        return _answer(health.sick(), 500)

    async def readyz(_: web.Request) -> web.Response:
        return _answer(health.unready(), 503)

    async def show_metrics(_: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), headers={"Content-Type": metrics.CONTENT_TYPE})

    application.router.add_get("/livez", livez)
    application.router.add_get("/readyz", readyz)
    application.router.add_get("/metrics", show_metrics)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    listening = _listen(port)
    await web.SockSite(runner, listening).start()
    log.info("health: port %s", listening.getsockname()[1])
    return runner


def _listen(port: int) -> socket.socket:
    """One socket for both IP versions, so that a free port is the same for both."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


def _answer(trouble: str | None, status: int) -> web.Response:
    return web.Response(text="ok\n") if trouble is None else web.Response(text=trouble + "\n", status=status)
