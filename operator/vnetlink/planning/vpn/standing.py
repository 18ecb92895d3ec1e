"""How a VpnConnectionPair stands when nothing is left to write: rows of what is wrong, most urgent first. Says, never acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

from vnetlink.domain.observed import Provisioning
from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.ownership import Role
from vnetlink.domain.reasons import Reason, Severity
from vnetlink.domain.shared_key import CheckedKey
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import VpnConnectionPair
from vnetlink.domain.vpn import OnFailure
from vnetlink.planning import az
from vnetlink.planning.overlaps import with_peers
from vnetlink.planning.plan import Finding, Truth, Verdict
from vnetlink.planning.remedies import remedy
from vnetlink.planning.vpn import key_rotation, preflight
from vnetlink.planning.vpn.world import VpnHalf, VpnWorld

Row = Callable[[VpnConnectionPair, VpnWorld, PerSide[VpnHalf]], Iterator[Finding]]

CONNECTED, NOT_CONNECTED = "Connected", "NotConnected"


def findings(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> tuple[Finding, ...]:
    """Everything that is wrong, every row asked, each answer once."""
    return tuple(dict.fromkeys(chain.from_iterable(row(pair, world, both) for row in ROWS)))


def standing(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Verdict:
    """The verdict on what was seen: the first finding that keeps the pair from being Ready, or Connected."""
    for finding in findings(pair, world, both):
        if finding.weight is not Severity.ERROR and finding.reason not in {*PROGRESS, Reason.DRIFTED}:
            continue
        said = f"{finding.message} {finding.remediation}".strip()
        if finding.reason in STANDS and _up(both):
            return Verdict(Truth.TRUE, finding.reason, said)
        progressing = finding.reason in PROGRESS
        return Verdict(Truth.FALSE, finding.reason, said, progressing=progressing, stalled=not progressing)
    if _up(both):
        return Verdict(Truth.TRUE, Reason.CONNECTED, "Both connections are Connected.")
    return _rising(pair, world, both)


# The tunnel stands; something about the key wants attention.
STANDS = frozenset(
    {
        Reason.SHARED_KEY_MISSING,
        Reason.SHARED_KEY_INVALID,
        Reason.SECRET_NOT_LABELLED,
        Reason.AUTHORIZATION_FAILED,
    }
)
PROGRESS = frozenset({Reason.ROTATING_SHARED_KEY, Reason.WAITING_FOR_OTHER_SIDE})


def _up(both: PerSide[VpnHalf]) -> bool:
    """Someone else's end that cannot be read is judged by ours: a tunnel stands at both ends or at none."""
    seen = [half.connection for half in both if half.manages or half.connection is not None]
    return bool(seen) and all(c is not None and c.status == CONNECTED for c in seen)


