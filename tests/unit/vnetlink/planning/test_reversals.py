"""What counts as putting back somebody else's doing: what was there and is gone, or is other than it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from properties.azure_model import IDS
from vnetlink.domain.arm_id import ConnectionId, GatewayId, PeeringId, PrivateDnsZoneId, SubnetId, ZoneLinkId
from vnetlink.domain.identity import Identity
from vnetlink.domain.ownership import Origin, OwnershipRecord, Part, PartId, Role, Rotation, Slot
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.sides import Side
from vnetlink.domain.vpn import ConnectionOptions, GatewayShape
from vnetlink.planning.actions import (
    AzureAction,
    ChangePrefixes,
    DeletePart,
    DeletePeering,
    PatchTags,
    PutConnection,
    PutGateway,
    PutPeering,
    PutSharedKey,
    PutSubnet,
    PutZoneLink,
)
from vnetlink.planning.reversals import puts_back

WHO = Identity("operator", "tenant")
GROUP = IDS.vnet1.subscription, IDS.vnet1.resource_group
PEERING, SUBNET = PeeringId(IDS.vnet1, "one-two"), SubnetId(IDS.vnet1, "front")
CONNECTION, GATEWAY = ConnectionId(*GROUP, "one-two"), GatewayId(*GROUP, "one-gateway")
ZONE_LINK = ZoneLinkId(PrivateDnsZoneId(*GROUP, "corp.example"), "one")
LINK, VNET = Slot(Side.VNET1), Slot(Side.VNET1, Role.VNET)
DNS, PLACE = Slot(Side.VNET1, Role.DNS_LINK, ZONE_LINK.zone.key), Slot(Side.VNET1, Role.GATEWAY)


def peering(creates: bool = False, sync: bool = False, gateway: bool = False, *changes: str) -> PutPeering:
    options = PeeringOptions(use_remote_gateways=gateway)
    return PutPeering(Side.VNET1, PEERING, IDS.vnet2, options, creates, sync, WHO, changes=changes)


def connection(creates: bool = False, *changes: str) -> PutConnection:
    ends = (GATEWAY, GATEWAY)
    return PutConnection(LINK, CONNECTION, "here", *ends, ConnectionOptions(), None, (), creates, WHO, changes=changes)


def gateway(creates: bool = True) -> PutGateway:
    shape: Any = GatewayShape
    return PutGateway(PLACE, GATEWAY, "here", SUBNET, (), shape, WHO, creates)


def record(*parts: tuple[Slot, PartId], key: str = "1", rotation: Rotation | None = None) -> OwnershipRecord:
    found = OwnershipRecord("here", "team/pair", rotation=rotation)
    for slot, id in parts:
        found = found.with_part(slot, Part(id, Origin.CREATED, key_version=key))
    return found


KEY = PutSharedKey(LINK, CONNECTION, SharedKey("never-shown"), "1", WHO)
ZONE = PutZoneLink(DNS, ZONE_LINK, IDS.vnet1, False, (), WHO)
CONNECTED, TURNING = record((LINK, CONNECTION)), Rotation("2", "2026-01-01T00:00:00Z")
COUNTED: dict[str, tuple[AzureAction, OwnershipRecord]] = {
    "peering deleted": (peering(creates=True), record((LINK, PEERING))),
    "peering changed": (peering(False, False, False, "allowForwardedTraffic: true -> false"), record()),
    "connection deleted": (connection(creates=True), CONNECTED),
    "connection changed": (connection(False, "routingWeight"), CONNECTED),
    "key set by hand": (KEY, CONNECTED),
    "gateway deleted": (gateway(), record((PLACE, GATEWAY))),
    "zone link deleted": (ZONE, record((DNS, ZONE_LINK))),
    "zone link changed": (replace(ZONE, creates=False), record((DNS, ZONE_LINK))),
    "address space changed": (ChangePrefixes(VNET, IDS.vnet1, ("10.1.0.0/16",), WHO), record((VNET, IDS.vnet1))),
    "subnet deleted": (PutSubnet(VNET, SUBNET, "10.1.1.0/24", WHO), record((VNET, IDS.vnet1))),
}
NOT_COUNTED: dict[str, tuple[AzureAction, OwnershipRecord]] = {
    "first peering": (peering(creates=True), record()),
    "first connection": (connection(creates=True), record()),
    "first gateway": (gateway(), record()),
    "first zone link": (ZONE, record((LINK, PEERING))),
    "sync": (peering(sync=True), record((LINK, PEERING))),
    "the hub's gateway came": (peering(False, False, True, "useRemoteGateways: false -> true"), record()),
    "peering Failed": (peering(), record((LINK, PEERING))),
    "connection Failed": (connection(), CONNECTED),
    "gateway Failed": (gateway(creates=False), record((PLACE, GATEWAY))),
    "another key in the Secret": (replace(KEY, version="2"), CONNECTED),
    "a rotation that is tried again": (KEY, record((LINK, CONNECTION), rotation=TURNING)),
    "Disconnected, to be made again": (DeletePeering(Side.VNET1, PEERING, IDS.vnet2, WHO), record((LINK, PEERING))),
    "no longer asked for": (DeletePart(DNS, ZONE_LINK, WHO), record((DNS, ZONE_LINK))),
    "handed over": (PatchTags(PLACE, GATEWAY, (), WHO), record((PLACE, GATEWAY))),
}


@pytest.mark.parametrize("case", COUNTED)
def test_what_somebody_else_deleted_or_changed_counts(case: str) -> None:
    assert puts_back(*COUNTED[case])


@pytest.mark.parametrize("case", NOT_COUNTED)
def test_our_own_doing_and_azures_does_not_count(case: str) -> None:
    assert not puts_back(*NOT_COUNTED[case])
