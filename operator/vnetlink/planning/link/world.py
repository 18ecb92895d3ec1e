"""Everything a turn knows about one VNetLink: its VNets and their groups, the pairs it made, the DNS zones' links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from vnetlink.domain.arm_id import PrivateDnsZoneId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedVnet, ObservedZoneLink
from vnetlink.domain.outcome import Present, Refused, Seen
from vnetlink.domain.ownership import Slot
from vnetlink.domain.sides import PerSide, Side
from vnetlink.planning.diagnosis.traffic import TrafficVerdict


@dataclass(frozen=True, slots=True)
class Child:
    """A pair under a name that is this link's to give.

    `ours`: this very link is its controller. `in_line`: its `spec` means what planning.link.child.spec asks for. `ready`: its
    Ready condition as (status, reason, message), for its present generation; empty texts before there is one. `status` is
    mirrored, never decided from but for readiness and for what it has not looked at yet. `requested_at`: its annotation.
    `confirmed`: the mass-deletion brake lets it go.
    """

    kind: str
    name: str
    uid: str
    version: str
    ours: bool
    deleting: bool
    in_line: bool
    status: Mapping[str, Any]
    ready: tuple[str, str, str] = ("", "", "")
    requested_at: str = ""
    confirmed: bool = False
    spec: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_ready(self) -> bool:
        """Whether the pair stands, and is as asked for."""
        return self.ready[0] == "True"

    @property
    def is_connected(self) -> bool:
        """Whether both directions stand, as asked for or not."""
        directions = (self.status.get(side.direction) for side in Side)
        return all(isinstance(one, dict) and one.get("state") == "Connected" for one in directions)


def own(children: Mapping[str, Seen[Child]]) -> tuple[Child, ...]:
    """The pairs that are there and this link's."""
    return tuple(seen.value for seen in children.values() if isinstance(seen, Present) and seen.value.ours)


@dataclass(frozen=True, slots=True)
class SeenZone:
    """The links of one private DNS zone, and who may read and write them."""

    zone: PrivateDnsZoneId
    links: Seen[tuple[ObservedZoneLink, ...]]
    identity: Identity


@dataclass(frozen=True, slots=True)
class LinkWorld:
    """One snapshot. `children` by kind; `groups`: whether each VNet's resource group is there, asked only where it may be made.

    `traffic`: what the diagnosis said last, None when it was not asked.
    """

    vnets: PerSide[Seen[ObservedVnet]]
    identities: PerSide[Identity]
    groups: PerSide[Seen[bool]]
    children: Mapping[str, Seen[Child]]
    zones: tuple[SeenZone, ...]
    now: datetime
    traffic: TrafficVerdict | None = None
    refusals: Mapping[Slot, Refused] = field(default_factory=lambda: MappingProxyType({}))
    busy_for: timedelta = timedelta(0)
    unread_for: timedelta = timedelta(0)

    def zone(self, key: str) -> SeenZone | None:
        """What was seen of the private DNS zone of that lower-cased id."""
        return next((zone for zone in self.zones if zone.zone.key == key), None)
