"""Private DNS zones that one of two VNets is linked to alone: one finding for each VNet, however many zones there are."""

from __future__ import annotations

import pytest

from properties.azure_model import IDS, THIRD
from vnetlink.domain.arm_id import PrivateDnsZoneId, VnetId, ZoneLinkId
from vnetlink.domain.observed import ObservedZoneLink, Provisioning
from vnetlink.domain.reasons import Reason, Severity
from vnetlink.planning.diagnosis.names import one_sided

ONE, TWO = IDS


def linked(name: str, vnet: VnetId | None, group: str = "dns") -> ObservedZoneLink:
    zone = PrivateDnsZoneId(ONE.subscription, group, name)
    return ObservedZoneLink(ZoneLinkId(zone, "link"), vnet, False, Provisioning.SUCCEEDED)


@pytest.mark.parametrize(
    "links",
    [
        [],
        [linked("corp", ONE), linked("corp", TWO)],
        [linked("corp", THIRD), linked("corp", None)],
        [linked("corp", ONE), linked("CORP", TWO, "other")],
    ],
    ids=["none", "both", "neither", "each its own zone of that name"],
)
def test_names_that_resolve_in_both_or_in_neither_are_no_finding(links: list[ObservedZoneLink]) -> None:
    assert list(one_sided(IDS, links)) == []


def test_zones_of_one_vnet_are_told_together_with_the_command_for_the_first() -> None:
    names = [f"z{n}.example" for n in range(5)]
    links = [linked(name, ONE) for name in reversed(names)]
    first, second = one_sided(IDS, [*links, linked("back.example", TWO)])
    assert (first.reason, first.weight, first.id) == (
        Reason.DNS_ZONE_NOT_LINKED,
        Severity.INFO,
        str(linked(names[0], ONE).id.zone),
    )
    assert first.message.startswith(
        f"Private DNS zones z0.example, z1.example, z2.example and 2 more are linked to VNet {ONE} and not to {TWO}, "
    )
    assert f"--zone-name z0.example --name two --virtual-network {TWO} " in first.remediation
    assert f"Private DNS zone back.example is linked to VNet {TWO} and not to {ONE}, " in second.message
