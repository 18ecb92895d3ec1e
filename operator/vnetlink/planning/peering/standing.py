"""How a pair stands when nothing is left to write: rows of what is wrong, most urgent first. Says, never acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vnetlink.domain.observed import PeeringState, SyncLevel
from vnetlink.domain.reasons import Reason, Severity
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import AddressSpaceSync, GatewayTransitPolicy, ManagementPolicy, PeeringPair
from vnetlink.planning import az
from vnetlink.planning.diagnosis.traffic import not_transitive
from vnetlink.planning.diagnosis.views import view
from vnetlink.planning.peering.gateway_transit import (
    hub_has_gateway,
    lacks_only_gateway,
    reachable_options,
    waits_for_gateway,
)
from vnetlink.planning.peering.naming import peering_name
from vnetlink.planning.peering.preflight import MOST_PEERINGS
from vnetlink.planning.peering.steps import is_stale
from vnetlink.planning.peering.world import Half
from vnetlink.planning.plan import Finding, Truth, Verdict
from vnetlink.planning.remedies import remedy

NEARLY_FULL = MOST_PEERINGS * 9 // 10

Row = Callable[[PeeringPair, PerSide[Half], Side], Finding | None]


def findings(pair: PeeringPair, both: PerSide[Half]) -> tuple[Finding, ...]:
    """Everything that is wrong or wants attention, every row asked of both sides."""
    return (*_asked(ROWS, pair, both), *_asked(NOTES, pair, both), *_common_peer(both))


def _asked(rows: tuple[Row, ...], pair: PeeringPair, both: PerSide[Half]) -> Iterator[Finding]:
    answers = (row(pair, both, side) for row in rows for side in Side)
    return (answer for answer in answers if answer is not None)


def standing(pair: PeeringPair, both: PerSide[Half]) -> Verdict:
    """The verdict on what was seen: the first finding that keeps the pair from being Ready, or Connected."""
    for finding in _asked(ROWS, pair, both):
        if finding.reason is Reason.WAITING_FOR_GATEWAY:
            return Verdict(Truth.TRUE, finding.reason, finding.message)
        if finding.reason is Reason.WAITING_FOR_OTHER_SIDE:
            return Verdict(Truth.FALSE, finding.reason, f"{finding.message} {finding.remediation}", progressing=True)
        if finding.reason is Reason.SYNCING:
            return Verdict(Truth.FALSE, finding.reason, finding.message, progressing=True)
        return Verdict(Truth.FALSE, finding.reason, f"{finding.message} {finding.remediation}", stalled=True)
    return Verdict(Truth.TRUE, Reason.CONNECTED, "Both peerings are Connected and in sync.")


def refused(pair: PeeringPair, both: PerSide[Half], side: Side) -> Finding | None:
    """ARM said no to the last write of this side. Where our other half stands, what is missing is the reverse."""
    half, refusal = both[side], both[side].refusal
    if refusal is None or lacks_only_gateway(half):
        return None
    opposite = both[side.other].peering
    if half.missing and opposite is not None and refusal.reason.name.endswith("AUTHORIZATION_FAILED"):
        message = f"VNet {half.end.id} has no peering to {half.remote}, and we may not make it: {refusal.message}"
        return Finding(
            Reason.REVERSE_PEERING_MISSING, message, str(half.end.id), f"Its owner can run: {_create(both, side)}"
        )
    return Finding(
        refusal.reason,
        f"Azure refused the peering in {half.end.id}: {refusal.message}",
        str(half.end.id),
        remedy(refusal.reason, refusal.message, str(half.end.id)),
    )


def disconnected(pair: PeeringPair, both: PerSide[Half], side: Side) -> Finding | None:
    """The other side was deleted, and this one is not ours to delete, or repairDisconnected is Never."""
    half = both[side]
    if half.peering is None or not is_stale(half):
        return None
    message = f"Peering {half.peering.id} is Disconnected: {_what_was_deleted(both[side.other])}."
    command = az.delete(half.peering.id)
    if half.end.management is ManagementPolicy.OBSERVE:
        return Finding(Reason.WAITING_FOR_OTHER_SIDE, message, str(half.peering.id), f"Its owner can run: {command}")
    return Finding(Reason.PEERING_DISCONNECTED, message, str(half.peering.id), f"Run: {command}")


def _what_was_deleted(other: Half) -> str:
    if other.vnet is None:
        return f"its reverse, or VNet {other.end.id}, was deleted"
    return "its reverse was deleted"


def missing(pair: PeeringPair, both: PerSide[Half], side: Side) -> Finding | None:
    """No peering leads to the other side."""
    half = both[side]
    if not half.missing and not _unseen_and_missing(both, side):
        return None
    if (why := refused(pair, both, side)) is not None and why.reason is Reason.REVERSE_PEERING_MISSING:
        return None  # that says it already
    message = f"VNet {half.end.id} has no peering to {half.remote}."
    theirs = (
        half.end.management is ManagementPolicy.OBSERVE and both[side.other].end.management is ManagementPolicy.MANAGE
    )
    reason = Reason.WAITING_FOR_OTHER_SIDE if theirs else Reason.REVERSE_PEERING_MISSING
    return Finding(reason, message, str(half.end.id), f"Its owner can run: {_create(both, side)}")


def out_of_sync(pair: PeeringPair, both: PerSide[Half], side: Side) -> Finding | None:
    """This side's copy of the other VNet's address space is stale, and we may not sync it."""
    half, reverse = both[side], both[side.other].peering
    own = half.peering
    told_by_reverse = reverse is not None and reverse.sync_level in (
        SyncLevel.REMOTE_NOT_IN_SYNC,
        SyncLevel.BOTH_NOT_IN_SYNC,
    )
    connected = reverse is not None and reverse.state is PeeringState.CONNECTED
    if own is not None and own.state is PeeringState.CONNECTED and own.sync_level.local_is_stale:
        theirs = half.end.management is ManagementPolicy.OBSERVE
        remedy = f"{'Its owner can run' if theirs else 'Run'}: {az.sync_peering(own.id)}"
        return Finding(
            Reason.ADDRESS_SPACE_OUT_OF_SYNC,
            f"Peering {own.id} has an old copy of the address space of {half.remote}.",
            str(own.id),
            remedy,
        )
    if told_by_reverse and connected and half.vnet is None:
        remedy = f"Its owner can run: {az.sync_peering(half.id_named('<name>'))}"
        return Finding(
            Reason.ADDRESS_SPACE_OUT_OF_SYNC,
            f"VNet {half.end.id} has an old copy of the address space of {half.remote}.",
            str(half.end.id),
            remedy,
        )
    if told_by_reverse and connected and pair.spec.sync is AddressSpaceSync.AUTOMATIC:
        return Finding(
            Reason.SYNCING, f"VNet {half.end.id} is taking over the address space of {half.remote}.", str(half.end.id)
        )
    return None


def not_as_asked(pair: PeeringPair, both: PerSide[Half], side: Side) -> Finding | None:
    """Options differ from spec. Of someone else's half we ask nothing but that it is Connected."""
    half = both[side]
    if half.peering is None or half.end.management is ManagementPolicy.OBSERVE:
        return None
    wrong = reachable_options(both, side).changes_from(half.peering.options)
    if not wrong:
        return None
    return Finding(
        Reason.DRIFTED,
        f"Peering {half.peering.id} differs from spec: {', '.join(wrong)}.",
        str(half.peering.id),
        Reason.DRIFTED.facts.remedy,
    )


