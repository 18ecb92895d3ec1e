"""Carries out one action, once, on the state that was last read. Waits for no operation and repeats nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from vnetlink.azure import codecs
from vnetlink.azure.answers import Answer, ArmError, Target, Trouble
from vnetlink.azure.errors import ABSENT, as_write
from vnetlink.azure.memory import Memory, Reading
from vnetlink.azure.reading import Reader
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedPeering
from vnetlink.domain.outcome import Accepted, Later, Outcome, Present, Refused, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.planning.actions import AzureAction, DeletePeering, PutPeering

if TYPE_CHECKING:
    from vnetlink.azure.clients import Clients


@dataclass(frozen=True, slots=True)
class Basis:
    """What a write builds on: the etag that it must still find (none for a creation), and the peering as ARM showed it."""

    etag: str = ""
    shown: Mapping[str, object] | None = None


class Writer:
    """`perform` sends at most one PUT or DELETE."""

    def __init__(self, clients: Clients, memory: Memory, reader: Reader, describe: Callable[[Identity], str]) -> None:
        self._clients, self._memory, self._reader, self._describe = clients, memory, reader, describe

    async def perform(self, action: AzureAction) -> Outcome:
        """What came of it. Whatever that is, earlier readings of both VNets count no longer."""
        basis = await self._basis(action)
        if not isinstance(basis, Basis):
            return basis
        before = self._memory.etags(action.id.vnet)
        try:
            answer = await self._send(action, basis)
        finally:
            self._memory.wrote(action.id.vnet, action.remote)
        if isinstance(answer, Answer) and answer.status != 204:
            self._memory.accepted(action.id.vnet, before, str(answer.document.get("etag") or ""))
        return concluded(action, answer, Target(str(action.id), self._describe(action.identity)))

    async def _send(self, action: AzureAction, basis: Basis) -> Answer | Trouble:
        network = self._clients.network(action.identity, action.auxiliary, action.id.vnet.subscription)
        if isinstance(action, DeletePeering):
            return await network.delete(action.id, etag=basis.etag)
        body = codecs.peering_body(action, basis.shown)
        return await network.put(action.id, body, sync=action.sync, etag=basis.etag)

    async def _basis(self, action: AzureAction) -> Basis | Later | Refused:
        if isinstance(action, PutPeering) and action.creates:
            return Basis()
        planned_on = self._memory.last(action.identity, action.id.vnet)
        current = self._memory.fresh(action.identity, action.id.vnet, since=float("-inf"))
        if current is None:
            seen = await self._reader.read(action.identity, action.id.vnet, timedelta(0))
            if isinstance(seen, Unreadable):
                return _not_based(seen)
            current = self._memory.fresh(action.identity, action.id.vnet, since=float("-inf"))
        return _based(action, planned_on, current)


def concluded(action: AzureAction, answer: Answer | Trouble, target: Target) -> Outcome:
    """What an answer to a write says. A peering that is not there any more has been deleted."""
    match answer:
        case Answer(status=status, retry_after=waits):
            return Accepted(created=status == 201, settles_in=waits)
        case ArmError(status=404) if isinstance(action, DeletePeering) and answer.codes[0].lower() in ABSENT:
            return Accepted(created=False)
        case _:
            return as_write(answer, target)


def _based(action: AzureAction, planned_on: Reading | None, current: Reading | None) -> Basis | Later:
    """The basis, unless the peering is not what the plan was made on (then the next turn plans again)."""
    now = _peering(action, current)
    before = _peering(action, planned_on) if planned_on else now
    elsewhere = now is not None and now.remote != action.remote
    gone = now is None and isinstance(action, PutPeering)
    if current is None or elsewhere or gone or now != before:
        return Later(Reason.OPERATION_IN_PROGRESS, f"{action.id} has changed since it was read")
    if now is None:
        return Basis()  # a deletion of what is gone: nothing to guard
    return Basis(current.etag, codecs.shown_peering(current.document, action.id.name))


def _peering(action: AzureAction, reading: Reading | None) -> ObservedPeering | None:
    if reading is None or not isinstance(reading.seen, Present):
        return None
    return reading.seen.value.peering_named(action.id.name)


def _not_based(seen: Unreadable) -> Later | Refused:
    if seen.transient:
        return Later(seen.reason, seen.message, seen.retry_after)
    return Refused(seen.reason, "", seen.message)
