"""Virtual network links of a private DNS zone (arm.md 10): each with its own etag, all counted by the zone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .. import errors, private_dns_errors
from ..arm_ids import NAME, vnet_place
from ..call import Call
from ..content import Content
from ..messages import Response, answer, empty
from ..store import Link, Operation, World, Zone
from . import private_dns, private_dns_zone

TYPE = "Microsoft.Network/privateDnsZones/virtualNetworkLinks"
PUT = "UpsertVirtualNetworkLink"
DELETE = "DeleteVirtualNetworkLink"
JOIN = "Microsoft.Network/virtualNetworks/join/action"
SEPARATOR = "/virtualnetworklinks/"


def body(zone: Zone, link: Link) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": f"{zone.id}/virtualNetworkLinks/{link.name}",
        "name": link.name,
        "type": TYPE,
        "etag": link.etag,
        "location": private_dns.GLOBAL,
    }
    if link.tags is not None:
        shown["tags"] = link.tags
    properties = {
        "provisioningState": link.state,
        "registrationEnabled": link.registration,
        "virtualNetwork": {"id": link.network},
        "virtualNetworkLinkState": "Completed" if link.state == "Succeeded" else "InProgress",
    }
    return {**shown, "properties": properties}


def get(call: Call) -> Response:
    """Missing zone and missing link say the same (R:privatedns-getlink-zonenotexists-expecterror)."""
    call.group()
    zone = call.world.zones.get(private_dns.zone_key(call))
    link = zone.link(call.place.names[1]) if zone else None
    if zone is None or link is None:
        raise _not_found(call)
    return answer(200, body(zone, link), {"ETag": link.etag})


def _not_found(call: Call) -> errors.Refusal:
    zone, link = call.place.names
    return errors.resource_not_found(private_dns_zone.TYPE, f"{zone}/virtualNetworkLinks/{link}", call.place.group)


def listing(call: Call) -> Response:
    zone = private_dns_zone.found(call)
    return call.page(zone.links, lambda one: body(zone, one))


def put(call: Call) -> Response:
    call.writable_group()
    zone = private_dns.parent(call)
    name = call.place.names[1]
    if not NAME.fullmatch(name):
        raise errors.invalid_name(name)
    content = Content(call.body)
    location = content.location(TYPE)
    if location != private_dns.GLOBAL:
        raise private_dns_errors.zone_must_be_global(location)
    old = zone.link(name)
    return _begin(call, zone, old, _wanted(call, zone, content, old, name))


def _wanted(call: Call, zone: Zone, content: Content, old: Link | None, name: str) -> Link:
    properties = content.object("properties")
    given = properties.object("virtualNetwork").text("id") or (old.network if old else "")
    if vnet_place(given) is None:
        raise errors.linked_id_invalid(given, "properties.virtualNetwork.id")
    vnet = call.world.vnets.get(given.rstrip("/").lower())
    link_id = f"{zone.id}/virtualNetworkLinks/{name}"
    if vnet is None:
        raise errors.reference_not_found(given, link_id)
    if not call.may(JOIN, vnet.id):
        raise errors.linked_scope(call.caller.client_id, call.caller.oid, f"{TYPE}/write", link_id, JOIN, vnet.id)
    for other in zone.links:
        if other.network.lower() == vnet.key and other.name.lower() != name.lower():
            raise private_dns_errors.linked_already(zone.name, other.name)
    new = Link(old.name if old else name, "", vnet.id, properties.flag("registrationEnabled", False), content.tags())
    _check_limits(call, zone, old, new)
    return new


def _check_limits(call: Call, zone: Zone, old: Link | None, new: Link) -> None:
    others = [one for one in zone.links if one is not old]
    quotas = call.settings.quotas
    if len(others) >= quotas["virtualNetworkLinks"]:
        raise errors.too_many("VirtualNetworkLinks", quotas["virtualNetworkLinks"], zone.id)
    if new.registration and sum(one.registration for one in others) >= quotas["registrationLinks"]:
        raise errors.too_many("RegistrationVirtualNetworkLinks", quotas["registrationLinks"], zone.id)


def patch(call: Call) -> Response:
    """Tags and registration; what is left out stays."""
    call.writable_group()
    zone = call.world.zones.get(private_dns.zone_key(call))
    old = zone.link(call.place.names[1]) if zone else None
    if zone is None or old is None:
        raise _not_found(call)
    content = Content(call.body)
    registration = content.object("properties").flag("registrationEnabled", old.registration)
    tags = content.tags() if content.has("tags") else old.tags
    new = replace(old, registration=registration, tags=tags)
    _check_limits(call, zone, old, new)
    return _begin(call, zone, old, new)


def _begin(call: Call, zone: Zone, old: Link | None, new: Link) -> Response:
    if zone.state in ("Creating", "Deleting"):
        raise errors.not_provisioned(zone.id, f"{zone.id}/virtualNetworkLinks/{new.name}", zone.state, zone.operation)
    if old is not None and old.state == "Deleting":
        raise errors.busy_delete(old.operation)
    if old is not None and old.operation:
        raise errors.busy_put(PUT, old.operation, f"{zone.id}/virtualNetworkLinks/{old.name}", 10)
    doom = private_dns.violated(call, old.etag if old else None, _named(zone, new.name))
    target = "" if doom else f"{zone.key}{SEPARATOR}{new.name.lower()}"
    word = "update" if old else "create"
    operation = call.begin(PUT, target, private_dns.GLOBAL, f"virtualNetworkLinks.{word}")
    if doom:
        call.world.put(replace(operation, doom=doom))
    else:
        state = "Updating" if old else "Creating"
        made = replace(new, state=state, operation=operation.id, etag=_etag(call.world))
        call.world.put(replace(zone, links=_exchanged(zone, made), etag=call.world.guid()))
    return private_dns.accepted(call, operation, zone.group)


def _named(zone: Zone, name: str) -> str:
    return f"The Virtual Network link '{name}' for the Private DNS zone '{zone.name}'"


def _etag(world: World) -> str:
    """Hex groups in quotes, the middle ones fixed as recorded."""
    guid = world.guid()
    return f'"{guid[:8]}-0000-0100-0000-{guid[-12:-4]}0000"'


def _exchanged(zone: Zone, new: Link) -> tuple[Link, ...]:
    if zone.link(new.name) is None:
        return (*zone.links, new)
    return tuple(new if one.name.lower() == new.name.lower() else one for one in zone.links)


def delete(call: Call) -> Response:
    """A missing link, also of a missing zone, is 204."""
    call.group()
    zone = call.world.zones.get(private_dns.zone_key(call))
    link = zone.link(call.place.names[1]) if zone else None
    if zone is None or link is None:
        return empty(204)
    if link.operation:
        raise errors.busy_delete(link.operation)
    doom = private_dns.violated(call, link.etag, _named(zone, link.name))
    target = "" if doom else f"{zone.key}{SEPARATOR}{link.name.lower()}"
    operation = call.begin(DELETE, target, private_dns.GLOBAL, "virtualNetworkLinks.delete")
    if doom:
        call.world.put(replace(operation, doom=doom))
    else:
        gone = replace(link, state="Deleting", operation=operation.id)
        call.world.put(replace(zone, links=_exchanged(zone, gone)))
    return private_dns.accepted(call, operation, zone.group, deleting=True)


def finish(world: World, operation: Operation) -> None:
    zone_key, _, name = operation.target.partition(SEPARATOR)
    zone = world.zones.get(zone_key)
    link = zone.link(name) if zone else None
    if zone is None or link is None:
        return
    if operation.deletes and not operation.doom:
        links = tuple(one for one in zone.links if one is not link)
    else:
        state = "Failed" if operation.doom else "Succeeded"
        links = _exchanged(zone, replace(link, state=state, operation=""))
    world.put(replace(zone, links=links, etag=world.guid()))
