"""`explain VNET1 VNET2`: are these two connected, and if not why? The operator's own diagnosis, without any object."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import IntEnum
from types import SimpleNamespace
from typing import Any, cast

from vnetlink.azure.arm import Arm
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.kinds import PEERING_PAIRS
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Present
from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import (
    End,
    Lifecycle,
    ManagementPolicy,
    ObjectKey,
    ObjectMeta,
    PeeringPair,
    PeeringPairSpec,
    WantedPeering,
)
from vnetlink.kinds.diagnosis import diagnose
from vnetlink.kinds.peering import PEERING
from vnetlink.kube.fields import instant
from vnetlink.memory import Memory
from vnetlink.planning.ages import Ages
from vnetlink.planning.peering_pair import plan_pair
from vnetlink.planning.plan import Finding
from vnetlink.planning.seen_status import state
from vnetlink.planning.world import Half, PairWorld, halves
from vnetlink.ports import Ports

NOW = Ages(timedelta(0))
OBSERVING = Lifecycle(management=ManagementPolicy.OBSERVE)


class Answer(IntEnum):
    """The exit code: whether the two are connected."""

    CONNECTED = 0
    NOT_CONNECTED = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was found. `states` in the words of the columns 1->2 and 2->1."""

    answer: Answer
    states: PerSide[str]
    message: str
    findings: tuple[Finding, ...]

    def as_json(self) -> str:
        """For programs; severities, ids and remedies as in status.findings."""
        rows = [
            {
                "code": one.reason.value,
                "severity": one.weight.value,
                "id": one.id,
                "message": one.message,
                "remediation": one.remediation or one.reason.facts.remedy,
            }
            for one in self.findings
        ]
        shown: dict[str, Any] = {
            "connected": {Answer.CONNECTED: True, Answer.NOT_CONNECTED: False}.get(self.answer),
            "vnet1ToVnet2": self.states.vnet1,
            "vnet2ToVnet1": self.states.vnet2,
            "message": self.message,
            "findings": rows,
        }
        return json.dumps(shown, indent=2)

    def as_text(self) -> str:
        """For people: the answer, then each finding with what to do."""
        lines = [f"1->2 {self.states.vnet1}, 2->1 {self.states.vnet2}: {self.message}"]
        for one in self.findings:
            lines += ["", f"{one.weight.value}: {one.reason.value}: {one.message}"]
            lines += [f"  {one.remediation}"] if one.remediation else []
        return "\n".join(lines)


async def explain(arm: Arm, identity: Identity, vnets: PerSide[VnetId]) -> Explanation:
    """Both VNets, their peerings, and what stands between them. Reads only."""
    pair = observing(vnets)
    ports = cast(Ports, SimpleNamespace(azure=arm, monotonic=time.monotonic))  # all that this read goes out by
    memory = Memory("", (0, "", "", False), time.monotonic())
    world = await PEERING.read(ports, pair, PerSide(identity, identity), memory, NOW)
    pair = as_found(pair, world)
    plan = plan_pair(pair, world)
    both = halves(pair, world)
    states = PerSide.of(lambda side: state(both, side))
    findings = (*plan.findings, *await _traffic(arm, identity, world, states))
    answer = _answer(states)
    # The verdict on an observing object offers to manage it. Here there is none, and the findings say what to do by hand.
    message = "Not connected." if answer is Answer.NOT_CONNECTED and findings else plan.verdict.message
    return Explanation(answer, states, message, tuple(dict.fromkeys(findings)))


def observing(vnets: PerSide[VnetId]) -> PeeringPair:
    """A pair that nobody asked for, to be looked at as an observing object is."""
    key = ObjectKey(PEERING_PAIRS, "", "explain")
    meta = ObjectMeta(key, "", 0, "", instant(""))
    return PeeringPair(meta, PeeringPairSpec(vnets.map(End), lifecycle=OBSERVING), OwnershipRecord("", ""))


def as_found(pair: PeeringPair, world: PairWorld) -> PeeringPair:
    """With the options that Azure shows: nobody asked for others, so none are wrong."""
    both = halves(pair, world)
    found = PerSide.of(lambda side: WantedPeering(_options(both[side])))
    return replace(pair, spec=replace(pair.spec, peerings=found))


def _options(half: Half) -> PeeringOptions:
    return half.peering.options if half.peering is not None else PeeringOptions()


async def _traffic(arm: Arm, identity: Identity, world: PairWorld, states: PerSide[str]) -> tuple[Finding, ...]:
    """Asked of two VNets that were read; of unconnected ones only what a common peer does not do for them."""
    one, two = world.vnets
    if not isinstance(one, Present) or not isinstance(two, Present):
        return ()
    both: PerSide[ObservedVnet] = PerSide(one.value, two.value)
    verdict, others = await diagnose(arm, PerSide(identity, identity), both, (), timedelta(0))
    connected = set(states) == {"Connected"}
    return (*(verdict.findings if connected else ()), *others)


def _answer(states: PerSide[str]) -> Answer:
    if "Unknown" in set(states):
        return Answer.UNKNOWN
    return Answer.CONNECTED if set(states) == {"Connected"} else Answer.NOT_CONNECTED
