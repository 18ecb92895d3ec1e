"""Words that several stories of a VPN share: a tunnel that stands, what people make by hand beside it, and what is there by now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from estate import eventually
from vpn_estate import KEY, VpnEstate

PAIR = "app-to-data"
KINDS = ("connections", "virtualNetworkGateways", "publicIPAddresses")
SELECT: Mapping[str, Any] = {"gateway": {}}
MADE = {
    *("app-data", "data-app", "app-gateway", "data-gateway", "app-gateway-ip", "data-gateway-ip"),
    *("app/GatewaySubnet", "data/GatewaySubnet"),
}
WITH_ROOM = {"GatewaySubnet": "10.1.255.0/27"}, {"GatewaySubnet": "10.2.255.0/27"}


def tunnel(vpn: VpnEstate, name: str = PAIR, **spec: Any) -> tuple[str, str]:
    """app and data, the operator running, and a Ready pair between them that made all it needs."""
    ends = vpn.two_vnets()
    vpn.secret()
    if not vpn.operator.alive:
        vpn.start()
    vpn.vpn(name, *ends, **{"interval": "1s", **spec})
    vpn.wait_ready(name)
    return ends


def by_hand(vpn: VpnEstate) -> tuple[str, str]:
    """app and data, each with a gateway that a person made: gw-app and gw-data."""
    app = vpn.azure.vnet("app", "10.1.0.0/16", subnets=WITH_ROOM[0])
    data = vpn.azure.vnet("data", "10.2.0.0/16", subnets=WITH_ROOM[1])
    vpn.azure.gateway(app, "gw-app")
    vpn.azure.gateway(data, "gw-data")
    return app, data


def network(vpn: VpnEstate, kind: str, name: str, group: str = "rg") -> str:
    """The id of a resource of Microsoft.Network."""
    return f"{vpn.azure.group(group)}/providers/Microsoft.Network/{kind}/{name}"


def gateway(vpn: VpnEstate, name: str) -> str:
    return network(vpn, "virtualNetworkGateways", name)


def connection(vpn: VpnEstate, name: str) -> str:
    return network(vpn, "connections", name)


def connect(vpn: VpnEstate, name: str, near: str, far: str, key: str = KEY, **options: Any) -> str:
    """Make or change a connection as a person does, between two gateways by name; as spec's defaults have it."""
    usual = {"routingWeight": 10, "dpdTimeoutSeconds": 45, "connectionProtocol": "IKEv2", "connectionMode": "Default"}
    properties = {
        "connectionType": "Vnet2Vnet",
        "sharedKey": key,
        **usual,
        **options,
        "virtualNetworkGateway1": {"id": gateway(vpn, near)},
        "virtualNetworkGateway2": {"id": gateway(vpn, far)},
    }
    path = connection(vpn, name)
    vpn.azure.put(path, {"location": "westeurope", "properties": properties})
    return path


def site_to_site(vpn: VpnEstate, name: str, near: str) -> str:
    """A connection of another type, to a device on somebody's premises."""
    local = network(vpn, "localNetworkGateways", "office")
    there = {"gatewayIpAddress": "203.0.113.7", "localNetworkAddressSpace": {"addressPrefixes": ["192.168.0.0/24"]}}
    vpn.azure.put(local, {"location": "westeurope", "properties": there})
    path = connection(vpn, name)
    ends = {"virtualNetworkGateway1": {"id": gateway(vpn, near)}, "localNetworkGateway2": {"id": local}}
    vpn.azure.put(path, {"location": "westeurope", "properties": {"connectionType": "IPsec", "sharedKey": KEY, **ends}})
    return path


def retag(vpn: VpnEstate, id: str, **tags: str) -> None:
    """Give a resource these tags instead of those that it has; `_` stands for `-`."""
    wanted = {name.replace("_", "-"): value for name, value in tags.items()}
    answer = vpn.azure.send("PATCH", id, {"tags": wanted})
    assert answer.status in (200, 202), answer.body
    vpn.azure.wait(answer)


def there(vpn: VpnEstate) -> set[str]:
    """Everything in the group that belongs to a VPN, by name; a GatewaySubnet as VNET/GatewaySubnet."""
    named = {name for kind in KINDS for name in vpn.names(kind)}
    vnets = vpn.azure.get(network(vpn, "virtualNetworks", "x").removesuffix("/x"))["value"]
    inside = {f"{vnet['name']}/{one['name']}" for vnet in vnets for one in vnet["properties"]["subnets"]}
    return named | {path for path in inside if path.endswith("/GatewaySubnet")}


def goes(vpn: VpnEstate, name: str) -> dict[str, str]:
    """What status says that a delete does, by the name of the resource as `there` writes it."""
    return {_short(one["id"]): one["onDelete"] for one in vpn.status(name)["resources"]}


def origins(vpn: VpnEstate, name: str) -> dict[str, str]:
    """Where status says that each resource comes from."""
    return {_short(one["id"]): one.get("origin", "") for one in vpn.status(name)["resources"]}


def quiet(vpn: VpnEstate, id: str, times: int = 3) -> None:
    """Until the operator has looked at this a few more times: what it still wanted to write is written."""
    since, path = vpn.azure.last_request(), id.partition("/providers/")[2]
    me = vpn.azure.env["AZURE_CLIENT_ID"]

    def looks() -> list[dict[str, Any]]:
        asked = vpn.azure.requests(since, "GET", path)
        return [one for one in asked if one["principal"] == me]

    eventually(f"{times} more looks at {path}", lambda: len(looks()) >= times)


def _short(id: str) -> str:
    parts = id.split("/")
    return f"{parts[-3]}/{parts[-1]}" if parts[-2] == "subnets" else parts[-1]
