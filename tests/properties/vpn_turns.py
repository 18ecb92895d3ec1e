"""Turns of VpnConnectionPairs over the modelled Azure, with crashes wherever a test wants them. For property tests only.

What is read in a turn, and in which order, is as in vnetlink.kinds.vpn; every choice there is planning's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from properties.vpn_azure_model import FORBIDDEN, UP, Vault, VpnAzure, vnet_id
from vnetlink.domain.arm_id import ArmId, ConnectionId, GatewayId, SubnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedConnection, ObservedGateway, ObservedPublicIp
from vnetlink.domain.outcome import Absent, Later, Present, Refused, Seen
from vnetlink.domain.ownership import Origin, OwnershipRecord, Role, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import (
    End,
    Lifecycle,
    ManagementPolicy,
    ObjectKey,
    ObjectMeta,
    VpnConnectionPair,
    VpnConnectionPairSpec,
)
from vnetlink.domain.vpn import GatewayCreation, OnFailure, SecretKeyRef, WantedSharedKey, WantedVpnSide
from vnetlink.planning import ownership
from vnetlink.planning.actions import (
    Action,
    DeletePart,
    PatchTags,
    PutConnection,
    PutGateway,
    PutSharedKey,
    Record,
    ReleaseFinalizer,
    SecretAction,
    VpnAction,
)
from vnetlink.planning.plan import Plan
from vnetlink.planning.tags import HANDED_OVER, OWNER, owner_tag
from vnetlink.planning.vpn import deletion, guards, naming
from vnetlink.planning.vpn import reads as vpn_reads
from vnetlink.planning.vpn.pair import plan_pair
from vnetlink.planning.vpn.world import SeenSide, VpnWorld

OPERATOR = Identity("operator", "tenant")
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=20)  # from turn to turn
VERIFY = timedelta(seconds=60)
TURNS = 150
PATIENCE = 8  # turns without a write after which nothing more is expected: longer than VERIFY

MADE = WantedVpnSide(creation=GatewayCreation())
FOUND = WantedVpnSide()
VAULT, LIFECYCLE = Vault(), Lifecycle()


class Crash(Enum):
    """BEFORE: the process ends before the action. AFTER: it took effect, and nobody was told. LATER: no answer, no end."""

    BEFORE = auto()
    AFTER = auto()
    LATER = auto()


@dataclass
class Place:
    """One Azure and one clock, shared by all objects in it."""

    azure: VpnAzure
    clock: datetime = BEGAN
    log: list[tuple[str, Action]] = field(default_factory=list)

    def pass_time(self) -> None:
        self.azure, self.clock = self.azure.tick(), self.clock + STEP

    @property
    def writes(self) -> list[VpnAction]:
        return [action for _, action in self.log if isinstance(action, VpnAction)]

    def written(self, kind: type) -> list[VpnAction]:
        return [action for action in self.writes if isinstance(action, kind)]


class Run:
    """One object. `blind`: without the right to read keys. `crashes`: what happens at the n-th action of all."""

    def __init__(
        self,
        place: Place,
        pair: VpnConnectionPair,
        vault: Vault = VAULT,
        blind: bool = False,
        crashes: Mapping[int, Crash] | None = None,
    ) -> None:
        self.place, self.pair, self.vault, self.blind = place, pair, vault, blind
        self.crashes = dict(crashes or {})
        self.others: list[Run] = []
        self.refusals: dict[Slot, Refused] = {}
        self.refused: list[tuple[VpnAction, Refused]] = []
        self.waiting_since: datetime | None = None
        self.released = False
        self.withdrawn = False  # the right to manage Secrets is lost on the way
        self.actions = 0
        self.strangers = frozenset(everything(place.azure))

    # -- until nothing is left to do

    def rest(self) -> Plan:
        still, plan = 0, None
        for _ in range(TURNS):
            plan = self.turn()
            self.place.pass_time()
            if self.released:
                return plan
            still = still + 1 if not plan.actions and self.place.azure.quiet else 0
            calm = not plan.verdict.progressing and not plan.waiting
            if still > (2 if calm else PATIENCE):
                return plan
        raise AssertionError(f"does not come to rest: {self.place.log[-12:]}, {plan}")

    def turn(self) -> Plan:
        world = self.world()
        deleting = self.pair.meta.deleting
        plan = deletion.plan_deletion(self.pair, world) if deleting else plan_pair(self.pair, world)
        assert guards.allow(plan, self.pair, world) == plan, "the guards had to stop the planner"
        assert sum(isinstance(action, VpnAction) for action in plan.actions) <= 1
        assert not plan.actions or not any(isinstance(a, VpnAction) for a in plan.actions[:-1]), "nothing after a write"
        self.waiting_since = (self.waiting_since or self.place.clock) if plan.waiting else None
        for action in plan.actions:
            if not self.act(action):
                break
        return plan

    def delete(self) -> Plan | None:
        """A person deletes the object; None: it went without a look at Azure."""
        self.pair = replace(self.pair, meta=replace(self.pair.meta, deleting=True))
        self.crash()
        if not deletion.needs_azure(self.pair):
            self.released = True
            return None
        return self.rest()

    def crash(self) -> None:
        self.refusals, self.waiting_since = {}, None

    # -- one action

    def act(self, action: Action) -> bool:
        """Carry it out; False: the turn ends here."""
        self.actions += 1
        crash = self.crashes.get(self.actions)
        if crash is Crash.BEFORE:
            self.crash()
            return False
        going_on = self._do(action, crash)
        if crash is Crash.AFTER:
            self.crash()
        return going_on and crash is None

    def _do(self, action: Action, crash: Crash | None) -> bool:
        match action:
            case Record(record):
                loaded = OwnershipRecord.load(record.dump(), record.installation, record.owner, ConnectionId)
                assert loaded == record, "what is recorded is read again as it was"
                self.place.log.append((str(self.pair.meta.key), action))
                self.pair = replace(self.pair, record=record, meta=replace(self.pair.meta, finalizer=True))
                return True
            case ReleaseFinalizer():
                self.released = True
                return True
            case _ if isinstance(action, SecretAction):
                self.place.log.append((str(self.pair.meta.key), action))
                self.vault, written = self.vault.perform(action)
                assert written or self.withdrawn, f"{action} was refused"
                return written
            case _ if isinstance(action, VpnAction):
                self._write(action, crash)
                return True
            case _:
                raise AssertionError(f"{action} is nothing that a VpnConnectionPair does")

    def _write(self, action: VpnAction, crash: Crash | None) -> None:
        self._check(action)
        self.place.log.append((str(self.pair.meta.key), action))
        self.place.azure, outcome = self.place.azure.perform(action)
        assert not isinstance(outcome, Later), f"{action} was sent to something busy"
        if isinstance(outcome, Refused):
            self.refused.append((action, outcome))
        if crash is not None:
            outcome = Later(Reason.AZURE_UNREACHABLE, "no answer")
            if crash is Crash.AFTER:
                return
        if isinstance(outcome, Refused):
            self.refusals[action.slot] = outcome
        self.pair = replace(self.pair, record=ownership.after(self.pair.record, action, outcome))

    def _check(self, action: VpnAction) -> None:
        """Apart from guards.py, and in other words: what a write must never do."""
        part = self.pair.record.parts.get(action.slot)
        assert part is not None, f"{action} is not recorded"
        assert part.id == action.id, f"{action} is recorded as {part}"
        assert self.pair.spec.ends[action.slot.side].management is ManagementPolicy.MANAGE
        assert not action.creates or action.id not in everything(self.place.azure), "created is only what is not there"
        if action.id in self.strangers:
            assert part.origin is Origin.ADOPTED
            assert action.slot.role is Role.LINK
            assert isinstance(action, PutConnection | PutSharedKey | DeletePart)
        if isinstance(action, PutGateway) and not action.creates:
            assert part.origin is Origin.CREATED
        if isinstance(action, DeletePart | PatchTags):
            assert self.pair.meta.deleting
            azure = self.place.azure
            tagged: list[ObservedGateway | ObservedPublicIp] = [*azure.gateways.values(), *azure.addresses.values()]
            there = next((one for one in tagged if one.id == action.id), None)
            mine = owner_tag("here", self.pair.meta.key)
            owners = {dict(there.tags).get(tag) for tag in (OWNER, HANDED_OVER)} if there else {mine}
            assert mine in owners, "its tag names somebody else"

    # -- what is read

    def world(self) -> VpnWorld:
        sides = self._sides()
        deleting = self.pair.meta.deleting
        secret = None if deleting else self.vault.secret
        previous = Absent() if deleting else self.vault.kept
        asked = vpn_reads.asks_for_rights(self.pair, secret, previous, [side.key for side in sides])
        return VpnWorld(
            sides=sides,
            identities=PerSide(OPERATOR, OPERATOR),
            secret=secret,
            previous=previous,
            manages_secrets=asked and self.vault.manages,
            asked_for_secrets=asked,
            now=self.place.clock,
            refusals=dict(self.refusals),
            busy_for=self.place.clock - (self.waiting_since or self.place.clock),
        )

    def _sides(self) -> PerSide[SeenSide]:
        pair, azure = self.pair, self.place.azure
        vnets = PerSide.of(lambda side: azure.vnet(pair.spec.ends[side].id))
        known = vnets.map(lambda vnet: vnet.value if isinstance(vnet, Present) else None)
        gateways = PerSide.of(lambda side: {id: azure.gateway(id) for id in naming.candidates(pair, side, known[side])})
        chosen = PerSide.of(lambda side: naming.chosen_gateway(pair, side, known[side], gateways[side]))
        seen = PerSide.of(lambda side: vpn_reads.gateway_as_seen(chosen[side], vnets[side], gateways[side]))

        def side_of(side: Side) -> SeenSide:
            near, far = chosen[side], chosen[side.other]
            ids = vpn_reads.addresses_to_read(pair, side, near, seen[side])
            addresses = tuple((id, azure.address(id)) for id in ids)
            listed = vpn_reads.connections_unasked(seen[side])
            if listed is None:
                listed = azure.connections_of(near) if near is not None else Absent()
            id = naming.connection_id(pair, side, near, far, listed.value if isinstance(listed, Present) else ())
            connection: Seen[ObservedConnection] = (
                azure.connection(id) if id is not None else vpn_reads.connection_unnamed(seen[side])
            )
            asks = id is not None and vpn_reads.asks_for_key(pair, connection)
            zones = vpn_reads.asks_for_zones(pair, side, [address for _, address in addresses])
            return SeenSide(
                vnet=vnets[side],
                gateway_id=near,
                gateway=seen[side],
                addresses=addresses,
                connections=listed,
                connection_id=id,
                connection=connection,
                key=self._key(id) if asks and id is not None else None,
                zones=Present(azure.zones) if zones else vpn_reads.USUAL_ZONES,
                rivals=vpn_reads.other_gateways(near, vnets[side], gateways[side]),
                heir=self._heir(side),
                leaving=self._leaving(near),
            )

        return PerSide.of(side_of)

    def _key(self, id: ConnectionId) -> Seen[SharedKey]:
        return FORBIDDEN if self.blind else self.place.azure.key(id)

    def _heir(self, side: Side) -> str:
        part = self.pair.record.part(side, Role.GATEWAY)
        if part is None or not vpn_reads.asks_for_heir(self.pair, side):
            return ""
        vnet = self.pair.spec.ends[side].id
        for other in self.others:
            if not other.released and vpn_reads.inherits(other.pair, vnet, part.id):  # type: ignore[arg-type]
                return owner_tag("here", other.pair.meta.key)
        return ""

    def _leaving(self, gateway: GatewayId | None) -> tuple[ConnectionId, ...]:
        """Of the others that are being deleted, what they still have to take away from this gateway."""
        if gateway is None or not self.pair.meta.deleting:
            return ()
        others = [other.pair for other in self.others if other.pair.meta.deleting and not other.released]
        parts = [deletion.to_delete(other, Slot(side)) for other in others for side in Side]
        ids = [part.id for part in parts if part is not None and isinstance(part.id, ConnectionId)]
        links = {id: self.place.azure.connection(id) for id in ids}
        return tuple(
            id
            for id, seen in links.items()
            if isinstance(seen, Present) and gateway in (seen.value.near, seen.value.far)
        )

    # -- what can be said of it

    @property
    def links(self) -> PerSide[ConnectionId | None]:
        return self._sides().map(lambda side: side.connection_id)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the connections that are there, side by side."""
        links = self.place.azure.links
        return tuple(links[id].key for id in self.links if id is not None and id in links)

    @property
    def connected(self) -> bool:
        links = self.place.azure.links
        return all(id is not None and id in links and links[id].seen.status == UP for id in self.links)


