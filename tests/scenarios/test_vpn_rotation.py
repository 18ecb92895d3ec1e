"""Another key in the Secret: end 1, then end 2, then the tunnel seen; back to the previous key when it stays down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane.cluster import Cluster
from estate import eventually
from interruptions import MOMENTS, Moment, Watched, kill_at, own
from vpn_estate import KEY, OTHER_KEY, VpnEstate
from vpn_stories import (
    BOTH,
    KEPT,
    KEY_TAKES,
    PAIR,
    ask,
    by_hand,
    finding,
    have,
    in_real_time,
    limited,
    phase,
    rest,
    rises,
    rotate,
    rotated,
    set_at,
    standing,
    told,
)

THIRD_KEY = "Third8KeyIsNotTheFirstNorTheSecond"
PHASE = "{.status.sharedKey.rotation}"
QUICK = {"rotation": {"verifyTimeout": "2s"}}
TUNNEL_UP = ("vnetlink_tunnel_up", PAIR, "default")
HOLD = {"rotation": {"verifyTimeout": "2s", "onFailure": "Hold"}}


@pytest.fixture
def reluctant(cluster: Cluster, tmp_path: Path) -> Iterator[VpnEstate]:
    """Its tunnel falls with the first key that is set, and stays down."""
    with in_real_time(cluster, tmp_path, falls=0.3) as estate:
        yield estate


@pytest.fixture
def patient(cluster: Cluster, tmp_path: Path) -> Iterator[VpnEstate]:
    """Its tunnel stands for five minutes with different keys, as Azure's does."""
    with in_real_time(cluster, tmp_path, falls=300) as estate:
        yield estate


def stands_reluctantly(vpn: VpnEstate, key: dict[str, object]) -> None:
    """A Ready pair whose tunnel was down until time passed."""
    vpn.secret()
    vpn.start()
    vpn.vpn(PAIR, *vpn.two_vnets(), key=key, interval="1s")
    eventually("both connections", lambda: vpn.names("connections") == BOTH and have(vpn, KEY))
    rises(vpn)
    vpn.wait_ready(PAIR)


def distinct(versions: list[str]) -> list[str]:
    """Without repetitions of what stood before."""
    return [one for one, before in zip(versions, ["", *versions], strict=False) if one != before]


# --- as it should go


def test_the_key_goes_to_end_1_then_to_end_2_at_once_when_asked_and_each_step_is_told(vpn: VpnEstate) -> None:
    standing(vpn, interval="1h")
    since = vpn.azure.last_request()
    assert 'vnetlink_shared_key_rotations_total{result="rotated"} 0.0' in vpn.operator.metrics()

    with Watched(vpn, PAIR, PHASE) as seen:
        rotate(vpn, OTHER_KEY)
        eventually("the rotation's end", lambda: rotated(vpn, OTHER_KEY))
        eventually("Idle again", lambda: seen.versions[-1] == "Idle")
    assert distinct(seen.versions) == ["Idle", "Vnet1Updated", "Vnet2Updated", "Verifying", "Idle"]
    assert set_at(vpn, since) == BOTH
    vpn.wait_ready(PAIR)
    assert vpn.status(PAIR)["sharedKey"]["lastRotationTime"]
    eventually("the event", lambda: told(vpn, "SharedKeyRotated"))
    (note,) = told(vpn, "SharedKeyRotated")
    assert re.search(r"Secret default/vpn.*tunnel is Connected\. Outage: at most \d+ s", note)
    metrics = vpn.operator.metrics()
    assert 'vnetlink_shared_key_rotations_total{result="rotated"} 1.0' in metrics
    assert 'vnetlink_shared_key_rotation_outage_seconds_count{namespace="default"} 1.0' in metrics


def test_end_2_waits_for_the_operation_on_end_1_and_the_tunnel_is_never_down(patient: VpnEstate) -> None:
    vpn = patient
    stands_reluctantly(vpn, {})
    vpn.azure.forget_tunnels()
    since = vpn.azure.last_request()
    rotate(vpn, OTHER_KEY)
    eventually("the rotation's end", lambda: rotated(vpn, OTHER_KEY))

    assert set_at(vpn, since) == BOTH
    one, two = (put["time"] for put in own(vpn, since) if put["method"] == "PUT")
    assert two - one >= KEY_TAKES
    assert {name: row["downSeconds"] for name, row in vpn.azure.tunnels().items()} == dict.fromkeys(BOTH, 0)