def not_connected(pair: PeeringPair, both: PerSide[Half], side: Side) -> Finding | None:
    """The peering stands, and Azure does not call it Connected."""
    own, reverse = both[side].peering, both[side.other].peering
    if own is None or own.state is not PeeringState.INITIATED or reverse is None:
        return None
    message = f"Peering {own.id} is Initiated though its reverse exists."
    how = f"If it stays so, compare the two: {az.show_peerings(own.id, reverse.id)}"
    return Finding(Reason.WAITING_FOR_OTHER_SIDE, message, str(own.id), how)


def without_gateway(pair: PeeringPair, both: PerSide[Half], side: Side) -> Finding | None:
    """useRemoteGateways is asked for and cannot be set yet."""
    if not waits_for_gateway(both, side):
        return None
    hub = both[side].remote
    if pair.spec.gateway_transit is GatewayTransitPolicy.REQUIRED:
        remedy = "Make a gateway there, or set gatewayTransitPolicy: WhenAvailable"
        return Finding(
            Reason.REMOTE_HAS_NO_GATEWAY,
            f"VNet {hub} has no gateway, and gatewayTransitPolicy is Required.",
            str(hub),
            remedy,
        )
    return Finding(
        Reason.WAITING_FOR_GATEWAY,
        f"Connected; useRemoteGateways of {both[side].end.id} follows when {hub} has a gateway.",
        str(hub),
    )


def gateway_gone(pair: PeeringPair, both: PerSide[Half], side: Side) -> Finding | None:
    """The gateway that this side uses was deleted: what it led to is cut off, the two VNets are not."""
    peering = both[side].peering
    if peering is None or not peering.options.use_remote_gateways or hub_has_gateway(both[side.other]) is not False:
        return None
    hub = both[side].remote
    message = f"Peering {peering.id} uses the gateway of VNet {hub}, which has none any more."
    how = f"Make a gateway there, or stop using it: {az.stop_using_gateway(peering.id)}"
    return Finding(Reason.REMOTE_HAS_NO_GATEWAY, message, str(hub), how, Severity.WARNING)


def nearly_full(pair: PeeringPair, both: PerSide[Half], side: Side) -> Finding | None:
    """Told without a count: every peering more would change the status of all the others."""
    vnet = both[side].vnet
    if vnet is None or len(vnet.peerings) < NEARLY_FULL:
        return None
    message = f"VNet {vnet.id} has {NEARLY_FULL} peerings or more; Azure allows {MOST_PEERINGS}."
    how = f"Remove unused ones: {az.list_peerings(vnet.id)}"
    return Finding(Reason.PEERING_LIMIT_REACHED, message, str(vnet.id), how, Severity.WARNING)


def _common_peer(both: PerSide[Half]) -> tuple[Finding, ...]:
    """Only of two that have no peering at all: people expect a hub to connect its spokes."""
    one, two = both.vnet1, both.vnet2
    if not one.missing or not two.missing or one.vnet is None or two.vnet is None:
        return ()
    return not_transitive(PerSide(view(one.vnet, {}, {}), view(two.vnet, {}, {})))


ROWS: tuple[Row, ...] = (disconnected, refused, missing, out_of_sync, not_connected, not_as_asked, without_gateway)
NOTES: tuple[Row, ...] = (gateway_gone, nearly_full)  # none of them says anything about Ready


def _unseen_and_missing(both: PerSide[Half], side: Side) -> bool:
    """The VNet cannot be read, and our own peering, still Initiated, tells that its reverse does not exist."""
    opposite = both[side.other].peering
    return both[side].vnet is None and opposite is not None and opposite.state is PeeringState.INITIATED


def _create(both: PerSide[Half], side: Side) -> str:
    half = both[side]
    return az.create_peering(
        half.id_named(peering_name(half) or half.wanted.name or ""), half.remote, reachable_options(both, side)
    )
