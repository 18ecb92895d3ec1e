"""Subnets (arm.md 3): part of their VNet, with operations of their own that make the VNet Updating."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .. import address_spaces, errors, gateway_errors
from ..arm_ids import NAME, entity_key
from ..call import Call
from ..content import Content
from ..messages import Response, answer, empty
from ..store import Operation, Subnet, Vnet, World
from . import usage, virtual_network
from .kind import referenced

TYPE = "Microsoft.Network/virtualNetworks/subnets"
PUT = "PutSubnetOperation"
DELETE = "DeleteSubnetOperation"
ECHOED = ("networkSecurityGroup", "routeTable", "natGateway", "serviceEndpoints", "defaultOutboundAccess")
REFERENCES = {"networkSecurityGroup": "networkSecurityGroups", "routeTable": "routeTables"}


def identify(vnet: Vnet, name: str) -> str:
    return f"{vnet.id}/subnets/{name}"


def body(world: World, vnet: Vnet, subnet: Subnet, version: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": subnet.name,
        "id": identify(vnet, subnet.name),
        "etag": vnet.etag,
        "properties": _properties(world, vnet, subnet, version),
    }
    return {**shown, "type": TYPE} if version >= "2018" else shown


def _properties(world: World, vnet: Vnet, subnet: Subnet, version: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"provisioningState": subnet.state}
    if subnet.plural:
        shown["addressPrefixes"] = list(subnet.prefixes)
    else:
        shown["addressPrefix"] = subnet.prefixes[0]
    shown.update({name: subnet.props[name] for name in ECHOED if name in subnet.props})
    users = users_of(world, vnet, subnet.name)
    if users:
        shown["ipConfigurations"] = [{"id": user} for user in users]
    if version < "2018":
        return shown
    shown["delegations"] = subnet.props.get("delegations", [])
    shown["privateEndpointNetworkPolicies"] = subnet.props.get("privateEndpointNetworkPolicies", "Disabled")
    shown["privateLinkServiceNetworkPolicies"] = subnet.props.get("privateLinkServiceNetworkPolicies", "Enabled")
    return shown


def users_of(world: World, vnet: Vnet, name: str) -> list[str]:
    """Ids of the ipConfigurations in a subnet; a gateway's are shown once it stands (arm.md 6)."""
    users = usage.subnet_users(world, identify(vnet, name).lower())
    gateways = [world.gateways.get(entity_key(one)) for one in users]
    return [one for one, gateway in zip(users, gateways, strict=True) if gateway is None or gateway.born]


def wanted(world: World, properties: Content, name: str, vnet: Vnet, version: str) -> Subnet:
    single, several = properties.text("addressPrefix"), properties.texts("addressPrefixes")
    prefixes = several or ((single,) if single else ())
    if not prefixes:
        raise errors.wrong_type(properties.at("addressPrefix"), f"Required property not found in subnet '{name}'.")
    address_spaces.check(prefixes, identify(vnet, name))
    kept = _kept(properties, version)
    for reference, kind in REFERENCES.items():
        found = referenced(world, properties, reference, kind, identify(vnet, name))
        kept.update({reference: found} if found else {})
    group = kept.get("networkSecurityGroup")
    if group and name.lower() == "gatewaysubnet":
        raise gateway_errors.group_on_gateway_subnet(group["id"].rpartition("/")[2])
    return Subnet(name, prefixes, kept, plural=bool(several))


def _kept(properties: Content, version: str) -> dict[str, Any]:
    """The default of privateEndpointNetworkPolicies changed in 2022 (arm.md 3)."""
    default = "Enabled" if version < "2022" else "Disabled"
    properties.objects("serviceEndpoints")
    properties.objects("delegations")
    properties.object("natGateway")
    properties.flag("defaultOutboundAccess", False)
    kept = properties.kept(*ECHOED, "delegations")
    kept["privateEndpointNetworkPolicies"] = properties.text("privateEndpointNetworkPolicies", default)
    kept["privateLinkServiceNetworkPolicies"] = properties.text("privateLinkServiceNetworkPolicies", "Enabled")
    return kept


def check_fits(vnet: Vnet, subnet: Subnet) -> None:
    """Inside the address space, and apart from the VNet's other subnets."""
    for prefix in subnet.prefixes:
        if not address_spaces.inside(prefix, vnet.prefixes):
            raise errors.subnet_outside(subnet.name, vnet.name)
    for other in vnet.subnets:
        if other.name.lower() != subnet.name.lower() and address_spaces.overlapping(subnet.prefixes, other.prefixes):
            raise errors.subnets_overlap(subnet.name, vnet.name, other.name)


def check_unused(world: World, vnet: Vnet, subnet: Subnet) -> None:
    users = usage.subnet_users(world, identify(vnet, subnet.name).lower())
    if users:
        raise errors.subnet_in_use(subnet.name, users[0])


