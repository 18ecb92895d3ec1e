"""Public IP addresses (arm.md 5), as much as a gateway needs: Standard, Static, with or without zones."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Any

from .. import errors
from ..arm_ids import NAME, network_id
from ..call import Call
from ..content import Content
from ..messages import Response, answer, empty
from ..store import Address, Gateway, Operation, World

TYPE = "Microsoft.Network/publicIPAddresses"
PUT = "PutPublicIpAddressOperation"
DELETE = "DeletePublicIpAddressOperation"


def body(world: World, address: Address) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": address.name,
        "id": address.id,
        "etag": address.etag,
        "location": address.location,
    }
    if address.tags is not None:
        shown["tags"] = address.tags
    if address.zones:
        shown["zones"] = list(address.zones)
    return {**shown, "properties": _properties(world, address), "type": TYPE, "sku": address.sku}


def _properties(world: World, address: Address) -> dict[str, Any]:
    shown: dict[str, Any] = {"provisioningState": address.state, "resourceGuid": address.guid}
    ip = visible(world, address)
    if ip:
        shown["ipAddress"] = ip
    shown.update(address.props)
    shown["ipTags"] = []
    user = _user(world, address)
    if user:
        shown["ipConfiguration"] = {"id": user}
    if address.sku["name"] != "Basic":
        shown["ddosSettings"] = {"protectionMode": "VirtualNetworkInherited"}
    return shown


def visible(world: World, address: Address) -> str:
    """Static: once Succeeded. Dynamic: only while attached to a gateway that stands (arm.md 5)."""
    if address.state != "Succeeded":
        return ""
    if address.props["publicIPAllocationMethod"] == "Static":
        return address.ip
    attached = any(one.born and _uses(one, address) for one in world.gateways.values())
    return address.ip if attached else ""


def _uses(gateway: Gateway, address: Address) -> bool:
    return any(one.address.lower() == address.key for one in gateway.ips)


def _user(world: World, address: Address) -> str:
    for gateway in world.gateways.values():
        for one in gateway.ips:
            if one.address.lower() == address.key:
                return f"{gateway.id}/ipConfigurations/{one.name}"
    return ""


def found(call: Call) -> Address | None:
    call.group()
    place = call.place
    return call.world.addresses.get(
        network_id(place.subscription, place.group, "publicIPAddresses", place.names[0]).lower()
    )


def get(call: Call) -> Response:
    address = found(call)
    if address is None:
        raise errors.resource_not_found(TYPE, call.place.names[0], call.place.group)
    return answer(200, body(call.world, address), {"ETag": address.etag})


def listing(call: Call) -> Response:
    call.group()
    prefix = f"/subscriptions/{call.place.subscription}/resourcegroups/{call.place.group}/".lower()
    found = [one for key, one in call.world.addresses.items() if key.startswith(prefix)]
    return call.page(found, lambda one: body(call.world, one))


def put(call: Call) -> Response:
    group = call.writable_group()
    name = call.place.names[0]
    if not NAME.fullmatch(name):
        raise errors.invalid_name(name)
    old = found(call)
    new = _wanted(call, old, group.name)
    if old is not None and old.state in ("Updating", "Deleting"):
        raise errors.busy_put(PUT, old.operation, old.id, 10)
    operation = call.begin(PUT, new.key, new.location, f"publicIPAddresses.{'update' if old else 'create'}")
    new = replace(new, state="Updating", operation=operation.id, etag=call.world.etag())
    call.world.put(new)
    return call.accepted(200 if old else 201, body(call.world, new), operation, 1)


def _wanted(call: Call, old: Address | None, group: str) -> Address:
    content = Content(call.body)
    location = content.location(TYPE)
    name = old.name if old else call.place.names[0]
    if old is not None and old.location != location:
        raise errors.other_location(name, old.location, group, location)
    new = Address(
        subscription=call.place.subscription,
        group=group,
        name=name,
        location=location,
        guid=old.guid if old else call.world.guid(),
        etag="",
        ip="",
        props=_props(content.object("properties")),
        sku={
            "name": content.object("sku").text("name", "Basic"),
            "tier": content.object("sku").text("tier", "Regional"),
        },
        tags=content.tags(),
        zones=content.texts("zones"),
    )
    _check_sku(call, new)
    return replace(new, ip=_ip(new.key))


def _props(properties: Content) -> dict[str, Any]:
    return {
        "publicIPAddressVersion": properties.text("publicIPAddressVersion", "IPv4"),
        "publicIPAllocationMethod": properties.text("publicIPAllocationMethod", "Dynamic"),
        "idleTimeoutInMinutes": properties.number("idleTimeoutInMinutes", 4),
    }


def _check_sku(call: Call, address: Address) -> None:
    """Basic is retired since 2025 and accepted under an earlier era only (arm.md 5)."""
    if address.sku["name"] == "Basic" and call.settings.era >= 2025:
        raise errors.basic_address_retired()
    if address.sku["name"] != "Basic" and address.props["publicIPAllocationMethod"] != "Static":
        raise errors.must_be_static(address.id)


def _ip(key: str) -> str:
    """An address of TEST-NET-3's size, from the id, so it survives deletion and re-creation."""
    number = zlib.crc32(key.encode())
    return f"20.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def delete(call: Call) -> Response:
    address = found(call)
    if address is None:
        return empty(204)
    user = _user(call.world, address)
    if user:
        raise errors.address_in_use(address.id, user)
    if address.state in ("Updating", "Deleting"):
        raise errors.busy_delete(address.operation)
    operation = call.begin(DELETE, address.key, address.location, "publicIPAddresses.delete")
    call.world.put(replace(address, state="Deleting", operation=operation.id, etag=call.world.etag()))
    return call.deleting(operation)


def finish(world: World, operation: Operation) -> None:
    address = world.addresses.get(operation.target)
    if address is None:
        return
    if operation.deletes and not operation.doom:
        world.drop(address)
        return
    state = "Failed" if operation.doom else "Succeeded"
    world.put(replace(address, state=state, operation="", etag=world.etag()))
