"""Recorded answers of ARM through our codecs: what was recorded is what is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from recorded_sessions import RECORDINGS, recording
from vnetlink.azure import vpn_codecs
from vnetlink.azure.calls import Caught, CaughtKey
from vnetlink.domain.arm_id import ConnectionId, GatewayId, PublicIpId
from vnetlink.domain.vpn import ConnectionOptions

SESSIONS = sorted(path.stem for path in RECORDINGS.glob("*.json") if re.match("vpn-|public-ip-", path.stem)) or ["none"]


def answers(session: str, method: str, pattern: str) -> Iterator[Any]:
    """The bodies of the answers to such requests, read as ours are."""
    for exchange in recording(session):
        request, response = exchange["request"], exchange["response"]
        path = request["path"].partition("?")[0]
        if request["method"] == method and re.search(pattern, path, re.IGNORECASE) and response["status"] in (200, 201):
            yield Caught().document(json.dumps(response["body"]).encode())


@pytest.mark.parametrize("session", SESSIONS)
def test_recorded_gateways_are_read_as_they_are(session: str) -> None:
    for method in ("GET", "PUT"):
        for body in answers(session, method, "/virtualNetworkGateways/[^/]+$"):
            inner = body["properties"]
            gateway = vpn_codecs.gateway(body, GatewayId.parse(body["id"]))
            assert gateway.sku == inner["sku"]["name"]
            assert gateway.asn == inner.get("bgpSettings", {}).get("asn", 0)
            assert gateway.active_active is inner["activeActive"]
            assert [str(ip) for ip in gateway.public_ips] == [
                one["properties"]["publicIPAddress"]["id"] for one in inner["ipConfigurations"]
            ]
            assert [subnet.name for subnet in gateway.subnets] == ["GatewaySubnet"]
            assert gateway.busy is (inner["provisioningState"] == "Updating")


@pytest.mark.parametrize("session", SESSIONS)
def test_recorded_addresses_are_read_as_they_are(session: str) -> None:
    for body in answers(session, "GET", "/publicIPAddresses/[^/]+$"):
        ip = vpn_codecs.public_ip(body, PublicIpId.parse(body["id"]))
        assert (ip.address, ip.sku) == (body["properties"].get("ipAddress", ""), body["sku"]["name"])
        assert ip.zones == tuple(sorted(body.get("zones", ())))


@pytest.mark.parametrize("session", SESSIONS)
def test_recorded_connections_are_read_without_their_keys_and_written_back_as_they_were(session: str) -> None:
    for method in ("GET", "PUT"):
        for body in answers(session, method, "/connections/[^/]+$"):
            inner = body["properties"]
            assert "sharedKey" not in inner
            connection = vpn_codecs.connection(body, ConnectionId.parse(body["id"]))
            assert str(connection.near) == inner["virtualNetworkGateway1"]["id"]
            assert (str(connection.far) if connection.far else None) == inner.get("virtualNetworkGateway2", {}).get(
                "id"
            )
            assert connection.status == inner.get("connectionStatus", "")
            assert connection.options.routing_weight == inner["routingWeight"]
            assert len(connection.options.ipsec_policies) == len(inner.get("ipsecPolicies", []))
            assert isinstance(connection.options, ConnectionOptions)


@pytest.mark.parametrize("session", SESSIONS)
def test_recorded_lists_of_a_gateways_connections_are_whole(session: str) -> None:
    for exchange in recording(session):
        path = exchange["request"]["path"].partition("?")[0]
        if exchange["request"]["method"] == "GET" and re.search(r"Gateways/[^/]+/connections$", path):
            body = exchange["response"]["body"]
            gateway = GatewayId.parse(path.removesuffix("/connections"))
            assert len(vpn_codecs.connections_of(body, gateway)) == len(body["value"]) > 0


@pytest.mark.parametrize("session", SESSIONS)
def test_recorded_keys_are_read(session: str) -> None:
    for exchange in recording(session):
        path = exchange["request"]["path"].partition("?")[0]
        if exchange["request"]["method"] == "GET" and path.lower().endswith("/sharedkey"):
            body = exchange["response"]["body"]
            key = CaughtKey().document(json.dumps(body).encode())["key"]
            assert key.reveal() == body["value"]
