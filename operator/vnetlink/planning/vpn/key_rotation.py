"""The shared key on its way to both ends: end 1, then end 2, then the tunnel seen; back to the previous one if it stays down.

Decides from the keys themselves where they may be read, from the recorded versions where they may not. Everything that a
crash must not lose lies in Azure, in the record, or in the Secret that keeps the previous key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.ownership import OwnershipRecord, Part, Role, Rotated, Rotation, Slot
from vnetlink.domain.secrets import PreviousKey
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import VpnConnectionPair
from vnetlink.domain.times import stamp
from vnetlink.domain.vpn import OnFailure
from vnetlink.planning.actions import (
    Action,
    ForgetPreviousKey,
    KeepPreviousKey,
    MarkFailedKey,
    PutSharedKey,
    Record,
)
from vnetlink.planning.ownership import recording
from vnetlink.planning.vpn.steps import usable_key
from vnetlink.planning.vpn.world import VpnHalf, VpnWorld

PREVIOUS = "previous"  # the version under which a rolled-back key is recorded


@dataclass(frozen=True, slots=True)
class Goal:
    """The key that both ends are to have. `version`: of the Secret, or PREVIOUS after a rollback."""

    key: SharedKey
    version: str

    @property
    def rolled_back(self) -> bool:
        """Whether the user's key failed and the previous one counts until the Secret changes."""
        return self.version == PREVIOUS


def goal(world: VpnWorld) -> Goal | None:
    """The user's key, or the previous one while the user's is marked as failed. None while nobody can tell."""
    wanted, previous = usable_key(world), kept(world)
    if wanted is None or not isinstance(world.secret, Present):
        return None
    if isinstance(world.previous, Unreadable) and world.previous.transient:
        return None
    if previous is not None and previous.failed and previous.failed == world.secret.value.version:
        return Goal(previous.key, PREVIOUS)
    return Goal(wanted.key, world.secret.value.version)


def kept(world: VpnWorld) -> PreviousKey | None:
    """The previous key, where one is kept."""
    return world.previous.value if isinstance(world.previous, Present) else None


def has(half: VpnHalf, goal: Goal) -> bool | None:
    """Whether this end has the key. None: nobody knows just now. Where it may not be read, the record tells."""
    match half.seen.key:
        case Present(key):
            return key == goal.key
        case Absent():
            return False
        case Unreadable(transient=False):
            return Role.LINK in half.parts and half.parts[Role.LINK].key_version == goal.version
        case _:
            return None


def differ(world: VpnWorld, both: PerSide[VpnHalf]) -> bool | None:
    """Whether the two ends are known to have different keys; None when that is not known."""
    one, two = both.vnet1.seen.key, both.vnet2.seen.key
    if isinstance(one, Present) and isinstance(two, Present):
        return one.value != two.value
    return None


def changed_by_hand(half: VpnHalf, goal: Goal) -> bool:
    """This end had the key once and has another now."""
    part = half.parts.get(Role.LINK)
    return has(half, goal) is False and part is not None and part.key_version == goal.version


def key_actions(
    pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf], record: OwnershipRecord
) -> tuple[Action, ...]:
    """What to do next about the key; nothing while an end is busy or cannot be read for the moment.

    `record` is what the plan records anyway.
    """
    aim = goal(world)
    ends = [half for half in both if half.manages and half.connection is not None]
    if aim is None or not ends or any(half.connection is None or half.connection.busy for half in ends):
        return ()
    known = {half.side: has(half, aim) for half in ends}
    if None in known.values():
        return ()
    owing = [half for half in ends if not known[half.side]]
    if owing:
        return _next_end(pair, world, both, record, aim, owing[0])
    return _proven(pair, world, both, record, aim)


def _next_end(
    pair: VpnConnectionPair,
    world: VpnWorld,
    both: PerSide[VpnHalf],
    record: OwnershipRecord,
    aim: Goal,
    end: VpnHalf,
) -> tuple[Action, ...]:
    connection = end.connection
    if connection is None or Role.LINK in end.refusals:
        return ()
    actions: list[Action] = []
    running = record.rotation
    if not changed_by_hand(end, aim) and (running is None or running.version != aim.version):
        actions += _keep_previous(pair, world, both, aim)
        started = (
            running.started if running is not None else stamp(world.now)
        )  # of the first key that is not proven yet
        record = replace(record, rotation=Rotation(aim.version, started))
    actions += recording(pair, record)
    identity, auxiliary = world.identities[end.side], world.auxiliary(end.side)
    return (*actions, PutSharedKey(Slot(end.side), connection.id, aim.key, aim.version, identity, auxiliary))


