"""One operator process: the only place that builds objects together. Starts, runs, drains and ends them; decides nothing.

The main thread's loop runs workers, Azure, the API server and health; kopf watches in a thread of its own. Whatever ends
by itself ends the process with exit code 1: all state lies in Azure and in the objects, so a restart mends it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import socket
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from vnetlink import metrics, telemetry, tracing
from vnetlink.azure.arm import Arm
from vnetlink.azure.cloud import Cloud, InvalidCloud
from vnetlink.azure.identities import Identities
from vnetlink.azure.limiter import UNLIMITED, Limits
from vnetlink.config import Config
from vnetlink.domain.identity import Identity
from vnetlink.domain.kinds import KINDS
from vnetlink.domain.specs import ObjectKey
from vnetlink.handlers import health as probes
from vnetlink.handlers.intake import Intake
from vnetlink.handlers.serving import Serving
from vnetlink.handlers.watch import Watcher
from vnetlink.kube import api, discovery, installation
from vnetlink.kube.children import Children
from vnetlink.kube.claims import Claims
from vnetlink.kube.credentials import Credentials
from vnetlink.kube.deletions import Deletions
from vnetlink.kube.events import Recorder
from vnetlink.kube.lease import Election, Timing
from vnetlink.kube.objects import Objects
from vnetlink.kube.proofs import Proofs
from vnetlink.kube.secrets import Secrets
from vnetlink.kube.status import StatusWriter
from vnetlink.kube.versions import Versions
from vnetlink.loop import Loop
from vnetlink.planning.grants import Law
from vnetlink.planning.plan import Wake
from vnetlink.ports import Ports, Settings
from vnetlink.queue import Queue

DRAIN = 14.0  # seconds for the turns that run; with FLUSH and WATCH_ENDS the end comes within 20 s of SIGTERM
FLUSH = 3.0  # for the last events
POLL = 2.0
FAILED_TURN = Wake(timedelta(0), backoff=True)

Turn = Callable[[ObjectKey], Awaitable[Wake | None]]

log = logging.getLogger("vnetlink")


def run(config: Config, version: str) -> int:
    """Until a signal or a failure; returns the exit code."""
    telemetry.set_up(config.log_format, config.log_level)
    metrics.start(version, config.workers)
    try:
        cloud = Cloud.of(config.cloud, config.arm_endpoint, config.authority_host)
    except InvalidCloud as wrong:
        log.critical("%s", wrong)
        return 2
    if config.tracing:
        try:
            tracing.start(version)
        except tracing.NotInstalled as missing:
            log.critical("%s", missing)
            return 2
    log.info("vnetlink %s%s", version, ", dry run: nothing is written" if config.dry_run else "")
    try:
        return asyncio.run(_Process(config, cloud, version).operate())
    except (api.NoCluster, OSError) as error:
        log.critical("%s", error)
        return 1
    finally:
        tracing.end(FLUSH)


class _Ending:
    """Why and how the process ends: a signal (0), or something that must not end did (1)."""

    def __init__(self) -> None:
        self.code = 0
        self._asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self.ask, f"{number.name}: finishing what runs, then ending", 0)

    def ask(self, why: str, code: int) -> None:
        """End soon; the first reason counts."""
        if not self._asked.is_set():
            self.code = code
            log.log(logging.CRITICAL if code else logging.INFO, "%s", why)
            self._asked.set()

    def watch_ended(self, error: BaseException | None) -> None:
        """kopf ended by itself. Called in its thread."""
        self._loop.call_soon_threadsafe(self.ask, f"the watch on the API server has ended: {error!r}", 1)

    def guard(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that must not end by itself."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._guarded_ended)
        return task

    def _guarded_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and not self._asked.is_set():
            error = task.exception()
            log.error("%s failed", task.get_name(), exc_info=error)
            self.ask(f"{task.get_name()} ended by itself: {error!r}", 1)

    async def asked(self) -> None:
        """Until somebody asks."""
        await self._asked.wait()


class _Process:
    def __init__(self, config: Config, cloud: Cloud, version: str) -> None:
        self._config, self._cloud, self._version = config, cloud, version
        self._health = probes.Health(time.monotonic)

    async def operate(self) -> int:
        """Until it is asked to end. Whatever was opened is closed in reverse order; returns the exit code."""
        ending, config = _Ending(), self._config
        async with AsyncExitStack() as stack:
            runner = await probes.serve(self._health, config.health_port)
            stack.push_async_callback(runner.cleanup)
            stack.push_async_callback(_cancelled, asyncio.create_task(self._health.beat()))
            server = self._api_server(lambda: True)
            stack.push_async_callback(server.close)
            starting = asyncio.create_task(self._start(server, ending, stack))
            await _first(starting, ending.asked())
            if starting.done():
                starting.result()  # raises what prevented the start
                await ending.asked()
            await _cancelled(starting)
        return ending.code

    def _api_server(self, may_write: Callable[[], bool]) -> api.ApiServer:
        config = self._config
        return api.ApiServer(config.kubeconfig, config.context, f"vnetlink/{self._version}", config.dry_run, may_write)

    async def _start(self, server: api.ApiServer, ending: _Ending, stack: AsyncExitStack) -> None:
        """Wait for what we cannot do without, then start everything, in an order in which nothing is missed.

        Claims are complete before the first turn, or two objects could both believe to hold a pair.
        """
        config = self._config
        await server.connect()
        kinds = await self._served(server)
        await self._tell_denied(server, kinds)
        identity = await self._installation(server)
        election = self._election(server)
        may_write = election.may_write if election else lambda: True
        leader = metrics.LEADER.labels(config.leader_elect_resource_name)
        leader.set_function(lambda: election is None or election.leads)
        writer = self._api_server(may_write)
        stack.push_async_callback(writer.close)
        now = partial(datetime.now, UTC)
        queue = Queue(time.monotonic, partial(random.uniform, -1, 1), metrics.QueueMetrics())
        versions, shown = Versions(), metrics.ObjectMetrics()
        metrics.at_scrape(lambda: metrics.show_queue(queue.waiting, queue.running))
        metrics.at_scrape(shown.show)

        def tokens_changed(identity: Identity) -> None:
            """News for the credential, and for those that use it."""
            if identity.credential is not None:
                key = identity.credential.meta.key
                queue.wake({key} | credentials.dependent(key))

        identities = Identities(
            self._cloud, os.environ, prove=Proofs(writer, now).prove, changed=tokens_changed, may_write=may_write
        )
        law = Law(identities.operator, config.identity_namespaces)
        credentials = Credentials(writer, law, queue.wake, time.monotonic)
        arm = Arm(self._cloud, identities, UNLIMITED if config.arm_requests == "unlimited" else Limits())
        stack.push_async_callback(arm.close)

        objects = Objects(writer, versions, config.namespaces)
        claims = Claims(credentials.authorises, queue.wake)
        intake = Intake(queue, claims, credentials, objects, versions, identity, shown)
        recorder = Recorder(writer, socket.gethostname(), now, time.monotonic)
        ports = Ports(
            objects=objects,
            credentials=credentials,
            secrets=Secrets(writer, time.monotonic),
            children=Children(writer),
            statuses=StatusWriter(writer, versions),
            recorder=recorder,
            claims=claims,
            deletions=Deletions(objects, time.monotonic),
            azure=arm,
            settings=Settings(
                identity,
                identities.operator,
                config.identity_namespaces,
                config.dry_run,
                config.deletion_threshold,
            ),
            monotonic=time.monotonic,
            now=now,
        )
        loop = Loop(ports)
        serving = Serving(server, intake, self._watcher(intake, ending), kinds)
        await self._until(serving.unlisted)
        telling = ending.guard("the event recorder", recorder.run())
        stack.push_async_callback(_cancelled, telling)
        sweeping = ending.guard("the sweep", serving.sweep())
        stack.push_async_callback(_cancelled, sweeping)
        stack.push_async_callback(serving.stop)
        serving.watch()
        looking = ending.guard("the look for missing kinds", serving.pick_up())
        stack.push_async_callback(_cancelled, looking)
        self._health.watchers, self._health.missing = serving.watchers, None
        if election:
            await asyncio.to_thread(arm.load)  # or it would stop the renewals of a new leader for seconds
            await self._elected(election, ending, stack)
            await self._until(serving.unlisted)  # what the last leader did may be news that is still on its way
        queue.open()
        shown.shown = True
        workers = [ending.guard(f"worker {n}", work(queue, loop.turn)) for n in range(config.workers)]
        stack.push_async_callback(_drain, queue, workers, recorder)
        self._health.oldest_wait, self._health.missing = queue.oldest_wait, None
        self._health.longest_turn = lambda: max(queue.running.values(), default=0.0)
        log.info("serving %s", ", ".join(config.namespaces) or "every namespace")

    def _election(self, server: api.ApiServer) -> Election | None:
        """None where this process may write without asking anybody, or never writes."""
        config = self._config
        if not config.leader_elect or config.dry_run:
            return None
        return Election(
            server,
            config.operator_namespace,
            config.leader_elect_resource_name,
            f"{socket.gethostname()}_{uuid.uuid4()}",
            partial(datetime.now, UTC),
            _end_at_once,
            Timing(
                config.leader_elect_lease_duration,
                config.leader_elect_renew_deadline,
                config.leader_elect_retry_period,
            ),
        )

    async def _elected(self, election: Election, ending: _Ending, stack: AsyncExitStack) -> None:
        """Stand by, with everything read and watched, until we lead. The lease is let go of once the last turn has ended."""
        log.info("standing by for the lease %s", self._config.leader_elect_resource_name)
        stack.push_async_callback(election.release)
        stack.push_async_callback(_cancelled, ending.guard("the election", election.run()))
        await election.won()

    def _watcher(self, intake: Intake, ending: _Ending) -> Callable[[str], Watcher]:
        here, config = asyncio.get_running_loop(), self._config

        def hand_over(change: str | None, body: Mapping[str, Any]) -> None:
            here.call_soon_threadsafe(intake.event, change, body)

        return partial(
            Watcher,
            sink=hand_over,
            connect=partial(api.connection, config.kubeconfig, config.context),
            ended=ending.watch_ended,
            namespaces=config.namespaces,
        )

    async def _served(self, server: api.ApiServer) -> frozenset[str]:
        """Our kinds that are there, as soon as one is."""
        kinds: frozenset[str] = frozenset()

        async def none_served() -> str | None:
            nonlocal kinds
            found = await discovery.served(server)
            if isinstance(found, str):
                return found
            kinds = found
            return None if kinds else discovery.waiting_for(KINDS)

        await self._until(none_served)
        return kinds

    async def _installation(self, server: api.ApiServer) -> str:
        """This installation's id, as soon as it can be had."""
        found = ""

        async def unknown() -> str | None:
            nonlocal found
            match await installation.ensure(server, self._config.operator_namespace, lambda: str(uuid.uuid4())):
                case installation.Unknown(message):
                    return message
                case known:
                    found = known
                    return None

        await self._until(unknown)
        return found

    async def _until(self, missing: Callable[[], Awaitable[str | None]]) -> None:
        """Ask every `POLL` seconds until nothing is missing; say what is, in the log once and to whoever asks /readyz."""
        while (message := await missing()) is not None:
            if message != self._health.missing:
                log.warning("not ready: %s", message)
            self._health.missing = message
            await asyncio.sleep(POLL)

    async def _tell_denied(self, server: api.ApiServer, kinds: Collection[str]) -> None:
        config = self._config
        elects = config.leader_elect and not config.dry_run
        wanted = discovery.needs(kinds, config.namespaces, config.operator_namespace, elects)
        if denied := await discovery.denied(server, wanted):
            log.error("RBAC denies the operator: %s; see the role in deploy/", "; ".join(map(str, denied)))


