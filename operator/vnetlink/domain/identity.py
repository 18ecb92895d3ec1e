"""Who we are towards Azure, as a name that an action can carry; the credential behind it never leaves vnetlink.azure."""

from __future__ import annotations

from dataclasses import dataclass

from vnetlink.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Identity:
    """One principal in one tenant. `name` is unique among identities; `operator` is the pod's own."""

    name: str
    tenant: str


@dataclass(frozen=True, slots=True)
class NotGranted:
    """The object may not use an identity: zero ARM calls and zero token requests follow."""

    reason: Reason
    message: str
