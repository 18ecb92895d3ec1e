"""arm.md sections 1.6 and 1.7: tokens, roles, tenants, quotas."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from armsim.messages import Request, Response
from armsim.settings import TENANT_A, TENANT_B, Bucket, Federated, Principal
from simulated_azure import GROUP, SUB, SUB_2, SUB_B, Azure, code, network, peering, side

VNETS = f"{GROUP}/providers/Microsoft.Network/virtualNetworks"
PEER = "Microsoft.Network/virtualNetworks/peer/action"
PEERINGS = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"


def login(azure: Azure, tenant: str = TENANT_A, **form: str) -> Response:
    filled = {"grant_type": "client_credentials", "client_id": "app", "scope": "https://localhost:1//.default", **form}
    request = Request("POST", f"/{tenant}/oauth2/v2.0/token", {}, urlencode(filled).encode(), "https://localhost:1")
    return azure.core.handle(request, azure.now)


def plain(azure: Azure, authorization: str | None) -> Response:
    headers = {} if authorization is None else {"authorization": authorization}
    return azure.core.handle(Request("GET", f"{VNETS}?api-version=2022-01-01", headers), azure.now)


def grant(azure: Azure, **roles: Any) -> None:
    assert azure.control("PUT", "roles", roles).status == 200


# --- login


def test_a_token_is_a_decodable_jwt_with_what_clients_read() -> None:
    azure = Azure()
    response = login(azure, client_secret="any")
    assert response.data["token_type"] == "Bearer"
    claims = jwt.decode(response.data["access_token"], options={"verify_signature": False})
    assert (claims["tid"], claims["appid"], claims["aud"]) == (TENANT_A, "app", "https://localhost:1/")
    assert claims["exp"] == azure.now + response.data["expires_in"]
    azure.group()
    assert plain(azure, f"Bearer {response.data['access_token']}").status == 200


def test_an_app_has_another_object_id_in_each_tenant() -> None:
    azure = Azure()
    tokens = [login(azure, tenant, client_secret="x").data["access_token"] for tenant in (TENANT_A, TENANT_B)]
    oids = {jwt.decode(token, options={"verify_signature": False})["oid"] for token in tokens}
    assert len(oids) == 2


def test_the_openid_configuration_points_back_here() -> None:
    azure = Azure()
    request = Request("GET", f"/{TENANT_A}/v2.0/.well-known/openid-configuration", {}, base="https://localhost:9")
    shown = azure.core.handle(request, azure.now).data
    assert shown["token_endpoint"] == f"https://localhost:9/{TENANT_A}/oauth2/v2.0/token"


def test_metadata_names_this_cloud() -> None:
    azure = Azure()
    request = Request("GET", "/metadata/endpoints?api-version=2022-09-01", {}, base="https://localhost:9")
    shown = azure.core.handle(request, azure.now).data
    assert shown["authentication"]["loginEndpoint"] == shown["resourceManager"] == "https://localhost:9"


@pytest.mark.parametrize("life", [60, -60])
def test_an_assertion_counts_until_it_expires(life: int) -> None:
    azure = Azure()
    assertion = jwt.encode({"exp": int(azure.now + life)}, "k" * 32, algorithm="HS256")
    response = login(azure, client_assertion=assertion)
    assert response.status == (200 if life > 0 else 401)
    if life < 0:
        assert response.data["error_codes"] == [700024]


@pytest.mark.parametrize(
    ("form", "status", "number"),
    [
        ({}, 401, 7000218),
        ({"client_assertion": "words"}, 401, 50027),
        ({"client_secret": "x", "grant_type": "password"}, 400, 70003),
        ({"client_secret": "x", "client_id": ""}, 400, 900144),
    ],
)
def test_a_wrong_login_gets_a_number_of_entra(form: dict[str, str], status: int, number: int) -> None:
    response = login(Azure(), **form)
    assert (response.status, response.data["error_codes"]) == (status, [number])
    assert response.data["error_description"].startswith(f"AADSTS{number}: ")


def test_an_unknown_tenant_is_90002() -> None:
    assert login(Azure(), "99999999-0000-0000-0000-000000000000", client_secret="x").data["error_codes"] == [90002]


def test_named_principals_exist_where_they_are_and_have_their_secret() -> None:
    azure = Azure(principals={"app": Principal("app", (TENANT_A,), "right")}, strangers=False)
    assert login(azure, client_secret="right").status == 200
    assert login(azure, client_secret="wrong").data["error_codes"] == [7000215]
    assert login(azure, TENANT_B, client_secret="right").data["error_codes"] == [700016]
    assert login(azure, client_id="other", client_secret="x").data["error_codes"] == [700016]


SUBJECT = "system:serviceaccount:team-a:network"
ISSUER = "https://kubernetes.default.svc"


def trusting(key: Any = None) -> Azure:
    """An Azure with an app that trusts one ServiceAccount; `key` signs for the issuer."""
    keys = None if key is None else {"keys": [json.loads(RSAAlgorithm.to_jwk(key.public_key()))]}
    app = Principal("app", (), "", (Federated(ISSUER, SUBJECT, keys=keys),))
    return Azure(principals={"app": app}, strangers=False)


def assertion(key: Any = "k" * 32, **claims: Any) -> str:
    """What a ServiceAccount's token says, unless told otherwise."""
    said = {"iss": ISSUER, "sub": SUBJECT, "aud": ["api://AzureADTokenExchange"], **claims}
    return jwt.encode(said, key, algorithm="HS256" if isinstance(key, str) else "RS256")


