"""What is told of a PeeringPair beside what keeps it from being Ready."""

from __future__ import annotations

from dataclasses import replace

import pytest

from properties.azure_model import IDS, THIRD, Azure
from properties.test_peering_pair import pair_of, seen
from vnetlink.domain.arm_id import PeeringId
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason, Severity
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import End, PeeringPairSpec, WantedPeering
from vnetlink.planning.peering.standing import findings, standing
from vnetlink.planning.peering.world import halves
from vnetlink.planning.plan import Finding, Truth

PLAIN = PeeringOptions()
HUB, SPOKE = replace(PLAIN, allow_gateway_transit=True), replace(PLAIN, use_remote_gateways=True)


def connected(one: PeeringOptions = PLAIN, two: PeeringOptions = PLAIN) -> Azure:
    azure = Azure.new().gateway(Side.VNET1, there=True) if two.use_remote_gateways else Azure.new()
    for side, options in ((Side.VNET1, one), (Side.VNET2, two)):
        azure, _ = azure.put(side, "by-hand", options)
    return azure


def told(azure: Azure, *options: PeeringOptions) -> tuple[Truth, tuple[Finding, ...]]:
    """Ready and the findings of a pair that asks for these options."""
    wanted = PerSide(*(WantedPeering(one) for one in options or (PLAIN, PLAIN)))
    pair = pair_of(PeeringPairSpec(PerSide(End(IDS.vnet1), End(IDS.vnet2)), peerings=wanted))
    both = halves(pair, seen(azure))
    return standing(pair, both).ready, findings(pair, both)


def with_peerings(vnet: ObservedVnet, count: int) -> ObservedVnet:
    """The VNet with that many peerings."""
    (first, *_) = vnet.peerings
    others = (replace(first, id=PeeringId(vnet.id, f"p{n}"), remote=THIRD) for n in range(count - 1))
    return replace(vnet, peerings=(first, *others))


@pytest.mark.parametrize(("count", "near"), [(449, False), (450, True), (500, True)])
def test_a_vnet_with_nine_tenths_of_its_peerings_is_told_without_a_count(count: int, near: bool) -> None:
    azure = connected()
    azure = Azure(azure.vnets.put(Side.VNET1, with_peerings(azure.vnets.vnet1, count)))
    ready, found = told(azure)
    assert ready is Truth.TRUE
    assert [(one.reason, one.weight, one.id) for one in found] == (
        [(Reason.PEERING_LIMIT_REACHED, Severity.WARNING, str(IDS.vnet1))] if near else []
    )
    assert all("450 peerings or more" in one.message for one in found), "or each new one would change them all"


def test_a_gateway_that_is_gone_while_it_is_used_is_told_and_the_pair_stands() -> None:
    azure = connected(HUB, SPOKE)
    assert told(azure, HUB, SPOKE) == (Truth.TRUE, ())
    bare = Azure(azure.vnets.put(Side.VNET1, replace(azure.vnets.vnet1, has_gateway=False)))
    ready, (finding,) = told(bare, HUB, SPOKE)
    assert ready is Truth.TRUE
    assert (finding.reason, finding.weight, finding.id) == (
        Reason.REMOTE_HAS_NO_GATEWAY,
        Severity.WARNING,
        str(IDS.vnet1),
    )
    assert "az network vnet peering update" in finding.remediation


def test_two_spokes_that_are_to_be_peered_are_told_that_their_hub_does_not_do_it() -> None:
    azure = Azure.new().third(Side.VNET1, "10.9.0.0/16").third(Side.VNET2, "10.9.0.0/16")
    _, found = told(azure)
    assert [one.reason for one in found].count(Reason.NOT_TRANSITIVE) == 1
    one_half, _ = azure.put(Side.VNET1, "by-hand", PLAIN)
    assert Reason.NOT_TRANSITIVE not in [one.reason for one in told(one_half)[1]]


def test_a_disconnected_peering_says_what_was_deleted() -> None:
    deleted = connected().delete(Side.VNET2)
    (why,) = (one.message for one in told(deleted)[1] if one.reason is Reason.PEERING_DISCONNECTED)
    assert why.endswith("is Disconnected: its reverse was deleted.")
