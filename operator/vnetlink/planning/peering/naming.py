"""Names of peerings that we make. An existing peering is never renamed: that would be an outage."""

from __future__ import annotations

from vnetlink.planning.naming import LONGEST, hashed
from vnetlink.planning.peering.world import Half


def peering_name(half: Half) -> str | None:
    """The name under which this half is made, or None when the spec's explicit name already leads to another VNet."""
    if half.wanted.name is not None:
        return half.wanted.name if _is_free(half, half.wanted.name) else None
    if half.part is not None and _is_free(half, half.part.id.name):
        return half.part.id.name
    plain = f"{half.end.id.name}-{half.remote.name}"
    return plain if len(plain) <= LONGEST and _is_free(half, plain) else hashed(plain, half.remote)


def _is_free(half: Half, name: str) -> bool:
    """Whether no peering of that name leads elsewhere."""
    taken = half.vnet.peering_named(name) if half.vnet else None
    return taken is None or taken.remote == half.remote
