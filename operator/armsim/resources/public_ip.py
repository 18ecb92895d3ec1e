"""Public IP addresses (arm.md 5): sku, zones, allocation, name; who uses them keeps them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .. import errors, gateway_errors, regions
from ..arm_ids import NAME, network_id
from ..call import Call
from ..content import Content
from ..messages import Response, answer, empty
from ..store import Address, Operation, World
from . import usage

TYPE = "Microsoft.Network/publicIPAddresses"
PUT = "PutPublicIpAddressOperation"
DELETE = "DeletePublicIpAddressOperation"
SKUS = {one.lower(): one for one in ("Basic", "Standard", "StandardV2")}
TIERS = {one.lower(): one for one in ("Regional", "Global")}
METHODS = {one.lower(): one for one in ("Static", "Dynamic")}
VERSIONS = {one.lower(): one for one in ("IPv4", "IPv6")}
LABEL = re.compile(r"[a-z][a-z0-9-]{1,61}[a-z0-9]")


def body(world: World, address: Address, version: str) -> dict[str, Any]:
    """`type` and `sku` come last (arm.md 1.1); tier and ipTags are younger than 2018 (R:vpn-vnet2vnet-…)."""
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
    shown = {**shown, "properties": _properties(world, address, version), "type": TYPE}
    if version < "2017-08":
        return shown
    return {**shown, "sku": address.sku if version >= "2020" else {"name": address.sku["name"]}}


def _properties(world: World, address: Address, version: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"provisioningState": address.state, "resourceGuid": address.guid}
    ip = visible(world, address)
    if ip:
        shown["ipAddress"] = ip
    for name in ("publicIPAddressVersion", "publicIPAllocationMethod", "idleTimeoutInMinutes"):
        shown[name] = address.props[name]
    if "dnsSettings" in address.props:
        shown["dnsSettings"] = address.props["dnsSettings"]
    if version >= "2018":
        shown["ipTags"] = address.props.get("ipTags", [])
    user = usage.address_user(world, address.key)
    if user:
        shown["ipConfiguration"] = {"id": user}
    if address.sku["name"] != "Basic" and version >= "2022":
        mode = address.props.get("ddosSettings", {"protectionMode": "VirtualNetworkInherited"})
        shown["ddosSettings"] = mode
    return shown


def visible(world: World, address: Address) -> str:
    """Static: once Succeeded. Dynamic: only while attached to a gateway that stands (arm.md 5)."""
    if address.state != "Succeeded":
        return ""
    if address.props["publicIPAllocationMethod"] == "Static":
        return address.ip
    user = usage.address_user(world, address.key).lower()
    gateway = world.gateways.get(user.rpartition("/ipconfigurations/")[0])
    return address.ip if user and (gateway is None or gateway.born) else ""


def _key(call: Call) -> str:
    place = call.place
    return network_id(place.subscription, place.group, "publicIPAddresses", place.names[0]).lower()


def found(call: Call) -> Address:
    call.group()
    address = call.world.addresses.get(_key(call))
    if address is None:
        raise errors.resource_not_found(TYPE, call.place.names[0], call.place.group)
    return address


def get(call: Call) -> Response:
    address = found(call)
    return answer(200, body(call.world, address, call.version), {"ETag": address.etag})


def listing(call: Call) -> Response:
    call.group()
    return _list(call, f"/subscriptions/{call.place.subscription}/resourcegroups/{call.place.group}/")


def listing_in_subscription(call: Call) -> Response:
    return _list(call, f"/subscriptions/{call.place.subscription}/")


def _list(call: Call, prefix: str) -> Response:
    every = [one for key, one in call.world.addresses.items() if key.startswith(prefix.lower())]
    return call.page(every, lambda one: body(call.world, one, call.version))


def put(call: Call) -> Response:
    group = call.writable_group()
    name = call.place.names[0]
    if not NAME.fullmatch(name):
        raise errors.invalid_name(name)
    old = call.world.addresses.get(_key(call))
    new = _wanted(call, old, group.name)
    call.check_etag(new.id, old.etag if old else None)
    _check_idle(call, old)
    if old is not None and _alike(old, new):
        new = replace(new, etag=call.world.etag())
        call.world.put(new)
        return call.unchanged(body(call.world, new, call.version), PUT, new.key, new.location)
    operation = call.begin(PUT, new.key, new.location, f"publicIPAddresses.{'update' if old else 'create'}")
    new = replace(new, state="Updating", operation=operation.id, etag=call.world.etag())
    call.world.put(new)
    return call.accepted(200 if old else 201, body(call.world, new, call.version), operation, 1)


def _check_idle(call: Call, old: Address | None) -> None:
    if old is not None and old.state == "Deleting":
        raise errors.busy_delete(old.operation)
    if old is not None and old.state == "Updating":
        raise errors.busy_put(PUT, old.operation, old.id, 10)


def _alike(old: Address, new: Address) -> bool:
    """A change that needs no work, as of tags, is done at once (arm.md 1.3, PUT existing)."""
    return old.state == "Succeeded" and (old.props, old.sku, old.zones) == (new.props, new.sku, new.zones)


def _wanted(call: Call, old: Address | None, group: str) -> Address:
    content = Content(call.body)
    location = content.location(TYPE)
    name = old.name if old else call.place.names[0]
    if old is not None and old.location != location:
        raise errors.other_location(name, old.location, group, location)
    _check_zones(content.texts("zones"), name, location)
    new = Address(
        subscription=old.subscription if old else call.place.subscription,
        group=old.group if old else group,
        name=name,
        location=location,
        guid=old.guid if old else call.world.guid(),
        etag="",
        ip="",
        props=_props(content.object("properties"), location, name),
        sku={
            "name": _choice(content.object("sku"), "name", SKUS, "Basic"),
            "tier": _choice(content.object("sku"), "tier", TIERS, "Regional"),
        },
        tags=content.tags(),
        zones=tuple(sorted(content.texts("zones"))),
    )
    _check_sku(call, new)
    _check_kept(old, new)
    _check_label(call.world, new)
    return replace(new, ip=_ip(new.key))


def _props(properties: Content, location: str, name: str) -> dict[str, Any]:
    idle = properties.number("idleTimeoutInMinutes", 4)
    if not 4 <= idle <= 30:
        raise gateway_errors.idle_out_of_range(name)
    shown: dict[str, Any] = {
        "publicIPAddressVersion": _choice(properties, "publicIPAddressVersion", VERSIONS, "IPv4"),
        "publicIPAllocationMethod": _choice(properties, "publicIPAllocationMethod", METHODS, "Dynamic"),
        "idleTimeoutInMinutes": idle,
    }
    if properties.objects("ipTags"):
        shown["ipTags"] = [dict(one.value) for one in properties.objects("ipTags")]
    if properties.has("ddosSettings"):
        shown["ddosSettings"] = dict(properties.object("ddosSettings").value)
    if properties.has("dnsSettings"):
        shown["dnsSettings"] = _dns(properties.object("dnsSettings"), location)
    return shown


def _dns(content: Content, location: str) -> dict[str, Any]:
    label = content.text("domainNameLabel")
    if not LABEL.fullmatch(label):
        raise gateway_errors.bad_label(label)
    shown = {"domainNameLabel": label, "fqdn": f"{label}.{location}.cloudapp.azure.com"}
    return {**shown, **({"reverseFqdn": content.text("reverseFqdn")} if content.has("reverseFqdn") else {})}


def _choice(content: Content, name: str, known: Mapping[str, str], default: str) -> str:
    given = content.text(name, default)
    if given.lower() not in known:
        raise errors.bad_choice(content.at(name), given, ", ".join(known.values()))
    return known[given.lower()]


def _check_zones(zones: tuple[str, ...], name: str, location: str) -> None:
    """ARM's own check, before the provider sees the request."""
    if zones and not regions.has_zones(location):
        raise errors.no_zones_there(TYPE, name, location)
    wrong = [one for one in zones if one not in regions.ZONES]
    if wrong:
        raise errors.unknown_zone(TYPE, name, location, ",".join(wrong)[:80], ",".join(regions.ZONES))


