"""From any legal start a VpnConnectionPair comes to Connected and rests; its key reaches both ends or neither; deletion ends."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from properties.vpn_azure_model import Vault, VpnAzure, address_id, gateway_id, vnet_id
from properties.vpn_turns import FOUND, MADE, TURNS, VAULT, Crash, Place, Run, everything, pair_of, two_vnets
from vnetlink.domain.observed import ObservedSubnet, Provisioning
from vnetlink.domain.outcome import Present, Refused, Unreadable
from vnetlink.domain.ownership import Origin, Role, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import AdoptionPolicy, DeletionPolicy, Lifecycle, ManagementPolicy, VpnConnectionPair
from vnetlink.domain.vpn import (
    GATEWAY_SUBNET,
    ConnectionOptions,
    GatewayCreation,
    OnFailure,
    WantedVpnSide,
)
from vnetlink.planning.actions import (
    DeletePart,
    PutGateway,
    PutPublicIp,
    PutSharedKey,
    PutSubnet,
    Record,
)
from vnetlink.planning.plan import Truth
from vnetlink.planning.vpn.pair import plan_pair

OLD, NEW, NEWER = "first.key.of.all.keys", "second.key.of.all.keys", "third.key.of.all.keys"
ACTIVE_ACTIVE = WantedVpnSide(creation=GatewayCreation(active_active=True, public_ips=(None, None)))

sides = st.sampled_from(list(Side))
crashes = st.dictionaries(st.integers(1, 40), st.sampled_from(Crash), max_size=4)
azures = st.builds(
    two_vnets,
    slowness=st.integers(1, 4),
    occupied_early=st.booleans(),
    lingers=st.booleans(),
    zones=st.sampled_from([("1", "2", "3"), ()]),
)
beginnings = st.sampled_from(
    [
        "nothing",
        "subnet",
        "address",
        "active-active",
        "gateway",
        "named gateway",
        "gateway despite create",
        "in the making",
    ]
)
zoned = beginnings.filter(lambda how: how != "address")  # what a region has is asked only where an address is missing
NAMES = {Side.VNET1: "one", Side.VNET2: "two"}


@st.composite
def starts(draw: st.DrawFn) -> tuple[VpnAzure, VpnConnectionPair]:
    """What may stand there already on each side, and a spec that may want it."""
    azure, wanted = draw(azures), {}
    for side, name in NAMES.items():
        azure, wanted[side] = begun(azure, name, draw(beginnings if azure.zones else zoned))
    policy = draw(st.sampled_from([AdoptionPolicy.IF_MATCHING, AdoptionPolicy.ALWAYS]))
    for name, near, far in draw(st.sampled_from([(), (ONE_TWO,), (TWO_ONE,), (ONE_TWO, TWO_ONE)])):
        if {near, far} <= azure.gateways.keys():
            always = policy is AdoptionPolicy.ALWAYS
            key = draw(st.sampled_from([OLD, NEW])) if always else OLD
            options = draw(st.sampled_from([ConnectionOptions(), ConnectionOptions(routing_weight=7)]))
            azure = azure.with_link(name, near, far, key, options if always else ConnectionOptions())
    return azure, pair_of(wanted[Side.VNET1], wanted[Side.VNET2], lifecycle=Lifecycle(adoption=policy))


ONE_TWO = ("by-hand-1", gateway_id("gw-one"), gateway_id("gw-two"))
TWO_ONE = ("by-hand-2", gateway_id("gw-two"), gateway_id("gw-one"))


def begun(azure: VpnAzure, name: str, how: str) -> tuple[VpnAzure, WantedVpnSide]:
    vnet, gateway = vnet_id(name), f"gw-{name}"
    match how:
        case "subnet":
            prefix = azure.vnets[vnet].prefixes[0].replace("0.0/16", "7.0/26")
            return azure.with_subnet(vnet, ObservedSubnet(GATEWAY_SUBNET, (prefix,))), MADE
        case "address":
            wanted = WantedVpnSide(creation=GatewayCreation(public_ips=(address_id(f"bought-{name}"),)))
            return azure.with_address(f"bought-{name}"), wanted
        case "active-active":
            return azure, ACTIVE_ACTIVE
        case "gateway":
            return azure.with_gateway(gateway, vnet), FOUND
        case "named gateway":
            return azure.with_gateway(gateway, vnet), WantedVpnSide(gateway=gateway_id(gateway))
        case "gateway despite create":
            return azure.with_gateway(gateway, vnet), MADE
        case "in the making":
            made = azure.with_gateway(gateway, vnet, provisioning=Provisioning.UPDATING, asn=0)
            return replace(made, running={**made.running, gateway_id(gateway): 3}), FOUND
        case _:
            return azure, MADE


def creations(run: Run) -> Counter[object]:
    return Counter(action.id for action in run.place.writes if action.creates)


def up(run: Run, key: str) -> bool:
    """The goal: both connections Connected, both with that key, and nothing twice."""
    vnets = run.place.azure.vnets.values()
    single = all(len(vnet.gateway_ids) <= 1 for vnet in vnets) and len(run.place.azure.links) == 2
    return run.connected and run.keys == (key, key) and single


# -- from anywhere to Connected


@settings(max_examples=150, deadline=None)
@given(starts(), crashes, st.booleans())
def test_every_legal_start_becomes_connected_and_rests_whatever_crashes_on_the_way(
    start: tuple[VpnAzure, VpnConnectionPair], crashing: dict[int, Crash], blind: bool
) -> None:
    azure, pair = start
    run = Run(Place(azure), pair, crashes=crashing, blind=blind)
    plan = run.rest()
    assert (plan.verdict.ready, plan.verdict.reason) == (Truth.TRUE, Reason.CONNECTED), plan.verdict
    assert up(run, OLD)
    assert run.refused == [], "preflight let something through that ARM refuses"
    assert all(times == 1 for times in creations(run).values()), "nothing is made twice"
    assert len(run.place.azure.gateways) == 2


@settings(max_examples=60, deadline=None)
@given(starts())
def test_without_crashes_nothing_is_written_twice(start: tuple[VpnAzure, VpnConnectionPair]) -> None:
    run = Run(Place(start[0]), start[1])
    run.rest()
    counted = Counter((type(action), action.id) for action in run.place.writes)
    assert all(times == 1 for times in counted.values()), counted


@pytest.mark.parametrize("slowness", [1, 5])
def test_both_gateways_are_being_made_before_either_has_finished(slowness: int) -> None:
    run = Run(Place(two_vnets(slowness=slowness)), pair_of())
    while not (states := [gateway.provisioning for gateway in run.place.azure.gateways.values()]):
        step(run)
    while len(states) < 2:
        assert states == [Provisioning.UPDATING]
        step(run)
        states = [gateway.provisioning for gateway in run.place.azure.gateways.values()]


def step(run: Run) -> None:
    """A turn follows upon a write at once; time passes while there is nothing to do."""
    if not run.turn().actions:
        run.place.pass_time()


def test_before_the_first_operation_has_finished_everything_that_needs_nothing_is_begun() -> None:
    run = Run(Place(two_vnets()), pair_of(ACTIVE_ACTIVE, ACTIVE_ACTIVE))
    for _ in range(12):
        run.turn()
    assert len(run.place.written(PutSubnet)) == 2
    assert len(run.place.written(PutPublicIp)) == 4


@settings(max_examples=40, deadline=None)
@given(starts(), st.integers(0, 25))
def test_nothing_is_made_while_it_cannot_be_read_whether_the_key_exists(
    start: tuple[VpnAzure, VpnConnectionPair], turns: int
) -> None:
    run = Run(Place(start[0]), start[1])
    for _ in range(turns):
        run.turn()
        run.place.pass_time()
    unread = replace(run.world(), secret=Unreadable(Reason.AZURE_UNREACHABLE, "no answer", transient=True))
    assert not any(getattr(action, "creates", False) for action in plan_pair(run.pair, unread).actions)


@settings(max_examples=100, deadline=None)
@given(
    starts(),
    st.integers(0, 25),
    sides,
    st.booleans(),
    st.sampled_from(["vnet", "gateway", "connections", "connection"]),
)
def test_nothing_is_written_while_something_cannot_be_read(
    start: tuple[VpnAzure, VpnConnectionPair], turns: int, side: Side, transient: bool, what: str
) -> None:
    run = Run(Place(start[0]), start[1])
    for _ in range(turns):
        run.turn()
        run.place.pass_time()
    world = run.world()
    seen = world.sides[side]
    if what == "connections" and not isinstance(seen.gateway, Present):
        return
    unread = Unreadable(Reason.AZURE_UNREACHABLE, "no answer", transient)
    dark = replace(seen, **{what: unread})  # type: ignore[arg-type]
    plan = plan_pair(run.pair, replace(world, sides=world.sides.put(side, dark)))
    assert [action for action in plan.actions if not isinstance(action, Record)] == []
    assert plan.verdict.ready is Truth.UNKNOWN


@settings(max_examples=100, deadline=None)
@given(starts(), st.integers(0, 25), st.booleans())
def test_whoever_only_observes_writes_nothing(
    start: tuple[VpnAzure, VpnConnectionPair], turns: int, suspend: bool
) -> None:
    run = Run(Place(start[0]), start[1])
    for _ in range(turns):
        run.turn()
        run.place.pass_time()
    policy = ManagementPolicy.MANAGE if suspend else ManagementPolicy.OBSERVE
    lifecycle = replace(run.pair.spec.lifecycle, suspend=suspend, management=policy)
    watching = replace(run.pair, spec=replace(run.pair.spec, lifecycle=lifecycle))
    plan = plan_pair(replace(watching, meta=replace(watching.meta, finalizer=False)), run.world())
    assert plan.actions == ()
    would = [str(a.id) for a in plan_pair(run.pair, run.world()).actions if isinstance(a, PutSubnet | PutPublicIp)]
    assert would == [planned.id for planned in plan.planned][: len(would)]


@settings(max_examples=60, deadline=None)
@given(azures, sides, st.integers(1, 2), crashes)
def test_a_gateway_of_ours_that_fails_is_written_once_more_and_no_oftener(
    azure: VpnAzure, side: Side, failures: int, crashing: dict[int, Crash]
) -> None:
    id = gateway_id(f"{NAMES[side]}-gateway")
    run = Run(Place(replace(azure, failing={id: failures})), pair_of(), crashes=crashing)
    plan = run.rest()
    written = len([action for action in run.place.written(PutGateway) if action.id == id])
    assert 2 <= written <= 2 + len(crashing), "a crash before the record costs another repair, never none"
    assert up(run, OLD) if written > failures else plan.verdict.reason is Reason.GATEWAY_FAILED
    assert run.place.written(DeletePart) == []


def test_a_gateway_that_failed_once_and_stood_again_is_repaired_again_when_it_fails_later() -> None:
    run = Run(Place(two_vnets(failing={gateway_id("one-gateway"): 1})), pair_of())
    run.rest()
    failed = replace(run.place.azure.gateways[gateway_id("one-gateway")], provisioning=Provisioning.FAILED)
    run.place.azure = run.place.azure._put(failed)
    run.rest()
    assert up(run, OLD)
    assert len(run.place.written(PutGateway)) == 4


@settings(max_examples=40, deadline=None)
@given(azures, sides)
def test_a_failed_gateway_of_somebody_else_is_left_alone_and_told(azure: VpnAzure, side: Side) -> None:
    name = NAMES[side]
    azure = azure.with_gateway(f"gw-{name}", vnet_id(name), provisioning=Provisioning.FAILED)
    run = Run(Place(azure), pair_of())
    plan = run.rest()
    assert plan.verdict.reason is Reason.GATEWAY_FAILED
    assert plan.verdict.stalled
    assert all(action.slot.side is side.other for action in run.place.writes)


@settings(max_examples=100, deadline=None)
@given(starts(), st.lists(st.tuples(st.sampled_from(["connection", "key", "options"]), sides), min_size=1, max_size=3))
def test_whatever_is_done_by_hand_to_our_connections_is_repaired(
    start: tuple[VpnAzure, VpnConnectionPair], by_hand: list[tuple[str, Side]]
) -> None:
    run = Run(Place(start[0]), start[1])
    run.rest()
    for deed, side in by_hand:
        by_hand_done(run, deed, side)
        run.place.pass_time()
    assert run.rest().verdict.reason is Reason.CONNECTED
    assert up(run, OLD)


def by_hand_done(run: Run, deed: str, side: Side) -> None:
    azure, id = run.place.azure, run.links[side]
    if id is None or id not in azure.links or azure.links[id].seen.provisioning.busy:
        return
    link = azure.links[id]
    match deed:
        case "connection":
            run.place.azure, _ = azure.delete(id)
        case "key":
            run.place.azure = azure.with_key(id, "set.by.somebody")
        case _:
            changed = replace(link, seen=replace(link.seen, options=ConnectionOptions(routing_weight=99)))
            run.place.azure = replace(azure, links={**azure.links, id: changed})


@pytest.mark.parametrize("role", [Role.LINK, Role.GATEWAY])
def test_what_azure_has_just_refused_is_not_written_again_at_once(role: Role) -> None:
    run = connected()
    azure, refusal = run.place.azure, Refused(Reason.POLICY_DENIED, "RequestDisallowedByPolicy", "no")
    failed = replace(azure.gateways[gateway_id("one-gateway")], provisioning=Provisioning.FAILED)
    run.place.azure = replace(
        azure, gateways={**azure.gateways, failed.id: failed} if role is Role.GATEWAY else azure.gateways
    )
    for deed in ("options", "key") if role is Role.LINK else ():
        by_hand_done(run, deed, Side.VNET1)
        run.place.azure = run.place.azure.tick()
    run.refusals = {Slot(Side.VNET1, role): refusal}
    plan = run.turn()
    assert run.place.writes == []
    assert plan.verdict.reason is Reason.POLICY_DENIED


# -- the key


def connected(vault: Vault = VAULT, azure: VpnAzure | None = None, **different: Any) -> Run:
    """A pair that stands; its log is empty."""
    blind = different.pop("blind", False)
    run = Run(Place(azure if azure is not None else two_vnets()), pair_of(**different), vault, blind)
    run.rest()
    assert run.connected
    run.place.log.clear()
    run.actions = 0
    return run


def keys_set(run: Run) -> list[str]:
    return [action.key.reveal() for action in run.place.writes if isinstance(action, PutSharedKey)]


@settings(max_examples=150, deadline=None)
@given(crashes, st.booleans(), st.booleans(), st.sampled_from(OnFailure), st.booleans())
def test_a_rotation_with_crashes_anywhere_ends_with_the_new_key_at_both_ends(
    crashing: dict[int, Crash], blind: bool, manages: bool, on_failure: OnFailure, lingers: bool
) -> None:
    azure = two_vnets(lingers=lingers)
    run = connected(Vault(manages=manages), azure, blind=blind, on_failure=on_failure)
    run.vault, run.crashes = run.vault.with_text(NEW), crashing
    plan = run.rest()
    assert up(run, NEW)
    assert plan.verdict.reason is Reason.CONNECTED, plan.verdict
    assert run.vault.previous is None, "the old key is forgotten"
    assert run.pair.record.rotation is None
    assert run.pair.record.rotated is not None
    assert not run.pair.record.rotated.rolled_back
    assert {type(write) for write in run.place.writes} == {PutSharedKey}
    assert len(keys_set(run)) <= 2 + len(crashing)


@settings(max_examples=60, deadline=None)
@given(st.booleans(), st.booleans())
def test_an_undisturbed_rotation_writes_each_end_once_the_first_end_first(blind: bool, manages: bool) -> None:
    run = connected(Vault(manages=manages), blind=blind)
    run.vault = run.vault.with_text(NEW)
    run.rest()
    assert [write.slot.side for write in run.place.writes] == [Side.VNET1, Side.VNET2]


@settings(max_examples=150, deadline=None)
@given(crashes, st.booleans())
def test_a_key_that_brings_no_tunnel_up_is_rolled_back_whatever_crashes_and_not_tried_again(
    crashing: dict[int, Crash], broken_before: bool
) -> None:
    run = connected(azure=two_vnets(dead=frozenset({NEW})))
    run.vault, run.crashes = run.vault.with_text(NEW), crashing
    plan = run.rest()
    assert up(run, OLD)
    assert plan.verdict.ready is Truth.TRUE
    assert Reason.TUNNEL_NOT_CONNECTED in [finding.reason for finding in plan.findings], "and it is told"
    assert run.pair.record.rotated is not None
    assert run.pair.record.rotated.rolled_back
    tried = keys_set(run).count(NEW)
    run.place.log.clear()
    if broken_before:
        by_hand_done(run, "key", Side.VNET2)
    run.crash()
    run.rest()
    assert up(run, OLD)
    assert tried <= 2 + len(crashing)
    assert NEW not in keys_set(run)

    run.vault = run.vault.with_text(NEWER)
    plan = run.rest()
    assert up(run, NEWER)
    assert plan.verdict.reason is Reason.CONNECTED
    assert run.vault.previous is None


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from([OLD, NEW, NEWER])), min_size=1, max_size=4), crashes)
def test_however_often_the_secret_changes_meanwhile_a_pair_that_was_connected_comes_up_again(
    edits: list[tuple[int, str]], crashing: dict[int, Crash]
) -> None:
    run = connected(azure=two_vnets(dead=frozenset({NEW, NEWER})))
    run.crashes = crashing
    for turns, text in edits:
        run.vault = run.vault.with_text(text)
        for _ in range(turns):
            run.turn()
            run.place.pass_time()
    plan = run.rest()
    assert up(run, OLD)
    assert plan.verdict.ready is Truth.TRUE, plan.verdict


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["hold", "no rights", "blind"]), crashes)
def test_who_holds_or_cannot_go_back_stays_with_the_new_key_and_says_that_the_tunnel_is_down(
    why: str, crashing: dict[int, Crash]
) -> None:
    on_failure = OnFailure.HOLD if why == "hold" else OnFailure.ROLLBACK
    vault = Vault(manages=why != "no rights")
    run = connected(vault, two_vnets(dead=frozenset({NEW})), on_failure=on_failure, blind=why == "blind")
    run.vault, run.crashes = run.vault.with_text(NEW), crashing
    plan = run.rest()
    assert run.keys == (NEW, NEW)
    assert run.vault.previous is None
    assert plan.verdict.reason is Reason.TUNNEL_NOT_CONNECTED, plan.verdict
    assert plan.verdict.stalled
    assert len(keys_set(run)) <= 2 + len(crashing)
    if why == "no rights":
        assert "acts as Hold" in " ".join(finding.message for finding in plan.findings)

    run.vault = run.vault.with_text(OLD)
    assert run.rest().verdict.reason is Reason.CONNECTED
    assert up(run, OLD)


@pytest.mark.parametrize("side", Side)
def test_a_key_changed_by_hand_on_one_end_costs_exactly_one_write_and_no_rotation(side: Side) -> None:
    run = connected()
    by_hand_done(run, "key", side)
    run.rest()
    assert up(run, OLD)
    assert [(type(write), write.slot.side) for write in run.place.writes] == [(PutSharedKey, side)]
    assert run.pair.record.rotated is None


def test_a_new_version_of_the_secret_with_the_same_key_costs_no_write() -> None:
    run = connected()
    run.vault = run.vault.with_text(OLD)
    run.rest()
    assert run.place.writes == []


@settings(max_examples=60, deadline=None)
@given(starts(), crashes)
def test_blind_or_not_there_is_an_end_of_writing_keys(
    start: tuple[VpnAzure, VpnConnectionPair], crashing: dict[int, Crash]
) -> None:
    run = Run(Place(start[0]), start[1], blind=True, crashes=crashing)
    run.rest()
    assert len(keys_set(run)) <= 2 + len(crashing)


@settings(max_examples=60, deadline=None)
@given(crashes, st.booleans())
def test_a_generated_key_is_made_once_and_another_only_when_a_person_asks(
    crashing: dict[int, Crash], asks: bool
) -> None:
    run = Run(Place(two_vnets()), pair_of(generate=True), Vault(text=None), crashes=crashing)
    run.rest()
    first = run.vault.text
    assert first is not None
    assert up(run, first)
    if asks:
        run.pair = replace(run.pair, meta=replace(run.pair.meta, rotate_requested_at="2026-01-02"))
        run.rest()
        assert run.vault.text is not None
        assert up(run, run.vault.text)
        assert run.vault.text != first
    else:
        run.rest()
        assert run.vault.text == first


def test_without_rights_a_key_is_not_generated_and_nothing_is_made() -> None:
    run = Run(Place(two_vnets()), pair_of(generate=True), Vault(text=None, manages=False))
    assert run.rest().verdict.reason is Reason.SHARED_KEY_MISSING
    assert run.place.log == []

    run = connected(Vault(manages=False), generate=True)
    run.vault = run.vault.with_text(None)
    plan = run.rest()
    assert (plan.verdict.ready, plan.verdict.reason) == (Truth.TRUE, Reason.SHARED_KEY_MISSING)
    assert run.place.log == []


def test_rights_withdrawn_during_a_rotation_do_not_keep_it_from_ending() -> None:
    run = connected()
    run.vault = run.vault.with_text(NEW)
    for _ in range(3):
        run.turn()
        run.place.pass_time()
    assert run.vault.previous is not None
    run.vault, run.withdrawn = replace(run.vault, manages=False), True
    for _ in range(10):
        run.turn()
        run.place.pass_time()
    assert run.turn().verdict.reason is Reason.CONNECTED
    assert run.pair.record.rotation is None


def test_while_the_kept_key_cannot_be_read_no_key_is_set() -> None:
    run = connected(azure=two_vnets(dead=frozenset({NEW})))
    run.vault = run.vault.with_text(NEW)
    run.rest()
    unread = replace(run.world(), previous=Unreadable(Reason.AZURE_UNREACHABLE, "no answer", transient=True))
    assert plan_pair(run.pair, unread).actions == ()


# -- deletion


def doomed(run: Run) -> set[object]:
    """What goes with the object, as design/api.md says it."""
    policy = run.pair.spec.lifecycle.deletion
    parts = run.pair.record.parts.items()
    if policy is DeletionPolicy.ORPHAN:
        return set()
    adopted = {part.id for slot, part in parts if part.origin is Origin.ADOPTED and slot.role is Role.LINK}
    made = {part.id for _, part in parts if part.origin is Origin.CREATED}
    return made | (adopted if policy is DeletionPolicy.DELETE_ALL else set())


@settings(max_examples=150, deadline=None)
@given(starts(), st.integers(0, 40), crashes, crashes, st.sampled_from(DeletionPolicy))
def test_deletion_at_any_moment_ends_and_takes_exactly_what_is_ours(
    start: tuple[VpnAzure, VpnConnectionPair],
    turns: int,
    crashing: dict[int, Crash],
    later: dict[int, Crash],
    policy: DeletionPolicy,
) -> None:
    azure, pair = start
    lifecycle = replace(pair.spec.lifecycle, deletion=policy)
    run = Run(Place(azure), replace(pair, spec=replace(pair.spec, lifecycle=lifecycle)), crashes=crashing)
    for _ in range(turns):
        run.turn()
        run.place.pass_time()
    before, going = everything(run.place.azure), doomed(run)
    kept_links = [link.seen for id, link in run.place.azure.links.items() if id not in going]
    needed = {end for link in kept_links for end in (link.near, link.far)} & going
    run.crashes = {at + run.actions: crash for at, crash in later.items()}
    run.place.log.clear()
    run.delete()
    assert run.released
    while not run.place.azure.quiet:
        run.place.pass_time()
    left = everything(run.place.azure)
    assert before - left <= going, "only what is ours goes"
    if not needed:
        assert left & going == set(), "all that is ours goes"
        assert run.refused == []
    assert needed <= left
    assert policy is not DeletionPolicy.ORPHAN or run.place.writes == []


@settings(max_examples=40, deadline=None)
@given(azures, sides, crashes)
def test_a_gateway_that_a_strangers_connection_uses_stays_with_what_it_needs_and_nothing_else_does(
    azure: VpnAzure, side: Side, crashing: dict[int, Crash]
) -> None:
    run = connected(azure=azure)
    mine = gateway_id(f"{NAMES[side]}-gateway")
    far = azure.with_vnet("far", "10.9.0.0/16").with_gateway("gw-far", vnet_id("far"))
    now = run.place.azure
    run.place.azure = replace(
        now,
        vnets={**far.vnets, **now.vnets},
        gateways={**far.gateways, **now.gateways},
        addresses={**far.addresses, **now.addresses},
    ).with_link("strangers", mine, gateway_id("gw-far"), "theirs")
    run.crashes = crashing
    run.delete()
    assert run.released
    names = {getattr(id, "name", "") for id in everything(run.place.azure)}
    assert {f"{NAMES[side]}-gateway", f"{NAMES[side]}-gateway-ip", "strangers"} <= names
    assert not {"one-two", "two-one", f"{NAMES[side.other]}-gateway", f"{NAMES[side.other]}-gateway-ip"} & names
    assert run.place.azure.vnets[vnet_id(NAMES[side])].subnet(GATEWAY_SUBNET) is not None
    assert run.refused == [], "what Azure lists needs no refusal to be known"


def test_an_incoming_connection_of_a_stranger_keeps_the_gateway_too() -> None:
    azure = two_vnets().with_vnet("far", "10.9.0.0/16").with_gateway("gw-far", vnet_id("far"))
    run = connected(azure=azure)
    run.place.azure = run.place.azure.with_link("theirs", gateway_id("gw-far"), gateway_id("one-gateway"), "theirs")
    run.delete()
    assert run.released
    assert gateway_id("one-gateway") in run.place.azure.gateways
    assert gateway_id("two-gateway") not in run.place.azure.gateways
    assert len(run.refused) == 1, "nothing but a refusal can tell"


def hub() -> VpnAzure:
    return two_vnets().with_vnet("three", "10.3.0.0/16")


def beside(first: Run, wanted: WantedVpnSide = FOUND, name: str = "second") -> Run:
    """Another object that connects the first one's VNet 1 with a third VNet, in the same Azure."""
    second = Run(first.place, pair_of(wanted, MADE, name=name, vnets=("one", "three")))
    first.others, second.others, second.strangers = [second], [first], first.strangers
    return second


