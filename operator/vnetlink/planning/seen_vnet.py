"""A VNet as every kind shows it: as an end in status, and among its resources."""

from __future__ import annotations

from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Absent, Present, Seen
from vnetlink.planning.json_value import Status

SELECTED = "Selected"


def vnet(asked: VnetId, seen: Seen[ObservedVnet], origin: str = SELECTED) -> Status:
    """`status.vnet1` and `status.vnet2`, without the gateway."""
    if not isinstance(seen, Present):
        return {"id": str(asked), "name": asked.name, "origin": origin}
    there = seen.value
    return {
        "id": str(there.id),
        "name": there.id.name,
        "origin": origin,
        "location": there.location,
        "addressPrefixes": list(there.prefixes),
    }


def vnet_resource(asked: VnetId, seen: Seen[ObservedVnet], origin: str = SELECTED, *, deletes: bool = False) -> Status:
    """Its row in `status.resources`."""
    there = seen.value if isinstance(seen, Present) else None
    state = there.provisioning.value if there else "Missing" if isinstance(seen, Absent) else "Unknown"
    on_delete = "Delete" if deletes else "Keep"
    id = str(there.id if there else asked)
    return {"role": "VirtualNetwork", "id": id, "origin": origin, "state": state, "onDelete": on_delete}
