"""Recorded answers of ARM through our codecs: what was recorded is what is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from recorded_sessions import RECORDINGS, recording
from vnetlink.azure import codecs, other_codecs, traffic_codecs, vpn_codecs
from vnetlink.azure.calls import Caught, CaughtKey
from vnetlink.domain.arm_id import (
    ConnectionId,
    GatewayId,
    NetworkSecurityGroupId,
    PrivateDnsZoneId,
    PublicIpId,
    ResourceGroupId,
    RouteTableId,
    VnetId,
)
from vnetlink.domain.identity import Identity
from vnetlink.domain.network_security import DEFAULT_RULES, Way
from vnetlink.domain.ownership import Slot
from vnetlink.domain.sides import Side
from vnetlink.domain.vpn import ConnectionOptions
from vnetlink.planning.actions import ChangePrefixes

SESSIONS = sorted(path.stem for path in RECORDINGS.glob("*.json") if re.match("vpn-|public-ip-", path.stem)) or ["none"]

LINKS = sorted(path.stem for path in RECORDINGS.glob("privatedns-*.json")) or ["none"]
TRAFFIC = sorted(path.stem for path in RECORDINGS.glob("*.json") if re.match("nsg-|route-", path.stem)) or ["none"]
ALL = sorted(path.stem for path in RECORDINGS.glob("*.json") if not path.stem.startswith("errors-")) or ["none"]


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


@pytest.mark.parametrize("session", LINKS)
def test_recorded_zone_links_are_read_as_they_are(session: str) -> None:
    for body in answers(session, "GET", "/virtualNetworkLinks$"):
        zone = PrivateDnsZoneId.parse(body["value"][0]["id"].partition("/virtualNetworkLinks/")[0])
        links = other_codecs.zone_links(body, zone)
        assert [str(link.id) for link in links] == [shown["id"] for shown in body["value"]]
        for link, shown in zip(links, body["value"], strict=True):
            assert str(link.vnet) == shown["properties"]["virtualNetwork"]["id"]
            assert link.registration_enabled is shown["properties"]["registrationEnabled"]
            assert not link.busy
            assert other_codecs.shown_link(body, link.id)["etag"].startswith('"')


@pytest.mark.parametrize("session", TRAFFIC)
def test_recorded_security_groups_and_route_tables_are_read_as_they_are(session: str) -> None:
    for body in answers(session, "GET", "/networkSecurityGroups/[^/]+$"):
        nsg = traffic_codecs.network_security_group(body, NetworkSecurityGroupId.parse(body["id"]))
        shown = (*body["properties"]["securityRules"], *body["properties"]["defaultSecurityRules"])
        assert len(nsg.rules) == len(shown)
        defaults = [rule for way in Way for rule in nsg.rules_for(way) if rule.is_default]
        assert defaults == list(DEFAULT_RULES)
    for body in answers(session, "GET", "/routeTables/[^/]+$"):
        table = traffic_codecs.route_table(body, RouteTableId.parse(body["id"]))
        shown_routes = body["properties"]["routes"]
        assert [(route.prefix, route.next_hop.value) for route in table.routes] == [
            (one["properties"]["addressPrefix"], one["properties"]["nextHopType"]) for one in shown_routes
        ]
        assert table.disable_bgp_route_propagation is body["properties"]["disableBgpRoutePropagation"]


@pytest.mark.parametrize("session", ALL)
def test_recorded_groups_are_there_and_recorded_vnets_are_written_back_with_another_space_only(session: str) -> None:
    for body in answers(session, "GET", "/resourceGroups/[^/]+$"):
        assert other_codecs.resource_group(body, ResourceGroupId.parse(body["id"]))
    for body in answers(session, "GET", "/virtualNetworks/[^/]+$"):
        id, shown = VnetId.parse(body["id"]), body["properties"]
        vnet = codecs.vnet(body, id)
        assert dict(vnet.tags) == (body.get("tags") or {})
        groups = [(one["properties"].get("networkSecurityGroup") or {}).get("id", "") for one in shown["subnets"]]
        assert [subnet.network_security_group for subnet in vnet.subnets] == groups
        action = ChangePrefixes(Slot(Side.VNET1), id, ("10.99.0.0/16",), Identity("operator", "t"))
        written = codecs.prefixes_body(action, body)["properties"]
        assert written["addressSpace"]["addressPrefixes"] == ["10.99.0.0/16"]
        left = {"addressSpace", "provisioningState", "resourceGuid", "virtualNetworkPeerings"}
        assert {k: v for k, v in written.items() if k not in left} == {k: v for k, v in shown.items() if k not in left}
