"""Who we are towards Azure, as a name that an action can carry; tokens and secrets never leave vnetlink.azure."""

from __future__ import annotations

from dataclasses import dataclass, field

from vnetlink.domain.credential import AzureCredential
from vnetlink.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Identity:
    """One principal in one tenant. `name` is unique among identities; `operator` is the pod's own. `client` is for messages.

    `credential`: the object that says how to become it, None for the operator's own. It holds no secret.
    """

    name: str
    tenant: str
    client: str = field(default="", compare=False)
    credential: AzureCredential | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, credential: AzureCredential, operator: Identity) -> Identity:
        """The identity of a credential as it is now. One made again, or told to prove itself otherwise, is another identity.

        Not its generation: that changes with every grant and with the deletion, when its Secret may be gone already.
        """
        one, key = credential, credential.meta.key
        tenant = (one.tenant or operator.tenant).lower()
        name = f"{key}@{one.meta.uid} {one.type.value} {one.client} {one.service_account} {one.secret}"
        return cls(name, tenant, one.client, one)

    @property
    def described(self) -> str:
        """The identity in messages: ids that an administrator finds in Entra, never a secret."""
        if self.client:
            who = f"client {self.client}"
        elif self.credential is not None:
            who = f"AzureCredential {self.credential.meta.key}"
        else:
            who = f"identity {self.name}"
        return f"{who} of tenant {self.tenant}" if self.tenant else who


@dataclass(frozen=True, slots=True)
class NotGranted:
    """The object may not use an identity: zero ARM calls and zero token requests follow."""

    reason: Reason
    message: str
