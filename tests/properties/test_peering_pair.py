"""From any legal world the planner reaches the goal and rests; it never acts on what it cannot read or does not own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from properties.azure_model import IDS, Azure
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedPeering, PeeringState, Provisioning, SyncLevel
from vnetlink.domain.outcome import Absent, Accepted, Present, Refused, Seen, Unreadable
from vnetlink.domain.ownership import Origin, OwnershipRecord, Slot
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import (
    AdoptionPolicy,
    DeletionPolicy,
    End,
    Lifecycle,
    ManagementPolicy,
    ObjectKey,
    ObjectMeta,
    PeeringPair,
    PeeringPairSpec,
    RepairDisconnected,
    WantedPeering,
)
from vnetlink.planning import ownership
from vnetlink.planning.actions import DeletePeering, PutPeering, Record, ReleaseFinalizer
from vnetlink.planning.peering.deletion import needs_azure, plan_deletion
from vnetlink.planning.peering.guards import allow
from vnetlink.planning.peering.pair import plan_pair
from vnetlink.planning.peering.world import PairWorld
from vnetlink.planning.plan import Plan, Truth

OPERATOR = Identity("operator", "tenant")
META = ObjectMeta(ObjectKey("peeringpairs", "team", "pair"), "uid", 1, "1", datetime(2026, 1, 1, tzinfo=UTC))
TURNS = 25

sides = st.sampled_from(list(Side))
flags = st.builds(
    PeeringOptions,
    allow_virtual_network_access=st.booleans(),
    allow_forwarded_traffic=st.booleans(),
    allow_gateway_transit=st.booleans(),
)
deeds = st.one_of(
    st.tuples(st.just("put"), sides, st.sampled_from(["by-hand", "one-two", "two-one"]), flags),
    st.tuples(st.just("delete"), sides),
    st.tuples(st.just("grow"), sides, st.sampled_from(["10.3.0.0/16", "10.4.0.0/16"])),
    st.tuples(st.just("recreate"), sides),
    st.tuples(st.just("gateway"), sides, st.booleans()),
    st.tuples(st.just("third"), sides, st.sampled_from(["10.9.0.0/16", "10.1.0.0/17", "10.2.0.0/17"])),
)


@st.composite
def worlds(draw: st.DrawFn) -> Azure:
    """Whatever a sequence of deeds by hand can lead to."""
    azure = Azure.new()
    for deed in draw(st.lists(deeds, max_size=8)):
        azure = did(azure, deed)
    return azure


def did(azure: Azure, deed: tuple) -> Azure:  # type: ignore[type-arg]
    match deed:
        case ("put", side, name, options):
            existing = azure.peering(side)
            return azure.put(side, existing.id.name if existing else name, options)[0]
        case ("delete", side):
            return azure.delete(side)
        case ("grow", side, prefix):
            return azure.grow(side, prefix)
        case ("recreate", side):
            return azure.recreate(side)
        case ("gateway", side, there):
            return azure.gateway(side, there)
        case (_, side, prefix):
            return azure.third(side, prefix)


@st.composite
def specs(draw: st.DrawFn) -> PeeringPairSpec:
    spoke = draw(st.none() | sides)

    def wanted(side: Side) -> WantedPeering:
        options = draw(flags)
        if spoke is side:
            options = replace(options, use_remote_gateways=True)
        elif spoke is not None:
            options = replace(options, allow_gateway_transit=True)
        return WantedPeering(options)

    return PeeringPairSpec(
        ends=PerSide(End(IDS.vnet1), End(IDS.vnet2)),
        peerings=PerSide.of(wanted),
        lifecycle=Lifecycle(
            adoption=draw(st.sampled_from(AdoptionPolicy)), deletion=draw(st.sampled_from(DeletionPolicy))
        ),
    )


def pair_of(spec: PeeringPairSpec) -> PeeringPair:
    return PeeringPair(META, spec, OwnershipRecord("installation", str(META.key)))


def seen(azure: Azure, refusals: dict[Slot, Refused] | None = None) -> PairWorld:
    vnets: PerSide[Seen] = azure.vnets.map(Present)  # type: ignore[type-arg]
    return PairWorld(vnets, PerSide(OPERATOR, OPERATOR), refusals or {})


class Run:
    """Turns until nothing is left to do. `killed_after`: the record's change after a write is lost, as by a kill -9."""

    def __init__(self, azure: Azure, pair: PeeringPair) -> None:
        self.azure, self.pair = azure, pair
        self.refusals: dict[Slot, Refused] = {}
        self.writes: list[PutPeering | DeletePeering] = []
        self.released = False

    def rest(self) -> Plan:
        for _ in range(TURNS):
            plan = self.turn()
            if not plan.actions:
                return plan
            if self.released:
                return plan
        raise AssertionError(f"does not come to rest: {self.writes}")

    def turn(self) -> Plan:
        world = seen(self.azure, self.refusals)
        deleting = self.pair.meta.deleting
        plan = plan_deletion(self.pair, world) if deleting else plan_pair(self.pair, world)
        assert allow(plan, self.pair, world) == plan, "the guards had to stop the planner"
        assert sum(isinstance(action, PutPeering | DeletePeering) for action in plan.actions) <= 1
        for action in plan.actions:
            self.act(action)
        return plan

    def act(self, action: object) -> None:
        match action:
            case Record(record):
                self.pair = replace(self.pair, record=record, meta=replace(self.pair.meta, finalizer=True))
            case ReleaseFinalizer():
                self.released = True
            case PutPeering() | DeletePeering():
                self.writes.append(action)
                self.azure, outcome = self.azure.perform(action)
                if isinstance(outcome, Refused):
                    self.refusals[action.slot] = outcome
                self.pair = replace(self.pair, record=ownership.after(self.pair.record, action, outcome))


