"""ARM ids as values: parsed strictly, re-emitted canonically, compared without case. Never a raw string in a URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Self

# Matched against the lower-cased, ASCII-only text: with re.IGNORECASE U+212A would pass for a k (design/cel.md).
_VNET = re.compile(
    r"/subscriptions/(?P<subscription>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"/resourcegroups/(?P<group>[-a-z0-9_.()]{0,89}[-a-z0-9_()])"
    r"/providers/microsoft[.]network/virtualnetworks/(?P<name>[a-z0-9][-a-z0-9_.]{0,62}[a-z0-9_])"
)
_IN_GROUP = re.compile(
    r"/subscriptions/(?P<subscription>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"/resourcegroups/(?P<group>[-a-z0-9_.()]{0,89}[-a-z0-9_()])"
    r"/providers/microsoft[.]network/(?P<type>[a-z]+)/(?P<name>[a-z0-9](?:[-a-z0-9_.]{0,251}[a-z0-9_])?)"
)
_GROUP = re.compile(
    r"/subscriptions/(?P<subscription>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"/resourcegroups/(?P<name>[-a-z0-9_.()]{0,89}[-a-z0-9_()])"
)
_CHILD_NAME = re.compile(r"[A-Za-z0-9_](?:[-A-Za-z0-9_.]{0,78}[A-Za-z0-9_])?")


class InvalidId(ValueError):
    """The text is not exactly the ARM id that was expected; `str()` says what is."""


class ArmId:
    """What all ids have: equal to another when they differ in casing only, as in ARM."""

    __slots__ = ()

    @property
    def key(self) -> str:
        """The lower-cased id: what is compared, sorted and locked on."""
        return str(self).lower()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArmId) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, slots=True, eq=False)
class VnetId(ArmId):
    """The id of a virtual network."""

    subscription: str
    resource_group: str
    name: str

    @classmethod
    def parse(cls, text: str) -> VnetId:
        """The id in `text`; raises InvalidId for anything but a virtual network's full id."""
        match = _VNET.fullmatch(text.lower()) if text.isascii() else None
        if match is None:
            raise InvalidId(
                f"{text[:120]!r} is not the id of a virtual network: write /subscriptions/<guid>/resourceGroups/"
                "<group>/providers/Microsoft.Network/virtualNetworks/<name>"
            )
        return cls(*(text[match.start(part) : match.end(part)] for part in ("subscription", "group", "name")))

    @property
    def group(self) -> ResourceGroupId:
        """The resource group that it lies in."""
        return ResourceGroupId(self.subscription, self.resource_group)

    def __str__(self) -> str:
        return _in_group(self.subscription, self.resource_group, "virtualNetworks", self.name)