HEIRS = pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(FOUND, id="finds it"),
        pytest.param(WantedVpnSide(gateway=gateway_id("one-gateway")), id="names it"),
        pytest.param(MADE, id="would make it"),
    ],
)


@HEIRS
@pytest.mark.parametrize("first_side", [MADE, ACTIVE_ACTIVE])
def test_two_objects_share_a_gateway_and_the_last_one_takes_it_away(
    wanted: WantedVpnSide, first_side: WantedVpnSide
) -> None:
    first = connected(azure=hub(), one=first_side)
    second = beside(first, wanted)
    second.rest()
    assert second.connected
    assert len(first.place.azure.gateways) == 3

    first.delete()
    assert first.released
    assert gateway_id("one-gateway") in first.place.azure.gateways
    assert gateway_id("two-gateway") not in first.place.azure.gateways
    tags = dict(first.place.azure.gateways[gateway_id("one-gateway")].tags)
    assert tags["vnetlink-owner"] == "here/VpnConnectionPair/team/second"

    first.place.log.clear()
    second.rest()
    assert second.connected
    (record,) = [action.record for _, action in second.place.log if isinstance(action, Record)]
    taken = {slot.role for slot, part in record.parts.items() if slot.side is Side.VNET1 and slot.role is not Role.LINK}
    addresses = {Role.PUBLIC_IP, Role.PUBLIC_IP_2} if first_side is ACTIVE_ACTIVE else {Role.PUBLIC_IP}
    assert taken == {Role.GATEWAY, Role.GATEWAY_SUBNET, *addresses}
    assert all(part.origin is Origin.CREATED for part in record.parts.values())

    second.delete()
    assert second.released
    assert everything(second.place.azure) == {vnet_id("one"), vnet_id("two"), vnet_id("three")}


