"""useRemoteGateways, which ARM takes only while the hub has a gateway and lets it be used: what can be asked for now, in which order."""

from __future__ import annotations

from dataclasses import replace

from vnetlink.domain.observed import PeeringState
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.planning.peering.world import Half


def reachable_options(halves: PerSide[Half], side: Side) -> PeeringOptions:
    """The options that ARM would take for this half now: as wanted, useRemoteGateways left out until the hub is ready."""
    wanted = halves[side].wanted.options
    if not wanted.use_remote_gateways or _usable(halves, side):
        return wanted
    return replace(wanted, use_remote_gateways=False)


def waits_for_gateway(halves: PerSide[Half], side: Side) -> bool:
    """Whether the half stands, or would stand, without the hub's gateway for now."""
    return halves[side].wanted.options.use_remote_gateways and not _usable(halves, side)


def lacks_only_gateway(half: Half) -> bool:
    """Whether the last write was refused for useRemoteGateways alone, so that the rest can be written without it."""
    told = half.refusal is not None and half.refusal.reason is Reason.REMOTE_HAS_NO_GATEWAY
    uses = half.peering is not None and half.peering.options.use_remote_gateways
    return told and half.wanted.options.use_remote_gateways and not uses


def hub_has_gateway(hub: Half) -> bool | None:
    """None when the hub cannot be read: then the PUT decides."""
    return hub.vnet.has_gateway if hub.vnet else None


def creation_order(halves: PerSide[Half]) -> tuple[Side, Side]:
    """The hub first: its allowGatewayTransit must stand before a spoke may use its gateway (arm.md 4, fact 9)."""
    spoke_first = halves.vnet1.wanted.options.use_remote_gateways
    return (Side.VNET2, Side.VNET1) if spoke_first else (Side.VNET1, Side.VNET2)


def removal_order(halves: PerSide[Half]) -> tuple[Side, Side]:
    """The side that uses the other's gateway goes first, or stops using it first."""
    uses = halves.vnet2.peering is not None and halves.vnet2.peering.options.use_remote_gateways
    return (Side.VNET2, Side.VNET1) if uses else (Side.VNET1, Side.VNET2)


def _usable(halves: PerSide[Half], side: Side) -> bool:
    spoke, hub = halves[side], halves[side.other]
    if spoke.peering is not None and spoke.peering.options.use_remote_gateways:
        return True  # it works already: a gateway that we do not see is no reason to cut it
    if spoke.refusal is not None and spoke.refusal.reason is Reason.REMOTE_HAS_NO_GATEWAY:
        return False
    return hub_has_gateway(hub) is not False and _lets_through(hub)


def _lets_through(hub: Half) -> bool:
    if hub.vnet is None:
        return True
    reverse = hub.peering
    return (
        reverse is not None and reverse.options.allow_gateway_transit and reverse.state is not PeeringState.DISCONNECTED
    )