def test_a_change_is_seen_within_the_interval_and_one_of_the_secrets_metadata_costs_no_write(vpn: VpnEstate) -> None:
    standing(vpn)
    since, before = vpn.azure.last_request(), vpn.status(PAIR)["sharedKey"]["secretResourceVersion"]
    vpn.kubectl("label", "secret", "vpn", "team=network")
    eventually("the new version", lambda: vpn.status(PAIR)["sharedKey"]["secretResourceVersion"] != before)
    rest(vpn)
    assert set_at(vpn, since) == []
    assert not told(vpn, "SharedKeyRotated")

    vpn.secret(key=OTHER_KEY)
    eventually("the rotation's end", lambda: rotated(vpn, OTHER_KEY))
    assert set_at(vpn, since) == BOTH


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_at_any_write_ends_with_the_new_key_at_both_ends_and_no_further_write(
    vpn: VpnEstate, moment: Moment
) -> None:
    standing(vpn)
    since = vpn.azure.last_request()
    rotate(vpn, OTHER_KEY)
    eventually("the undisturbed rotation", lambda: rotated(vpn, OTHER_KEY))
    expected = set_at(vpn, since)
    assert expected == BOTH

    for nth in range(1, len(expected) + 1):
        key, since = f"{THIRD_KEY}{nth}", vpn.azure.last_request()
        kill_at(vpn, nth, moment, lambda: rotate(vpn, key))  # noqa: B023 - called at once
        vpn.operator.start().wait_ready()
        eventually(f"killed at {nth}", lambda: rotated(vpn, key))  # noqa: B023
        rest(vpn)
        assert set_at(vpn, since) == expected, f"killed at {nth}"
        vpn.wait_ready(PAIR)
    assert len(told(vpn, "SharedKeyRotated")) == 1 + len(expected)


# --- a key that does not bring the tunnel up


def test_a_key_that_does_not_bring_the_tunnel_up_is_rolled_back_at_both_ends_and_not_tried_again(
    reluctant: VpnEstate,
) -> None:
    vpn = reluctant
    stands_reluctantly(vpn, QUICK)
    since = vpn.azure.last_request()
    rotate(vpn, OTHER_KEY)
    eventually("rolled back", lambda: set_at(vpn, since) == [*BOTH, *BOTH] and have(vpn, KEY), within=60)
    rises(vpn)
    eventually("the event", lambda: told(vpn, "RotationRolledBack"))
    vpn.wait_ready(PAIR)

    (note,) = told(vpn, "RotationRolledBack")
    assert re.search(r"Secret default/vpn did not bring the tunnel up.*Outage: at most \d+ s", note)
    assert 'vnetlink_shared_key_rotations_total{result="rolled_back"} 1.0' in vpn.operator.metrics()
    eventually("the phase", lambda: phase(vpn) == "RolledBack")
    assert "kubectl edit secret -n default vpn" in finding(vpn, "TunnelNotConnected")["remediation"]
    ask(vpn)
    vpn.operator.restart().wait_ready()
    rest(vpn, times=3)
    assert set_at(vpn, since) == [*BOTH, *BOTH]
    assert told(vpn, "RotationRolledBack") == [note]

    vpn.patch(PAIR, vpn={"sharedKey": {"rotation": {"verifyTimeout": "10m"}}})
    rotate(vpn, THIRD_KEY)
    eventually("the third key", lambda: have(vpn, THIRD_KEY))
    eventually("verifying", lambda: phase(vpn) == "Verifying")
    rises(vpn)
    eventually("the rotation's end", lambda: rotated(vpn, THIRD_KEY))
    assert set_at(vpn, since) == [*BOTH] * 3
    assert not finding(vpn, "TunnelNotConnected")


def test_a_second_key_set_while_the_first_is_unproven_goes_back_to_the_one_that_worked(reluctant: VpnEstate) -> None:
    vpn = reluctant
    stands_reluctantly(vpn, {"rotation": {"verifyTimeout": "10m"}})
    rotate(vpn, OTHER_KEY)
    eventually("verifying", lambda: phase(vpn) == "Verifying")
    vpn.patch(PAIR, vpn={"sharedKey": QUICK})
    vpn.secret(key=THIRD_KEY)
    ask(vpn)
    since = vpn.azure.last_request()
    eventually("the third key", lambda: set_at(vpn, since)[:2] == BOTH)
    eventually("rolled back", lambda: set_at(vpn, since) == [*BOTH, *BOTH], within=60)
    assert have(vpn, KEY)


