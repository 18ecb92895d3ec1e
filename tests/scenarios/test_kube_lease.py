"""The Lease against a real API server, with clocks that only the test moves: who may take it, and until when it is proof."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from itertools import count

import pytest
from kubernetes.aio.leaderelection import leaderelection

from controlplane.cluster import Cluster
from vnetlink.kube.api import ApiServer
from vnetlink.kube.lease import NEVER, Election, Lock, Timing

NAMESPACE = "default"
USUAL = Timing()


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Candidates:
    """Processes that stand for one lease, each with a clock of its own."""

    def __init__(self, server: ApiServer, lease: str) -> None:
        self.lost: list[str] = []
        self._server, self._lease = server, lease

    def lock(self, identity: str, clock: Clock, timing: Timing = USUAL) -> Lock:
        return Lock(self._server, NAMESPACE, self._lease, identity, timing, clock, _now, self.lost.append)

    def election(self, identity: str, clock: Clock) -> Election:
        return Election(self._server, NAMESPACE, self._lease, identity, _now, self.lost.append, USUAL, clock)


_now = partial(datetime.now, UTC)


@pytest.fixture
async def server(cluster: Cluster) -> AsyncIterator[ApiServer]:
    api = ApiServer(str(cluster.kubeconfig), None, "vnetlink/test")
    yield api
    await api.close()


@pytest.fixture
def candidates(server: ApiServer, cluster: Cluster, request: pytest.FixtureRequest) -> Candidates:
    name = request.node.name.replace("_", "-")[:60].rstrip("-")
    cluster.kubectl("-n", NAMESPACE, "delete", "lease", name, "--ignore-not-found")
    return Candidates(server, name)


async def tried(lock: Lock) -> bool:
    """One round as the library makes it, but for its clock: whatever its lock offers is taken."""
    found, record = await lock.get(lock.name, NAMESPACE)
    if not found:
        return await lock.create(lock.name, NAMESPACE, record)
    return await lock.update(lock.name, NAMESPACE, record)


async def test_the_first_makes_it_and_the_second_waits_its_whole_duration_however_old_it_says_to_be(
    candidates: Candidates,
) -> None:
    here, there = Clock(), Clock()
    first, second = candidates.lock("first", here), candidates.lock("second", there)
    assert await tried(first)
    assert not await tried(second)
    there.now += 12.9
    assert not await tried(second), "whatever the wall clock says"
    there.now += 2.2
    assert await tried(second)
    assert (first.proven_until, second.proven_until) == (here.now + 10, there.now + 10)


async def test_a_renewal_begins_the_wait_anew(candidates: Candidates) -> None:
    here, there = Clock(), Clock()
    first, second = candidates.lock("first", here), candidates.lock("second", there)
    assert await tried(first)
    assert not await tried(second)
    there.now += 12.9
    here.now += 12.9
    assert await tried(first)
    assert not await tried(second)
    there.now += 12.9
    assert not await tried(second)


async def test_of_two_that_find_it_expired_one_gets_it(candidates: Candidates) -> None:
    here, there, third = Clock(), Clock(), candidates.lock("gone", Clock())
    assert await tried(third)
    locks = candidates.lock("first", here), candidates.lock("second", there)
    assert [await tried(lock) for lock in locks] == [False, False]
    here.now = there.now = 116.0
    for lock in locks:
        await lock.get(lock.name, NAMESPACE)
    assert [await lock.update(lock.name, NAMESPACE, None) for lock in locks] == [True, False]  # type: ignore[arg-type]


async def test_a_lease_that_was_let_go_of_is_free_at_once_and_nobody_lets_go_of_anothers(
    candidates: Candidates,
) -> None:
    first, second = candidates.lock("first", Clock()), candidates.lock("second", Clock())
    assert await tried(first)
    await second.release()
    assert not await tried(second)
    await first.release()
    assert first.proven_until == NEVER
    assert await tried(second)


async def test_a_longer_duration_of_the_holder_counts(candidates: Candidates) -> None:
    there = Clock()
    assert await tried(candidates.lock("first", Clock(), Timing(60, 40, 2)))
    second = candidates.lock("second", there)
    assert not await tried(second)
    there.now += 57
    assert not await tried(second)
    there.now += 4
    assert await tried(second)


async def test_who_finds_that_another_holds_what_it_held_has_lost_it(candidates: Candidates, cluster: Cluster) -> None:
    first = candidates.lock("first", Clock())
    assert await tried(first)
    stolen = '{"spec":{"holderIdentity":"thief"}}'
    cluster.kubectl("-n", NAMESPACE, "patch", "lease", first.name, "--type=merge", "-p", stolen)
    await tried(first)
    assert candidates.lost == [f"thief holds the lease {first.name} now"]


async def test_a_lease_that_somebody_deletes_is_not_made_before_its_holder_has_stopped(
    candidates: Candidates, cluster: Cluster
) -> None:
    there = Clock()
    first, second = candidates.lock("first", Clock()), candidates.lock("second", there)
    assert await tried(first)
    assert not await tried(second)
    cluster.kubectl("-n", NAMESPACE, "delete", "lease", first.name)
    assert not await tried(second)
    there.now += 15.1
    assert await tried(second)


async def test_a_wall_clock_that_jumps_gives_the_library_no_second_leader(
    candidates: Candidates, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await tried(candidates.lock("first", Clock()))
    second = candidates.election("second", Clock())
    running = asyncio.create_task(second.run())
    await asyncio.sleep(0)
    usual, hours = time.time, count()
    monkeypatch.setattr(leaderelection.time, "time", lambda: usual() + 3600 * next(hours))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(second.won(), 3)
    assert not second.may_write()
    running.cancel()


async def test_proof_ends_with_our_own_clock_and_is_asked_at_every_write(
    candidates: Candidates, cluster: Cluster
) -> None:
    clock = Clock()
    election = candidates.election("only", clock)
    server = ApiServer(str(cluster.kubeconfig), None, "vnetlink/test", may_write=election.may_write)
    place = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
    made = {"metadata": {"name": candidates.lock("x", clock).name}, "data": {}}
    assert (await server.post(place, made)).status == 0, "nobody leads yet"
    running = asyncio.create_task(election.run())
    await asyncio.wait_for(election.won(), 10)
    assert (await server.post(place, made)).status == 201
    clock.now += 10.5  # as after a pause
    assert (await server.delete(f"{place}/{made['metadata']['name']}", {})).status == 0
    assert "not renewed in time" in candidates.lost[0]
    assert (await server.get(place)).ok, "reading is free"
    running.cancel()
    await server.close()
    cluster.kubectl("-n", NAMESPACE, "delete", "configmap", made["metadata"]["name"])
