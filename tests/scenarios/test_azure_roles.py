"""The roles in deploy/azure-roles: each is exactly enough for what it is for, and what it lacks is named on the object.

The operator's turns run here without its process, against a real API server and an Azure that enforces the role.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from armsim_process import SUBSCRIPTION, ArmsimProcess
from azure_bench import Bench, running
from controlplane.cluster import Cluster
from turns_by_hand import Turns, turns
from vnetlink.cli.explain import Answer, explain
from vnetlink.cli.scan import scan
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.sides import PerSide

ROLES = {
    path.stem: json.loads(path.read_text())
    for path in sorted((Path(__file__).resolve().parents[2] / "deploy" / "azure-roles").glob("*.json"))
}
NAMESPACE = "azure-roles"
PAIRS, VPNS, LINKS = "peeringpairs", "vpnconnectionpairs", "vnetlinks"
MADE = {"gateway": {"create": {}}}
KEY, OTHER_KEY = "Wh4tever9StrongEnough2Be3AKey", "Quite5AnotherKeyOfTheSameKind7"


class Named(Exception):
    """The action that was taken away is named where people look."""


class Stage:
    """One Azure with an operator that may do there what roles say. `withheld`: an action that the tried role lacks."""

    def __init__(self, azure: ArmsimProcess, role: str, withheld: str = "") -> None:
        self.azure, self._role, self._withheld = azure, role, withheld
        self.me = azure.env["AZURE_CLIENT_ID"]
        self._everywhere = f"/subscriptions/{SUBSCRIPTION}"
        self.operator: Turns

    def grant(self, *roles: str, **at: Sequence[str]) -> None:
        """These roles in the whole subscription, and no others; `at`: a role (with _ for -) at these scopes only."""
        scopes = [(role, self._everywhere) for role in roles]
        scopes += [(role.replace("_", "-"), scope) for role, several in at.items() for scope in several]
        self.azure.roles({self.me: [{"scope": scope, "definition": self._definition(role)} for role, scope in scopes]})

    def _definition(self, role: str) -> dict[str, Any]:
        actions = [one for one in ROLES[role]["Actions"] if role != self._role or one != self._withheld]
        return {**ROLES[role], "Actions": actions}

    def used(self) -> set[str]:
        """The actions that the operator was allowed."""
        return set(self.azure.control("GET", "actions").get(self.me, []))

    def look(self, told: object) -> None:
        """Raises Named when the withheld action is in `told`, whole."""
        if self._withheld and re.search(re.escape(self._withheld) + r"(?![\w/])", json.dumps(told)):
            raise Named

    def two_vnets(self, **inner: Any) -> tuple[str, str]:
        return self.azure.vnet("app", "10.1.0.0/16", **inner), self.azure.vnet("data", "10.2.0.0/16")


async def peering(stage: Stage) -> None:
    app, data = stage.two_vnets()
    stage.grant(peering=[app, data])
    await stage.operator.apply(PAIRS, "pair", vnet1={"id": app}, vnet2={"id": data})
    await stage.operator.ready(PAIRS, "pair")
    await stage.operator.change(PAIRS, "pair", peering={"vnet1": {"allowForwardedTraffic": True}})
    await stage.operator.ready(PAIRS, "pair")
    await stage.operator.delete(PAIRS, "pair")


async def consent(stage: Stage) -> None:
    app, data = stage.two_vnets()
    stage.grant(peering=[app], peering_consent=[data])
    theirs = {"id": data, "managementPolicy": "Observe"}
    await stage.operator.apply(PAIRS, "half", vnet1={"id": app}, vnet2=theirs)
    stage.azure.peering(data, "back", app, allowVirtualNetworkAccess=True)
    await stage.operator.ready(PAIRS, "half")
    await stage.operator.delete(PAIRS, "half")


async def vpn(stage: Stage) -> None:
    app, data = stage.two_vnets()
    stage.grant("vpn")
    await stage.operator.secret("vpn", sharedKey=KEY)
    block = {"vnet1": MADE, "vnet2": MADE, "sharedKey": {"secretRef": {"name": "vpn"}}}
    await stage.operator.apply(VPNS, "tunnel", vnet1={"id": app}, vnet2={"id": data}, vpn=block)
    await stage.operator.ready(VPNS, "tunnel")
    await stage.operator.secret("vpn", sharedKey=OTHER_KEY)
    await stage.operator.until("both keys set", VPNS, "tunnel", lambda _: keys(stage) == [OTHER_KEY, OTHER_KEY])
    await stage.operator.ready(VPNS, "tunnel")
    await stage.operator.delete(VPNS, "tunnel")


def keys(stage: Stage) -> list[str]:
    start = f"{stage.azure.group('rg')}/providers/Microsoft.Network/connections"
    return [stage.azure.get(f"{start}/{name}/sharedkey")["value"] for name in ("app-data", "data-app")]


async def diagnosis(stage: Stage) -> None:
    app, data = guarded(stage)
    ends, of_link = joined(stage), {"peering": [app, data], "diagnosis": [stage.azure.group("rg")]}
    link = {"virtualNetwork": {"id": app}, "registrationEnabled": False}
    put_dns(stage, f"{zone_of(stage)}/virtualNetworkLinks/app", properties=link)
    stage.grant(**of_link)
    await stage.operator.apply(LINKS, "link", vnet1={"id": app}, vnet2={"id": data})
    await stage.operator.ready(LINKS, "link", "TrafficAllowed")

    stage.grant("diagnosis")
    async with running(Bench(stage.azure)) as bench:
        for two in ((app, data), ends):
            explained = await explain(bench.arm, bench.who, PerSide(*map(VnetId.parse, two)))
            stage.look(explained.as_json())
            assert explained.answer is Answer.CONNECTED
        assert (await scan(bench.arm, bench.who, (SUBSCRIPTION,))).answer == 0

    stage.grant(**of_link)
    await stage.operator.delete(LINKS, "link")


def joined(stage: Stage) -> tuple[str, str]:
    """Two VNets whose gateways are connected, by a person who gave the connections names of their own."""
    near, far = (
        stage.azure.vnet(name, f"10.{n}.0.0/16", subnets={"GatewaySubnet": f"10.{n}.255.0/27"})
        for n, name in enumerate(("near", "far"), 3)
    )
    gateways = stage.azure.gateway(near, "gw-near"), stage.azure.gateway(far, "gw-far")
    stage.azure.connection("there", *gateways, KEY)
    stage.azure.connection("back", *reversed(gateways), KEY)
    return near, far


def guarded(stage: Stage) -> tuple[str, str]:
    """Two VNets with subnets, one of them behind a security group and a route table."""
    app, data = stage.two_vnets(subnets={"machines": "10.1.0.0/24"})
    start = f"{stage.azure.group('rg')}/providers/Microsoft.Network"
    for kind in ("networkSecurityGroups", "routeTables"):
        stage.azure.put(f"{start}/{kind}/one", {"location": "westeurope", "properties": {}})
    joined = {kind: {"id": f"{start}/{kind}s/one"} for kind in ("networkSecurityGroup", "routeTable")}
    stage.azure.put(f"{app}/subnets/machines", {"properties": {"addressPrefix": "10.1.0.0/24", **joined}})
    stage.azure.put(f"{data}/subnets/machines", {"properties": {"addressPrefix": "10.2.0.0/24"}})
    return app, data


async def virtual_networks(stage: Stage) -> None:
    made = {"location": "westeurope", "addressPrefixes": ["10.2.0.0/16"], "createResourceGroup": True}
    first = {"name": "one", "addressPrefix": "10.2.0.0/24"}
    second = {"name": "two", "addressPrefix": "10.3.0.0/24"}
    data = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/new/providers/Microsoft.Network/virtualNetworks/data"
    app = stage.azure.vnet("app", "10.1.0.0/16")
    stage.grant("peering", "virtual-networks")
    end = {"id": data, "create": {**made, "subnets": [first]}}
    await stage.operator.apply(LINKS, "link", vnet1={"id": app}, vnet2=end)
    await stage.operator.ready(LINKS, "link")
    grown = {"addressPrefixes": ["10.2.0.0/16", "10.3.0.0/16"], "subnets": [first, second]}
    await stage.operator.change(LINKS, "link", vnet2={"create": grown})
    await stage.operator.until(
        "grown", LINKS, "link", lambda _: len(stage.azure.get(data)["properties"]["subnets"]) == 2
    )
    await stage.operator.ready(LINKS, "link")
    await stage.operator.delete(LINKS, "link")
    assert stage.azure.get(data) is None


async def private_dns(stage: Stage) -> None:
    app, data = stage.two_vnets()
    zone = zone_of(stage)
    stage.grant(peering=[app, data], private_dns=[app, data, zone])
    dns = {"privateDnsZones": [{"id": zone}]}
    await stage.operator.apply(LINKS, "link", vnet1={"id": app}, vnet2={"id": data}, dns=dns)
    await stage.operator.ready(LINKS, "link", "DnsLinked")
    await stage.operator.ready(LINKS, "link")
    await stage.operator.delete(LINKS, "link")


def zone_of(stage: Stage) -> str:
    """A new private DNS zone."""
    zone = f"{stage.azure.group('rg')}/providers/Microsoft.Network/privateDnsZones/corp.example"
    put_dns(stage, zone)
    return zone


def put_dns(stage: Stage, path: str, **body: Any) -> None:
    """A private DNS zone, or a link of one."""
    stage.azure.wait(stage.azure.send("PUT", f"{path}?api-version=2020-06-01", {"location": "global", **body}))


Play = Callable[..., Awaitable[Stage]]
# The story that a role is for, and the other roles that it needs.
STORIES: dict[str, tuple[Callable[[Stage], Awaitable[None]], tuple[str, ...]]] = {
    "peering": (peering, ()),
    "peering-consent": (consent, ("peering",)),
    "vpn": (vpn, ()),
    "diagnosis": (diagnosis, ("peering",)),
    "virtual-networks": (virtual_networks, ("peering",)),
    "private-dns": (private_dns, ("peering",)),
}
REMOVED = [
    (role, action)
    for role, (_, others) in STORIES.items()
    for action in ROLES[role]["Actions"]
    if role in ("peering-consent", "diagnosis") or all(action not in ROLES[other]["Actions"] for other in others)
]


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArmsimProcess]:
    with ArmsimProcess(tmp_path_factory.mktemp("armsim")) as process:
        yield process


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> str:
    cluster.kubectl("create", "namespace", NAMESPACE)
    return NAMESPACE


@pytest.fixture
def on_stage(cluster: Cluster, simulator: ArmsimProcess, namespace: str) -> Play:
    """Plays the story of a role in an Azure that is new."""
    simulator.reset()
    simulator.control("DELETE", "actions")

    async def play(role: str, withheld: str = "") -> Stage:
        stage = Stage(simulator, role, withheld)
        async with turns(cluster.kubeconfig, simulator, namespace, lambda body: stage.look(body.get("status"))) as mine:
            stage.operator = mine
            await STORIES[role][0](stage)
        return stage

    return play


def test_every_role_has_its_story() -> None:
    assert set(STORIES) == set(ROLES)


@pytest.mark.parametrize("role", STORIES)
async def test_with_exactly_this_role_everything_works_and_every_action_of_it_is_used(
    on_stage: Play, role: str
) -> None:
    stage = await on_stage(role)
    assert stage.used() == {action for one in (role, *STORIES[role][1]) for action in ROLES[one]["Actions"]}


@pytest.mark.parametrize(("role", "action"), REMOVED)
async def test_an_action_that_the_role_lacks_is_named(on_stage: Play, role: str, action: str) -> None:
    with pytest.raises(Named):
        await on_stage(role, action)
