"""Events of a VNetLink: one a transition, told on the object that the person wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vnetlink.domain.events import Event
from vnetlink.domain.kinds import KINDS, VPN_CONNECTION_PAIRS
from vnetlink.domain.outcome import Accepted, Outcome
from vnetlink.domain.ownership import Origin, OwnershipRecord
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import VNetLink
from vnetlink.planning.actions import (
    AskChild,
    ChangePrefixes,
    ChildAction,
    DeleteChild,
    DeletePart,
    LinkAction,
)
from vnetlink.planning.json_value import Json, Status
from vnetlink.planning.link import child
from vnetlink.planning.link.deletion import stays
from vnetlink.planning.link.words import describe, noun
from vnetlink.planning.plan import Verdict
from vnetlink.planning.transitions import THEIRS, direction_of, left, let_go, normal, ready_turned, warning
from vnetlink.planning.vpn.words import TYPICAL_GATEWAY


def after_write(link: VNetLink, action: LinkAction, outcome: Outcome, drifted: bool) -> Iterator[Event]:
    """What an accepted write means to the owner."""
    if not isinstance(outcome, Accepted):
        return
    if isinstance(action, DeletePart):
        yield normal(link, "DeletedInAzure", "Delete", f"Deleted {action.id}.")
    elif isinstance(action, ChangePrefixes):
        note = f"VNet {action.id} has the address space {', '.join(action.prefixes)} now."
        yield normal(link, "AddressSpaceChanged", "UpdateVNet", note)
    else:
        words = describe(action)
        yield normal(link, "Created", "Create", f"Done: {words} {action.id}.")


def after_child(link: VNetLink, action: ChildAction) -> Iterator[Event]:
    """A pair was made, put back or taken away. What gateways cost is said before the first one is made."""
    if isinstance(action, AskChild) or link.meta.deleting:  # what goes with a link is told by its pair
        return
    if isinstance(action, DeleteChild):
        yield normal(
            link,
            "MethodSwitched",
            "DeletePair",
            f"Deleting {KINDS[action.kind]} {action.name}; the link is {child.method(link)[0].value} now.",
        )
    elif action.version:
        yield normal(
            link, "PairUpdated", "UpdatePair", f"Brought {KINDS[action.kind]} {action.name} in line with this link."
        )
    else:
        yield normal(
            link, "MethodSelected", "CreatePair", f"Made {KINDS[action.kind]} {action.name}. {child.method(link)[1]}"
        )
        if action.kind == VPN_CONNECTION_PAIRS and (made := gateways_to_make(link)):
            where = " and ".join(made)
            note = f"Gateways will be made in {where}: {TYPICAL_GATEWAY}, and each is billed by the hour from then on."
            yield normal(link, "GatewayCreating", "CreatePair", note)


def gateways_to_make(link: VNetLink) -> tuple[str, ...]:
    """The VNets in which spec asks for a gateway."""
    sides = ((side, link.spec.vpn.get(side.value)) for side in Side)
    asked = (
        (side, (block or {}).get("gateway") or {})
        for side, block in sides
        if block is None or isinstance(block, Mapping)
    )
    return tuple(link.spec.ends[side].id.name for side, gateway in asked if gateway.get("create") is not None)


def after_record(link: VNetLink, record: OwnershipRecord) -> Iterator[Event]:
    """What became ours without being made by us, and what a deletion lets go of."""
    for slot, part in record.parts.items():
        if part.origin is Origin.ADOPTED and link.record.parts.get(slot) != part:
            yield normal(link, "Adopted", "Adopt", f"Adopted the existing {part.id}.")
    for part in let_go(link, record):
        yield left(link, noun(part.id), part.id, THEIRS)


def after_release(link: VNetLink) -> Iterator[Event]:
    """What stays in Azure when the link goes, with the command that removes it."""
    for part in stays(link):
        yield left(link, noun(part.id), part.id)


def after_status(link: VNetLink, verdict: Verdict, previous: Mapping[str, Json], status: Status) -> Iterator[Event]:
    """Transitions of the directions and of Ready."""
    for side in Side:
        turned = direction_of(status, side) == "Disconnected" != direction_of(previous, side)
        if turned and not link.meta.deleting:
            yield warning(
                link, "Disconnected", "ReadPair", f"VNet {link.spec.ends[side].id}: the peering is Disconnected."
            )
    yield from ready_turned(link, verdict, previous, status, "ReadPair")
