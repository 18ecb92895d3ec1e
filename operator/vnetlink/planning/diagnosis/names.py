"""Private DNS zones whose names resolve in one of two VNets and not in the other. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vnetlink.domain.arm_id import VnetId, ZoneLinkId
from vnetlink.domain.observed import ObservedZoneLink
from vnetlink.domain.reasons import Reason, Severity
from vnetlink.domain.sides import PerSide, Side
from vnetlink.planning import az
from vnetlink.planning.diagnosis.blocks import some
from vnetlink.planning.plan import Finding


def one_sided(vnets: PerSide[VnetId], links: Sequence[ObservedZoneLink]) -> Iterator[Finding]:
    """One finding for each VNet that zones are linked to alone. `links`: those of all zones. Where the other VNet has another
    zone of the same name, the name resolves."""
    zones = vnets.map(lambda vnet: {one.id.zone.name.lower(): one.id.zone for one in links if one.vnet == vnet})
    for side in Side:
        here, there = vnets[side], vnets[side.other]
        alone = sorted(
            (zone for name, zone in zones[side].items() if name not in zones[side.other]), key=lambda zone: zone.key
        )
        if not alone:
            continue
        what = f"Private DNS zone{'s' if len(alone) > 1 else ''} {some([zone.name for zone in alone])}"
        told = f"{what} {'are' if len(alone) > 1 else 'is'} linked to VNet {here} and not to {there}"
        text = f"{told}, where such names resolve only by a DNS server of its own."
        how = f"If it is not meant, link it: {az.link_zone(ZoneLinkId(alone[0], there.name), there)}"
        yield Finding(Reason.DNS_ZONE_NOT_LINKED, text, str(alone[0]), how, Severity.INFO)
