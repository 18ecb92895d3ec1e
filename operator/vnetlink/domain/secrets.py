"""What was read of the Secrets that a VpnConnectionPair names or keeps. Keys are redacted values."""

from __future__ import annotations

from dataclasses import dataclass

from vnetlink.domain.shared_key import CheckedKey, KeyFault, SharedKey


@dataclass(frozen=True, slots=True)
class ObservedSecret:
    """The Secret named by spec.vpn.sharedKey.secretRef.

    `key` None: it has no value under that name. `generated`: it is one that we made; `renewed_at`: the rotate-requested-at
    that its present key answers.
    """

    version: str
    labelled: bool
    key: CheckedKey | KeyFault | None
    generated: bool = False
    renewed_at: str = ""


@dataclass(frozen=True, slots=True)
class PreviousKey:
    """The Secret in which we keep the previous key. `failed`: resourceVersion whose key was rolled back, or empty."""

    version: str
    key: SharedKey
    rotating_to: str
    failed: str = ""