@pytest.mark.parametrize(
    ("claims", "number"),
    [
        ({}, 0),
        ({"aud": "api://AzureADTokenExchange"}, 0),
        ({"iss": "https://elsewhere"}, 700211),
        ({"sub": "system:serviceaccount:team-b:network"}, 700213),
        ({"sub": SUBJECT.upper()}, 700213),
        ({"aud": ["https://kubernetes.default.svc"]}, 700212),
        ({"exp": 1}, 700024),
    ],
)
def test_an_app_with_federated_credentials_takes_only_the_token_that_one_of_them_describes(
    claims: dict[str, Any], number: int
) -> None:
    response = login(trusting(), client_assertion=assertion(**claims))
    assert (response.status, response.data.get("error_codes", [0])) == (401 if number else 200, [number])


def test_a_token_that_the_issuer_has_not_signed_is_refused_where_its_keys_are_known() -> None:
    issuers, forgers = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    azure = trusting(issuers)
    assert login(azure, client_assertion=assertion(issuers)).status == 200
    assert login(azure, client_assertion=assertion(forgers)).data["error_codes"] == [700027]
    assert login(azure, client_assertion=assertion()).data["error_codes"] == [700027]


def test_an_app_that_has_federated_credentials_and_no_secret_takes_no_secret() -> None:
    assert login(trusting(), client_secret="any").data["error_codes"] == [7000215]


# --- 401


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (None, "AuthenticationFailed"),
        ("Basic abc", "AuthenticationFailedInvalidHeader"),
        ("Bearer", "AuthenticationFailedInvalidHeader"),
        ("Bearer words", "InvalidAuthenticationToken"),
        ("Bearer a.b.c", "InvalidAuthenticationToken"),
    ],
)
def test_a_bad_authorization_is_401(authorization: str | None, expected: str) -> None:
    refused = plain(Azure(), authorization)
    assert (refused.status, code(refused)) == (401, expected)
    assert refused.headers["WWW-Authenticate"].startswith("Bearer ")
    assert refused.headers["x-ms-failure-cause"] == "gateway"


def test_foreign_expired_and_wrong_tokens_are_401() -> None:
    azure = Azure()
    foreign = jwt.encode({"appid": "a", "oid": "o", "tid": TENANT_A, "exp": 9e9, "aud": "x"}, "k" * 32)
    assert code(plain(azure, f"Bearer {foreign}")) == "InvalidAuthenticationToken"
    vault = azure.core.login.issue("app", TENANT_A, "https://vault.azure.net", azure.now, 60)
    assert code(plain(azure, f"Bearer {vault}")) == "InvalidAuthenticationTokenAudience"
    strange = azure.core.login.issue("app", TENANT_A, "https://[bad\r\nx", azure.now, 60)
    assert code(plain(azure, f"Bearer {strange}")) == "InvalidAuthenticationToken"
    token = azure.token()
    azure.wait(3600)
    assert code(plain(azure, f"Bearer {token}")) == "ExpiredAuthenticationToken"


# --- 403


def test_without_a_role_a_read_is_forbidden_with_action_and_scope() -> None:
    azure = Azure()
    azure.group()
    grant(azure, app=[])
    refused = azure.send("GET", f"{VNETS}/v")
    assert (refused.status, code(refused)) == (403, "AuthorizationFailed")
    message = refused.data["error"]["message"]
    assert message.startswith("The client 'app' with object id '")
    assert f"perform action 'Microsoft.Network/virtualNetworks/read' over scope '{VNETS}/v' or" in message


