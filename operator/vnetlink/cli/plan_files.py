"""`plan -f FILE`: what the objects in files would have written to Azure. The operator's own planner; reads only, no cluster.

Each object is planned twice from one reading: as if it observed, for its plannedActions, and as if it managed, for what
stands in the way. What can be seen in a cluster only (Secrets, credentials, claims) is left out, and that is said.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from vnetlink.azure.arm import Arm
from vnetlink.cli.documents import API_VERSION, Document
from vnetlink.cli.making import made
from vnetlink.cli.planned import Planned, Sheet
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.kinds import KINDS
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Absent, Present, Seen
from vnetlink.domain.reasons import Reason
from vnetlink.domain.secrets import ObservedSecret
from vnetlink.domain.shared_key import CheckedKey, SharedKey
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import Lifecycle, ManagementPolicy, PeeringPair, SpecError, VNetLink, VpnConnectionPair
from vnetlink.kinds.link import LINK
from vnetlink.kinds.peering import PEERING
from vnetlink.kinds.vpn import VPN
from vnetlink.kube.decode import decode
from vnetlink.memory import Memory
from vnetlink.planning import peering_pair
from vnetlink.planning.actions import AzureAction
from vnetlink.planning.ages import Ages
from vnetlink.planning.grants import Known
from vnetlink.planning.link import child
from vnetlink.planning.link.plan_link import plan_link
from vnetlink.planning.plan import Finding, Plan, Truth
from vnetlink.planning.vpn import pair as vpn_pair
from vnetlink.planning.vpn.preflight import adoption_blockers
from vnetlink.planning.vpn.steps import recorded_for
from vnetlink.planning.vpn.world import VpnWorld, vpn_halves
from vnetlink.ports import Ports, Settings

NOW = Ages(timedelta(0))
NO_KEY = "the shared key is left out: its Secret cannot be read without the cluster, so no key is compared or set."
NO_CREDENTIALS = (
    "Azure was asked with this command's own identity: AzureCredentials cannot be read without the cluster."
)
OBSERVES = "is told to Observe: this is written only after spec.managementPolicy: Manage."
SUSPENDED = "is suspended: this is written only after spec.suspend: false."

Vnets = Mapping[VnetId, ObservedVnet]
O = TypeVar("O", PeeringPair, VpnConnectionPair, VNetLink)  # noqa: E741


async def plan_files(arm: Arm, identity: Identity, documents: tuple[Document, ...]) -> Sheet:
    """Every object by itself, one after the other."""
    return Sheet(tuple([await _Planning(arm, identity, document).planned() for document in documents]))


class _Planning:
    """One object of a file. Whatever it asks of Azure is a read: it is given nothing to write with."""

    def __init__(self, arm: Arm, identity: Identity, document: Document) -> None:
        self._arm, self._document = arm, document
        self._granted = PerSide(identity, identity)
        self._settings = Settings("", identity, frozenset())
        self._memory = Memory("", (0, "", "", False), time.monotonic())

    async def planned(self) -> Planned:
        """What it would have written, and what there is to say about that."""
        owner = self._document.owner
        notes = (*_held_back(owner.spec.lifecycle), *((NO_CREDENTIALS,) if self._document.credentials else ()))
        told = await (self._link(owner) if isinstance(owner, VNetLink) else self._pair(owner, {}))
        return told.and_then(Planned(told.object, notes=notes))

    async def _pair(self, pair: PeeringPair | VpnConnectionPair, ahead: Vnets) -> Planned:
        """`ahead`: VNets that will have been made by then."""
        if isinstance(pair, VpnConnectionPair):
            return await self._vpn(pair, ahead)
        world = await PEERING.read(self._ports(ahead), pair, self._granted, self._memory, NOW)
        observing, managing = (peering_pair.plan_pair(one, world) for one in (_observing(pair), _managing(pair)))
        return self._told(observing, managing)

    async def _vpn(self, pair: VpnConnectionPair, ahead: Vnets) -> Planned:
        world = await VPN.read(self._ports(ahead), pair, self._granted, self._memory, NOW)
        world = replace(world, sides=world.sides.map(lambda side: replace(side, key=None)))
        pair = _adopting(pair, world)
        observing, managing = (vpn_pair.plan_pair(one, world) for one in (_observing(pair), _managing(pair)))
        return self._told(observing, managing).and_then(Planned(self._document.label, notes=(NO_KEY,)))

    async def _link(self, link: VNetLink) -> Planned:
        """The link's own writes, then its pair's: nothing of the pair while the link itself cannot begin."""
        link = replace(link, spec=replace(link.spec, zones=tuple(replace(z, credential=None) for z in link.spec.zones)))
        world = await LINK.read(self._ports({}), link, self._granted, self._memory, NOW)
        blocked = self._judged(plan_link(_managing(link), world))
        if blocked.unread or blocked.blockers:
            return blocked
        making, then = made(link, world)
        zones = plan_link(_observing(link), then)
        own = Planned(self._document.label, (*making, *zones.planned), zones.findings)
        ahead = {seen.value.id: seen.value for seen in then.vnets if isinstance(seen, Present)} if making else {}
        pair = _child(link)
        if isinstance(pair, SpecError):
            return own.and_then(Planned(own.object, blockers=(Finding(Reason.INVALID_SPEC, pair.message, own.object),)))
        return own.and_then(await self._pair(pair, ahead))

    def _told(self, observing: Plan, managing: Plan) -> Planned:
        """The writes that the object would plan; one that plans none though it would write is kept from a later one."""
        judged = self._judged(managing)
        writes = any(isinstance(action, AzureAction) for action in managing.actions)
        later = observing.findings if writes and not observing.planned else ()
        return Planned(judged.object, observing.planned, judged.blockers or later, judged.unread)

    def _judged(self, managing: Plan) -> Planned:
        """What stands in the way; of what could not be read nobody knows."""
        verdict = managing.verdict
        if verdict.ready is Truth.UNKNOWN:
            return Planned(self._document.label, unread=verdict.message)
        return Planned(self._document.label, blockers=managing.findings if verdict.stalled else ())

    def _ports(self, ahead: Vnets) -> Ports:
        """The ways out that reading needs. Where the cluster would be asked there is nothing."""
        ports = SimpleNamespace(
            azure=_reads(self._arm, ahead),
            secrets=_NoSecrets(),
            objects=SimpleNamespace(get=_absent),
            credentials=SimpleNamespace(known=_nobody_known),
            settings=self._settings,
            monotonic=time.monotonic,
            now=lambda: datetime.now(UTC),
        )
        return cast(Ports, ports)


class _NoSecrets:
    """A usable key that is nobody's stands for the one that cannot be read; it is neither compared nor sent."""

    async def read(self, *_: object) -> Seen[ObservedSecret]:
        return Present(ObservedSecret("", labelled=True, key=CheckedKey(SharedKey(""))))

    async def read_previous(self, *_: object) -> Absent:
        return Absent()

    async def manageable(self, *_: object) -> bool:
        return True


