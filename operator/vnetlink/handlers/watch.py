"""The whole surface towards kopf: a thread in which kopf lists and watches one of our kinds and passes each event on.

Nothing here decides, fails or writes: no handler that would put a finalizer or an annotation on an object, no timer, no
daemon, no index (design/kopf.md A1). A plain list-and-watch could take its place.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import kopf
from kopf._cogs.structs.references import Insights
from kopf._core.engines.peering import Identity

from vnetlink.handlers.settings import settings
from vnetlink.kube.api import Connection
from vnetlink.kube.objects import GROUP, VERSION

Sink = Callable[[str | None, Mapping[str, Any]], None]
Connect = Callable[[], Awaitable[Connection]]

BEAT = 1.0  # seconds

log = logging.getLogger(__name__)


class Unseen(Exception):
    """kopf found the kind missing when it looked, and would never look again (design/kopf.md K30)."""


def registry(kind: str, sink: Sink, connect: Connect) -> kopf.OperatorRegistry:
    """The handlers: one event handler for the kind (a plural), and the login."""
    ours = kopf.OperatorRegistry()

    async def pass_on(event: Mapping[str, Any], **_: object) -> None:
        sink(event["type"], event["object"])

    async def log_in(**_: object) -> kopf.ConnectionInfo:
        return _connection_info(await connect())

    kopf.on.event(GROUP, VERSION, kind, registry=ours)(pass_on)
    kopf.on.login(registry=ours)(log_in)
    return ours


def _connection_info(known: Connection) -> kopf.ConnectionInfo:
    scheme, _, token = (known.authorization or "").rpartition(" ")
    return kopf.ConnectionInfo(
        server=known.server,
        ca_path=known.ca_path,
        insecure=known.insecure,
        scheme=scheme or None,
        token=token or None,
        certificate_path=known.certificate_path,
        private_key_path=known.private_key_path,
    )


class Watcher:
    """kopf in a thread and a loop of its own, for one kind that is served already.

    Not one kopf for all: when one of its watches ends with an error, it cancels the others and may wait for them until it
    is killed, because a watch that asks just then takes the cancellation for its own.

    `sink` and `ended` are called in that thread, so they must only hand over. `ended` gets the exception with which kopf
    ended by itself, or None; it is not called after `stop`.
    """

    def __init__(
        self,
        kind: str,
        sink: Sink,
        connect: Connect,
        ended: Callable[[BaseException | None], None],
        namespaces: Sequence[str],
    ) -> None:
        self._kind, self._registry = kind, registry(kind, sink, connect)
        self._ended, self._namespaces = ended, tuple(namespaces)
        self._thread = threading.Thread(target=self._run, name=f"kopf {kind}", daemon=True)
        self._stopping = threading.Event()
        self._insights: Insights | None = None  # nothing public tells what is watched; kopf is pinned below 1.46
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ran_at: float | None = None

    @property
    def alive(self) -> bool:
        """Whether kopf has not ended."""
        return self._thread.is_alive()

    @property
    def watching(self) -> bool:
        """Whether kopf watches the kind, or tries to."""
        found = self._insights
        return found is not None and found.ready_resources.is_set() and not self._unseen(found) and self.alive

    @property
    def silent(self) -> float:
        """Seconds since its loop ran last; 0 before it runs."""
        return 0.0 if self._ran_at is None else time.monotonic() - self._ran_at

    def start(self) -> None:
        """Begin to list and watch."""
        self._thread.start()

    def stop(self, patience: float) -> None:
        """End it and wait at most `patience` seconds. Blocks, so call it in a thread or at the very end."""
        self._stopping.set()
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # it has just ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread.ident is not None:
            self._thread.join(patience)

    def _run(self) -> None:
        failure: BaseException | None = None
        try:
            asyncio.run(self._operate())
        except BaseException as error:  # noqa: BLE001 - whatever it was, the process must hear of it
            failure = error
        if not self._stopping.is_set():
            self._ended(failure)

    async def _operate(self) -> None:
        # an asyncio.Event and not a threading one: kopf would wait for that in a pool thread and never end by itself
        self._loop, self._stop, self._insights = asyncio.get_running_loop(), asyncio.Event(), Insights()
        if self._stopping.is_set():
            return
        checking = asyncio.create_task(self._stop_if_blind(self._insights, self._stop))
        beating = asyncio.create_task(self._beat())
        await kopf.operator(
            registry=self._registry,
            settings=settings(),
            insights=self._insights,
            standalone=True,
            identity=Identity(
                "vnetlink"
            ),  # unused; kopf would ask for the user's name, and a container's user has none
            clusterwide=not self._namespaces,
            namespaces=self._namespaces,
            stop_flag=self._stop,
        )
        checking.cancel()
        beating.cancel()
        if self._insights.ready_resources.is_set() and self._unseen(self._insights):
            raise Unseen(f"the API server did not serve {self._kind} when kopf looked")

    async def _beat(self) -> None:
        while True:
            self._ran_at = time.monotonic()
            await asyncio.sleep(BEAT)

    async def _stop_if_blind(self, insights: Insights, stop: asyncio.Event) -> None:
        await insights.ready_resources.wait()
        if self._unseen(insights):
            stop.set()

    def _unseen(self, insights: Insights) -> bool:
        return all(resource.plural != self._kind for resource in insights.watched_resources)
