"""kill -9 at every write of a deletion, one after the other: the last start ends where an undisturbed run ends, with the same writes."""

from __future__ import annotations

import pytest

from estate import eventually
from interruptions import MOMENTS, Moment, kill_at, taken
from vpn_by_hand import MADE, PAIR, there, tunnel
from vpn_estate import VpnEstate

UNDISTURBED = sorted(f"DELETE {one.rpartition('/')[2]}" for one in MADE)  # test_vpn_deletion.py counts them, too


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_deletion_that_is_killed_at_each_of_its_writes_deletes_everything_once(
    vpn: VpnEstate, moment: Moment
) -> None:
    tunnel(vpn)
    since = vpn.azure.last_request()

    kill_at(vpn, 1, moment, lambda: vpn.delete(PAIR, wait=False))
    for _ in UNDISTURBED[1:]:
        nth = 2 if moment == "unaccepted" else 1  # what was never worked on is sent once more first
        kill_at(vpn, nth, moment, vpn.operator.start)
    assert vpn.exists(PAIR)
    vpn.operator.start()
    vpn.wait_gone(PAIR)

    assert sorted(taken(vpn, since)) == UNDISTURBED
    assert there(vpn) == set()
    assert eventually("the user's Secret stays", lambda: vpn.kubernetes_secret("vpn"))
