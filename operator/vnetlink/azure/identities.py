"""Who may be asked for tokens. Only the pod's own principal so far; other ones (AzureCredential) get a branch here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from vnetlink.azure.cloud import Cloud
from vnetlink.domain.identity import Identity

if TYPE_CHECKING:
    from vnetlink.azure.tokens import Credential, Tokens
    from vnetlink.azure.wire import Wire

OPERATOR = "operator"


class UnknownIdentity(ValueError):
    """Nobody knows an identity of that name."""


class Identities:
    """Identities by name and tenant. Construction never fails: what is missing in `environ` shows when a token is asked."""

    def __init__(self, cloud: Cloud, environ: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> None:
        self._cloud, self._environ, self._clock = cloud, environ, clock
        self._tokens: dict[Identity, Tokens] = {}
        self._wire: Wire | None = None

    @property
    def operator(self) -> Identity:
        """The pod's own."""
        return Identity(OPERATOR, self._environ.get("AZURE_TENANT_ID", ""), self._environ.get("AZURE_CLIENT_ID", ""))

    @property
    def wire(self) -> Wire:
        """The connections that tokens and ARM share."""
        from vnetlink.azure.wire import Wire

        self._wire = self._wire or Wire(self._environ)
        return self._wire

    def tokens(self, identity: Identity) -> Tokens:
        """The credential behind an identity; the operator's own principal can be asked for in any tenant."""
        from vnetlink.azure.tokens import Tokens

        if identity not in self._tokens:
            self._tokens[identity] = Tokens(lambda: self._credential(identity), self.describe(identity), self._clock)
        return self._tokens[identity]

    def describe(self, identity: Identity) -> str:
        """The identity in messages, also one that was made without its client id."""
        known = identity.client or (self.operator.client if identity.name == OPERATOR else identity.name)
        return replace(identity, client=known).described

    async def close(self) -> None:
        """Lets go of every credential and connection."""
        for tokens in self._tokens.values():
            await tokens.close()
        self._tokens.clear()
        if self._wire is not None:
            await self._wire.close()

    def _credential(self, identity: Identity) -> Credential:
        if identity.name != OPERATOR:
            raise UnknownIdentity(f"there is no identity named {identity.name!r}")
        return operator_credential(self._cloud, self._environ, identity.tenant, self.wire)


def operator_credential(cloud: Cloud, environ: Mapping[str, str], tenant: str, wire: Wire) -> Credential:
    """Workload identity, then a client secret, then whatever DefaultAzureCredential finds (a managed identity)."""
    from azure.identity.aio import ClientSecretCredential, DefaultAzureCredential, WorkloadIdentityCredential

    authority, custom, transport = cloud.authority_host, not cloud.known, wire.transport()
    client, token_file = environ.get("AZURE_CLIENT_ID", ""), environ.get("AZURE_FEDERATED_TOKEN_FILE", "")
    if token_file:
        return WorkloadIdentityCredential(
            tenant_id=tenant,
            client_id=client,
            token_file_path=token_file,
            authority=authority,
            disable_instance_discovery=custom,
            transport=transport,
            retry_total=0,
        )
    if environ.get("AZURE_CLIENT_SECRET"):
        return ClientSecretCredential(
            tenant,
            client,
            environ["AZURE_CLIENT_SECRET"],
            authority=authority,
            disable_instance_discovery=custom,
            transport=transport,
            retry_total=0,
        )
    return DefaultAzureCredential(
        authority=authority, disable_instance_discovery=custom, transport=transport, retry_total=0
    )
