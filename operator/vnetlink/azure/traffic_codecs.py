"""ARM's JSON of network security groups and route tables to domain values. A rule that is not understood makes the whole
unreadable: a diagnosis from the rest would be wrong."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from vnetlink.azure.shapes import Json, Unintelligible, flag, number, objects, properties, reference, text, texts, word
from vnetlink.domain.arm_id import NetworkSecurityGroupId, RouteTableId
from vnetlink.domain.network_security import Access, NetworkSecurityGroup, PortRange, Protocol, SecurityRule, Way
from vnetlink.domain.routing import NextHop, Route, RouteTable

Word = TypeVar("Word", bound=Enum)


def network_security_group(document: Json, asked: NetworkSecurityGroupId) -> NetworkSecurityGroup:
    """The group in `document`, default rules included; raises Unintelligible when that is something else."""
    inner = _inner(document, asked)
    shown = (*_all(inner, "securityRules", asked), *objects(inner.get("defaultSecurityRules")))
    return NetworkSecurityGroup(asked, tuple(_rule(one) for one in shown))


def route_table(document: Json, asked: RouteTableId) -> RouteTable:
    """The table in `document`; raises Unintelligible when that is something else."""
    inner = _inner(document, asked)
    routes = tuple(_route(one) for one in _all(inner, "routes", asked))
    return RouteTable(asked, routes, flag(inner, "disableBgpRoutePropagation", False))


def _inner(document: Json, asked: NetworkSecurityGroupId | RouteTableId) -> Json:
    inner = properties(document)
    if reference(document).lower() != asked.key or not inner:
        raise Unintelligible(f"the answer is not {asked}")
    return inner


def _all(inner: Json, name: str, asked: object) -> tuple[Json, ...]:
    """No list at all is no empty list: every recorded answer has both."""
    shown = inner.get(name)
    found = tuple(objects(shown))
    if not isinstance(shown, list) or len(found) != len(shown):
        raise Unintelligible(f"the answer does not tell all {name} of {asked}")
    return found


def _rule(shown: Json) -> SecurityRule:
    inner = properties(shown)
    sources, source_groups = _end(inner, "source")
    destinations, destination_groups = _end(inner, "destination")
    return SecurityRule(
        name=text(shown, "name"),
        priority=number(inner, "priority", -1),
        way=_one_of(Way, inner, "direction"),
        access=_one_of(Access, inner, "access"),
        protocol=_one_of(Protocol, inner, "protocol"),
        sources=sources,
        destinations=destinations,
        source_ports=_ports(inner, "source"),
        destination_ports=_ports(inner, "destination"),
        source_groups=source_groups,
        destination_groups=destination_groups,
    )


def _end(inner: Json, end: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Prefixes and application security groups; at least one of either."""
    prefixes = _one_or_more(inner, f"{end}AddressPrefix", f"{end}AddressPrefixes")
    groups = tuple(reference(one) for one in objects(inner.get(f"{end}ApplicationSecurityGroups")))
    if not prefixes and not groups:
        raise Unintelligible(f"a security rule without {end}")
    return prefixes, groups


def _ports(inner: Json, end: str) -> tuple[PortRange, ...]:
    try:
        ports = tuple(PortRange.parse(one) for one in _one_or_more(inner, f"{end}PortRange", f"{end}PortRanges"))
    except ValueError:
        ports = ()
    if not ports:
        raise Unintelligible(f"a security rule without {end} ports")
    return ports


def _one_or_more(inner: Json, one: str, more: str) -> tuple[str, ...]:
    single = text(inner, one)
    return (*((single,) if single else ()), *texts(inner.get(more)))


def _route(shown: Json) -> Route:
    inner = properties(shown)
    prefix = text(inner, "addressPrefix")
    if not prefix:
        raise Unintelligible("a route without a prefix")
    return Route(text(shown, "name"), prefix, _one_of(NextHop, inner, "nextHopType"), text(inner, "nextHopIpAddress"))


def _one_of(words: type[Word], inner: Json, name: str) -> Word:
    found = next((one for one in words if str(one.value).lower() == word(inner, name)), None)
    if found is None:
        raise Unintelligible(f"{name} {word(inner, name)[:80]!r} is not known")
    return found
