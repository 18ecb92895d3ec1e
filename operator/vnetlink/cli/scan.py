"""`scan --subscription ID`: every VNet pair of an estate with its state and fault. Reads only, and needs no cluster."""

from __future__ import annotations

from asyncio import gather
from datetime import timedelta

from vnetlink.azure.arm import Arm
from vnetlink.cli import estate
from vnetlink.cli.estate import Estate
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Seen, Unreadable

NOW = timedelta(0)


async def scan(arm: Arm, identity: Identity, subscriptions: tuple[str, ...]) -> Estate:
    """One list for each subscription, and one read for each VNet that a peering leads to and no list shows."""
    lists = await gather(*(arm.vnets(identity, subscription) for subscription in subscriptions))
    vnets: dict[VnetId, Seen[ObservedVnet]] = {}
    unlisted: list[tuple[str, Unreadable]] = []
    for subscription, listed in zip(subscriptions, lists, strict=True):
        if isinstance(listed, Unreadable):
            unlisted.append((f"/subscriptions/{subscription}", listed))
        else:
            vnets |= listed
    others = estate.remotes(vnets)
    seen = await gather(*(arm.read_vnet(identity, id, NOW) for id in others))
    vnets |= zip(others, seen, strict=True)
    return Estate(estate.pairs(vnets, identity), (*unlisted, *estate.unread(vnets)))
