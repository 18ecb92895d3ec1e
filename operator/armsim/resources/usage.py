"""Who uses what: the back references of subnets, addresses, security groups and route tables. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ..store import Gateway, Resource, World

INTERFACES = "networkInterfaces"


def interfaces(world: World) -> Iterator[Resource]:
    return iter(world.interfaces.values())


Configuration = tuple[str, str, str]


def configurations(world: World) -> Iterator[Configuration]:
    """(id of the ipConfiguration, subnet, public address) of every gateway and interface, in lower case but the id."""
    for gateway in world.gateways.values():
        yield from _of_gateway(gateway)
    for one in interfaces(world):
        yield from _of_interface(one)


def _of_gateway(gateway: Gateway) -> Iterator[Configuration]:
    for one in gateway.ips:
        yield f"{gateway.id}/ipConfigurations/{one.name}", one.subnet.lower(), one.address.lower()


def _of_interface(one: Resource) -> Iterator[Configuration]:
    for inner in one.props["ipConfigurations"]:
        address = (inner.get("publicIPAddress") or {}).get("id", "")
        yield f"{one.id}/ipConfigurations/{inner['name']}", inner["subnet"]["id"].lower(), address.lower()


def _users(world: World, used: str) -> Iterator[Configuration]:
    """The ipConfigurations of those that use a subnet or an address at all, by the world's index."""
    for key in sorted(world.users.get(used, ())):
        if key in world.gateways:
            yield from _of_gateway(world.gateways[key])
        else:
            yield from _of_interface(world.interfaces[key])


def subnet_users(world: World, subnet: str) -> list[str]:
    """Ids of the ipConfigurations in a subnet, standing or being made. `subnet` in lower case."""
    return [user for user, place, _ in _users(world, subnet) if place == subnet]


def address_user(world: World, address: str) -> str:
    """Id of the ipConfiguration that a public address belongs to, or nothing. `address` in lower case."""
    return next((user for user, _, taken in _users(world, address) if taken == address), "")


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
    for user, subnet, address in configurations(world):
        used += [(user.lower(), subnet), (user.lower(), address)]
    for one in world.connections.values():
        used += [(one.key, one.near), (one.key, one.far)]
    for key, holders in world.holders.items():
        used += [(holder, key) for holder in holders]
    found = {target for user, target in used if target.lower().startswith(prefix) and not user.startswith(prefix)}
    return sorted(found)
