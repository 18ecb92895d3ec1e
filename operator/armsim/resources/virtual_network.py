"""Virtual networks (arm.md 3): a VNet, its subnets and peerings are one document with one etag."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from .. import address_spaces, errors
from ..arm_ids import NAME, network_id
from ..call import Call
from ..content import Content
from ..messages import Response, answer, compact, empty, written
from ..store import Operation, Subnet, Vnet, World
from . import peering_body, subnet

TYPE = "Microsoft.Network/virtualNetworks"
PUT = "PutVirtualNetworkOperation"
DELETE = "DeleteVirtualNetworkOperation"
RESERVED_FIRST = 4
WRITTEN_MOST = 50_000


def body(world: World, vnet: Vnet, version: str) -> dict[str, Any]:
    """Property order and what each api-version shows: arm.md 1.1 and 3."""
    shown: dict[str, Any] = {
        "name": vnet.name,
        "id": vnet.id,
        "etag": vnet.etag,
        "type": TYPE,
        "location": vnet.location,
    }
    if vnet.tags is not None:
        shown["tags"] = vnet.tags
    return {**shown, "properties": _properties(world, vnet, version)}


def encoded(world: World, vnet: Vnet, version: str) -> bytes:
    """The body as bytes, written once for each etag: the etag moves with everything that the body shows (arm.md 1.2)."""
    kept = world.written.get((vnet.key, version))
    if kept is not None and kept[0] == vnet.etag:
        return kept[1]
    made = compact(body(world, vnet, version))
    if len(world.written) > WRITTEN_MOST:
        world.written.clear()
    world.written[vnet.key, version] = (vnet.etag, made)
    return made


def _properties(world: World, vnet: Vnet, version: str) -> dict[str, Any]:
    space: dict[str, Any] = {"addressPrefixes": list(vnet.prefixes)}
    shown: dict[str, Any] = {
        "provisioningState": vnet.state,
        "resourceGuid": vnet.guid,
        "addressSpace": space,
    }
    if vnet.dhcp is not None:
        shown["dhcpOptions"] = vnet.dhcp
    shown.update({name: value for name, value in vnet.props.items() if name != "enableDdosProtection"})
    if version >= "2024-05":
        space["ipamPoolPrefixAllocations"] = []
        shown.setdefault("privateEndpointVNetPolicies", "Disabled")
    shown["subnets"] = [subnet.body(world, vnet, one, version) for one in vnet.subnets]
    shown["virtualNetworkPeerings"] = [peering_body.body(world, vnet, one, version) for one in vnet.peerings]
    shown["enableDdosProtection"] = vnet.props.get("enableDdosProtection", False)
    if version < "2020":
        shown["enableVmProtection"] = False
    return shown


def found(call: Call) -> Vnet:
    """The VNet of the path, for reads of it and of its children (arm.md 1.5, first and third row)."""
    call.group()
    vnet = call.world.vnets.get(_key(call))
    if vnet is None:
        raise errors.resource_not_found(TYPE, call.place.names[0], call.place.group)
    return vnet


def get(call: Call) -> Response:
    vnet = found(call)
    return written(200, encoded(call.world, vnet, call.version), {"ETag": vnet.etag})


def listing(call: Call) -> Response:
    call.group()
    prefix = f"/subscriptions/{call.place.subscription}/resourcegroups/{call.place.group}/".lower()
    return _list(call, prefix)


def listing_in_subscription(call: Call) -> Response:
    return _list(call, f"/subscriptions/{call.place.subscription}/".lower())


def _list(call: Call, prefix: str) -> Response:
    vnets = [one for key, one in call.world.vnets.items() if key.startswith(prefix)]
    return call.page(vnets, lambda one: encoded(call.world, one, call.version))


def put(call: Call) -> Response:
    group = call.writable_group()
    name = call.place.names[0]
    old = call.world.vnets.get(_key(call))
    vnet_id = old.id if old else network_id(group.subscription, group.name, "virtualNetworks", name)
    if not NAME.fullmatch(name):
        raise errors.invalid_name(name)
    call.check_etag(vnet_id, old.etag if old else None)
    new = _wanted(call, vnet_id, group.name, old)
    check_idle(call.world, old)
    if old is None and _count(call) >= call.settings.quotas["virtualNetworks"]:
        raise errors.too_many("VirtualNetworks", call.settings.quotas["virtualNetworks"], call.place.subscription)
    operation = call.begin(PUT, new.key, new.location, f"virtualNetworks.{'update' if old else 'create'}")
    new = replace(new, state="Updating", operation=operation.id, etag=call.world.etag())
    call.world.put(new)
    if old is not None and (old.prefixes != new.prefixes or takes_part_by_subnet(call.world, new)):
        touch_peers(call.world, new)
    return call.accepted(200 if old else 201, encoded(call.world, new, call.version), operation, 3)


def check_idle(world: World, vnet: Vnet | None) -> None:
    """A running operation of the VNet or a subnet refuses a write (arm.md 1.4); of a peering, only when strict."""
    if vnet is None:
        return
    if vnet.state == "Deleting":
        raise errors.busy_delete(vnet.operation)
    running = world.operations.get(vnet.operation)
    if vnet.state == "Updating" and running is not None:
        raise errors.busy_put(running.name, running.id, vnet.id, 10)


def check_no_child_operation(vnet: Vnet) -> None:
    """DELETE while an operation of the VNet or of a child runs: 409 (arm.md 1.4)."""
    parts = [(vnet.state, vnet.operation)]
    parts += [(one.state, one.operation) for one in vnet.subnets]
    parts += [(one.state, one.operation) for one in vnet.peerings]
    for state, operation in parts:
        if state in ("Updating", "Deleting"):
            raise errors.busy_delete(operation or vnet.operation)


def _wanted(call: Call, vnet_id: str, group: str, old: Vnet | None) -> Vnet:
    content = Content(call.body)
    properties = content.object("properties")
    location = content.location(TYPE)
    if old is not None and old.location != location:
        raise errors.other_location(old.name, old.location, call.place.group, location)
    prefixes = properties.object("addressSpace").texts("addressPrefixes") or (old.prefixes if old else ())
    if not prefixes:
        raise errors.wrong_type("properties.addressSpace", "Required property 'addressPrefixes' not found in JSON.")
    address_spaces.check(prefixes, vnet_id)
    dhcp = _dhcp(properties)
    new = Vnet(
        subscription=old.subscription if old else call.place.subscription,
        group=old.group if old else group,
        name=old.name if old else call.place.names[0],
        location=old.location if old else location,
        guid=old.guid if old else call.world.guid(),
        etag="",
        prefixes=prefixes,
        tags=content.tags() if old is None or "tags" in call.body else old.tags,
        dhcp=dhcp,
        props=properties.kept("flowTimeoutInMinutes", "bgpCommunities", "encryption", "enableDdosProtection"),
        peerings=old.peerings if old else (),
    )
    properties.flag("enableDdosProtection", False)
    _check_encryption(properties, vnet_id)
    subnets = _subnets(call, new, properties, old)
    if len(subnets) > call.settings.quotas["subnets"]:
        raise errors.too_many("Subnets", call.settings.quotas["subnets"], vnet_id)
    return replace(new, subnets=subnets)


def _check_encryption(properties: Content, vnet_id: str) -> None:
    encryption = properties.object("encryption")
    if properties.has("encryption") and not (encryption.has("enabled") and encryption.has("enforcement")):
        raise errors.encryption_incomplete(vnet_id)


def _dhcp(properties: Content) -> Mapping[str, Any] | None:
    if not properties.has("dhcpOptions"):
        return None
    servers = properties.object("dhcpOptions").texts("dnsServers")
    for server in servers:
        try:
            ip_address(server)
        except ValueError:
            raise errors.bad_dns_server(server) from None
    return {"dnsServers": list(servers)}


def _subnets(call: Call, vnet: Vnet, properties: Content, old: Vnet | None) -> tuple[Subnet, ...]:
    """A PUT replaces the subnets; without the property they stay (arm.md 3: unverified, newer behaviour chosen)."""
    before = old.subnets if old else ()
    if not properties.has("subnets"):
        after = before
    else:
        after = tuple(_inner(call, vnet, one) for one in properties.objects("subnets"))
    for gone in before:
        if not any(one.name.lower() == gone.name.lower() for one in after):
            subnet.check_unused(call.world, vnet, gone)
    for one in after:
        subnet.check_prefixes_kept(call.world, vnet, old.subnet(one.name) if old else None, one)
    checked = replace(vnet, subnets=())
    for one in after:
        subnet.check_fits(checked, one)
        checked = replace(checked, subnets=(*checked.subnets, one))
    return after


def _inner(call: Call, vnet: Vnet, content: Content) -> Subnet:
    name = content.text("name")
    if not NAME.fullmatch(name):
        raise errors.invalid_name(name)
    return replace(subnet.wanted(call.world, content.object("properties"), name, vnet, call.version), state="Updating")


def _count(call: Call) -> int:
    prefix = f"/subscriptions/{call.place.subscription}/".lower()
    return sum(1 for key in call.world.vnets if key.startswith(prefix))


def patch(call: Call) -> Response:
    """Tags only, at once (arm.md 1.3)."""
    vnet = found(call)
    check_idle(call.world, vnet)
    tags = Content(call.body).tags()
    new = replace(vnet, tags=tags, etag=call.world.etag())
    call.world.put(new)
    return written(200, encoded(call.world, new, call.version), {"ETag": new.etag})


def delete(call: Call) -> Response:
    """Own peerings do not hinder it (arm.md 3: unverified, chosen)."""
    call.group()
    vnet = call.world.vnets.get(_key(call))
    if vnet is None:
        return empty(204)
    call.check_etag(vnet.id, vnet.etag)
    for one in vnet.subnets:
        subnet.check_unused(call.world, vnet, one)
    check_no_child_operation(vnet)
    operation = call.begin(DELETE, vnet.key, vnet.location, "virtualNetworks.delete")
    call.world.put(replace(vnet, state="Deleting", operation=operation.id, etag=call.world.etag()))
    return call.deleting(operation)


def finish(world: World, operation: Operation) -> None:
    vnet = world.vnets.get(operation.target)
    if vnet is None:
        return
    if operation.doom:
        world.put(replace(vnet, state="Failed", etag=world.etag(), subnets=subnet.settled(vnet.subnets, "Failed")))
    elif operation.deletes:
        vanish(world, vnet.key)
    else:
        subnets = subnet.settled(vnet.subnets, "Succeeded")
        world.put(replace(vnet, state="Succeeded", operation="", etag=world.etag(), subnets=subnets))


def vanish(world: World, key: str) -> None:
    """Peerings of others that lead here turn Disconnected (arm.md 3, VNet DELETE while peered)."""
    vnet = world.vnets[key]
    world.drop(vnet)
    for other, peering in list(world.peered_with(key)):
        current = world.vnets[other.key]
        cut = tuple(
            replace(one, status="Disconnected") if one.name == peering.name else one for one in current.peerings
        )
        world.put(replace(current, peerings=cut, etag=world.etag()))


def touch_peers(world: World, vnet: Vnet) -> None:
    """The other VNet's etag moves, too (arm.md 1.2)."""
    others = {one.remote_key for one in vnet.peerings} | world.referrers.get(vnet.key, set())
    for key in sorted(others - {vnet.key}):
        other = world.vnets.get(key)
        if other is not None:
            world.put(replace(other, etag=world.etag()))


