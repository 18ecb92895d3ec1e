"""Rates, windows and probes on a clock that the test turns."""

import asyncio

import pytest

from vnetlink.azure.limiter import PATIENCE, Bucket, Crowded, Kind, Lane, Limiter, Limits, Rate, TurnedBack, Window
from vnetlink.domain.identity import Identity

WHO = Identity("operator", "t")


class Time:
    """A clock that only moves when told or slept on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def lane(time: Time, **limits: object) -> Lane:
    return Limiter(Limits(**limits), time, time.sleep).lane(WHO, "s")  # type: ignore[arg-type]


async def passes(lane: Lane, kind: Kind = Kind.READ) -> None:
    async with lane.passage(kind):
        lane.answered(kind, nearly_empty=False)


def test_a_bucket_gives_its_burst_at_once_and_then_its_rate() -> None:
    bucket = Bucket(Rate(2, 3), now=0)
    assert [bucket.take(0) for _ in range(5)] == [0, 0, 0, 0.5, 1.0]


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket = Bucket(Rate(2, 3), now=0)
    assert [bucket.take(1000) for _ in range(4)] == [0, 0, 0, 0.5]


def test_a_drained_bucket_has_no_burst_left() -> None:
    bucket = Bucket(Rate(2, 3), now=0)
    bucket.drain(0)
    assert bucket.take(0) == 0.5


def test_no_rate_is_no_limit() -> None:
    bucket = Bucket(Rate(0, 0), now=0)
    assert [bucket.take(0) for _ in range(1000)] == [0] * 1000


async def test_requests_beyond_the_burst_wait_for_their_token() -> None:
    time = Time()
    narrow = lane(time, writes=Rate(2, 1))
    for _ in range(3):
        await passes(narrow, Kind.WRITE)
    assert time.slept == [0.5, 0.5]


async def test_a_request_whose_token_is_far_away_is_turned_back_and_leaves_it_to_others() -> None:
    time = Time()
    narrow = lane(time, writes=Rate(0.01, 1))
    await passes(narrow, Kind.WRITE)
    for _ in range(2):
        with pytest.raises(TurnedBack) as turned:
            await passes(narrow, Kind.WRITE)
        assert turned.value.seconds == pytest.approx(100)


async def test_reads_writes_and_deletes_do_not_draw_on_each_other() -> None:
    time = Time()
    narrow = lane(time, reads=Rate(1, 1), writes=Rate(1, 1), deletes=Rate(1, 1))
    for kind in Kind:
        await passes(narrow, kind)
    assert time.slept == []


async def test_nothing_is_sent_inside_a_retry_after_window() -> None:
    time = Time()
    shut = lane(time)
    shut.turned_away(30)
    time.now += 29.5
    with pytest.raises(TurnedBack) as turned:
        await passes(shut)
    assert turned.value.seconds == pytest.approx(0.5)
    time.now += 0.5
    await passes(shut)


async def test_after_a_window_one_probe_goes_alone_until_it_is_answered() -> None:
    time = Time()
    shut = lane(time)
    shut.turned_away(30)
    time.now += 30
    async with shut.passage(Kind.READ):
        with pytest.raises(TurnedBack):
            await passes(shut)
        shut.answered(Kind.READ, nearly_empty=False)
        await passes(shut)


async def test_a_probe_that_gets_no_answer_lets_the_next_one_try() -> None:
    time = Time()
    shut = lane(time)
    shut.turned_away(30)
    time.now += 30
    with pytest.raises(OSError):
        async with shut.passage(Kind.READ):
            raise OSError
    async with shut.passage(Kind.READ):
        with pytest.raises(TurnedBack):
            await passes(shut)


async def test_a_probe_that_is_throttled_closes_the_window_again() -> None:
    time = Time()
    shut = lane(time)
    shut.turned_away(30)
    time.now += 30
    async with shut.passage(Kind.READ):
        shut.turned_away(10)
    with pytest.raises(TurnedBack) as turned:
        await passes(shut)
    assert turned.value.seconds == pytest.approx(10)


def test_an_answer_to_what_was_sent_before_the_window_closed_does_not_open_it() -> None:
    window = Window()
    window.close(0, 30)
    window.answered(1)
    assert window.pause(2) == 28


def test_a_shorter_retry_after_does_not_shorten_a_window() -> None:
    window = Window()
    window.close(0, 30)
    window.close(1, 2)
    assert window.pause(2) == 28


async def test_waiting_requests_look_at_the_window_again_before_they_go() -> None:
    time = Time()
    narrow = lane(time, in_flight=1)
    async with narrow.passage(Kind.READ):
        waiting = asyncio.create_task(passes(narrow))
        await asyncio.sleep(0)
        narrow.turned_away(30)
    with pytest.raises(TurnedBack):
        await waiting


async def test_no_more_than_the_room_in_flight_is_sent_at_once() -> None:
    time, inside, most = Time(), 0, 0
    narrow = lane(time, in_flight=4)

    async def one() -> None:
        nonlocal inside, most
        async with narrow.passage(Kind.READ):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(one() for _ in range(20)))
    assert most == 4


async def test_a_hung_lane_turns_its_queue_away_and_leaves_other_lanes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vnetlink.azure.limiter.PATIENCE", 0.01)
    time = Time()
    limiter = Limiter(Limits(in_flight=1), time, time.sleep)
    async with limiter.lane(WHO, "hung").passage(Kind.READ):
        with pytest.raises(Crowded):
            await passes(limiter.lane(WHO, "HUNG"))
        await passes(limiter.lane(WHO, "other"))
        await passes(limiter.lane(Identity("other", "t"), "hung"))
    assert PATIENCE > 1


async def test_nobody_queues_behind_requests_that_all_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vnetlink.azure.limiter.HANGING", 0.01)
    time = Time()
    narrow = lane(time, in_flight=1)
    async with asyncio.timeout(PATIENCE / 2), narrow.passage(Kind.READ):
        with pytest.raises(Crowded):
            await passes(narrow)
    await passes(narrow)


async def test_room_and_probe_are_given_back_when_a_waiter_is_turned_back() -> None:
    time = Time()
    narrow = lane(time, in_flight=1)
    narrow.turned_away(5)
    for _ in range(3):
        with pytest.raises(TurnedBack):
            await passes(narrow)
    time.now += 5
    await passes(narrow)
    await passes(narrow)


async def test_a_low_remaining_quota_ends_the_burst() -> None:
    time = Time()
    narrow = lane(time, reads=Rate(2, 100))
    async with narrow.passage(Kind.READ):
        narrow.answered(Kind.READ, nearly_empty=True)
    await passes(narrow)
    assert time.slept == [0.5]
