"""Random sequences of requests against core.handle: what must hold whatever a client does."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from armsim.store import Vnet
from simulated_azure import GROUP, Azure, network, peering, side

NAMES = ("a", "b", "c")
PREFIXES = ("10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16", "10.1.128.0/17")
NETWORKS = f"{GROUP}/providers/Microsoft.Network/virtualNetworks"

names = st.sampled_from(NAMES)
joins = st.tuples(st.just("peer"), names, names, st.booleans(), st.sampled_from(["", "", "", "other"]))
parts = st.tuples(st.just("part"), names, names, st.just(""))
waits = st.tuples(st.just("wait"), st.sampled_from([0.0, 5.0, 60.0]))
steps = st.one_of(
    *(joins, parts, waits) * 3,
    st.tuples(st.just("vnet"), names, st.lists(st.sampled_from(PREFIXES), min_size=1, max_size=2)),
    st.tuples(st.just("drop"), names),
    st.tuples(st.just("subnet"), names, st.sampled_from(PREFIXES)),
    st.tuples(st.just("group")),
    st.tuples(st.just("fail")),
    st.tuples(st.just("reload")),
)


class Walk:
    """One random walk, checked after each step."""

    def __init__(self) -> None:
        self.azure = Azure()
        for number, name in enumerate(NAMES, 1):
            self.azure.vnet(name, f"10.{number}.0.0/16")
        self.time = 0.0

    def take(self, step: tuple[Any, ...]) -> None:
        azure = self.azure
        match step:
            case ("vnet", name, prefixes):
                self.send("PUT", f"{NETWORKS}/{name}", network(*prefixes))
            case ("drop", name):
                self.send("DELETE", f"{NETWORKS}/{name}")
            case ("peer", one, two, sync, name):
                flag = "?syncRemoteAddressSpace=true" if sync else ""
                self.send("PUT", side(f"{NETWORKS}/{one}", two, name) + flag, peering(f"{NETWORKS}/{two}"))
            case ("part", one, two, name):
                self.send("DELETE", side(f"{NETWORKS}/{one}", two, name))
            case ("subnet", name, prefix):
                self.send("PUT", f"{NETWORKS}/{name}/subnets/s", {"properties": {"addressPrefix": prefix}})
            case ("group",):
                self.send("DELETE", GROUP)
                azure.wait(40)
                azure.group()
            case ("wait", seconds):
                azure.wait(seconds)
            case ("fail",):
                azure.control(
                    "POST", "faults", {"kind": "fail", "method": "PUT|DELETE", "path": "/virtualNetworks/", "count": 1}
                )
            case _:
                self.reload()

    def send(self, method: str, path: str, body: Any = None) -> None:
        azure = self.azure
        azure.core.finish_due(azure.now)
        before = azure.core.world.snapshot()
        response = azure.send(method, path, body)
        assert response.status < 500
        if response.body:
            assert json.loads(response.body)
        if response.status >= 400:
            for table in ("groups", "vnets", "operations"):
                assert azure.core.world.table(table) == before.table(table)

    def reload(self) -> None:
        """Export and import into another simulator gives the same world."""
        state = self.azure.control("GET", "state").data
        other = Azure()
        other.now = self.azure.now
        assert other.control("PUT", "state", state).status == 200
        assert other.core.world.vnets == self.azure.core.world.vnets
        assert other.core.world.referrers_of_all() == self.azure.core.world.referrers_of_all()
        self.azure = other

    def check(self) -> None:
        world = self.azure.core.world
        virtual = self.azure.core.clock.at(self.azure.now)
        assert virtual >= self.time
        self.time = virtual
        leads = {(vnet.key, one.remote_key) for vnet in world.vnets.values() for one in vnet.peerings}
        assert leads == {(key, remote) for remote, keys in world.referrers.items() for key in keys}
        for key, vnet in world.vnets.items():
            assert key == vnet.key
            assert vnet.group.lower() == "rg"
            assert f"{key.partition('/providers/')[0]}" in world.groups
            self.check_peerings(vnet)

    def check_peerings(self, vnet: Vnet) -> None:
        """Both sides agree: Connected on one means Connected on the other, Initiated or Disconnected means alone."""
        world = self.azure.core.world
        remotes = [one.remote_key for one in vnet.peerings]
        assert len(remotes) == len(set(remotes))
        for one in vnet.peerings:
            remote = world.vnets.get(one.remote_key)
            reverse = remote.peering_to(vnet.key) if remote else None
            if one.status == "Connected":
                assert reverse is not None
                assert reverse.status == "Connected"
                assert one.guid == reverse.guid
            else:
                assert reverse is None or reverse.status == "Disconnected" or one.status == "Disconnected"


@given(st.lists(steps, min_size=5, max_size=40))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_world_stays_sound_whatever_is_asked(taken: list[tuple[Any, ...]]) -> None:
    walk = Walk()
    for step in taken:
        walk.take(step)
        walk.check()
    walk.azure.wait(600)
    for vnet in walk.azure.core.world.vnets.values():
        shown = walk.azure.get(vnet.id)
        assert shown["id"] == vnet.id
        assert shown["properties"]["provisioningState"] in ("Succeeded", "Failed")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "location tags properties addressSpace addressPrefixes subnets name addressPrefix dhcpOptions dnsServers id "
    "remoteVirtualNetwork useRemoteGateways localSubnetNames peerCompleteVnets ipConfigurations sku subnet"
)
field_values = st.recursive(
    json_values | st.just(f"{NETWORKS}/b") | st.just("10.0.0.0/16"),
    lambda inner: st.dictionaries(st.sampled_from(FIELDS.split(" ")), inner, max_size=4) | st.lists(inner, max_size=2),
    max_leaves=12,
)
KINDS = ("virtualNetworks/a", "virtualNetworks/a/virtualNetworkPeerings/p", "virtualNetworks/a/subnets/s")
MORE = ("virtualNetworkGateways/g", "publicIPAddresses/i")


@given(st.sampled_from((*KINDS, *MORE)), field_values)
@settings(max_examples=400, deadline=None)
def test_any_body_is_answered_in_arms_shape(kind: str, body: Any) -> None:
    azure = Azure()
    azure.vnet("a", "10.1.0.0/16")
    azure.vnet("b", "10.2.0.0/16")
    response = azure.send("PUT", f"{GROUP}/providers/Microsoft.Network/{kind}", json.dumps(body).encode())
    assert response.status in (200, 201, 400, 404, 409, 429)
    assert isinstance(json.loads(response.body), dict)
    azure.wait()
    assert azure.send("GET", NETWORKS).status == 200


@given(st.text(max_size=60), st.sampled_from(["GET", "PUT", "DELETE", "POST"]), st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_path_is_answered(path: str, method: str, body: bytes) -> None:
    azure = Azure()
    response = azure.send(method, f"/{path}", body)
    assert response.status < 500
