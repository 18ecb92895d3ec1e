"""kill -9 at every write that an undisturbed run makes: the next start ends in the same place with the same writes.

The writes are counted in an undisturbed run's request log, so a write that is added to the product is killed at, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from estate import Estate, eventually
from interruptions import MOMENTS, Moment, kill_at, rest, taken

PAIR = "app-to-data"


@dataclass(frozen=True)
class Story:
    """What sets the operator to work on a pair that is (`standing`) or is not Connected yet, and what it should end in."""

    trigger: Callable[[Estate, str, str], object]
    ended: Callable[[Estate, str, str], bool]
    standing: bool = True


def connected(estate: Estate, app: str, data: str) -> bool:
    shown = [estate.peerings(app).get("app-data", {}), estate.peerings(data).get("data-app", {})]
    return all(one.get("peeringState") == "Connected" and one.get("peeringSyncLevel") == "FullyInSync" for one in shown)


def unforwarded(estate: Estate, app: str, data: str) -> bool:
    return estate.peerings(app)["app-data"]["allowForwardedTraffic"] is False


def gone(estate: Estate, app: str, data: str) -> bool:
    return not (estate.exists(PAIR) or estate.peerings(app) or estate.peerings(data))


STORIES = {
    "create": Story(lambda estate, app, data: estate.pair(PAIR, app, data, interval="1s"), connected, standing=False),
    "repair": Story(
        lambda estate, app, data: estate.azure.delete(f"{data}/virtualNetworkPeerings/data-app"), connected
    ),
    "sync": Story(lambda estate, app, data: estate.azure.vnet("data", "10.2.0.0/16", "10.9.0.0/16"), connected),
    "drift": Story(
        lambda estate, app, data: estate.azure.peering(app, "app-data", data, allowForwardedTraffic=True), unforwarded
    ),
    "delete": Story(lambda estate, app, data: estate.delete(PAIR, wait=False), gone),
}
_undisturbed: dict[str, list[str]] = {}


def begin(estate: Estate, story: Story) -> tuple[str, str]:
    """An operator and two VNets in a new Azure, connected where the story starts so."""
    estate.clean()
    estate.azure.reset()
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()
    if story.standing:
        estate.pair(PAIR, app, data, interval="1s")
        estate.wait_ready(PAIR)
        rest(estate, app, reads=1)
    return app, data


def end(estate: Estate, story: Story, app: str, data: str, since: int) -> list[str]:
    """Wait for the story's end and for rest; returns the writes that Azure took."""
    eventually("the story's end", lambda: story.ended(estate, app, data))
    if estate.exists(PAIR):
        rest(estate, app)
        estate.wait_ready(PAIR)
    return taken(estate, since)


def undisturbed(estate: Estate, name: str) -> list[str]:
    """The writes of a run in which nothing goes wrong."""
    if name not in _undisturbed:
        app, data = begin(estate, STORIES[name])
        since = estate.azure.last_request()
        STORIES[name].trigger(estate, app, data)
        _undisturbed[name] = end(estate, STORIES[name], app, data, since)
    return _undisturbed[name]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", STORIES)
def test_a_kill_at_any_write_costs_no_further_write_and_leaves_nothing_behind(
    estate: Estate, name: str, moment: Moment
) -> None:
    story, expected = STORIES[name], undisturbed(estate, name)
    assert expected

    for nth in range(1, len(expected) + 1):
        app, data = begin(estate, story)
        since = estate.azure.last_request()
        kill_at(estate, nth, moment, lambda: story.trigger(estate, app, data))  # noqa: B023 - called at once
        estate.operator.start()

        assert end(estate, story, app, data, since) == expected, f"killed at {expected[nth - 1]}"
        if estate.exists(PAIR):
            estate.delete(PAIR)
        assert estate.peerings(app) == estate.peerings(data) == {}, f"killed at {expected[nth - 1]}"
