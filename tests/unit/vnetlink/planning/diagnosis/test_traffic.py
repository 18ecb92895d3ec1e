"""TrafficAllowed: what two VNets' groups and routes together do to all traffic, or to the flows that are required."""

from __future__ import annotations

from dataclasses import replace

from vnetlink.domain.arm_id import NetworkSecurityGroupId, PeeringId, RouteTableId, VnetId
from vnetlink.domain.network_security import Access, NetworkSecurityGroup, PortRange, SecurityRule, Way
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.reasons import Reason, Severity
from vnetlink.domain.routing import NextHop, PeeredSpace, Route, RouteTable, SubnetView, VnetView
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.vnet_link import Direction, RequiredFlow
from vnetlink.planning.conditions import LONGEST
from vnetlink.planning.diagnosis.traffic import TrafficVerdict, judge, not_transitive
from vnetlink.planning.plan import Truth

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
ONE, TWO, HUB = (VnetId(SUBSCRIPTION, "rg", name) for name in ("one", "two", "hub"))
UNREADABLE = Unreadable(Reason.AUTHORIZATION_FAILED, "no right to read it", transient=False)
WEB = RequiredFlow(Direction.VNET1_TO_VNET2, "Tcp", 443, "a0", "b0")


def nsg(name: str, *rules: SecurityRule) -> NetworkSecurityGroup:
    return NetworkSecurityGroup(NetworkSecurityGroupId(SUBSCRIPTION, "rg", name), rules)


def table(name: str, *routes: Route, off: bool = False) -> RouteTable:
    return RouteTable(RouteTableId(SUBSCRIPTION, "rg", name), routes, off)


def peering(near: VnetId, far: VnetId, prefix: str, access: bool = True, forwarded: bool = False) -> PeeredSpace:
    return PeeredSpace(PeeringId(near, f"{near.name}-{far.name}"), far, (prefix,), access, forwarded)


DENY_IN = SecurityRule("deny-in", 200, Way.INBOUND, Access.DENY)
DENY_OUT = SecurityRule("deny-out", 210, Way.OUTBOUND, Access.DENY)
WORLD = PerSide(
    VnetView(
        ONE,
        ("10.1.0.0/16",),
        (SubnetView("a0", ("10.1.0.0/24",)), SubnetView("a1", ("10.1.1.0/24",))),
        (peering(ONE, TWO, "10.2.0.0/16"),),
    ),
    VnetView(
        TWO,
        ("10.2.0.0/16",),
        (SubnetView("b0", ("10.2.0.0/24",)), SubnetView("b1", ("10.2.1.0/24",))),
        (peering(TWO, ONE, "10.1.0.0/16"),),
    ),
)


def changed(side: Side, *names: str, world: PerSide[VnetView] = WORLD, **more: object) -> PerSide[VnetView]:
    """The world with these subnets changed."""
    vnet = world[side]
    subnets = tuple(replace(one, **more) if one.name in names else one for one in vnet.subnets)  # type: ignore[arg-type]
    return world.put(side, replace(vnet, subnets=subnets))


def told(verdict: TrafficVerdict) -> tuple[str, str]:
    return verdict.allowed.value, verdict.reason.value


def test_two_peered_vnets_without_groups_have_no_block_and_say_what_was_not_read() -> None:
    verdict = judge(WORLD)
    assert told(verdict) == ("True", "NoBlockFound")
    assert verdict.findings == ()
    assert (
        "Not read: security groups of network interfaces, admin rules of Network Manager, firewalls" in verdict.message
    )
    assert told(judge(WORLD, (WEB, RequiredFlow()))) == ("True", "NoBlockFound")


def test_a_partial_block_is_one_info_finding() -> None:
    world = changed(Side.VNET2, "b0", nsg=nsg("n", DENY_IN))
    verdict = judge(changed(Side.VNET1, "a0", world=world, nsg=nsg("m", DENY_OUT)))
    assert told(verdict) == ("True", "NoBlockFound")
    (finding,) = verdict.findings
    assert (finding.reason, finding.weight) == (Reason.NETWORK_SECURITY_BLOCKS, Severity.INFO)


def test_who_asks_for_each_is_told_every_rule_that_blocks_a_part() -> None:
    world = changed(Side.VNET1, "a0", world=changed(Side.VNET2, "b0", nsg=nsg("n", DENY_IN)), nsg=nsg("m", DENY_OUT))
    (summed,), each = judge(world).findings, judge(world, each=True).findings
    assert summed.message.endswith("(1 more rules or routes block other parts.)")
    assert [one.message.partition(" (")[0] for one in each] == [
        "A part of the traffic does not pass: Rule deny-out",
        "A part of the traffic does not pass: Rule deny-in",
    ]
    assert {one.weight for one in each} == {Severity.INFO}


