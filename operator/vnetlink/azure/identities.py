"""Who may be asked for tokens: the pod's own principal, and those that AzureCredentials describe."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from vnetlink.azure.cloud import Cloud
from vnetlink.domain.credential import AzureCredential, Proof
from vnetlink.domain.identity import Identity
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.reasons import Reason

if TYPE_CHECKING:
    from vnetlink.azure.tokens import Credential, Tokens
    from vnetlink.azure.wire import Wire

Prove: TypeAlias = Callable[[AzureCredential], Awaitable[Proof | Unreadable]]

OPERATOR = "operator"
UNUSED_FOR = 3600.0  # seconds after which a credential is let go of
SWEEP_EVERY = 300.0


class UnknownIdentity(ValueError):
    """Nobody knows an identity of that name."""


async def _proves_nothing(credential: AzureCredential) -> Unreadable:
    return Unreadable(Reason.CREDENTIAL_MISSING, f"nobody proves {credential.meta.key} here", transient=False)


class Identities:
    """Identities by name and tenant. Construction never fails: what is missing in `environ` shows when a token is asked.

    `prove` gets what an AzureCredential shows to the login service; `changed` is called when an identity's tokens begin to be
    refused or given again. `may_write` is asked right before each write.
    """

    def __init__(
        self,
        cloud: Cloud,
        environ: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
        *,
        prove: Prove = _proves_nothing,
        changed: Callable[[Identity], None] = lambda identity: None,
        may_write: Callable[[], bool] = lambda: True,
    ) -> None:
        self._cloud, self._environ, self._clock = cloud, environ, clock
        self._prove, self._changed, self._may_write = prove, changed, may_write
        self._tokens: dict[Identity, Tokens] = {}
        self._wire: Wire | None = None
        self._swept = clock()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def operator(self) -> Identity:
        """The pod's own."""
        return Identity(
            OPERATOR, self._environ.get("AZURE_TENANT_ID", "").lower(), self._environ.get("AZURE_CLIENT_ID", "")
        )

    @property
    def wire(self) -> Wire:
        """The connections that tokens and ARM share."""
        from vnetlink.azure.wire import Wire

        self._wire = self._wire or Wire(self._environ, self._may_write)
        return self._wire

    def tokens(self, identity: Identity) -> Tokens:
        """The credential behind an identity; the operator's own principal can be asked for in any tenant."""
        from vnetlink.azure.tokens import Tokens

        self._sweep()
        if identity not in self._tokens:
            make, changed = partial(self._credential, identity), partial(self._changed, identity)
            self._tokens[identity] = Tokens(make, self.describe(identity), self._clock, changed)
        return self._tokens[identity]

    def describe(self, identity: Identity) -> str:
        """The identity in messages, also one that was made without its client id."""
        if identity.client or identity.credential is not None:
            return identity.described
        known = self.operator.client if identity.name == OPERATOR else identity.name
        return replace(identity, client=known).described

    async def close(self) -> None:
        """Lets go of every credential and connection."""
        for tokens in self._tokens.values():
            await tokens.close()
        self._tokens.clear()
        await asyncio.gather(*self._closing, return_exceptions=True)
        if self._wire is not None:
            await self._wire.close()

    def _sweep(self) -> None:
        """Lets go of what nobody has asked for within the hour: credentials that were edited or deleted leave one behind."""
        now = self._clock()
        if now - self._swept < SWEEP_EVERY:
            return
        self._swept = now
        for identity in [one for one, tokens in self._tokens.items() if now - tokens.last_used >= UNUSED_FOR]:
            task = asyncio.ensure_future(self._tokens.pop(identity).close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _credential(self, identity: Identity) -> Credential:
        if identity.credential is not None:
            from vnetlink.azure.named import named_credential

            return named_credential(identity, self._cloud, self._environ, self.wire, self._prove, self._clock)
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
