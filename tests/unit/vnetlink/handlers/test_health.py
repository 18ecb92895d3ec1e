"""What the probes say, in words."""

from __future__ import annotations

from dataclasses import dataclass

from vnetlink.handlers.health import LONGEST_LAG, LONGEST_SILENCE, LONGEST_TURN, LONGEST_WAIT, Health


@dataclass
class Watch:
    alive: bool = True
    watching: bool = True
    silent: float = 0.0


def health(missing: str | None = None, watch: Watch | None = None, wait: float = 0.0, lag: float = 0.0) -> Health:
    return Health(lambda: 0.0, missing, [watch] if watch else [], lambda: wait, lag)


def test_a_process_that_waits_for_its_kinds_lives_but_is_not_ready() -> None:
    waiting = health("waiting for CustomResourceDefinition peeringpairs.vnetlink.dev")
    assert waiting.sick() is None
    assert waiting.unready() == "waiting for CustomResourceDefinition peeringpairs.vnetlink.dev"


def test_all_well_is_ready() -> None:
    assert health(watch=Watch()).unready() is None
    assert health(watch=Watch()).sick() is None


def test_without_a_watch_nothing_is_ready() -> None:
    assert "watch" in (health().unready() or "")
    assert "watch" in (health(watch=Watch(watching=False)).unready() or "")


def test_every_watch_counts() -> None:
    one_down = Health(lambda: 0.0, None, [Watch(), Watch(watching=False)])
    assert "watch" in (one_down.unready() or "")
    assert one_down.sick() is None
    assert "watch" in (Health(lambda: 0.0, None, [Watch(), Watch(alive=False)]).sick() or "")


def test_a_dead_watch_a_blocked_loop_and_a_stuck_queue_ask_for_a_restart() -> None:
    assert "watch" in (health(watch=Watch(alive=False)).sick() or "")
    assert "blocked" in (health(lag=LONGEST_LAG + 1).sick() or "")
    assert "waited" in (health(wait=LONGEST_WAIT + 1).sick() or "")
    assert "stuck" in (health(watch=Watch(silent=LONGEST_SILENCE + 1)).sick() or "")
    hanging = Health(lambda: 0.0, None, [Watch()], longest_turn=lambda: LONGEST_TURN + 1)
    assert "has not ended" in (hanging.sick() or "")
