"""What each write is about: the thing it builds on, the part of it that is written, the readings that it outdates. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from vnetlink.azure import codecs, other_codecs, questions
from vnetlink.azure.memory import Thing
from vnetlink.azure.questions import Question
from vnetlink.domain.arm_id import ConnectionId, GatewayId, PublicIpId, SubnetId, VnetId, ZoneLinkId
from vnetlink.domain.observed import (
    ObservedConnection,
    ObservedGateway,
    ObservedPeering,
    ObservedPublicIp,
    ObservedSubnet,
    ObservedVnet,
    ObservedZoneLink,
)
from vnetlink.domain.vpn import VNET2VNET
from vnetlink.planning.actions import (
    AzureAction,
    ChangePrefixes,
    DeletePart,
    DeletePeering,
    PatchTags,
    PutConnection,
    PutGateway,
    PutPeering,
    PutPublicIp,
    PutResourceGroup,
    PutSharedKey,
    PutSubnet,
    PutVnet,
    PutZoneLink,
)

Part: TypeAlias = (
    ObservedPeering
    | ObservedSubnet
    | ObservedGateway
    | ObservedPublicIp
    | ObservedConnection
    | ObservedVnet
    | ObservedZoneLink
    | bool  # a resource group that is there
)
Subject: TypeAlias = Question[Any]  # of a VNet, gateway, address, connection, group or zone; `part` looks which
Deleted: TypeAlias = ConnectionId | GatewayId | PublicIpId | SubnetId | VnetId | ZoneLinkId


@dataclass(frozen=True, slots=True)
class Basis:
    """What a write builds on: the etag that it must still find (none for a creation), and its part as ARM showed it."""

    etag: str = ""
    shown: Mapping[str, object] | None = None
    part: Part | None = None


def subject(action: AzureAction) -> Subject:
    """What has to be read for the action, and what ARM's answer to it has the etag of: peerings and subnets are VNets'."""
    match action:
        case PutPeering() | DeletePeering() | PutSubnet():
            return questions.vnet(action.id.vnet)
        case PutPublicIp():
            return questions.public_ip(action.id)
        case PutGateway():
            return questions.gateway(action.id)
        case PutConnection() | PutSharedKey():
            return questions.connection(action.id)
        case PutVnet() | ChangePrefixes():
            return questions.vnet(action.id)
        case PutResourceGroup():
            return questions.resource_group(action.id)
        case PutZoneLink():
            return questions.zone_links(action.id.zone)
        case PatchTags() | DeletePart():
            return _about(action.id)


def part(action: AzureAction, value: object) -> Part | None:
    """What the action writes, in `value` of its subject; without what changes by itself. None: it is not there."""
    match value:
        case ObservedVnet() if isinstance(action, PutPeering | DeletePeering):
            return value.peering_named(action.id.name)
        case ObservedVnet() if isinstance(action.id, SubnetId):
            return value.subnet(action.id.name)
        case ObservedVnet():
            return replace(value, settling=False)
        case tuple() if isinstance(action.id, ZoneLinkId):
            return next((link for link in value if link.id == action.id), None)
        case True:
            return True
        case ObservedConnection():
            return replace(value, status="", settling=False)
        case ObservedGateway() | ObservedPublicIp():
            return replace(value, settling=False)
        case _:
            return None


def is_meant(action: AzureAction, there: Part) -> bool:
    """Whether what is there leads where the action says; a name alone identifies nothing."""
    match action, there:
        case ((PutPeering() | DeletePeering()), ObservedPeering()):
            return there.remote == action.remote
        case PutConnection(), ObservedConnection():
            known = (there.kind.lower(), there.near, there.far)
            return known == (VNET2VNET.lower(), action.near, action.far)
        case PutZoneLink(), ObservedZoneLink():
            return there.vnet == action.vnet
        case _:
            return True


def shown(action: AzureAction, document: Mapping[str, object]) -> Mapping[str, object] | None:
    """The part as ARM wrote it; only what an update carries along."""
    match action:
        case PutPeering():
            return codecs.shown_peering(document, action.id.name)
        case PutGateway() | PutConnection() | ChangePrefixes():
            return document
        case PutZoneLink():
            return other_codecs.shown_link(document, action.id)
        case _:
            return None


def etag(action: AzureAction, document: Mapping[str, object]) -> str:
    """What a write must still find: the list of a zone's links has no etag of ARM's, each link has one."""
    if isinstance(action.id, ZoneLinkId):
        document = other_codecs.shown_link(document, action.id)
    return str(document.get("etag") or "")


def outdated_by(action: AzureAction, there: Part | None) -> tuple[Thing, ...]:
    """Everything whose earlier readings count no longer, however the write ended; `there` is what was seen of its part."""
    match action:
        case PutPeering() | DeletePeering():
            return (action.id.vnet, action.remote)
        case PutSubnet():
            return (action.id.vnet,)
        case PutPublicIp():
            return (action.id,)
        case PutGateway():
            return (action.id, action.subnet.vnet, *action.public_ips)
        case PutConnection():
            return (*_of_connection(action.id), *map(questions.connections_of, (action.near, action.far)))
        case PutSharedKey():
            return _of_connection(action.id)
        case PutVnet() | ChangePrefixes():
            peers = (peering.remote for peering in there.peerings) if isinstance(there, ObservedVnet) else ()
            return (action.id, *peers)
        case PutResourceGroup():
            return (action.id,)
        case PutZoneLink():
            return (questions.zone_links(action.id.zone),)
        case PatchTags() | DeletePart():
            return (*_own(action.id), *_around(there))


def undone_on(action: AzureAction, there: Part | None) -> tuple[Thing, ...]:
    """The lists that are as before its creation when one of their items is deleted: their etags are made of what is on them."""
    listed = isinstance(there, ObservedConnection | ObservedZoneLink)
    return _around(there) if isinstance(action, DeletePart) and listed else ()


def _about(target: Deleted) -> Subject:
    match target:
        case SubnetId():
            return questions.vnet(target.vnet)
        case PublicIpId():
            return questions.public_ip(target)
        case GatewayId():
            return questions.gateway(target)
        case ConnectionId():
            return questions.connection(target)
        case VnetId():
            return questions.vnet(target)
        case ZoneLinkId():
            return questions.zone_links(target.zone)


def _own(target: Deleted) -> tuple[Thing, ...]:
    match target:
        case SubnetId():
            return (target.vnet,)
        case ConnectionId():
            return _of_connection(target)
        case GatewayId():
            return (target, questions.connections_of(target))
        case PublicIpId() | VnetId():
            return (target,)
        case ZoneLinkId():
            return (questions.zone_links(target.zone),)


def _of_connection(connection: ConnectionId) -> tuple[Thing, ...]:
    return (connection, questions.shared_key(connection))


def _around(there: Part | None) -> tuple[Thing, ...]:
    """What shows the part, too: a connection its gateways' lists, a gateway its VNet and addresses, a VNet those it is
    peered with, a link the list of its zone."""
    match there:
        case ObservedConnection(near=near, far=far):
            return tuple(questions.connections_of(gateway) for gateway in (near, far) if gateway is not None)
        case ObservedGateway():
            vnets: tuple[VnetId, ...] = tuple(subnet.vnet for subnet in there.subnets)
            return (*vnets, *there.public_ips)
        case ObservedVnet():
            return tuple(peering.remote for peering in there.peerings)
        case ObservedZoneLink():
            return (questions.zone_links(there.id.zone),)
        case _:
            return ()