def _rising(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Verdict:
    states = _states(both)
    if not states:
        names = " and ".join(str(half.seen.gateway_id or half.end.id) for half in both if half.gateway is None)
        return Verdict(Truth.FALSE, Reason.GATEWAY_MISSING, f"Not made yet: {names}.", progressing=True)
    return Verdict(Truth.FALSE, Reason.CONNECTING, f"The tunnel is coming up: {states}.", progressing=True)


def _states(both: PerSide[VpnHalf]) -> str:
    there = (half.connection for half in both if half.connection)
    return ", ".join(f"{connection.id} is {connection.status or 'Updating'}" for connection in there)


def tunnel_down(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """It had its time to rise; who only looks gives it none, as nobody knows since when it is down."""
    there = [half.connection for half in both if half.connection is not None]
    if not there or any(connection.busy for connection in there) or _up(both):
        return
    timeout, waits = pair.spec.shared_key.verify_timeout, pair.spec.lifecycle.writes
    down = [connection for connection in there if connection.status == NOT_CONNECTED]
    if world.busy_for <= timeout if waits else not down:
        return
    since = f"has not come up for more than {int(timeout.total_seconds() // 60)} minutes" if waits else "is down"
    how = f"Compare both ends: az network vpn-connection show --ids '{there[0].id}'"
    yield Finding(Reason.TUNNEL_NOT_CONNECTED, f"The tunnel {since}: {_states(both)}.", str(there[0].id), how)


def overlapping(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """The tunnel stands, and Azure sends a part of the traffic elsewhere: a VNet's own and its peers' routes come first
    (virtual-networks-udr-overview.md). No question of Ready."""
    found = [*preflight.overlapping_vnets(pair, world, both)] if pair.spec.lifecycle.writes else []
    for half in both:
        far = both[half.side.other].vnet
        if half.vnet is not None and far is not None:
            found += with_peers(half.vnet, far.id, far.prefixes, PerSide(half.vnet.id, far.id))
    return (replace(one, severity=Severity.WARNING) for one in found)


def refused(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """ARM said no to the last write of a part."""
    for half in both:
        for role, refusal in half.refusals.items():
            part = half.parts.get(role)
            id = str(part.id if part else half.seen.gateway_id or half.end.id)
            what = "connection" if role is Role.LINK else role.value
            yield Finding(
                refusal.reason,
                f"Azure refused the {what} of {half.end.id}: {refusal.message}",
                id,
                remedy(refusal.reason, refusal.message, id),
            )


def failed_gateways(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """A gateway that is Failed and that we did not make, or wrote again already."""
    for half in both:
        if half.gateway is not None and half.gateway.provisioning is Provisioning.FAILED:
            id = half.gateway.id
            yield Finding(
                Reason.GATEWAY_FAILED,
                f"Gateway {id} is in provisioningState Failed.",
                str(id),
                f"Run: az network vnet-gateway reset --ids '{id}'",
            )


def missing_connections(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """A gateway stands and no connection leads from it to the other one."""
    for half in both:
        if half.gateway is None or not isinstance(half.seen.connection, Absent):
            continue
        far = both[half.side.other].seen.gateway_id
        message = f"Gateway {half.gateway.id} has no connection to {far or 'the other gateway'}."
        reason = Reason.CONNECTION_MISSING if half.manages else Reason.WAITING_FOR_OTHER_SIDE
        who = "Run" if half.manages else "Its owner can run"
        command = az.create_connection(half.seen.connection_id, half.gateway.id, far)
        yield Finding(reason, message, str(half.gateway.id), f"{who}: {command}")


def unseen_ends(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """Our half stands, the other end is someone else's and may not be read: its owner is told what to do, not we to wait for a tunnel."""
    for half in both:
        ours, id = both[half.side.other].connection, half.seen.gateway_id
        if half.manages or id is None or not isinstance(half.seen.gateway, Unreadable):
            continue
        if ours is not None and not ours.busy and ours.status != CONNECTED:
            message = f"The tunnel is not up, and whether gateway {id} has a connection to {ours.near} cannot be seen."
            command = az.create_connection(half.seen.connection_id, id, ours.near)
            yield Finding(Reason.WAITING_FOR_OTHER_SIDE, message, str(id), f"Its owner can run: {command}")


def policies_differ(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """Two ends with different IPsec policies never agree on a tunnel."""
    one, two = both.vnet1.connection, both.vnet2.connection
    if one is not None and two is not None and one.options.ipsec_policies != two.options.ipsec_policies:
        yield Finding(
            Reason.IPSEC_POLICY_MISMATCH,
            f"Connections {one.id} and {two.id} have different ipsecPolicies.",
            str(one.id),
            Reason.IPSEC_POLICY_MISMATCH.facts.remedy,
        )


def not_as_asked(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """Options differ from spec. Of someone else's connection we ask nothing but that it is Connected."""
    for half in both:
        wrong = (
            pair.spec.options_of(half.side).differences(half.connection.options)
            if half.connection and half.manages
            else ()
        )
        if wrong and half.connection is not None:
            message = f"Connection {half.connection.id} differs from spec: {', '.join(wrong)}."
            yield Finding(Reason.DRIFTED, message, str(half.connection.id), Reason.DRIFTED.facts.remedy)


def keys_differ(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """Compared in memory; neither key, nor its length, nor a hash of it is ever told."""
    aim = key_rotation.goal(world)
    if pair.record.rotation is not None and aim is not None and not key_rotation.held(pair, world):
        phase = key_rotation.phase(pair, world, both)
        yield Finding(
            Reason.ROTATING_SHARED_KEY, f"The shared key is being rotated: {phase}.", preflight.secret_of(pair)
        )
        return
    wrong = [half for half in both if aim is not None and half.connection and key_rotation.has(half, aim) is False]
    if not wrong and key_rotation.differ(world, both):
        wrong = list(both)
    for half in wrong:
        if half.connection is not None and half.manages:
            id = half.connection.id
            text = f"The shared key of connection {id} is not the one in the Secret."
            if aim is None:
                text = f"The shared keys of the two connections differ: {id}."
            how = f"az network vpn-connection shared-key update --ids '{id}' --value KEY"
            yield Finding(Reason.SHARED_KEY_MISMATCH, text, str(id), f"By hand: {how}")


def keys_unreadable(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """Without the right to read keys the tunnel is the only witness."""
    for half in both:
        if isinstance(half.seen.key, Unreadable) and not half.seen.key.transient and half.connection is not None:
            id = str(half.connection.id)
            yield Finding(
                half.seen.key.reason,
                f"The key of connection {id} cannot be compared, so it is judged by the tunnel: {half.seen.key.message}",
                id,
                remedy(half.seen.key.reason, half.seen.key.message, id),
                severity=Severity.WARNING,
            )


def weak_or_trimmed(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """The key works, and could be better."""
    secret = world.secret.value if isinstance(world.secret, Present) else None
    key = secret.key if secret is not None else None
    if not isinstance(key, CheckedKey):
        return
    name = preflight.secret_of(pair)
    how = "openssl rand -base64 48 | tr -d '+/=\\n' makes a strong one without a newline"
    if key.trimmed:
        yield Finding(
            Reason.SHARED_KEY_INVALID,
            f"The key in {name} ends in a newline, which was left out.",
            name,
            how,
            Severity.WARNING,
        )
    if key.weak:
        yield Finding(
            Reason.SHARED_KEY_INVALID, f"The key in {name} is weak: it can be guessed.", name, how, Severity.WARNING
        )


def no_way_back(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """Rollback is asked for and cannot be done, so it acts as Hold."""
    asked = pair.spec.shared_key.on_failure is OnFailure.ROLLBACK
    namespace = pair.meta.key.namespace
    unread = next(
        (half for half in both if isinstance(half.seen.key, Unreadable) and not half.seen.key.transient), None
    )
    if asked and world.asked_for_secrets and not key_rotation.can_roll_back(pair, world):
        yield Finding(
            Reason.AUTHORIZATION_FAILED,
            f"onFailure: Rollback acts as Hold: the operator may not keep the previous key in a Secret of namespace {namespace}.",
            pair.meta.key.described,
            "Have the administrator grant create, update and delete on Secrets, or set rotation.onFailure: Hold",
            Severity.WARNING,
        )
    elif asked and pair.record.rotation is not None and unread is not None and key_rotation.kept(world) is None:
        yield Finding(
            Reason.AUTHORIZATION_FAILED,
            "onFailure: Rollback acts as Hold: the operator may not read the key that the connections had.",
            str(unread.seen.connection_id),
            "Grant Microsoft.Network/connections/sharedKey/action, or set rotation.onFailure: Hold",
            Severity.WARNING,
        )


def secrets(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """The Secret went away, or became unusable, after the tunnel stood."""
    if not pair.meta.deleting:
        yield from preflight.secrets(pair, world, both)


def held(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """Both ends have the new key, the tunnel stays down, and there is no way back."""
    if key_rotation.held(pair, world) and not _up(both):
        hold = pair.spec.shared_key.on_failure is OnFailure.HOLD
        why = "onFailure: Hold" if hold else "onFailure: Rollback acts as Hold, as no previous key is kept"
        name = preflight.secret_of(pair)
        yield Finding(
            Reason.TUNNEL_NOT_CONNECTED,
            f"Both connections have the key in {name}, and the tunnel does not come up; the key stays ({why}).",
            name,
            _another_key(pair),
        )


def _another_key(pair: VpnConnectionPair) -> str:
    edit = f"kubectl edit secret -n {pair.meta.key.namespace} {pair.spec.shared_key.secret.name}"
    return f"Put another key into the Secret: {edit}"


def rolled_back(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """The user's key did not bring the tunnel up; the one before counts until the Secret changes."""
    aim = key_rotation.goal(world)
    if aim is not None and aim.rolled_back:
        name = preflight.secret_of(pair)
        yield Finding(
            Reason.TUNNEL_NOT_CONNECTED,
            f"The key in {name} did not bring the tunnel up and was rolled back; the previous key is in use.",
            name,
            _another_key(pair),
            Severity.WARNING,
        )


ROWS: tuple[Row, ...] = (
    refused,
    preflight.unusable_gateways,
    preflight.missing_gateways,
    failed_gateways,
    preflight.wrong_connections,
    missing_connections,
    unseen_ends,
    policies_differ,
    not_as_asked,
    keys_differ,
    held,
    rolled_back,
    secrets,
    keys_unreadable,
    weak_or_trimmed,
    no_way_back,
    tunnel_down,
    overlapping,
)
