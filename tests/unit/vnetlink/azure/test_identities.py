"""Identities and why one has no token."""

import pytest
from azure.core.exceptions import ClientAuthenticationError, DecodeError, ServiceRequestError
from azure.identity import CredentialUnavailableError
from azure.identity.aio import ClientSecretCredential

from vnetlink.azure.cloud import Cloud
from vnetlink.azure.identities import Identities
from vnetlink.azure.tokens import OUTAGE_LASTS, REFUSAL_LASTS, TokenRefused, Tokens, explain
from vnetlink.domain.identity import Identity
from vnetlink.domain.reasons import Reason

CLOUD = Cloud.custom("https://localhost:1", "https://localhost:1")


def test_the_operators_identity_names_the_pods_tenant() -> None:
    assert Identities(CLOUD, {"AZURE_TENANT_ID": "t"}).operator == Identity("operator", "t")
    assert Identities(CLOUD, {}).operator == Identity("operator", "")


def test_messages_name_the_client_and_the_tenant() -> None:
    identities = Identities(CLOUD, {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s3cret"})
    assert identities.describe(identities.operator) == "client c of tenant t"
    assert Identities(CLOUD, {}).describe(Identity("operator", "")) == "identity operator"


@pytest.mark.parametrize(
    "environ",
    [
        {"AZURE_CLIENT_SECRET": "s3cret"},
        {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_SECRET": "s3cret"},
        {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_FEDERATED_TOKEN_FILE": "/nowhere/token"},
        {"AZURE_FEDERATED_TOKEN_FILE": "/nowhere/token"},
    ],
)
async def test_incomplete_settings_show_when_a_token_is_asked_and_quote_no_secret(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    identities = Identities(CLOUD, environ)
    with pytest.raises(TokenRefused) as refused:
        await identities.tokens(identities.operator).get_token("scope")
    await identities.close()
    assert (refused.value.trouble.reason, refused.value.trouble.transient) == (Reason.CREDENTIAL_INVALID, False)
    assert "s3cret" not in refused.value.trouble.message


async def test_an_identity_nobody_knows_gets_no_token() -> None:
    identities = Identities(CLOUD, {"AZURE_CLIENT_SECRET": "x"})
    with pytest.raises(TokenRefused, match="no identity named 'stranger'"):
        await identities.tokens(Identity("stranger", "t")).get_token("scope")


@pytest.mark.parametrize(
    ("error", "reason", "transient"),
    [
        (ClientAuthenticationError("AADSTS7000215: no"), Reason.CREDENTIAL_INVALID, False),
        (CredentialUnavailableError("none"), Reason.CREDENTIAL_INVALID, False),
        (ServiceRequestError("refused"), Reason.AZURE_UNREACHABLE, True),
        (DecodeError("html"), Reason.AZURE_UNREACHABLE, True),
        (TimeoutError(), Reason.AZURE_UNREACHABLE, True),
        (FileNotFoundError("token"), Reason.CREDENTIAL_INVALID, False),
        (ValueError("client_id"), Reason.CREDENTIAL_INVALID, False),
    ],
)
def test_a_login_that_says_no_is_told_from_one_that_is_away(error: Exception, reason: Reason, transient: bool) -> None:
    trouble = explain(error, "client c")
    assert (trouble.reason, trouble.transient) == (reason, transient)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_login_that_is_overloaded_is_away(status: int) -> None:
    error = ClientAuthenticationError("x")
    error.status_code = status
    assert explain(error, "client c").transient


@pytest.mark.parametrize(
    ("error", "lasts"), [(ClientAuthenticationError("no"), REFUSAL_LASTS), (ServiceRequestError("away"), OUTAGE_LASTS)]
)
async def test_a_login_that_failed_is_not_asked_again_at_once(error: Exception, lasts: float) -> None:
    now, asked = 0.0, 0

    def make() -> ClientSecretCredential:
        nonlocal asked
        asked += 1
        raise error

    tokens = Tokens(make, "client c", lambda: now)
    for _ in range(3):
        with pytest.raises(TokenRefused):
            await tokens.get_token("scope")
    assert asked == 1
    now = lasts
    with pytest.raises(TokenRefused):
        await tokens.get_token("scope")
    assert asked == 2