@dataclass(frozen=True, slots=True, eq=False)
class _InGroup(ArmId):
    """The id of a resource of Microsoft.Network that lies in a resource group; TYPE as ARM spells it."""

    TYPE: ClassVar[str]
    WHAT: ClassVar[str]
    LONGEST: ClassVar[int] = 80

    subscription: str
    resource_group: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The id in `text`; raises InvalidId for anything but a full id of this type."""
        match = _IN_GROUP.fullmatch(text.lower()) if text.isascii() else None
        if match is None or match["type"] != cls.TYPE.lower() or len(match["name"]) > cls.LONGEST:
            raise InvalidId(
                f"{text[:120]!r} is not the id of {cls.WHAT}: write /subscriptions/<guid>/resourceGroups/"
                f"<group>/providers/Microsoft.Network/{cls.TYPE}/<name>"
            )
        return cls(*(text[match.start(part) : match.end(part)] for part in ("subscription", "group", "name")))

    def __str__(self) -> str:
        return _in_group(self.subscription, self.resource_group, self.TYPE, self.name)


class GatewayId(_InGroup):
    """The id of a virtual network gateway."""

    __slots__ = ()
    TYPE, WHAT = "virtualNetworkGateways", "a virtual network gateway"


class PublicIpId(_InGroup):
    """The id of a public IP address."""

    __slots__ = ()
    TYPE, WHAT = "publicIPAddresses", "a public IP address"


class ConnectionId(_InGroup):
    """The id of a connection of a virtual network gateway."""

    __slots__ = ()
    TYPE, WHAT = "connections", "a connection"


class PrivateDnsZoneId(_InGroup):
    """The id of a private DNS zone; its name is the domain."""

    __slots__ = ()
    TYPE, WHAT, LONGEST = "privateDnsZones", "a private DNS zone", 253


class NetworkSecurityGroupId(_InGroup):
    """The id of a network security group."""

    __slots__ = ()
    TYPE, WHAT = "networkSecurityGroups", "a network security group"


class RouteTableId(_InGroup):
    """The id of a route table."""

    __slots__ = ()
    TYPE, WHAT = "routeTables", "a route table"


@dataclass(frozen=True, slots=True, eq=False)
class ResourceGroupId(ArmId):
    """The id of a resource group."""

    subscription: str
    name: str

    @classmethod
    def parse(cls, text: str) -> ResourceGroupId:
        """The id in `text`; raises InvalidId for anything else."""
        match = _GROUP.fullmatch(text.lower()) if text.isascii() else None
        if match is None:
            raise InvalidId(f"{text[:120]!r} is not the id of a resource group")
        return cls(*(text[match.start(part) : match.end(part)] for part in ("subscription", "name")))

    def __str__(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.name}"


@dataclass(frozen=True, slots=True, eq=False)
class ZoneLinkId(ArmId):
    """The id of a virtual network link of a private DNS zone."""

    zone: PrivateDnsZoneId
    name: str

    @classmethod
    def parse(cls, text: str) -> ZoneLinkId:
        """The id in `text`; raises InvalidId for anything else."""
        zone, separator, name = _split_child(text, "virtualnetworklinks")
        if not separator or not valid_child_name(name):
            raise InvalidId(f"{text[:120]!r} is not the id of a virtual network link of a private DNS zone")
        return cls(PrivateDnsZoneId.parse(zone), name)

    def __str__(self) -> str:
        return f"{self.zone}/virtualNetworkLinks/{self.name}"


@dataclass(frozen=True, slots=True, eq=False)
class _InVnet(ArmId):
    """The id of a child of a virtual network; COLLECTION as ARM spells it."""

    COLLECTION: ClassVar[str]
    WHAT: ClassVar[str]

    vnet: VnetId
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The id in `text`; raises InvalidId for anything but a full id of this kind of child."""
        vnet, separator, name = _split_child(text, cls.COLLECTION.lower())
        if not separator or not valid_child_name(name):
            raise InvalidId(f"{text[:120]!r} is not the id of {cls.WHAT}")
        return cls(VnetId.parse(vnet), name)

    def __str__(self) -> str:
        return f"{self.vnet}/{self.COLLECTION}/{self.name}"


class PeeringId(_InVnet):
    """The id of a peering: it lives in `vnet`, and its name says nothing about where it leads."""

    __slots__ = ()
    COLLECTION, WHAT = "virtualNetworkPeerings", "a virtual network peering"


class SubnetId(_InVnet):
    """The id of a subnet of `vnet`."""

    __slots__ = ()
    COLLECTION, WHAT = "subnets", "a subnet"


def valid_child_name(name: str) -> bool:
    """Whether ARM takes `name` for a peering or subnet: 1 to 80 word characters, dots, dashes (arm.md 4, InvalidResourceName)."""
    return _CHILD_NAME.fullmatch(name) is not None


def _in_group(subscription: str, group: str, type: str, name: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/{type}/{name}"


def _split_child(text: str, collection: str) -> tuple[str, str, str]:
    position = text.lower().rfind(f"/{collection}/") if text.isascii() else -1
    if position < 0:
        return text, "", ""
    end = position + len(collection) + 2
    return text[:position], text[position:end], text[end:]