def takes_part_by_subnet(world: World, vnet: Vnet) -> bool:
    """Whether a peering looks at this VNet's subnets instead of its address space."""
    own = any(not one.complete for one in vnet.peerings)
    return own or any(not one.complete for _, one in world.peered_with(vnet.key))


def check_address(call: Call) -> Response:
    """CheckIPAddressAvailability (arm.md 3)."""
    vnet = found(call)
    wanted = call.query.get("ipaddress", "")
    with contextlib.suppress(ValueError):
        address = ip_address(wanted)
        for one in vnet.subnets:
            for prefix in one.prefixes:
                network = address_spaces.network(prefix)
                if address in network:
                    return answer(200, _availability(int(address), int(network[0]), int(network[-1]), network.version))
    raise errors.outside_every_subnet(wanted, vnet.id)


def _availability(address: int, first: int, last: int, version: int) -> dict[str, Any]:
    if first + RESERVED_FIRST <= address < last:
        return {"available": True, "isPlatformReserved": False}
    free = [str(ip_address(one)) if version == 4 else "" for one in range(first + 4, min(first + 9, last))]
    return {"available": False, "availableIPAddresses": free, "isPlatformReserved": True}


def _key(call: Call) -> str:
    place = call.place
    return network_id(place.subscription, place.group, "virtualNetworks", place.names[0]).lower()
