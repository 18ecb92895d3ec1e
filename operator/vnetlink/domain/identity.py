"""Who we are towards Azure, as a name that an action can carry; the credential behind it never leaves vnetlink.azure."""

from __future__ import annotations

from dataclasses import dataclass, field

from vnetlink.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Identity:
    """One principal in one tenant. `name` is unique among identities; `operator` is the pod's own. `client` is for messages."""

    name: str
    tenant: str
    client: str = field(default="", compare=False)

    @property
    def described(self) -> str:
        """The identity in messages: ids that an administrator finds in Entra, never a secret."""
        who = f"client {self.client}" if self.client else f"identity {self.name}"
        return f"{who} of tenant {self.tenant}" if self.tenant else who


@dataclass(frozen=True, slots=True)
class NotGranted:
    """The object may not use an identity: zero ARM calls and zero token requests follow."""

    reason: Reason
    message: str