def check_prefixes_kept(world: World, vnet: Vnet, old: Subnet | None, new: Subnet) -> None:
    """A prefix with something in it stays, even where a larger one would hold it."""
    gone = [one for one in old.prefixes if one not in new.prefixes] if old else []
    if gone and usage.subnet_users(world, identify(vnet, new.name).lower()):
        raise errors.prefix_in_use(gone[0], new.name)


def settled(subnets: tuple[Subnet, ...], state: str) -> tuple[Subnet, ...]:
    return tuple(replace(one, state=state, operation="") if one.state == "Updating" else one for one in subnets)


def get(call: Call) -> Response:
    vnet = virtual_network.found(call)
    subnet = vnet.subnet(call.place.names[1])
    if subnet is None:
        raise errors.child_not_found(identify(vnet, call.place.names[1]))
    return answer(200, body(call.world, vnet, subnet, call.version), {"ETag": vnet.etag})


def listing(call: Call) -> Response:
    vnet = virtual_network.found(call)
    return call.page(vnet.subnets, lambda one: body(call.world, vnet, one, call.version))


def put(call: Call) -> Response:
    vnet = parent(call)
    name = call.place.names[1]
    if not NAME.fullmatch(name):
        raise errors.invalid_name(name)
    old = vnet.subnet(name)
    call.check_etag(identify(vnet, name), vnet.etag if old else None)
    new = wanted(call.world, Content(call.body).object("properties"), old.name if old else name, vnet, call.version)
    check_fits(vnet, new)
    check_prefixes_kept(call.world, vnet, old, new)
    if old is None and len(vnet.subnets) >= call.settings.quotas["subnets"]:
        raise errors.too_many("Subnets", call.settings.quotas["subnets"], vnet.id)
    virtual_network.check_idle(call.world, vnet)
    operation = call.begin(
        PUT, f"{vnet.key}/subnets/{new.name.lower()}", vnet.location, f"subnets.{'update' if old else 'create'}"
    )
    new = replace(new, state="Updating", operation=operation.id)
    vnet = replace(vnet, state="Updating", operation=operation.id, etag=call.world.etag(), subnets=exchanged(vnet, new))
    call.world.put(vnet)
    return call.accepted(200 if old else 201, body(call.world, vnet, new, call.version), operation, 3)


def exchanged(vnet: Vnet, new: Subnet) -> tuple[Subnet, ...]:
    if vnet.subnet(new.name) is None:
        return (*vnet.subnets, new)
    return tuple(new if one.name == new.name else one for one in vnet.subnets)


def parent(call: Call) -> Vnet:
    """The VNet of a child that is to be written (arm.md 1.4, last row; 1.5, ParentResourceNotFound)."""
    call.writable_group()
    place = call.place
    key = (
        f"/subscriptions/{place.subscription}/resourcegroups/{place.group}/providers/microsoft.network/virtualnetworks/"
    )
    vnet = call.world.vnets.get((key + place.names[0]).lower())
    if vnet is None:
        raise errors.parent_not_found(place.names[0])
    if vnet.state == "Failed":
        raise errors.failed_parent(place.scope, vnet.operation)
    return vnet


def delete(call: Call) -> Response:
    call.group()
    vnet = virtual_network.found(call)
    subnet = vnet.subnet(call.place.names[1])
    if subnet is None:
        return empty(204)
    call.check_etag(identify(vnet, subnet.name), vnet.etag)
    check_unused(call.world, vnet, subnet)
    if vnet.state in ("Updating", "Deleting"):
        raise errors.busy_delete(vnet.operation)
    operation = call.begin(DELETE, f"{vnet.key}/subnets/{subnet.name.lower()}", vnet.location, "subnets.delete")
    gone = replace(subnet, state="Deleting", operation=operation.id)
    call.world.put(
        replace(vnet, state="Updating", operation=operation.id, etag=call.world.etag(), subnets=exchanged(vnet, gone))
    )
    return call.deleting(operation)


def finish(world: World, operation: Operation) -> None:
    vnet_key, _, name = operation.target.rpartition("/subnets/")
    vnet = world.vnets.get(vnet_key)
    subnet = vnet.subnet(name) if vnet else None
    if vnet is None or subnet is None:
        return
    if operation.doom:
        after = exchanged(vnet, replace(subnet, state="Failed", operation=""))
    elif operation.deletes:
        after = tuple(one for one in vnet.subnets if one.name != subnet.name)
    else:
        after = exchanged(vnet, replace(subnet, state="Succeeded", operation=""))
    vnet = replace(vnet, state="Succeeded", operation="", etag=world.etag(), subnets=after)
    world.put(vnet)
    if virtual_network.takes_part_by_subnet(world, vnet):
        virtual_network.touch_peers(world, vnet)
