"""Which of several operator processes works: a coordination.k8s.io Lease, judged by our own monotonic clock alone.

The election is the client library's. It goes by the wall clock, has no timeouts and lets transport errors out (operator/DESIGN.md),
so the lock it is given says what may be taken, and the fence, which every write passes, until when we can prove that we lead.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kubernetes.aio.client import ApiException
from kubernetes.aio.leaderelection.electionconfig import Config
from kubernetes.aio.leaderelection.leaderelection import LeaderElection
from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord
from kubernetes.aio.leaderelection.resourcelock.baselock import BaseLock

from vnetlink.kube.api import Answer, ApiServer, Body, micro, path

NEVER = float("-inf")
WATCH_EVERY = 0.5  # seconds between two looks at whether we still lead

log = logging.getLogger(__name__)


def boottime() -> float:
    """Seconds that no one can set, and that pass while the machine sleeps, too, where the system has such a clock (Linux)."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: others wait `lease_duration` after a change they saw; we stop `renew_deadline` after a renewal we sent."""

    lease_duration: float = 15.0
    renew_deadline: float = 10.0
    retry_period: float = 2.0


class Lock(BaseLock):
    """The Lease as the library's election sees it. `lost` is called when somebody else holds what we believed to hold."""

    def __init__(
        self,
        api: ApiServer,
        namespace: str,
        name: str,
        identity: str,
        timing: Timing,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        lost: Callable[[str], None],
    ) -> None:
        super().__init__(name, namespace, identity)
        self._api, self._timing, self._clock, self._now, self._lost = api, timing, clock, now, lost
        self._place = path("apis", "coordination.k8s.io", "v1", "namespaces", namespace, "leases")
        self._lease: Body = {}
        self._changed_at = NEVER  # when we last saw somebody else's lease change
        self.proven_until = NEVER
        self._unread = ""  # what was last told of a lease that could not be read

    async def get(self, name: str, namespace: str) -> tuple[bool, Any]:
        """The library's protocol: (True, record), (True, None) when it may be taken, (False, error) when it cannot be read.

        The last wait for somebody else's lease to run out is cut short, so that a crash costs no retry period more.
        """
        answer = await self._ask(self._api.get(f"{self._place}/{self.name}"))
        if not answer.ok:
            self._tell_unread(answer)
            return False, _unread(answer)
        self._unread = ""
        self._note(answer.body)
        if not self._others:
            return True, LeaderElectionRecord(self.identity, "1", "1", "1") if _holder(self._lease) else None
        if self.proven_until != NEVER:
            self._lost(f"{_holder(self._lease)} holds the lease {self.name} now")
        left = self._left()
        if 0 < left < self._timing.retry_period:
            await asyncio.sleep(left)
            return await self.get(name, namespace)
        return True, _record(self._lease) if left > 0 else None

    async def create(self, name: str, namespace: str, election_record: LeaderElectionRecord) -> bool:
        """Be the first to hold it. A lease that was deleted runs on for whoever held it: its holder may still write."""
        if self._others and self._left() > 0:
            return False
        metadata = {"name": self.name, "namespace": self.namespace}
        return await self._take(self._api.post(self._place, self._held(metadata, transitions=0)))

    async def update(self, name: str, namespace: str, updated_record: LeaderElectionRecord) -> bool:
        """Take or renew the very version that was read. Refuses what the library's wall clock proposes too early."""
        if self._others and self._left() > 0:
            return False
        spec = self._lease.get("spec") or {}
        renewed = _holder(self._lease) == self.identity
        held = self._held(
            self._lease["metadata"],
            transitions=int(spec.get("leaseTransitions") or 0) + (not renewed),
            since=spec.get("acquireTime") if renewed else None,
        )
        return await self._take(self._api.put(f"{self._place}/{self.name}", held))

    async def release(self) -> None:
        """Let somebody else lead at once. Called when nothing of ours is on its way any more."""
        self.proven_until = NEVER
        for _ in range(2):  # our last renewal may have been cut off on its way
            answer = await self._ask(self._api.get(f"{self._place}/{self.name}"))
            if not answer.ok or _holder(answer.body) != self.identity:
                return
            free = {
                **answer.body["spec"],
                "holderIdentity": "",
                "leaseDurationSeconds": 1,
                "renewTime": micro(self._now()),
            }
            lease = {**answer.body, "spec": free}
            if (await self._ask(self._api.put(f"{self._place}/{self.name}", lease))).ok:
                log.info("released the lease %s", self.name)
                return

    async def _take(self, request: Awaitable[Answer]) -> bool:
        """What was sent before a renewal counts as ours until a deadline from then, not from when its answer came."""
        sent = self._clock()
        answer = await self._ask(request)
        if not answer.ok:
            log.warning("the lease %s was not taken or renewed: %s", self.name, answer.message)
            return False
        self._note(answer.body)
        self.proven_until = sent + self._timing.renew_deadline
        return True

    def _tell_unread(self, answer: Answer) -> None:
        """Once, and not that there is none: it is asked for every few seconds."""
        if answer.status != 404 and answer.message != self._unread:
            log.warning("the lease %s cannot be read: %s", self.name, answer.message)
            self._unread = answer.message

    def _note(self, lease: Body) -> None:
        if lease.get("spec") != self._lease.get("spec"):
            self._changed_at = self._clock()
        self._lease = lease

    @property
    def _others(self) -> bool:
        """Whether somebody else holds it, however long ago."""
        return _holder(self._lease) not in ("", self.identity)

    def _left(self) -> float:
        """Seconds until somebody else's lease has run out; its own duration counts where it is longer than ours."""
        theirs = float((self._lease.get("spec") or {}).get("leaseDurationSeconds") or 0)
        return self._changed_at + max(theirs, self._timing.lease_duration) - self._clock()

    def _held(self, metadata: Body, *, transitions: int, since: str | None = None) -> Body:
        now = micro(self._now())
        spec = {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": round(self._timing.lease_duration),
            "acquireTime": since or now,
            "renewTime": now,
            "leaseTransitions": transitions,
        }
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}

    async def _ask(self, request: Awaitable[Answer]) -> Answer:
        """A request that hangs must leave time for another one before the deadline."""
        try:
            async with asyncio.timeout(self._timing.renew_deadline / 3):
                return await request
        except TimeoutError:
            return Answer(0, {"message": "no answer in time"})


