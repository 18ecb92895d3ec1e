"""When an event is told, when it is only counted."""

from __future__ import annotations

from vnetlink.domain.events import Event, EventType
from vnetlink.domain.specs import ObjectKey
from vnetlink.kube.events import BURST, REFILL, REMEMBERED, SERIES_ENDS, Budget, Memory, Told


def event(reason: str = "Connected") -> Event:
    return Event(ObjectKey("peeringpairs", "team", "a"), "u", EventType.NORMAL, reason, "Read", "both sides")


def test_an_object_has_a_burst_and_then_one_token_every_five_minutes() -> None:
    budget = Budget()
    assert [budget.spend("u", 0.0) for _ in range(int(BURST) + 1)] == [True] * int(BURST) + [False]
    assert not budget.spend("u", REFILL - 1)
    assert budget.spend("u", REFILL)
    assert not budget.spend("u", REFILL)


def test_objects_do_not_share_a_budget() -> None:
    budget = Budget()
    for _ in range(int(BURST) + 1):
        budget.spend("u", 0.0)
    assert budget.spend("v", 0.0)


def test_a_budget_never_exceeds_the_burst() -> None:
    budget = Budget()
    budget.spend("u", 0.0)
    assert [budget.spend("u", 1e6) for _ in range(int(BURST) + 1)].count(True) == BURST


def test_an_equal_event_continues_its_series() -> None:
    memory = Memory()
    assert memory.repeated(event(), 0.0) is None
    memory.keep(event(), Told("a.1", 1, 0.0))
    assert memory.repeated(event(), 10.0) == Told("a.1", 2, 10.0)
    assert memory.repeated(event(), 20.0) == Told("a.1", 3, 20.0)
    assert memory.repeated(event("Disconnected"), 20.0) is None


def test_a_series_ends_when_nothing_comes_for_a_while() -> None:
    memory = Memory()
    memory.keep(event(), Told("a.1", 1, 0.0))
    assert memory.repeated(event(), SERIES_ENDS + 1) is None


def test_only_so_many_series_are_remembered() -> None:
    memory = Memory()
    for number in range(REMEMBERED + 1):
        memory.keep(event(f"Reason{number}"), Told("a.1", 1, 0.0))
    assert memory.repeated(event("Reason0"), 0.0) is None
    assert memory.repeated(event(f"Reason{REMEMBERED}"), 0.0) is not None
