"""Who uses what: the back references of subnets, addresses, security groups and route tables. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ..store import Resource, World

INTERFACES = "networkInterfaces"


def interfaces(world: World) -> Iterator[Resource]:
    return iter(world.interfaces.values())


def configurations(world: World) -> Iterator[tuple[str, str, str]]:
    """(id of the ipConfiguration, subnet, public address) of every interface, in lower case but the id."""
    for one in interfaces(world):
        for inner in one.props["ipConfigurations"]:
            address = (inner.get("publicIPAddress") or {}).get("id", "")
            yield f"{one.id}/ipConfigurations/{inner['name']}", inner["subnet"]["id"].lower(), address.lower()


def subnet_users(world: World, subnet: str) -> list[str]:
    """Ids of the ipConfigurations in a subnet, standing or being made. `subnet` in lower case."""
    gateways = [
        f"{gateway.id}/ipConfigurations/{one.name}"
        for gateway in world.gateways.values()
        for one in gateway.ips
        if one.subnet.lower() == subnet
    ]
    return gateways + [user for user, place, _ in configurations(world) if place == subnet]


def address_user(world: World, address: str) -> str:
    """Id of the ipConfiguration that a public address belongs to, or nothing. `address` in lower case."""
    for gateway in world.gateways.values():
        for one in gateway.ips:
            if one.address.lower() == address:
                return f"{gateway.id}/ipConfigurations/{one.name}"
    return next((user for user, _, taken in configurations(world) if taken == address), "")


def interfaces_of(world: World, group: str) -> list[str]:
    """Ids of the interfaces that use a security group directly."""
    wanted = [(one.id, (one.props.get("networkSecurityGroup") or {}).get("id", "")) for one in interfaces(world)]
    return [user for user, given in wanted if given.lower() == group]


def subnets_of(world: World, key: str, reference: str) -> list[str]:
    """Ids of the subnets whose `reference` (networkSecurityGroup, routeTable) is that resource."""
    found = []
    for holder in sorted(world.holders.get(key, ())):
        vnet = world.vnets[holder]
        for subnet in vnet.subnets:
            given = subnet.props.get(reference)
            if given and str(given.get("id", "")).lower() == key:
                found.append(f"{vnet.id}/subnets/{subnet.name}")
    return found


def held_from_outside(world: World, prefix: str) -> list[str]:
    """Resources under a prefix (a group, in lower case) that something outside of it uses, so they cannot go."""
    used: list[tuple[str, str]] = []
    for gateway in world.gateways.values():
        used += [(gateway.key, target) for one in gateway.ips for target in (one.subnet, one.address)]
    for user, subnet, address in configurations(world):
        used += [(user.lower(), subnet), (user.lower(), address)]
    for one in world.connections.values():
        used += [(one.key, one.near), (one.key, one.far)]
    for key, holders in world.holders.items():
        used += [(holder, key) for holder in holders]
    found = {target for user, target in used if target.lower().startswith(prefix) and not user.startswith(prefix)}
    return sorted(found)
