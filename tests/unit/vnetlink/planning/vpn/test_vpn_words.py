"""What is told of each write, each record and each end; and that a key is in none of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from properties.vpn_azure_model import FORBIDDEN
from properties.vpn_turns import FOUND, Place, Run, pair_of, two_vnets
from vnetlink.domain.events import Event
from vnetlink.domain.outcome import Accepted, Later, Refused
from vnetlink.domain.ownership import Origin, Role, Rotated, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import DeletionPolicy, Lifecycle, VpnConnectionPair
from vnetlink.planning.actions import PutGateway, Record, VpnAction
from vnetlink.planning.vpn import deletion, events, seen_status
from vnetlink.planning.vpn.pair import plan_pair
from vnetlink.planning.vpn.standing import findings
from vnetlink.planning.vpn.words import describe, planned
from vpn_worlds import KEY, both_of, fresh_run, standing_run, with_side

NEW, BY_HAND = "Never.Tell.This.New.Key.2", "Never.Tell.This.Either.3"
SECRET = (KEY, NEW, BY_HAND)


def told_by(run: Run) -> Iterator[object]:
    """Everything that one turn tells, and the turn itself."""
    before = run.pair
    world = run.world()
    plan = run.turn()
    run.place.pass_time()
    yield from (plan, world, findings(before, world, both_of(before, world)))
    yield from (seen_status.seen(before, world), seen_status.states(before, world))
    for action in plan.actions:
        yield action
        if isinstance(action, Record):
            yield action.record.dump()
            yield tuple(events.after_record(before, action.record))
        if isinstance(action, VpnAction):
            yield (describe(action, True), describe(action, False), planned(action))
            for outcome in (Accepted(True), Accepted(False), Later(Reason.THROTTLED, "x")):
                yield tuple(events.after_write(before, action, outcome, True))


def a_whole_life() -> Iterator[object]:
    run = Run(Place(two_vnets(dead=frozenset({NEW}))), pair_of())
    run.vault = run.vault.with_text(KEY)
    for text, turns in ((KEY, 35), (NEW, 25), (NEW + "\n", 25)):
        run.vault = run.vault.with_text(text)
        for _ in range(turns):
            yield from told_by(run)
    for side in Side:
        id = run.links[side]
        assert id is not None
        run.place.azure = run.place.azure.with_key(id, BY_HAND)
        for _ in range(4):
            yield from told_by(run)
    world = run.world()
    yield plan_pair(run.pair, with_side(world, key=FORBIDDEN))
    lifecycle = replace(run.pair.spec.lifecycle, suspend=True)
    yield plan_pair(replace(run.pair, spec=replace(run.pair.spec, lifecycle=lifecycle)), world)
    run.pair = replace(run.pair, meta=replace(run.pair.meta, deleting=True))
    yield (deletion.plan_deletion(run.pair, run.world()), deletion.planned(run.pair, run.world()))


def test_a_key_is_in_nothing_that_is_planned_recorded_shown_or_told_in_a_whole_life() -> None:
    told = [f"{one!r} {one}" for one in a_whole_life()]
    assert len(told) > 100
    assert any("PutSharedKey" in one for one in told)
    assert any("KeepPreviousKey" in one for one in told)
    assert any("MarkFailedKey" in one for one in told)
    for key in SECRET:
        assert not any(key in one for one in told)


def test_status_is_json_and_shows_every_part_with_what_becomes_of_it() -> None:
    run = standing_run()
    shown = seen_status.seen(run.pair, run.world())
    assert json.loads(json.dumps(shown)) == shown
    roles = {(part["role"], part["state"], part["onDelete"]) for part in shown["resources"]}  # type: ignore[union-attr, index, call-overload]
    made = ("GatewaySubnet", "PublicIP", "Gateway")
    expected = {(role, "Succeeded", "Delete") for role in made} | {("VirtualNetwork", "Succeeded", "Keep")}
    assert roles == expected | {("Connection", "Connected", "Delete")}


def test_the_way_from_nothing_can_be_watched() -> None:
    run = fresh_run()
    seen: list[object] = []
    for _ in range(60):
        shown = seen_status.seen(run.pair, run.world())
        state = (shown["vnet1"]["gateway"]["state"], shown["vnet1ToVnet2"]["state"])  # type: ignore[index, call-overload]
        if not seen or seen[-1] != state:
            seen.append(state)
        run.turn()
        run.place.pass_time()
    assert seen == [
        ("Missing", "Missing"),
        ("Creating", "Missing"),
        ("Succeeded", "Missing"),
        ("Succeeded", "Connecting"),
        ("Succeeded", "Connected"),
    ]


def test_each_write_of_a_life_has_words_and_an_event_of_its_own() -> None:
    run = standing_run()
    run.delete()
    reasons = set()
    for action in run.place.writes:
        assert describe(action, drifted=False)
        assert planned(action).id == str(action.id)
        for event in events.after_write(run.pair, action, Accepted(True), drifted=False):
            reasons.add(event.reason)
            assert str(action.id) in event.note
            assert len(event.note) <= 1024
    assert reasons == {"SubnetCreated", "PublicIPCreated", "ConnectionCreated", "DeletedInAzure"}


@pytest.mark.parametrize("began", [{}, {"two": FOUND}], ids=["both at once", "create was added to one"])
def test_what_a_gateway_costs_is_told_once_and_before_it_is_made(began: dict[str, Any]) -> None:
    run, told, made = fresh_run(**began), list[str](), list[str]()
    for turn in range(60):
        if turn == 30:
            run.pair = replace(run.pair, spec=pair_of().spec)
        before = run.pair
        for action in run.turn().actions:
            if isinstance(action, Record):
                told += [e.note for e in events.after_record(before, action.record) if e.reason == "GatewayCreating"]
            if isinstance(action, PutGateway):
                made.append(str(action.id))
                assert made[-1] in told[-1]
                assert "(VpnGw1AZ), typically 20 to 45 minutes. It is billed by the hour" in told[-1]
                assert "https://azure.microsoft.com/pricing/" in told[-1]
        run.place.pass_time()
    assert (len(told), len(set(made))) == (2, 2)


def test_a_gateway_that_was_deleted_and_is_made_again_is_told_too() -> None:
    run = standing_run()
    gateways = [one for one in run.place.writes if isinstance(one, PutGateway)]
    told = [event.reason for one in gateways for event in events.after_write(run.pair, one, Accepted(True), True)]
    assert told == ["GatewayCreating"] * 2


@pytest.mark.parametrize("outcome", [Later(Reason.THROTTLED, "x"), Refused(Reason.POLICY_DENIED, "x", "x")])
def test_what_azure_did_not_take_has_no_event(outcome: Later | Refused) -> None:
    run = standing_run()
    assert [list(events.after_write(run.pair, a, outcome, drifted=True)) for a in run.place.writes] == [[]] * len(
        run.place.writes
    )


def test_gateways_and_addresses_are_called_billable_and_what_cuts_the_tunnel_an_outage() -> None:
    run = standing_run()
    billable = {planned(action).action for action in run.place.writes if planned(action).billable}
    assert billable == {"CreatePublicIP", "CreateGateway"}
    (gateway, *_) = run.place.written(PutGateway)
    assert planned(replace(gateway, creates=False)).outage


def told(pair: VpnConnectionPair, record: object) -> list[Event]:
    return list(events.after_record(pair, record))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rotated", "reason", "words"),
    [
        (Rotated("2026", 75), "SharedKeyRotated", "at most 75 s"),
        (Rotated("2026", 75, rolled_back=True), "RotationRolledBack", "previous key is in use again"),
    ],
)
def test_the_end_of_a_rotation_is_told_once_with_its_outage(rotated: Rotated, reason: str, words: str) -> None:
    pair = standing_run().pair
    record = replace(pair.record, rotated=rotated)
    (event,) = told(pair, record)
    assert event.reason == reason
    assert words in event.note
    assert event.seconds == 75
    assert told(replace(pair, record=record), record) == []


def test_what_is_adopted_is_told_once() -> None:
    pair = standing_run().pair
    slot = Slot(Side.VNET1)
    record = pair.record.with_part(slot, replace(pair.record.parts[slot], origin=Origin.ADOPTED))
    assert [event.reason for event in told(pair, record)] == ["Adopted"]
    assert told(replace(pair, record=record), record) == []


def test_what_is_let_go_and_what_stays_is_named_with_the_command_that_removes_it() -> None:
    run = standing_run()
    pair = replace(run.pair, meta=replace(run.pair.meta, deleting=True))
    (event,) = told(pair, pair.record.without_part(Slot(Side.VNET1, Role.GATEWAY)))
    assert event.reason == "LeftInAzure"
    assert "It is billed." in event.note
    assert "az network vnet-gateway delete --ids" in event.note

    orphan = replace(pair, spec=replace(pair.spec, lifecycle=Lifecycle(deletion=DeletionPolicy.ORPHAN)))
    assert {e.reason for e in events.after_release(orphan)} == {"LeftInAzure"}
    assert len(list(events.after_release(orphan))) == len(pair.record.parts)
    assert list(events.after_release(pair)) == []


def test_an_inherited_gateway_that_a_deletion_leaves_is_told_once_and_not_as_adopted() -> None:
    run, slot = standing_run(), Slot(Side.VNET1, Role.GATEWAY)
    pair = replace(run.pair, meta=replace(run.pair.meta, deleting=True))
    record = pair.record.with_part(slot, replace(pair.record.parts[slot], origin=Origin.ADOPTED))
    assert told(pair, record) == []
    assert [event.reason for event in events.after_release(replace(pair, record=record))] == ["LeftInAzure"]
