"""Whatever address an answer holds, nobody goes there, and no token does (T7): the real SDK between real TLS servers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yarl import URL

from listening import Heard, Said, Wire
from vnetlink.azure.clients import Network
from vnetlink.azure.cloud import Cloud
from vnetlink.domain.arm_id import GatewayId, PeeringId, PrivateDnsZoneId, VnetId, ZoneLinkId

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
VNET = VnetId(SUBSCRIPTION, "rg", "hub")
GATEWAY = GatewayId(SUBSCRIPTION, "rg", "gw")
ZONE = PrivateDnsZoneId(SUBSCRIPTION, "rg", "corp.example")
PEERING, LINK = PeeringId(VNET, "hub-spoke"), ZoneLinkId(ZONE, "hub")
BODY = {"location": "westeurope", "properties": {}}

# {arm}, {stranger}, {plain}: ports of localhost.
ADDRESSES = (
    "https://localhost:{stranger}/x",
    "https://127.0.0.1:{stranger}/x",
    "https://127.0.0.1:{arm}/x",
    "http://localhost:{plain}/x",
    "http://localhost:{arm}/x",
    "HTTPS://LOCALHOST:{stranger}/x",
    "//localhost:{stranger}/x",
    "https:localhost:{stranger}/x",
    "https:/localhost:{stranger}/x",
    "https:///localhost:{stranger}/x",
    "https:\\\\localhost:{stranger}/x",
    "https://localhost:{arm}@localhost:{stranger}/x",
    "https://localhost:{stranger}@localhost:{arm}/x",
    "https://localhost:{stranger}#@localhost:{arm}/x",
    "https://localhost:{stranger}?@localhost:{arm}/x",
    "https://localhost:{stranger}\\@localhost:{arm}/x",
    "https://localhost:{arm}\\@localhost:{stranger}/x",
    "https://localhost:{stranger}%2f@localhost:{arm}/x",
    "https://localhost:{stranger}/x\r\nHost: localhost:{arm}",
    " https://localhost:{stranger}/x",
    "\thttps://localhost:{stranger}/x",
    "ht\ntps://localhost:{stranger}/x",
    "https://local\thost:{stranger}/x",
    "https://[::ffff:127.0.0.1]:{stranger}/x",
    "https://2130706433:{stranger}/x",
    "https://localhost\uff0f@localhost:{stranger}/x",
    "https://\uff4c\uff4fcalhost:{stranger}/x",
    "https://localhost.:{stranger}/x",
    "https://localhost:0{arm}/x",
    "https://localhost:{arm}/{0}",
    "/{endpoint.x}/{endpoint[x]}",
    "ftp://localhost:{stranger}/x",
    "file:///etc/passwd",
    "@localhost:{stranger}/x",
)

Ask = Callable[[Network], Awaitable[object]]


async def vnets(network: Network) -> None:
    async for _ in network.vnets():
        pass


READS: dict[str, Ask] = {
    "virtual networks": vnets,
    "connections": lambda network: network.connections_of(GATEWAY),
    "zone links": lambda network: network.others.zone_links(ZONE),
}
WRITES: dict[str, Ask] = {
    "PUT": lambda network: network.put_peering(PEERING, BODY, sync=False, etag=""),
    "DELETE": lambda network: network.delete(PEERING, etag=""),
    "PATCH": lambda network: network.patch_tags(GATEWAY, (), etag=""),
    "PUT of a zone link": lambda network: network.others.put_zone_link(LINK, BODY),
    "DELETE of a zone link": lambda network: network.delete(LINK, etag=""),
}
GETS: dict[str, Ask] = {"virtual network": lambda network: network.vnet(VNET), **READS}


def addressed(text: str, wire: Wire) -> str:
    """With the ports in it."""
    ports = {"{arm}": wire.arm.port, "{stranger}": wire.stranger.port, "{plain}": wire.plain.port}
    for name, port in ports.items():
        text = text.replace(name, str(port))
    return text


def asked(wire: Wire, ask: Ask, said: Said) -> list[Heard]:
    """What was asked of Resource Manager when it says that to everything; nobody came to a stranger."""
    heard = wire.ask(ask, SUBSCRIPTION, said)
    assert wire.strayed == 0
    assert {one.headers["host"] for one in wire.arm.heard} == {f"localhost:{wire.arm.port}"}
    return heard


@pytest.mark.parametrize("read", READS)
def test_a_page_at_resource_manager_is_asked_for_and_a_page_elsewhere_is_not(wire: Wire, read: str) -> None:
    page = {"value": [], "nextLink": addressed("https://localhost:{arm}/subscriptions/next?api-version=1", wire)}
    first, second = asked(wire, READS[read], Said(200, page))
    assert second.target == "/subscriptions/next?api-version=1"
    for address in ADDRESSES:
        went = asked(wire, READS[read], Said(200, {"value": [], "nextLink": addressed(address, wire)}))
        assert went[0].target == first.target
        assert all(heard.method == "GET" for heard in went)


@pytest.mark.parametrize("write", WRITES)
def test_the_address_of_an_operation_is_not_followed(wire: Wire, write: str) -> None:
    for status in (200, 201, 202):
        for address in ADDRESSES:
            there = addressed(address, wire)
            if there.isprintable() and there.isascii():
                headers = {"Azure-AsyncOperation": there, "Location": there, "Operation-Location": there}
                assert len(asked(wire, WRITES[write], Said(status, {"status": "InProgress"}, headers))) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(wire: Wire, status: int) -> None:
    for ask in (*GETS.values(), *WRITES.values()):
        for address in ADDRESSES[:4]:
            assert len(asked(wire, ask, Said(status, {}, {"Location": addressed(address, wire)}))) == 1


def test_a_challenge_that_names_another_login_brings_no_token_there(wire: Wire) -> None:
    there = addressed("https://localhost:{stranger}/", wire)
    for names in ("authorization_uri", "authorization", "resource"):
        challenge = (
            f'Bearer {names}="{there}", realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'
        )
        said = Said(401, {"error": {"code": "InvalidAuthenticationToken"}}, {"WWW-Authenticate": challenge})
        for ask in GETS.values():
            assert 1 <= len(asked(wire, ask, said)) <= 2


TOKENS = (
    "https:",
    "HTTPS:",
    "http:",
    "//",
    "/",
    "\\",
    "@",
    ":",
    "localhost",
    "127.0.0.1",
    "evil.example",
    "{stranger}",
)
MORE = (
    "{arm}",
    "?",
    "#",
    ".",
    "%2f",
    "%40",
    "%09",
    "\t",
    "\n",
    "\r",
    " ",
    "\x00",
    "[",
    "]",
    "::1",
    "\uff0f",
    "\u212a",
    "{0}",
    "{",
)


@given(st.lists(st.sampled_from((*TOKENS, *MORE)), max_size=8).map("".join))
@settings(max_examples=150, deadline=None)
def test_no_address_of_a_next_page_leads_to_a_stranger(wire: Wire, rest: str) -> None:
    for begin in ("https://localhost:{stranger}", "https://localhost:{arm}", ""):
        said = Said(200, {"value": [], "nextLink": addressed(begin + rest, wire)})
        asked(wire, READS["zone links"], said)


@given(st.lists(st.sampled_from((*TOKENS, *MORE)), max_size=8).map("".join), st.booleans())
@example("https://localhost:443\\@127.0.0.1", False)
@settings(max_examples=1000, deadline=None)
def test_the_http_client_goes_where_the_host_check_looked(rest: str, begun: bool) -> None:
    cloud = Cloud.custom("https://localhost:8443", "https://localhost:8443")
    url = ("https://localhost:8443" if begun else "") + rest.replace("{stranger}", "8444").replace("{arm}", "8443")
    if cloud.owns(url):
        dialled = URL(url)  # what aiohttp makes of it
        assert (dialled.scheme, dialled.host, dialled.port, dialled.user) == ("https", "localhost", 8443, None)
