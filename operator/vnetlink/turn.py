"""One turn of one object of any pair kind: read, plan, guard, act, tell. Chooses nothing itself and waits for no long operation."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Generic

from vnetlink import metrics
from vnetlink.domain.arm_id import ArmId, ZoneLinkId
from vnetlink.domain.events import Event
from vnetlink.domain.identity import Identity, NotGranted
from vnetlink.domain.outcome import Absent, Accepted, Later, Present, Refused, Seen, Unreadable
from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import DeletionPolicy, ManagementPolicy, ObjectKey, ObjectMeta, Owner, SpecError
from vnetlink.kinds.kind import Kind, P, W
from vnetlink.kube.answers import Gone, Write, Written
from vnetlink.kube.api import Body
from vnetlink.kube.decode import decode, metadata
from vnetlink.memory import Memory
from vnetlink.planning import brake, conditions, ownership
from vnetlink.planning.actions import (
    AzureAction,
    ChildAction,
    DeletePart,
    DeletePeering,
    HoldDeletion,
    Record,
    ReleaseFinalizer,
    SecretAction,
)
from vnetlink.planning.ages import ASKED, Ages, ages
from vnetlink.planning.blocked import denied, duplicate, not_granted, quiet, unreadable
from vnetlink.planning.credential import ASK_AGAIN
from vnetlink.planning.grants import Refusal, identities
from vnetlink.planning.json_value import Status
from vnetlink.planning.letting_go import Held, hold, release, wait
from vnetlink.planning.log_line import describe_child, describe_secret, told_outcome
from vnetlink.planning.plan import OUTAGE_RETRY, SLOWEST_INTERVAL, SOON, Finding, Plan, Truth, Wake
from vnetlink.planning.reversals import puts_back
from vnetlink.planning.transitions import on_what_was_written
from vnetlink.ports import Ports

AT_ONCE = Wake(timedelta(0))
TRIES = 3  # for a record that an edit came before

log = logging.getLogger(__name__)


class Turn(Generic[P, W]):
    """One turn of one object."""

    def __init__(self, kind: Kind[P, W], ports: Ports, body: Body, pair: P, memory: Memory) -> None:
        self._kind, self._ports, self._body, self._memory = kind, ports, body, memory
        self._azure, self._settings = ports.azure, ports.settings
        self._pair = _observing(pair) if ports.settings.dry_run else pair
        self._refused: tuple[str, Refused] | None = None  # what Kubernetes did not take for good
        self._displaced = False  # another object holds the pair, so nothing goes with this one

    async def run(self) -> Wake:
        """Read, plan, act, tell."""
        if self._pair.meta.deleting and not self._pair.meta.finalizer:
            return Wake(SLOWEST_INTERVAL)  # somebody else's finalizer; the watch tells when it is gone
        vnets = [end.id for end in self._pair.spec.ends]
        old = ages(self._pair.spec.lifecycle, self._memory.asked, self._memory.rested, self._kind.restless)
        plan, world = await self._decide(old)
        plan = self._rehearsed(plan, world) if self._settings.dry_run else plan
        if (write := _azure_write(plan)) is not None:
            async with self._azure.writing(*vnets):
                plan, world = await self._decide(old.before_write(*_read_as(write), *vnets))
                wake = await self._overtaken() or await self._carry_out(plan)
        else:
            wake = await self._carry_out(plan)
        self._note(plan, world)
        if wake is AT_ONCE:  # what was planned is no longer true: the next turn tells what is
            return wake
        if self._refused:
            plan = denied(self._pair, plan, *self._refused)
        else:
            plan, world = await self._diagnosed(plan, world, old)
        return await self._report(plan, world, wake or plan.wake)

    # -- read and plan

    async def _decide(self, old: Ages) -> tuple[Plan, W | None]:
        """The plan, and the world that it was made for where one was read. Of many deletions at once none goes on unasked."""
        plan, world = await self._plan(old)
        return (await self._braked(plan) if brake.takes(self._pair, plan) else plan), world

    async def _braked(self, plan: Plan) -> Plan:
        pair, threshold = self._pair, self._settings.deletion_threshold
        if pair.meta.deletion_held:
            return brake.held(pair, pair.meta.deletion_held)
        if not threshold:
            return plan
        match await self._ports.deletions.fleet():
            case Unreadable() as unread:
                return self._unread(unread)
            case Present(fleet):
                return brake.allow(pair, plan, fleet, threshold)

    async def _plan(self, old: Ages) -> tuple[Plan, W | None]:
        pair, kind = self._pair, self._kind
        if pair.meta.deleting and (plan := await kind.before_azure(self._ports, pair)) is not None:
            return plan, None
        granted = await self._granted(pair)
        if isinstance(granted, NotGranted):
            held = hold(pair, Finding(granted.reason, granted.message, pair.meta.key.described))
            return held if pair.meta.deleting else not_granted(pair, granted), None
        if isinstance(granted, Unreadable):
            return self._unread(granted), None
        winner = await self._winner()
        if isinstance(winner, Unreadable):
            return self._unread(winner), None
        self._displaced = isinstance(winner, Present)
        if isinstance(winner, Present) and pair.meta.deleting:
            return release(Reason.DUPLICATE_LINK, f"{winner.value} holds the pair."), None
        world = await kind.read(self._ports, pair, granted, self._memory, old)
        if isinstance(winner, Present):
            return duplicate(pair, winner.value), world
        plan, world = (kind.plan_deletion(pair, world), world) if pair.meta.deleting else self._uncontested(world)
        return kind.allow(plan, pair, world), world

    def _uncontested(self, world: W) -> tuple[Plan, W]:
        """The plan without the writes that somebody else keeps changing back."""
        plan, now = self._kind.plan(self._pair, world), self._ports.monotonic()
        while (write := _azure_write(plan)) is not None and self._memory.contested(write.id, now):
            plan, world = self._kind.contested(self._pair, world, plan, write)
        return plan, world

    async def _granted(self, owner: Owner) -> PerSide[Identity] | Refusal:
        return identities(owner, await self._ports.credentials.known(owner), self._settings.law)

    def _unread(self, why: Unreadable) -> Plan:
        """What decides whether we may write could not be read: nothing is done, and nothing is let go of."""
        pair, id = self._pair, self._pair.meta.key.described
        return wait(pair, (Held.by(why, id),)) if pair.meta.deleting else unreadable(pair, why, id)

    def _rehearsed(self, plan: Plan, world: W | None) -> Plan:
        """A dry run: the plan's writes are told, and none of them is done."""
        gone = world if self._pair.meta.deleting else None
        going = self._kind.planned_deletion(self._pair, gone) if gone is not None else ()
        return replace(plan, actions=(), planned=plan.planned or going, wake=quiet(self._pair.spec.lifecycle))

    async def _winner(self) -> Seen[ObjectKey]:
        """The object that holds this pair before us. Claims may lag, so it and its grant are read before it is believed."""
        if not self._pair.spec.lifecycle.writes:
            return Absent()
        for rival in self._ports.claims.rivals(self._pair.meta.key):
            match await self._ports.objects.get(rival.key):
                case Absent():
                    self._ports.claims.forget(rival.key)
                case Present(body):
                    other = decode(body, self._settings.installation)
                    if not isinstance(other, SpecError) and isinstance(
                        granted := await self._granted(other), Unreadable
                    ):
                        return granted
                    self._ports.claims.update(other)
                case Unreadable() as unread:
                    return unread
        rivals = self._ports.claims.rivals(self._pair.meta.key)
        return Present(rivals[0].key) if rivals else Absent()

    # -- act

    async def _overtaken(self) -> Wake | None:
        """When to look again because the object was edited meanwhile: a turn may wait long for a VNet and for Azure.

        A suspended object must not be written for, one that was told to let go must not delete. None: it is as it was.
        """
        match await self._ports.objects.get(self._pair.meta.key):
            case Present(body):
                return None if _wish(metadata(body)) == _wish(self._pair.meta) else AT_ONCE
            case Absent():
                return AT_ONCE
            case Unreadable(message=message):
                log.warning("cannot read the object before a write: %s", message)
                return Wake(SOON, backoff=True, at_most=OUTAGE_RETRY)

    async def _carry_out(self, plan: Plan) -> Wake | None:
        """Run the actions in order; the first that fails ends the turn. None: as the plan says."""
        wake: Wake | None = None
        before = self._pair.record
        for action in plan.actions:
            match action:
                case Record(record):
                    wake = await self._hold(record)
                case ReleaseFinalizer():
                    wake = await self._release()
                case HoldDeletion(together):
                    wake = self._patched(await self._ports.objects.hold_deletion(self._body, together))
                case _ if isinstance(action, SecretAction):
                    wake = await self._keep_secret(action)
                case _ if isinstance(action, ChildAction):
                    wake = await self._keep_child(action)
                case _:
                    return await self._write(action, before)
            if wake is not None:
                return wake
        return wake

    async def _hold(self, record: OwnershipRecord) -> Wake | None:
        wake = self._patched(await self._ports.objects.hold(self._body, record.dump()))
        if wake is None:
            self._emit(self._kind.after_record(self._pair, record))
            self._pair = replace(self._pair, record=record)
        return wake

    async def _release(self) -> Wake | None:
        told = tuple(self._kind.after_release(self._as_it_goes())) if self._pair.meta.deleting else ()
        wake = self._patched(await self._ports.objects.release(self._body))
        if wake is None:
            self._emit(told)
        return wake

    async def _keep_secret(self, action: SecretAction) -> Wake | None:
        write = await self._ports.secrets.perform(self._pair.meta, action)
        if isinstance(write, Written):
            log.info("%s: done", describe_secret(action))
        return self._unwritten(write, describe_secret(action))

    def _as_it_goes(self) -> P:
        """The object for whoever tells what a deletion leaves in Azure."""
        return _orphaned(self._pair) if self._displaced else self._pair

    async def _keep_child(self, action: ChildAction) -> Wake | None:
        write = await self._ports.children.perform(self._pair.meta, action)
        if isinstance(write, Written):
            log.info("%s: done", describe_child(action))
            self._emit(self._kind.after_child(self._pair, action))
        return self._unwritten(write, describe_child(action))

    def _patched(self, write: Write) -> Wake | None:
        if isinstance(write, Written):
            self._body = write.body
        return self._unwritten(write, "write the object's metadata")

    def _unwritten(self, write: Write, what: str) -> Wake | None:
        """When to try again what Kubernetes did not take; None: it did. Nobody tells us when a refusal has lost its cause."""
        match write:
            case Written():
                self._refused = None
                return None
            case Gone():
                return AT_ONCE
            case Later(message=message):
                log.warning("cannot %s: %s", what, message)
                return Wake(timedelta(0), backoff=True, at_most=OUTAGE_RETRY)
            case Refused(message=message):
                log.warning("cannot %s: %s", what, message)
                self._refused = what, write
                return Wake(timedelta(0), backoff=True, at_most=ASK_AGAIN)

    async def _write(self, action: AzureAction, before: OwnershipRecord) -> Wake | None:
        """`before`: the record that this turn began with."""
        longest = quiet(self._pair.spec.lifecycle).after
        pause = self._memory.pause_before_write(action.slot, _updates(action), longest, self._ports.monotonic())
        if pause:
            return Wake(pause)
        outcome = await self._azure.perform(action)
        self._memory.note_write(action.slot, isinstance(outcome, Accepted), self._ports.monotonic())
        log.info("%s %s: %s", self._kind.describe(action, self._memory.has_stood), action.id, told_outcome(outcome))
        told = tuple(self._kind.after_write(self._pair, action, outcome, self._memory.has_stood))
        if isinstance(outcome, Accepted) and self._memory.has_stood and puts_back(action, before):
            self._memory.note_reversal(action.id, self._ports.monotonic())
        record = ownership.after(self._pair.record, action, outcome)
        changed = record != self._pair.record and await self._keep(record)
        self._emit(told)
        match outcome:
            case Accepted(settles_in=settles_in):
                settled = settles_in if self._kind.exclusive else None
                return AT_ONCE if changed else Wake(settled or timedelta(0))
            case Later(retry_after=after):
                return Wake(after) if after else Wake(SOON, backoff=True, at_most=OUTAGE_RETRY)
            case Refused():
                now = self._ports.monotonic()
                again = action.slot in self._memory.refusals_at(now)
                self._memory.refuse(action.slot, outcome, now + longest.total_seconds())
                return Wake(SOON, backoff=True) if again else AT_ONCE

    async def _keep(self, record: OwnershipRecord) -> bool:
        """Record what came of a write: no later turn could find it out. True when the object was edited meanwhile."""
        changed = False
        for _ in range(TRIES):
            if await self._hold(record) is None:
                break
            match await self._ports.objects.get(self._pair.meta.key):
                case Present(body) if body["metadata"].get("uid") == self._pair.meta.uid:
                    self._body, changed = body, True
                case _:
                    break
        return changed

    def _emit(self, told: Iterable[Event]) -> None:
        if not self._settings.dry_run:
            for event in told:
                self._ports.recorder.record(on_what_was_written(event, self._pair.meta))
                metrics.told(event)

    # -- tell

    async def _diagnosed(self, plan: Plan, world: W | None, old: Ages) -> tuple[Plan, W | None]:
        """With what else there is to tell of an object that holds its pair and rests: never before a write, nor under a lock."""
        working = _azure_write(plan) is not None or plan.verdict.progressing
        if world is None or working or self._displaced or self._pair.meta.deleting:
            return plan, world
        old = ASKED if self._memory.traffic_asked else old
        seen, found = await self._kind.diagnose(self._ports, self._pair, world, self._memory, old)
        self._memory.traffic_asked = False
        plan = plan if seen is world else self._retold(plan, world, seen)
        return replace(plan, findings=tuple(dict.fromkeys((*plan.findings, *found)))), seen

    def _retold(self, plan: Plan, before: W, now: W) -> Plan:
        """The plan in the words for what is known now. What a turn says beside its kind's words (Contested) stays."""
        old, new = (self._kind.plan(self._pair, world) for world in (before, now))
        beside = (finding for finding in plan.findings if finding not in old.findings)
        verdict = new.verdict if plan.verdict == old.verdict else plan.verdict
        return replace(plan, verdict=verdict, findings=(*beside, *new.findings))

    def _note(self, plan: Plan, world: W | None) -> None:
        self._memory.note_busy(plan.waiting, self._ports.monotonic())
        self._memory.note_rest(world is not None and not plan.actions and not plan.verdict.progressing)
        stands = self._memory.rested and plan.verdict.ready is Truth.TRUE
        self._memory.has_stood = self._memory.has_stood or stands
        if self._settings.dry_run and world is not None:
            for planned in plan.planned:
                log.info("dry run: would %s %s: %s", planned.action, planned.id, planned.detail)

    async def _report(self, plan: Plan, world: W | None, wake: Wake) -> Wake:
        if any(isinstance(action, ReleaseFinalizer) for action in plan.actions) and self._pair.meta.deleting:
            return wake  # nobody is left to read it
        previous = self._body.get("status") or {}
        shown = self._kind.shown(self._as_it_goes(), world) if world is not None else None
        status = conditions.status(self._pair, plan, shown, previous, self._ports.now())
        next_wake = await told(self._ports, self._body, status, wake)
        if status is not None and next_wake is wake:
            self._emit(self._kind.after_status(self._pair, plan.verdict, previous, status))
        return next_wake


