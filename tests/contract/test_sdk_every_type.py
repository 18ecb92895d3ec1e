"""azure-mgmt-network and azure-mgmt-privatedns, sync and aio, make, read, change, list and delete every type over TLS."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import azure.identity
import azure.identity.aio
import azure.mgmt.network
import azure.mgmt.network.aio
import azure.mgmt.privatedns
import azure.mgmt.privatedns.aio
import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from armsim_process import SUBSCRIPTION, TENANT_A, ArmsimProcess

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
PLACE = {"location": "westeurope"}


@pytest.fixture(scope="module")
def armsim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArmsimProcess]:
    with ArmsimProcess(tmp_path_factory.mktemp("armsim")) as process:
        yield process


class Sdk:
    """Both SDKs of one kind. Whatever a call gives, a poller, a pager or a value, `run` follows it to its end."""

    def __init__(self, network: Any, dns: Any) -> None:
        self.network = network
        self.dns = dns

    async def run(self, where: str, verb: str, *given: Any) -> Any:
        client, _, operations = where.partition(".")
        value = getattr(getattr(getattr(self, client), operations), verb)(*given)
        if inspect.isawaitable(value):
            value = await value
        if hasattr(value, "result"):
            value = value.result()
            return await value if inspect.isawaitable(value) else value
        if hasattr(value, "__aiter__"):
            return [one async for one in value]
        return list(value) if hasattr(value, "by_page") else value


@pytest.fixture(params=["sync", "aio"])
async def sdk(armsim: ArmsimProcess, request: Any) -> AsyncIterator[Sdk]:
    """Against an Azure that holds one empty group. Its CA is given by hand: aiohttp reads SSL_CERT_FILE once a process."""
    armsim.reset()
    armsim.group("rg")
    ca = {"connection_verify": str(armsim.dir / "ca.pem")}
    aio = request.param == "aio"
    identity = azure.identity.aio if aio else azure.identity
    network = azure.mgmt.network.aio if aio else azure.mgmt.network
    dns = azure.mgmt.privatedns.aio if aio else azure.mgmt.privatedns
    here: dict[str, Any] = {"base_url": armsim.endpoint, "credential_scopes": [f"{armsim.endpoint}/.default"], **ca}
    async with AsyncExitStack() as stack:

        async def opened(made: Any) -> Any:
            return await stack.enter_async_context(made) if aio else stack.enter_context(made)

        login = identity.ClientSecretCredential(
            TENANT_A, "app", "secret", authority=armsim.endpoint, disable_instance_discovery=True, **ca
        )
        credential = await opened(login)
        clients = [network.NetworkManagementClient, dns.PrivateDnsManagementClient]
        yield Sdk(*[await opened(one(credential, SUBSCRIPTION, retry_total=0, **here)) for one in clients])


@dataclass(frozen=True)
class Type:
    """`names` lead to one resource inside the group; `change` alters a body and `seen` reads that back."""

    where: str
    names: tuple[str, ...]
    body: dict[str, Any]
    change: Callable[[dict[str, Any]], None]
    seen: Callable[[Any], Any]
    changed: Any
    needs: Callable[[ArmsimProcess], object] = lambda armsim: None
    retag: str = ""
    lists: tuple[str, ...] = ("list",)
    tags: dict[str, str] = field(default_factory=lambda: {"owner": "me"})


def of(**properties: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: body["properties"].update(properties)


def network_with_gateway_subnet(armsim: ArmsimProcess, name: str = "v", number: int = 0) -> None:
    armsim.vnet(name, f"10.{number}.0.0/16", subnets={"GatewaySubnet": f"10.{number}.255.0/27"})


def address(armsim: ArmsimProcess, name: str) -> None:
    armsim.put(f"{NETWORK}/publicIPAddresses/{name}", ADDRESS)


def gateways(armsim: ArmsimProcess) -> None:
    for number, name in enumerate(("g1", "g2")):
        network_with_gateway_subnet(armsim, f"v{number}", number)
        address(armsim, f"{name}-ip")
        armsim.gateway(f"{NETWORK}/virtualNetworks/v{number}", name)


def two_networks(armsim: ArmsimProcess) -> None:
    for number, name in enumerate(("v", "w")):
        armsim.vnet(name, f"10.{number}.0.0/16")


def one_gateway_needs(armsim: ArmsimProcess) -> None:
    network_with_gateway_subnet(armsim)
    address(armsim, "ip")


def zone_and_network(armsim: ArmsimProcess) -> None:
    armsim.vnet("v", "10.0.0.0/16")
    answer = armsim.send("PUT", f"{NETWORK}/privateDnsZones/corp.example", {"location": "global"})
    armsim.wait(answer)


ADDRESS: dict[str, Any] = {
    **PLACE,
    "sku": {"name": "Standard", "tier": "Regional"},
    "zones": ["1", "2", "3"],
    "properties": {"publicIPAllocationMethod": "Static", "idleTimeoutInMinutes": 4},
}
RULE = {
    "protocol": "Tcp",
    "sourcePortRange": "*",
    "destinationPortRange": "22",
    "sourceAddressPrefix": "*",
    "destinationAddressPrefix": "*",
    "access": "Deny",
    "priority": 100,
    "direction": "Inbound",
}
GATEWAY_IP = {
    "subnet": {"id": f"{NETWORK}/virtualNetworks/v/subnets/GatewaySubnet"},
    "publicIPAddress": {"id": f"{NETWORK}/publicIPAddresses/ip"},
}
GATEWAY = {
    "gatewayType": "Vpn",
    "vpnType": "RouteBased",
    "sku": {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
    "ipConfigurations": [{"name": "default", "properties": GATEWAY_IP}],
}
CONNECTION = {
    "connectionType": "Vnet2Vnet",
    "sharedKey": "Abc123",
    "routingWeight": 10,
    "virtualNetworkGateway1": {"id": f"{NETWORK}/virtualNetworkGateways/g1", "properties": {}},
    "virtualNetworkGateway2": {"id": f"{NETWORK}/virtualNetworkGateways/g2", "properties": {}},
}

TYPES = (
    Type(
        "network.virtual_networks",
        ("v",),
        {**PLACE, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}},
        of(addressSpace={"addressPrefixes": ["10.0.0.0/16", "10.5.0.0/16"]}),
        lambda one: one.address_space.address_prefixes,
        ["10.0.0.0/16", "10.5.0.0/16"],
        retag="update_tags",
        lists=("list", "list_all"),
    ),
    Type(
        "network.subnets",
        ("v", "s"),
        {"properties": {"addressPrefix": "10.0.1.0/24"}},
        of(addressPrefix="10.0.2.0/24"),
        lambda one: one.address_prefix,
        "10.0.2.0/24",
        lambda armsim: armsim.vnet("v", "10.0.0.0/16"),
    ),
    Type(
        "network.virtual_network_peerings",
        ("v", "p"),
        {"properties": {"remoteVirtualNetwork": {"id": f"{NETWORK}/virtualNetworks/w"}}},
        of(allowForwardedTraffic=True),
        lambda one: one.allow_forwarded_traffic,
        True,
        two_networks,
    ),
    Type(
        "network.public_ip_addresses",
        ("ip",),
        ADDRESS,
        of(idleTimeoutInMinutes=9),
        lambda one: one.idle_timeout_in_minutes,
        9,
        retag="update_tags",
        lists=("list", "list_all"),
    ),
    Type(
        "network.network_security_groups",
        ("nsg",),
        {**PLACE, "properties": {"securityRules": []}},
        of(securityRules=[{"name": "r", "properties": RULE}]),
        lambda one: [rule.name for rule in one.security_rules],
        ["r"],
        retag="update_tags",
        lists=("list", "list_all"),
    ),
    Type(
        "network.security_rules",
        ("nsg", "r"),
        {"properties": RULE},
        of(priority=200),
        lambda one: one.priority,
        200,
        lambda armsim: armsim.put(f"{NETWORK}/networkSecurityGroups/nsg", {**PLACE, "properties": {}}),
    ),
    Type(
        "network.route_tables",
        ("t",),
        {**PLACE, "properties": {"disableBgpRoutePropagation": False}},
        of(disableBgpRoutePropagation=True),
        lambda one: one.disable_bgp_route_propagation,
        True,
        retag="update_tags",
        lists=("list", "list_all"),
    ),
    Type(
        "network.routes",
        ("t", "r"),
        {"properties": {"addressPrefix": "10.9.0.0/16", "nextHopType": "VnetLocal"}},
        of(nextHopType="None"),
        lambda one: one.next_hop_type,
        "None",
        lambda armsim: armsim.put(f"{NETWORK}/routeTables/t", {**PLACE, "properties": {}}),
    ),
    Type(
        "network.local_network_gateways",
        ("l",),
        {
            **PLACE,
            "properties": {
                "gatewayIpAddress": "203.0.113.7",
                "localNetworkAddressSpace": {"addressPrefixes": ["10.9.0.0/16"]},
            },
        },
        of(gatewayIpAddress="203.0.113.8"),
        lambda one: one.gateway_ip_address,
        "203.0.113.8",
        retag="update_tags",
    ),
    Type(
        "network.network_interfaces",
        ("n",),
        {
            **PLACE,
            "properties": {
                "ipConfigurations": [
                    {"name": "i", "properties": {"subnet": {"id": f"{NETWORK}/virtualNetworks/v/subnets/s"}}}
                ]
            },
        },
        of(enableIPForwarding=True),
        lambda one: one.enable_ip_forwarding,
        True,
        lambda armsim: armsim.vnet("v", "10.0.0.0/16", subnets={"s": "10.0.1.0/24"}),
        retag="update_tags",
        lists=("list", "list_all"),
    ),
    Type(
        "network.virtual_network_gateways",
        ("g",),
        {**PLACE, "properties": GATEWAY},
        of(sku={"name": "VpnGw2AZ", "tier": "VpnGw2AZ"}),
        lambda one: one.sku.name,
        "VpnGw2AZ",
        one_gateway_needs,
        retag="begin_update_tags",
    ),
    Type(
        "network.virtual_network_gateway_connections",
        ("c",),
        {**PLACE, "properties": CONNECTION},
        of(routingWeight=20),
        lambda one: one.routing_weight,
        20,
        gateways,
        retag="begin_update_tags",
    ),
    Type(
        "dns.private_zones",
        ("corp.example",),
        {"location": "global", "tags": {"a": "b"}},
        lambda body: body.update(tags={"a": "c"}),
        lambda one: one.tags,
        {"a": "c"},
        retag="begin_update",
        lists=("list_by_resource_group", "list"),
    ),
    Type(
        "dns.virtual_network_links",
        ("corp.example", "l"),
        {
            "location": "global",
            "properties": {
                "virtualNetwork": {"id": f"{NETWORK}/virtualNetworks/v"},
                "registrationEnabled": False,
            },
        },
        of(registrationEnabled=True),
        lambda one: one.registration_enabled,
        True,
        zone_and_network,
        retag="begin_update",
    ),
)


@pytest.mark.parametrize("kind", TYPES, ids=lambda one: one.where)
async def test_every_type_is_made_read_changed_listed_and_deleted(armsim: ArmsimProcess, sdk: Sdk, kind: Type) -> None:
    kind.needs(armsim)
    body = {**kind.body, "properties": dict(kind.body.get("properties", {}))}
    made = await sdk.run(kind.where, "begin_create_or_update", "rg", *kind.names, body)
    read = await sdk.run(kind.where, "get", "rg", *kind.names)
    assert (made.id, made.name, made.provisioning_state) == (read.id, kind.names[-1], "Succeeded")
    assert kind.seen(made) != kind.changed

    kind.change(body)
    changed = await sdk.run(kind.where, "begin_create_or_update", "rg", *kind.names, body)
    assert kind.seen(changed) == kind.changed
    if kind.retag:
        tagged = await sdk.run(kind.where, kind.retag, "rg", *kind.names, {"tags": kind.tags})
        assert (tagged.tags, kind.seen(tagged)) == (kind.tags, kind.tags if "tags" in kind.body else kind.changed)

    for verb in kind.lists:
        parents = ("rg", *kind.names[:-1]) if verb in ("list", "list_by_resource_group") else ()
        parents = () if (kind.where, verb) == ("dns.private_zones", "list") else parents
        assert made.id in [one.id for one in await sdk.run(kind.where, verb, *parents)]

    await sdk.run(kind.where, "begin_delete", "rg", *kind.names)
    with pytest.raises(ResourceNotFoundError):
        await sdk.run(kind.where, "get", "rg", *kind.names)
    await sdk.run(kind.where, "begin_delete", "rg", *kind.names)  # 204, no error


async def test_a_shared_key_is_read_set_and_made_anew(armsim: ArmsimProcess, sdk: Sdk) -> None:
    gateways(armsim)
    where = "network.virtual_network_gateway_connections"
    await sdk.run(where, "begin_create_or_update", "rg", "c", {**PLACE, "properties": CONNECTION})
    assert (await sdk.run(where, "get_shared_key", "rg", "c")).value == "Abc123"
    assert (await sdk.run(where, "get", "rg", "c")).shared_key is None  # as newer api-versions have it
    await sdk.run(where, "begin_set_shared_key", "rg", "c", {"value": "Def456"})
    assert (await sdk.run(where, "get_shared_key", "rg", "c")).value == "Def456"
    await sdk.run(where, "begin_reset_shared_key", "rg", "c", {"keyLength": 40})
    assert len((await sdk.run(where, "get_shared_key", "rg", "c")).value) == 40
    assert [one.name for one in await sdk.run("network.virtual_network_gateways", "list_connections", "rg", "g1")] == [
        "c"
    ]


async def test_what_is_in_use_is_kept_and_says_by_whom(armsim: ArmsimProcess, sdk: Sdk) -> None:
    gateways(armsim)
    with pytest.raises(HttpResponseError) as used:
        await sdk.run("network.public_ip_addresses", "begin_delete", "rg", "g1-ip")
    assert used.value.error is not None
    assert used.value.error.code == "PublicIPAddressCannotBeDeleted"
    assert "virtualNetworkGateways/g1/ipConfigurations" in str(used.value)