def _check_sku(call: Call, address: Address) -> None:
    """Basic is retired since 2025 and accepted under an earlier era only (arm.md 5)."""
    if address.sku == {"name": "Basic", "tier": "Global"}:
        raise gateway_errors.global_needs_standard(address.id)
    if address.sku["name"] == "Basic" and call.settings.era >= 2025:
        raise gateway_errors.basic_address_retired()
    if address.sku["name"] != "Basic" and address.props["publicIPAllocationMethod"] != "Static":
        raise gateway_errors.must_be_static(address.id)


def _check_kept(old: Address | None, new: Address) -> None:
    """Sku and zones stay as they were made (arm.md 5)."""
    if old is not None and old.sku["name"] != new.sku["name"]:
        raise gateway_errors.sku_fixed(old.sku["name"], new.sku["name"])
    if old is not None and old.zones != new.zones:
        raise gateway_errors.zones_fixed(new.id)


def _check_label(world: World, new: Address) -> None:
    label = new.props.get("dnsSettings", {}).get("domainNameLabel")
    for other in world.addresses.values() if label else ():
        taken = other.props.get("dnsSettings", {}).get("domainNameLabel")
        if taken == label and other.location == new.location and other.key != new.key:
            raise gateway_errors.label_taken(label, new.location)


def _ip(key: str) -> str:
    """An address from the id, so it survives deletion and re-creation."""
    number = zlib.crc32(key.encode())
    return f"20.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def patch(call: Call) -> Response:
    """Tags only, at once (arm.md 1.3)."""
    old = found(call)
    _check_idle(call, old)
    new = replace(old, tags=Content(call.body).tags(), etag=call.world.etag())
    call.world.put(new)
    return answer(200, body(call.world, new, call.version), {"ETag": new.etag})


def delete(call: Call) -> Response:
    call.group()
    address = call.world.addresses.get(_key(call))
    if address is None:
        return empty(204)
    user = usage.address_user(call.world, address.key)
    if user:
        raise gateway_errors.address_in_use(address.id, user)
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