def test_hold_keeps_the_new_key_and_says_that_the_tunnel_is_down(reluctant: VpnEstate) -> None:
    vpn = reluctant
    stands_reluctantly(vpn, HOLD)
    since = vpn.azure.last_request()
    rotate(vpn, OTHER_KEY)
    message = vpn.wait_reason(PAIR, "TunnelNotConnected")["message"]
    assert "onFailure: Hold" in message
    eventually("shown as down", lambda: vpn.operator.samples().get(TUNNEL_UP) == 0)
    rest(vpn, times=3)
    assert set_at(vpn, since) == BOTH
    assert have(vpn, OTHER_KEY)
    assert not vpn.kubernetes_secret(KEPT)

    rises(vpn)
    vpn.wait_ready(PAIR)
    eventually("the rotation's end", lambda: rotated(vpn, OTHER_KEY))
    eventually("shown as up", lambda: vpn.operator.samples().get(TUNNEL_UP) == 1)


def test_without_the_right_to_keep_a_key_rollback_acts_as_hold_and_says_so(reluctant: VpnEstate) -> None:
    vpn = reluctant
    limited(vpn, "get")
    stands_reluctantly(vpn, QUICK)
    since = vpn.azure.last_request()
    rotate(vpn, OTHER_KEY)
    eventually("said", lambda: finding(vpn, "AuthorizationFailed", "onFailure: Rollback acts as Hold"))
    assert "create, update and delete" in finding(vpn, "AuthorizationFailed")["remediation"]
    vpn.wait_reason(PAIR, "TunnelNotConnected")
    rest(vpn, times=3)
    assert set_at(vpn, since) == BOTH
    assert have(vpn, OTHER_KEY)
    assert not vpn.kubernetes_secret(KEPT)


# --- changed by hand


def test_a_key_changed_by_hand_at_one_end_is_named_and_repaired_with_one_write(vpn: VpnEstate) -> None:
    standing(vpn)
    for nth, end in enumerate(BOTH, start=1):
        since = vpn.azure.last_request()
        with Watched(vpn, PAIR) as seen:
            by_hand(vpn, end, THIRD_KEY)
            ask(vpn)
            eventually("repaired", lambda: have(vpn, KEY))
            vpn.wait_ready(PAIR)
        assert "False SharedKeyMismatch" in seen.versions
        rest(vpn)
        assert set_at(vpn, since) == [end]
        eventually("told", lambda: len(told(vpn, "DriftRepaired")) == nth)  # noqa: B023 - called at once
        assert any(f"connections/{end} had been changed" in note for note in told(vpn, "DriftRepaired"))
    assert not vpn.kubernetes_secret(KEPT)
    assert not told(vpn, "SharedKeyRotated")


def test_keys_changed_by_hand_at_both_ends_are_the_secrets_again_with_one_write_each(vpn: VpnEstate) -> None:
    standing(vpn, interval="1h")
    since = vpn.azure.last_request()
    for nth, end in enumerate(BOTH):
        by_hand(vpn, end, f"{THIRD_KEY}{nth}")
    ask(vpn)
    eventually("repaired", lambda: have(vpn, KEY))
    vpn.wait_ready(PAIR)
    assert set_at(vpn, since) == BOTH


def test_an_observing_object_names_the_mismatch_and_writes_nothing(vpn: VpnEstate) -> None:
    standing(vpn)
    vpn.patch(PAIR, managementPolicy="Observe")
    vpn.wait_ready(PAIR)
    since = vpn.azure.last_request()
    by_hand(vpn, BOTH[1], THIRD_KEY)
    ask(vpn)
    message = vpn.wait_reason(PAIR, "SharedKeyMismatch")["message"]
    assert "connections/data-app is not the one in the Secret" in message
    assert "az network vpn-connection shared-key update --ids" in message
    assert [one["action"] for one in vpn.status(PAIR)["plannedActions"]] == ["SetSharedKey"]
    rest(vpn)
    assert set_at(vpn, since) == []

    vpn.patch(PAIR, managementPolicy="Manage")
    vpn.wait_ready(PAIR)
    assert set_at(vpn, since) == ["data-app"]
    assert have(vpn, KEY)
