"""Complete orders: each carries its own target and identity and can be carried out without asking anything further."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from vnetlink.domain.arm_id import PeeringId, VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.sides import Side


@dataclass(frozen=True, slots=True)
class PutPeering:
    """Make or change one peering.

    `creates`: it was read Absent, so 200 instead of 201 means that somebody was faster. When False every other property
    that ARM showed is carried along. `sync` adds syncRemoteAddressSpace=true. `changes` tells, for people, the options that
    differ now. `auxiliary` is the other tenant's identity when the two VNets live in two tenants (arm.md 1.6).
    """

    side: Side
    id: PeeringId
    remote: VnetId
    options: PeeringOptions
    creates: bool
    sync: bool
    identity: Identity
    auxiliary: Identity | None = None
    changes: tuple[str, ...] = ()

    @property
    def rewrites(self) -> str:
        """What an update changes, for people; empty when it only writes the peering again."""
        return ", ".join([*self.changes, *(["address space"] if self.sync else [])])


@dataclass(frozen=True, slots=True)
class DeletePeering:
    """Delete one peering that leads to `remote`."""

    side: Side
    id: PeeringId
    remote: VnetId
    identity: Identity
    auxiliary: Identity | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """Write the ownership record together with the finalizer, in one patch guarded by resourceVersion."""

    record: OwnershipRecord


@dataclass(frozen=True, slots=True)
class ReleaseFinalizer:
    """Take our finalizer off; everything that had to go is gone, or stays on purpose."""


AzureAction: TypeAlias = PutPeering | DeletePeering
Action: TypeAlias = AzureAction | Record | ReleaseFinalizer
