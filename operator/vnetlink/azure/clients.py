"""The SDK's clients and the calls we make with them. Waits for no long operation; retries nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from azure.core.async_paging import AsyncItemPaged
from azure.mgmt.network.aio import NetworkManagementClient
from azure.mgmt.network.models import (
    ConnectionSharedKey,
    PublicIPAddress,
    Subnet,
    TagsObject,
    VirtualNetwork,
    VirtualNetworkGateway,
    VirtualNetworkGatewayConnection,
    VirtualNetworkPeering,
)

from vnetlink.azure import shapes
from vnetlink.azure.answers import Answer, NoAnswer, Trouble
from vnetlink.azure.calls import UNREADABLE, Caught, CaughtKey, CaughtSilently, outcome
from vnetlink.azure.cloud import Cloud
from vnetlink.azure.identities import SWEEP_EVERY, UNUSED_FOR, Identities
from vnetlink.azure.limiter import Limiter
from vnetlink.azure.others import MAX_PAGES, Others
from vnetlink.azure.pipeline import policies
from vnetlink.azure.redaction import KnownKeys
from vnetlink.domain.arm_id import (
    ConnectionId,
    GatewayId,
    NetworkSecurityGroupId,
    PeeringId,
    PublicIpId,
    RouteTableId,
    SubnetId,
    VnetId,
    ZoneLinkId,
)
from vnetlink.domain.identity import Identity
from vnetlink.domain.shared_key import SharedKey
from vnetlink.planning.actions import Tags

DeletedBySdk = PeeringId | SubnetId | PublicIpId | GatewayId | ConnectionId | VnetId
Deletable = DeletedBySdk | ZoneLinkId
Taggable = PublicIpId | GatewayId | ConnectionId


class Clients:
    """One NetworkManagementClient for each identity, auxiliary identity and subscription, on shared connections.

    Clients of identities that are no longer used (an edited AzureCredential is another identity) are closed after an hour.
    """

    def __init__(
        self,
        cloud: Cloud,
        identities: Identities,
        limiter: Limiter,
        api_version: str | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cloud, self._identities, self._limiter, self._clock = cloud, identities, limiter, clock
        self._version: dict[str, Any] = {"api_version": api_version} if api_version else {}
        self._clients: dict[tuple[Identity, Identity | None, str], Network] = {}
        self._keys = KnownKeys()
        self._used: dict[tuple[Identity, Identity | None, str], float] = {}
        self._swept = clock()
        self._closing: set[asyncio.Task[None]] = set()

    def network(self, identity: Identity, auxiliary: Identity | None, subscription: str) -> Network:
        """The calls to Microsoft.Network in one subscription."""
        key = (identity, auxiliary, subscription.lower())
        self._sweep()
        self._used[key] = self._clock()
        if key not in self._clients:
            self._clients[key] = Network(self._client(*key), self._version, self._keys)
        return self._clients[key]

    def _sweep(self) -> None:
        now = self._clock()
        if now - self._swept < SWEEP_EVERY:
            return
        self._swept = now
        for key in [one for one, used in self._used.items() if now - used >= UNUSED_FOR]:
            del self._used[key]
            task = asyncio.ensure_future(self._clients.pop(key).close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Closes all clients; the connections are the identities'."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _client(self, identity: Identity, auxiliary: Identity | None, subscription: str) -> NetworkManagementClient:
        tokens = self._identities.tokens(identity)
        others = self._identities.tokens(auxiliary) if auxiliary else None
        return NetworkManagementClient(
            tokens,
            subscription,
            base_url=self._cloud.arm_endpoint,
            credential_scopes=[self._cloud.scope],
            policies=policies(self._cloud, self._limiter.lane(identity, subscription), tokens, others),
            transport=self._identities.wire.transport(),
        )


class Network:
    """A narrow port over the generated client: JSON objects in and out, `etag` of a write empty for none."""

    def __init__(self, client: NetworkManagementClient, version: Mapping[str, Any], keys: KnownKeys) -> None:
        self._client, self._version, self._keys = client, version, keys
        self.others = Others(client)

    # --- reads

    async def vnet(self, vnet: VnetId) -> Answer | Trouble:
        """GET of a virtual network with all its peerings."""
        caught = Caught()
        get = self._client.virtual_networks.get
        return await outcome(get(vnet.resource_group, vnet.name, **self._read(caught)), caught)

    async def vnets(self) -> AsyncIterator[Answer | Trouble]:
        """Every page of the subscription's virtual networks; ends after the first Trouble."""
        caught = Caught()
        async for page in _pages(self._client.virtual_networks.list_all(**self._read(caught)), caught):
            yield page

    async def gateway(self, gateway: GatewayId) -> Answer | Trouble:
        """GET of a virtual network gateway."""
        caught = Caught()
        get = self._client.virtual_network_gateways.get
        return await outcome(get(gateway.resource_group, gateway.name, **self._read(caught)), caught)

    async def public_ip(self, ip: PublicIpId) -> Answer | Trouble:
        """GET of a public IP address."""
        caught = Caught()
        get = self._client.public_ip_addresses.get
        return await outcome(get(ip.resource_group, ip.name, **self._read(caught)), caught)

    async def connection(self, connection: ConnectionId) -> Answer | Trouble:
        """GET of a connection, without the key that older API versions show."""
        caught = self._about(connection)
        get = self._client.virtual_network_gateway_connections.get
        return await outcome(get(connection.resource_group, connection.name, **self._read(caught)), caught)

    async def connections_of(self, gateway: GatewayId) -> Answer | Trouble:
        """All pages of a gateway's connections as one list; its etag is made of the ids in it."""
        caught, found = Caught(quotable=False), list[Any]()
        listed = self._client.virtual_network_gateways.list_connections
        async for page in _pages(listed(gateway.resource_group, gateway.name, **self._read(caught)), caught):
            if not isinstance(page, Answer):
                return page
            listing = page.document.get("value")
            if not isinstance(listing, list):
                return UNREADABLE
            found.extend(listing)
        ids = sorted(shapes.word(one, "id") for one in shapes.objects(found))
        return Answer(200, {"value": found, "etag": "\n".join(["connections", *ids])})

    async def shared_key(self, connection: ConnectionId) -> Answer | Trouble:
        """GET of a connection's key: `key` of the document is a SharedKey, or None when there is none."""
        caught = CaughtKey(*self._keys.of(connection), quotable=False)
        get = self._client.virtual_network_gateway_connections.get_shared_key
        answer = await outcome(get(connection.resource_group, connection.name, **self._read(caught)), caught)
        key = answer.document.get("key") if isinstance(answer, Answer) else None
        self._keys.note(connection, key if isinstance(key, SharedKey) else None)
        return answer

    async def network_security_group(self, group: NetworkSecurityGroupId) -> Answer | Trouble:
        """GET of a network security group with all its rules."""
        caught = Caught()
        get = self._client.network_security_groups.get
        return await outcome(get(group.resource_group, group.name, **self._read(caught)), caught)

    async def network_security_groups(self) -> AsyncIterator[Answer | Trouble]:
        """Every page of the subscription's network security groups; ends after the first Trouble."""
        caught = Caught()
        async for page in _pages(self._client.network_security_groups.list_all(**self._read(caught)), caught):
            yield page

    async def route_tables(self) -> AsyncIterator[Answer | Trouble]:
        """Every page of the subscription's route tables; ends after the first Trouble."""
        caught = Caught()
        async for page in _pages(self._client.route_tables.list_all(**self._read(caught)), caught):
            yield page

    async def route_table(self, table: RouteTableId) -> Answer | Trouble:
        """GET of a route table with all its routes."""
        caught = Caught()
        get = self._client.route_tables.get
        return await outcome(get(table.resource_group, table.name, **self._read(caught)), caught)

    # --- writes

    async def put_peering(
        self, peering: PeeringId, body: Mapping[str, Any], *, sync: bool, etag: str
    ) -> Answer | Trouble:
        """PUT of a peering."""
        caught = Caught()
        step = self._client.virtual_network_peerings.begin_create_or_update(
            *_child(peering),
            VirtualNetworkPeering(body),
            sync_remote_address_space="true" if sync else None,
            **self._write(caught, etag),
        )
        return await outcome(step, caught)

    async def put_vnet(self, vnet: VnetId, body: Mapping[str, Any], *, etag: str) -> Answer | Trouble:
        """PUT of a whole virtual network; without an `etag` only onto none, which is ours to check: whether ARM does is
        unverified (arm.md 1.2)."""
        caught = Caught()
        options = self._write(caught, etag)
        guard = {"headers": {"If-None-Match": "*"}} if not etag else {}
        put = self._client.virtual_networks.begin_create_or_update
        step = put(vnet.resource_group, vnet.name, VirtualNetwork(body), **{**options, **guard})
        return await outcome(step, caught)

    async def put_subnet(self, subnet: SubnetId, body: Mapping[str, Any]) -> Answer | Trouble:
        """PUT of a subnet."""
        caught = Caught()
        put = self._client.subnets.begin_create_or_update
        return await outcome(put(*_child(subnet), Subnet(body), **self._write(caught)), caught)

    async def put_public_ip(self, ip: PublicIpId, body: Mapping[str, Any]) -> Answer | Trouble:
        """PUT of a public IP address."""
        caught = Caught()
        put = self._client.public_ip_addresses.begin_create_or_update
        return await outcome(put(*_item(ip), PublicIPAddress(body), **self._write(caught)), caught)

    async def put_gateway(self, gateway: GatewayId, body: Mapping[str, Any], *, etag: str) -> Answer | Trouble:
        """PUT of a gateway."""
        caught = Caught()
        put = self._client.virtual_network_gateways.begin_create_or_update
        return await outcome(put(*_item(gateway), VirtualNetworkGateway(body), **self._write(caught, etag)), caught)

    async def put_connection(
        self, connection: ConnectionId, body: Mapping[str, Any], key: SharedKey | None, *, etag: str
    ) -> Answer | Trouble:
        """PUT of a connection; `key` goes into the body here and nowhere before."""
        self._keys.note(connection, key)
        caught = self._about(connection)
        secret = {"sharedKey": key.reveal()} if key else {}
        whole = VirtualNetworkGatewayConnection({**body, "properties": {**body["properties"], **secret}})
        put = self._client.virtual_network_gateway_connections.begin_create_or_update
        return await outcome(put(*_item(connection), whole, **self._write(caught, etag)), caught)

    async def put_shared_key(self, connection: ConnectionId, key: SharedKey) -> Answer | Trouble:
        """PUT of a connection's key; the answer's document is empty."""
        self._keys.note(connection, key)
        caught = CaughtSilently(*self._keys.of(connection), quotable=False)
        put = self._client.virtual_network_gateway_connections.begin_set_shared_key
        value = ConnectionSharedKey({"value": key.reveal()})
        return await outcome(put(*_item(connection), value, **self._write(caught)), caught)

    async def patch_tags(self, target: Taggable, tags: Tags, *, etag: str) -> Answer | Trouble:
        """PATCH of all tags; of an address it is done at once."""
        caught, sent = self._about(target), TagsObject({"tags": dict(tags)})
        options, where = self._write(caught, etag), _item(target)
        match target:
            case GatewayId():
                return await outcome(
                    self._client.virtual_network_gateways.begin_update_tags(*where, sent, **options), caught
                )
            case ConnectionId():
                update = self._client.virtual_network_gateway_connections.begin_update_tags
                return await outcome(update(*where, sent, **options), caught)
            case PublicIpId():
                del options["polling"]
                return await outcome(self._client.public_ip_addresses.update_tags(*where, sent, **options), caught)

    async def delete(self, target: Deletable, *, etag: str) -> Answer | Trouble:
        """DELETE of whatever it is."""
        if isinstance(target, ZoneLinkId):
            return await self.others.delete_zone_link(target, etag=etag)
        caught = self._about(target)
        return await outcome(self._delete(target, self._write(caught, etag)), caught)

    async def close(self) -> None:
        """Closes the client."""
        await self._client.close()

    # --- what all calls have in common

    def _about(self, target: object) -> Caught:
        """For an answer in which the key of a connection may stand, if `target` is one."""
        return Caught(*self._keys.of(target), quotable=False) if isinstance(target, ConnectionId) else Caught()

    def _read(self, caught: Caught) -> dict[str, Any]:
        return {"raw_response_hook": caught.whole, **self._version}

    def _write(self, caught: Caught, etag: str = "") -> dict[str, Any]:
        """Nothing is polled: an operation is seen by later reads."""
        guard = {"headers": {"If-Match": etag}} if etag else {}
        return {"polling": False, "raw_response_hook": caught.head, **guard, **self._version}

    def _delete(self, target: DeletedBySdk, options: dict[str, Any]) -> Awaitable[object]:
        match target:
            case VnetId():
                return self._client.virtual_networks.begin_delete(target.resource_group, target.name, **options)
            case PeeringId():
                return self._client.virtual_network_peerings.begin_delete(*_child(target), **options)
            case SubnetId():
                return self._client.subnets.begin_delete(*_child(target), **options)
            case PublicIpId():
                return self._client.public_ip_addresses.begin_delete(*_item(target), **options)
            case GatewayId():
                return self._client.virtual_network_gateways.begin_delete(*_item(target), **options)
            case ConnectionId():
                return self._client.virtual_network_gateway_connections.begin_delete(*_item(target), **options)


async def _pages(listed: AsyncItemPaged[Any], caught: Caught) -> AsyncIterator[Answer | Trouble]:
    """Every page of a list; ends after the first Trouble. A loop of nextLinks is one."""
    pages, followed = listed.by_page(), set[str]()
    for _ in range(MAX_PAGES):
        page = await outcome(anext(pages), caught)
        yield page
        link = str(page.document.get("nextLink") or "") if isinstance(page, Answer) else ""
        if not link:
            return
        if link in followed:
            break
        followed.add(link)
    yield NoAnswer("Azure Resource Manager's list does not end")


def _item(target: PublicIpId | GatewayId | ConnectionId) -> tuple[str, str]:
    return target.resource_group, target.name


def _child(target: PeeringId | SubnetId) -> tuple[str, str, str]:
    return target.vnet.resource_group, target.vnet.name, target.name
