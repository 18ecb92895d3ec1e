"""How long a diagnosis takes: 200 subnets to 200 subnets and back, each with a group of 100 rules and a table of its own.

Run it with `PYTHONPATH=operator .venv/bin/python -m bench.diagnosis`.
"""

from __future__ import annotations

from time import process_time

from vnetlink.domain.arm_id import NetworkSecurityGroupId, PeeringId, RouteTableId, VnetId
from vnetlink.domain.network_security import Access, NetworkSecurityGroup, PortRange, Protocol, SecurityRule, Way
from vnetlink.domain.routing import NextHop, PeeredSpace, Route, RouteTable, SubnetView, VnetView
from vnetlink.domain.sides import PerSide
from vnetlink.domain.vnet_link import RequiredFlow
from vnetlink.planning.diagnosis.traffic import judge

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
SUBNETS, RULES = 200, 100
IDS = PerSide(VnetId(SUBSCRIPTION, "rg", "one"), VnetId(SUBSCRIPTION, "rg", "two"))


def rule(net: int, subnet: int, number: int, closed: bool) -> SecurityRule:
    """One of many: another range and port each; the last one of a closed group denies everything."""
    way = Way.INBOUND if number % 2 else Way.OUTBOUND
    if number >= RULES - 2:
        return SecurityRule(f"last-{number}", 4000 + number, way, Access.DENY if closed else Access.ALLOW)
    far = (f"10.{3 - net}.{(subnet + number) % SUBNETS}.0/24", f"192.168.{number}.0/24")
    sources, destinations = (far, ("*",)) if way is Way.INBOUND else (("*",), far)
    access = Access.DENY if closed or number % 3 else Access.ALLOW
    ports = (PortRange(number * 100, number * 100 + 50), PortRange(number))
    return SecurityRule(
        f"r{number}", 100 + number, way, access, Protocol.TCP, sources, destinations, destination_ports=ports
    )


def subnet(net: int, number: int, closed: bool, shared: bool) -> SubnetView:
    """A subnet with a group and a table of its own, or with those of all."""
    which = 0 if shared else number
    rules = tuple(rule(net, which, n, closed) for n in range(RULES))
    routes = tuple(Route(f"u{n}", f"172.16.{n}.0/24", NextHop.NONE) for n in range(10))
    return SubnetView(
        f"subnet-{number}",
        (f"10.{net}.{number}.0/24",),
        NetworkSecurityGroup(NetworkSecurityGroupId(SUBSCRIPTION, "rg", f"nsg-{net}-{which}"), rules),
        RouteTable(RouteTableId(SUBSCRIPTION, "rg", f"table-{net}-{which}"), routes),
    )


def vnet(net: int, closed: bool, shared: bool) -> VnetView:
    """One side."""
    here, there = (IDS.vnet1, IDS.vnet2) if net == 1 else (IDS.vnet2, IDS.vnet1)
    peer = PeeredSpace(PeeringId(here, "p"), there, (f"10.{3 - net}.0.0/16",))
    subnets = tuple(subnet(net, number, closed, shared) for number in range(SUBNETS))
    return VnetView(here, (f"10.{net}.0.0/16",), subnets, (peer,))


def main() -> None:
    """Measure and print."""
    for closed in (False, True):
        for shared in (True, False):
            for flows in (
                (),
                (RequiredFlow(protocol="Tcp", port=443),),
                (RequiredFlow(protocol="Tcp", port=443),) * 10,
            ):
                both = PerSide(vnet(1, closed, shared), vnet(2, closed, shared))
                start = process_time()
                verdict = judge(both, flows)
                took = process_time() - start
                what = f"closed={closed} shared={shared} flows={len(flows)}"
                print(
                    f"{what:38} {took:6.2f} s  {verdict.allowed.value} {verdict.reason.value} {len(verdict.findings)} findings"
                )


if __name__ == "__main__":
    main()
