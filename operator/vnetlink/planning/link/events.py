"""Events of a VNetLink: one a transition, told on the object that the person wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vnetlink.domain.events import Event
from vnetlink.domain.kinds import KINDS
from vnetlink.domain.outcome import Accepted, Outcome
from vnetlink.domain.ownership import Origin, OwnershipRecord
from vnetlink.domain.reasons import Reason
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
from vnetlink.planning.conditions import condition_of
from vnetlink.planning.json_value import Json, Status
from vnetlink.planning.link import child
from vnetlink.planning.link.deletion import stays
from vnetlink.planning.link.words import describe, noun
from vnetlink.planning.plan import Verdict
from vnetlink.planning.transitions import THEIRS, direction_of, left, let_go, normal, ready_turned, warning


def after_write(link: VNetLink, action: LinkAction, outcome: Outcome, drifted: bool) -> Iterator[Event]:
    """What an accepted write means to the owner. `drifted`: this spec stood once, so a difference was made in Azure."""
    if not isinstance(outcome, Accepted):
        return
    note = f"Done: {describe(action)} {action.id}."
    if isinstance(action, DeletePart):
        yield normal(link, "DeletedInAzure", "Delete", f"Deleted {action.id}.")
    elif action.creates:
        yield normal(link, "Created", "Create", note)
    elif drifted:
        yield normal(link, "DriftRepaired", "Update", note)
    elif isinstance(action, ChangePrefixes):
        note = f"VNet {action.id} has the address space {', '.join(action.prefixes)} now."
        yield normal(link, "AddressSpaceChanged", "UpdateVNet", note)
    else:
        yield normal(link, "ZoneLinkUpdated", "Update", note)


def after_child(link: VNetLink, action: ChildAction) -> Iterator[Event]:
    """A pair was made, put back or taken away. What a gateway costs the pair tells, before it makes one."""
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
    """Transitions of the directions and of Ready, and a dispute about a zone."""
    for side in Side:
        turned = direction_of(status, side) == "Disconnected" != direction_of(previous, side)
        if turned and not link.meta.deleting:
            yield warning(
                link, "Disconnected", "ReadPair", f"VNet {link.spec.ends[side].id}: the peering is Disconnected."
            )
    yield from ready_turned(link, verdict, previous, status, "ReadPair")
    before, now = (condition_of(one, "DnsLinked") for one in (previous, status))
    if now.get("reason") == Reason.CONTESTED.value != before.get("reason"):  # a link stands without its zones
        yield warning(link, Reason.CONTESTED.value, "Reconcile", str(now.get("message")))
