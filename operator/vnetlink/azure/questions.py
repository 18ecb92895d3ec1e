"""What can be asked of ARM: for each thing its key, its GET, and how the answer is understood. Sends nothing itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from vnetlink.azure import codecs, other_codecs, traffic_codecs, vpn_codecs
from vnetlink.azure.answers import Answer, Trouble
from vnetlink.azure.shapes import Json, Unintelligible
from vnetlink.domain.arm_id import (
    ConnectionId,
    GatewayId,
    NetworkSecurityGroupId,
    PrivateDnsZoneId,
    PublicIpId,
    ResourceGroupId,
    RouteTableId,
    VnetId,
)
from vnetlink.domain.network_security import NetworkSecurityGroup
from vnetlink.domain.observed import (
    ListedConnection,
    ObservedConnection,
    ObservedGateway,
    ObservedPublicIp,
    ObservedVnet,
    ObservedZoneLink,
)
from vnetlink.domain.routing import RouteTable
from vnetlink.domain.shared_key import SharedKey

if TYPE_CHECKING:
    from vnetlink.azure.clients import Network

T = TypeVar("T")
Ask: TypeAlias = "Callable[[Network], Awaitable[Answer | Trouble]]"


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """`decode` gives None for what is not there and raises Unintelligible; `what` names it in messages.

    `settling` marks a value that is older than our own write; None where a value cannot say so and must not be shown then.
    """

    key: str
    subscription: str
    what: str
    ask: Ask
    decode: Callable[[Json], T | None]
    settling: Callable[[T], T] | None = None


def vnet(vnet: VnetId) -> Question[ObservedVnet]:
    """A virtual network with its peerings and subnets."""
    return Question(
        vnet.key,
        vnet.subscription,
        str(vnet),
        lambda network: network.vnet(vnet),
        lambda document: codecs.vnet(document, vnet),
        lambda value: replace(value, settling=True),
    )


def gateway(gateway: GatewayId) -> Question[ObservedGateway]:
    """A virtual network gateway."""
    return Question(
        gateway.key,
        gateway.subscription,
        str(gateway),
        lambda network: network.gateway(gateway),
        lambda document: vpn_codecs.gateway(document, gateway),
        lambda value: replace(value, settling=True),
    )


def public_ip(ip: PublicIpId) -> Question[ObservedPublicIp]:
    """A public IP address."""
    return Question(
        ip.key,
        ip.subscription,
        str(ip),
        lambda network: network.public_ip(ip),
        lambda document: vpn_codecs.public_ip(document, ip),
        lambda value: replace(value, settling=True),
    )


def connection(connection: ConnectionId) -> Question[ObservedConnection]:
    """A connection with its status."""
    return Question(
        connection.key,
        connection.subscription,
        str(connection),
        lambda network: network.connection(connection),
        lambda document: vpn_codecs.connection(document, connection),
        lambda value: replace(value, settling=True),
    )


def connections_of(gateway: GatewayId) -> Question[tuple[ListedConnection, ...]]:
    """The connections that begin at a gateway."""
    return Question(
        f"{gateway.key}/connections",
        gateway.subscription,
        f"{gateway}/connections",
        lambda network: network.connections_of(gateway),
        lambda document: vpn_codecs.connections_of(document, gateway),
    )


def shared_key(connection: ConnectionId) -> Question[SharedKey]:
    """The key of a connection."""
    return Question(
        f"{connection.key}/sharedkey",
        connection.subscription,
        f"{connection}/sharedKey",
        lambda network: network.shared_key(connection),
        _key,
    )


def locations(subscription: str) -> Question[Mapping[str, tuple[str, ...]]]:
    """The regions of a subscription with their zones."""
    return Question(
        f"/subscriptions/{subscription.lower()}/locations",
        subscription,
        f"/subscriptions/{subscription}/locations",
        lambda network: network.others.locations(subscription),
        vpn_codecs.zones,
    )


def resource_group(group: ResourceGroupId) -> Question[bool]:
    """Whether a resource group is there: True, or nothing."""
    return Question(
        group.key,
        group.subscription,
        str(group),
        lambda network: network.others.resource_group(group),
        lambda document: other_codecs.resource_group(document, group),
    )


def private_dns_zones(subscription: str) -> Question[tuple[PrivateDnsZoneId, ...]]:
    """The private DNS zones of a subscription that are linked to any VNet."""
    where = f"/subscriptions/{subscription}/providers/Microsoft.Network/privateDnsZones"
    return Question(
        where.lower(),
        subscription,
        where,
        lambda network: network.others.private_dns_zones(subscription),
        lambda document: other_codecs.linked_zones(document, subscription),
    )


def zone_links(zone: PrivateDnsZoneId) -> Question[tuple[ObservedZoneLink, ...]]:
    """The links of a private DNS zone. A list that is older than our own write is not shown: it may lack a link."""
    return Question(
        f"{zone.key}/virtualnetworklinks",
        zone.subscription,
        f"{zone}/virtualNetworkLinks",
        lambda network: network.others.zone_links(zone),
        lambda document: other_codecs.zone_links(document, zone),
    )


def network_security_group(group: NetworkSecurityGroupId) -> Question[NetworkSecurityGroup]:
    """A network security group with its rules."""
    return Question(
        group.key,
        group.subscription,
        str(group),
        lambda network: network.network_security_group(group),
        lambda document: traffic_codecs.network_security_group(document, group),
    )


def route_table(table: RouteTableId) -> Question[RouteTable]:
    """A route table with its routes."""
    return Question(
        table.key,
        table.subscription,
        str(table),
        lambda network: network.route_table(table),
        lambda document: traffic_codecs.route_table(document, table),
    )


def _key(document: Json) -> SharedKey | None:
    key = document.get("key")
    if key is not None and not isinstance(key, SharedKey):
        raise Unintelligible("the answer is not a key")
    return key
