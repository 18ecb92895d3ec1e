"""Network interfaces, as far as "subnet in use" and "address in use" need them. No virtual machine is simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .. import address_spaces, errors, filter_errors, gateway_errors
from ..arm_ids import NAME
from ..content import Content
from ..store import Resource, Subnet, Vnet, World
from . import usage, virtual_network
from .kind import Draft, Kind, referenced

FIRST = 4


def _read(draft: Draft) -> Mapping[str, Any]:
    world = draft.call.world
    given = draft.properties.objects("ipConfigurations")
    if not given:
        raise errors.wrong_type(draft.properties.at("ipConfigurations"), "Required property not found in JSON.")
    taken: set[str] = set()
    made = [_configuration(draft, one, index == 0, taken) for index, one in enumerate(given)]
    group = referenced(world, draft.properties, "networkSecurityGroup", "networkSecurityGroups", draft.id)
    return {
        "ipConfigurations": made,
        "enableAcceleratedNetworking": draft.properties.flag("enableAcceleratedNetworking", False),
        "enableIPForwarding": draft.properties.flag("enableIPForwarding", False),
        **({"networkSecurityGroup": group} if group else {}),
    }


def _configuration(draft: Draft, content: Content, first: bool, taken: set[str]) -> Mapping[str, Any]:
    inner = content.object("properties")
    name = content.text("name")
    if not NAME.fullmatch(name):
        raise errors.invalid_name(name)
    vnet, subnet = _subnet(draft, inner.object("subnet").text("id"))
    static = inner.text("privateIPAllocationMethod", "Dynamic").lower() == "static"
    subnet_id = f"{vnet.id}/subnets/{subnet.name}"
    address = inner.text("privateIPAddress") if static else _kept(draft.old, name, subnet_id)
    address = _address(draft, vnet, subnet, address, taken)
    taken.add(address)
    public = _public(draft, inner, f"{draft.id}/ipConfigurations/{name}")
    return {
        "name": name,
        "privateIPAddress": address,
        "privateIPAllocationMethod": "Static" if static else "Dynamic",
        **({"publicIPAddress": {"id": public}} if public else {}),
        "subnet": {"id": subnet_id},
        "primary": inner.flag("primary", first),
        "privateIPAddressVersion": inner.text("privateIPAddressVersion", "IPv4"),
    }


def _subnet(draft: Draft, given: str) -> tuple[Vnet, Subnet]:
    vnet_key, _, name = given.lower().rpartition("/subnets/")
    vnet = draft.call.world.vnets.get(vnet_key)
    subnet = vnet.subnet(name) if vnet else None
    if vnet is None or subnet is None:
        raise errors.reference_not_found(given, draft.id)
    if vnet.state != "Succeeded":
        raise errors.not_provisioned(vnet.id, draft.id, vnet.state, virtual_network.PUT)
    return vnet, subnet


def _kept(old: Resource | None, name: str, subnet: str) -> str:
    """The address that a configuration had, unless it moves to another subnet."""
    for one in old.props["ipConfigurations"] if old else ():
        if one["name"].lower() == name.lower() and one["subnet"]["id"].lower() == subnet.lower():
            return str(one["privateIPAddress"])
    return ""


def _address(draft: Draft, vnet: Vnet, subnet: Subnet, wanted: str, more: set[str]) -> str:
    """The wanted address, else the first free one after the four that Azure keeps (arm.md 3, reserved)."""
    key = f"{vnet.key}/subnets/{subnet.name.lower()}"
    taken = set(more)
    for one in usage.interfaces(draft.call.world):
        for inner in one.props["ipConfigurations"]:
            if one.id != draft.id and inner["subnet"]["id"].lower() == key:
                taken.add(inner["privateIPAddress"])
    network = address_spaces.network(subnet.prefixes[0])
    if wanted in taken:
        raise filter_errors.static_address_taken(wanted, key)
    if wanted and not any(_inside(wanted, prefix) for prefix in subnet.prefixes):
        raise errors.outside_every_subnet(wanted[:80], vnet.id)
    if wanted:
        return wanted
    for offset in range(FIRST, network.num_addresses - 1):
        if str(network[offset]) not in taken:
            return str(network[offset])
    raise errors.invalid("SubnetIsFull", f"Subnet {subnet.name} with address prefix {network} is already full.")


def _inside(address: str, prefix: str) -> bool:
    try:
        return address_spaces.inside(f"{address}/{128 if ':' in address else 32}", (prefix,))
    except ValueError:
        return False


def _public(draft: Draft, inner: Content, owner: str) -> str:
    if not inner.has("publicIPAddress"):
        return ""
    given = inner.object("publicIPAddress").text("id")
    address = draft.call.world.addresses.get(given.rstrip("/").lower())
    if address is None:
        raise errors.reference_not_found(given, draft.id)
    user = usage.address_user(draft.call.world, address.key)
    if user and user.lower() != owner.lower():
        raise gateway_errors.gateway_address_taken(address.id, user)
    return address.id


def _look(world: World, one: Resource, version: str) -> dict[str, Any]:
    return {
        **one.props,
        "ipConfigurations": [_shown(one, inner) for inner in one.props["ipConfigurations"]],
        "dnsSettings": {"dnsServers": [], "appliedDnsServers": []},
        "hostedWorkloads": [],
        "tapConfigurations": [],
        "nicType": "Standard",
    }


def _shown(one: Resource, inner: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": inner["name"],
        "id": f"{one.id}/ipConfigurations/{inner['name']}",
        "etag": one.etag,
        "type": f"{KIND.type}/ipConfigurations",
        "properties": {
            "provisioningState": one.state,
            **{name: value for name, value in inner.items() if name != "name"},
        },
    }


def _free(world: World, one: Resource) -> None:
    """Only a virtual machine would hinder it (NicInUse), and none is simulated."""


def _moved(world: World, one: Resource) -> None:
    """The subnets show the ipConfigurations, so their VNets' etags move (arm.md 1.2)."""
    for key in {inner["subnet"]["id"].lower().rpartition("/subnets/")[0] for inner in one.props["ipConfigurations"]}:
        vnet = world.vnets.get(key)
        if vnet is not None:
            world.put(replace(vnet, etag=world.etag()))


KIND = Kind(
    name=usage.INTERFACES,
    put_name="PutNicOperation",
    delete_name="DeleteNicOperation",
    read=_read,
    look=_look,
    free=_free,
    moved=_moved,
)
