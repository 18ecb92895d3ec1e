"""Random sequences over all other types: gateways, connections, addresses, groups, tables, interfaces, DNS, deployments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from armsim import tunnels
from armsim.resources import connection_status
from armsim.snapshot import CLASSES, encode
from simulated_azure import GROUP, STANDARD_ADDRESS, Azure, connection, gateway, network

NETWORK = f"{GROUP}/providers/Microsoft.Network"
NAMES = ("a", "b")
HERE = {"location": "westeurope"}
GLOBAL = {"location": "global"}
STATES = ("Succeeded", "Failed")
SEGMENTS = {
    one.lower(): one
    for one in (
        *("subscriptions", "resourceGroups", "providers", "Microsoft.Network", "virtualNetworks", "subnets"),
        *("virtualNetworkGateways", "connections", "publicIPAddresses", "networkSecurityGroups", "routeTables"),
        *("securityRules", "routes", "networkInterfaces", "ipConfigurations", "privateDnsZones", "virtualNetworkLinks"),
        *("virtualNetworkPeerings", "defaultSecurityRules", "localNetworkGateways"),
    )
}

names = st.sampled_from(NAMES)
keys = st.sampled_from(["one", "two"])
made = st.sampled_from(["vnet", "ip", "gateway", "nsg", "table", "nic", "zone", "local"])
steps = st.one_of(
    *(st.tuples(st.just("make"), made, names),) * 3,
    *(st.tuples(st.just("join"), names, names, keys),) * 3,
    st.tuples(st.just("drop"), made, names),
    st.tuples(st.just("unjoin"), names, names),
    st.tuples(st.just("key"), names, names, keys),
    st.tuples(st.just("reset"), names, names, st.integers(1, 128)),
    st.tuples(st.just("deploy"), names, names, keys),
    st.tuples(st.just("part"), st.sampled_from(["PUT", "DELETE"]), st.sampled_from(["rule", "route", "link"]), names),
    st.tuples(st.just("attach"), names, st.sampled_from(["networkSecurityGroup", "routeTable", ""])),
    st.tuples(st.just("tag"), made, names),
    *(st.tuples(st.just("wait"), st.sampled_from([0.0, 5.0, 45.0, 300.0, 1000.0])),) * 3,
    st.tuples(st.just("group")),
    st.tuples(st.just("fail")),
    st.tuples(st.just("reload")),
)
KINDS = {
    "vnet": "virtualNetworks",
    "ip": "publicIPAddresses",
    "gateway": "virtualNetworkGateways",
    "nsg": "networkSecurityGroups",
    "table": "routeTables",
    "nic": "networkInterfaces",
    "zone": "privateDnsZones",
    "local": "localNetworkGateways",
}


def path(kind: str, name: str) -> str:
    return f"{NETWORK}/{KINDS[kind]}/{name}{'.example' if kind == 'zone' else ''}"


def joined(one: str, two: str) -> str:
    return f"{NETWORK}/connections/{one}-{two}"


def body(kind: str, name: str) -> Any:
    second = NAMES.index(name) + 1
    match kind:
        case "vnet":
            subnets = {"GatewaySubnet": f"10.{second}.255.0/27", "s": f"10.{second}.0.0/24"}
            return network(f"10.{second}.0.0/16", subnets=subnets)
        case "ip":
            return STANDARD_ADDRESS
        case "gateway":
            return gateway(path("vnet", name), path("ip", name))
        case "nic":
            inner = {"subnet": {"id": f"{path('vnet', name)}/subnets/s"}, "publicIPAddress": {"id": path("ip", name)}}
            return {**HERE, "properties": {"ipConfigurations": [{"name": "c", "properties": inner}]}}
        case "zone":
            return GLOBAL
        case "local":
            return {**HERE, "properties": {"gatewayIpAddress": "1.2.3.4"}}
        case _:
            return HERE


def part(kind: str, name: str) -> tuple[str, Any]:
    """Path and body of a child."""
    match kind:
        case "rule":
            ends = {f"{end}{what}": "*" for end in ("source", "destination") for what in ("PortRange", "AddressPrefix")}
            rule = {"protocol": "*", "access": "Deny", "direction": "Inbound", "priority": 200, **ends}
            return f"{path('nsg', name)}/securityRules/r", {"properties": rule}
        case "route":
            route = {"addressPrefix": "10.0.0.0/8", "nextHopType": "None"}
            return f"{path('table', name)}/routes/r", {"properties": route}
        case _:
            link = {"virtualNetwork": {"id": path("vnet", name)}}
            return f"{path('zone', name)}/virtualNetworkLinks/l", {**GLOBAL, "properties": link}


def deployment(one: str, two: str, key: str) -> Any:
    resource = {"type": "Microsoft.Network/connections", "name": f"{one}-{two}"}
    filled = connection(path("gateway", one), path("gateway", two), key)
    return {"properties": {"mode": "Incremental", "template": {"resources": [{**resource, **filled}]}}}


class Walk:
    """One random walk, checked after each step. It begins with two gateways that stand."""

    def __init__(self) -> None:
        self.azure = Azure()
        self.azure.group()
        for name in NAMES:
            for kind in ("vnet", "ip", "gateway"):
                self.azure.put(path(kind, name), body(kind, name))
        self.time = 0.0
        self.down: dict[str, float] = {}

    def take(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("make", kind, name):
                self.send("PUT", path(kind, name), body(kind, name))
            case ("drop", kind, name):
                self.send("DELETE", path(kind, name))
            case ("tag", kind, name):
                self.send("PATCH", path(kind, name), {"tags": {"a": "b"}})
            case ("join", one, two, key):
                self.send("PUT", joined(one, two), connection(path("gateway", one), path("gateway", two), key))
            case ("unjoin", one, two):
                self.send("DELETE", joined(one, two))
            case ("key", one, two, key):
                self.send("PUT", f"{joined(one, two)}/sharedkey", {"value": key})
            case ("reset", one, two, length):
                self.send("POST", f"{joined(one, two)}/sharedkey/reset", {"keyLength": length})
            case ("deploy", one, two, key):
                deployments = f"{GROUP}/providers/Microsoft.Resources/deployments"
                self.send("PUT", f"{deployments}/{one}{two}", deployment(one, two, key))
            case ("part", method, kind, name):
                where, wanted = part(kind, name)
                self.send(method, where, wanted if method == "PUT" else None)
            case ("attach", name, reference):
                self.attach(name, reference)
            case _:
                self.pass_by(step)

    def attach(self, name: str, reference: str) -> None:
        kind = "nsg" if reference == "networkSecurityGroup" else "table"
        links = {reference: {"id": path(kind, name)}} if reference else {}
        prefix = f"10.{NAMES.index(name) + 1}.0.0/24"
        self.send("PUT", f"{path('vnet', name)}/subnets/s", {"properties": {"addressPrefix": prefix, **links}})

    def pass_by(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("wait", seconds):
                self.azure.wait(seconds)
            case ("group",):
                self.send("DELETE", GROUP)
                self.azure.wait(40)
                self.azure.group()
            case ("fail",):
                fault = {"kind": "fail", "method": "PUT|DELETE|POST", "path": "Microsoft.Network", "count": 1}
                self.azure.control("POST", "faults", fault)
            case _:
                self.reload()

    def send(self, method: str, where: str, wanted: Any = None) -> None:
        azure = self.azure
        azure.core.finish_due(azure.now)
        before = state(azure)
        response = azure.send(method, where, wanted)
        assert response.status < 500, response.body
        if response.body:
            json.loads(response.body)
        if response.status >= 400:
            assert state(azure) == before

    def reload(self) -> None:
        """Export and import into another simulator gives the same world."""
        exported = self.azure.control("GET", "state?keys=true").data
        other = Azure()
        other.now = self.azure.now
        assert other.control("PUT", "state", exported).status == 200
        assert state(other) == state(self.azure)
        assert other.core.world.interfaces == self.azure.core.world.interfaces
        for index in ("holders", "users"):
            mine, theirs = (getattr(one.core.world, index) for one in (self.azure, other))
            assert {key: value for key, value in theirs.items() if value} == {
                key: value for key, value in mine.items() if value
            }
        self.azure = other

    def check(self) -> None:
        world = self.azure.core.world
        virtual = self.azure.core.clock.at(self.azure.now)
        assert virtual >= self.time
        self.time = virtual
        for table in CLASSES:
            for key, one in world.table(table).items():
                assert key == one.key
                if table not in ("groups", "operations", "tunnels"):
                    assert key.partition("/providers/")[0] in world.groups
        self.check_references()
        self.check_tunnels()
        self.check_history(virtual)

    def check_references(self) -> None:
        """Nothing that is in use has gone: gateways and interfaces keep subnet and address, connections gateways."""
        world = self.azure.core.world
        for one in world.gateways.values():
            vnet = world.vnets[one.vnet_key]
            assert vnet.subnet("GatewaySubnet") is not None
            assert all(ip.address.lower() in world.addresses for ip in one.ips)
        for joint in world.connections.values():
            assert joint.near.lower() in world.gateways
            assert joint.far.lower() in world.gateways
        for vnet in world.vnets.values():
            for subnet in vnet.subnets:
                for name in ("networkSecurityGroup", "routeTable"):
                    given = subnet.props.get(name)
                    assert given is None or given["id"].lower() in world.resources

    def check_tunnels(self) -> None:
        """A tunnel has two ends that say the same, as long as both are there to be asked."""
        shown = {}
        for one, two in (NAMES, NAMES[::-1]):
            response = self.azure.send("GET", joined(one, two), version="2022-01-01")
            properties = response.data.get("properties", {})
            if properties.get("provisioningState") == "Succeeded":
                shown[one] = properties
        if len(shown) == 2:
            first, second = shown.values()
            assert first["ingressBytesTransferred"] == second["ingressBytesTransferred"]
            assert (first["connectionStatus"] == "Connected") == (second["connectionStatus"] == "Connected")

    def check_history(self, virtual: float) -> None:
        """What is written down of a tunnel agrees with its status now, and no outage is forgotten."""
        for shown in tunnels.export(self.azure.core.world, virtual):
            one = self.azure.core.world.connections.get(shown["connection"].lower())
            if one is not None:
                assert shown["up"] == (connection_status.status(one, virtual) == "Connected")
            assert 0 <= self.down.get(shown["connection"], 0.0) <= shown["downSeconds"] <= virtual
            self.down[shown["connection"]] = shown["downSeconds"]
            assert all(each["to"] is None or each["from"] < each["to"] for each in shown["outages"])


def state(azure: Azure) -> dict[str, Any]:
    return {name: {key: encode(one) for key, one in azure.core.world.table(name).items()} for name in CLASSES}


def ids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "id" and isinstance(inner, str):
                yield inner
            yield from ids(inner)
    if isinstance(value, list):
        for inner in value:
            yield from ids(inner)


@given(st.lists(steps, min_size=5, max_size=40))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_world_of_all_types_stays_sound_whatever_is_asked(taken: list[tuple[Any, ...]]) -> None:
    walk = Walk()
    for step in taken:
        walk.take(step)
        walk.check()
    walk.azure.wait(4000)
    for kind in (*KINDS.values(), "connections"):
        for shown in walk.azure.get(f"{NETWORK}/{kind}")["value"]:
            assert walk.azure.get(shown["id"])["id"] == shown["id"]
            assert shown["properties"]["provisioningState"] in STATES
            for one in ids(shown):
                assert [SEGMENTS.get(part.lower(), part) for part in one.split("/")] == one.split("/")


leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("10.0.0.0/16")
FIELDS = (
    "location tags properties name id addressPrefix nextHopType nextHopIpAddress priority direction access protocol "
    "sourcePortRange sourceAddressPrefixes destinationPortRanges securityRules routes gatewayIpAddress bgpSettings asn "
    "localNetworkAddressSpace addressPrefixes ipConfigurations subnet publicIPAddress virtualNetwork sku zones value "
    "registrationEnabled virtualNetworkGateway1 virtualNetworkGateway2 connectionType sharedKey ipsecPolicies keyLength "
    "template parameters resources outputs mode type dnsSettings domainNameLabel vpnClientConfiguration natRules "
    "vpnClientAddressPool customRoutes activeActive vpnConnectionIds"
)
bodies = st.recursive(
    leaves | st.sampled_from([path("vnet", "a"), path("gateway", "a"), "westeurope", "global", "Vnet2Vnet"]),
    lambda inner: st.dictionaries(st.sampled_from(FIELDS.split(" ")), inner, max_size=5) | st.lists(inner, max_size=2),
    max_leaves=14,
)
TARGETS = (
    *(path(kind, "x") for kind in KINDS),
    *(part(kind, "a")[0] for kind in ("rule", "route", "link")),
    joined("a", "b"),
    f"{joined('a', 'b')}/sharedkey",
    f"{joined('a', 'b')}/sharedkey/reset",
    f"{path('gateway', 'a')}/disconnectVirtualNetworkGatewayVpnConnections",
    f"{GROUP}/providers/Microsoft.Resources/deployments/d",
    f"{GROUP}/providers/Microsoft.Resources/deployments/d/validate",
)


@given(st.sampled_from(["PUT", "PATCH", "POST"]), st.sampled_from(TARGETS), bodies, st.booleans())
@settings(max_examples=600, deadline=None)
def test_any_body_for_any_type_is_answered_in_arms_shape(method: str, target: str, sent: Any, placed: bool) -> None:
    walk = Walk()
    for kind in ("nsg", "table", "zone"):
        walk.azure.send("PUT", path(kind, "a"), body(kind, "a"))
    walk.azure.wait(60)
    if placed and isinstance(sent, dict):
        sent = {"location": "westeurope", **sent}
    before = state(walk.azure)
    response = walk.azure.send(method, target, json.dumps(sent).encode())
    assert response.status in (200, 201, 202, 400, 404, 405, 409, 412, 429), response.body
    if response.status >= 400:
        assert state(walk.azure) == before
        assert response.data["error"]["code"]
    walk.azure.wait(4000)
    walk.reload()
    for kind in KINDS.values():
        assert walk.azure.send("GET", f"{NETWORK}/{kind}").status == 200