def test_it_is_false_only_when_nothing_at_all_can_pass() -> None:
    closed = changed(Side.VNET2, "b0", "b1", nsg=nsg("n", DENY_IN, DENY_OUT))
    assert told(judge(closed)) == ("False", "NetworkSecurityBlocks")
    assert told(judge(changed(Side.VNET2, "b1", world=closed, nsg=nsg("m", DENY_IN)))) == ("True", "NoBlockFound")


def test_two_halves_that_leave_no_common_way_are_a_block() -> None:
    """Out only to port 22, in only to port 80, and nothing the other way round."""
    only = {port: (PortRange(port, port),) for port in (22, 80)}
    out = SecurityRule("ssh", 100, Way.OUTBOUND, Access.ALLOW, destination_ports=only[22])
    into = SecurityRule("web", 100, Way.INBOUND, Access.ALLOW, destination_ports=only[80])
    world = changed(Side.VNET1, "a0", "a1", nsg=nsg("n", out, DENY_OUT, DENY_IN))
    world = changed(Side.VNET2, "b0", "b1", world=world, nsg=nsg("m", into, DENY_IN, DENY_OUT))
    assert told(judge(world)) == ("False", "NetworkSecurityBlocks")


def test_a_finding_names_rule_priority_direction_subnet_group_and_one_command() -> None:
    verdict = judge(changed(Side.VNET2, "b0", nsg=nsg("n", DENY_IN)), (WEB,))
    assert told(verdict) == ("False", "NetworkSecurityBlocks")
    (finding,) = verdict.findings
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/n"
    assert finding.id == group
    assert finding.weight is Severity.WARNING
    assert finding.message == (
        f"Rule deny-in (priority 200, Inbound) of network security group {group} denies Tcp 443 "
        "from 10.1.0.0/24 to subnet b0 of VNet two."
    )
    assert finding.remediation == f"Look at the rule: az network nsg rule show --ids {group}/securityRules/deny-in"


def test_azures_own_rule_is_overridden_by_one_that_the_command_makes() -> None:
    closed = WORLD.put(Side.VNET2, replace(WORLD.vnet2, peered=(peering(TWO, ONE, "10.1.0.0/16", access=False),)))
    _, finding = judge(changed(Side.VNET2, "b0", world=closed, nsg=nsg("n")), (WEB,)).findings
    assert "Rule DenyAllInBound (priority 65500, Inbound)" in finding.message
    assert finding.remediation == (
        f"If it is meant to pass: az network nsg rule create --subscription {SUBSCRIPTION} --resource-group rg --nsg-name n"
        " --name allow-vnetlink-4096 --priority 4096 --direction Inbound --access Allow --protocol Tcp"
        " --source-address-prefixes 10.1.0.0/24 --destination-address-prefixes 10.2.0.0/24 --destination-port-ranges 443"
    )


def test_a_rule_that_would_need_too_many_prefixes_is_only_shown() -> None:
    closed = WORLD.put(Side.VNET2, replace(WORLD.vnet2, peered=(peering(TWO, ONE, "10.1.0.0/16", access=False),)))
    scattered = tuple(f"10.1.{n}.0/24" for n in range(0, 60, 2))
    world = changed(Side.VNET1, "a0", world=changed(Side.VNET2, "b0", world=closed, nsg=nsg("n")), prefixes=scattered)
    _, finding = judge(world, (WEB,)).findings
    assert finding.remediation == (
        f"Look at the rules: az network nsg rule list --subscription {SUBSCRIPTION} --resource-group rg --nsg-name n"
        " --include-default --output table"
    )


def test_two_hundred_subnets_yield_few_findings() -> None:
    subnets = tuple(SubnetView(f"b{n}", (f"10.2.{n}.0/24",), nsg(f"n{n}", DENY_IN)) for n in range(200))
    verdict = judge(WORLD.put(Side.VNET2, replace(WORLD.vnet2, subnets=subnets)), (replace(WEB, to_subnet=None),))
    (finding,) = verdict.findings
    assert "networkSecurityGroups/n0 and 199 more denies" in finding.message
    assert finding.message.endswith("to subnets b0, b1, b2 and 197 more of VNet two.")
    rules = tuple(SecurityRule(f"r{n}", 100 + n, Way.INBOUND, Access.DENY, sources=(f"10.1.0.{n}",)) for n in range(50))
    many = judge(changed(Side.VNET2, "b0", nsg=nsg("n", *rules)), (WEB,))
    assert len(many.findings) == 6
    assert many.findings[-1].message.endswith("And 44 more like this.")


