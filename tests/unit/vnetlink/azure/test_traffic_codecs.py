"""ARM's JSON of security groups and route tables: read as it is, or not at all."""

from typing import Any

import pytest

from vnetlink.azure import traffic_codecs
from vnetlink.azure.shapes import Unintelligible
from vnetlink.domain.arm_id import NetworkSecurityGroupId, RouteTableId
from vnetlink.domain.network_security import Access, PortRange, Protocol, SecurityRule, Way
from vnetlink.domain.routing import NextHop, Route

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
NSG = NetworkSecurityGroupId(SUBSCRIPTION, "net", "nsg")
TABLE = RouteTableId(SUBSCRIPTION, "net", "rt")
ASG = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network/applicationSecurityGroups/web"


def shown_rule(**changes: Any) -> dict[str, Any]:
    properties = {
        "provisioningState": "Succeeded",
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "destinationPortRange": "443",
        "sourceAddressPrefix": "10.2.0.0/16",
        "destinationAddressPrefix": "*",
        "access": "Deny",
        "priority": 100,
        "direction": "Inbound",
        "sourcePortRanges": [],
        "destinationPortRanges": [],
        "sourceAddressPrefixes": [],
        "destinationAddressPrefixes": [],
    } | changes
    return {"name": "one", "properties": properties}


def shown_group(*rules: object, **changes: Any) -> dict[str, Any]:
    properties = {"securityRules": list(rules), "defaultSecurityRules": []} | changes
    return {"id": str(NSG), "etag": "e", "location": "westeurope", "properties": properties}


def only_rule(**changes: Any) -> SecurityRule:
    (rule,) = traffic_codecs.network_security_group(shown_group(shown_rule(**changes)), NSG).rules
    return rule


def shown_table(*routes: object, **changes: Any) -> dict[str, Any]:
    properties = {"disableBgpRoutePropagation": False, "routes": list(routes)} | changes
    return {"id": str(TABLE).upper(), "etag": "e", "location": "westeurope", "properties": properties}


def shown_route(**changes: Any) -> dict[str, Any]:
    properties = {"addressPrefix": "10.2.0.0/16", "nextHopType": "None", "hasBgpOverride": False} | changes
    return {"name": "one", "properties": properties}


def test_a_rule_is_read_whole() -> None:
    assert only_rule() == SecurityRule(
        name="one",
        priority=100,
        way=Way.INBOUND,
        access=Access.DENY,
        protocol=Protocol.TCP,
        sources=("10.2.0.0/16",),
        destination_ports=(PortRange(443, 443),),
    )


def test_an_augmented_rule_has_all_its_prefixes_and_ports() -> None:
    rule = only_rule(
        sourceAddressPrefix="",
        sourceAddressPrefixes=["10.2.0.0/16", "10.3.0.0/16"],
        destinationPortRange=None,
        destinationPortRanges=["80", "5000-5010"],
    )
    assert rule.sources == ("10.2.0.0/16", "10.3.0.0/16")
    assert rule.destination_ports == (PortRange(80, 80), PortRange(5000, 5010))


def test_a_side_with_application_security_groups_has_no_prefixes() -> None:
    rule = only_rule(sourceAddressPrefix="", sourceApplicationSecurityGroups=[{"id": ASG}])
    assert (rule.sources, rule.source_groups) == ((), (ASG,))
    assert rule.destination_groups == ()


def test_words_count_in_any_casing() -> None:
    rule = only_rule(protocol="TCP", access="allow", direction="OUTBOUND")
    assert (rule.protocol, rule.access, rule.way) == (Protocol.TCP, Access.ALLOW, Way.OUTBOUND)


def test_default_rules_are_read_along() -> None:
    shown = shown_group(shown_rule(), defaultSecurityRules=[shown_rule(priority=65500)])
    rules = traffic_codecs.network_security_group(shown, NSG).rules
    assert [rule.is_default for rule in rules] == [False, True]


@pytest.mark.parametrize(
    "changes",
    [
        {"direction": "Sideways"},
        {"access": None},
        {"protocol": "Quic"},
        {"destinationPortRange": "many"},
        {"destinationPortRange": ""},
        {"sourceAddressPrefix": ""},
        {"destinationAddressPrefix": None},
    ],
    ids=str,
)
def test_a_rule_that_is_not_understood_makes_the_group_unreadable(changes: dict[str, Any]) -> None:
    with pytest.raises(Unintelligible):
        only_rule(**changes)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {**shown_group(), "id": str(TABLE)},
        {**shown_group(), "properties": None},
        shown_group(securityRules=None),
        shown_group(7),
    ],
    ids=str,
)
def test_an_answer_that_does_not_tell_all_rules_is_no_open_door(document: dict[str, Any]) -> None:
    with pytest.raises(Unintelligible):
        traffic_codecs.network_security_group(document, NSG)


def test_routes_are_read_with_their_next_hops() -> None:
    appliance = shown_route(nextHopType="VirtualAppliance", nextHopIpAddress="10.1.0.4")
    seen = traffic_codecs.route_table(shown_table(shown_route(), appliance, disableBgpRoutePropagation=True), TABLE)
    assert seen.disable_bgp_route_propagation
    assert seen.routes == (
        Route("one", "10.2.0.0/16", NextHop.NONE),
        Route("one", "10.2.0.0/16", NextHop.APPLIANCE, "10.1.0.4"),
    )


@pytest.mark.parametrize(
    "document",
    [
        {},
        {**shown_table(), "id": str(NSG)},
        shown_table(routes=None),
        shown_table(7),
        shown_table(shown_route(nextHopType="Moon")),
        shown_table(shown_route(addressPrefix=None)),
    ],
    ids=str,
)
def test_a_table_that_is_not_understood_is_unreadable(document: dict[str, Any]) -> None:
    with pytest.raises(Unintelligible):
        traffic_codecs.route_table(document, TABLE)
