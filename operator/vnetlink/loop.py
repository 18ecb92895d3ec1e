"""One turn of one object: read it, decode it, give it the turn of its kind. Chooses nothing itself.

A turn may be cut at any line: the next one starts from what Azure and the object hold.
"""

from __future__ import annotations

import logging

from vnetlink.credential_turn import CredentialTurn
from vnetlink.domain.kinds import AZURE_CREDENTIALS, VNET_LINKS
from vnetlink.domain.outcome import Absent, Later, Present, Refused, Unreadable
from vnetlink.domain.specs import ObjectKey, Owner, PeeringPair, SpecError, VNetLink, VpnConnectionPair
from vnetlink.kinds.link import LINK, let_pairs_go
from vnetlink.kinds.peering import PEERING
from vnetlink.kinds.vpn import VPN
from vnetlink.kube.answers import Write
from vnetlink.kube.api import Body
from vnetlink.kube.decode import decode, key_of
from vnetlink.memory import Memories
from vnetlink.planning import conditions
from vnetlink.planning.letting_go import LET_GO
from vnetlink.planning.plan import OUTAGE_RETRY, SLOWEST_INTERVAL, SOON, Wake
from vnetlink.ports import Ports
from vnetlink.telemetry import turn_generation
from vnetlink.turn import Turn, told

log = logging.getLogger(__name__)


class Loop:
    """The turns of all objects. Holds memories and nothing that may not be lost."""

    def __init__(self, ports: Ports) -> None:
        self._ports, self._memories = ports, Memories()

    async def turn(self, key: ObjectKey) -> Wake | None:
        """One turn; None when the object is gone and its key may be forgotten."""
        match await self._ports.objects.get(key):
            case Absent():
                self._forget(key)
                return None
            case Unreadable(message=message, retry_after=after):
                log.warning("cannot read the object: %s", message)
                return Wake(after or SOON, backoff=True, at_most=OUTAGE_RETRY)
            case Present(body):
                return await self._turn_of(body)

    def _forget(self, key: ObjectKey) -> None:
        if key.kind == AZURE_CREDENTIALS:
            self._ports.credentials.forget(key)
            return
        self._ports.claims.forget(key)
        self._ports.credentials.forget_user(key)
        self._memories.forget(key)

    async def _turn_of(self, body: Body) -> Wake:
        ports = self._ports
        if key_of(body).kind == AZURE_CREDENTIALS:
            return await CredentialTurn(ports, body).run()
        decoded = decode(body, ports.settings.installation)
        turn_generation(decoded.meta.generation)
        if not isinstance(decoded, SpecError):
            await ports.credentials.known(decoded)  # what is heard late decides who holds a pair, too
        ports.credentials.note_user(decoded)
        ports.claims.update(decoded)
        if isinstance(decoded, SpecError):
            return await self._turn_of_unusable(body, decoded)
        return await self._turn_of_usable(body, decoded)

    async def _turn_of_usable(self, body: Body, owner: Owner) -> Wake:
        memory = self._memories.of(owner.meta, self._ports.monotonic())
        match owner:
            case VNetLink():
                return await Turn(LINK, self._ports, body, owner, memory).run()
            case PeeringPair():
                return await Turn(PEERING, self._ports, body, owner, memory).run()
            case VpnConnectionPair():
                return await Turn(VPN, self._ports, body, owner, memory).run()

    async def _turn_of_unusable(self, body: Body, wrong: SpecError) -> Wake:
        """A spec that cannot be read is told; its object can be let go of, and nothing else is done for it."""
        ports, message = self._ports, wrong.message
        if wrong.meta.deleting and wrong.meta.finalizer:
            if wrong.orphan:
                if wrong.meta.key.kind == VNET_LINKS and not await let_pairs_go(ports, wrong.meta):
                    return Wake(SOON, backoff=True, at_most=OUTAGE_RETRY)
                return _released(await ports.objects.release(body))
            message = f"Deletion is held: {message}. {LET_GO}"
        status = conditions.spec_error(wrong.meta, message, body.get("status") or {}, ports.now())
        return await told(ports, body, status, Wake(SLOWEST_INTERVAL))


def _released(write: Write) -> Wake:
    match write:
        case Later(message=message) | Refused(message=message):
            log.warning("cannot write the object's metadata: %s", message)
            return Wake(SOON, backoff=True, at_most=OUTAGE_RETRY)
        case _:
            return Wake(SOON)