async def told(ports: Ports, body: Body, status: Status | None, wake: Wake) -> Wake:
    """Write `status` where there is one; `wake`, or sooner when it could not be written."""
    if status is None or ports.settings.dry_run:
        return wake
    match await ports.statuses.write(body, status):
        case Later(message=message) | Refused(message=message):
            log.warning("cannot write status: %s", message)
            return Wake(SOON, backoff=True, at_most=OUTAGE_RETRY)
        case _:
            return wake


def _azure_write(plan: Plan) -> AzureAction | None:
    """The one write to Azure that a plan may hold."""
    return next((action for action in plan.actions if isinstance(action, AzureAction)), None)


def _read_as(action: AzureAction) -> tuple[ArmId, ...]:
    """What is read to know what a write is about: a zone's links are read with their zone."""
    return (action.id, action.id.zone) if isinstance(action.id, ZoneLinkId) else (action.id,)


def _updates(action: AzureAction) -> bool:
    """Whether the write changes what is there: such a one may be repeated, and a burst of edits is written once."""
    return not isinstance(action, DeletePeering | DeletePart) and not action.creates


def _wish(meta: ObjectMeta) -> tuple[object, ...]:
    """What decides about a write, and not the status."""
    deletion = meta.deleting, meta.deletion_held, meta.deletion_confirmed
    return meta.uid, meta.generation, deletion, meta.finalizer, meta.owned


def _observing(pair: P) -> P:
    """A dry run sees every object as one that only observes; what goes with a deleted one depends on what it is."""
    lifecycle = replace(pair.spec.lifecycle, management=ManagementPolicy.OBSERVE)
    return pair if pair.meta.deleting else replace(pair, spec=replace(pair.spec, lifecycle=lifecycle))  # type: ignore[arg-type]


def _orphaned(pair: P) -> P:
    lifecycle = replace(pair.spec.lifecycle, deletion=DeletionPolicy.ORPHAN)
    return replace(pair, spec=replace(pair.spec, lifecycle=lifecycle))  # type: ignore[arg-type]
