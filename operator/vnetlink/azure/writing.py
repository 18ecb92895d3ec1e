"""Carries out one action, once, on the state that was last read. Waits for no operation and repeats nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from vnetlink.azure import codecs, other_codecs, questions, vpn_codecs
from vnetlink.azure.answers import Answer, ArmError, Target, Trouble
from vnetlink.azure.effects import Basis, Part, Subject, etag, is_meant, outdated_by, part, shown, subject, undone_on
from vnetlink.azure.errors import ABSENT, as_write
from vnetlink.azure.memory import Memory, Reading, Thing
from vnetlink.azure.reading import Reader
from vnetlink.azure.redaction import mark
from vnetlink.domain.arm_id import SubnetId, ZoneLinkId
from vnetlink.domain.identity import Identity
from vnetlink.domain.outcome import Accepted, Later, Outcome, Present, Refused, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.planning.actions import (
    AzureAction,
    ChangePrefixes,
    DeletePart,
    DeletePeering,
    PatchTags,
    PutConnection,
    PutGateway,
    PutPeering,
    PutPublicIp,
    PutResourceGroup,
    PutSharedKey,
    PutSubnet,
    PutVnet,
    PutZoneLink,
)

if TYPE_CHECKING:
    from vnetlink.azure.clients import Clients, Network

EVER = float("-inf")


class Writer:
    """`perform` sends at most one PUT, PATCH or DELETE."""

    def __init__(self, clients: Clients, memory: Memory, reader: Reader, describe: Callable[[Identity], str]) -> None:
        self._clients, self._memory, self._reader, self._describe = clients, memory, reader, describe

    async def perform(self, action: AzureAction) -> Outcome:
        """What came of it. Whatever that is, earlier readings of all that it concerns count no longer."""
        about = subject(action)
        basis = await self._basis(action, about)
        if not isinstance(basis, Basis):
            return basis
        before = {thing.key: self._memory.etags(thing) for thing in (about, *_shown_by(action))}
        network = self._clients.network(action.identity, _auxiliary(action), about.subscription)
        try:
            answer = await send(network, action, basis)
        finally:
            self._memory.wrote(*outdated_by(action, basis.part))
        for thing in undone_on(action, basis.part):
            self._memory.recurs(thing)
        if isinstance(answer, Answer) and answer.status != 204:
            self._accepted(action, about, before, str(answer.document.get("etag") or ""))
        return concluded(action, answer, Target(str(action.id), self._describe(action.identity)))

    def _accepted(
        self, action: AzureAction, about: Subject, before: Mapping[str, frozenset[str]], new_etag: str
    ) -> None:
        """From now on what shows an etag from before the write is older than the write."""
        self._memory.accepted(about, before[about.key], new_etag, made=_made(action))
        for thing in _shown_by(action):
            now = mark(action.key) if isinstance(action, PutSharedKey) else ""
            self._memory.accepted(thing, before[thing.key], now)

    async def _basis(self, action: AzureAction, about: Subject) -> Basis | Later | Refused:
        if isinstance(action, PutPeering) and action.creates:
            return Basis()
        planned_on = self._memory.last(action.identity, about)
        current = self._memory.fresh(action.identity, about, since=EVER)
        if current is None:
            seen = await self._reader.read(action.identity, about, timedelta(0))
            if isinstance(seen, Unreadable):
                return _not_based(seen)
            current = self._memory.fresh(action.identity, about, since=EVER)
        return _created(action, current) if action.creates else _based(action, planned_on, current)


async def send(network: Network, action: AzureAction, basis: Basis) -> Answer | Trouble:
    """The action's one request."""
    match action:
        case PutPeering():
            body = codecs.peering_body(action, basis.shown)
            return await network.put_peering(action.id, body, sync=action.sync, etag=basis.etag)
        case PutSubnet():
            return await network.put_subnet(action.id, codecs.subnet_body(action))
        case PutPublicIp():
            return await network.put_public_ip(action.id, vpn_codecs.public_ip_body(action))
        case PutGateway():
            return await network.put_gateway(action.id, vpn_codecs.gateway_body(action, basis.shown), etag=basis.etag)
        case PutConnection():
            body = vpn_codecs.connection_body(action, basis.shown)
            key = action.key if action.creates else None
            return await network.put_connection(action.id, body, key, etag=basis.etag)
        case PutSharedKey():
            return await network.put_shared_key(action.id, action.key)
        case PutVnet():
            return await network.put_vnet(action.id, codecs.vnet_body(action), etag="")
        case ChangePrefixes():
            return await network.put_vnet(action.id, codecs.prefixes_body(action, basis.shown or {}), etag=basis.etag)
        case PutResourceGroup():
            return await network.others.put_resource_group(action.id, other_codecs.resource_group_body(action))
        case PutZoneLink(creates=True):
            return await network.others.put_zone_link(action.id, other_codecs.zone_link_body(action))
        case PutZoneLink():
            body = other_codecs.registration_body(action, basis.shown or {})
            return await network.others.patch_zone_link(action.id, body, etag=basis.etag)
        case PatchTags():
            return await network.patch_tags(action.id, action.tags, etag=basis.etag)
        case DeletePeering() | DeletePart():
            return await network.delete(action.id, etag=basis.etag)


