"""Route tables with their routes (arm.md 8). They route nothing: only what clients read is simulated."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from .. import address_spaces, errors, filter_errors
from ..content import Content
from ..store import Resource, World
from . import usage
from .kind import Children, Draft, Kind, Part, child_body

HOPS = {one.lower(): one for one in ("VirtualNetworkGateway", "VnetLocal", "Internet", "VirtualAppliance", "None")}


def _read(draft: Draft) -> Mapping[str, Any]:
    return {"disableBgpRoutePropagation": draft.properties.flag("disableBgpRoutePropagation", False)}


def _look(world: World, one: Resource, version: str) -> dict[str, Any]:
    routes = [child_body(KIND, PART.name, one, route, route.props) for route in one.children]
    shown: dict[str, Any] = {**one.props, "routes": routes}
    subnets = usage.subnets_of(world, one.key, "routeTable")
    if subnets:
        shown["subnets"] = [{"id": user} for user in subnets]
    return shown


def _free(world: World, one: Resource) -> None:
    users = usage.subnets_of(world, one.key, "routeTable")
    if users:
        raise filter_errors.route_table_in_use(one.id, ", ".join(users))


def _route(properties: Content, route_id: str) -> Mapping[str, Any]:
    prefix = properties.text("addressPrefix")
    if "/" in prefix or not prefix[:1].isalpha():
        address_spaces.check((prefix,), route_id)
    hop = properties.text("nextHopType")
    if hop.lower() not in HOPS:
        raise errors.bad_choice(properties.at("nextHopType"), hop, ", ".join(HOPS.values()))
    shown: dict[str, Any] = {"addressPrefix": prefix, "nextHopType": HOPS[hop.lower()]}
    address = properties.text("nextHopIpAddress")
    if bool(address) != (shown["nextHopType"] == "VirtualAppliance"):
        raise filter_errors.next_hop(route_id)
    if address:
        shown["nextHopIpAddress"] = _checked(address)
    return {**shown, "hasBgpOverride": False}


def _checked(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:
        raise errors.bad_address(address[:80]) from None


def leads_everywhere(one: Resource) -> bool:
    """What a GatewaySubnet must not have (arm.md 6, GatewaySubnet)."""
    return bool(one.props["disableBgpRoutePropagation"]) or any(
        route.props["addressPrefix"] == "0.0.0.0/0" for route in one.children
    )


PART = Part("routes", "PutRouteOperation", "DeleteRouteOperation", _route)
KIND = Kind(
    name="routeTables",
    put_name="PutRouteTableOperation",
    delete_name="DeleteRouteTableOperation",
    read=_read,
    look=_look,
    free=_free,
    part=PART,
    seconds=10,
)
ROUTES = Children(KIND, PART)
