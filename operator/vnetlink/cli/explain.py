"""`explain VNET1 VNET2`: are these two connected, and if not why? The operator's own diagnosis, without any object."""

from __future__ import annotations

import json
import time
from asyncio import gather
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from types import SimpleNamespace
from typing import Any, TypeAlias, cast

from vnetlink.azure.arm import Arm
from vnetlink.cli.zones import names
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.kinds import PEERING_PAIRS, VPN_CONNECTION_PAIRS
from vnetlink.domain.observed import ListedConnection, ObservedVnet
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import (
    AdoptionPolicy,
    End,
    Lifecycle,
    ManagementPolicy,
    ObjectKey,
    ObjectMeta,
    PeeringPair,
    PeeringPairSpec,
    VpnConnectionPair,
    VpnConnectionPairSpec,
    WantedPeering,
)
from vnetlink.domain.vpn import SecretKeyRef, WantedSharedKey, WantedVpnSide
from vnetlink.kinds.diagnosis import findings_of
from vnetlink.kinds.peering import PEERING
from vnetlink.kinds.vpn import VPN
from vnetlink.kube.fields import instant
from vnetlink.memory import Memory
from vnetlink.planning.ages import Ages
from vnetlink.planning.peering.pair import plan_pair
from vnetlink.planning.peering.seen_status import state
from vnetlink.planning.peering.world import Half, PairWorld, halves
from vnetlink.planning.plan import Finding, Plan
from vnetlink.planning.vpn.pair import plan_pair as plan_tunnel
from vnetlink.planning.vpn.seen_status import states as states_of_object
from vnetlink.planning.vpn.world import VpnWorld
from vnetlink.ports import Ports

NOW = Ages(timedelta(0))
Beside: TypeAlias = tuple[tuple[Finding, ...], tuple[str, ...]]  # findings, and notes on what was not looked at
OBSERVING = Lifecycle(management=ManagementPolicy.OBSERVE)


class Answer(IntEnum):
    """The exit code: whether the two are connected."""

    CONNECTED = 0
    NOT_CONNECTED = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was found. `states` in the words of the columns 1->2 and 2->1, `notes`: what was not looked at."""

    answer: Answer
    states: PerSide[str]
    message: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    def as_json(self) -> str:
        """For programs; severities, ids and remedies as in status.findings."""
        rows = [one.as_row() for one in self.findings]
        shown: dict[str, Any] = {
            "connected": {Answer.CONNECTED: True, Answer.NOT_CONNECTED: False}.get(self.answer),
            "vnet1ToVnet2": self.states.vnet1,
            "vnet2ToVnet1": self.states.vnet2,
            "message": self.message,
            "findings": rows,
            "notes": list(self.notes),
        }
        return json.dumps(shown, indent=2)

    def as_text(self) -> str:
        """For people: the answer, then each finding with what to do."""
        lines = [f"1->2 {self.states.vnet1}, 2->1 {self.states.vnet2}: {self.message}"]
        for one in self.findings:
            lines += ["", f"{one.weight.value}: {one.reason.value}: {one.message}", f"  {one.advice}"]
        return "\n".join([*lines, *([""] if self.notes else []), *self.notes])


async def explain(arm: Arm, identity: Identity, vnets: PerSide[VnetId]) -> Explanation:
    """Both VNets, what joins them, and what stands between them. Reads only."""
    ports, memory = looking(arm)
    granted = PerSide(identity, identity)
    world = await PEERING.read(ports, observing(vnets), granted, memory, NOW)
    if not any(half.peering for half in halves(observing(vnets), world)) and all(map(_has_gateway, world.vnets)):
        tunnel = await _tunnel(arm, ports, vnets, granted, memory)
        if tunnel is not None:
            return tunnel
    pair = as_found(observing(vnets), world)
    plan, both = plan_pair(pair, world), halves(pair, world)
    states = PerSide.of(lambda side: state(both, side))
    return _explained(states, plan, plan.findings, await _beside(arm, memory, granted, world.vnets, states))


async def _beside(
    arm: Arm,
    memory: Memory,
    granted: PerSide[Identity],
    vnets: PerSide[Seen[ObservedVnet]],
    states: PerSide[str],
    tunnelled: bool = False,
) -> Beside:
    """Of two that are connected: traffic as for an object, but with each rule and route, as no flows can be asked for here;
    and names, which objects do not ask for, as that is a request for each zone."""
    one, two = vnets
    if _answer(states) is not Answer.CONNECTED or not isinstance(one, Present) or not isinstance(two, Present):
        return (), ()
    traffic, (unresolved, notes) = await gather(
        findings_of(arm, memory, granted, vnets, NOW.calm, tunnelled, each=True),
        names(arm, granted.vnet1, PerSide(one.value.id, two.value.id)),
    )
    return (*traffic, *unresolved), notes


async def _tunnel(
    arm: Arm, ports: Ports, vnets: PerSide[VnetId], granted: PerSide[Identity], memory: Memory
) -> Explanation | None:
    """The same for two VNets whose gateways are connected; None where nothing joins those."""
    pair = tunnel(vnets)
    world = await VPN.read(ports, pair, granted, memory, NOW)
    states = tunnel_states(pair, world)
    if set(states) == {"Missing"}:
        return None
    pair = tunnel_as_found(pair, world)
    plan = plan_tunnel(pair, world)
    if plan.verdict.reason is Reason.DRIFTED:  # two ends that differ; nobody asked for either's options
        plan = replace(plan, verdict=replace(plan.verdict, message="Both connections are there."))
    beside = await _beside(arm, memory, granted, world.vnets, states, tunnelled=True)
    return _explained(states, plan, tunnel_findings(plan), beside)


def looking(azure: object) -> tuple[Ports, Memory]:
    """The ways out that reading without an object needs, and the memory of nothing."""
    ports = SimpleNamespace(azure=azure, secrets=_NoSecrets(), monotonic=time.monotonic, now=lambda: datetime.now(UTC))
    return cast(Ports, ports), Memory("", (0, "", "", False), time.monotonic())


class _NoSecrets:
    """No object, hence no Secret: the two ends' keys are compared with each other alone."""

    async def read(self, pair: ObjectMeta, ref: SecretKeyRef) -> None:
        """Not asked for."""

    async def read_previous(self, pair: ObjectMeta) -> Absent:
        """None is kept."""
        return Absent()


