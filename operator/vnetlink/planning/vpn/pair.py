"""What to do next for a VpnConnectionPair that is to exist, and what to say. Questions in order of urgency; no I/O.

A plan holds at most one write to Azure, and a turn follows at once: what does not depend on each other starts together.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import chain

from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.ownership import Role
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import AdoptionPolicy, ManagementPolicy, VpnConnectionPair
from vnetlink.planning.actions import (
    Action,
    MakeSharedKey,
    PutConnection,
    PutGateway,
    PutSharedKey,
    Record,
    ReleaseFinalizer,
    RenewSharedKey,
    VpnAction,
)
from vnetlink.planning.blocked import holding, quiet, stalled, unreadable, unseen
from vnetlink.planning.ownership import recording
from vnetlink.planning.plan import SOON, Plan, Truth, Verdict, Wake
from vnetlink.planning.vpn.key_rotation import key_actions
from vnetlink.planning.vpn.preflight import adoption_blockers, blockers, secret_of, unread
from vnetlink.planning.vpn.standing import findings, standing
from vnetlink.planning.vpn.steps import creations, in_motion, recorded_for, repairs, to_come
from vnetlink.planning.vpn.words import TYPICAL_GATEWAY, describe, planned
from vnetlink.planning.vpn.world import VpnHalf, VpnWorld, vpn_halves

STUCK_AFTER = timedelta(hours=2)  # the longest gateway creation recorded took 71 minutes (arm.md 1.3)
POLL = timedelta(seconds=30)  # at most, while a gateway is being made
KEY_POLL = timedelta(seconds=10)  # at most, while the ends may have different keys: a tunnel that falls waits for us


def plan_pair(pair: VpnConnectionPair, world: VpnWorld) -> Plan:
    """The next step towards two Connected connections, or how it stands and why nothing is done."""
    both = vpn_halves(pair, world)
    if pair.spec.lifecycle.writes:
        return holding(pair, unseen(pair, world) or _unread(pair, both) or _manage(pair, world, both))
    plan = unseen(pair, world) or _unread(pair, both) or _observe(pair, world, both)
    return replace(plan, actions=(ReleaseFinalizer(),)) if pair.meta.finalizer else plan


def _unread(pair: VpnConnectionPair, both: PerSide[VpnHalf]) -> Plan | None:
    """A gateway, connection or address that cannot be read: nothing is done. Someone else's may stay unread."""
    for half in both:
        seen = unread(half)
        if seen is None or (half.end.management is ManagementPolicy.OBSERVE and pair.spec.lifecycle.writes):
            continue
        return unreadable(pair, seen, str(half.seen.gateway_id or half.end.id))
    return None