class Election:
    """`run` is a task for as long as the process lives; `lost` must end the process at once and not return."""

    def __init__(
        self,
        api: ApiServer,
        namespace: str,
        name: str,
        identity: str,
        now: Callable[[], datetime],
        lost: Callable[[str], None],
        timing: Timing = Timing(),
        clock: Callable[[], float] = boottime,
    ) -> None:
        self._clock, self._lost, self._timing = clock, lost, timing
        self._lock = Lock(api, namespace, name, identity, timing, clock, now, lost)
        self._won = asyncio.Event()

    @property
    def leads(self) -> bool:
        """Whether we can prove, by our own clock, that nobody else leads."""
        return self._clock() < self._lock.proven_until

    def may_write(self) -> bool:
        """Asked right before a write is sent. Once we have led, no longer being able to prove it is the end."""
        if self._won.is_set() and not self.leads:
            self._lost("the lease was not renewed in time")
        return self.leads

    async def won(self) -> None:
        """Until we lead."""
        await self._won.wait()

    async def run(self) -> None:
        """Stand for election and, once elected, renew until cancelled."""
        watching = asyncio.create_task(self._watch())
        try:
            await LeaderElection(
                Config(
                    self._lock,
                    self._timing.lease_duration,
                    self._timing.renew_deadline,
                    self._timing.retry_period,
                    onstarted_leading=self._started,
                    onstopped_leading=self._stopped,
                )
            ).run()
        except Exception:
            if self._won.is_set():
                log.exception("the election failed")
                self._lost("the election failed")
            raise
        finally:
            watching.cancel()

    async def release(self) -> None:
        """To be called after `run` was cancelled; a process that does not lead leaves the lease alone."""
        if self._won.is_set():
            self._won.clear()
            await self._lock.release()

    async def _watch(self) -> None:
        """The library counts its deadline by the wall clock, so we count for ourselves."""
        while True:
            await asyncio.sleep(WATCH_EVERY)
            self.may_write()

    async def _started(self) -> None:
        log.info("%s leads", self._lock.identity)
        self._won.set()

    async def _stopped(self) -> None:
        self._lost("the lease could not be renewed")


def _holder(lease: Body) -> str:
    return str((lease.get("spec") or {}).get("holderIdentity") or "")


def _record(lease: Body) -> LeaderElectionRecord:
    spec = lease["spec"]
    return LeaderElectionRecord(_holder(lease), "1", str(spec.get("acquireTime")), str(spec.get("renewTime")))


def _unread(answer: Answer) -> ApiException:
    """As the library wants it: it makes a lease only after a clean 404."""
    error = ApiException(status=answer.status, reason=answer.message)
    error.body = json.dumps({"code": answer.status})
    return error
