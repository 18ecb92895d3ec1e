"""The whole surface towards kopf: a thread in which kopf lists and watches our kinds and passes each event on.

Nothing here decides, fails or writes: no handler that would put a finalizer or an annotation on an object, no timer, no
daemon, no index (design/kopf.md A1). A plain list-and-watch could take its place.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import kopf

from vnetlink.kube.api import Connection
from vnetlink.kube.objects import GROUP, SERVED, VERSION

PREFIX = "vnetlink.dev"
Sink = Callable[[str | None, Mapping[str, Any]], None]
Connect = Callable[[], Awaitable[Connection]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EndlessBackoffs:
    """Seconds between tries of one request: 1, 2, 4 … 30, 30 … ±25 %. Iterated anew for each request, never used up."""

    longest: float = 30.0

    def __iter__(self) -> Iterator[float]:
        delay = 1.0
        while True:
            yield delay * random.uniform(0.75, 1.25)
            delay = min(self.longest, delay * 2)


def settings() -> kopf.OperatorSettings:
    """kopf as a watcher that outlasts every outage it can, and otherwise ends so that the process does, too."""
    ours = kopf.OperatorSettings()
    ours.peering.standalone = True
    ours.scanning.disabled = True
    ours.posting.enabled = False
    ours.posting.loggers = False
    ours.networking.error_backoffs = EndlessBackoffs()
    ours.networking.request_timeout, ours.networking.connect_timeout = 30, 5
    ours.networking.enforce_retry_after = True
    ours.watching.server_timeout, ours.watching.inactivity_timeout, ours.watching.reconnect_backoff = 300, 70, 1.0
    ours.queueing.worker_limit, ours.queueing.idle_timeout, ours.queueing.exit_timeout = None, 5, 2
    ours.queueing.error_delays = (1, 5, 15, 60)
    # never written by event handlers; should one slip in, it writes under our name and not under everybody's
    ours.persistence.finalizer = f"{PREFIX}/watcher"
    ours.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=PREFIX, v1=False)
    ours.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=PREFIX, v1=False)
    ours.execution.max_workers = 4
    ours.process.ultimate_exiting_timeout = 40
    return ours


def registry(sink: Sink, connect: Connect) -> kopf.OperatorRegistry:
    """The handlers: one event handler for each kind, and the login."""
    ours = kopf.OperatorRegistry()

    async def pass_on(event: Mapping[str, Any], **_: object) -> None:
        sink(event["type"], event["object"])

    async def log_in(**_: object) -> kopf.ConnectionInfo:
        return _connection_info(await connect())

    for plural in SERVED:
        kopf.on.event(GROUP, VERSION, plural, registry=ours)(pass_on)
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
    """kopf in a thread and a loop of its own. `sink` and `ended` are called there, so they must only hand over.

    `ended` gets the exception with which kopf ended by itself, or None; it is not called after `stop`.
    """

    def __init__(
        self, sink: Sink, connect: Connect, ended: Callable[[BaseException | None], None], namespaces: Sequence[str]
    ) -> None:
        self._registry, self._ended, self._namespaces = registry(sink, connect), ended, tuple(namespaces)
        self._thread = threading.Thread(target=self._run, name="kopf", daemon=True)
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    @property
    def alive(self) -> bool:
        """Whether kopf has not ended."""
        return self._thread.is_alive()

    @property
    def watching(self) -> bool:
        """Whether kopf is up and watches, or tries to."""
        return self._ready.is_set() and self.alive

    def start(self) -> None:
        """Begin to list and watch."""
        self._thread.start()

    def stop(self, patience: float) -> None:
        """End it and wait at most `patience` seconds. Blocks, so call it in a thread or at the very end."""
        self._stopping.set()
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
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
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        if self._stopping.is_set():
            return
        await kopf.operator(
            registry=self._registry,
            settings=settings(),
            standalone=True,
            clusterwide=not self._namespaces,
            namespaces=self._namespaces,
            stop_flag=self._stop,
            ready_flag=self._ready,
        )
