"""The principals that AzureCredentials describe. The pod's own token file is exchanged for none of them (design/api.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.identity.aio import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    ManagedIdentityCredential,
)

from vnetlink.azure.answers import NoToken
from vnetlink.azure.cloud import Cloud
from vnetlink.azure.identities import Prove, operator_credential
from vnetlink.azure.tokens import Credential, TokenRefused
from vnetlink.azure.wire import Wire
from vnetlink.domain.credential import AzureCredential, CredentialType, Proof
from vnetlink.domain.identity import Identity
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.reasons import Reason


class Proven:
    """A credential that is made of a proof, and made anew when the proof has changed.

    To be asked by one caller at a time. Raises TokenRefused when there is no proof.
    """

    def __init__(
        self,
        credential: AzureCredential,
        prove: Prove,
        make: Callable[[Proof], Credential],
        clock: Callable[[], float],
    ) -> None:
        self._of, self._prove, self._make, self._clock = credential, prove, make, clock
        self._version, self._lasts = "", 0.0
        self._until = self._kept = float("-inf")
        self._credential: Credential | None = None

    async def get_token(self, *scopes: str, claims: str | None = None, **options: Any) -> AccessToken:
        """A token for what is proven now."""
        return await (await self._current()).get_token(*scopes, claims=claims, **options)

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The same with what is known of the token."""
        return await (await self._current()).get_token_info(*scopes, options=options)

    async def close(self) -> None:
        """Lets go of the credential and forgets the proof."""
        credential, self._credential, self._until = self._credential, None, float("-inf")
        if credential is not None:
            await credential.close()

    async def _current(self) -> Credential:
        asked = self._clock()
        if self._credential is not None and asked < self._until:
            return self._credential
        proof = await self._prove(self._of)
        if isinstance(proof, Unreadable):
            if self._credential is not None and asked < self._kept:
                self._until = min(asked + self._lasts, self._kept)
                return self._credential
            text = f"No token for AzureCredential {self._of.meta.key}: {proof.message}"
            raise TokenRefused(NoToken(proof.reason, text, proof.transient))
        if self._credential is None or proof.version != self._version:
            await self.close()
            self._credential = self._made(proof)
        self._version, self._lasts = proof.version, proof.lasts
        self._until, self._kept = asked + proof.lasts, asked + proof.kept
        return self._credential

    def _made(self, proof: Proof) -> Credential:
        """What a Secret holds may be quoted in an error, so the error is not."""
        try:
            return self._make(proof)
        except (ValueError, TypeError):
            meta, secret = self._of.meta, self._of.secret
            text = f"What lies in Secret {meta.key.namespace}/{secret} cannot be used for AzureCredential {meta.key}"
            raise TokenRefused(NoToken(Reason.CREDENTIAL_INVALID, text, transient=False)) from None


def named_credential(
    identity: Identity,
    cloud: Cloud,
    environ: Mapping[str, str],
    wire: Wire,
    prove: Prove,
    clock: Callable[[], float],
) -> Credential:
    """The credential of an identity that an AzureCredential describes."""
    described = identity.credential
    assert described is not None
    common: dict[str, Any] = {"transport": wire.transport(), "retry_total": 0}
    login = {"authority": cloud.authority_host, "disable_instance_discovery": not cloud.known, **common}
    match described.type:
        case CredentialType.MANAGED_IDENTITY:
            # It would exchange the pod's token file where there is one; only DefaultAzureCredential may say so in public.
            machine: dict[str, Any] = {"_exclude_workload_identity_credential": True}
            return ManagedIdentityCredential(client_id=described.client or None, **machine, **common)
        case CredentialType.DEFAULT:
            return _default(identity, cloud, environ, wire, login)
        case CredentialType.WORKLOAD_IDENTITY:
            return Proven(described, prove, partial(_federated, identity, login), clock)
        case CredentialType.SERVICE_PRINCIPAL_SECRET:
            return Proven(described, prove, partial(_with_secret, identity, login), clock)
        case CredentialType.SERVICE_PRINCIPAL_CERTIFICATE:
            return Proven(described, prove, partial(_with_certificate, identity, login), clock)


def _federated(identity: Identity, login: Mapping[str, Any], proof: Proof) -> Credential:
    assertion = proof.value.decode()
    return ClientAssertionCredential(identity.tenant, identity.client, lambda: assertion, **login)


def _with_secret(identity: Identity, login: Mapping[str, Any], proof: Proof) -> Credential:
    return ClientSecretCredential(identity.tenant, identity.client, proof.value.decode(), **login)


def _with_certificate(identity: Identity, login: Mapping[str, Any], proof: Proof) -> Credential:
    return CertificateCredential(
        identity.tenant, identity.client, certificate_data=proof.value, password=proof.password, **login
    )


def _default(
    identity: Identity, cloud: Cloud, environ: Mapping[str, str], wire: Wire, login: Mapping[str, Any]
) -> Credential:
    """The pod's own principal; another client is a managed identity of the machine, never what the pod's token file gives."""
    own = environ.get("AZURE_CLIENT_ID", "")
    if identity.client.lower() in ("", own.lower()):
        return operator_credential(cloud, environ, identity.tenant, wire)
    return DefaultAzureCredential(
        managed_identity_client_id=identity.client,
        exclude_environment_credential=True,
        exclude_workload_identity_credential=True,
        **login,
    )
