"""What a pair at rest reads to tell what stands in the way of traffic, and how often that is judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from link_worlds import link_of
from ports_in_memory import OPERATOR, Outside
from properties.azure_model import IDS, Azure
from properties.test_peering_pair import META, pair_of
from vnetlink.domain.arm_id import NetworkSecurityGroupId
from vnetlink.domain.network_security import Access, NetworkSecurityGroup, SecurityRule, Way
from vnetlink.domain.observed import ObservedSubnet
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import End, Lifecycle, ObjectKey, PeeringPair, PeeringPairSpec
from vnetlink.kinds.link import LINK
from vnetlink.kinds.peering import PEERING
from vnetlink.memory import Memories
from vnetlink.planning.ages import Ages
from vnetlink.planning.link.world import LinkWorld
from vnetlink.planning.plan import Finding

GROUP = NetworkSecurityGroupId("00000000-0000-0000-0000-000000000000", "rg", "nsg")
DENY = SecurityRule("deny", 100, Way.INBOUND, Access.DENY)
OUTAGE = Unreadable(Reason.AZURE_UNREACHABLE, "503", transient=True)
CALM = Ages(timedelta(seconds=12))


class Estate:
    """A pair that is Connected, every subnet behind one group; what its turns read and tell."""

    def __init__(self, *sides: Side, interval: timedelta = timedelta(minutes=1)) -> None:
        azure, self.outside = Azure.new(), Outside()
        for side in sides or Side:
            azure, _ = azure.put(side, "by-hand", PeeringOptions())
        for n, side in enumerate(Side, 1):
            subnet = ObservedSubnet("a", (f"10.{n}.0.0/24",), network_security_group=str(GROUP))
            self.outside.cloud.there[IDS[side]] = replace(azure.vnets[side], subnets=(subnet,))
        self.deny(DENY)
        spec = PeeringPairSpec(PerSide(End(IDS.vnet1), End(IDS.vnet2)), lifecycle=Lifecycle(interval=interval))
        self.pair, self.memory = pair_of(spec), Memories().of(META, 0.0)

    def deny(self, *rules: SecurityRule) -> None:
        self.outside.cloud.there[GROUP] = NetworkSecurityGroup(GROUP, rules)

    async def told(self, pair: PeeringPair | None = None, ages: Ages = CALM) -> tuple[Finding, ...]:
        asked, ports, memory = pair or self.pair, self.outside.ports, self.memory
        world = await PEERING.read(ports, asked, PerSide(OPERATOR, OPERATOR), memory, ages)
        seen, findings = await PEERING.diagnose(ports, asked, world, memory, ages)
        assert seen is world
        return findings

    @property
    def reads(self) -> list[float]:
        """How old each read of the group might be, in seconds."""
        return [age for what, age in self.outside.cloud.asked if what == "nsg"]


async def test_a_pair_that_stands_is_told_the_rule_that_blocks() -> None:
    finding, _ = await Estate().told()  # and the same of the other VNet
    assert finding.reason is Reason.NETWORK_SECURITY_BLOCKS
    assert "Rule deny (priority 100, Inbound)" in finding.message


@pytest.mark.parametrize(
    ("interval", "asked", "age"), [(2, False, 30), (120, False, 120), (1200, False, 300), (120, True, 0)]
)
async def test_groups_are_read_once_an_interval_and_at_once_when_a_person_asks(
    interval: int, asked: bool, age: int
) -> None:
    estate = Estate(interval=timedelta(seconds=interval))
    await estate.told(ages=Ages(timedelta(0)) if asked else CALM)
    assert estate.reads == [age, age]


async def test_nothing_is_read_for_a_pair_that_does_not_stand_or_that_a_link_made() -> None:
    half = Estate(Side.VNET1)
    assert await half.told() == ()
    whole = Estate()
    link = ObjectKey("vnetlinks", "team", "link")
    assert await whole.told(replace(whole.pair, meta=replace(META, controller=(link, "uid")))) == ()
    assert half.reads == whole.reads == []


async def test_the_same_world_is_judged_once() -> None:
    estate = Estate()
    await estate.told()
    judged = estate.memory.judged
    estate.deny(replace(DENY))  # read anew, and the same
    await estate.told()
    assert estate.memory.judged is judged
    estate.deny()
    assert await estate.told() == ()
    assert estate.memory.judged is not judged


async def test_an_outage_changes_nothing_that_was_known_and_a_refusal_does() -> None:
    estate = Estate()
    first = await estate.told()
    estate.outside.cloud.there[GROUP] = OUTAGE
    assert await estate.told() == first
    estate.outside.cloud.there[GROUP] = replace(OUTAGE, transient=False)
    assert await estate.told() == ()


@pytest.mark.parametrize(("state", "judged"), [("Connected", True), ("Disconnected", False)])
async def test_a_link_is_told_the_rule_that_blocks_while_its_pair_stands_ready_or_not(state: str, judged: bool) -> None:
    estate, link = Estate(), link_of()
    metadata = {
        "name": "app-to-data-peering",
        "namespace": "team",
        "uid": "child",
        "resourceVersion": "7",
        "generation": 1,
    }
    drifted = {
        "type": "Ready",
        "status": "False",
        "reason": "Drifted",
        "message": "As the pair says.",
        "observedGeneration": 1,
    }
    shown = {"conditions": [drifted], "vnet1ToVnet2": {"state": "Connected"}, "vnet2ToVnet1": {"state": state}}
    spec = {side.value: {"id": str(IDS[side])} for side in Side}
    child = {
        "apiVersion": "vnetlink.dev/v1alpha1",
        "kind": "PeeringPair",
        "metadata": metadata,
        "spec": spec,
        "status": shown,
    }
    estate.outside.server.put("peeringpairs", child)

    async def read() -> LinkWorld:
        return await LINK.read(estate.outside.ports, link, PerSide(OPERATOR, OPERATOR), estate.memory, CALM)

    world = await read()
    assert (world.traffic, estate.reads) == (None, [])
    told, _ = await LINK.diagnose(estate.outside.ports, link, world, estate.memory, CALM)
    assert ([one.reason for one in told.traffic.findings] if told.traffic else []) == (
        [Reason.NETWORK_SECURITY_BLOCKS] * 2 if judged else []
    )
    estate.outside.cloud.asked.clear()
    assert ((await read()).traffic, estate.reads) == (told.traffic, []), (
        "known from then on, and asked for only at rest"
    )
