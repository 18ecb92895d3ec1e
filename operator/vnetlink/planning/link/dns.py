"""The links of private DNS zones to one or both VNets: made, kept and removed like the rest."""

from __future__ import annotations

from collections.abc import Iterator

from vnetlink.domain.arm_id import VnetId, ZoneLinkId
from vnetlink.domain.observed import ObservedZoneLink
from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.ownership import Origin, OwnershipRecord, Part, Role, Slot
from vnetlink.domain.reasons import Reason, Severity
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import ManagementPolicy, VNetLink
from vnetlink.domain.vnet_link import WantedZone
from vnetlink.planning import az
from vnetlink.planning.actions import PutZoneLink
from vnetlink.planning.link.vnets import made_by_us
from vnetlink.planning.link.words import refused
from vnetlink.planning.link.world import LinkWorld, SeenZone
from vnetlink.planning.naming import hashed
from vnetlink.planning.plan import Finding
from vnetlink.planning.remedies import remedy
from vnetlink.planning.tags import owned, tagged


def slot(zone: WantedZone, side: Side) -> Slot:
    """Where a zone's link to the VNet of `side` stands in the record."""
    return Slot(side, Role.DNS_LINK, zone.zone.key)


def steps(link: VNetLink, world: LinkWorld) -> Iterator[PutZoneLink]:
    """Zone links that are missing, or that we made and that register other than asked."""
    for zone, seen, side in _wanted(link, world):
        if isinstance(seen.links, Present) and slot(zone, side) not in world.refusals:
            yield from _step(link, world, zone, seen, side)


def _step(link: VNetLink, world: LinkWorld, zone: WantedZone, seen: SeenZone, side: Side) -> Iterator[PutZoneLink]:
    vnet, there = link.spec.ends[side].id, _leading_to(seen, link.spec.ends[side].id)
    part = link.record.parts.get(slot(zone, side))
    identity = seen.identity
    other = world.identities[side]
    auxiliary = other if other.tenant != identity.tenant else None
    if there is None:
        id = part.id if part is not None and isinstance(part.id, ZoneLinkId) else _new(link, zone, seen, vnet)
        ours, registers = owned(link, ()), zone.registration_enabled
        yield PutZoneLink(slot(zone, side), id, vnet, registers, ours, identity, auxiliary)
        return
    differs = there.registration_enabled != zone.registration_enabled
    if differs and made(link, slot(zone, side), there) and not there.busy:
        registers = zone.registration_enabled
        yield PutZoneLink(slot(zone, side), there.id, vnet, registers, there.tags, identity, auxiliary, creates=False)


def made(link: VNetLink, place: Slot, there: ObservedZoneLink) -> bool:
    """Whether record and owner tag agree that this link made it: one made again by hand under its name is theirs."""
    return tagged(link, there.tags) and made_by_us(link, place, there.id)


def _differs_for_good(link: VNetLink, zone: WantedZone, side: Side, there: ObservedZoneLink) -> bool:
    return there.registration_enabled != zone.registration_enabled and not made(link, slot(zone, side), there)


def _leading_to(seen: SeenZone, vnet: VnetId) -> ObservedZoneLink | None:
    links = seen.links.value if isinstance(seen.links, Present) else ()
    return next((one for one in links if one.vnet == vnet), None)


def _new(link: VNetLink, zone: WantedZone, seen: SeenZone, vnet: VnetId) -> ZoneLinkId:
    """The VNet's name, or with a hash where another VNet of that name is linked already."""
    links = seen.links.value if isinstance(seen.links, Present) else ()
    plain = ZoneLinkId(zone.zone, vnet.name)
    return plain if all(one.id != plain for one in links) else ZoneLinkId(zone.zone, hashed(vnet.name, vnet))


def _wanted(link: VNetLink, world: LinkWorld) -> Iterator[tuple[WantedZone, SeenZone, Side]]:
    for zone in link.spec.zones:
        seen = world.zone(zone.zone.key)
        for side in zone.sides:
            managed = link.spec.ends[side].management is ManagementPolicy.MANAGE
            if seen is not None and managed and isinstance(world.vnets[side], Present):
                yield zone, seen, side


