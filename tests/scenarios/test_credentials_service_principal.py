"""A client secret or a certificate in a Secret of the credential's own namespace, meant for it, read with `get` alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from armsim_process import ArmsimProcess
from azure_bench import Clock
from controlplane.cluster import Cluster
from credential_estate import (
    MULTI_TENANT,
    OPERATOR,
    SECRET,
    TEAM_B,
    Credentials,
    Team,
    arm_requests,
    directory,
    token_requests,
    writes,
)
from estate import Estate
from stories import two_vnets
from vnetlink.azure.cloud import Cloud
from vnetlink.azure.identities import Identities
from vnetlink.azure.tokens import REFUSAL_LASTS, TokenRefused
from vnetlink.domain.credential import AzureCredential
from vnetlink.domain.identity import Identity
from vnetlink.kube.api import ApiServer
from vnetlink.kube.credential_block import azure_credential
from vnetlink.kube.proofs import SECRET_KEPT, SECRET_LASTS, Proofs


@pytest.fixture
def azure(cluster: Cluster, tmp_path: Path) -> Iterator[ArmsimProcess]:
    """Where team-b's app has one secret."""
    config = directory(cluster, tmp_path)
    config["principals"][MULTI_TENANT].pop("secret")  # takes any assertion
    with ArmsimProcess(tmp_path / "armsim", config) as process:
        yield process


@pytest.fixture
def team(estate: Estate) -> Team:
    team = Team.of(estate, "team-b")
    team.kubectl("delete", "secrets", "--all")
    return team


@pytest.fixture
def credentials(team: Team) -> Credentials:
    return team.credentials()


def test_a_client_secret_is_all_it_takes_and_is_told_nowhere(
    estate: Estate, team: Team, credentials: Credentials
) -> None:
    app, data = two_vnets(estate)
    since = estate.azure.last_request()
    team.secret()
    estate.start("--log-level", "DEBUG")
    team.credential(type="ServicePrincipalSecret")
    team.pair("by-secret", app, data)

    team.wait_ready("by-secret")
    assert len(writes(estate.azure, since, TEAM_B)) == 2
    assert arm_requests(estate.azure, since, OPERATOR) == []
    shown = credentials.wait_ready("default")
    assert SECRET not in estate.operator.log() + str(shown) + str(team.read("by-secret"))


def test_a_secret_that_is_missing_or_not_meant_for_it_is_named_with_the_command_and_asks_nobody(
    estate: Estate, team: Team, credentials: Credentials
) -> None:
    app, data = two_vnets(estate)
    estate.start("--log-level", "INFO")
    since = estate.azure.last_request()
    team.credential(type="ServicePrincipalSecret")
    team.pair("step-by-step", app, data)
    assert "team-b/app" in team.wait_reason("step-by-step", "CredentialMissing")["message"]
    credentials.wait_reason("default", "CredentialMissing")

    team.secret(labelled=False)
    message = team.wait_reason("step-by-step", "SecretNotLabelled")["message"]
    assert "kubectl label secret -n team-b app vnetlink.dev/credential=true" in message
    credentials.wait_reason("default", "SecretNotLabelled")
    team.secret(password="of something else")
    assert "clientSecret" in team.wait_reason("step-by-step", "CredentialMissing")["message"]
    assert token_requests(estate.azure, since) == []

    team.secret()
    team.wait_ready("step-by-step")
    credentials.wait_ready("default")


def test_a_wrong_secret_is_told_as_entra_tells_it_and_the_right_one_needs_no_edit(
    estate: Estate, team: Team, credentials: Credentials
) -> None:
    app, data = two_vnets(estate)
    team.secret(clientSecret="not-the-one")
    estate.start("--log-level", "INFO")
    team.credential(type="ServicePrincipalSecret")
    team.pair("rotated", app, data)

    message = team.wait_reason("rotated", "CredentialInvalid")["message"]
    assert "AADSTS7000215" in message
    assert "not-the-one" not in message
    assert credentials.wait_reason("default", "CredentialInvalid")["message"] in message

    team.secret()
    team.wait_ready("rotated")
    credentials.wait_ready("default")


async def test_another_secret_counts_within_half_a_minute_and_one_that_is_gone_is_used_for_five(
    estate: Estate, team: Team, credentials: Credentials
) -> None:
    """On a clock that nobody waits for."""
    team.secret()
    team.credential(type="ServicePrincipalSecret")
    described = azure_credential(credentials.read("default"))
    assert isinstance(described, AzureCredential)
    api, clock, env = ApiServer(str(estate.cluster.kubeconfig), None, "vnetlink/test"), Clock(), estate.azure.env
    cloud = Cloud.custom(env["VNETLINK_ARM_ENDPOINT"], env["VNETLINK_AUTHORITY_HOST"])
    identities = Identities(cloud, env, clock, prove=Proofs(api, lambda: datetime.now(UTC)).prove)
    tokens = identities.tokens(Identity.of(described, identities.operator))

    async def after(seconds: float) -> str:
        clock.now += seconds
        try:
            return (await tokens.get_token(cloud.scope)).token
        except TokenRefused as refused:
            return refused.trouble.reason.value

    first = await after(0.0)
    team.secret(clientSecret="not-the-one")
    assert await after(SECRET_LASTS - 1) == first
    assert await after(1.0) == "CredentialInvalid"
    team.secret()
    second = await after(REFUSAL_LASTS)
    assert second.count(".") == 2, "a token"
    team.kubectl("delete", "secret", "app")
    assert await after(SECRET_KEPT - 1) == second
    assert await after(1.0) == "CredentialMissing"
    await identities.close()
    await api.close()


def test_a_certificate_with_its_key_logs_in_and_one_without_is_refused_without_a_request(
    estate: Estate, team: Team, credentials: Credentials
) -> None:
    app, data = two_vnets(estate)
    whole = certificate()
    team.secret(certificate=whole[whole.index("-----BEGIN CERTIFICATE") :])
    estate.start("--log-level", "INFO")
    since = estate.azure.last_request()
    team.credential(type="ServicePrincipalCertificate", clientId=MULTI_TENANT)
    team.pair("certified", app, data)
    assert "Secret team-b/app" in team.wait_reason("certified", "CredentialInvalid")["message"]
    assert token_requests(estate.azure, since) == []

    team.secret(certificate=whole)
    team.wait_ready("certified")
    assert len(writes(estate.azure, since, MULTI_TENANT)) == 2
    credentials.wait_ready("default")


def certificate() -> str:
    """A key and its self-signed certificate as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private = key.private_bytes(serialization.Encoding.PEM, *plain)
    return (private + made.public_bytes(serialization.Encoding.PEM)).decode()
