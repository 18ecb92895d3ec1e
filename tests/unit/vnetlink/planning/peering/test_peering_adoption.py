"""What a refused adoption asks a person to do, in words of spec."""

from __future__ import annotations

from dataclasses import replace

import pytest

from properties.azure_model import IDS, Azure
from properties.test_peering_pair import pair_of, seen
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import AdoptionPolicy, End, Lifecycle, PeeringPairSpec, WantedPeering
from vnetlink.planning.peering.adoption import not_adoptable
from vnetlink.planning.peering.world import halves
from vnetlink.planning.plan import Finding

PLAIN = PeeringOptions()
SOME = PeeringOptions(peer_complete_vnets=False, local_subnet_names=("a",), remote_subnet_names=("b",))
IPV6 = replace(SOME, enable_only_ipv6_peering=True)


def refusals(found: PeeringOptions, wanted: PeeringOptions, policy: AdoptionPolicy) -> list[Finding]:
    """What is said of a peering in VNet 1 that stands there before us."""
    azure, _ = Azure.new().put(Side.VNET1, "by-hand", found)
    spec = PeeringPairSpec(
        PerSide(End(IDS.vnet1), End(IDS.vnet2)),
        peerings=PerSide(WantedPeering(wanted), WantedPeering()),
        lifecycle=Lifecycle(adoption=policy),
    )
    pair = pair_of(spec)
    return list(not_adoptable(pair, halves(pair, seen(azure))))


@pytest.mark.parametrize(
    ("found", "wanted", "asked"),
    [
        (
            replace(PLAIN, allow_forwarded_traffic=True),
            PLAIN,
            "Paste into spec: peering: {vnet1: {allowForwardedTraffic: true}}",
        ),
        (
            replace(SOME, allow_forwarded_traffic=True),
            PLAIN,
            "Make this object again with this in spec: peering: {subnetPeering: {vnet1SubnetNames: [a], vnet2SubnetNames: [b]}, "
            "vnet1: {allowForwardedTraffic: true}}",
        ),
        (PLAIN, SOME, "Make this object again without spec.peering.subnetPeering"),
        (
            IPV6,
            SOME,
            "Paste into spec: peering: {subnetPeering: {vnet1SubnetNames: [a], vnet2SubnetNames: [b], enableOnlyIPv6Peering: true}}",
        ),
        (
            SOME,
            IPV6,
            "Paste into spec: peering: {subnetPeering: {vnet1SubnetNames: [a], vnet2SubnetNames: [b], enableOnlyIPv6Peering: false}}",
        ),
    ],
)
def test_what_differs_becomes_a_piece_of_spec(found: PeeringOptions, wanted: PeeringOptions, asked: str) -> None:
    (refusal,) = refusals(found, wanted, AdoptionPolicy.IF_MATCHING)
    assert refusal.reason is Reason.ADOPTION_REFUSED
    assert refusal.remediation == f"{asked}, or set adoptionPolicy: Always"


@pytest.mark.parametrize(
    ("policy", "refused"), [(AdoptionPolicy.NEVER, 1), (AdoptionPolicy.IF_MATCHING, 0), (AdoptionPolicy.ALWAYS, 0)]
)
def test_what_matches_is_refused_under_never_only(policy: AdoptionPolicy, refused: int) -> None:
    assert len(refusals(PLAIN, PLAIN, policy)) == refused
