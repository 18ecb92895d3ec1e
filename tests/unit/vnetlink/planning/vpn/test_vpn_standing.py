"""How a pair stands: each row, its reason, and whether that is Ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from properties.vpn_azure_model import FORBIDDEN
from vnetlink.domain.arm_id import PeeringId, VnetId
from vnetlink.domain.observed import ObservedPeering, PeeringState, Provisioning, SyncLevel
from vnetlink.domain.outcome import Absent, Present, Refused
from vnetlink.domain.ownership import Role, Rotation, Slot
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason
from vnetlink.domain.secrets import ObservedSecret, PreviousKey
from vnetlink.domain.shared_key import CheckedKey, KeyFault, SharedKey
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import End, Lifecycle, ManagementPolicy
from vnetlink.domain.vpn import ConnectionOptions, IpsecPolicy, OnFailure
from vnetlink.planning.plan import Truth
from vnetlink.planning.vpn.standing import findings, standing
from vnetlink.planning.vpn.world import VpnWorld
from vpn_worlds import KEY, both_of, standing_run, with_connection, with_gateway, with_side, with_vnet

Change = Callable[[VpnWorld], VpnWorld]
POLICY = IpsecPolicy(3600, 1024, "AES256", "SHA256", "AES256", "SHA256", "DHGroup14", "None")
HUB = VnetId("00000000-0000-0000-0000-000000000000", "rg", "hub")
PEER = ObservedPeering(
    *(PeeringId(HUB, "p"), HUB, PeeringState.CONNECTED, SyncLevel.FULLY_IN_SYNC, Provisioning.SUCCEEDED),
    *(PeeringOptions(), ("10.2.8.0/24",)),
)
OTHER = Present(SharedKey("another.key"))


def secret(key: CheckedKey | KeyFault | None, labelled: bool = True) -> Change:
    return lambda world: replace(world, secret=Present(ObservedSecret("v1", labelled, key)))


def down(world: VpnWorld, status: str = "NotConnected") -> VpnWorld:
    return with_connection(with_connection(world, status=status), Side.VNET2, status=status)


def refused(world: VpnWorld) -> VpnWorld:
    return replace(world, refusals={Slot(Side.VNET1, Role.LINK): Refused(Reason.POLICY_DENIED, "x", "no")})


def rolled_back(world: VpnWorld) -> VpnWorld:
    assert isinstance(world.secret, Present)
    new = replace(world.secret.value, version="v2", key=CheckedKey(SharedKey("new.key")))
    return replace(world, secret=Present(new), previous=Present(PreviousKey("p", SharedKey(KEY), "v2", failed="v2")))


YES, NO = Truth.TRUE, Truth.FALSE
ROWS: dict[str, tuple[Change, Truth, Reason]] = {
    "all is well": (lambda w: w, YES, Reason.CONNECTED),
    "refused": (refused, NO, Reason.POLICY_DENIED),
    "gateway of another type": (
        lambda w: with_gateway(w, gateway_type="ExpressRoute"),
        NO,
        Reason.GATEWAY_TYPE_MISMATCH,
    ),
    "gateway failed": (lambda w: with_gateway(w, provisioning=Provisioning.FAILED), NO, Reason.GATEWAY_FAILED),
    "connection of another type": (lambda w: with_connection(w, kind="IPsec"), NO, Reason.CONNECTION_TYPE_MISMATCH),
    "connection missing": (lambda w: with_side(w, connection=Absent(), key=None), NO, Reason.CONNECTION_MISSING),
    "policies differ": (
        lambda w: with_connection(w, options=ConnectionOptions(ipsec_policies=(POLICY,))),
        NO,
        Reason.IPSEC_POLICY_MISMATCH,
    ),
    "options differ": (lambda w: with_connection(w, options=ConnectionOptions(routing_weight=7)), NO, Reason.DRIFTED),
    "one key differs": (lambda w: with_side(w, key=OTHER), NO, Reason.SHARED_KEY_MISMATCH),
    "keys differ, no Secret to compare with": (
        lambda w: replace(with_side(w, key=OTHER), secret=Absent()),
        NO,
        Reason.SHARED_KEY_MISMATCH,
    ),
    "rolled back": (rolled_back, YES, Reason.CONNECTED),
    "Secret gone, tunnel up": (lambda w: replace(w, secret=Absent()), YES, Reason.SHARED_KEY_MISSING),
    "Secret gone, tunnel down": (lambda w: down(replace(w, secret=Absent())), NO, Reason.SHARED_KEY_MISSING),
    "key unusable, tunnel up": (secret(KeyFault.EMPTY), YES, Reason.SHARED_KEY_INVALID),
    "label gone, tunnel up": (secret(None, labelled=False), YES, Reason.SECRET_NOT_LABELLED),
    "blind": (lambda w: with_side(w, key=FORBIDDEN), YES, Reason.CONNECTED),
    "weak": (secret(CheckedKey(SharedKey(KEY), weak=True)), YES, Reason.CONNECTED),
    "trimmed": (secret(CheckedKey(SharedKey(KEY), trimmed=True)), YES, Reason.CONNECTED),
    "no way back": (lambda w: replace(w, asked_for_secrets=True, manages_secrets=False), YES, Reason.CONNECTED),
    "coming up": (lambda w: down(w, "Connecting"), NO, Reason.CONNECTING),
    "down for long": (lambda w: replace(down(w), busy_for=timedelta(minutes=11)), NO, Reason.TUNNEL_NOT_CONNECTED),
    "ranges overlap by now": (lambda w: with_vnet(w, prefixes=("10.1.0.0/16", "10.2.8.0/24")), YES, Reason.CONNECTED),
    "a peer has the other's range": (lambda w: with_vnet(w, peerings=(PEER,)), YES, Reason.CONNECTED),
}
TOLD = {
    "rolled back": Reason.TUNNEL_NOT_CONNECTED,
    "blind": Reason.AUTHORIZATION_FAILED,
    "weak": Reason.SHARED_KEY_INVALID,
    "trimmed": Reason.SHARED_KEY_INVALID,
    "no way back": Reason.AUTHORIZATION_FAILED,
    "down for long": Reason.TUNNEL_NOT_CONNECTED,
    "policies differ": Reason.IPSEC_POLICY_MISMATCH,
    "one key differs": Reason.SHARED_KEY_MISMATCH,
    "ranges overlap by now": Reason.ADDRESS_SPACES_OVERLAP,
    "a peer has the other's range": Reason.OVERLAPS_WITH_PEERED_VNET,
}


@pytest.mark.parametrize("name", ROWS)
def test_each_row_has_its_reason_and_its_ready(name: str) -> None:
    change, ready, reason = ROWS[name]
    run = standing_run()
    world = change(run.world())
    verdict = standing(run.pair, world, both_of(run.pair, world))
    assert (verdict.ready, verdict.reason) == (ready, reason), verdict
    assert not (verdict.progressing and verdict.stalled)
    assert verdict.stalled is (ready is NO and reason is not Reason.CONNECTING)
    assert KEY not in repr(verdict)


@pytest.mark.parametrize(("name", "reason"), TOLD.items())
def test_what_wants_attention_is_told(name: str, reason: Reason) -> None:
    run = standing_run()
    world = ROWS[name][0](run.world())
    found = [one for one in findings(run.pair, world, both_of(run.pair, world)) if one.reason is reason]
    assert found
    assert all(one.message and one.remediation for one in found)


def test_who_only_looks_is_told_at_once_that_a_tunnel_is_down() -> None:
    run = standing_run()
    pair = replace(run.pair, spec=replace(run.pair.spec, lifecycle=Lifecycle(management=ManagementPolicy.OBSERVE)))
    for status, reason in (("NotConnected", Reason.TUNNEL_NOT_CONNECTED), ("Connecting", Reason.CONNECTING)):
        world = down(run.world(), status)
        assert standing(pair, world, both_of(pair, world)).reason is reason


def test_someone_elses_missing_connection_is_waited_for_with_the_command_for_its_owner() -> None:
    run = standing_run()
    ends = run.pair.spec.ends.put(Side.VNET2, End(run.pair.spec.ends.vnet2.id, ManagementPolicy.OBSERVE))
    pair = replace(run.pair, spec=replace(run.pair.spec, ends=ends))
    world = with_side(run.world(), Side.VNET2, connection=Absent(), key=None)
    verdict = standing(pair, world, both_of(pair, world))
    assert (verdict.reason, verdict.progressing) == (Reason.WAITING_FOR_OTHER_SIDE, True)
    assert "az network vpn-connection create" in verdict.message
    assert "--shared-key KEY" in verdict.message


@pytest.mark.parametrize(("verifying", "reason"), [("", "Rotating"), ("2030-01-01T00:00:00Z", "Rotating")])
def test_a_key_on_its_way_is_progress(verifying: str, reason: str) -> None:
    run = standing_run()
    pair = replace(
        run.pair, record=replace(run.pair.record, rotation=Rotation("v1", "2026-01-01T00:00:00Z", verifying))
    )
    world = down(run.world())
    verdict = standing(pair, world, both_of(pair, world))
    assert verdict.reason.value.startswith(reason)
    assert verdict.progressing


@pytest.mark.parametrize("on_failure", OnFailure)
def test_a_key_that_is_overdue_is_no_progress_any_more(on_failure: OnFailure) -> None:
    run = standing_run(on_failure=on_failure)
    long_ago = Rotation("v1", "2020-01-01T00:00:00Z", "2020-01-01T00:01:00Z")
    pair = replace(run.pair, record=replace(run.pair.record, rotation=long_ago))
    world = replace(down(run.world()), busy_for=timedelta(minutes=11))
    assert standing(pair, world, both_of(pair, world)).reason is Reason.TUNNEL_NOT_CONNECTED