EXPLAINED = {
    Reason.ADOPTION_REFUSED,
    Reason.OVERLAPS_WITH_PEERED_VNET,
    Reason.ADDRESS_SPACES_OVERLAP,
    Reason.LOCAL_GATEWAY_EXISTS,
}


@settings(max_examples=400, deadline=None)
@given(worlds(), specs())
def test_every_legal_start_reaches_the_goal_or_a_named_obstacle_and_rests(azure: Azure, spec: PeeringPairSpec) -> None:
    run = Run(azure, pair_of(spec))
    plan = run.rest()
    assert plan.verdict.ready is Truth.TRUE or plan.verdict.reason in EXPLAINED, plan.verdict
    assert not run.refusals, "preflight let something through that ARM refuses"
    if plan.verdict.ready is Truth.TRUE:
        for side in Side:
            peering = run.azure.peering(side)
            assert peering is not None
            assert (peering.state, peering.sync_level) == (PeeringState.CONNECTED, SyncLevel.FULLY_IN_SYNC)
            asked = spec.peerings[side].options.differences(peering.options)
            assert set(asked) <= ({"useRemoteGateways"} if plan.verdict.reason is Reason.WAITING_FOR_GATEWAY else set())
    elif plan.verdict.reason is Reason.ADOPTION_REFUSED:
        assert run.writes == [], "a refusal costs zero writes"


@settings(max_examples=200, deadline=None)
@given(worlds(), specs())
def test_a_world_without_obstacles_always_becomes_connected(azure: Azure, spec: PeeringPairSpec) -> None:
    assume(
        not any(
            vnet.has_gateway and spec.peerings[side].options.use_remote_gateways
            for side, vnet in zip(Side, azure.vnets, strict=True)
        )
    )
    assume(
        not any(
            vnet.peering_named(f"{vnet.id.name}-{other.name}-x")
            for vnet, other in ((azure.vnets.vnet1, IDS.vnet2), (azure.vnets.vnet2, IDS.vnet1))
        )
    )
    assume({"10.3.0.0/16", "10.4.0.0/16"}.isdisjoint(set(azure.vnets.vnet1.prefixes) & set(azure.vnets.vnet2.prefixes)))
    eager = replace(spec, lifecycle=replace(spec.lifecycle, adoption=AdoptionPolicy.ALWAYS))
    assert Run(azure, pair_of(eager)).rest().verdict.ready is Truth.TRUE


@settings(max_examples=200, deadline=None)
@given(worlds(), specs(), st.lists(deeds, min_size=1, max_size=4))
def test_whatever_is_done_by_hand_to_our_pair_is_repaired(azure: Azure, spec: PeeringPairSpec, by_hand: list) -> None:  # type: ignore[type-arg]
    eager = replace(spec, lifecycle=replace(spec.lifecycle, adoption=AdoptionPolicy.ALWAYS))
    run = Run(azure, pair_of(eager))
    assume(run.rest().verdict.ready is Truth.TRUE)
    for deed in by_hand:
        run.azure = did(run.azure, deed)
    plan = run.rest()
    assert plan.verdict.ready is Truth.TRUE or plan.verdict.reason in EXPLAINED, plan.verdict


@settings(max_examples=200, deadline=None)
@given(worlds(), specs(), sides, st.booleans())
def test_nothing_is_ever_written_while_a_vnet_cannot_be_read(
    azure: Azure, spec: PeeringPairSpec, blind: Side, transient: bool
) -> None:
    world = seen(azure)
    unreadable = Unreadable(Reason.AZURE_UNREACHABLE, "no answer", transient)
    for vnets in (
        world.vnets.put(blind, unreadable),
        PerSide(unreadable, unreadable),
        world.vnets.put(blind, Absent()),
    ):
        plan = plan_pair(pair_of(spec), replace(world, vnets=vnets))
        assert plan.actions == ()
        assert plan.verdict.ready is not Truth.TRUE


