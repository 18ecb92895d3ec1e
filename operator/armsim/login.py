"""Entra ID as far as clients need it: OpenID configuration, tokens out, tokens checked. Never says what a caller may do."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt

from .errors import unauthenticated
from .messages import Request, Response, answer
from .settings import Federated, Settings

PUBLIC_AUDIENCES = ("management.azure.com", "management.core.windows.net", "localhost", "127.0.0.1", "[::1]", "::1")
NAMESPACE = uuid.UUID("5e6c3b0e-0000-4000-a000-000000000000")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent the request, as its token says."""

    client_id: str
    oid: str
    tenant: str


@dataclass(frozen=True, slots=True)
class _Proof:
    caller: Caller
    expires: float
    audience: str


class Login:
    """Issues and checks tokens signed with one secret. `now` is wall time in seconds since the epoch."""

    def __init__(self, settings: Settings, secret: str) -> None:
        self._settings = settings
        self._secret = secret
        self._proven: dict[str, _Proof] = {}

    def configuration(self, base: str, tenant: str) -> Response:
        root = f"{base}/{tenant}"
        if self._tenant(tenant) is None:
            return _unknown_tenant(tenant)
        return answer(
            200,
            {
                "issuer": f"{root}/v2.0",
                "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                "token_endpoint": f"{root}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{root}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{root}/discovery/v2.0/keys",
                "tenant_region_scope": "EU",
                "response_types_supported": ["code", "id_token", "token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
            },
        )

    def token(self, request: Request, tenant: str, now: float) -> Response:
        """POST /{tenant}/oauth2/v2.0/token; errors in Entra's shape with AADSTS numbers."""
        found = self._tenant(tenant)
        if found is None:
            return _unknown_tenant(tenant)
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        refusal = self._refuse(form, found, now)
        if refusal is not None:
            return refusal
        audience = (form.get("scope") or form.get("resource") or "").split(" ")[0].removesuffix("/.default")
        life = self._settings.token_seconds
        token = self.issue(form["client_id"], found, audience, now, life, request.base)
        return answer(200, {"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token})

    def issue(self, client_id: str, tenant: str, audience: str, now: float, life: float, base: str = "") -> str:
        claims = {
            "aud": audience or "https://management.azure.com",
            "iss": f"{base}/{tenant}/",
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now + life),
            "appid": client_id,
            "oid": oid(client_id, tenant),
            "sub": oid(client_id, tenant),
            "tid": tenant,
            "idtyp": "app",
            "ver": "1.0",
        }
        return jwt.encode(claims, self._secret, algorithm="HS256")

    def check(self, token: str, now: float) -> Caller:
        """Raises ARM's 401 for a token that is not ours, not for ARM, or expired (arm.md 1.6)."""
        proof = self._proven.get(token)
        if proof is None:
            proof = self._verify(token)
            if len(self._proven) > 10_000:
                self._proven.clear()
            self._proven[token] = proof
        if proof.expires <= now:
            raise unauthenticated("ExpiredAuthenticationToken", _expired(proof.expires, now))
        return proof.caller

    def _verify(self, token: str) -> _Proof:
        options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
        try:
            claims = jwt.decode(token, self._secret, algorithms=["HS256"], options=options)
            caller = Caller(str(claims["appid"]), str(claims["oid"]), str(claims["tid"]))
            proof = _Proof(caller, float(claims["exp"]), str(claims["aud"]))
            host = urlsplit(proof.audience).hostname
        except (jwt.PyJWTError, KeyError, TypeError, ValueError):
            raise unauthenticated("InvalidAuthenticationToken", "The access token is invalid.") from None
        if host not in PUBLIC_AUDIENCES:
            raise unauthenticated("InvalidAuthenticationTokenAudience", _wrong_audience(proof.audience))
        return proof

    def _tenant(self, tenant: str) -> str | None:
        return tenant.lower() if tenant.lower() in self._settings.tenants else None

    def _refuse(self, form: Mapping[str, str], tenant: str, now: float) -> Response | None:
        client = form.get("client_id", "")
        if form.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if not client:
            return _refused(400, "invalid_request", 900144, "The request body must contain the parameter 'client_id'.")
        if not self._known(client, tenant):
            text = f"Application with identifier '{client}' was not found in the directory '{tenant}'."
            return _refused(400, "unauthorized_client", 700016, text)
        if "client_assertion" in form:
            principal = self._settings.principals.get(client.lower())
            return _assertion_refused(form["client_assertion"], principal.federated if principal else (), now)
        if not form.get("client_secret"):
            text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            return _refused(401, "invalid_client", 7000218, text)
        if not self._takes_secret(client, form["client_secret"]):
            return _refused(401, "invalid_client", 7000215, "Invalid client secret provided.")
        return None

    def _known(self, client: str, tenant: str) -> bool:
        principal = self._settings.principals.get(client.lower())
        if principal is None:
            return self._settings.strangers
        return not principal.tenants or tenant in principal.tenants

    def _takes_secret(self, client: str, given: str) -> bool:
        principal = self._settings.principals.get(client.lower())
        if principal is None or not (principal.secret or principal.federated):
            return True
        return given == principal.secret


def oid(client_id: str, tenant: str) -> str:
    """A service principal has an object id of its own in each tenant."""
    return str(uuid.uuid5(NAMESPACE, f"{client_id.lower()}@{tenant.lower()}"))


def _assertion_refused(assertion: str, federated: Sequence[Federated], now: float) -> Response | None:
    """Certificates and apps without federated credentials: read, not verified. Numbers and words as Entra's."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
        expires = float(claims.get("exp", now + 1))
    except (jwt.PyJWTError, TypeError, ValueError):
        return _refused(401, "invalid_client", 50027, "JWT token is invalid or malformed.")
    if expires <= now:
        return _refused(401, "invalid_client", 700024, "Client assertion is not within its valid time range.")
    return _untrusted(assertion, claims, federated) if federated else None


def _untrusted(assertion: str, claims: Mapping[str, Any], federated: Sequence[Federated]) -> Response | None:
    """Issuer, subject and audience must be those of one federated credential, compared exactly; then the signature."""
    issuer, subject, audience = (claims.get(name) for name in ("iss", "sub", "aud"))
    audiences = audience if isinstance(audience, list) else [audience]
    left = [one for one in federated if one.issuer == issuer]
    if not left:
        text = f"No matching federated identity record found for presented assertion issuer '{issuer}'."
        return _refused(401, "invalid_client", 700211, text)
    left = [one for one in left if one.subject == subject]
    if not left:
        text = f"No matching federated identity record found for presented assertion subject '{subject}'."
        return _refused(401, "invalid_client", 700213, text)
    left = [one for one in left if one.audience in audiences]
    if not left:
        text = f"No matching federated identity record found for presented assertion audience '{audiences[0]}'."
        return _refused(401, "invalid_client", 700212, text)
    if not any(one.keys is None or _signed_by(assertion, one.keys) for one in left):
        return _refused(401, "invalid_client", 700027, "Client assertion contains an invalid signature.")
    return None


def _signed_by(assertion: str, keys: Mapping[str, Any]) -> bool:
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
    for key in jwt.PyJWKSet.from_dict(dict(keys)).keys:
        try:
            jwt.decode(assertion, key.key, algorithms=["RS256", "ES256"], options=options)
        except (jwt.PyJWTError, TypeError, ValueError):
            continue
        return True
    return False


def _unknown_tenant(tenant: str) -> Response:
    text = f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
    return _refused(400, "invalid_request", 90002, text)


def _refused(status: int, error: str, number: int, text: str) -> Response:
    trace = "00000000-0000-0000-0000-000000000000"
    return answer(
        status,
        {
            "error": error,
            "error_description": f"AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {trace}",
            "error_codes": [number],
            "trace_id": trace,
            "correlation_id": trace,
        },
    )


def _expired(expires: float, now: float) -> str:
    then, current = _utc(expires), _utc(now)
    return f"The access token expiry UTC time '{then}' is earlier than current UTC time '{current}'."


def _utc(moment: float) -> str:
    return time.strftime("%m/%d/%Y %I:%M:%S %p", time.gmtime(moment))


def _wrong_audience(audience: str) -> str:
    return (
        f"The access token has been obtained for wrong audience or resource '{audience}'. It should exactly match with "
        "one of the allowed audiences 'https://management.core.windows.net/','https://management.azure.com/'."
    )
