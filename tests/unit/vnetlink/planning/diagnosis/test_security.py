"""Network security groups filter as Azure's documents say; each row names the document.

overview: articles/virtual-network/network-security-groups-overview.md; how: network-security-group-how-it-works.md;
tags: service-tags-overview.md; groups: application-security-groups.md; peering: virtual-network-manage-peering.md
(all in MicrosoftDocs/azure-docs).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from vnetlink.domain.arm_id import NetworkSecurityGroupId
from vnetlink.domain.network_security import (
    DEFAULT_RULES,
    Access,
    Flow,
    NetworkSecurityGroup,
    PortRange,
    Protocol,
    SecurityRule,
    Way,
)
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.planning.diagnosis.security import (
    Allowed,
    Denied,
    Judgement,
    PartlyDenied,
    evaluate,
    services_text,
)

NSG = NetworkSecurityGroupId("00000000-0000-0000-0000-000000000000", "rg", "nsg")
HERE, THERE = "10.2.0.0/16", "10.1.0.0/16"
VNET = (HERE, THERE)
WEB = Flow(("10.1.0.0/24",), ("10.2.0.0/24",), Protocol.TCP, 443)
IN, OUT = Way.INBOUND, Way.OUTBOUND
ALLOW, DENY = Access.ALLOW, Access.DENY


def rule(priority: int, access: Access, way: Way = IN, **more: object) -> SecurityRule:
    return replace(SecurityRule(f"r{priority}", priority, way, access), **more)  # type: ignore[arg-type]


def port(*texts: str) -> tuple[PortRange, ...]:
    return tuple(PortRange.parse(text) for text in texts)


def judged(*rules: SecurityRule, flow: Flow = WEB, way: Way = IN, vnet: tuple[str, ...] = VNET) -> Judgement:
    return evaluate(flow, NetworkSecurityGroup(NSG, rules), way, vnet)


def told(judgement: Judgement) -> str:
    """`Allowed`, or the kind of judgement with the rules that deny."""
    match judgement:
        case Denied(blocks) | PartlyDenied(blocks):
            return f"{type(judgement).__name__} {' '.join(sorted({block.rule.name for block in blocks}))}"
        case _:
            return type(judgement).__name__


@dataclass(frozen=True)
class Row:
    why: str
    rules: tuple[SecurityRule, ...]
    expected: str
    flow: Flow = WEB
    way: Way = IN
    vnet: tuple[str, ...] = VNET


PROBE = Flow(("168.63.129.16/32",), ("10.2.0.4/32",), Protocol.TCP, 80)
FROM_OUTSIDE = Flow(("8.8.8.8/32",), ("10.2.0.0/24",), Protocol.TCP, 443)
TO_OUTSIDE = Flow(("10.2.0.0/24",), ("8.8.8.8/32",), Protocol.TCP, 443)
PING = Flow(("10.1.0.0/24",), ("10.2.0.0/24",), Protocol.ICMP)
V6 = Flow(("fd00:1::/64",), ("fd00:2::/64",), Protocol.TCP, 443)
ASG = ("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/applicationSecurityGroups/AsgDb",)

ROWS = (
    Row("overview, defaults: AllowVnetInBound", (), "Allowed"),
    Row("overview, defaults: DenyAllInBound for what is no VirtualNetwork", (), "Denied DenyAllInBound", vnet=(HERE,)),
    Row("overview, defaults: AllowAzureLoadBalancerInBound", (), "Allowed", flow=PROBE, vnet=()),
    Row("overview, defaults: DenyAllInBound for the Internet", (), "Denied DenyAllInBound", flow=FROM_OUTSIDE),
    Row("overview, defaults: AllowInternetOutBound", (), "Allowed", flow=TO_OUTSIDE, way=OUT),
    Row("overview, defaults: AllowVnetOutBound", (), "Allowed", way=OUT),
    Row("tags, Internet: private space that is not ours is not public", (), "Denied DenyAllOutBound", way=OUT, vnet=(HERE,)),
    Row("overview, defaults that ARM lists are not added again", DEFAULT_RULES, "Allowed"),
    Row("overview, priority: lower numbers first", (rule(200, DENY), rule(100, ALLOW)), "Allowed"),
    Row("overview, priority: processing stops at the first match", (rule(100, DENY), rule(200, ALLOW)), "Denied r100"),
    Row("overview, direction: outbound rules do not judge inbound traffic", (rule(100, DENY, OUT),), "Allowed"),
    Row("overview, direction: outbound", (rule(100, DENY, OUT),), "Denied r100", way=OUT),
    Row("overview, protocol: another one", (rule(100, DENY, protocol=Protocol.UDP),), "Allowed"),
    Row("overview, protocol: Any encompasses TCP", (rule(100, DENY),), "Denied r100"),
    Row("overview, protocol: Any encompasses ICMP", (rule(100, DENY),), "Denied r100", flow=PING),
    Row("overview, protocol: ICMP alone", (rule(100, DENY, protocol=Protocol.ICMP),), "Denied r100", flow=PING),
    Row("overview, protocol: ESP", (rule(100, DENY, protocol=Protocol.ESP),), "Denied r100", replace(PING, protocol=Protocol.ESP)),
    Row("overview, protocol: AH is not ESP", (rule(100, DENY, protocol=Protocol.AH),), "Allowed", replace(PING, protocol=Protocol.ESP)),
    Row("overview, ports: single", (rule(100, DENY, destination_ports=port("443")),), "Denied r100"),
    Row("overview, ports: range", (rule(100, DENY, destination_ports=port("400-500")),), "Denied r100"),
    Row("overview, ports: mix, not in it", (rule(100, DENY, destination_ports=port("80", "1000-1005")),), "Allowed"),
    Row("overview, ports: ICMP has none", (rule(100, DENY, destination_ports=port("443")),), "Allowed", flow=PING),
    Row("overview, five-tuple: source port", (rule(100, DENY, source_ports=port("443")),), "Allowed"),
    Row("overview, five-tuple: part of the source ports", (rule(100, DENY, source_ports=port("2000-3000")),), "PartlyDenied r100"),
    Row("overview, source ports: ICMP has none", (rule(100, DENY, source_ports=port("1024-65535")),), "Allowed", flow=PING),
    Row("overview, augmented: several ranges", (rule(100, DENY, sources=("10.9.0.0/16", "10.1.0.0/25")),), "PartlyDenied r100"),
    Row("overview, augmented: together all of it", (rule(100, DENY, sources=("10.1.0.128/25", "10.1.0.0/25")),), "Denied r100"),
    Row("overview, two rules deny a half each",
        (rule(100, DENY, sources=("10.1.0.0/25",)), rule(110, DENY, sources=("10.1.0.128/25",))), "Denied r100 r110"),
    Row("overview, source: one address", (rule(100, DENY, sources=("10.1.0.7",)),), "PartlyDenied r100"),
    Row("overview, defaults: 0.0.0.0/0 stands for all addresses", (rule(100, DENY, sources=("0.0.0.0/0",)),), "Denied r100"),
    Row("tags, VirtualNetwork encompasses the peer", (rule(100, DENY, sources=("VirtualNetwork",)),), "Denied r100"),
    Row("tags, VirtualNetwork includes the host's address", (rule(100, DENY, sources=("VirtualNetwork",)),), "Denied r100", flow=PROBE),
    Row("tags, VirtualNetwork includes prefixes of user routes", (), "Allowed", vnet=(HERE, "0.0.0.0/0")),
    Row("tags, Internet is not the peer", (rule(100, DENY, sources=("Internet",)),), "Allowed"),
    Row("tags, Internet: Azure's public space", (rule(100, DENY, OUT, destinations=("Internet",)),), "Denied r100", TO_OUTSIDE, OUT),
    Row("tags, in any casing", (rule(100, DENY, sources=("virtualnetwork",)),), "Denied r100"),
    Row("tags, AzureLoadBalancer: probes only", (rule(100, DENY, sources=("AzureLoadBalancer",)),), "Allowed"),
    Row("tags, Storage holds no private range", (rule(100, DENY, OUT, destinations=("Storage.WestEurope",)),), "Allowed", way=OUT),
    Row("tags, Sql may hold a public address", (rule(100, DENY, OUT, destinations=("Sql",)),), "Unknown", TO_OUTSIDE, OUT),
    Row("tags, a tag that would decide nothing new", (rule(100, ALLOW, OUT, destinations=("Sql",)),), "Allowed", TO_OUTSIDE, OUT),
    Row("groups, unknown members would decide", (rule(120, DENY, destinations=(), destination_groups=ASG),), "Unknown"),
    Row("groups, unknown members change nothing", (rule(110, ALLOW, destinations=(), destination_groups=ASG),), "Allowed"),
    Row("groups, after the decision", (rule(100, DENY), rule(110, ALLOW, destinations=(), destination_groups=ASG)), "Denied r100"),
    Row("groups, before a denial", (rule(100, ALLOW, destinations=(), destination_groups=ASG), rule(110, DENY)), "Unknown"),
    Row("groups, both sides are in one VNet",
        (rule(100, DENY, sources=(), source_groups=ASG, destinations=(), destination_groups=ASG),), "Allowed"),
    Row("groups, another port", (rule(120, DENY, destinations=(), destination_groups=ASG, destination_ports=port("1433")),), "Allowed"),
    Row("peering, access off: an explicit rule still allows", (rule(100, ALLOW, sources=(THERE,)),), "Allowed", vnet=(HERE,)),
    Row("overview, IPv6: * matches", (rule(100, DENY),), "Denied r100", flow=V6, vnet=("fd00:1::/48", "fd00:2::/48")),
    Row("overview, IPv6: VirtualNetwork", (), "Allowed", flow=V6, vnet=("fd00:1::/48", "fd00:2::/48")),
    Row("overview, IPv6: no IPv4 rule", (rule(100, DENY, sources=("10.0.0.0/8",)),), "Allowed", flow=V6, vnet=("fd00::/16",)),
    Row("overview, IPv6 and IPv4 never talk", (rule(100, DENY),), "Unknown", flow=Flow(("10.1.0.0/24",), ("fd00:2::/64",))),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.why)
def test_a_group_filters_as_documented(row: Row) -> None:
    assert told(judged(*row.rules, flow=row.flow, way=row.way, vnet=row.vnet)) == row.expected


def test_without_a_group_everything_passes() -> None:
    """how: "traffic is allowed … if they don't have a network security group"."""
    assert evaluate(WEB, None, IN, ()) == Allowed()


def test_a_group_that_nobody_may_read_is_no_answer() -> None:
    unread = Unreadable(Reason.AUTHORIZATION_FAILED, "no right to read it", transient=False)
    assert evaluate(WEB, unread, IN, VNET).why == "no right to read it"  # type: ignore[union-attr]


def test_the_denied_part_is_told_exactly() -> None:
    judgement = judged(
        rule(100, ALLOW, sources=("10.1.0.0/26",), destination_ports=port("22")),
        rule(200, DENY, sources=("10.1.0.0/25",), destination_ports=port("20-30")),
        flow=Flow(("10.1.0.0/24",), ("10.2.0.0/24",), Protocol.TCP),
    )
    assert isinstance(judgement, PartlyDenied)
    assert {(block.part.sources, block.part.destinations, services_text(block.part.space[2])) for block in judgement.blocks} == {
        (("10.1.0.64/26",), ("10.2.0.0/24",), "Tcp 20-30"),
        (("10.1.0.0/26",), ("10.2.0.0/24",), "Tcp 20-21, 23-30"),
    }  # fmt: skip


def test_a_group_of_a_thousand_rules_that_all_differ_is_judged_or_refused_in_time() -> None:
    many = tuple(
        rule(100 + n, DENY if n % 2 else ALLOW, sources=(f"10.1.{n % 256}.{n // 4 % 256}",), destinations=(f"10.2.{n // 4}.{n % 256}",),
             destination_ports=(PortRange(n * 60, n * 60 + 5000),))
        for n in range(1000)
    )  # fmt: skip
    flow = Flow((THERE,), (HERE,), Protocol.ANY)
    assert isinstance(judged(*many, flow=flow), PartlyDenied)


@pytest.mark.parametrize(("text", "first", "last"), [("*", 0, 65535), ("443", 443, 443), ("10000-10005", 10000, 10005)])
def test_ports_are_read_as_arm_writes_them(text: str, first: int, last: int) -> None:
    assert PortRange.parse(text) == PortRange(first, last)


def test_services_are_told_by_protocol() -> None:
    judgement = judged(rule(100, DENY), flow=Flow(WEB.sources, WEB.destinations))
    assert isinstance(judgement, Denied)
    assert services_text(judgement.blocks[0].part.space[2]) == "Tcp; Udp; Icmp"