@settings(max_examples=200, deadline=None)
@given(worlds(), specs(), st.booleans())
def test_a_suspended_or_observing_object_writes_nothing_and_lists_what_it_would_write(
    azure: Azure, spec: PeeringPairSpec, suspend: bool
) -> None:
    lifecycle = replace(
        spec.lifecycle, suspend=suspend, management=ManagementPolicy.MANAGE if suspend else ManagementPolicy.OBSERVE
    )
    watching, doing = pair_of(replace(spec, lifecycle=lifecycle)), pair_of(spec)
    plan = plan_pair(watching, seen(azure))
    assert plan.actions == ()
    would_write = [a for a in plan_pair(doing, seen(azure)).actions if isinstance(a, PutPeering | DeletePeering)]
    assert [planned.id for planned in plan.planned[:1]] == [str(action.id) for action in would_write]


@settings(max_examples=300, deadline=None)
@given(worlds(), specs(), st.lists(deeds, max_size=4))
def test_deletion_takes_exactly_what_is_recorded_as_ours_and_then_lets_go(
    azure: Azure, spec: PeeringPairSpec, by_hand: list
) -> None:  # type: ignore[type-arg]
    run = Run(azure, pair_of(spec))
    run.rest()
    for deed in by_hand:
        run.azure = did(run.azure, deed)
    before, record = run.azure, run.pair.record
    run.pair = replace(run.pair, meta=replace(run.pair.meta, deleting=True, finalizer=True))
    run.writes.clear()
    if needs_azure(run.pair):
        run.rest()
        assert run.released
    taken = {write.side for write in run.writes}
    assert all(isinstance(write, DeletePeering) for write in run.writes)
    for side in Side:
        part, there = record.part(side), before.peering(side)
        ours = part is not None and there is not None and part.id == there.id
        policy = spec.lifecycle.deletion
        doomed = ours and (
            policy is DeletionPolicy.DELETE_ALL
            or (policy is DeletionPolicy.DELETE_CREATED and part.origin is Origin.CREATED)
        )  # type: ignore[union-attr]
        assert (side in taken) == doomed
    users = [w.side for w in run.writes if (p := before.peering(w.side)) is not None and p.options.use_remote_gateways]
    assert not users or run.writes[0].side in users, "the side that uses the other's gateway goes first"


@settings(max_examples=200, deadline=None)
@given(specs(), flags)
def test_a_half_that_somebody_makes_between_our_two_writes_is_theirs(
    spec: PeeringPairSpec, options: PeeringOptions
) -> None:
    run = Run(Azure.new(), pair_of(spec))
    run.turn()
    theirs = run.writes[0].side.other
    run.azure, answer = run.azure.put(theirs, f"{IDS[theirs].name}-{IDS[theirs.other].name}", options)
    assume(answer == Accepted(created=True))
    run.rest()
    part = run.pair.record.part(theirs)
    assert part is None or part.origin is Origin.ADOPTED
    assert spec.lifecycle.adoption is not AdoptionPolicy.NEVER or part is None


@settings(max_examples=200, deadline=None)
@given(specs(), st.integers(0, 1), st.booleans())
def test_a_kill_before_or_after_either_write_takes_no_half_from_us(
    spec: PeeringPairSpec, turns: int, written: bool
) -> None:
    run = Run(Azure.new(), pair_of(spec))
    for _ in range(turns):
        run.turn()
    for action in plan_pair(run.pair, seen(run.azure)).actions:
        if isinstance(action, Record):
            run.act(action)
        elif written:
            run.azure, _ = run.azure.perform(action)  # type: ignore[arg-type]
    run.rest()
    origins = {part.origin for part in run.pair.record.parts.values()}
    assert origins == {Origin.CREATED}
    assert len(run.pair.record.parts) == 2


@settings(max_examples=100, deadline=None)
@given(worlds(), specs())
def test_with_repair_switched_off_nothing_is_deleted(azure: Azure, spec: PeeringPairSpec) -> None:
    run = Run(azure, pair_of(replace(spec, repair=RepairDisconnected.NEVER)))
    run.rest()
    assert not any(isinstance(write, DeletePeering) for write in run.writes)
    assert not run.refusals, "ARM refuses the reverse of a Disconnected peering"


