"""How a peering looks from outside: states, sync levels, address spaces (arm.md 4). Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import address_spaces
from ..store import Peering, Vnet, World

TYPE = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
SYNC_LEVELS: Mapping[tuple[bool, bool], str] = {
    (False, False): "FullyInSync",
    (False, True): "RemoteNotInSync",
    (True, False): "LocalNotInSync",
    (True, True): "LocalAndRemoteNotInSync",
}


def identify(vnet: Vnet, name: str) -> str:
    return f"{vnet.id}/virtualNetworkPeerings/{name}"


def body(world: World, vnet: Vnet, peering: Peering, version: str) -> dict[str, Any]:
    return {
        "name": peering.name,
        "id": identify(vnet, peering.name),
        "etag": vnet.etag,
        "properties": _properties(world, vnet, peering, version),
        "type": TYPE,
    }


def _properties(world: World, vnet: Vnet, peering: Peering, version: str) -> dict[str, Any]:
    """Which api-version shows what: arm.md 4, Body. The 2024 bound of the local spaces is chosen."""
    shown: dict[str, Any] = {
        "provisioningState": peering.state,
        "resourceGuid": peering.guid,
        "peeringState": peering.status,
    }
    if version >= "2021":
        shown["peeringSyncLevel"] = sync_level(world, vnet, peering)
    shown["remoteVirtualNetwork"] = {"id": peering.remote}
    shown["allowVirtualNetworkAccess"] = peering.access
    shown["allowForwardedTraffic"] = peering.forwarded
    shown["allowGatewayTransit"] = peering.transit
    shown["useRemoteGateways"] = peering.use_remote
    shown["doNotVerifyRemoteGateways"] = peering.do_not_verify
    if version >= "2022":
        shown["peerCompleteVnets"] = peering.complete
    gateways = _remote_gateways(world, peering)
    if gateways:
        shown["remoteGateways"] = gateways
    shown["remoteAddressSpace"] = {"addressPrefixes": list(peering.remote_space)}
    if version >= "2021":
        shown["remoteVirtualNetworkAddressSpace"] = {"addressPrefixes": list(_remote_now(world, peering))}
    if version >= "2024":
        shown.update(_local(vnet, peering))
    shown["routeServiceVips"] = {}
    return shown


def _local(vnet: Vnet, peering: Peering) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "localAddressSpace": {"addressPrefixes": list(chosen_space(vnet, peering, peering.local_subnets))},
        "localVirtualNetworkAddressSpace": {"addressPrefixes": list(vnet.prefixes)},
    }
    if not peering.complete:
        shown["localSubnetNames"] = list(peering.local_subnets)
        shown["remoteSubnetNames"] = list(peering.remote_subnets)
        shown["enableOnlyIPv6Peering"] = peering.only_ipv6
    return shown


def chosen_space(vnet: Vnet, peering: Peering, subnets: tuple[str, ...]) -> tuple[str, ...]:
    """The prefixes of a VNet that take part: all of them, or those of the named subnets (subnet peering)."""
    if peering.complete:
        return vnet.prefixes
    found = [vnet.subnet(name) for name in subnets]
    prefixes = tuple(prefix for one in found if one is not None for prefix in one.prefixes)
    return address_spaces.only_ipv6(prefixes) if peering.only_ipv6 else prefixes


def sync_level(world: World, vnet: Vnet, peering: Peering) -> str:
    """Local: my copy of the other's space is stale. Remote: the other's copy of mine is stale or missing (fact 5)."""
    remote = world.vnets.get(peering.remote_key)
    reverse = remote.peering_to(vnet.key) if remote else None
    local_stale = remote is not None and peering.remote_space != chosen_space(remote, peering, peering.remote_subnets)
    remote_stale = (
        reverse is None
        or reverse.status == "Disconnected"
        or reverse.remote_space != chosen_space(vnet, reverse, reverse.remote_subnets)
    )
    return SYNC_LEVELS[local_stale, remote_stale]


def _remote_now(world: World, peering: Peering) -> tuple[str, ...]:
    remote = world.vnets.get(peering.remote_key)
    return remote.prefixes if remote else peering.remote_space


def _remote_gateways(world: World, peering: Peering) -> list[dict[str, str]]:
    """Only with useRemoteGateways (arm.md 4, fact 9)."""
    if not peering.use_remote:
        return []
    return [{"id": one.id} for one in world.gateways.values() if one.vnet_key == peering.remote_key and one.born]
