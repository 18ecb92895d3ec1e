"""What goes when a VNetLink is deleted: its pair, then the DNS zone links, then the VNets that it made and nobody uses.

A resource group stays, even one that we made: deleting it would delete whatever lies in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vnetlink.domain.arm_id import PrivateDnsZoneId, ZoneLinkId
from vnetlink.domain.kinds import KINDS
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.ownership import Origin, Part, Role, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.specs import DeletionPolicy, VNetLink
from vnetlink.planning.actions import ChildAction, DeleteChild, DeletePart, PutChild, Record
from vnetlink.planning.letting_go import LETTING_GO, Held, release, wait, without
from vnetlink.planning.link import child
from vnetlink.planning.link.words import planned as told_beforehand
from vnetlink.planning.link.world import Child, LinkWorld, own
from vnetlink.planning.plan import OUTAGE_RETRY, SOON, Plan, PlannedAction, Truth, Verdict, Wake
from vnetlink.planning.tags import tagged

Step = DeletePart | Record | Held | None  # None: busy


def to_delete(link: VNetLink, slot: Slot) -> Part | None:
    """The recorded part of that slot, if a deletion of the link takes it."""
    part = link.record.parts.get(slot)
    kept = link.spec.lifecycle.deletion is DeletionPolicy.ORPHAN or not link.spec.lifecycle.writes
    if part is None or kept or slot.role is Role.RESOURCE_GROUP:
        return None
    return part if part.origin is Origin.CREATED else None


def stays(link: VNetLink) -> tuple[Part, ...]:
    """Recorded parts that stay in Azure when the link goes."""
    return tuple(part for slot, part in link.record.parts.items() if not to_delete(link, slot))


def needs_azure(link: VNetLink) -> bool:
    """Whether deleting this link can touch Azure by itself; its pairs see to their own."""
    return any(to_delete(link, slot) for slot in link.record.parts)


def plan_deletion(link: VNetLink, world: LinkWorld) -> Plan:
    """The next step of a deletion: pairs first, each with the link's present deletionPolicy."""
    if plan := pairs_first(link, world.children):
        return plan
    steps = tuple(_parts(link, world))
    for step in steps:
        if isinstance(step, DeletePart):
            text = f"Deleting {step.id}."
            return Plan(Verdict(Truth.FALSE, Reason.DELETING, text, progressing=True), Wake(SOON), (step,))
        if isinstance(step, Record):
            return Plan(Verdict(Truth.FALSE, Reason.DELETING, LETTING_GO, progressing=True), Wake(SOON), (step,))
    if any(step is None for step in steps):
        verdict = Verdict(
            Truth.FALSE,
            Reason.DELETING,
            "An operation runs; waiting for its end before deleting more.",
            progressing=True,
        )
        return Plan(verdict, Wake(SOON, backoff=True, at_most=OUTAGE_RETRY), waiting=True)
    held = [step for step in steps if isinstance(step, Held)]
    return wait(link, held) if held else release(Reason.DELETING, "Everything that had to go is gone.")


def recorded_zones(link: VNetLink) -> Iterator[PrivateDnsZoneId]:
    """The zones in which the record has a link of ours."""
    for slot, part in link.record.parts.items():
        if slot.role is Role.DNS_LINK and isinstance(part.id, ZoneLinkId):
            yield part.id.zone


def pairs_first(link: VNetLink, children: Mapping[str, Seen[Child]]) -> Plan | None:
    """Every pair gets the link's present deletionPolicy, then goes. None: no pair of this link is left.

    One that cannot be read may be there: without the link it would be deleted as its own spec says, not as the link's.
    """
    there = own(children)
    unread = [Held.by(seen, "") for seen in children.values() if isinstance(seen, Unreadable)]
    if not there:
        return wait(link, unread) if unread else None
    actions: list[ChildAction] = []
    for one in there:
        if not one.in_line:  # above all its deletionPolicy, which may be set while it is being deleted
            actions.append(PutChild(one.kind, one.name, child.spec(link, one.kind, child.specs(there)), one.version))
        elif not one.deleting or (link.meta.deletion_confirmed and not one.confirmed):
            actions.append(DeleteChild(one.kind, one.name, one.uid))
    names = ", ".join(f"{KINDS[one.kind]} {one.name}" for one in there)
    held = next((one for one in there if one.ready[1] == Reason.DELETION_HELD.value), None)
    if held is not None:
        verdict = Verdict(Truth.FALSE, Reason.DELETION_HELD, held.ready[2], stalled=True)
    else:
        verdict = Verdict(Truth.FALSE, Reason.DELETING, f"Waiting until {names} is gone.", progressing=True)
    return Plan(verdict, Wake(SOON, backoff=True, at_most=OUTAGE_RETRY), tuple(actions))


def planned(link: VNetLink, world: LinkWorld) -> tuple[PlannedAction, ...]:
    """What the deletion would take from Azure as it is now, beside what its pairs take."""
    return tuple(told_beforehand(step) for step in _parts(link, world) if isinstance(step, DeletePart))


def _parts(link: VNetLink, world: LinkWorld) -> Iterator[Step]:
    zones = tuple(_zone_links(link, world))
    yield from zones
    if zones:
        return
    for slot in link.record.parts:
        part = to_delete(link, slot)
        if part is not None and slot.role is Role.VNET:
            yield from _vnet(link, world, slot, part)


def _zone_links(link: VNetLink, world: LinkWorld) -> Iterator[Step]:
    for slot in link.record.parts:
        part = to_delete(link, slot)
        if part is None or slot.role is not Role.DNS_LINK:
            continue
        seen = world.zone(slot.zone)
        if seen is None or isinstance(seen.links, Absent):
            continue
        if isinstance(seen.links, Unreadable):
            yield Held.by(seen.links, part.id)
            continue
        there = next((one for one in seen.links.value if one.id == part.id), None)
        if there is None:
            continue
        if not tagged(link, there.tags):
            yield without(link, slot)
        elif there.busy:
            yield None
        elif refusal := world.refusals.get(slot):
            yield Held.by(refusal, part.id)
        else:
            yield DeletePart(slot, there.id, seen.identity)


def _vnet(link: VNetLink, world: LinkWorld, slot: Slot, part: Part) -> Iterator[Step]:
    """Only an empty one: no peering, nothing in a subnet, and our tag on it. Anything else stays, and is told."""
    seen = world.vnets[slot.side]
    if isinstance(seen, Unreadable):
        yield Held.by(seen, part.id)
    elif isinstance(seen, Present) and seen.value.id == part.id:
        vnet = seen.value
        empty = not vnet.peerings and not any(subnet.used_by for subnet in vnet.subnets)
        refusal = world.refusals.get(slot)
        if vnet.busy:
            yield None
        elif not tagged(link, vnet.tags) or not empty or (refusal and refusal.reason is Reason.GATEWAY_IN_USE):
            yield without(link, slot)
        elif refusal is not None:
            yield Held.by(refusal, part.id)
        else:
            yield DeletePart(slot, vnet.id, world.identities[slot.side])