async def _absent(*_: object) -> Absent:
    return Absent()


async def _nobody_known(*_: object) -> Known:
    return Known()


def _reads(arm: Arm, ahead: Vnets) -> SimpleNamespace:
    """The reads of a turn and nothing else: no key is asked for, and a VNet that is to be made is there."""

    async def read_vnet(identity: Identity, vnet: VnetId, max_age: timedelta) -> Seen[ObservedVnet]:
        return Present(ahead[vnet]) if vnet in ahead else await arm.read_vnet(identity, vnet, max_age)

    return SimpleNamespace(
        read_vnet=read_vnet,
        read_shared_key=_absent,
        read_gateway=arm.read_gateway,
        read_public_ip=arm.read_public_ip,
        read_connection=arm.read_connection,
        connections_of=arm.connections_of,
        zones=arm.zones,
        resource_group=arm.resource_group,
        zone_links=arm.zone_links,
    )


def _child(link: VNetLink) -> PeeringPair | VpnConnectionPair | SpecError:
    """The pair that the link would make."""
    plural, key = child.kind(link), link.meta.key
    meta = {"name": child.name(link, plural), "namespace": key.namespace}
    spec = child.spec(link, plural)
    body = {"apiVersion": API_VERSION, "kind": KINDS[plural], "metadata": meta, "spec": spec}
    pair = decode(body, "")
    assert not isinstance(pair, VNetLink)
    return pair


def _adopting(pair: VpnConnectionPair, world: VpnWorld) -> VpnConnectionPair:
    """The pair with the connections that it may adopt on record: only then is it theirs to be brought in line."""
    managing = _managing(pair)
    both = vpn_halves(managing, world)
    if adoption_blockers(managing, world, both):
        return pair
    return replace(pair, record=recorded_for(managing, world, both, None))


def _observing(owner: O) -> O:
    return _with(owner, ManagementPolicy.OBSERVE)


def _managing(owner: O) -> O:
    return _with(owner, ManagementPolicy.MANAGE)


def _with(owner: O, management: ManagementPolicy) -> O:
    lifecycle = replace(owner.spec.lifecycle, suspend=False, management=management)
    return cast(O, replace(cast(Any, owner), spec=replace(cast(Any, owner.spec), lifecycle=lifecycle)))


def _held_back(lifecycle: Lifecycle) -> tuple[str, ...]:
    """Why nothing of this is written as the file stands."""
    suspended = (SUSPENDED,) if lifecycle.suspend else ()
    return (*suspended, *((OBSERVES,) if lifecycle.management is ManagementPolicy.OBSERVE else ()))
