"""What a person asks for with a VNetLink: two VNets connected, by whichever method, with names resolved and flows let through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from vnetlink.domain.arm_id import PrivateDnsZoneId
from vnetlink.domain.sides import Side


class Method(Enum):
    """How two VNets are connected."""

    AUTO = "Auto"
    PEERING = "Peering"
    VPN = "Vpn"


class Encryption(Enum):
    """Whether traffic has to be encrypted."""

    NOT_REQUIRED = "NotRequired"
    IPSEC = "IPsec"


class ReplacePolicy(Enum):
    """Which comes first when the method changes: the new pair, or the end of the old one."""

    MAKE_BEFORE_BREAK = "MakeBeforeBreak"
    BREAK_BEFORE_MAKE = "BreakBeforeMake"


@dataclass(frozen=True, slots=True)
class VnetCreation:
    """How to make a VNet that is absent. `subnets`: (name, prefix)."""

    location: str
    prefixes: tuple[str, ...]
    subnets: tuple[tuple[str, str], ...] = ()
    create_resource_group: bool = False
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WantedZone:
    """A private DNS zone to be linked to the VNets of `sides`."""

    zone: PrivateDnsZoneId
    sides: tuple[Side, ...] = (Side.VNET1, Side.VNET2)
    registration_enabled: bool = False
    credential: tuple[str, str | None] | None = None


class Direction(Enum):
    """Which way a required flow goes."""

    VNET1_TO_VNET2 = "Vnet1ToVnet2"
    VNET2_TO_VNET1 = "Vnet2ToVnet1"
    BOTH = "Both"

    @property
    def sources(self) -> tuple[Side, ...]:
        """The sides that traffic starts from."""
        return {"Vnet1ToVnet2": (Side.VNET1,), "Vnet2ToVnet1": (Side.VNET2,)}.get(self.value, tuple(Side))


@dataclass(frozen=True, slots=True)
class RequiredFlow:
    """Traffic that must be able to pass. `protocol`: Tcp, Udp, Icmp or Any; `port` None: any; subnets None: every one."""

    direction: Direction = Direction.BOTH
    protocol: str = "Any"
    port: int | None = None
    from_subnet: str | None = None
    to_subnet: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ChildSpec:
    """The spec of the pair that a link makes, as the API server takes it; `kind` in the plural."""

    kind: str
    spec: Mapping[str, Any]
