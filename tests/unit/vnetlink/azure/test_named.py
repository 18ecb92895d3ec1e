"""Credentials that are made of a proof: asked for when needed, made anew when it has changed, closed when unused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import unquote

import pytest
from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.identity.aio import (
    ClientSecretCredential,
    DefaultAzureCredential,
    WorkloadIdentityCredential,
)

from listening import TOKEN, Listener, Said
from vnetlink.azure.cloud import Cloud
from vnetlink.azure.identities import SWEEP_EVERY, UNUSED_FOR, Identities
from vnetlink.azure.named import Proven, named_credential
from vnetlink.azure.tokens import REFUSAL_LASTS, Credential, TokenRefused, Tokens
from vnetlink.azure.wire import Wire
from vnetlink.domain.credential import AzureCredential, CredentialType, Proof
from vnetlink.domain.identity import Identity
from vnetlink.domain.outcome import Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.specs import ObjectKey, ObjectMeta

CLOUD = Cloud.custom("https://localhost:1", "https://localhost:1")
OPERATOR = Identity("operator", "tenant", "pod")
META = ObjectMeta(ObjectKey("azurecredentials", "team", "it"), "uid", 1, "1", datetime(2026, 1, 1, tzinfo=UTC))
IT = AzureCredential(META, CredentialType.SERVICE_PRINCIPAL_SECRET, "tenant", "client", secret="app")
MISSING = Unreadable(Reason.CREDENTIAL_MISSING, "There is no Secret team/app", transient=False)


class Made:
    """A credential that gives what it was made of."""

    def __init__(self, proof: Proof) -> None:
        self.proof, self.closed = proof, False

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken(self.proof.version, 0)

    async def get_token_info(self, *scopes: str, **options: Any) -> AccessTokenInfo:
        return AccessTokenInfo(self.proof.version, 0)

    async def close(self) -> None:
        self.closed = True


class World:
    def __init__(self) -> None:
        self.now, self.asked = 0.0, 0
        self.proof: Proof | Unreadable = Proof("1", b"s3cret", 300.0)
        self.made: list[Made] = []
        self.proven = Proven(IT, self.prove, self.make, lambda: self.now)

    async def prove(self, credential: AzureCredential) -> Proof | Unreadable:
        self.asked += 1
        return self.proof

    def make(self, proof: Proof) -> Credential:
        if proof.value == b"broken":
            raise ValueError(f"cannot parse {proof.value!r}")
        self.made.append(Made(proof))
        return self.made[-1]

    async def token(self) -> str:
        return (await self.proven.get_token("scope")).token


@pytest.fixture
def world() -> World:
    return World()


async def test_a_proof_is_asked_for_once_until_it_is_old_and_the_same_one_keeps_the_credential(world: World) -> None:
    assert [await world.token(), await world.token()] == ["1", "1"]
    assert world.asked == 1
    world.now = 300.0
    await world.token()
    assert (world.asked, len(world.made)) == (2, 1)


async def test_another_proof_makes_another_credential_and_lets_go_of_the_first(world: World) -> None:
    await world.token()
    world.proof, world.now = Proof("2", b"new", 300.0), 300.0
    assert await world.token() == "2"
    assert [one.closed for one in world.made] == [True, False]


async def test_a_proof_that_is_gone_is_used_on_for_a_while_and_looked_for_now_and_then(world: World) -> None:
    world.proof = Proof("1", b"s3cret", 30.0, kept=300.0)
    await world.token()
    world.proof = MISSING
    for now in (30.0, 31.0, 299.0):
        world.now = now
        assert await world.token() == "1"
    assert world.asked == 3
    world.now = 300.0
    with pytest.raises(TokenRefused):
        await world.token()


async def test_without_a_proof_there_is_no_token_and_the_reason_is_the_proofs(world: World) -> None:
    world.proof = MISSING
    with pytest.raises(TokenRefused) as refused:
        await world.token()
    assert refused.value.trouble.reason is Reason.CREDENTIAL_MISSING
    assert "AzureCredential team/it: There is no Secret team/app" in refused.value.trouble.message


async def test_a_secret_that_cannot_be_used_is_named_and_not_quoted(world: World) -> None:
    world.proof = Proof("1", b"broken", 300.0)
    with pytest.raises(TokenRefused) as refused:
        await world.token()
    assert "Secret team/app" in refused.value.trouble.message
    assert "broken" not in refused.value.trouble.message
    assert refused.value.__cause__ is None


async def test_a_refusal_asks_for_the_proof_anew_and_tells_once_when_it_begins_and_ends(world: World) -> None:
    told: list[float] = []
    tokens = Tokens(lambda: world.proven, "it", lambda: world.now, lambda: told.append(world.now))
    await tokens.get_token("scope")
    assert told == []
    world.proof, world.now = MISSING, 300.0
    for _ in range(3):
        with pytest.raises(TokenRefused):
            await tokens.get_token("scope")
    assert (world.asked, told) == (2, [300.0])
    world.proof, world.now = Proof("1", b"s3cret", 300.0), 300.0 + REFUSAL_LASTS
    await tokens.get_token("scope")
    assert told == [300.0, 300.0 + REFUSAL_LASTS]


async def test_what_nobody_has_used_for_an_hour_is_let_go_of() -> None:
    now = [0.0]
    identities = Identities(CLOUD, {}, lambda: now[0])
    old, used = (identities.tokens(Identity(name, "t")) for name in ("old", "used"))
    now[0] = UNUSED_FOR - SWEEP_EVERY
    used.last_used = now[0]
    now[0] = UNUSED_FOR
    identities.tokens(Identity("another", "t"))
    await asyncio.sleep(0)
    assert identities.tokens(Identity("used", "t")) is used
    assert identities.tokens(Identity("old", "t")) is not old
    await identities.close()


# -- which kind of credential


async def kind_of(type: CredentialType, client: str, monkeypatch: pytest.MonkeyPatch, **environ: str) -> object:
    async with credential_of(type, client, monkeypatch, **environ) as made:
        return made


@asynccontextmanager
async def credential_of(
    type: CredentialType, client: str, monkeypatch: pytest.MonkeyPatch, **environ: str
) -> AsyncIterator[Credential]:
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    wire = Wire(environ)
    identity = Identity.of(replace(IT, type=type, client=client), OPERATOR)
    made = named_credential(identity, CLOUD, environ, wire, World().prove, lambda: 0.0)
    try:
        yield made
    finally:
        await made.close()
        await wire.close()


ARM = "https://management.azure.com"
POD = {"AZURE_CLIENT_ID": "pod", "AZURE_TENANT_ID": "tenant", "AZURE_FEDERATED_TOKEN_FILE": "/var/run/token"}


@pytest.mark.parametrize("type", [CredentialType.MANAGED_IDENTITY, CredentialType.DEFAULT])
async def test_a_managed_identity_gets_its_token_from_the_machine_whatever_the_pod_has(
    type: CredentialType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With AZURE_AUTHORITY_HOST, too, which the webhook of workload identity sets: the SDK then prefers the token file."""
    told = {**TOKEN, "resource": ARM, "expires_on": str(int(time.time()) + 3600)}
    machine = Listener(lambda heard: Said(200, told))
    async with machine.listening(None):
        place = f"http://127.0.0.1:{machine.port}"
        pod = {**POD, "AZURE_AUTHORITY_HOST": "https://localhost:1", "AZURE_POD_IDENTITY_AUTHORITY_HOST": place}
        async with credential_of(type, "theirs", monkeypatch, **pod) as credential:
            token = await credential.get_token(f"{ARM}/.default")
    assert token.token == TOKEN["access_token"]
    assert [one.headers["metadata"] for one in machine.heard] == ["true"]
    path, _, query = machine.heard[0].target.partition("?")
    assert path == "/metadata/identity/oauth2/token"
    assert {"client_id=theirs", f"resource={ARM}"} <= set(unquote(query).split("&"))


async def test_default_is_the_pods_own_principal(monkeypatch: pytest.MonkeyPatch) -> None:
    for client in ("", "POD"):
        made = await kind_of(CredentialType.DEFAULT, client, monkeypatch, **POD)
        assert isinstance(made, WorkloadIdentityCredential)


async def test_the_pods_token_file_is_exchanged_for_no_client_that_a_namespace_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = await kind_of(CredentialType.DEFAULT, "theirs", monkeypatch, **POD)
    assert isinstance(made, DefaultAzureCredential)
    tried = cast(Any, made).credentials
    assert not any(isinstance(one, WorkloadIdentityCredential | ClientSecretCredential) for one in tried)
    assert not any("Environment" in type(one).__name__ for one in tried)
    for kind in (CredentialType.WORKLOAD_IDENTITY, CredentialType.SERVICE_PRINCIPAL_SECRET):
        assert isinstance(await kind_of(kind, "theirs", monkeypatch, **POD), Proven)
