"""Private DNS zones in the subscriptions of two VNets that only one of them is linked to. Reads only."""

from __future__ import annotations

from asyncio import gather
from datetime import timedelta
from itertools import chain

from vnetlink.azure.arm import Arm
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.outcome import Present, Unreadable
from vnetlink.domain.sides import PerSide
from vnetlink.planning.diagnosis.names import one_sided
from vnetlink.planning.plan import Finding

MOST = 100  # a request for each; Azure takes 500 reads of private DNS in five minutes (arm.md 1.7)


async def names(
    arm: Arm, identity: Identity, vnets: PerSide[VnetId], most: int = MOST
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What is found, and notes on what was not looked at: lists and links that may not be read, zones beyond `most`."""
    subscriptions = {id.subscription.lower(): id.subscription for id in vnets}
    lists = await gather(*(arm.private_dns_zones(identity, one) for one in subscriptions.values()))
    zones = tuple(chain.from_iterable(seen.value for seen in lists if isinstance(seen, Present)))
    seen = await gather(*(arm.zone_links(identity, zone, timedelta(0)) for zone in zones[:most]))
    links = tuple(chain.from_iterable(one.value for one in seen if isinstance(one, Present)))
    unread = [one.message for one in (*lists, *seen) if isinstance(one, Unreadable)]
    notes = [f"Private DNS was not read whole: {unread[0]}"] if unread else []
    if len(zones) > most:
        notes.append(f"Of {len(zones)} private DNS zones with links, the first {most} were looked at.")
    return tuple(one_sided(vnets, links)), tuple(notes)
