"""Reads virtual networks: once for all who ask at the same time, by list when many are asked for. Writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from vnetlink.azure import codecs
from vnetlink.azure.answers import Answer, ArmError, Target, Trouble
from vnetlink.azure.errors import as_read
from vnetlink.azure.memory import Memory, Reading
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Present, Seen, Unreadable
from vnetlink.domain.reasons import Reason

if TYPE_CHECKING:
    from vnetlink.azure.clients import Clients

LIST_FROM = 10  # VNets of one subscription
LIST_AGE = timedelta(seconds=5)
DEMAND_LASTS = 300.0  # seconds, the slowest interval
LIST_REFUSED_FOR = 600.0
LIST_FAILED_FOR = 30.0
ATTEMPTS = 3


@dataclass(slots=True)
class Flight:
    """A GET on its way, shared by everybody who may be content with it."""

    sent: float
    order: int
    task: asyncio.Task[Reading | Unreadable]


@dataclass(slots=True)
class Survey:
    """What is known of listing one subscription: who asks for its VNets, the last list, the one on its way."""

    demand: dict[str, float]
    listed: float = float("-inf")
    barred_until: float = float("-inf")
    task: asyncio.Task[None] | None = None


class Reader:
    """`read` answers from memory, from a list or from a GET, whatever is fresh enough."""

    def __init__(
        self, clients: Clients, memory: Memory, describe: Callable[[Identity], str], clock: Callable[[], float]
    ):
        self._clients, self._memory, self._describe, self._clock = clients, memory, describe, clock
        self._flights: dict[tuple[Identity, str], Flight] = {}
        self._surveys: dict[tuple[Identity, str], Survey] = {}

    async def read(self, identity: Identity, vnet: VnetId, max_age: timedelta) -> Seen[ObservedVnet]:
        """The VNet as of at most `max_age` ago, and never as of before our own last write that concerns it."""
        since = self._clock() - max_age.total_seconds()
        survey = self._ask(identity, vnet)
        if self._memory.fresh(identity, vnet, since) is None and self._worth_a_list(identity, vnet, max_age, since):
            await self._list_once(identity, vnet, survey)
        for _ in range(ATTEMPTS):
            reading = self._memory.fresh(identity, vnet, since) or await self._fly(identity, vnet, since)
            if isinstance(reading, Unreadable):
                return reading
            if not self._memory.outdated(vnet, reading.order):
                return self._memory.judged(vnet, reading)
        return Unreadable(Reason.VNET_UPDATING, f"{vnet} changes while it is being read", transient=True)

    async def _fly(self, identity: Identity, vnet: VnetId, since: float) -> Reading | Unreadable:
        """Joins the GET on its way if it is recent enough, or sends one. A caller that leaves cancels nobody else's."""
        key = (identity, vnet.key)
        flight = self._flights.get(key)
        if flight is None or flight.sent < since or self._memory.outdated(vnet, flight.order):
            sent, order = self._memory.begin()
            flight = Flight(sent, order, asyncio.create_task(self._fetch(identity, vnet, sent, order)))
            self._flights[key] = flight
            flight.task.add_done_callback(lambda _: self._landed(key, flight))
        return await asyncio.shield(flight.task)

    def _landed(self, key: tuple[Identity, str], flight: Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]

    async def _fetch(self, identity: Identity, vnet: VnetId, sent: float, order: int) -> Reading | Unreadable:
        answer = await self._clients.network(identity, None, vnet.subscription).vnet(vnet)
        seen = interpreted(answer, vnet, self._describe(identity))
        if isinstance(seen, Unreadable):
            return seen
        reading = Reading(sent, order, seen, answer.document if isinstance(answer, Answer) else {})
        self._memory.keep(identity, vnet, reading)
        return reading

    def _ask(self, identity: Identity, vnet: VnetId) -> Survey:
        now = self._clock()
        survey = self._surveys.setdefault((identity, vnet.subscription.lower()), Survey({}))
        survey.demand[vnet.key] = now
        if len(survey.demand) >= LIST_FROM:
            survey.demand = {key: asked for key, asked in survey.demand.items() if now - asked < DEMAND_LASTS}
        return survey

    def _worth_a_list(self, identity: Identity, vnet: VnetId, max_age: timedelta, since: float) -> bool:
        """Many are asked for, and this one is merely old: after our own write one GET is cheaper than a list."""
        survey, last = self._surveys[(identity, vnet.subscription.lower())], self._memory.last(identity, vnet)
        if max_age < LIST_AGE or len(survey.demand) < LIST_FROM or self._clock() < survey.barred_until:
            return False
        return survey.listed < since and not (last and self._memory.outdated(vnet, last.order))

    async def _list_once(self, identity: Identity, vnet: VnetId, survey: Survey) -> None:
        if survey.task is None or survey.task.done():
            survey.task = asyncio.create_task(self._list(identity, vnet.subscription, survey))
        await asyncio.shield(survey.task)

    async def _list(self, identity: Identity, subscription: str, survey: Survey) -> None:
        """Remembers what is in demand. A VNet that is not listed stays unknown: only its own GET can say that it is gone."""
        sent, order = self._memory.begin()
        async for page in self._clients.network(identity, None, subscription).vnets():
            if not isinstance(page, Answer):
                survey.barred_until = self._clock() + _barred_for(page)
                return
            for document in codecs.listed(page.document):
                self._remember(identity, document, survey, sent, order)
        survey.listed = sent

    def _remember(self, identity: Identity, document: codecs.Json, survey: Survey, sent: float, order: int) -> None:
        vnet = codecs.vnet_id(document)
        if vnet is not None and vnet.key in survey.demand:
            seen = interpreted(Answer(200, document), vnet, "")
            if isinstance(seen, Present):
                self._memory.keep(identity, vnet, Reading(sent, order, seen, document))


def interpreted(answer: Answer | Trouble, vnet: VnetId, asker: str) -> Seen[ObservedVnet]:
    """What an answer to a GET of `vnet` says."""
    if not isinstance(answer, Answer):
        return as_read(answer, Target(str(vnet), asker))
    try:
        return Present(codecs.vnet(answer.document, vnet))
    except codecs.Unintelligible:
        message = f"Azure Resource Manager's answer is unreadable ({vnet})"
        return Unreadable(Reason.AZURE_UNREACHABLE, message, transient=True)


def _barred_for(trouble: Trouble) -> float:
    """Seconds until a list is tried again: GETs go on meanwhile, they may be allowed where the list is not."""
    return LIST_REFUSED_FOR if isinstance(trouble, ArmError) and trouble.status == 403 else LIST_FAILED_FOR
