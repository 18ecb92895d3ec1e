"""`plan -f FILE`: what the objects in files would have written to Azure. The operator's own planner; reads only, no cluster.

Each object is planned twice from one reading: as if it observed, for its plannedActions, and as if it managed, for what
stands in the way. What can be seen in a cluster only (Secrets, credentials, claims) is left out, and that is said. So is what
an object of a file is taken to own, where that makes a difference: its record lies in the cluster, too.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from vnetlink.azure.arm import Arm
from vnetlink.cli import presumed
from vnetlink.cli.documents import API_VERSION, Document
from vnetlink.cli.making import made
from vnetlink.cli.planned import Planned, Sheet
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.kinds import KINDS
from vnetlink.domain.observed import ObservedConnection, ObservedGateway, ObservedPeering, ObservedVnet, Provisioning
from vnetlink.domain.outcome import Absent, Present, Seen
from vnetlink.domain.reasons import Reason
from vnetlink.domain.secrets import ObservedSecret
from vnetlink.domain.shared_key import CheckedKey, SharedKey
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import (
    Lifecycle,
    ManagementPolicy,
    ObjectKey,
    Owner,
    PeeringPair,
    SpecError,
    VNetLink,
    VpnConnectionPair,
)
from vnetlink.kinds.link import LINK
from vnetlink.kinds.peering import PEERING
from vnetlink.kinds.vpn import VPN
from vnetlink.kube.decode import OWNED, decode
from vnetlink.memory import Memory
from vnetlink.planning.actions import AzureAction
from vnetlink.planning.ages import Ages
from vnetlink.planning.grants import Known
from vnetlink.planning.link import child, dns
from vnetlink.planning.link.plan_link import plan_link
from vnetlink.planning.link.world import LinkWorld
from vnetlink.planning.peering import pair as peering_pair
from vnetlink.planning.plan import Finding, Plan, Truth
from vnetlink.planning.tags import OWNER
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
REMOVALS = (
    "the file does not say what this link made and no longer asks for (DNS zone links, a pair of the other method), so no "
    "removal of that is shown."
)
OBSERVES = "is told to Observe: this is written only after spec.managementPolicy: Manage."
SUSPENDED = "is suspended: this is written only after spec.suspend: false."

Vnets = Mapping[VnetId, ObservedVnet]
O = TypeVar("O", PeeringPair, VpnConnectionPair, VNetLink)  # noqa: E741
W = TypeVar("W")
T = TypeVar("T", ObservedVnet, ObservedGateway, ObservedConnection)
C = TypeVar("C", ObservedVnet, ObservedGateway, ObservedConnection, ObservedPeering)


async def plan_files(arm: Arm, identity: Identity, documents: tuple[Document, ...]) -> Sheet:
    """Every object by itself, one after the other; a pair of a link that is there, too, with its link."""
    links = {one.owner.meta.key for one in documents if isinstance(one.owner, VNetLink)}
    pairs = {one.owner.meta.key: one for one in documents if _maker(one) in links}
    roots = (one for one in documents if one.owner.meta.key not in pairs)
    return Sheet(tuple([await _Planning(arm, identity, document, pairs).planned() for document in roots]))


def _maker(document: Document) -> ObjectKey | None:
    return document.owner.meta.controller[0] if document.owner.meta.controller else None


class _Planning:
    """One object of a file. Whatever it asks of Azure is a read: it is given nothing to write with."""

    def __init__(self, arm: Arm, identity: Identity, document: Document, pairs: Mapping[ObjectKey, Document]) -> None:
        self._arm, self._document, self._pairs = arm, document, pairs
        self._granted = PerSide(identity, identity)
        self._settings = Settings("", identity, frozenset())
        self._memory = Memory("", (0, "", "", False), time.monotonic())

    async def planned(self) -> Planned:
        """What it would have written, and what there is to say about that."""
        owner = self._document.owner
        notes = (*_held_back(owner.spec.lifecycle), *((NO_CREDENTIALS,) if self._document.credentials else ()))
        told = await (self._link(owner) if isinstance(owner, VNetLink) else self._pair(self._document, {}))
        return told.and_then(Planned(told.object, notes=notes))

    async def _pair(self, document: Document, ahead: Vnets) -> Planned:
        """`ahead`: VNets that will have been made by then."""
        if isinstance(document.owner, VpnConnectionPair):
            return await self._vpn(document.owner, document, ahead)
        pair = document.owner
        assert isinstance(pair, PeeringPair)
        world = await PEERING.read(self._ports(ahead), pair, self._granted, self._memory, NOW)
        told = self._planned(peering_pair.plan_pair, pair, world)
        if document.recorded:
            return told
        taken = presumed.peering_pair(pair, world)
        return self._presumed(taken, told, self._planned(peering_pair.plan_pair, taken, world))

    async def _vpn(self, pair: VpnConnectionPair, document: Document, ahead: Vnets) -> Planned:
        world = await VPN.read(self._ports(ahead), pair, self._granted, self._memory, NOW)
        world = replace(world, sides=world.sides.map(lambda side: replace(side, key=None)))
        told = self._planned(vpn_pair.plan_pair, _adopting(pair, world), world)
        if not document.recorded:
            taken = presumed.vpn_pair(pair, world, document.namespaced)
            told = self._presumed(taken, told, self._planned(vpn_pair.plan_pair, taken, world))
        return told.and_then(Planned(told.object, notes=(NO_KEY,)))

    async def _link(self, link: VNetLink) -> Planned:
        """The link's own writes, then its pair's: nothing of the pair while the link itself cannot begin."""
        link = replace(link, spec=replace(link.spec, zones=tuple(replace(z, credential=None) for z in link.spec.zones)))
        world = await LINK.read(self._ports({}), link, self._granted, self._memory, NOW)
        own, then = self._own(link, world)
        if not self._document.recorded:
            plain, link = own, presumed.link(link, world, self._document.namespaced)
            own, then = self._own(link, world)
            own = self._presumed(link, plain, own)
            notes = (f"{REMOVALS} {self._certainty}",)
            own = own.and_then(Planned(own.object, unread=self._doubt(link, world, own), notes=notes))
        if then is None:
            return own
        ahead = {seen.value.id: seen.value for seen in then.vnets if isinstance(seen, Present)}
        pair = _child(link)
        if isinstance(pair, SpecError):
            return own.and_then(Planned(own.object, blockers=(Finding(Reason.INVALID_SPEC, pair.message, own.object),)))
        known = self._pairs.get(pair.meta.key)
        if known is not None:
            pair = replace(pair, record=known.owner.record)
        document = replace(self._document, owner=pair, recorded=known is not None)
        return own.and_then(await self._pair(document, ahead))

    def _own(self, link: VNetLink, world: LinkWorld) -> tuple[Planned, LinkWorld | None]:
        """What the link writes itself, and its world as it is then; None while it cannot begin."""
        blocked = self._judged(plan_link(_managing(link), world))
        if blocked.unread or blocked.blockers:
            return blocked, None
        making, then = made(link, world)
        zones = plan_link(_observing(link), then).planned
        return Planned(self._document.label, (*making, *zones), tuple(dns.findings(link, then))), then

    def _doubt(self, link: VNetLink, world: LinkWorld, own: Planned) -> str:
        """Why nobody knows whether a VNet is changed: the operator goes by the record, and tags can be taken away."""
        perhaps, _ = self._own(presumed.link_that_made_all(link, world), world)
        changes = [one for one in perhaps.actions if one not in own.actions]
        if not changes:
            return ""
        told = ", ".join(f"{one.action} {one.id} {one.detail}".rstrip(".") for one in changes)
        return (
            f"a VNet differs from its create and has no tag {OWNER} of this link. If the link made it, this is written: {told}. "
            f"If not, it is left alone. {self._certainty}"
        )

    def _presumed(self, owner: Owner, plain: Planned, taken: Planned) -> Planned:
        """The plan of `owner` with what it was taken to own, and the other case, where anything hangs on that."""
        if taken == plain:
            return plain
        ids = ", ".join(dict.fromkeys(str(part.id) for part in owner.record.parts.values()))
        refused = (one for one in plain.blockers if one not in taken.blockers)
        told = "; ".join(f"{one.reason.value}: {one.message} {one.advice}".rstrip(".") for one in refused)
        note = (
            f"the file does not say what was made or adopted (annotation {OWNED}), so this is taken as the object's own: {ids}. "
            f"If it is not, nothing of it is changed{f': {told}' if told else ''}. {self._certainty}"
        )
        return taken.and_then(Planned(taken.object, notes=(note,)))

    @property
    def _certainty(self) -> str:
        """The command that plans with what the cluster knows: the record of the object, and that of a link's pair."""
        objects, link = "kubectl apply --dry-run=server -f FILE -o yaml", self._document.owner
        if isinstance(link, VNetLink):
            plural = child.kind(link)
            pair = f"kubectl get -n {link.meta.key.namespace} {plural} {child.name(link.meta.key, plural)} -o yaml"
            objects = f"({objects}; echo ---; {pair})"
        return f"To be certain: {objects} | python -m vnetlink plan -f -"

    def _planned(self, plan: Callable[[O, W], Plan], owner: O, world: W) -> Planned:
        """The writes that the object would plan; one that plans none though it would write is kept from a later one."""
        observing, managing = plan(_observing(owner), world), plan(_managing(owner), world)
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
        return Present(ahead[vnet]) if vnet in ahead else await rested(arm.read_vnet)(identity, vnet, max_age)

    def rested(read: Callable[..., Awaitable[Seen[T]]]) -> Callable[..., Awaitable[Seen[T]]]:
        """The turn that comes after a running operation writes what is owed, so it is planned as if that had ended."""

        async def reading(*asked: Any) -> Seen[T]:
            seen = await read(*asked)
            return Present(_rested(seen.value)) if isinstance(seen, Present) else seen

        return reading

    return SimpleNamespace(
        read_vnet=read_vnet,
        read_shared_key=_absent,
        read_gateway=rested(arm.read_gateway),
        read_public_ip=arm.read_public_ip,
        read_connection=rested(arm.read_connection),
        connections_of=arm.connections_of,
        zones=arm.zones,
        resource_group=arm.resource_group,
        zone_links=arm.zone_links,
    )


def _rested(seen: T) -> T:
    """After the change that runs, also on a VNet's peerings. What is being made or deleted stays as it is."""
    if isinstance(seen, ObservedVnet):
        seen = replace(seen, peerings=tuple(_calm(one) for one in seen.peerings))
    return seen if getattr(seen, "creating", False) else _calm(seen)


def _calm(seen: C) -> C:
    updating = seen.provisioning is Provisioning.UPDATING
    return replace(seen, provisioning=Provisioning.SUCCEEDED) if updating else seen


def _child(link: VNetLink) -> PeeringPair | VpnConnectionPair | SpecError:
    """The pair that the link would make."""
    plural, key = child.kind(link), link.meta.key
    meta = {"name": child.name(link.meta.key, plural), "namespace": key.namespace}
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
