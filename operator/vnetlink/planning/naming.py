"""Names of what we make in Azure, no longer than ARM takes them."""

from __future__ import annotations

from hashlib import sha256

from vnetlink.domain.arm_id import VnetId

LONGEST = 80  # ARM's limit for a peering's name (arm.md 4)


def hashed(plain: str, remote: VnetId) -> str:
    """`<shortened>-<8 hex>`: a hub with 40 spokes that are all named main needs 40 names."""
    digest = sha256(remote.key.encode()).hexdigest()[:8]
    return f"{plain[: LONGEST - 9].rstrip('-.')}-{digest}"
