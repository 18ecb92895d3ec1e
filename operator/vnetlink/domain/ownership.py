"""The ownership record: which parts in Azure an object made or adopted. It lies in the annotation vnetlink.dev/owned.

Only a record of this installation, namespace and name counts; whatever else stands there is no record (design/api.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias

from vnetlink.domain.arm_id import (
    ConnectionId,
    GatewayId,
    InvalidId,
    PeeringId,
    PublicIpId,
    ResourceGroupId,
    SubnetId,
    VnetId,
    ZoneLinkId,
)
from vnetlink.domain.sides import Side


class Origin(Enum):
    """How a part came to be ours. Adopted never becomes Created."""

    CREATED = "Created"
    ADOPTED = "Adopted"


class Role(Enum):
    """What a part is to its pair. LINK is the peering or connection that leads from its side to the other.

    DNS_LINK is one private DNS zone's link to the VNet of its side; there may be many, told apart by the zone.
    """

    LINK = "Link"
    GATEWAY_SUBNET = "GatewaySubnet"
    PUBLIC_IP = "PublicIP"
    PUBLIC_IP_2 = "PublicIP2"
    GATEWAY = "Gateway"
    VNET = "VNet"
    RESOURCE_GROUP = "ResourceGroup"
    DNS_LINK = "DnsLink"


@dataclass(frozen=True, slots=True)
class Slot:
    """One place for one part of a pair: what is recorded, refused and paced on. `zone`: the lower-cased id of a DNS zone."""

    side: Side
    role: Role = Role.LINK
    zone: str = ""

    def __str__(self) -> str:
        if self.role is Role.LINK:
            return self.side.direction
        return f"{self.side.value}{self.role.value}" + self.zone

    @classmethod
    def named(cls, text: str) -> Slot | None:
        """The slot that is written so; None for one that a later version writes."""
        plain, _, zone = text.partition("/")
        return replace(_SLOTS[plain], zone=zone and f"/{zone.lstrip('/')}") if plain in _SLOTS else None


_SLOTS = {str(slot): slot for slot in (Slot(side, role) for role in Role for side in Side)}

PartId: TypeAlias = PeeringId | ConnectionId | SubnetId | PublicIpId | GatewayId | VnetId | ResourceGroupId | ZoneLinkId
LinkId: TypeAlias = type[PeeringId] | type[ConnectionId]
_IDS: dict[Role, type[PartId]] = {
    Role.GATEWAY_SUBNET: SubnetId,
    Role.PUBLIC_IP: PublicIpId,
    Role.PUBLIC_IP_2: PublicIpId,
    Role.GATEWAY: GatewayId,
    Role.VNET: VnetId,
    Role.RESOURCE_GROUP: ResourceGroupId,
    Role.DNS_LINK: ZoneLinkId,
}


@dataclass(frozen=True, slots=True)
class Part:
    """One recorded part.

    `since`: when it was recorded, RFC 3339, empty where nobody asks. `key_version`: resourceVersion of the Secret whose key
    was set last on a connection, empty when none was. `repaired`: a Failed gateway was written once more.
    """

    id: PartId
    origin: Origin
    since: str = ""
    key_version: str = ""
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Rotation:
    """A shared key on its way to both ends: to which version of the Secret, since when, and when both ends had it.

    Times are RFC 3339; `verifying` is empty until both ends were set.
    """

    version: str
    started: str
    verifying: str = ""


@dataclass(frozen=True, slots=True)
class Rotated:
    """The last rotation that came to an end: when (RFC 3339), after how many seconds at most without a tunnel, and how."""

    ended: str
    outage_seconds: int
    rolled_back: bool = False


@dataclass(frozen=True, slots=True)
class OwnershipRecord:
    """The recorded parts of the object `owner` (namespace/name) under this installation."""

    installation: str
    owner: str
    parts: Mapping[Slot, Part] = field(default_factory=lambda: MappingProxyType({}))
    rotation: Rotation | None = None
    rotated: Rotated | None = None

    def part(self, side: Side, role: Role = Role.LINK) -> Part | None:
        """The part recorded for a side."""
        return self.parts.get(Slot(side, role))

    def with_part(self, slot: Slot, part: Part) -> OwnershipRecord:
        """The record with one part more, or another one in its place."""
        return replace(self, parts=MappingProxyType({**self.parts, slot: part}))

    def without_part(self, slot: Slot) -> OwnershipRecord:
        """The record with nothing in `slot`."""
        return replace(self, parts=MappingProxyType({s: part for s, part in self.parts.items() if s != slot}))

    def dump(self) -> str:
        """The annotation's value: JSON with sorted keys, so that equal records are equal text."""
        document: dict[str, object] = {
            "installation": self.installation,
            "object": self.owner,
            "parts": {str(slot): _document(part) for slot, part in self.parts.items()},
        }
        if self.rotation is not None:
            document["rotation"] = {
                "version": self.rotation.version,
                "started": self.rotation.started,
                "verifying": self.rotation.verifying,
            }
        if self.rotated is not None:
            document["rotated"] = {
                "ended": self.rotated.ended,
                "outageSeconds": self.rotated.outage_seconds,
                "rolledBack": self.rotated.rolled_back,
            }
        return json.dumps(document, sort_keys=True)

    @classmethod
    def load(cls, text: str, installation: str, owner: str, link: LinkId = PeeringId) -> OwnershipRecord:
        """The record in `text`, or an empty one when it is another object's, another installation's, or unreadable.

        `link`: what this kind of pair has in its Role.LINK.
        """
        empty = cls(installation, owner)
        try:
            document = json.loads(text) if text else {}
            if document.get("installation") != installation or document.get("object") != owner:
                return empty
            named = ((Slot.named(name), part) for name, part in document["parts"].items())
            parts = {slot: _part(part, _IDS.get(slot.role, link)) for slot, part in named if slot is not None}
            rotation, rotated = _rotation(document.get("rotation")), _rotated(document.get("rotated"))
        except (ValueError, KeyError, TypeError, AttributeError, InvalidId, RecursionError):
            return empty  # RecursionError: brackets by the thousand, which must not end the process that lists them
        return replace(empty, parts=MappingProxyType(parts), rotation=rotation, rotated=rotated)


def _document(part: Part) -> dict[str, str]:
    shown = {"id": str(part.id), "origin": part.origin.value, "since": part.since, "keyVersion": part.key_version}
    repaired = {"repaired": "true"} if part.repaired else {}
    return {name: value for name, value in shown.items() if value} | repaired


def _part(document: Mapping[str, str], id: type[PartId]) -> Part:
    return Part(
        id.parse(document["id"]),
        Origin(document["origin"]),
        str(document.get("since", "")),
        str(document.get("keyVersion", "")),
        "repaired" in document,
    )


def _rotation(document: Mapping[str, str] | None) -> Rotation | None:
    if document is None:
        return None
    return Rotation(str(document["version"]), str(document["started"]), str(document.get("verifying", "")))


def _rotated(document: Mapping[str, object] | None) -> Rotated | None:
    if document is None:
        return None
    return Rotated(str(document["ended"]), int(str(document["outageSeconds"])), document["rolledBack"] is True)
