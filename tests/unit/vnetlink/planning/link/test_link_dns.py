"""Private DNS zones that are linked to one of a link's two VNets only."""

from __future__ import annotations

import pytest

from link_worlds import OPERATOR, link_of, world_of
from properties.azure_model import IDS
from vnetlink.domain.arm_id import PrivateDnsZoneId, ZoneLinkId
from vnetlink.domain.observed import ObservedZoneLink, Provisioning
from vnetlink.domain.outcome import Present
from vnetlink.domain.reasons import Reason, Severity
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import End, Lifecycle, ManagementPolicy
from vnetlink.domain.vnet_link import WantedZone
from vnetlink.planning.link import dns
from vnetlink.planning.link.world import SeenZone

ZONE = PrivateDnsZoneId("00000000-0000-0000-0000-000000000000", "rg", "corp.example")
MANAGE, OBSERVE = ManagementPolicy.MANAGE, ManagementPolicy.OBSERVE
BOTH, ONE = tuple(Side), (Side.VNET1,)


def told(
    *linked: Side, wanted: tuple[Side, ...] = BOTH, far: ManagementPolicy = MANAGE, link: ManagementPolicy = MANAGE
) -> list[tuple[Reason, Severity, str]]:
    """What is said of a zone that is linked to these sides."""
    ends = PerSide(End(IDS.vnet1), End(IDS.vnet2, far))
    owner = link_of(ends, zones=(WantedZone(ZONE, wanted),), lifecycle=Lifecycle(management=link))
    links = tuple(
        ObservedZoneLink(ZoneLinkId(ZONE, side.value), IDS[side], False, Provisioning.SUCCEEDED) for side in linked
    )
    world = world_of(zones=(SeenZone(ZONE, Present(links), OPERATOR),))
    found = list(dns.one_sided(owner, world))
    assert all(one.id == str(ZONE) for one in found)
    return [(one.reason, one.weight, one.remediation) for one in found]


def test_a_zone_of_both_or_of_none_is_well() -> None:
    assert told(*BOTH) == told() == []


def test_what_is_about_to_be_linked_is_no_finding() -> None:
    assert told(Side.VNET1) == []


@pytest.mark.parametrize("who", [{"far": OBSERVE}, {"link": OBSERVE}], ids=str)
def test_a_side_that_nobody_here_links_is_told_with_the_command_for_its_owner(who: dict[str, ManagementPolicy]) -> None:
    ((reason, weight, how),) = told(Side.VNET1, **who)  # type: ignore[arg-type]
    assert (reason, weight) == (Reason.DNS_ZONE_NOT_LINKED, Severity.WARNING)
    assert how.startswith("Its owner can run: az network private-dns link vnet create --subscription")
    assert f"--zone-name corp.example --name two --virtual-network {IDS.vnet2}" in how


def test_one_side_that_was_asked_for_is_information() -> None:
    ((reason, weight, how),) = told(Side.VNET1, wanted=ONE)
    assert (reason, weight) == (Reason.DNS_ZONE_NOT_LINKED, Severity.INFO)
    assert how.startswith("If it is not meant, set linkTo: Both")
