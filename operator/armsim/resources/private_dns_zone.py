"""Private DNS zones (arm.md 10). No records but the zone's own are simulated."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from .. import errors, private_dns_errors
from ..call import Call
from ..content import Content
from ..messages import Response, answer, empty
from ..store import Operation, World, Zone
from . import private_dns

TYPE = "Microsoft.Network/privateDnsZones"
PUT = "UpsertPrivateDnsZone"
DELETE = "DeletePrivateDnsZone"
NAME = re.compile(
    r"(?=.{3,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?)+", re.I
)
RECORD_SETS = 25000


def body(call: Call, zone: Zone) -> dict[str, Any]:
    """id comes first (R:privatedns-deletezone-zoneexists-expectzonedeleted)."""
    shown: dict[str, Any] = {
        "id": zone.id,
        "name": zone.name,
        "type": TYPE,
        "etag": zone.etag,
        "location": private_dns.GLOBAL,
    }
    if zone.tags is not None:
        shown["tags"] = zone.tags
    quotas = call.settings.quotas
    properties = {
        "maxNumberOfRecordSets": RECORD_SETS,
        "maxNumberOfVirtualNetworkLinks": quotas["virtualNetworkLinks"],
        "maxNumberOfVirtualNetworkLinksWithRegistration": quotas["registrationLinks"],
        "numberOfRecordSets": 1,
        "numberOfVirtualNetworkLinks": len(zone.links),
        "numberOfVirtualNetworkLinksWithRegistration": sum(one.registration for one in zone.links),
        "provisioningState": zone.state,
    }
    return {**shown, "properties": properties}


def found(call: Call) -> Zone:
    call.group()
    zone = call.world.zones.get(private_dns.zone_key(call))
    if zone is None:
        raise errors.resource_not_found(TYPE, call.place.names[0], call.place.group)
    return zone


def get(call: Call) -> Response:
    zone = found(call)
    return answer(200, body(call, zone), {"ETag": zone.etag})


def listing(call: Call) -> Response:
    call.group()
    return _list(call, f"/subscriptions/{call.place.subscription}/resourcegroups/{call.place.group}/")


def listing_in_subscription(call: Call) -> Response:
    return _list(call, f"/subscriptions/{call.place.subscription}/")


def _list(call: Call, prefix: str) -> Response:
    every = [one for key, one in call.world.zones.items() if key.startswith(prefix.lower())]
    return call.page(every, lambda one: body(call, one))


def put(call: Call) -> Response:
    group = call.writable_group()
    name = call.place.names[0]
    if not NAME.fullmatch(name):
        raise private_dns_errors.bad_dns_name(name)
    content = Content(call.body)
    location = content.location(TYPE)
    if location != private_dns.GLOBAL:
        raise private_dns_errors.zone_must_be_global(location)
    old = call.world.zones.get(private_dns.zone_key(call))
    new = old or Zone(call.place.subscription, group.name, name, "")
    return _begin(call, old, replace(new, tags=content.tags()), group.name)


def patch(call: Call) -> Response:
    old = found(call)
    return _begin(call, old, replace(old, tags=Content(call.body).tags()), old.group)


def _begin(call: Call, old: Zone | None, new: Zone, group: str) -> Response:
    _check_idle(call, old)
    doom = private_dns.violated(call, old.etag if old else None, f"The Zone {new.name}")
    word = "update" if old else "create"
    operation = call.begin(PUT, "" if doom else new.key, private_dns.GLOBAL, f"privateDnsZones.{word}")
    if doom:
        call.world.put(replace(operation, doom=doom))
    else:
        state = "Updating" if old else "Creating"
        call.world.put(replace(new, state=state, operation=operation.id, etag=call.world.guid()))
    return private_dns.accepted(call, operation, group)


def _check_idle(call: Call, zone: Zone | None) -> None:
    if zone is not None and zone.state == "Deleting":
        raise errors.busy_delete(zone.operation)
    if zone is not None and zone.operation:
        raise errors.busy_put(PUT, zone.operation, zone.id, 10)


def delete(call: Call) -> Response:
    """A zone with links is refused (arm.md 10; code chosen)."""
    call.group()
    zone = call.world.zones.get(private_dns.zone_key(call))
    if zone is None:
        return empty(204)
    if zone.links:
        raise private_dns_errors.zone_has_links(zone.name)
    if zone.operation:
        raise errors.busy_delete(zone.operation)
    doom = private_dns.violated(call, zone.etag, f"The Zone {zone.name}")
    operation = call.begin(DELETE, "" if doom else zone.key, private_dns.GLOBAL, "privateDnsZones.delete")
    if doom:
        call.world.put(replace(operation, doom=doom))
    else:
        call.world.put(replace(zone, state="Deleting", operation=operation.id))
    return private_dns.accepted(call, operation, zone.group, deleting=True)


def finish(world: World, operation: Operation) -> None:
    zone = world.zones.get(operation.target)
    if zone is None:
        return
    if operation.deletes and not operation.doom:
        world.drop(zone)
        return
    world.put(replace(zone, state="Failed" if operation.doom else "Succeeded", operation=""))