def test_a_role_covers_its_scope_and_what_is_below() -> None:
    azure = Azure()
    one, _, first, _ = azure.pair()
    azure.group("rg2")
    grant(azure, app=[{"scope": GROUP, "actions": ["Microsoft.Network/*/read"]}])
    assert azure.send("GET", first).status == 200
    assert azure.send("GET", VNETS).status == 200
    assert azure.send("GET", VNETS.replace("/rg/", "/rg2/")).status == 403
    assert azure.send("GET", GROUP).status == 403
    assert azure.send("PUT", one, network("10.1.0.0/16")).status == 403
    assert azure.send("DELETE", first).status == 403


def test_listing_a_subscription_needs_a_role_at_the_subscription() -> None:
    azure = Azure()
    azure.vnet("v", "10.0.0.0/16")
    path = f"/subscriptions/{SUB}/providers/Microsoft.Network/virtualNetworks"
    grant(azure, app=[{"scope": GROUP, "role": "Reader"}])
    refused = azure.send("GET", path)
    assert code(refused) == "AuthorizationFailed"
    assert f"over scope '/subscriptions/{SUB}' or" in refused.data["error"]["message"]
    grant(azure, app=[{"scope": f"/subscriptions/{SUB}", "role": "Reader"}])
    assert azure.send("GET", path).status == 200


def test_operation_polls_need_a_role_at_the_subscription() -> None:
    azure = Azure()
    vnet = azure.vnet("v", "10.0.0.0/16")
    grant(azure, app=[{"scope": GROUP, "role": "Owner"}])
    url = azure.send("PUT", vnet, network("10.0.0.0/16")).headers["Azure-AsyncOperation"]
    assert azure.send("GET", url).status == 403


def test_peering_needs_the_peer_action_on_the_remote_vnet() -> None:
    azure = Azure()
    one, two = azure.vnet("one", "10.1.0.0/16"), azure.vnet("two", "10.2.0.0/16", group="theirs")
    grant(azure, app=[{"scope": GROUP, "role": "Network Contributor"}])
    refused = azure.send("PUT", side(one, two), peering(two))
    assert (refused.status, code(refused)) == (403, "LinkedAuthorizationFailed")
    message = refused.data["error"]["message"]
    assert f"has permission to perform action '{PEERINGS}/write' on scope '{side(one, two)}'" in message
    assert f"does not have permission to perform action(s) '{PEER}' on the linked scope(s) '{two}'" in message
    granted = [{"scope": GROUP, "role": "Network Contributor"}, {"scope": two, "actions": [PEER]}]
    grant(azure, app=granted)
    assert azure.send("PUT", side(one, two), peering(two)).status == 201


def test_roles_take_wildcards_and_not_actions_and_give_the_default_back() -> None:
    azure = Azure()
    azure.group()
    grant(azure, app=[{"scope": "/", "actions": ["*"], "notActions": ["*/delete"]}])
    assert azure.send("GET", VNETS).status == 200
    assert azure.send("DELETE", GROUP).status == 403
    grant(azure, app=None)
    assert azure.send("DELETE", GROUP).status == 202


@pytest.mark.parametrize(
    "wrong", [{"app": 1}, {"app": [{"actions": []}]}, {"app": [{"scope": "/", "role": "King"}]}, [1]]
)
def test_wrong_roles_are_refused_and_change_nothing(wrong: Any) -> None:
    azure = Azure()
    assert azure.control("PUT", "roles", wrong).status == 400
    assert azure.control("GET", "roles").data == {}


def test_subscriptions_are_those_of_the_tokens_tenant_with_a_role() -> None:
    azure = Azure()
    found = azure.get("/subscriptions", tenant=TENANT_B)["value"]
    assert [(one["subscriptionId"], one["tenantId"]) for one in found] == [(SUB_B, TENANT_B)]
    grant(azure, app=[{"scope": f"/subscriptions/{SUB_2}/resourceGroups/x", "role": "Reader"}])
    assert [one["subscriptionId"] for one in azure.get("/subscriptions")["value"]] == [SUB_2]


# --- across tenants


@pytest.fixture
def across() -> tuple[Azure, str, str]:
    azure = Azure()
    return azure, azure.vnet("a", "10.1.0.0/16"), azure.vnet("b", "10.2.0.0/16", subscription=SUB_B, tenant=TENANT_B)


def test_another_tenant_needs_an_auxiliary_token(across: tuple[Azure, str, str]) -> None:
    azure, one, two = across
    refused = azure.send("PUT", side(one, two), peering(two))
    assert (refused.status, code(refused)) == (403, "LinkedAuthorizationFailed")
    assert refused.data["error"]["message"] == (
        f"The client has permission to perform action '{PEER}' on scope '{side(one, two)}', however the current tenant "
        f"'{TENANT_A}' is not authorized to access linked subscription '{SUB_B}'."
    )
    assert azure.send("PUT", side(one, two), peering(two), auxiliary=(TENANT_A,)).status == 403
    assert azure.send("PUT", side(one, two), peering(two), auxiliary=(TENANT_A, TENANT_B)).status == 201