def known(link: VNetLink, world: LinkWorld) -> OwnershipRecord:
    """The record with the zone links that are there already, and without those that are no longer asked for nor ours to delete."""
    record = link.record
    for place, old in unwanted(link):
        zone_now = world.zone(place.zone)
        if zone_now is not None and not isinstance(zone_now.links, Unreadable):
            links = zone_now.links.value if isinstance(zone_now.links, Present) else ()
            if not any(one.id == old.id and made(link, place, one) for one in links):
                record = record.without_part(place)
    for zone, seen, side in _wanted(link, world):
        there, place = _leading_to(seen, link.spec.ends[side].id), slot(zone, side)
        part = record.parts.get(place)
        if there is not None and (part is None or part.id != there.id):
            record = record.with_part(place, Part(there.id, Origin.ADOPTED))
    return record


def findings(link: VNetLink, world: LinkWorld) -> Iterator[Finding]:
    """Zones that cannot be read or are not there, links that were refused, and links that are somebody else's."""
    for zone, seen, side in _wanted(link, world):
        id = str(zone.zone)
        if isinstance(seen.links, Unreadable):
            yield Finding(seen.links.reason, seen.links.message, id, remedy(seen.links.reason, seen.links.message, id))
        elif isinstance(seen.links, Absent):
            text = f"Private DNS zone {id} does not exist."
            where = f"--subscription {zone.zone.subscription} --resource-group {zone.zone.resource_group}"
            yield Finding(
                Reason.DNS_ZONE_NOT_FOUND,
                text,
                id,
                f"az network private-dns zone create {where} --name {zone.zone.name}",
            )
        elif refusal := world.refusals.get(slot(zone, side)):
            part, what = link.record.parts.get(slot(zone, side)), f"to link zone {id} to VNet {link.spec.ends[side].id}"
            yield refused(refusal, what, str(part.id if part is not None else id))
        elif (there := _leading_to(seen, link.spec.ends[side].id)) and _differs_for_good(link, zone, side, there):
            wanted = zone.registration_enabled
            text = f"Zone link {there.id} was not made by this link, and its registrationEnabled is {not wanted}."
            how = f"Change it where it is managed, or run: {az.register(there.id, wanted)}"
            yield Finding(Reason.DRIFTED, text, str(there.id), how)
    for place, part in unwanted(link):
        zone_now = world.zone(place.zone)
        if zone_now is not None and isinstance(unread := zone_now.links, Unreadable):
            text = f"Zone link {part.id}, which spec.dns no longer asks for, cannot be looked for: {unread.message}"
            yield Finding(unread.reason, text, str(part.id), remedy(unread.reason, unread.message, str(part.id)))
        elif refusal := world.refusals.get(place):
            yield refused(refusal, f"to delete zone link {part.id}, which spec.dns no longer asks for", str(part.id))


def one_sided(link: VNetLink, world: LinkWorld) -> Iterator[Finding]:
    """Zones that are linked to one of the two VNets, and nobody is about to link to the other."""
    for zone in link.spec.zones:
        seen = next((one for one in world.zones if one.zone == zone.zone), None)
        there = [side for side in Side if seen is not None and _leading_to(seen, link.spec.ends[side].id) is not None]
        if len(there) != 1:
            continue
        vnet, missing = link.spec.ends[there[0]].id, link.spec.ends[there[0].other]
        asked = there[0].other in zone.sides
        if asked and link.spec.lifecycle.writes and missing.management is ManagementPolicy.MANAGE:
            continue
        text = f"Private DNS zone {zone.zone} is linked to VNet {vnet} and not to {missing.id}, where its names do not resolve."
        command = az.link_zone(ZoneLinkId(zone.zone, missing.id.name), missing.id)
        how = f"Its owner can run: {command}" if asked else f"If it is not meant, set linkTo: Both, or run: {command}"
        severity = Severity.WARNING if asked else Severity.INFO
        yield Finding(Reason.DNS_ZONE_NOT_LINKED, text, str(zone.zone), how, severity)


def linked(link: VNetLink, world: LinkWorld) -> bool | None:
    """Whether every zone link stands; None when none is asked for."""
    if not link.spec.zones:
        return None
    there = [_leading_to(seen, link.spec.ends[side].id) for _, seen, side in _wanted(link, world)]
    return bool(there) and all(one is not None and not one.busy for one in there)


def unwanted(link: VNetLink) -> Iterator[tuple[Slot, Part]]:
    """Recorded zone links that spec no longer asks for."""
    wanted = {slot(zone, side) for zone in link.spec.zones for side in zone.sides}
    for place, part in link.record.parts.items():
        if place.role is Role.DNS_LINK and place not in wanted:
            yield place, part
