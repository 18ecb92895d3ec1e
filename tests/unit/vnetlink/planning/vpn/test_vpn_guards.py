"""The second lock of a VpnConnectionPair: each objection, and what passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from properties.vpn_azure_model import address_id, gateway_id, link_id, vnet_id
from properties.vpn_turns import OPERATOR, Run
from vnetlink.domain.arm_id import PeeringId, SubnetId
from vnetlink.domain.ownership import Origin, Role, Slot
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import End, Lifecycle, ManagementPolicy
from vnetlink.domain.vpn import ConnectionOptions, GatewayShape, SecretKeyRef
from vnetlink.planning.actions import (
    Action,
    DeletePart,
    ForgetPreviousKey,
    KeepPreviousKey,
    MakeSharedKey,
    PatchTags,
    PutConnection,
    PutGateway,
    PutPeering,
    PutPublicIp,
    PutSharedKey,
    PutSubnet,
    Record,
    ReleaseFinalizer,
)
from vnetlink.planning.plan import Plan, Truth, Verdict, Wake
from vnetlink.planning.vpn.guards import allow
from vpn_worlds import KEY, standing_run

GATEWAY, ADDRESS, LINK = (Slot(Side.VNET1, role) for role in (Role.GATEWAY, Role.PUBLIC_IP, Role.LINK))
SUBNET = SubnetId(vnet_id("one"), "GatewaySubnet")
SHAPE = GatewayShape("VpnGw1AZ", "Generation1", False, False, None, ())
ONE, TWO = gateway_id("one-gateway"), gateway_id("two-gateway")

GOOD: dict[str, Any] = {
    "subnet": PutSubnet(Slot(Side.VNET1, Role.GATEWAY_SUBNET), SUBNET, "10.1.0.0/27", OPERATOR),
    "address": PutPublicIp(ADDRESS, address_id("one-gateway-ip"), "westeurope", (), (), OPERATOR),
    "gateway": PutGateway(GATEWAY, ONE, "westeurope", SUBNET, (), SHAPE, OPERATOR),
    "repair": PutGateway(GATEWAY, ONE, "westeurope", SUBNET, (), SHAPE, OPERATOR, creates=False),
    "connection": PutConnection(
        LINK, link_id("one-two"), "westeurope", ONE, TWO, ConnectionOptions(), SharedKey(KEY), (), True, OPERATOR
    ),
    "key": PutSharedKey(LINK, link_id("one-two"), SharedKey(KEY), "v1", OPERATOR),
    "tags": PatchTags(GATEWAY, ONE, (), OPERATOR),
    "delete": DeletePart(GATEWAY, ONE, OPERATOR),
    "delete connection": DeletePart(LINK, link_id("one-two"), OPERATOR),
    "Secret": KeepPreviousKey(SharedKey(KEY), "v2"),
    "release": ReleaseFinalizer(),
}
WRITES = [name for name in GOOD if name not in ("Secret", "release")]


def left(run: Run, *actions: Action, read: bool = True) -> tuple[Action, ...]:
    """What passes; whatever does not is named, and no key with it."""
    plan = Plan(Verdict(Truth.FALSE, Reason.UPDATING, ""), Wake(timedelta(0)), actions)
    safe = allow(plan, run.pair, run.world() if read else None)
    dropped = len(actions) - len(safe.actions)
    assert [finding.message.startswith("Refused to act: ") for finding in safe.findings] == [True] * dropped
    assert KEY not in repr(safe)
    return safe.actions


@pytest.mark.parametrize("name", GOOD)
def test_what_is_made_by_this_object_may_be_written_and_deleted(name: str) -> None:
    assert left(standing_run(), GOOD[name]) == (GOOD[name],)


@pytest.mark.parametrize("name", WRITES)
def test_what_is_not_recorded_is_not_touched(name: str) -> None:
    run = standing_run()
    action = GOOD[name]
    run.pair = replace(run.pair, record=run.pair.record.without_part(action.slot))
    assert left(run, action) == ()


@pytest.mark.parametrize("name", WRITES)
def test_what_is_recorded_under_another_id_is_not_touched(name: str) -> None:
    run = standing_run()
    action = GOOD[name]
    other = replace(action, slot=replace(action.slot, side=Side.VNET2))
    assert left(run, other) == ()


def test_what_the_same_plan_records_first_may_be_written() -> None:
    run = standing_run()
    record = Record(run.pair.record)
    run.pair = replace(run.pair, record=run.pair.record.without_part(GATEWAY))
    assert left(run, record, GOOD["gateway"]) == (record, GOOD["gateway"])


@pytest.mark.parametrize("name", WRITES)
def test_nothing_is_written_that_was_not_read(name: str) -> None:
    assert left(standing_run(), GOOD[name], read=False) == ()


@pytest.mark.parametrize("name", [*WRITES, "Secret"])
@pytest.mark.parametrize("lifecycle", [Lifecycle(suspend=True), Lifecycle(management=ManagementPolicy.OBSERVE)])
def test_an_object_that_only_watches_writes_nothing(name: str, lifecycle: Lifecycle) -> None:
    run = standing_run()
    run.pair = replace(run.pair, spec=replace(run.pair.spec, lifecycle=lifecycle))
    assert left(run, GOOD[name]) == ()
    assert left(run, Record(run.pair.record)) == ()


@pytest.mark.parametrize("name", WRITES)
def test_someone_elses_end_is_not_written(name: str) -> None:
    run = standing_run()
    theirs = End(run.pair.spec.ends.vnet1.id, ManagementPolicy.OBSERVE)
    ends = run.pair.spec.ends.put(Side.VNET1, theirs)
    run.pair = replace(run.pair, spec=replace(run.pair.spec, ends=ends))
    assert left(run, GOOD[name]) == ()


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("repair", False),
        ("tags", False),
        ("delete", False),
        ("connection", True),
        ("key", True),
        ("delete connection", True),
    ],
)
def test_what_was_adopted_is_never_destroyed_but_a_connection(name: str, passes: bool) -> None:
    run = standing_run()
    action = GOOD[name]
    slot = action.slot
    adopted = replace(run.pair.record.parts[slot], origin=Origin.ADOPTED)
    run.pair = replace(run.pair, record=run.pair.record.with_part(slot, adopted))
    assert left(run, action) == ((action,) if passes else ())


@pytest.mark.parametrize("ends", [{"near": TWO}, {"far": ONE}, {"far": gateway_id("elsewhere")}])
def test_a_connection_leads_from_one_gateway_of_the_pair_to_the_other(ends: dict[str, object]) -> None:
    assert left(standing_run(), replace(GOOD["connection"], **ends)) == ()


def test_a_forged_record_of_another_vnets_subnet_opens_nothing() -> None:
    run = standing_run()
    elsewhere = SubnetId(vnet_id("two"), "GatewaySubnet")
    slot = Slot(Side.VNET1, Role.GATEWAY_SUBNET)
    forged = replace(run.pair.record.parts[slot], id=elsewhere)
    run.pair = replace(run.pair, record=run.pair.record.with_part(slot, forged))
    assert left(run, replace(GOOD["subnet"], id=elsewhere)) == ()
    assert left(run, DeletePart(slot, elsewhere, OPERATOR)) == ()


def test_a_peering_is_no_part_of_a_vpn() -> None:
    peering = PutPeering(
        Side.VNET1, PeeringId(vnet_id("one"), "x"), vnet_id("two"), PeeringOptions(), True, False, OPERATOR
    )
    assert left(standing_run(), peering) == ()


@pytest.mark.parametrize("action", [MakeSharedKey(SecretKeyRef("key")), ForgetPreviousKey("p"), GOOD["Secret"]])
def test_no_secret_is_written_for_an_object_that_goes(action: Action) -> None:
    run = standing_run()
    run.pair = replace(run.pair, meta=replace(run.pair.meta, deleting=True))
    assert left(run, action) == ()


def test_one_unsafe_action_does_not_take_the_others_with_it() -> None:
    run = standing_run()
    assert left(run, GOOD["Secret"], replace(GOOD["delete"], id=TWO)) == (GOOD["Secret"],)