@settings(max_examples=200, deadline=None)
@given(specs(), st.booleans())
def test_from_nothing_two_writes_are_enough_whether_or_not_a_gateway_is_used(
    spec: PeeringPairSpec, gateway: bool
) -> None:
    azure = Azure.new()
    for side in Side:
        azure = azure.gateway(
            side,
            gateway
            and spec.peerings[side].options.allow_gateway_transit
            and not spec.peerings[side].options.use_remote_gateways,
        )
    run = Run(azure, pair_of(spec))
    assume(run.rest().verdict.ready is Truth.TRUE)
    assert len(run.writes) == 2


@settings(max_examples=300, deadline=None)
@given(specs(), specs(), st.lists(deeds, max_size=2))
def test_an_edit_leads_from_one_spec_to_the_other_in_an_order_that_azure_accepts(
    before: PeeringPairSpec,
    after: PeeringPairSpec,
    by_hand: list,  # type: ignore[type-arg]
) -> None:
    azure = Azure.new().gateway(Side.VNET1, True)
    run = Run(azure, pair_of(before))
    assume(run.rest().verdict.ready is Truth.TRUE)
    for deed in by_hand:
        run.azure = did(run.azure, deed)
    run.pair = replace(run.pair, spec=after)
    plan = run.rest()
    assert not run.refusals
    assert plan.verdict.ready is Truth.TRUE or plan.verdict.reason in EXPLAINED, plan.verdict


@settings(max_examples=300, deadline=None)
@given(worlds(), specs(), sides)
def test_a_side_refused_for_want_of_a_gateway_is_written_again_only_without_asking_for_one(
    azure: Azure, spec: PeeringPairSpec, side: Side
) -> None:
    eager = replace(spec, lifecycle=replace(spec.lifecycle, adoption=AdoptionPolicy.ALWAYS))
    refused = Refused(Reason.REMOTE_HAS_NO_GATEWAY, "RemoteVnetHasNoGateways", "no gateway")
    plan = plan_pair(pair_of(eager), seen(azure, {Slot(side): refused}))
    for action in plan.actions:
        if isinstance(action, PutPeering) and action.side is side:
            assert spec.peerings[side].options.use_remote_gateways
            assert not action.options.use_remote_gateways


@settings(max_examples=200, deadline=None)
@given(worlds(), specs(), sides, st.sampled_from(["unreadable", "absent", "busy", "as it is"]))
def test_what_is_recorded_as_ours_never_stands_without_the_finalizer(
    azure: Azure, spec: PeeringPairSpec, side: Side, how: str
) -> None:
    run = Run(azure, pair_of(spec))
    run.rest()
    assume(run.pair.record.parts)
    stripped = replace(run.pair, meta=replace(run.pair.meta, finalizer=False))
    vnet = run.azure.vnets[side]
    there: Seen = {  # type: ignore[type-arg]
        "unreadable": Unreadable(Reason.AUTHORIZATION_FAILED, "403", transient=False),
        "absent": Absent(),
        "busy": Present(replace(vnet, provisioning=Provisioning.UPDATING)),
        "as it is": Present(vnet),
    }[how]
    world = seen(run.azure)
    plan = plan_pair(stripped, replace(world, vnets=world.vnets.put(side, there)))
    assert isinstance(plan.actions[0], Record)
    assert plan.actions[0].record.parts.keys() >= run.pair.record.parts.keys()


def test_a_vnet_named_like_a_peering_of_the_network_manager_can_be_peered() -> None:
    other = VnetId.parse(str(IDS.vnet1).removesuffix("one") + "anm_one")
    azure = Azure.new()
    world = replace(
        seen(azure), vnets=PerSide(Present(replace(azure.vnets.vnet1, id=other)), Present(azure.vnets.vnet2))
    )
    pair = pair_of(PeeringPairSpec(ends=PerSide(End(other), End(IDS.vnet2))))
    recording, making = plan_pair(pair, world).actions
    assert isinstance(recording, Record)
    assert isinstance(making, PutPeering)

    made = ObservedPeering(
        making.id,
        IDS.vnet2,
        PeeringState.INITIATED,
        SyncLevel.REMOTE_NOT_IN_SYNC,
        Provisioning.SUCCEEDED,
        making.options,
        azure.vnets.vnet2.prefixes,
    )
    half_made = replace(
        world, vnets=world.vnets.put(Side.VNET1, Present(replace(azure.vnets.vnet1, id=other, peerings=(made,))))
    )
    assert plan_pair(pair, half_made).verdict.reason is Reason.MANAGED_BY_NETWORK_MANAGER, "not ours: left alone"
    _, second = plan_pair(replace(pair, record=recording.record, meta=replace(META, finalizer=True)), half_made).actions
    assert isinstance(second, PutPeering)
    assert second.side is Side.VNET2
