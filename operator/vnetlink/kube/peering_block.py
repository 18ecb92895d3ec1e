"""The `peering` block of a spec. Pure; the same block in every kind that has one (design/api.md, Shape)."""

from __future__ import annotations

from dataclasses import dataclass

from vnetlink.domain.arm_id import valid_child_name
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import AddressSpaceSync, GatewayTransitPolicy, RepairDisconnected, WantedPeering
from vnetlink.kube.fields import Body, Wrong, choice, flag, mapping, string

PATH = "spec.peering"


@dataclass(frozen=True, slots=True)
class PeeringBlock:
    """What is asked for under `peering`."""

    peerings: PerSide[WantedPeering]
    gateway_transit: GatewayTransitPolicy
    sync: AddressSpaceSync
    repair: RepairDisconnected


def peering_block(spec: Body) -> PeeringBlock:
    """The block, or what its absence means. Raises Wrong."""
    block = mapping(spec, "peering", PATH, required=False)
    return PeeringBlock(
        peerings=PerSide.of(lambda side: _wanted(block, side)),
        gateway_transit=choice(block, "gatewayTransitPolicy", GatewayTransitPolicy.WHEN_AVAILABLE, PATH),
        sync=choice(block, "addressSpaceSync", AddressSpaceSync.AUTOMATIC, PATH),
        repair=choice(block, "repairDisconnected", RepairDisconnected.OWNED_OR_ADOPTED, PATH),
    )


def _wanted(block: Body, side: Side) -> WantedPeering:
    path = f"{PATH}.{side.value}"
    flags = mapping(block, side.value, path, required=False)
    name = string(flags, "name", path, "") or None
    if name is not None and not valid_child_name(name):
        raise Wrong(f"{path}.name: {name[:90]!r} is no name for a peering; use 1 to 80 letters, digits, _ . -")
    return WantedPeering(_options(flags, block, side, path), name)


def _options(flags: Body, block: Body, side: Side, path: str) -> PeeringOptions:
    subnets = block.get("subnetPeering")
    names = mapping(block, "subnetPeering", f"{PATH}.subnetPeering", required=False)
    return PeeringOptions(
        allow_virtual_network_access=flag(flags, "allowVirtualNetworkAccess", True, path),
        allow_forwarded_traffic=flag(flags, "allowForwardedTraffic", False, path),
        allow_gateway_transit=flag(flags, "allowGatewayTransit", False, path),
        use_remote_gateways=flag(flags, "useRemoteGateways", False, path),
        peer_complete_vnets=subnets is None,
        local_subnet_names=_names(names, f"{side.value}SubnetNames"),
        remote_subnet_names=_names(names, f"{side.other.value}SubnetNames"),
        enable_only_ipv6_peering=flag(names, "enableOnlyIPv6Peering", False, f"{PATH}.subnetPeering"),
    )


def _names(block: Body, name: str) -> tuple[str, ...]:
    value = block.get(name)
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(subnet, str) for subnet in value):
        raise Wrong(f"{PATH}.subnetPeering.{name}: must be a list of subnet names")
    return tuple(value)
