"""How long a diagnosis takes: 200 subnets to 200 subnets and back, each with a group of 100 rules and a table of its own.

Run it with `PYTHONPATH=operator .venv/bin/python -m bench.diagnosis`.
"""

from __future__ import annotations

import asyncio
import os
import platform
from datetime import UTC, datetime
from time import perf_counter, process_time

from vnetlink.domain.arm_id import NetworkSecurityGroupId, PeeringId, RouteTableId, VnetId
from vnetlink.domain.network_security import Access, NetworkSecurityGroup, PortRange, Protocol, SecurityRule, Way
from vnetlink.domain.routing import NextHop, PeeredSpace, Route, RouteTable, SubnetView, VnetView
from vnetlink.domain.sides import PerSide
from vnetlink.domain.vnet_link import RequiredFlow
from vnetlink.kinds.diagnosis import JUDGE
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


async def measured(closed: bool, shared: bool, flows: tuple[RequiredFlow, ...]) -> str:
    """One diagnosis as the operator runs it: a row of the table. The loop is asked for its turn all the while."""
    both = PerSide(vnet(1, closed, shared), vnet(2, closed, shared))
    start, worst, done = process_time(), 0.0, asyncio.get_running_loop().run_in_executor(JUDGE, judge, both, flows)
    while not done.done():
        asked = perf_counter()
        await asyncio.sleep(0)
        worst = max(worst, perf_counter() - asked)
        await asyncio.sleep(0.01)
    verdict = await done
    took = process_time() - start
    groups = "2, shared" if shared else f"{2 * SUBNETS}"
    what = f"{verdict.allowed.value} {verdict.reason.value}"
    return f"| {groups} | {'closed' if closed else 'open'} | {len(flows)} | {took:.2f} | {worst * 1000:.0f} | {what} |"


HEAD = (
    "| groups | they end | required flows | CPU, s | event loop held at most, ms | verdict |\n|---|---|---|---|---|---|"
)


async def main() -> None:
    """Measure and print."""
    where = f"{os.cpu_count()} cores, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    print(f"Measured with `PYTHONPATH=operator .venv/bin/python -m bench.diagnosis` on {where}.", HEAD, sep="\n\n")
    flows = tuple(RequiredFlow(protocol="Tcp", port=port) for port in range(443, 453))
    for closed in (False, True):
        for shared in (True, False):
            for count in (0, 1, 10):
                print(await measured(closed, shared, flows[:count]), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
