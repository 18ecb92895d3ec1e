"""One turn of one object: read it, decode it, give it the turn of its kind. Chooses nothing itself.

A turn may be cut at any line: the next one starts from what Azure and the object hold.
"""

from __future__ import annotations

import logging

from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.specs import ObjectKey, SpecError
from vnetlink.kube.api import Body
from vnetlink.kube.decode import peering_pair
from vnetlink.memory import Memories
from vnetlink.pair_turn import PairTurn, told
from vnetlink.planning import conditions
from vnetlink.planning.plan import OUTAGE_RETRY, SLOWEST_INTERVAL, SOON, Wake
from vnetlink.ports import Ports
from vnetlink.telemetry import turn_generation

log = logging.getLogger(__name__)


class Loop:
    """The turns of all objects. Holds memories and nothing that may not be lost."""

    def __init__(self, ports: Ports) -> None:
        self._ports, self._memories = ports, Memories()

    async def turn(self, key: ObjectKey) -> Wake | None:
        """One turn; None when the object is gone and its key may be forgotten."""
        match await self._ports.objects.get(key):
            case Absent():
                self._ports.claims.forget(key)
                self._memories.forget(key)
                return None
            case Unreadable(message=message, retry_after=after):
                log.warning("cannot read the object: %s", message)
                return Wake(after or SOON, backoff=True, at_most=OUTAGE_RETRY)
            case Present(body):
                return await self._turn_of(body)

    async def _turn_of(self, body: Body) -> Wake:
        ports = self._ports
        decoded = peering_pair(body, ports.settings.installation)
        turn_generation(decoded.meta.generation)
        ports.claims.update(decoded)
        if isinstance(decoded, SpecError):
            status = conditions.spec_error(decoded.meta, decoded.message, body.get("status") or {}, ports.now())
            return await told(ports, body, status, Wake(SLOWEST_INTERVAL))
        return await PairTurn(ports, body, decoded, self._memories.of(decoded.meta, ports.monotonic())).run()