def _end_at_once(why: str) -> None:
    """Another process may lead already, so nothing is finished and nothing is told but this."""
    log.critical("no longer the leader, ending at once: %s", why)
    os._exit(1)


async def work(queue: Queue, turn: Turn) -> None:
    """Take keys and give each its turn until the queue drains. A turn that raises is told and tried again later."""
    while (key := await queue.take()) is not None:
        queue.done(key, await _one_turn(turn, key))


async def _one_turn(turn: Turn, key: ObjectKey) -> Wake | None:
    began, result = time.monotonic(), "error"
    turn_id = uuid.uuid4().hex[:8]
    about = {"k8s.namespace.name": key.namespace, "vnetlink.kind": key.kind, "vnetlink.name": key.name}
    with (
        telemetry.turn(telemetry.Turn(KINDS[key.kind], str(key), turn_id)),
        tracing.span(f"reconcile {key.kind}", {**about, "vnetlink.reconcile": turn_id}) as note,
    ):
        try:
            wake = await turn(key)
            result = _result(wake)
            return wake
        except Exception:
            log.exception("the turn failed")
            return FAILED_TURN
        finally:
            note("vnetlink.result", result)
            metrics.turned(key, result, time.monotonic() - began)


def _result(wake: Wake | None) -> str:
    """As controller-runtime would name it."""
    if wake is None:
        return "success"
    return "requeue" if wake.backoff or not wake.after else "requeue_after"


async def _drain(queue: Queue, workers: list[asyncio.Task[None]], recorder: Recorder) -> None:
    """Hand out no more keys, let running turns end, send the last events."""
    queue.drain()
    _, late = await asyncio.wait(workers, timeout=DRAIN)
    if late:
        log.warning("%d turns are cut off after %.0f s; the next start takes them up", len(late), DRAIN)
    for worker in late:
        await _cancelled(worker)
    flushing = asyncio.create_task(recorder.flush())
    await _first(flushing, asyncio.sleep(FLUSH))
    await _cancelled(flushing)


async def _first(task: asyncio.Task[Any], other: Coroutine[Any, Any, None]) -> None:
    """Until either is done; `other` is cancelled then."""
    beside = asyncio.create_task(other)
    await asyncio.wait({task, beside}, return_when=asyncio.FIRST_COMPLETED)
    await _cancelled(beside)


async def _cancelled(task: asyncio.Task[Any]) -> None:
    """Cancel and wait; what it ended with no longer matters."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