def _has_gateway(seen: Seen[ObservedVnet]) -> bool:
    return isinstance(seen, Present) and bool(seen.value.gateway_ids)


def _explained(states: PerSide[str], plan: Plan, found: Iterable[Finding], beside: Beside) -> Explanation:
    """The verdict on an observing object offers to manage it. Here there is none, and the findings say what to do by hand."""
    answer, findings = _answer(states), tuple(dict.fromkeys((*found, *beside[0])))
    message = "Not connected." if answer is Answer.NOT_CONNECTED and findings else plan.verdict.message
    return Explanation(answer, states, message, findings, beside[1])


def observing(vnets: PerSide[VnetId]) -> PeeringPair:
    """A pair that nobody asked for, to be looked at as an observing object is."""
    key = ObjectKey(PEERING_PAIRS, "", "explain")
    meta = ObjectMeta(key, "", 0, "", instant(""))
    return PeeringPair(meta, PeeringPairSpec(vnets.map(End), lifecycle=OBSERVING), OwnershipRecord("", ""))


def tunnel(vnets: PerSide[VnetId]) -> VpnConnectionPair:
    """As `observing`, for two VNets whose gateways are connected."""
    meta = replace(observing(vnets).meta, key=ObjectKey(VPN_CONNECTION_PAIRS, "", "explain"))
    sides, key = PerSide(WantedVpnSide(), WantedVpnSide()), WantedSharedKey(SecretKeyRef(""))
    lifecycle = replace(OBSERVING, adoption=AdoptionPolicy.ALWAYS)
    spec = VpnConnectionPairSpec(vnets.map(End), sides, key, lifecycle=lifecycle)
    return VpnConnectionPair(meta, spec, OwnershipRecord("", ""))


def tunnel_as_found(pair: VpnConnectionPair, world: VpnWorld) -> VpnConnectionPair:
    """With the options of the connection that is there, those of VNet 1 where both are."""
    one, two = world.sides.map(lambda side: side.connection)
    found = one.value.options if isinstance(one, Present) else None
    found = found or (two.value.options.counterpart if isinstance(two, Present) else pair.spec.options)
    return replace(pair, spec=replace(pair.spec, options=found))


def tunnel_states(pair: VpnConnectionPair, world: VpnWorld) -> PerSide[str]:
    """As an object's columns; but nobody named a connection, so none is missing before the gateway's own list was read."""
    shown = states_of_object(pair, world)
    return PerSide.of(lambda side: _known(shown[side], world.sides[side].connections))


def _known(state: str, listed: Seen[tuple[ListedConnection, ...]]) -> str:
    return "Unknown" if state == "Missing" and isinstance(listed, Unreadable) else state


def tunnel_findings(plan: Plan) -> tuple[Finding, ...]:
    """Without those about options that nobody asked for."""
    return tuple(one for one in plan.findings if one.reason is not Reason.DRIFTED)


def as_found(pair: PeeringPair, world: PairWorld) -> PeeringPair:
    """With the options that Azure shows: nobody asked for others, so none are wrong."""
    both = halves(pair, world)
    found = PerSide.of(lambda side: WantedPeering(_options(both[side])))
    return replace(pair, spec=replace(pair.spec, peerings=found))


def _options(half: Half) -> PeeringOptions:
    return half.peering.options if half.peering is not None else PeeringOptions()


def _answer(states: PerSide[str]) -> Answer:
    if "Unknown" in set(states):
        return Answer.UNKNOWN
    return Answer.CONNECTED if set(states) == {"Connected"} else Answer.NOT_CONNECTED
