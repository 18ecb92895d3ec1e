"""One VpnConnectionPair and what was seen for it, to be changed in one place by each test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from properties.vpn_azure_model import Vault
from properties.vpn_turns import Place, Run, pair_of, two_vnets
from vnetlink.domain.observed import ObservedConnection, ObservedGateway, ObservedVnet
from vnetlink.domain.outcome import Present, Seen
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import VpnConnectionPair
from vnetlink.planning.vpn.world import VpnHalf, VpnWorld, vpn_halves

KEY = "Never.Tell.This.Key.1"


def standing_run(**different: Any) -> Run:
    """A pair that is Connected."""
    run = Run(Place(two_vnets()), pair_of(**different), Vault(KEY))
    run.rest()
    return run


def fresh_run(**different: Any) -> Run:
    """A pair of which nothing stands yet."""
    return Run(Place(two_vnets()), pair_of(**different), Vault(KEY))


def with_side(world: VpnWorld, side: Side = Side.VNET1, **changes: Any) -> VpnWorld:
    return replace(world, sides=world.sides.put(side, replace(world.sides[side], **changes)))


def with_gateway(world: VpnWorld, side: Side = Side.VNET1, **changes: Any) -> VpnWorld:
    there: Seen[ObservedGateway] = world.sides[side].gateway
    assert isinstance(there, Present)
    return with_side(world, side, gateway=Present(replace(there.value, **changes)))


def with_vnet(world: VpnWorld, side: Side = Side.VNET1, **changes: Any) -> VpnWorld:
    there: Seen[ObservedVnet] = world.sides[side].vnet
    assert isinstance(there, Present)
    return with_side(world, side, vnet=Present(replace(there.value, **changes)))


def with_connection(world: VpnWorld, side: Side = Side.VNET1, **changes: Any) -> VpnWorld:
    there: Seen[ObservedConnection] = world.sides[side].connection
    assert isinstance(there, Present)
    return with_side(world, side, connection=Present(replace(there.value, **changes)))


def both_of(pair: VpnConnectionPair, world: VpnWorld) -> PerSide[VpnHalf]:
    return vpn_halves(pair, world)