def test_a_route_that_swallows_is_an_override_in_either_direction() -> None:
    drop = table("t", Route("drop", "10.2.0.0/25", NextHop.NONE))
    verdict = judge(changed(Side.VNET1, "a0", routes=drop), (WEB,))
    assert told(verdict) == ("False", "RouteOverrides")
    assert (
        "takes traffic from subnet a0 of VNet one to 10.2.0.0/25 and drops it (next hop None)."
        in verdict.findings[0].message
    )
    assert "az network route-table route delete --ids" in verdict.findings[0].remediation
    back = table("t", Route("away", "10.1.0.0/16", NextHop.INTERNET))
    assert told(judge(changed(Side.VNET2, "b0", routes=back), (WEB,))) == ("False", "RouteOverrides")
    assert told(judge(changed(Side.VNET2, "b1", routes=back), (WEB,))) == ("True", "NoBlockFound")


def hubbed(forwarded: bool = True) -> PerSide[VnetView]:
    """Two spokes without a link of their own, each sending the other's range to an appliance in the hub."""
    spokes = []
    for vnet, far in ((WORLD.vnet1, "10.2.0.0/16"), (WORLD.vnet2, "10.1.0.0/16")):
        routes = table(f"to-{far[3]}", Route("via-hub", far, NextHop.APPLIANCE, "10.9.0.4"))
        subnets = tuple(replace(subnet, routes=routes) for subnet in vnet.subnets)
        peer = peering(vnet.id, HUB, "10.9.0.0/16", forwarded=forwarded)
        spokes.append(replace(vnet, subnets=subnets, peered=(peer,)))
    return PerSide(*spokes)


def test_an_appliance_in_the_hub_leads_on_where_forwarded_traffic_is_allowed() -> None:
    verdict = judge(hubbed())
    assert told(verdict) == ("True", "NoBlockFound")
    assert "what the appliance at 10.9.0.4 lets pass" in verdict.message


def test_an_appliance_in_the_other_vnet_needs_no_forwarded_traffic() -> None:
    there = table("t", Route("nva", "10.2.0.0/16", NextHop.APPLIANCE, "10.2.9.4"))
    assert told(judge(changed(Side.VNET1, "a0", routes=there), (WEB,))) == ("True", "NoBlockFound")
    here = table("t", Route("nva", "10.2.0.0/16", NextHop.APPLIANCE, "10.1.9.4"))
    assert told(judge(changed(Side.VNET1, "a0", routes=here), (WEB,))) == ("False", "RouteOverrides")


def test_forwarded_traffic_off_at_the_destination_is_a_finding_with_its_command() -> None:
    verdict = judge(hubbed(forwarded=False), (WEB,))
    assert told(verdict) == ("False", "RouteOverrides")
    assert f"peering {PeeringId(TWO, 'two-hub')} does not take forwarded traffic" in verdict.findings[0].message
    assert verdict.findings[0].remediation.endswith("--set allowForwardedTraffic=true")


def test_an_appliance_that_nobody_has_is_a_dead_end() -> None:
    nowhere = table("t", Route("nva", "10.2.0.0/16", NextHop.APPLIANCE, "10.77.0.4"))
    assert "in no VNet that this one is peered with" in judge(changed(Side.VNET1, "a0", routes=nowhere), (WEB,)).message


def test_a_vpn_needs_the_gateways_routes_in_every_subnet() -> None:
    vpn = PerSide(
        replace(WORLD.vnet1, peered=(), gateway=("10.2.0.0/16",)),
        replace(WORLD.vnet2, peered=(), gateway=("10.1.0.0/16",)),
    )
    assert told(judge(vpn, (WEB,))) == ("True", "NoBlockFound")
    verdict = judge(changed(Side.VNET1, "a0", world=vpn, routes=table("t", off=True)), (WEB,))
    assert told(verdict) == ("False", "GatewayRoutesNotPropagated")
    assert verdict.findings[0].remediation.endswith("--disable-bgp-route-propagation false")


def test_a_peer_with_the_same_addresses_is_not_taken_for_the_other_end_of_a_tunnel() -> None:
    """A peering's routes come before a gateway's."""
    vpn = PerSide(
        replace(WORLD.vnet1, peered=(peering(ONE, HUB, "10.2.0.0/16"),), gateway=("10.2.0.0/16",)),
        replace(WORLD.vnet2, peered=(), gateway=("10.1.0.0/16",)),
    )
    verdict = judge(vpn, (WEB,))
    assert verdict.allowed is Truth.UNKNOWN
    assert "is peered with another VNet that has the same addresses" in verdict.message


def test_vnets_with_a_common_peer_and_no_link_are_told_that_peering_is_not_transitive() -> None:
    spokes = hubbed()
    bare = spokes.map(lambda vnet: replace(vnet, subnets=tuple(replace(one, routes=None) for one in vnet.subnets)))
    assert told(judge(bare)) == ("False", "NotTransitive")
    assert told(judge(bare, (WEB,))) == ("False", "NotTransitive")
    assert not_transitive(WORLD) == ()


