"""kill -9 at every write on the way to a tunnel: the restart ends in what an undisturbed run ends in."""

from __future__ import annotations

import pytest

from interruptions import Moment, kill_at
from vpn_estate import VpnEstate
from vpn_scenes import apply, begin, end

_undisturbed: dict[bool, list[str]] = {}


def undisturbed(vpn: VpnEstate, active: bool) -> list[str]:
    """The writes of a run in which nothing goes wrong, in any order."""
    if active not in _undisturbed:
        apply(vpn, begin(vpn), active)
        _undisturbed[active] = end(vpn, active)
    return _undisturbed[active]


@pytest.mark.parametrize("active", [False, True], ids=["one address each", "active-active"])
def test_a_kill_after_any_write_whose_answer_never_came_costs_no_further_write(vpn: VpnEstate, active: bool) -> None:
    expected = undisturbed(vpn, active)
    writes = range(1, len(expected) + 1)
    for nth in writes if not active else (2, 3, 4):  # the writes that active-active adds or moves
        ends = begin(vpn)
        kill_at(vpn, nth, "unanswered", lambda: apply(vpn, ends, active))  # noqa: B023 - called at once
        vpn.operator.start()

        assert end(vpn, active) == expected, f"killed at write {nth}"


@pytest.mark.parametrize("moment", ["unaccepted", "answered"])
def test_kills_at_all_writes_of_one_and_the_same_way_cost_no_further_write(vpn: VpnEstate, moment: Moment) -> None:
    expected = undisturbed(vpn, active=False)
    ends = begin(vpn)

    kill_at(vpn, 1, moment, lambda: apply(vpn, ends))
    for _ in expected[1:]:
        nth = 2 if moment == "unaccepted" else 1  # what was never worked on is sent once more first
        kill_at(vpn, nth, moment, vpn.operator.start)
    vpn.operator.start()

    assert end(vpn) == expected
