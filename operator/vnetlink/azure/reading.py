"""Reads whatever can be asked: once for all who ask at the same time, never from before our own last write. Writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar, cast

from vnetlink.azure import codecs, questions, shapes, traffic_codecs
from vnetlink.azure.answers import Answer, Target, Trouble
from vnetlink.azure.errors import as_read
from vnetlink.azure.memory import Memory, Reading
from vnetlink.azure.questions import Question
from vnetlink.azure.shapes import Unintelligible
from vnetlink.azure.surveys import I, Listable, Surveys
from vnetlink.domain.arm_id import NetworkSecurityGroupId, RouteTableId, VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.network_security import NetworkSecurityGroup
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.routing import RouteTable

if TYPE_CHECKING:
    from vnetlink.azure.clients import Clients

T = TypeVar("T")
ATTEMPTS = 3
VNETS = Listable(lambda network: network.vnets(), codecs.vnet_id, codecs.vnet)
GROUPS = Listable(
    lambda network: network.network_security_groups(),
    lambda document: shapes.identify(NetworkSecurityGroupId, document),
    traffic_codecs.network_security_group,
)
TABLES = Listable(
    lambda network: network.route_tables(),
    lambda document: shapes.identify(RouteTableId, document),
    traffic_codecs.route_table,
)


@dataclass(slots=True)
class Flight:
    """A GET on its way, shared by everybody who may be content with it."""

    sent: float
    order: int
    task: asyncio.Task[Reading | Unreadable]


class Reader:
    """`read` answers from memory or with a GET, whatever is fresh enough; virtual networks also from a list."""

    def __init__(
        self, clients: Clients, memory: Memory, describe: Callable[[Identity], str], clock: Callable[[], float]
    ):
        self._clients, self._memory, self._describe, self._clock = clients, memory, describe, clock
        self._flights: dict[tuple[Identity, str], Flight] = {}
        self._vnets = Surveys(VNETS, clients, memory, clock)
        self._groups = Surveys(GROUPS, clients, memory, clock)
        self._tables = Surveys(TABLES, clients, memory, clock)
        self._refusals: dict[tuple[Identity, str], tuple[float, Unreadable]] = {}

    async def read(self, identity: Identity, question: Question[T], max_age: timedelta) -> Seen[T]:
        """The answer as of at most `max_age` ago, and never as of before our own last write that concerns it."""
        return await self._read(identity, question, self._since(max_age))

    async def read_vnet(self, identity: Identity, vnet: VnetId, max_age: timedelta) -> Seen[ObservedVnet]:
        """As `read`, by list when many are asked for."""
        since = self._since(max_age)
        await self._vnets.refresh(identity, vnet, max_age, since)
        return await self._read(identity, questions.vnet(vnet), since)

    async def read_group(
        self, identity: Identity, group: NetworkSecurityGroupId, max_age: timedelta
    ) -> Seen[NetworkSecurityGroup]:
        """As `read_vnet`; who may not read it is not asked again before that time."""
        question = questions.network_security_group(group)
        return await self._told(identity, group, question, max_age, self._groups)

    async def read_table(self, identity: Identity, table: RouteTableId, max_age: timedelta) -> Seen[RouteTable]:
        """As `read_group`."""
        return await self._told(identity, table, questions.route_table(table), max_age, self._tables)

    async def _told(
        self, identity: Identity, id: I, question: Question[T], max_age: timedelta, surveys: Surveys[I]
    ) -> Seen[T]:
        """Of what only tells something a lasting refusal is an answer, too: it may be as old as any other."""
        since, key = self._since(max_age), (identity, question.key)
        refused = self._refusals.get(key)
        if refused is not None and refused[0] >= since:
            return refused[1]
        sent = self._clock()
        await surveys.refresh(identity, id, max_age, since)
        seen = await self._read(identity, question, since)
        if isinstance(seen, Unreadable) and not seen.transient:
            self._refusals[key] = (sent, seen)
        else:
            self._refusals.pop(key, None)
        return seen

    def _since(self, max_age: timedelta) -> float:
        return self._clock() - max_age.total_seconds()

    async def _read(self, identity: Identity, question: Question[T], since: float) -> Seen[T]:
        for _ in range(ATTEMPTS):
            reading = self._memory.fresh(identity, question, since) or await self._fly(identity, question, since)
            if isinstance(reading, Unreadable):
                return reading
            if not self._memory.outdated(question, reading.order):
                return self._judged(question, reading)
        return Unreadable(Reason.OPERATION_IN_PROGRESS, f"{question.what} changes while it is being read", True)

    def _judged(self, question: Question[T], reading: Reading) -> Seen[T]:
        """What was seen; marked as settling, or not shown at all, when it is older than our own write."""
        seen = cast("Present[T] | Absent", reading.seen)  # what this very question decoded
        if not self._memory.stale(question, reading):
            return seen
        if isinstance(seen, Present) and question.settling:
            return Present(question.settling(seen.value))
        message = f"Azure Resource Manager does not show our last write to {question.what} yet"
        return Unreadable(Reason.OPERATION_IN_PROGRESS, message, transient=True)

    async def _fly(self, identity: Identity, question: Question[T], since: float) -> Reading | Unreadable:
        """Joins the GET on its way if it is recent enough, or sends one. A caller that leaves cancels nobody else's."""
        key = (identity, question.key)
        flight = self._flights.get(key)
        if flight is None or flight.sent < since or self._memory.outdated(question, flight.order):
            sent, order = self._memory.begin()
            flight = Flight(sent, order, asyncio.create_task(self._fetch(identity, question, sent, order)))
            self._flights[key] = flight
            flight.task.add_done_callback(lambda _: self._landed(key, flight))
        return await asyncio.shield(flight.task)

    def _landed(self, key: tuple[Identity, str], flight: Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]

    async def _fetch(self, identity: Identity, question: Question[T], sent: float, order: int) -> Reading | Unreadable:
        answer = await question.ask(self._clients.network(identity, None, question.subscription))
        seen = interpreted(answer, question, self._describe(identity))
        if isinstance(seen, Unreadable):
            return seen
        document = answer.document if isinstance(answer, Answer) else {}
        reading = Reading(sent, order, cast("Present[object] | Absent", seen), document)
        self._memory.keep(identity, question, reading)
        return reading


def interpreted(answer: Answer | Trouble, question: Question[T], asker: str) -> Seen[T]:
    """What an answer to a question says."""
    if not isinstance(answer, Answer):
        return as_read(answer, Target(question.what, asker))
    try:
        value = question.decode(answer.document)
    except Unintelligible:
        message = f"Azure Resource Manager's answer is unreadable ({question.what})"
        return Unreadable(Reason.AZURE_UNREACHABLE, message, transient=True)
    return Absent() if value is None else Present(value)
