"""Local network gateways (the far end of a site-to-site connection), as far as connections need them (arm.md 1.2, 7)."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from .. import address_spaces, errors, gateway_errors
from ..store import Resource, World
from .kind import Draft, Kind


def _read(draft: Draft) -> Mapping[str, Any]:
    """Order as recorded: localNetworkAddressSpace, gatewayIpAddress or fqdn, bgpSettings."""
    properties = draft.properties
    prefixes = properties.object("localNetworkAddressSpace").texts("addressPrefixes")
    address_spaces.check(prefixes, draft.id)
    shown: dict[str, Any] = {"localNetworkAddressSpace": {"addressPrefixes": list(prefixes)}}
    address = properties.text("gatewayIpAddress")
    if address:
        shown["gatewayIpAddress"] = _checked(address)
    elif properties.has("fqdn"):
        shown["fqdn"] = properties.text("fqdn")
    else:
        raise errors.bad_address(address)
    if properties.has("bgpSettings"):
        shown["bgpSettings"] = _bgp(draft)
    return shown


def _checked(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:
        raise errors.bad_address(address[:80]) from None


def _bgp(draft: Draft) -> Mapping[str, Any]:
    settings = draft.properties.object("bgpSettings")
    asn = settings.number("asn", 0)
    if asn == 0:
        raise gateway_errors.zero_asn(draft.id)
    peer = settings.text("bgpPeeringAddress")
    return {
        "asn": asn,
        **({"bgpPeeringAddress": _checked(peer)} if peer else {}),
        "peerWeight": settings.number("peerWeight", 0),
    }


def _look(world: World, one: Resource, version: str) -> dict[str, Any]:
    return dict(one.props)


def _free(world: World, one: Resource) -> None:
    for connection in world.connections.values():
        if connection.far.lower() == one.key:
            raise gateway_errors.local_gateway_in_use(one.id, connection.id)


KIND = Kind(
    name="localNetworkGateways",
    put_name="PutLocalNetworkGatewayOperation",
    delete_name="DeleteLocalNetworkGatewayOperation",
    read=_read,
    look=_look,
    free=_free,
    seconds=10,
)