def _keep_previous(
    pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf], aim: Goal
) -> tuple[KeepPreviousKey, ...]:
    """The key that both ends have now, to go back to. Without the right to keep it, or without one that both have, none."""
    one, two = both.vnet1.seen.key, both.vnet2.seen.key
    previous = kept(world)
    unproven = pair.record.rotation is not None  # what both ends have now never brought the tunnel up
    if (
        aim.rolled_back
        or not can_roll_back(pair, world)
        or (previous is not None and (unproven or previous.rotating_to == aim.version))
    ):
        return ()
    if not isinstance(one, Present) or not isinstance(two, Present) or one.value != two.value:
        return ()
    return (KeepPreviousKey(one.value, aim.version, previous.version if previous else ""),)


def can_roll_back(pair: VpnConnectionPair, world: VpnWorld) -> bool:
    """Whether Rollback is asked for and possible: the previous key can be kept in a Secret of ours."""
    asked = pair.spec.shared_key.on_failure is OnFailure.ROLLBACK
    return asked and world.manages_secrets and not isinstance(world.previous, Unreadable)


def _proven(
    pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf], record: OwnershipRecord, aim: Goal
) -> tuple[Action, ...]:
    """Both ends have the key: note it, then wait for the tunnel, then forget the old key, or go back to it."""
    record, running, previous = _noted(record, both, aim), record.rotation, kept(world)
    may_forget = world.manages_secrets or not world.asked_for_secrets
    done_with = previous if may_forget and not aim.rolled_back else None
    forget = (ForgetPreviousKey(done_with.version),) if done_with is not None else ()
    if running is None:
        return (*forget, *recording(pair, record))
    if not running.verifying:
        return (Record(replace(record, rotation=replace(running, version=aim.version, verifying=stamp(world.now)))),)
    if all(half.connection is not None and half.connection.status == "Connected" for half in both if half.manages):
        ended = Rotated(stamp(world.now), _seconds(world.now, running.started), aim.rolled_back)
        return (*forget, Record(replace(record, rotation=None, rotated=ended)))
    late = overdue(pair, world)
    if late and not aim.rolled_back and previous is not None and can_roll_back(pair, world):
        return (MarkFailedKey(aim.version, previous.version),)
    if late and aim.rolled_back:
        ended = Rotated(stamp(world.now), _seconds(world.now, running.started), rolled_back=True)
        return (Record(replace(record, rotation=None, rotated=ended)),)
    return recording(pair, record)


def overdue(pair: VpnConnectionPair, world: VpnWorld) -> bool:
    """Whether both ends have had the key for longer than the tunnel may take."""
    running = pair.record.rotation
    if running is None or not running.verifying:
        return False
    return _seconds(world.now, running.verifying) > pair.spec.shared_key.verify_timeout.total_seconds()


def held(pair: VpnConnectionPair, world: VpnWorld) -> bool:
    """Whether a key that does not bring the tunnel up stays: nothing more is done about it until the Secret changes."""
    aim = goal(world)
    way_back = kept(world) is not None and can_roll_back(pair, world)
    return aim is not None and not aim.rolled_back and overdue(pair, world) and not way_back


def _noted(record: OwnershipRecord, both: PerSide[VpnHalf], aim: Goal) -> OwnershipRecord:
    for half in both:
        part: Part | None = record.part(half.side)
        if half.manages and part is not None and part.key_version != aim.version:
            record = record.with_part(Slot(half.side), replace(part, key_version=aim.version))
    return record


def phase(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> str:
    """status.sharedKey.rotation: Idle, Vnet1Updated, Vnet2Updated, Verifying or RolledBack."""
    running, aim = pair.record.rotation, goal(world)
    if running is None:
        return "RolledBack" if aim is not None and aim.rolled_back else "Idle"
    updated = {side: _has_version(pair, side, running.version) for side in Side}
    if all(updated.values()):
        return "Verifying" if running.verifying else "Vnet2Updated"
    return "Vnet1Updated" if updated[Side.VNET1] else "Idle"


def _has_version(pair: VpnConnectionPair, side: Side, version: str) -> bool:
    part = pair.record.part(side)
    return part is not None and part.key_version == version


def _seconds(now: datetime, since: str) -> int:
    """Whole seconds from an RFC 3339 time to now; an unreadable time counts as now, so that waiting starts anew."""
    try:
        return max(0, int((now - datetime.fromisoformat(since)) / timedelta(seconds=1)))
    except (ValueError, TypeError):
        return 0