def _manage(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Plan:
    if refused := adoption_blockers(pair, world, both):
        return stalled(pair, refused)
    if any(_unjudged(pair, half) for half in both):
        wake = Wake(SOON, backoff=True, at_most=POLL)
        return Plan(_waiting(pair, world, both), wake, findings=findings(pair, world, both), waiting=True)
    incomplete = any(half.manages and half.connection is None for half in both)
    if incomplete and isinstance(world.secret, Unreadable) and world.secret.transient:
        # nothing that is billed is made for a key of which nobody knows whether it exists
        return unreadable(pair, world.secret, secret_of(pair))
    if incomplete and (refused := blockers(pair, world, both)):
        return stalled(pair, refused)
    if plan := _make_key(pair, world):
        return plan
    step = next(chain(creations(pair, world, both), repairs(pair, world, both)), None)
    record = recorded_for(pair, world, both, step)
    if step is not None:
        actions: tuple[Action, ...] = (*recording(pair, record), step)
        return Plan(_doing(pair, world, both, step), Wake(SOON), actions, findings(pair, world, both))
    if actions := key_actions(pair, world, both, record):
        return Plan(_about_key(pair, world, both, actions), Wake(timedelta(0)), actions, findings(pair, world, both))
    if in_motion(both):
        wake = Wake(SOON, backoff=True, at_most=_slowest(pair))
        return Plan(
            _waiting(pair, world, both), wake, recording(pair, record), findings(pair, world, both), waiting=True
        )
    verdict = standing(pair, world, both)
    rising = verdict.reason in (Reason.CONNECTING, Reason.TUNNEL_NOT_CONNECTED, Reason.ROTATING_SHARED_KEY)
    slow = verdict.reason is Reason.TUNNEL_NOT_CONNECTED
    wake = Wake(SOON, backoff=True, at_most=_slowest(pair)) if rising and not slow else quiet(pair.spec.lifecycle)
    return Plan(verdict, wake, recording(pair, record), findings(pair, world, both), waiting=rising)


def _unjudged(pair: VpnConnectionPair, half: VpnHalf) -> bool:
    """Somebody's connection that might match: its key is not shown while an operation runs, so it is not adopted unseen."""
    shown = half.connection
    judged = pair.spec.lifecycle.adoption is not AdoptionPolicy.IF_MATCHING or not half.manages
    return shown is not None and shown.busy and not judged and not half.recorded(Role.LINK, shown.id)


def _slowest(pair: VpnConnectionPair) -> timedelta:
    """How long to wait at most before looking at an operation, or at a tunnel, again."""
    return POLL if pair.record.rotation is None else min(KEY_POLL, pair.spec.shared_key.verify_timeout)


def _make_key(pair: VpnConnectionPair, world: VpnWorld) -> Plan | None:
    """A generated key comes before anything that needs it; another one when a person asks."""
    wanted, asked = pair.spec.shared_key, pair.meta.rotate_requested_at
    action: MakeSharedKey | RenewSharedKey
    match world.secret:
        case Absent() if wanted.generate and world.manages_secrets:
            action, what = MakeSharedKey(wanted.secret), "Generating"
        case Present(secret) if (
            wanted.generate and secret.generated and asked and secret.renewed_at != asked and world.manages_secrets
        ):
            action, what = RenewSharedKey(wanted.secret, secret.version, asked), "Renewing"
        case _:
            return None
    message = f"{what} the shared key in Secret {pair.meta.key.namespace}/{wanted.secret.name}."
    return Plan(Verdict(Truth.FALSE, Reason.CREATING, message, progressing=True), Wake(timedelta(0)), (action,))


def _observe(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Plan:
    """Tell the truth and what would be written; a suspended or observing object writes nothing and holds nothing."""
    refused = (*adoption_blockers(pair, world, both), *blockers(pair, world, both))
    keys = key_actions(pair, world, both, pair.record)
    owed = () if refused else (*foreseen(pair, world, both), *(a for a in keys if isinstance(a, PutSharedKey)))
    verdict = standing(pair, world, both)
    if refused and verdict.reason is Reason.GATEWAY_MISSING:
        verdict = stalled(pair, refused).verdict
    elif in_motion(both) and not verdict.stalled:
        verdict = _waiting(pair, world, both)
    suspended = pair.spec.lifecycle.suspend
    reason = Reason.SUSPENDED if suspended and verdict.ready is Truth.TRUE else verdict.reason
    switch = "spec.suspend: false" if suspended else "spec.managementPolicy: Manage"
    offer = f"Set {switch} to have it mended (status.plannedActions). By hand: " if owed else ""
    message = f"{'Suspended. ' if suspended else ''}{offer}{verdict.message}"
    told = tuple(dict.fromkeys((*findings(pair, world, both), *refused)))
    return Plan(
        Verdict(verdict.ready, reason, message), quiet(pair.spec.lifecycle), (), told, tuple(map(planned, owed))
    )


def foreseen(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> tuple[VpnAction, ...]:
    """The whole way as far as it can be told beforehand: what an Observe object would do."""
    return (*to_come(pair, world, both), *repairs(pair, world, both))


def _doing(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf], step: VpnAction) -> Verdict:
    text = f"Under way: {describe(step, drifted=False)} {step.id}."
    if isinstance(step, PutGateway) or any(half.to_make or _making(half) for half in both):
        return Verdict(Truth.FALSE, Reason.GATEWAY_PROVISIONING, _gateways_told(pair, both, text), progressing=True)
    updating = isinstance(step, PutConnection) and not step.creates
    return Verdict(Truth.FALSE, Reason.UPDATING if updating else Reason.CREATING, text, progressing=True)


def _making(half: VpnHalf) -> bool:
    return half.gateway is not None and half.gateway.busy


def _about_key(
    pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf], actions: tuple[Action, ...]
) -> Verdict:
    """While a key is on its way, or what stands when there is only something to note."""
    verdict = standing(pair, world, both)
    if verdict.reason is Reason.SHARED_KEY_MISMATCH and any(isinstance(action, PutSharedKey) for action in actions):
        rotating = any(isinstance(action, Record) and action.record.rotation is not None for action in actions)
        reason = Reason.ROTATING_SHARED_KEY if rotating else Reason.SHARED_KEY_MISMATCH
        said = "The key in the Secret changed; setting it on both connections." if rotating else verdict.message
        return Verdict(Truth.FALSE, reason, said, progressing=True)
    return verdict


def _waiting(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Verdict:
    """What runs, since when, and how long it usually takes."""
    if world.busy_for > STUCK_AFTER:
        names = ", ".join(str(half.gateway.id) for half in both if _making(half) and half.gateway)
        hours = int(STUCK_AFTER.total_seconds() // 3600)
        message = f"An operation has been running for more than {hours} hours{f' on {names}' if names else ''}."
        return Verdict(Truth.FALSE, Reason.OPERATION_STUCK, message, stalled=True)
    if any(half.to_make or _making(half) for half in both):
        return Verdict(Truth.FALSE, Reason.GATEWAY_PROVISIONING, _gateways_told(pair, both, ""), progressing=True)
    if pair.record.rotation is not None:
        return standing(pair, world, both)
    busy = [half.connection for half in both if half.connection is not None and half.connection.busy]
    made = {half.side for half in both if half.connection and half.made_by_us(Role.LINK, half.connection.id)}
    reason = Reason.CREATING if made and not pair.record.rotated else Reason.OPERATION_IN_PROGRESS
    names = " and ".join(str(connection.id) for connection in busy)
    return Verdict(
        Truth.FALSE, reason, f"An operation runs on connection {names}; waiting for its end.", progressing=True
    )


def _gateways_told(pair: VpnConnectionPair, both: PerSide[VpnHalf], first: str) -> str:
    """The way of each side in a few words: subnet and addresses, then the gateway since when."""
    told = [first] if first else []
    for half in both:
        gateway, part = half.gateway, half.parts.get(Role.GATEWAY)
        since = f" since {part.since}" if part is not None and part.since else ""
        if gateway is not None and gateway.creating:
            told.append(f"Gateway {gateway.id.name} is being created{since}, {TYPICAL_GATEWAY}.")
        elif gateway is not None and gateway.busy:
            told.append(f"Gateway {gateway.id.name} is being updated.")
        elif half.to_make and half.seen.gateway_id is not None and not first:
            told.append(f"Gateway {half.seen.gateway_id.name} follows when its subnet and addresses stand.")
    return " ".join(told)


def wants_secret_rights(pair: VpnConnectionPair, absent: bool) -> bool:
    """Whether a turn must ask if it may manage Secrets: to generate a key, to renew one, or to keep one for a rollback."""
    renews = pair.spec.shared_key.generate and bool(pair.meta.rotate_requested_at)
    return (absent and pair.spec.shared_key.generate) or renews or pair.record.rotation is not None
