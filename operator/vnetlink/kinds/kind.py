"""One kind of pair, as far as a turn is concerned: how its world is read, and pure functions for everything else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from vnetlink.domain.events import Event
from vnetlink.domain.identity import Identity
from vnetlink.domain.outcome import Outcome
from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import Owner
from vnetlink.memory import Memory
from vnetlink.planning.actions import AzureAction, ChildAction
from vnetlink.planning.ages import Ages
from vnetlink.planning.blocked import contested
from vnetlink.planning.conditions import Shown
from vnetlink.planning.json_value import Json, Status
from vnetlink.planning.letting_go import release
from vnetlink.planning.plan import Finding, Plan, PlannedAction, Verdict
from vnetlink.ports import Ports

P = TypeVar("P", bound=Owner)
W = TypeVar("W")


async def _nothing(
    ports: object, owner: object, world: W, memory: object, ages: object
) -> tuple[W, tuple[Finding, ...]]:
    return world, ()


def _all_waits(pair: P, world: W, plan: Plan, write: AzureAction) -> tuple[Plan, W]:
    return contested(pair, plan, str(write.id)), world


@dataclass(frozen=True, slots=True)
class Kind(Generic[P, W]):
    """`P`: the object, `W`: everything that a turn reads for it. Only `read`, `before_azure` and `diagnose` do I/O.

    `restless`: how old a read may be while something is owed. `exclusive`: Azure takes no other write for this object until
    the last one has settled. `before_azure`: the plan of a deletion that needs nothing of Azure yet, or never, None when it
    does; it is asked before any grant, so that an object can be let go of without one. `diagnose`: what else is to be told of
    an object that rests: findings beside the plan's, and the world where the plan tells more of it now. Nothing is done about it.
    `contested`: the plan, and the world to be shown, without a write that somebody else keeps changing back.
    """

    restless: timedelta
    exclusive: bool
    read: Callable[[Ports, P, PerSide[Identity], Memory, Ages], Awaitable[W]]
    before_azure: Callable[[Ports, P], Awaitable[Plan | None]]
    plan: Callable[[P, W], Plan]
    plan_deletion: Callable[[P, W], Plan]
    planned_deletion: Callable[[P, W], tuple[PlannedAction, ...]]
    allow: Callable[[Plan, P, W], Plan]
    shown: Callable[[P, W], Shown]
    describe: Callable[[AzureAction, bool], str]
    after_write: Callable[[P, AzureAction, Outcome, bool], Iterable[Event]]
    after_record: Callable[[P, OwnershipRecord], Iterable[Event]]
    after_release: Callable[[P], Iterable[Event]]
    after_status: Callable[[P, Verdict, Mapping[str, Json], Status], Iterable[Event]]
    diagnose: Callable[[Ports, P, W, Memory, Ages], Awaitable[tuple[W, tuple[Finding, ...]]]] = _nothing
    contested: Callable[[P, W, Plan, AzureAction], tuple[Plan, W]] = _all_waits
    after_child: Callable[[P, ChildAction], Iterable[Event]] = lambda owner, action: ()


def released_without_azure(needs_azure: Callable[[P], bool]) -> Callable[[Ports, P], Awaitable[Plan | None]]:
    """The `before_azure` of a kind that has nothing but parts in Azure."""

    async def before_azure(ports: Ports, pair: P) -> Plan | None:
        return None if needs_azure(pair) else release(Reason.ORPHANED, "Nothing in Azure goes with this object.")

    return before_azure