def concluded(action: AzureAction, answer: Answer | Trouble, target: Target) -> Outcome:
    """What an answer to a write says. What is not there any more has been deleted."""
    match answer:
        case Answer(status=status, retry_after=waits):
            return Accepted(created=_has_created(action, status), settles_in=waits)
        case ArmError(status=404) if _deletes(action) and answer.codes[0].lower() in ABSENT:
            return Accepted(created=False)
        case _:
            return as_write(answer, target)


def _has_created(action: AzureAction, status: int) -> bool:
    """Private DNS says 202 to everything, and fails the operation where If-None-Match found something (arm.md 10)."""
    if isinstance(action, PutZoneLink):
        return action.creates
    return status == 201 and not isinstance(action, PutSharedKey)


def _deletes(action: AzureAction) -> bool:
    return isinstance(action, DeletePeering | DeletePart)


def _made(action: AzureAction) -> bool | None:
    """What becomes of the subject itself; a peering or subnet neither makes nor ends its VNet, a link not its zone."""
    match action:
        case PutPublicIp() | PutGateway() | PutConnection() | PutVnet() | PutResourceGroup():
            return True
        case DeletePart() if not isinstance(action.id, SubnetId | ZoneLinkId):
            return False
        case _:
            return None


def _shown_by(action: AzureAction) -> tuple[Thing, ...]:
    """What else must change visibly: the key, and the list that a new connection is on."""
    match action:
        case PutSharedKey():
            return (questions.shared_key(action.id),)
        case PutConnection(creates=True):
            return (questions.connections_of(action.near),)
        case _:
            return ()


def _auxiliary(action: AzureAction) -> Identity | None:
    match action:
        case PutPeering() | DeletePeering() | PutConnection() | PutSharedKey() | PutZoneLink() | DeletePart():
            return action.auxiliary
        case _:
            return None


def _created(action: AzureAction, current: Reading | None) -> Basis | Later:
    """Nothing to build on, and nothing of that name there: a PUT would change what somebody else has made."""
    if current is None or _part(action, current) is not None:
        return _changed(action)
    return Basis()


def _based(action: AzureAction, planned_on: Reading | None, current: Reading | None) -> Basis | Later:
    """The basis, unless the part is not what the plan was made on (then the next turn plans again)."""
    now = _part(action, current)
    before = _part(action, planned_on) if planned_on else now
    elsewhere = now is not None and not is_meant(action, now)
    gone = now is None and not _deletes(action)
    unguarded = isinstance(action, ChangePrefixes) and current is not None and not current.etag
    if current is None or elsewhere or gone or unguarded or now != before:
        return _changed(action)
    if now is None:
        return Basis()  # a deletion of what is gone: nothing to guard
    return Basis(etag(action, current.document), shown(action, current.document), now)


def _part(action: AzureAction, reading: Reading | None) -> Part | None:
    if reading is None or not isinstance(reading.seen, Present):
        return None
    return part(action, reading.seen.value)


def _changed(action: AzureAction) -> Later:
    return Later(Reason.OPERATION_IN_PROGRESS, f"{action.id} has changed since it was read")


def _not_based(seen: Unreadable) -> Later | Refused:
    if seen.transient:
        return Later(seen.reason, seen.message, seen.retry_after)
    return Refused(seen.reason, "", seen.message)
