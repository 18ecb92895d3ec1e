"""Events of a VpnConnectionPair: one a transition, told on the object. Worked out from what changed, never from retries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from vnetlink.domain.events import Event
from vnetlink.domain.outcome import Accepted, Outcome
from vnetlink.domain.ownership import Origin, OwnershipRecord, PartId, Role
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import VpnConnectionPair
from vnetlink.planning.actions import (
    DeletePart,
    PatchTags,
    PutConnection,
    PutGateway,
    PutPublicIp,
    PutSharedKey,
    PutSubnet,
    VpnAction,
)
from vnetlink.planning.json_value import Json, Status
from vnetlink.planning.plan import Verdict
from vnetlink.planning.tags import HANDED_OVER, OWNER
from vnetlink.planning.transitions import THEIRS, left, let_go, normal, ready_turned, warning
from vnetlink.planning.vpn.deletion import stays
from vnetlink.planning.vpn.words import TYPICAL_GATEWAY, noun

PRICES = "https://azure.microsoft.com/pricing/details/vpn-gateway/"
BILLED = ("gateway", "public IP")


def after_write(pair: VpnConnectionPair, action: VpnAction, outcome: Outcome, drifted: bool) -> Iterator[Event]:
    """What an accepted write means to the owner. `drifted`: this spec stood once, so a difference was made in Azure."""
    if not isinstance(outcome, Accepted):
        return
    match action:
        case PutGateway(creates=True):
            if drifted:  # the first time is told before: after_record
                yield _gateway_to_come(pair, action.id, action.shape.sku)
        case PutGateway():
            yield normal(pair, "DriftRepaired", "UpdateGateway", f"Wrote the failed gateway {action.id} again.")
        case PutSubnet():
            yield normal(pair, "SubnetCreated", "CreateSubnet", f"Created subnet {action.id} ({action.prefix}).")
        case PutPublicIp():
            note = f"Created public IP {action.id}. It is billed from now on."
            yield normal(pair, "PublicIPCreated", "CreatePublicIP", note)
        case PutConnection(creates=True):
            note = f"Created connection {action.id} to {action.far}."
            yield normal(pair, "ConnectionCreated", "CreateConnection", note)
        case PutConnection():
            what = f": {', '.join(action.changes)}" if action.changes else ""
            reason, verb = ("DriftRepaired", "Brought back in line") if drifted else ("ConnectionUpdated", "Changed")
            yield normal(pair, reason, "UpdateConnection", f"{verb}: connection {action.id}{what}.")
        case PutSharedKey():
            part = pair.record.parts.get(action.slot)
            by_hand = part is not None and part.key_version == action.version
            if by_hand:
                note = f"The shared key of connection {action.id} had been changed; it is the Secret's again."
                yield normal(pair, "DriftRepaired", "SetSharedKey", note)
        case PatchTags():
            if action.slot.role is Role.GATEWAY:
                heir = dict(action.tags).get(OWNER, "")
                note = f"Passed gateway {action.id} on to {heir}, which uses it."
                yield normal(pair, "LeftInAzure", "HandOver", note)
        case DeletePart():
            kind = noun(action.id)
            yield normal(pair, "DeletedInAzure", "Delete", f"Deleted {kind} {action.id}.")


def after_record(pair: VpnConnectionPair, record: OwnershipRecord) -> Iterator[Event]:
    """What became ours without being made by us, what a gateway costs before it is made, what was let go, how a rotation ended."""
    for slot, part in record.parts.items():
        before, adopted = pair.record.parts.get(slot), part.origin is Origin.ADOPTED and not pair.meta.deleting
        if adopted and (before is None or (before.id, before.origin) != (part.id, part.origin)):
            yield normal(pair, "Adopted", "Adopt", f"Adopted the existing {noun(part.id)} {part.id}.")
        elif slot.role is Role.GATEWAY and before is None and part.origin is Origin.CREATED:
            creation = pair.spec.vpn[slot.side].creation
            if part.since and creation is not None:
                yield _gateway_to_come(pair, part.id, creation.sku)
            else:
                note = f"Took over gateway {part.id}, which was handed over ({HANDED_OVER})."
                yield normal(pair, "Adopted", "TakeOver", note)
    for part in let_go(pair, record):
        yield left(pair, noun(part.id), part.id, THEIRS, billed=noun(part.id) in BILLED)
    if record.rotated is not None and record.rotated != pair.record.rotated:
        yield _rotated(pair, record)


def _gateway_to_come(pair: VpnConnectionPair, id: PartId, sku: str) -> Event:
    note = f"Creating gateway {id} ({sku}), {TYPICAL_GATEWAY}. It is billed by the hour from then on: {PRICES}"
    return normal(pair, "GatewayCreating", "CreateGateway", note)


def _rotated(pair: VpnConnectionPair, record: OwnershipRecord) -> Event:
    ended = record.rotated
    seconds = ended.outage_seconds if ended is not None else 0
    name = f"Secret {pair.meta.key.namespace}/{pair.spec.shared_key.secret.name}"
    if ended is not None and ended.rolled_back:
        note = f"The key in {name} did not bring the tunnel up; the previous key is in use again. Outage: at most {seconds} s."
        return replace(warning(pair, "RotationRolledBack", "SetSharedKey", note), seconds=float(seconds))
    note = f"Both connections have the key of {name}, and the tunnel is Connected. Outage: at most {seconds} s."
    return replace(normal(pair, "SharedKeyRotated", "SetSharedKey", note), seconds=float(seconds))


def after_release(pair: VpnConnectionPair) -> Iterator[Event]:
    """What stays in Azure when the object goes, with the command that removes it."""
    for part in stays(pair):
        yield left(pair, noun(part.id), part.id, billed=noun(part.id) in BILLED)


def after_status(
    pair: VpnConnectionPair, verdict: Verdict, previous: Mapping[str, Json], status: Status
) -> Iterator[Event]:
    """Transitions of the gateways and of Ready."""
    for side in Side:
        if _gateway(previous, side) == "Creating" and _gateway(status, side) == "Succeeded":
            yield normal(pair, "GatewayReady", "ReadGateway", f"The gateway of VNet {pair.spec.ends[side].id} stands.")
    yield from ready_turned(pair, verdict, previous, status, "ReadConnection")


def _gateway(status: Mapping[str, Json], side: Side) -> str:
    vnet = status.get(side.value)
    gateway = vnet.get("gateway") if isinstance(vnet, dict) else None
    return str(gateway.get("state", "")) if isinstance(gateway, dict) else ""
