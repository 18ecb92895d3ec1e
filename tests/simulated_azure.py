"""The simulator's core with a clock in the test's hand: no process, no socket, no waiting."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from armsim.core import Core
from armsim.messages import Request, Response
from armsim.settings import TENANT_A, Settings

SUB = "00000000-0000-0000-0000-000000000000"
SUB_2 = "00000000-0000-0000-0000-000000000001"
SUB_B = "00000000-0000-0000-0000-000000000002"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg"
VERSION = "2026-03-01"


class Azure:
    """Sends requests as one principal and moves time only when told to."""

    def __init__(self, settings: Settings | None = None, **changes: Any) -> None:
        self.now = 1_800_000_000.0
        self.core = Core(replace(settings or Settings(), **changes), now=self.now)

    def token(self, tenant: str = TENANT_A, client: str = "app") -> str:
        return self.core.login.issue(client, tenant, "https://management.azure.com", self.now, 3600)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        tenant: str = TENANT_A,
        client: str = "app",
        auxiliary: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
        version: str = VERSION,
    ) -> Response:
        """`body` may be bytes; `auxiliary` are tenants whose tokens go along."""
        sent = {"authorization": f"Bearer {self.token(tenant, client)}", **(headers or {})}
        if auxiliary:
            sent["x-ms-authorization-auxiliary"] = ", ".join(f"Bearer {self.token(one, client)}" for one in auxiliary)
        path = path.removeprefix("https://localhost")
        if "api-version=" not in path:
            path += ("&" if "?" in path else "?") + f"api-version={version}"
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.core.handle(Request(method, path, sent, raw), self.now)

    def control(self, method: str, path: str, body: Any = None) -> Response:
        raw = b"" if body is None else json.dumps(body).encode()
        return self.core.handle(Request(method, f"/_armsim/{path}", {}, raw), self.now)

    def wait(self, seconds: float = 3600.0) -> None:
        """Lets time pass, and the operations end that end in it."""
        self.now += seconds
        self.core.finish_due(self.now)

    def get(self, path: str, **more: Any) -> Any:
        response = self.send("GET", path, **more)
        assert response.status == 200, response.body
        return response.data

    def properties(self, path: str, **more: Any) -> Any:
        return self.get(path, **more)["properties"]

    def put(self, path: str, body: Any, **more: Any) -> Response:
        """PUT, must be accepted, and its operation's end."""
        response = self.send("PUT", path, body, **more)
        assert response.status in (200, 201), response.body
        self.wait()
        return response

    def delete(self, path: str, **more: Any) -> Response:
        response = self.send("DELETE", path, **more)
        assert response.status in (202, 204), response.body
        self.wait()
        return response

    def group(self, name: str = "rg", subscription: str = SUB, **more: Any) -> str:
        path = f"/subscriptions/{subscription}/resourceGroups/{name}"
        assert self.send("PUT", path, {"location": "westeurope"}, **more).status in (200, 201)
        return path

    def vnet(
        self,
        name: str,
        *prefixes: str,
        subnets: Mapping[str, str] | None = None,
        group: str = "rg",
        subscription: str = SUB,
        location: str = "westeurope",
        **more: Any,
    ) -> str:
        path = f"{self.group(group, subscription, **more)}/providers/Microsoft.Network/virtualNetworks/{name}"
        self.put(path, network(*prefixes, subnets=subnets, location=location), **more)
        return path

    def peer(self, vnet: str, remote: str, name: str = "", **flags: Any) -> str:
        """One side, to its end; its default name tells where it leads."""
        path = side(vnet, remote, name)
        self.put(path, peering(remote, **flags))
        return path

    def pair(self, **flags: Any) -> tuple[str, str, str, str]:
        """Two VNets with both sides: (vnet 1, vnet 2, side of 1, side of 2)."""
        one, two = self.vnet("one", "10.1.0.0/16"), self.vnet("two", "10.2.0.0/16")
        return one, two, self.peer(one, two, **flags), self.peer(two, one, **flags)

    def address(self, vnet: str, name: str = "", **more: Any) -> str:
        """A Standard address with zones, in the group of a VNet; its default name is that of the VNet's gateway."""
        path = gateway_address(vnet) if not name else f"{gateway_address(vnet).rpartition('/')[0]}/{name}"
        self.put(path, {**STANDARD_ADDRESS, **more})
        return path

    def gateway(self, vnet: str, name: str = "gw", **properties: Any) -> str:
        path = f"{vnet.partition('/virtualNetworks/')[0]}/virtualNetworkGateways/{name}"
        body = gateway(vnet, self.address(vnet))
        self.put(path, {**body, "properties": {**body["properties"], **properties}})
        return path

    def connected(self, **settings: Any) -> tuple[str, str]:
        """Two VNets with gateways, and a connection in each direction, made but not yet up."""
        one = self.vnet("one", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.255.0/27"})
        two = self.vnet("two", "10.2.0.0/16", subnets={"GatewaySubnet": "10.2.255.0/27"})
        first, second = self.gateway(one, "gw1"), self.gateway(two, "gw2")
        there, back = connection_path("there"), connection_path("back")
        for path, near, far in ((there, first, second), (back, second, first)):
            made = self.send("PUT", path, connection(near, far, **settings))
            assert made.status == 201, made.body
        self.wait(10)
        return there, back


def network(
    *prefixes: str, subnets: Mapping[str, str] | None = None, location: str = "westeurope", **properties: Any
) -> dict[str, Any]:
    inner = [{"name": name, "properties": {"addressPrefix": prefix}} for name, prefix in (subnets or {}).items()]
    space = {"addressPrefixes": list(prefixes)}
    return {"location": location, "properties": {"addressSpace": space, "subnets": inner, **properties}}


def peering(remote: str, **flags: Any) -> dict[str, Any]:
    return {"properties": {"remoteVirtualNetwork": {"id": remote}, **flags}}


def side(vnet: str, remote: str, name: str = "") -> str:
    return f"{vnet}/virtualNetworkPeerings/{name or 'to-' + remote.rpartition('/')[2]}"


STANDARD_ADDRESS: dict[str, Any] = {
    "location": "westeurope",
    "sku": {"name": "Standard"},
    "zones": ["1", "2", "3"],
    "properties": {"publicIPAllocationMethod": "Static"},
}


def gateway_address(vnet: str) -> str:
    """Where a VNet's gateway has its address by default; to be made by Azure.address."""
    return f"{vnet.replace('/virtualNetworks/', '/publicIPAddresses/')}-ip"


def connection_path(name: str) -> str:
    return f"{GROUP}/providers/Microsoft.Network/connections/{name}"


def connection(near: str, far: str, key: str = "abc123", **properties: Any) -> dict[str, Any]:
    ends = {"virtualNetworkGateway1": {"id": near}, "virtualNetworkGateway2": {"id": far}}
    inner = {**ends, "connectionType": "Vnet2Vnet", "routingWeight": 10, **properties}
    return {"location": "westeurope", "properties": {**inner, "sharedKey": key} if key else inner}


def gateway(vnet: str, address: str = "") -> dict[str, Any]:
    address = address or gateway_address(vnet)
    ip = {"subnet": {"id": f"{vnet}/subnets/GatewaySubnet"}, "publicIPAddress": {"id": address}}
    return {
        "location": "westeurope",
        "properties": {
            "gatewayType": "Vpn",
            "vpnType": "RouteBased",
            "sku": {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
            "ipConfigurations": [{"name": "default", "properties": ip}],
        },
    }


def code(response: Response) -> str:
    """The ARM error code of a refusal; checks that the body has ARM's shape."""
    error = response.data["error"]
    assert set(error) <= {"code", "message", "details"}
    assert error["message"]
    return str(error["code"])
