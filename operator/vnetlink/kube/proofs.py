"""What a credential shows to the login service: a token of its ServiceAccount, or what lies in its Secret.

Both in the credential's own namespace, by name, never listed; nothing that was read is kept or printed.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from vnetlink.domain.credential import AzureCredential, CredentialType, Proof
from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.kube.answers import seen
from vnetlink.kube.api import ApiServer, Body, path
from vnetlink.kube.fields import instant

AUDIENCE = "api://AzureADTokenExchange"
LABEL, LABELLED = "vnetlink.dev/credential", "true"
CLIENT_SECRET, CERTIFICATE, PASSWORD = "clientSecret", "certificate", "password"  # keys of a Secret

TOKEN_SECONDS = 3600
EARLY = 600.0  # a token is asked for anew this long before it ends
SECRET_LASTS = 30.0  # seconds after which a Secret is read again; it is not watched
SECRET_KEPT = 300.0  # of one that is gone: a namespace that is deleted loses its Secrets before its pairs


class Proofs:
    """Asks the API server. `now` is the time of day."""

    def __init__(self, api: ApiServer, now: Callable[[], datetime]) -> None:
        self._api, self._now = api, now

    async def prove(self, credential: AzureCredential) -> Proof | Unreadable:
        """The proof, or why there is none."""
        if credential.type is CredentialType.WORKLOAD_IDENTITY:
            return await self._assertion(credential)
        return await self._secret(credential)

    async def _assertion(self, credential: AzureCredential) -> Proof | Unreadable:
        namespace, name = credential.meta.key.namespace, credential.service_account
        place = path("api", "v1", "namespaces", namespace, "serviceaccounts", name, "token")
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"audiences": [AUDIENCE], "expirationSeconds": TOKEN_SECONDS},
        }
        answer = await self._api.ask(place, request)
        status = answer.body.get("status") or {}
        if answer.ok and status.get("token"):
            expires = instant(str(status.get("expirationTimestamp", "")))
            left = (expires - self._now().astimezone(UTC)).total_seconds() - EARLY
            return Proof(uuid.uuid4().hex, str(status["token"]).encode(), max(left, 1.0))
        if answer.status == 404:
            text = f"There is no ServiceAccount {namespace}/{name}: kubectl create serviceaccount -n {namespace} {name}"
            return Unreadable(Reason.SERVICE_ACCOUNT_MISSING, text, transient=False)
        if answer.status == 403:
            text = (
                f"No token of ServiceAccount {namespace}/{name}: RBAC lacks the verb 'create' on 'serviceaccounts/token' for "
                f"the operator in namespace {namespace}"
            )
            return Unreadable(Reason.SERVICE_ACCOUNT_MISSING, text, transient=False)
        away = answer.status in (0, 401, 408, 409, 429) or answer.status >= 500
        text = f"No token of ServiceAccount {namespace}/{name}: {answer.message}"
        return Unreadable(Reason.AZURE_UNREACHABLE if away else Reason.CREDENTIAL_INVALID, text, away)

    async def _secret(self, credential: AzureCredential) -> Proof | Unreadable:
        namespace, name = credential.meta.key.namespace, credential.secret
        answer = await self._api.get(path("api", "v1", "namespaces", namespace, "secrets", name))
        if answer.status == 403:
            text = (
                f"Secret {namespace}/{name} cannot be read: RBAC lacks the verb 'get' on 'secrets' for the operator in "
                f"namespace {namespace}"
            )
            return Unreadable(Reason.CREDENTIAL_MISSING, text, transient=False)
        match seen(answer):
            case Present(body):
                return _proof(body, credential)
            case Absent():
                return Unreadable(Reason.CREDENTIAL_MISSING, f"There is no Secret {namespace}/{name}.", transient=False)
            case Unreadable(message=message, transient=transient, retry_after=after):
                reason = Reason.AZURE_UNREACHABLE if transient else Reason.CREDENTIAL_MISSING
                return Unreadable(reason, f"Secret {namespace}/{name} cannot be read: {message}", transient, after)


def _proof(body: Body, credential: AzureCredential) -> Proof | Unreadable:
    """Without the label its data are not looked at: whoever may write an AzureCredential may not read every Secret by it."""
    namespace, name = credential.meta.key.namespace, credential.secret
    if (body["metadata"].get("labels") or {}).get(LABEL) != LABELLED:
        text = f"Secret {namespace}/{name} is not meant for this: kubectl label secret -n {namespace} {name} {LABEL}={LABELLED}"
        return Unreadable(Reason.SECRET_NOT_LABELLED, text, transient=False)
    key = CLIENT_SECRET if credential.type is CredentialType.SERVICE_PRINCIPAL_SECRET else CERTIFICATE
    value = _value(body, key)
    if not value:
        text = f"Secret {namespace}/{name} has nothing under the key {key}."
        return Unreadable(Reason.CREDENTIAL_MISSING, text, transient=False)
    if key == CLIENT_SECRET:
        value = value.strip()  # a file made with an editor ends in a line feed
    return Proof(str(body["metadata"]["resourceVersion"]), value, SECRET_LASTS, _value(body, PASSWORD), SECRET_KEPT)


def _value(body: Body, key: str) -> bytes | None:
    encoded = (body.get("data") or {}).get(key)
    try:
        return None if encoded is None else base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return None  # never seen: the API server refuses it