def everything(azure: VpnAzure) -> set[ArmId]:
    subnets = {SubnetId(vnet.id, subnet.name) for vnet in azure.vnets.values() for subnet in vnet.subnets}
    return {*azure.vnets, *azure.addresses, *azure.gateways, *azure.links, *subnets}


def two_vnets(**different: object) -> VpnAzure:
    azure = VpnAzure(**different)  # type: ignore[arg-type]
    return azure.with_vnet("one", "10.1.0.0/16").with_vnet("two", "10.2.0.0/16")


def pair_of(
    one: WantedVpnSide = MADE,
    two: WantedVpnSide = MADE,
    *,
    name: str = "pair",
    vnets: tuple[str, str] = ("one", "two"),
    lifecycle: Lifecycle = LIFECYCLE,
    on_failure: OnFailure = OnFailure.ROLLBACK,
    generate: bool = False,
) -> VpnConnectionPair:
    key = ObjectKey("vpnconnectionpairs", "team", name)
    return VpnConnectionPair(
        ObjectMeta(key, f"uid-{name}", 1, "1", BEGAN),
        VpnConnectionPairSpec(
            ends=PerSide(*(End(vnet_id(vnet)) for vnet in vnets)),
            vpn=PerSide(one, two),
            shared_key=WantedSharedKey(SecretKeyRef("key"), generate, VERIFY, on_failure),
            lifecycle=lifecycle,
        ),
        OwnershipRecord("here", str(key)),
    )
