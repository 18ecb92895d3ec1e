"""Where a subnet sends traffic for a range: the longest prefix wins on each part of it, exactly.

How Azure routes: MicrosoftDocs/azure-docs, articles/virtual-network/virtual-networks-udr-overview.md ("System routes", "How
Azure selects a route"). Routes for service tags lead public addresses only and are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from vnetlink.domain.intervals import IPV4, Intervals, addresses, intersect, prefixes, span, subtract
from vnetlink.domain.routing import NextHop, Route, RouteSource, RouteTable, VnetView

RESERVED = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
)  # "Default": dropped unless a VNet has them
_RANK = {source: rank for rank, source in enumerate(RouteSource)}


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of a destination range and the route that it takes; None: no route leads there, so it is dropped."""

    held: Intervals
    route: Route | None

    @property
    def destinations(self) -> tuple[str, ...]:
        """As prefixes."""
        return prefixes(self.held)

    @property
    def next_hop(self) -> NextHop:
        """Where it goes."""
        return self.route.next_hop if self.route else NextHop.NONE

    @property
    def is_users(self) -> bool:
        """Whether somebody wrote this route."""
        return self.route is not None and self.route.source is RouteSource.USER


def next_hops(destinations: Iterable[str], vnet: VnetView, table: RouteTable | None) -> tuple[Leg, ...]:
    """The way of every part of `destinations` out of a subnet of `vnet` with that table; the parts are disjoint."""
    left, legs = addresses(destinations), []
    preferred = addresses(chain(vnet.prefixes, *(peer.prefixes for peer in vnet.peered)))
    for route in effective_routes(vnet, table):
        held = intersect(span(route.prefix), left)
        if route.source is RouteSource.GATEWAY:  # the document's note: even where it is more specific than those
            held = subtract(held, preferred)
        if held:
            legs.append(Leg(held, route))
            left = subtract(left, held)
    return (*legs, Leg(left, None)) if left else tuple(legs)


def effective_routes(vnet: VnetView, table: RouteTable | None) -> tuple[Route, ...]:
    """Every route of the subnet, the one that is asked first in front. Those of a gateway do not count within the VNet's and
    its peers' ranges."""
    propagated = table is None or not table.disable_bgp_route_propagation
    announced = (
        Route("", prefix, NextHop.GATEWAY, source=RouteSource.GATEWAY) for prefix in vnet.gateway if propagated
    )
    routes = (*(table.routes if table else ()), *announced, *_system(vnet))
    return tuple(sorted((route for route in routes if span(route.prefix)), key=_order))


def _order(route: Route) -> tuple[int, int]:
    first, last = span(route.prefix)[0]
    return last - first, _RANK[route.source]


def _system(vnet: VnetView) -> Iterator[Route]:
    for prefix in vnet.prefixes:
        yield _default(prefix, NextHop.VNET_LOCAL)
    for prefix in chain.from_iterable(peer.prefixes for peer in vnet.peered):
        yield _default(prefix, NextHop.VNET_PEERING)
    own = addresses(vnet.prefixes)
    for prefix in RESERVED:
        if subtract(span(prefix), own):  # a VNet that has all of it takes the route's place
            yield _default(prefix, NextHop.NONE)
    yield _default(prefixes(IPV4)[0], NextHop.INTERNET)


def _default(prefix: str, hop: NextHop) -> Route:
    return Route("", prefix, hop, source=RouteSource.SYSTEM)
