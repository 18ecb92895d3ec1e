"""Azure's routing rules (MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md), row by row.

The world is the document's "Routing example": VNet 10.0.0.0/16, a peer with 10.1.0.0/16 and 10.2.0.0/16, on-premises
10.10.0.0/16 behind a gateway.
"""

from __future__ import annotations

import pytest

from vnetlink.domain.arm_id import PeeringId, RouteTableId, VnetId
from vnetlink.domain.routing import NextHop, PeeredSpace, Route, RouteTable, VnetView
from vnetlink.planning.diagnosis.routes import next_hops

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
ONE, TWO = VnetId(SUBSCRIPTION, "rg", "one"), VnetId(SUBSCRIPTION, "rg", "two")
VNET = VnetView(
    ONE,
    ("10.0.0.0/16",),
    peered=(PeeredSpace(PeeringId(ONE, "one-two"), TWO, ("10.1.0.0/16", "10.2.0.0/16")),),
    gateway=("10.10.0.0/16",),
)
NVA = "10.0.100.4"
EXAMPLE = (
    Route("Within-VNet1", "10.0.0.0/16", NextHop.APPLIANCE, NVA),
    Route("Within-Subnet1", "10.0.0.0/24", NextHop.VNET_LOCAL),
    Route("ToVNet2-1-Drop", "10.1.0.0/16", NextHop.NONE),
    Route("ToVNet2-2-Drop", "10.2.0.0/16", NextHop.NONE),
    Route("To-On-Prem", "10.10.0.0/16", NextHop.APPLIANCE, NVA),
    Route("Default-NVA", "0.0.0.0/0", NextHop.APPLIANCE, NVA),
)


def hops(destination: str, *routes: Route, vnet: VnetView = VNET, propagate: bool = True) -> dict[str, str]:
    """Next hop of every part of a destination."""
    table = RouteTable(RouteTableId(SUBSCRIPTION, "rg", "table"), routes, not propagate)
    return {prefix: leg.next_hop.value for leg in next_hops((destination,), vnet, table) for prefix in leg.destinations}


@pytest.mark.parametrize(
    ("why", "destination", "routes", "expected"),
    [
        ("System routes: the VNet's own space", "10.0.5.4/32", (), NextHop.VNET_LOCAL),
        ("Optional default routes: peering", "10.2.0.4/32", (), NextHop.VNET_PEERING),
        ("Optional default routes: gateway", "10.10.0.4/32", (), NextHop.GATEWAY),
        ("System routes: RFC 1918 that nobody has is dropped", "10.99.0.4/32", (), NextHop.NONE),
        ("System routes: RFC 6598 is dropped", "100.64.0.1/32", (), NextHop.NONE),
        ("System routes: 0.0.0.0/0 to the Internet", "8.8.8.8/32", (), NextHop.INTERNET),
        ("Routing example, ID2", "10.0.5.4/32", EXAMPLE, NextHop.APPLIANCE),
        ("Routing example, ID3", "10.0.0.4/32", EXAMPLE, NextHop.VNET_LOCAL),
        ("Routing example, ID6", "10.1.0.4/32", EXAMPLE, NextHop.NONE),
        ("Routing example, ID7", "10.2.0.4/32", EXAMPLE, NextHop.NONE),
        ("Routing example, ID9", "10.10.0.4/32", EXAMPLE, NextHop.APPLIANCE),
        ("Routing example, ID12", "8.8.8.8/32", EXAMPLE, NextHop.APPLIANCE),
        ("How Azure selects: a shorter user route does not override a peering", "10.1.0.4/32", EXAMPLE[5:], NextHop.VNET_PEERING),
        ("Service tags: a tag leads no private range", "10.1.0.4/32", (Route("s", "Storage", NextHop.NONE),), NextHop.VNET_PEERING),
    ],
)  # fmt: skip
def test_a_route_is_chosen_as_documented(
    why: str, destination: str, routes: tuple[Route, ...], expected: NextHop
) -> None:
    assert hops(destination, *routes) == {destination: expected.value}


def test_a_range_is_split_exactly_by_the_longest_prefix() -> None:
    assert hops("10.1.0.0/16", Route("hole", "10.1.128.0/18", NextHop.NONE)) == {
        "10.1.128.0/18": "None",
        "10.1.0.0/17": "VNetPeering",
        "10.1.192.0/18": "VNetPeering",
    }


def test_peerings_are_preferred_over_more_specific_routes_of_bgp() -> None:
    """How Azure selects a route, the note."""
    vnet = VnetView(ONE, VNET.prefixes, peered=VNET.peered, gateway=("10.1.7.0/24",))
    assert hops("10.1.7.4/32", vnet=vnet) == {"10.1.7.4/32": "VNetPeering"}


def test_without_propagation_a_gateways_routes_do_not_count() -> None:
    """Border gateway protocol: static ones and BGP's."""
    assert hops("10.10.0.4/32", propagate=False) == {"10.10.0.4/32": "None"}


def test_a_vnet_that_has_all_of_a_reserved_range_takes_its_routes_place() -> None:
    """System routes, None."""
    vnet = VnetView(ONE, ("8.0.0.0/6",))
    assert hops("10.99.0.4/32", vnet=vnet) == {"10.99.0.4/32": "VnetLocal"}