def test_before_the_vnets_are_connected_nothing_is_judged() -> None:
    alone = WORLD.map(lambda vnet: replace(vnet, peered=()))
    assert told(judge(alone)) == told(judge(alone, (WEB,))) == ("Unknown", "Connecting")


def test_what_cannot_be_read_is_never_a_no_block() -> None:
    unread = changed(Side.VNET2, "b0", nsg=UNREADABLE)
    assert told(judge(unread, (WEB,))) == ("Unknown", "AuthorizationFailed")
    assert told(judge(changed(Side.VNET1, "a0", routes=UNREADABLE), (WEB,))) == ("Unknown", "AuthorizationFailed")
    assert told(judge(unread)) == ("True", "NoBlockFound")
    assert "Of a part nobody knows: no right to read it." in judge(unread).message
    blocked = changed(Side.VNET1, "a0", world=unread, nsg=nsg("n", DENY_OUT))
    assert told(judge(blocked, (WEB,))) == ("False", "NetworkSecurityBlocks")


def test_peering_access_off_without_a_group_is_not_called_open() -> None:
    shut = WORLD.put(Side.VNET1, replace(WORLD.vnet1, peered=(peering(ONE, TWO, "10.2.0.0/16", access=False),)))
    verdict = judge(shut, (WEB,))
    assert verdict.allowed is Truth.UNKNOWN
    assert "allowVirtualNetworkAccess is off on peering" in verdict.message
    (finding,) = verdict.findings
    assert (finding.reason, finding.weight) == (Reason.NETWORK_SECURITY_BLOCKS, Severity.WARNING)
    assert finding.id == str(PeeringId(ONE, "one-two"))
    assert finding.remediation.endswith("--set allowVirtualNetworkAccess=true")
    assert judge(shut).findings == (finding,)


def test_a_flow_in_both_directions_is_mirrored() -> None:
    both = replace(WEB, direction=Direction.BOTH)
    assert told(judge(WORLD, (both,))) == ("True", "NoBlockFound")
    assert told(judge(changed(Side.VNET2, "b0", nsg=nsg("n", DENY_OUT)), (both,))) == ("False", "NetworkSecurityBlocks")
    assert told(judge(changed(Side.VNET2, "b0", nsg=nsg("n", DENY_OUT)), (WEB,))) == ("True", "NoBlockFound")


def test_each_flow_that_is_blocked_is_named_and_no_other() -> None:
    """The condition's message holds all of them, however long their names."""
    closed = changed(Side.VNET2, "b0", nsg=nsg("n", DENY_IN))
    one = judge(closed, (WEB, replace(WEB, to_subnet="b1")))
    assert told(one) == ("False", "NetworkSecurityBlocks")
    assert one.message.startswith("1 of 2 required flows cannot pass whole: Tcp 443 from a0 to b0 (Vnet1ToVnet2). Rule")
    two = judge(closed, (WEB, replace(WEB, to_subnet="b1"), RequiredFlow(protocol="Udp", port=53)))
    assert two.message.startswith(
        "2 of 3 required flows cannot pass whole: Tcp 443 from a0 to b0 (Vnet1ToVnet2); "
        "Udp 53 from every subnet to every subnet (Both). Rule"
    )
    long = WORLD.map(
        lambda vnet: replace(vnet, subnets=(replace(vnet.subnets[0], name="n" * 80, nsg=nsg("n", DENY_IN)),))
    )
    most = judge(long, (RequiredFlow(Direction.BOTH, "Tcp", 65535, "n" * 80, "n" * 80),) * 16)
    assert most.message.count("(Both)") == 16
    assert len(most.message) <= LONGEST["message"]


def test_a_flow_that_names_no_subnet_of_ours_is_told_so() -> None:
    verdict = judge(WORLD, (replace(WEB, from_subnet="nope"),))
    assert told(verdict) == ("False", "SubnetNotFound")


def test_platform_subnets_do_not_count_as_a_way_through() -> None:
    closed = changed(Side.VNET2, "b0", "b1", nsg=nsg("n", DENY_IN, DENY_OUT))
    gateway = SubnetView("GatewaySubnet", ("10.2.255.0/27",))
    vnet = replace(closed.vnet2, subnets=(*closed.vnet2.subnets, gateway))
    assert told(judge(closed.put(Side.VNET2, vnet))) == ("False", "NetworkSecurityBlocks")


def test_ipv6_of_one_side_only_is_no_block() -> None:
    dual = changed(Side.VNET2, "b0", prefixes=("10.2.0.0/24", "fd00:2::/64"))
    assert told(judge(dual, (WEB,))) == ("True", "NoBlockFound")
