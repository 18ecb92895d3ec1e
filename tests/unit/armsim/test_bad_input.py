"""Bad input: ARM's own error shape, never a stack trace, never a changed state."""

from __future__ import annotations

import json
from typing import Any

import pytest

from armsim.messages import Request
from simulated_azure import GROUP, Azure, code, network, side

VNETS = f"{GROUP}/providers/Microsoft.Network/virtualNetworks"


@pytest.fixture
def azure() -> Azure:
    made = Azure()
    made.pair()
    return made


def untouched(azure: Azure, method: str, path: str, body: Any) -> str:
    before = azure.core.world.snapshot()
    response = azure.send(method, path, body)
    assert 400 <= response.status < 500
    for table in ("groups", "vnets", "gateways", "addresses", "operations"):
        assert azure.core.world.table(table) == before.table(table)
    return code(response)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"a": NaN}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"{" + b" " * 100 + b"'a': 1}",
    ],
)
@pytest.mark.parametrize("path", [GROUP, f"{VNETS}/one", side(f"{VNETS}/one", "two")])
def test_a_body_that_is_no_object_is_invalid_request_content(azure: Azure, path: str, body: bytes) -> None:
    assert untouched(azure, "PUT", path, body) == "InvalidRequestContent"


def test_a_body_of_ten_megabytes_is_too_large(azure: Azure) -> None:
    assert untouched(azure, "PUT", GROUP, b"x" * 10_000_000) == "RequestContentTooLarge"


@pytest.mark.parametrize(
    "properties",
    [
        5,
        [],
        "x",
        {"addressSpace": 5},
        {"addressSpace": {"addressPrefixes": 5}},
        {"addressSpace": {"addressPrefixes": [5]}},
        {"addressSpace": {"addressPrefixes": "10.0.0.0/8"}},
        {"subnets": 5},
        {"subnets": [5]},
        {"subnets": [{"name": 5}]},
        {"subnets": [{"name": "a", "properties": {"addressPrefix": 5}}]},
        {"subnets": [{"name": "a", "properties": {"addressPrefix": "10.1.0.0/24", "delegations": 5}}]},
        {"dhcpOptions": 5},
        {"enableDdosProtection": "yes"},
    ],
)
def test_wrong_types_in_a_vnet_are_invalid_request_format(azure: Azure, properties: Any) -> None:
    body = {"location": "westeurope", "properties": properties}
    assert untouched(azure, "PUT", f"{VNETS}/one", body) == "InvalidRequestFormat"


@pytest.mark.parametrize(
    "properties",
    [
        5,
        {"remoteVirtualNetwork": 5},
        {"remoteVirtualNetwork": {"id": 5}},
        {"allowForwardedTraffic": "true"},
        {"useRemoteGateways": 1},
        {"localSubnetNames": "a"},
        {"remoteSubnetNames": [5]},
    ],
)
def test_wrong_types_in_a_peering_are_invalid_request_format(azure: Azure, properties: Any) -> None:
    path = side(f"{VNETS}/one", f"{VNETS}/two")
    assert untouched(azure, "PUT", path, {"properties": properties}) == "InvalidRequestFormat"


def test_the_path_of_a_wrong_value_is_named(azure: Azure) -> None:
    body = {"location": "westeurope", "properties": {"subnets": [{"name": 5}]}}
    detail = azure.send("PUT", f"{VNETS}/one", body).data["error"]["details"][0]
    assert detail["code"] == "InvalidJson"
    assert "Path 'properties.subnets[0].name'" in detail["message"]


@pytest.mark.parametrize("location", ["west\r\nX: y", "west/../x", "ü", "a?b"])
def test_a_location_that_is_no_region_is_refused(azure: Azure, location: str) -> None:
    body = network("10.0.0.0/16", location=location)
    assert untouched(azure, "PUT", f"{VNETS}/new", body) == "LocationNotAvailableForResourceType"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//",
        "/subscriptions/",
        "/%00",
        "/..",
        "/subscriptions/..",
        "/subscriptions/x/y/z",
        f"{GROUP}/..",
        f"{GROUP}/providers",
        f"{GROUP}%2fproviders%2fMicrosoft.Network%2fvirtualNetworks%2fone",
        f"{VNETS}/one%2fsubnets%2fa",
        f"{VNETS}/one%00",
        f"{VNETS}/../../x",
        f"{VNETS}/one/subnets/a/b/c/d/e",
        f"{VNETS}/" + "x" * 10_000,
        f"{VNETS}//",
        "/subscriptions/" + "%2e%2e/" * 100,
        "/\u202e",
        "/{tenant}/oauth2/v2.0/token",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST", "PATCH", "OPTIONS", "TRACE", "X"])
def test_a_hostile_path_is_refused_in_arms_shape(azure: Azure, path: str, method: str) -> None:
    before = azure.core.world.snapshot()
    response = azure.send(method, path, network("10.0.0.0/16") if method in ("PUT", "PATCH", "POST") else None)
    assert response.status in (200, 204, 400, 401, 404, 405)
    assert response.status != 200 or (method, path) == ("GET", "/subscriptions/")
    if response.status >= 400:
        assert json.loads(response.body)["error"]
    assert azure.core.world.vnets == before.vnets


@pytest.mark.parametrize(
    "path", [f"{GROUP}%2fproviders%2fMicrosoft.Network", f"{VNETS}%2fone", f"{VNETS}/one%00", f"{VNETS}/one%5c"]
)
def test_an_encoded_slash_never_becomes_a_path(azure: Azure, path: str) -> None:
    assert code(azure.send("GET", path)) == "InvalidRequestUri"


def test_any_text_in_tags_comes_back_as_it_went(azure: Azure) -> None:
    tags = {"ключ": "\ud800", "x": '\u2028"\\\x00'}
    body = {**network("10.1.0.0/16"), "tags": tags}
    assert azure.send("PUT", f"{VNETS}/one", json.dumps(body).encode()).status == 200
    assert azure.get(f"{VNETS}/one")["tags"] == tags


@pytest.mark.parametrize("token", ["x", "-1", "9" * 5000, "٣"])
def test_a_wrong_skip_token_is_refused(azure: Azure, token: str) -> None:
    assert azure.send("GET", f"{VNETS}?$skiptoken={token}").status == 400


@pytest.mark.parametrize("header", ["authorization", "x-ms-authorization-auxiliary", "if-match"])
@pytest.mark.parametrize("value", ["", "Bearer ", "Bearer \ud800", "Bearer " + "x" * 100_000, ",;,;", "W/", '"'])
def test_strange_headers_never_break_anything(azure: Azure, header: str, value: str) -> None:
    headers = {"authorization": f"Bearer {azure.token()}", header: value}
    request = Request("DELETE", f"{VNETS}/one?api-version=2022-01-01", headers)
    response = azure.core.handle(request, azure.now)
    assert response.status in (202, 401, 412)
