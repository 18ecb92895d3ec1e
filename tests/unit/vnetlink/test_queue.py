"""The work queue with a clock that only the test moves."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from vnetlink.domain.specs import ObjectKey
from vnetlink.planning.plan import Wake
from vnetlink.queue import LAST_BACKOFF, NAMESPACE_CAP, OVERDUE, Priority, Queue

DELETION, GENERATION, NOT_READY, RESYNC = Priority


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> Queue:
    return Queue(clock, lambda: 0.0)


def key(name: str, namespace: str = "default") -> ObjectKey:
    return ObjectKey("peeringpairs", namespace, name)


def after(seconds: float, backoff: bool = False) -> Wake:
    return Wake(timedelta(seconds=seconds), backoff)


def taken(queue: Queue) -> list[str]:
    names = []
    while (found := queue.take_nowait()) is not None:
        names.append(found.name)
    return names


def test_what_was_added_is_handed_out_once(queue: Queue) -> None:
    queue.add(key("a"), RESYNC)
    queue.add(key("a"), RESYNC)
    assert taken(queue) == ["a"]


def test_a_key_is_never_out_twice_at_once_and_runs_once_more_after_news(queue: Queue) -> None:
    queue.add(key("a"), GENERATION)
    assert taken(queue) == ["a"]
    for _ in range(20):
        queue.add(key("a"), GENERATION)
    assert taken(queue) == []
    queue.done(key("a"), after(300))
    assert taken(queue) == ["a"]
    queue.done(key("a"), after(300))
    assert taken(queue) == []


def test_deletion_goes_before_a_new_generation_before_not_ready_before_resync(queue: Queue) -> None:
    for priority in (RESYNC, NOT_READY, GENERATION, DELETION):
        queue.add(key(priority.name), priority)
    assert taken(queue) == ["DELETION", "GENERATION", "NOT_READY", "RESYNC"]


def test_a_waiting_key_moves_up_but_never_down(queue: Queue) -> None:
    queue.add(key("first"), NOT_READY)
    queue.add(key("second"), RESYNC)
    queue.add(key("second"), DELETION)
    queue.add(key("second"), RESYNC)
    assert taken(queue) == ["second", "first"]


def test_namespaces_take_turns(queue: Queue) -> None:
    for number in range(3):
        queue.add(key(f"big{number}", "big"), GENERATION)
    queue.add(key("small", "small"), GENERATION)
    assert taken(queue) == ["big0", "small", "big1", "big2"]


def test_a_namespace_with_its_share_out_lets_a_less_urgent_one_go_first(queue: Queue) -> None:
    for number in range(NAMESPACE_CAP + 2):
        queue.add(key(f"big{number}", "big"), DELETION)
    for _ in range(NAMESPACE_CAP):
        queue.take_nowait()
    queue.add(key("small", "small"), RESYNC)
    assert taken(queue) == ["small", f"big{NAMESPACE_CAP}", f"big{NAMESPACE_CAP + 1}"]


def test_a_key_that_has_waited_long_goes_before_every_priority(queue: Queue, clock: Clock) -> None:
    queue.add(key("old"), RESYNC)
    clock.advance(OVERDUE + 1)
    queue.add(key("new", "other"), DELETION)
    assert taken(queue) == ["old", "new"]


def test_a_turn_is_planned_for_its_time(queue: Queue, clock: Clock) -> None:
    queue.add_after(key("a"), timedelta(seconds=10))
    assert queue.seconds_until_due() == 10
    clock.advance(9)
    assert taken(queue) == []
    clock.advance(1)
    assert taken(queue) == ["a"]


def test_of_two_planned_times_the_earlier_one_counts(queue: Queue, clock: Clock) -> None:
    queue.add_after(key("a"), timedelta(seconds=10))
    queue.add_after(key("a"), timedelta(seconds=5))
    queue.add_after(key("a"), timedelta(seconds=20))
    clock.advance(5)
    assert taken(queue) == ["a"]
    queue.done(key("a"), None)
    clock.advance(60)
    assert taken(queue) == []


def test_news_replace_a_planned_turn(queue: Queue, clock: Clock) -> None:
    queue.add_after(key("a"), timedelta(seconds=10))
    queue.add(key("a"), GENERATION)
    assert taken(queue) == ["a"]
    queue.done(key("a"), after(300))
    clock.advance(10)
    assert taken(queue) == []


def test_a_time_that_comes_while_the_key_is_out_is_kept_for_afterwards(queue: Queue, clock: Clock) -> None:
    queue.add(key("a"), GENERATION)
    queue.take_nowait()
    queue.add_after(key("a"), timedelta(seconds=1))
    clock.advance(2)
    assert taken(queue) == []
    queue.done(key("a"), after(300))
    assert taken(queue) == ["a"]


def delays(queue: Queue, clock: Clock, turns: int) -> list[float]:
    """Seconds until each next turn when every turn fails."""
    queue.add(key("a"), RESYNC)
    found = []
    for _ in range(turns):
        queue.take_nowait()
        queue.done(key("a"), after(0, backoff=True))
        found.append(queue.seconds_until_due() or 0.0)
        clock.advance(found[-1])
    return found


def test_failures_back_off_from_a_second_to_ten_minutes(queue: Queue, clock: Clock) -> None:
    assert delays(queue, clock, 12) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, LAST_BACKOFF, LAST_BACKOFF]


@pytest.mark.parametrize(("jitter", "second"), [(-1.0, 1.6), (1.0, 2.4)])
def test_a_backoff_is_spread_by_a_fifth(clock: Clock, jitter: float, second: float) -> None:
    assert delays(Queue(clock, lambda: jitter), clock, 2)[1] == pytest.approx(second)


def test_the_longest_backoff_is_not_exceeded_by_jitter(clock: Clock) -> None:
    assert max(delays(Queue(clock, lambda: 1.0), clock, 15)) == LAST_BACKOFF


def test_a_success_ends_the_backoff(queue: Queue, clock: Clock) -> None:
    delays(queue, clock, 5)
    queue.take_nowait()
    queue.done(key("a"), after(0))
    assert delays(queue, clock, 1) == [1]


def test_a_new_generation_ends_the_backoff_but_a_mere_nudge_does_not(queue: Queue, clock: Clock) -> None:
    assert delays(queue, clock, 3) == [1, 2, 4]
    assert delays(queue, clock, 1) == [8]
    queue.add(key("a"), GENERATION)
    assert delays(queue, clock, 1) == [1]


def test_a_backoff_is_never_shorter_than_what_was_asked_for(queue: Queue) -> None:
    queue.add(key("a"), RESYNC)
    queue.take_nowait()
    queue.done(key("a"), after(30, backoff=True))
    assert queue.seconds_until_due() == 30


@pytest.mark.parametrize(("jitter", "seconds"), [(-1.0, 240), (1.0, 300)])
def test_an_interval_is_spread_and_never_longer_than_promised(clock: Clock, jitter: float, seconds: float) -> None:
    queue = Queue(clock, lambda: jitter)
    queue.add(key("a"), RESYNC)
    queue.take_nowait()
    queue.done(key("a"), after(300))
    assert queue.seconds_until_due() == pytest.approx(seconds)


def test_a_backoff_grows_no_longer_than_the_wake_allows(queue: Queue, clock: Clock) -> None:
    for _ in range(10):
        queue.add_after(key("a"), timedelta(0))
        assert taken(queue) == ["a"]
        queue.done(key("a"), Wake(timedelta(seconds=2), backoff=True, at_most=timedelta(seconds=20)))
        clock.advance(20)
        assert queue.seconds_until_due() == 0


def test_a_key_whose_object_is_gone_is_forgotten(queue: Queue) -> None:
    queue.add(key("a"), DELETION)
    queue.take_nowait()
    queue.done(key("a"), None)
    assert key("a") not in queue
    assert len(queue) == 0
    assert queue.seconds_until_due() is None


def test_the_longest_wait_is_known(queue: Queue, clock: Clock) -> None:
    assert queue.oldest_wait() == 0
    queue.add(key("a"), RESYNC)
    clock.advance(7)
    queue.add(key("a"), DELETION)
    assert queue.oldest_wait() == 7


async def test_take_waits_for_the_first_key(queue: Queue) -> None:
    taking = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add(key("a"), RESYNC)
    assert await taking == key("a")


async def test_take_wakes_for_a_planned_turn() -> None:
    queue = Queue(asyncio.get_running_loop().time, lambda: 0.0)
    taking = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add_after(key("a"), timedelta(milliseconds=1))
    assert await asyncio.wait_for(taking, 5) == key("a")


async def test_every_waiting_worker_gets_a_key(queue: Queue) -> None:
    taking = [asyncio.create_task(queue.take()) for _ in range(3)]
    await asyncio.sleep(0)
    for name in ("a", "b", "c"):
        queue.add(key(name), RESYNC)
    assert {found.name for found in await asyncio.gather(*taking) if found} == {"a", "b", "c"}


async def test_a_cancelled_worker_takes_no_key_with_it(queue: Queue) -> None:
    cancelled, waiting = (asyncio.create_task(queue.take()) for _ in range(2))
    await asyncio.sleep(0)
    cancelled.cancel()
    queue.add(key("a"), RESYNC)
    assert await asyncio.wait_for(waiting, 5) == key("a")


async def test_a_draining_queue_hands_out_nothing(queue: Queue) -> None:
    taking = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.drain()
    assert await asyncio.wait_for(taking, 5) is None
    queue.add(key("a"), DELETION)
    assert await queue.take() is None