def test_auxiliary_tokens_may_be_joined_by_semicolon_and_must_be_good(across: tuple[Azure, str, str]) -> None:
    azure, one, two = across
    bad = {"x-ms-authorization-auxiliary": "Bearer words"}
    assert azure.send("PUT", side(one, two), peering(two), headers=bad).status == 401
    joined = f"Bearer {azure.token(TENANT_A)}; Bearer {azure.token(TENANT_B)}"
    headers = {"x-ms-authorization-auxiliary": joined}
    assert azure.send("PUT", side(one, two), peering(two), headers=headers).status == 201


def test_a_needless_auxiliary_token_is_ignored(across: tuple[Azure, str, str]) -> None:
    azure, one, _ = across
    headers = {"x-ms-authorization-auxiliary": "Bearer words"}
    assert azure.send("GET", one, headers=headers).status == 200
    other = azure.vnet("c", "10.3.0.0/16")
    assert azure.send("PUT", side(one, other), peering(other), headers=headers).status == 201


def test_the_peer_action_counts_in_the_other_tenant_too(across: tuple[Azure, str, str]) -> None:
    azure, one, two = across
    grant(azure, app=[{"scope": f"/subscriptions/{SUB}", "role": "Owner"}])
    refused = azure.send("PUT", side(one, two), peering(two), auxiliary=(TENANT_B,))
    assert code(refused) == "LinkedAuthorizationFailed"
    assert f"on the linked scope(s) '{two}'" in refused.data["error"]["message"]


# --- custom roles


def test_a_role_definition_allows_its_actions_but_for_its_not_actions() -> None:
    azure = Azure()
    vnet = azure.vnet("a", "10.1.0.0/16")
    role = {"Name": "x", "Actions": ["Microsoft.Network/*"], "NotActions": ["Microsoft.Network/virtualNetworks/delete"]}
    grant(azure, app=[{"scope": GROUP, "definition": role}])
    assert azure.send("GET", vnet).status == 200
    assert code(azure.send("DELETE", vnet)) == "AuthorizationFailed"
    refused = azure.control("PUT", "roles", {"app": [{"scope": GROUP, "definition": {"Name": "x"}}]})
    assert "role definition with Actions" in refused.data["error"]


def test_the_actions_that_a_principal_was_allowed_are_told_and_forgotten() -> None:
    azure = Azure()
    one, two = azure.vnet("a", "10.1.0.0/16"), azure.vnet("b", "10.2.0.0/16")
    azure.control("DELETE", "actions")
    grant(azure, app=[{"scope": GROUP, "actions": [f"{PEERINGS}/write", PEER]}])
    azure.send("PUT", side(one, two), peering(two))
    azure.send("GET", one)
    assert azure.control("GET", "actions").data == {"app": [PEER, f"{PEERINGS}/write"]}
    assert azure.control("DELETE", "actions").data == azure.control("GET", "actions").data == {}


# --- quotas


def test_every_answer_of_a_subscription_tells_what_is_left() -> None:
    azure = Azure()
    azure.group()
    left = [int(azure.send("GET", VNETS).headers["x-ms-ratelimit-remaining-subscription-reads"]) for _ in range(2)]
    assert left == [249, 248]
    assert "x-ms-ratelimit-remaining-subscription-writes" in azure.send("PUT", f"{VNETS}/v", {}).headers
    assert "x-ms-ratelimit-remaining-subscription-deletes" in azure.send("DELETE", f"{VNETS}/v").headers


def test_an_empty_bucket_answers_429_and_a_request_inside_the_wait_restarts_it() -> None:
    small = {"reads": Bucket(1, 0.1), "writes": Bucket(9, 1), "deletes": Bucket(9, 1)}
    azure = Azure(throttled=True, buckets=small)
    azure.group()
    assert azure.send("GET", VNETS).status == 200
    refused = azure.send("GET", VNETS)
    assert (refused.status, code(refused), refused.headers["Retry-After"]) == (
        429,
        "SubscriptionRequestsThrottled",
        "10",
    )
    azure.wait(9)
    assert azure.send("GET", VNETS).status == 429
    azure.wait(0.9)
    assert azure.send("GET", VNETS).status == 429
    azure.wait(9.9)
    assert azure.send("GET", VNETS).status == 429
    azure.wait(10)
    assert azure.send("GET", VNETS).status == 200
    assert azure.send("GET", VNETS, client="another").status == 200


def test_a_token_is_never_in_the_log() -> None:
    azure = Azure()
    azure.group()
    assert "Bearer" not in json.dumps(azure.control("GET", "requests").data)