@settings(max_examples=60, deadline=None)
@given(crashes, crashes, st.sampled_from([FOUND, MADE]))
def test_a_gateway_is_handed_on_whatever_crashes_and_nothing_is_left_in_the_end(
    crashing: dict[int, Crash], later: dict[int, Crash], wanted: WantedVpnSide
) -> None:
    first = connected(azure=hub())
    second = beside(first, wanted)
    second.rest()
    first.crashes, second.crashes = crashing, {at + second.actions: crash for at, crash in later.items()}
    first.delete()
    second.rest()
    assert second.connected
    second.delete()
    assert everything(second.place.azure) == {vnet_id("one"), vnet_id("two"), vnet_id("three")}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.integers(0, 12), st.integers(0, 12), st.sampled_from([FOUND, MADE]))
def test_two_objects_that_share_a_gateway_may_both_be_deleted_at_any_moment(
    before: int, between: int, after: int, wanted: WantedVpnSide
) -> None:
    first = Run(Place(hub()), pair_of())
    second = beside(first, wanted)
    while wanted is MADE and gateway_id("one-gateway") not in first.place.azure.gateways:
        step(first)  # two objects that make the same gateway at the same moment do not know of each other
    for _ in range(before):
        for run in (first, second):
            run.turn()
        first.place.pass_time()
    first.pair = replace(first.pair, meta=replace(first.pair.meta, deleting=True))
    for _ in range(between):
        for run in (first, second):
            if not run.released:
                run.turn()
        first.place.pass_time()
    for _ in range(after):
        second.turn()
        first.place.pass_time()
    second.pair = replace(second.pair, meta=replace(second.pair.meta, deleting=True))
    for _ in range(TURNS):
        for run in (first, second) if before % 2 else (second, first):
            if not run.released:
                run.turn()
        first.place.pass_time()
    assert first.released
    assert second.released
    while not first.place.azure.quiet:
        first.place.pass_time()
    assert everything(first.place.azure) == {vnet_id("one"), vnet_id("two"), vnet_id("three")}


