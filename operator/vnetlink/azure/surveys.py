"""Lists the resources of one type in a subscription when many of them are asked for. Concludes no absence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from vnetlink.azure import codecs
from vnetlink.azure.answers import Answer, ArmError, Trouble
from vnetlink.azure.memory import Memory, Reading, Thing
from vnetlink.azure.shapes import Json, Unintelligible
from vnetlink.domain.identity import Identity
from vnetlink.domain.outcome import Present

if TYPE_CHECKING:
    from vnetlink.azure.clients import Clients, Network

I = TypeVar("I", bound="Listed")  # noqa: E741

LIST_FROM = 10  # of one type in one subscription
LIST_AGE = timedelta(seconds=5)
DEMAND_LASTS = 300.0  # seconds, the slowest interval
LIST_REFUSED_FOR = 600.0
LIST_FAILED_FOR = 30.0


class Listed(Thing, Protocol):
    """An id of what ARM lists by subscription."""

    @property
    def subscription(self) -> str:
        """The subscription's id."""


@dataclass(frozen=True, slots=True)
class Listable(Generic[I]):
    """A type of resource: every page of a subscription's, the id of what a page shows (None for what has none), its value."""

    pages: Callable[[Network], AsyncIterator[Answer | Trouble]]
    id: Callable[[Json], I | None]
    decode: Callable[[Json, I], object]


@dataclass(slots=True)
class Survey:
    """What is known of listing one subscription: what is asked for, the last list, the one on its way."""

    demand: dict[str, float]
    listed: float = float("-inf")
    barred_until: float = float("-inf")
    task: asyncio.Task[None] | None = None


class Surveys(Generic[I]):
    """One survey for each identity and subscription; what a list shows goes into memory."""

    def __init__(self, kind: Listable[I], clients: Clients, memory: Memory, clock: Callable[[], float]) -> None:
        self._kind, self._clients, self._memory, self._clock = kind, clients, memory, clock
        self._surveys: dict[tuple[Identity, str], Survey] = {}

    async def refresh(self, identity: Identity, id: I, max_age: timedelta, since: float) -> None:
        """To be called before `id` is read: notes the demand, and lists when that is cheaper than all the GETs."""
        survey = self._ask(identity, id)
        if self._memory.fresh(identity, id, since) is None and self._worth_a_list(identity, id, max_age, since):
            await self._list_once(identity, id, survey)

    def _ask(self, identity: Identity, id: I) -> Survey:
        now = self._clock()
        survey = self._surveys.setdefault((identity, id.subscription.lower()), Survey({}))
        survey.demand[id.key] = now
        if len(survey.demand) >= LIST_FROM:
            survey.demand = {key: asked for key, asked in survey.demand.items() if now - asked < DEMAND_LASTS}
        return survey

    def _worth_a_list(self, identity: Identity, id: I, max_age: timedelta, since: float) -> bool:
        """Many are asked for, and this one is merely old: after our own write one GET is cheaper than a list."""
        survey, last = self._surveys[(identity, id.subscription.lower())], self._memory.last(identity, id)
        if max_age < LIST_AGE or len(survey.demand) < LIST_FROM or self._clock() < survey.barred_until:
            return False
        return survey.listed < since and not (last and self._memory.outdated(id, last.order))

    async def _list_once(self, identity: Identity, id: I, survey: Survey) -> None:
        if survey.task is None or survey.task.done():
            survey.task = asyncio.create_task(self._list(identity, id.subscription, survey))
        await asyncio.shield(survey.task)

    async def _list(self, identity: Identity, subscription: str, survey: Survey) -> None:
        """Remembers what is in demand. What is not listed stays unknown: only its own GET can say that it is gone."""
        sent, order = self._memory.begin()
        async for page in self._kind.pages(self._clients.network(identity, None, subscription)):
            if not isinstance(page, Answer):
                survey.barred_until = self._clock() + _barred_for(page)
                return
            for document in codecs.listed(page.document):
                self._remember(identity, document, survey, sent, order)
        survey.listed = sent

    def _remember(self, identity: Identity, document: Json, survey: Survey, sent: float, order: int) -> None:
        id = self._kind.id(document)
        if id is None or id.key not in survey.demand:
            return
        try:
            seen: Present[object] = Present(self._kind.decode(document, id))
        except Unintelligible:
            return
        self._memory.keep(identity, id, Reading(sent, order, seen, document))


def _barred_for(trouble: Trouble) -> float:
    """Seconds until a list is tried again: GETs go on meanwhile, they may be allowed where the list is not."""
    return LIST_REFUSED_FOR if isinstance(trouble, ArmError) and trouble.status == 403 else LIST_FAILED_FOR
