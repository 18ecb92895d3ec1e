"""Everything a turn knows about one pair, and one half of it put side by side: wanted, seen, recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from vnetlink.domain.arm_id import PeeringId, VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedPeering, ObservedVnet
from vnetlink.domain.outcome import Present, Refused, Seen
from vnetlink.domain.ownership import Origin, Part, Slot
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import End, ManagementPolicy, PeeringPair, WantedPeering


@dataclass(frozen=True, slots=True)
class PairWorld:
    """One snapshot.

    `refusals`: slots whose last write ARM refused for good reason, until it is time to try again.
    `busy_for`: how long an operation has been seen running on this pair without an end.
    `unread_for`: how long it is since Azure could last be read.
    """

    vnets: PerSide[Seen[ObservedVnet]]
    identities: PerSide[Identity]
    refusals: Mapping[Slot, Refused] = field(default_factory=lambda: MappingProxyType({}))
    busy_for: timedelta = timedelta(0)
    unread_for: timedelta = timedelta(0)

    def auxiliary(self, side: Side) -> Identity | None:
        """The other side's identity when it belongs to another tenant: a write that names the other VNet carries both (arm.md 1.6)."""
        other = self.identities[side.other]
        return other if other.tenant != self.identities[side].tenant else None


@dataclass(frozen=True, slots=True)
class Half:
    """One direction: the peering that lives in the VNet on `side` and leads to the other.

    `vnet` is None when that VNet could not be read; `peering` is whatever leads to the other VNet, under any name;
    `part` is the record of this side, whether or not its peering still exists.
    """

    side: Side
    end: End
    remote: VnetId
    wanted: WantedPeering
    vnet: ObservedVnet | None
    peering: ObservedPeering | None
    part: Part | None
    refusal: Refused | None

    @property
    def ours_to_write(self) -> bool:
        """Whether this half may be written: it lies in a VNet that is not someone else's, and we can see it."""
        return self.end.management is ManagementPolicy.MANAGE and self.vnet is not None

    @property
    def recorded(self) -> bool:
        """Whether the peering that exists is the one the record names."""
        return self.peering is not None and self.part is not None and self.part.id == self.peering.id

    @property
    def made_by_us(self) -> bool:
        """Whether the peering that exists is recorded as made by this object."""
        return self.recorded and self.part is not None and self.part.origin is Origin.CREATED

    @property
    def missing(self) -> bool:
        """Whether the VNet was read and no peering of it leads to the other side."""
        return self.vnet is not None and self.peering is None

    def id_named(self, name: str) -> PeeringId:
        """The id that a peering of that name has in this half's VNet, in ARM's own casing where it was seen."""
        return PeeringId(self.vnet.id if self.vnet else self.end.id, name)


def halves(pair: PeeringPair, world: PairWorld) -> PerSide[Half]:
    """Both directions of the pair."""

    def half(side: Side) -> Half:
        seen = world.vnets[side]
        vnet = seen.value if isinstance(seen, Present) else None
        remote = pair.spec.ends[side.other].id
        return Half(
            side=side,
            end=pair.spec.ends[side],
            remote=remote,
            wanted=pair.spec.peerings[side],
            vnet=vnet,
            peering=vnet.peering_to(remote) if vnet else None,
            part=pair.record.part(side),
            refusal=world.refusals.get(Slot(side)),
        )

    return PerSide.of(half)