def test_a_forgotten_heir_leaves_the_gateway_with_its_first_owner() -> None:
    first = connected(azure=hub())
    second = beside(first)
    second.rest()
    second.delete()
    assert second.released
    assert gateway_id("one-gateway") in first.place.azure.gateways
    first.delete()
    assert everything(first.place.azure) == {vnet_id("one"), vnet_id("two"), vnet_id("three")}


def test_an_heir_that_is_deleted_before_it_knew_takes_away_what_it_was_given() -> None:
    first = connected(azure=hub())
    second = beside(first)
    second.rest()
    first.delete()
    assert first.released
    second.delete()
    assert everything(second.place.azure) == {vnet_id("one"), vnet_id("two"), vnet_id("three")}


@pytest.mark.parametrize("knew", [True, False])
def test_an_heir_lets_go_once_of_a_gateway_that_somebody_else_uses(knew: bool) -> None:
    first = connected(azure=hub().with_vnet("far", "10.9.0.0/16").with_gateway("gw-far", vnet_id("far")))
    second = beside(first)
    second.rest()
    first.delete()
    if knew:
        second.rest()
    gateway = gateway_id("one-gateway")
    second.place.azure = second.place.azure.with_link("strangers", gateway, gateway_id("gw-far"), "theirs")
    second.delete()
    assert second.released
    assert gateway in second.place.azure.gateways
    assert gateway_id("three-gateway") not in second.place.azure.gateways
