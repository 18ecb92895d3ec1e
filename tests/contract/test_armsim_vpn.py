"""A whole VPN's life through azure-mgmt-network, at each speed: made, tagged, rekeyed, refused, taken down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity.aio import ClientSecretCredential
from azure.mgmt.network.aio import NetworkManagementClient

from armsim_process import SUBSCRIPTION, TENANT_A, ArmsimProcess

KEY, NEXT, LAST = "Fir5tSharedKey", "Sec0ndSharedKey", "Th1rdSharedKey"
SIDES = ("one", "two")
HERE = {"location": "westeurope"}
TAGS: Any = {"tags": {"vnetlink": "x"}}
# Two PUTs of a key are one round trip apart, and a virtual minute is 0.1 s at speed 600.
PATIENT = {"durations": {"connections.notConnected": 6000}}


@pytest.fixture(params=["1", "600", "inf"])
def armsim(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArmsimProcess]:
    with ArmsimProcess(tmp_path / "armsim", PATIENT, speed=request.param) as process:
        process.group("rg")
        yield process


class Life:
    """At speed 1 nobody waits for Azure: the poller is left out and the clock is moved instead."""

    def __init__(self, armsim: ArmsimProcess, network: NetworkManagementClient) -> None:
        self.armsim, self.network = armsim, network
        self.waits = armsim.speed == "1"
        self.more: dict[str, Any] = {"polling": False} if self.waits else {}

    async def done(self, *begun: Awaitable[Any]) -> None:
        """All of them run at the same time."""
        pollers = await asyncio.gather(*begun)
        if self.waits:
            self.armsim.advance(1000)
        else:
            await asyncio.gather(*(one.result() for one in pollers))

    async def make(self) -> None:
        network, more = self.network, self.more
        for number, side in enumerate(SIDES):
            self.armsim.send("PUT", resource("virtualNetworks", side), vnet(number))
        self.armsim.advance(10)
        await self.done(
            *(
                network.subnets.begin_create_or_update("rg", side, "GatewaySubnet", subnet(number), **more)
                for number, side in enumerate(SIDES)
            ),
            *(network.public_ip_addresses.begin_create_or_update("rg", side, address(), **more) for side in SIDES),
        )
        await self.done(
            *(
                network.virtual_network_gateways.begin_create_or_update("rg", side, gateway(side), **more)
                for side in SIDES
            )
        )
        await self.done(
            *(
                network.virtual_network_gateway_connections.begin_create_or_update(
                    "rg", f"from-{side}", connection(side), **more
                )
                for side in SIDES
            )
        )

    async def rekey(self, key: str, *sides: str) -> None:
        operations = self.network.virtual_network_gateway_connections
        value: Any = {"value": key}
        await self.done(*(operations.begin_set_shared_key("rg", f"from-{one}", value, **self.more) for one in sides))

    async def keys(self) -> set[str | None]:
        found = [
            await self.network.virtual_network_gateway_connections.get_shared_key("rg", f"from-{one}") for one in SIDES
        ]
        return {one.value for one in found}

    async def statuses(self) -> set[Any]:
        operations = self.network.virtual_network_gateway_connections
        return {(await operations.get("rg", f"from-{one}")).connection_status for one in SIDES}

    async def take_down(self) -> None:
        network, more = self.network, self.more
        connections = network.virtual_network_gateway_connections
        await self.done(*(connections.begin_delete("rg", f"from-{one}", **more) for one in SIDES))
        await self.done(*(network.virtual_network_gateways.begin_delete("rg", one, **more) for one in SIDES))
        await self.done(
            *(network.public_ip_addresses.begin_delete("rg", one, **more) for one in SIDES),
            *(network.subnets.begin_delete("rg", one, "GatewaySubnet", **more) for one in SIDES),
        )
        await self.done(*(network.virtual_networks.begin_delete("rg", one, **more) for one in SIDES))


def resource(kind: str, name: str) -> str:
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/{kind}/{name}"


def gateway(side: str) -> Any:
    ip = {
        "subnet": {"id": f"{resource('virtualNetworks', side)}/subnets/GatewaySubnet"},
        "publicIPAddress": {"id": resource("publicIPAddresses", side)},
    }
    properties = {
        "ipConfigurations": [{"name": "default", "properties": ip}],
        "gatewayType": "Vpn",
        "vpnType": "RouteBased",
        "sku": {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
    }
    return {**HERE, "properties": properties}


def connection(side: str) -> Any:
    near, far = sorted(SIDES, key=lambda one: one != side)
    ends = {
        "virtualNetworkGateway1": {"id": resource("virtualNetworkGateways", near)},
        "virtualNetworkGateway2": {"id": resource("virtualNetworkGateways", far)},
    }
    return {**HERE, "properties": {**ends, "connectionType": "Vnet2Vnet", "sharedKey": KEY}}


def vnet(number: int) -> Any:
    return {**HERE, "properties": {"addressSpace": {"addressPrefixes": [f"10.{number}.0.0/16"]}}}


def subnet(number: int) -> Any:
    return {"properties": {"addressPrefix": f"10.{number}.255.0/27"}}


def address() -> Any:
    static = {"publicIPAllocationMethod": "Static"}
    return {**HERE, "sku": {"name": "Standard"}, "zones": ["1", "2", "3"], "properties": static}


def code(refused: pytest.ExceptionInfo[HttpResponseError]) -> str | None:
    assert refused.value.error is not None
    return refused.value.error.code


async def test_a_vpn_lives_at_any_speed(armsim: ArmsimProcess) -> None:
    trust: dict[str, Any] = {"connection_verify": str(armsim.dir / "ca.pem")}
    who: dict[str, Any] = {"authority": armsim.endpoint, "disable_instance_discovery": True, **trust}
    where: dict[str, Any] = {"base_url": armsim.endpoint, "credential_scopes": [f"{armsim.endpoint}/.default"], **trust}
    async with (
        ClientSecretCredential(TENANT_A, "app", "secret", **who) as credential,
        NetworkManagementClient(credential, SUBSCRIPTION, retry_total=0, **where) as network,
    ):
        life = Life(armsim, network)
        await life.make()
        await stands(life)
        await is_tagged(life)
        await is_rekeyed(life)
        await holds_what_it_needs(life)
        await life.take_down()
    state = armsim.state()
    assert [state[name] for name in ("vnets", "addresses", "gateways", "connections")] == [[], [], [], []]
    known = [one["exists"] for one in armsim.tunnels().values()]
    assert known == [False, False]


async def stands(life: Life) -> None:
    life.armsim.advance(200)
    assert await life.statuses() == {"Connected"}
    assert await life.keys() == {KEY}
    listed = [one async for one in life.network.virtual_network_gateways.list_connections("rg", "one")]
    assert [(one.name, one.connection_status, one.shared_key) for one in listed] == [("from-one", None, None)]
    shown = life.armsim.tunnels()
    assert all(one["up"] and one["downSeconds"] == 0 for one in shown.values())


async def is_tagged(life: Life) -> None:
    network, more = life.network, life.more
    await life.done(
        network.virtual_network_gateways.begin_update_tags("rg", "one", TAGS, **more),
        network.virtual_network_gateway_connections.begin_update_tags("rg", "from-one", TAGS, **more),
    )
    at_once = await network.public_ip_addresses.update_tags("rg", "one", TAGS)
    gateway = await network.virtual_network_gateways.get("rg", "one")
    connection = await network.virtual_network_gateway_connections.get("rg", "from-one")
    assert [one.tags for one in (at_once, gateway, connection)] == [{"vnetlink": "x"}] * 3
    assert (gateway.provisioning_state, connection.connection_status) == ("Succeeded", "Connected")


async def is_rekeyed(life: Life) -> None:
    """Both ends at once cost nothing, but where a tunnel falls at once; one end, left alone, costs a fall."""
    life.armsim.forget_tunnels()
    await life.rekey(NEXT, *SIDES)
    assert await life.keys() == {NEXT}
    assert await life.statuses() == {"Connected"}
    down = max(one["downSeconds"] for one in life.armsim.tunnels().values())
    assert down < 30 if life.armsim.speed == "inf" else down == 0
    await life.rekey(LAST, "one")
    life.armsim.advance(7000)
    assert await life.statuses() == {"NotConnected"}
    await life.rekey(LAST, "two")
    life.armsim.advance(200)
    assert await life.statuses() == {"Connected"}
    shown = life.armsim.tunnels()["from-two"]
    assert shown["up"]
    assert shown["downSeconds"] >= 1000


async def holds_what_it_needs(life: Life) -> None:
    network = life.network
    with pytest.raises(HttpResponseError) as gateway:
        await network.virtual_network_gateways.begin_delete("rg", "one")
    with pytest.raises(HttpResponseError) as ip:
        await network.public_ip_addresses.begin_delete("rg", "one")
    with pytest.raises(HttpResponseError) as inner:
        await network.subnets.begin_delete("rg", "one", "GatewaySubnet")
    assert [code(one) for one in (gateway, ip, inner)] == [
        "VirtualNetworkGatewayCannotBeDeleted",
        "PublicIPAddressCannotBeDeleted",
        "InUseSubnetCannotBeDeleted",
    ]


def test_no_file_but_the_state_holds_a_key(tmp_path: Path) -> None:
    with ArmsimProcess(tmp_path / "armsim") as armsim:
        for number, side in enumerate(SIDES):
            armsim.gateway(
                armsim.vnet(side, f"10.{number}.0.0/16", subnets={"GatewaySubnet": f"10.{number}.0.0/27"}), side
            )
        path, body = resource("connections", "from-one"), connection("one")
        armsim.put(path, body)
        assert armsim.send("PUT", path, {**HERE, "properties": {"sharedKey": [KEY]}}).status == 400
        armsim.wait(armsim.send("PUT", f"{path}/sharedkey", {"value": NEXT}))
        assert armsim.get(f"{path}/sharedkey") == {"value": NEXT}
        assert armsim.send("PUT", f"{path}/unknown", {"value": NEXT}).status == 404
        files = {one.name: one for one in armsim.dir.rglob("*") if one.is_file()}
        told = [name for name, one in files.items() if any(key.encode() in one.read_bytes() for key in (KEY, NEXT))]
        assert set(told) <= {"state.json", "state.log"}
        assert {files[name].stat().st_mode & 0o777 for name in ("state.json", "state.log")} == {0o600}


def test_the_history_of_tunnels_outlives_kill_9(tmp_path: Path) -> None:
    with ArmsimProcess(tmp_path / "armsim") as armsim:
        for number, side in enumerate(SIDES):
            armsim.gateway(
                armsim.vnet(side, f"10.{number}.0.0/16", subnets={"GatewaySubnet": f"10.{number}.0.0/27"}), side
            )
        for side in SIDES:
            armsim.put(resource("connections", f"from-{side}"), connection(side))
        for key in (NEXT, KEY):
            armsim.wait(armsim.send("PUT", f"{resource('connections', 'from-one')}/sharedkey", {"value": key}))
            armsim.advance(100)
        before = armsim.tunnels()
        assert [one["downSeconds"] >= 100 for one in before.values()] == [True, True]
        armsim.kill()
        armsim.start()
        assert armsim.tunnels() == before
