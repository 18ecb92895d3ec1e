"""The Secrets with shared keys: those that people name (read by name, never listed), and the previous key that we keep.

A key goes into the body of a request and nowhere else. The API server's own words are never repeated after a write: an
admission policy may quote what it refuses.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import string
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from vnetlink.domain.kinds import KINDS
from vnetlink.domain.outcome import Absent, Later, Present, Refused, Seen, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.secrets import ObservedSecret, PreviousKey
from vnetlink.domain.shared_key import CheckedKey, KeyFault, SharedKey, check
from vnetlink.domain.specs import ObjectMeta
from vnetlink.domain.vpn import SecretKeyRef
from vnetlink.kube import discovery
from vnetlink.kube.answers import CONFLICT, Gone, Write, Written, seen, written
from vnetlink.kube.api import Answer, ApiServer, Body, path
from vnetlink.kube.objects import GROUP, VERSION
from vnetlink.planning.actions import (
    ForgetPreviousKey,
    KeepPreviousKey,
    MakeSharedKey,
    MarkFailedKey,
    RenewSharedKey,
    SecretAction,
)

LABEL, LABELLED = f"{GROUP}/shared-key", "true"
GENERATED_FOR = f"{GROUP}/generated-for"
RENEWED_AT = f"{GROUP}/renewed-at"
ROTATING_TO = f"{GROUP}/rotating-to"
FAILED = f"{GROUP}/failed-resource-version"
KEPT_KEY = "sharedKey"

LENGTH = 48  # characters of a generated key: 285 bits; Azure takes 128
ALPHABET = string.ascii_letters + string.digits
VERBS = ("create", "update", "delete")
KNOWN_FOR = timedelta(seconds=60)


class Secrets:
    """vnetlink.ports.Secrets. `monotonic` gives seconds: how long an answer about our rights is believed."""

    def __init__(self, api: ApiServer, monotonic: Callable[[], float]) -> None:
        self._api, self._monotonic = api, monotonic
        self._manageable: dict[str, tuple[bool, float]] = {}

    # -- reading

    async def read(self, pair: ObjectMeta, ref: SecretKeyRef) -> Seen[ObservedSecret]:
        """The Secret that a person named. Without the label its data are not looked at."""
        match await self._get(pair.key.namespace, ref.name):
            case Present(body):
                return Present(_observed(body, ref.key, pair))
            case unread:
                return unread

    async def read_previous(self, pair: ObjectMeta) -> Seen[PreviousKey]:
        """The previous key of this very object; a Secret of that name which we did not make for it is Unreadable."""
        name = previous_name(pair)
        match await self._get(pair.key.namespace, name):
            case Present(body) if not _keeps_for(body, pair):
                return Unreadable(Reason.SHARED_KEY_INVALID, _taken(pair, name), transient=False)
            case Present(body):
                return _previous(body, f"{pair.key.namespace}/{name}")
            case unread:
                return unread

    async def manageable(self, namespace: str) -> bool:
        """Whether RBAC lets us create, update and delete Secrets there; as it was at most a minute ago."""
        now = self._monotonic()
        known, until = self._manageable.get(namespace, (False, now))
        if now < until:
            return known
        needs = [discovery.Need(verb, "", "secrets", namespace) for verb in VERBS]
        known = not await discovery.denied(self._api, needs)
        self._manageable[namespace] = (known, now + KNOWN_FOR.total_seconds())
        return known

    async def _get(self, namespace: str, name: str) -> Seen[Body]:
        answer = await self._api.get(_place(namespace, name))
        if answer.status == 403:
            message = f"RBAC lacks the verb 'get' on 'secrets' for the operator in namespace {namespace}"
            return Unreadable(
                Reason.SHARED_KEY_MISSING, f"Secret {namespace}/{name} cannot be read: {message}.", transient=False
            )
        return seen(answer)

    # -- writing

    async def perform(self, pair: ObjectMeta, action: SecretAction) -> Write:
        """Send one write, for some after reading what it changes. What somebody else changed since is Later."""
        match action:
            case MakeSharedKey(ref):
                return await self._create(pair, ref.name, _generated(pair, ref))
            case RenewSharedKey(ref, version, requested_at):
                return await self._renew(pair, ref, version, requested_at)
            case KeepPreviousKey(version=""):
                return await self._create(pair, previous_name(pair), _kept(pair, action))
            case KeepPreviousKey():
                return await self._replace(pair, previous_name(pair), _kept(pair, action))
            case MarkFailedKey(failed, version):
                return await self._mark(pair, failed, version)
            case ForgetPreviousKey(version):
                return await self._delete(pair, previous_name(pair), version)

    async def _renew(self, pair: ObjectMeta, ref: SecretKeyRef, version: str, requested_at: str) -> Write:
        match await self._current(pair, ref.name, version):
            case Present(body) if _labelled(body) and _is_generated_for(body, pair):
                data = {**(body.get("data") or {}), ref.key: _encoded(_new_key())}
                return await self._replace(
                    pair, ref.name, _annotated({**body, "data": data}, {RENEWED_AT: requested_at})
                )
            case Present():
                text = f"Secret {pair.key.namespace}/{ref.name} was not generated for {pair.key}"
                return Refused(Reason.SHARED_KEY_INVALID, "NotGenerated", text)
            case unusable:
                return unusable

    async def _mark(self, pair: ObjectMeta, failed: str, version: str) -> Write:
        name = previous_name(pair)
        match await self._current(pair, name, version):
            case Present(body) if _keeps_for(body, pair):
                return await self._replace(pair, name, _annotated(body, {FAILED: failed}))
            case Present():
                return Refused(Reason.SHARED_KEY_INVALID, "NotOurs", _taken(pair, name))
            case unusable:
                return unusable

    async def _current(self, pair: ObjectMeta, name: str, version: str) -> Present[Body] | Gone | Later | Refused:
        """The Secret as it is now, if that is still `version`."""
        match await self._get(pair.key.namespace, name):
            case Present(body) as found if body["metadata"]["resourceVersion"] == version:
                return found
            case Present():
                return Later(CONFLICT, _changed(pair, name))
            case Absent():
                return Gone()
            case Unreadable(reason, message, transient, after):
                return Later(reason, message, after) if transient else Refused(reason, "Forbidden", message)

    async def _create(self, pair: ObjectMeta, name: str, body: Body) -> Write:
        answer = await self._api.post(path("api", "v1", "namespaces", pair.key.namespace, "secrets"), body)
        return _told(answer, pair, name, "create")

    async def _replace(self, pair: ObjectMeta, name: str, body: Body) -> Write:
        return _told(await self._api.put(_place(pair.key.namespace, name), body), pair, name, "update")

    async def _delete(self, pair: ObjectMeta, name: str, version: str) -> Write:
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"resourceVersion": version}}
        return _told(await self._api.delete(_place(pair.key.namespace, name), options), pair, name, "delete")


def previous_name(pair: ObjectMeta) -> str:
    """Where the previous key of a pair lies."""
    return f"{pair.key.name}-previous-key"


def _place(namespace: str, name: str) -> str:
    return path("api", "v1", "namespaces", namespace, "secrets", name)


# -- what a Secret says


def _observed(body: Body, key: str, pair: ObjectMeta) -> ObservedSecret:
    version = str(body["metadata"]["resourceVersion"])
    if not _labelled(body):
        return ObservedSecret(version, labelled=False, key=None)
    return ObservedSecret(
        version,
        labelled=True,
        key=_checked(body, key),
        generated=_is_generated_for(body, pair),
        renewed_at=_note(body, RENEWED_AT),
    )


def _checked(body: Body, key: str) -> CheckedKey | KeyFault | None:
    raw = _value(body, key)
    return None if raw is None else check(raw)


def _previous(body: Body, name: str) -> Seen[PreviousKey]:
    """Verbatim, not checked: it goes back to where it came from."""
    try:
        text = (_value(body, KEPT_KEY) or b"").decode()
    except UnicodeDecodeError:
        text = ""
    if not text:
        message = f"Secret {name} holds no previous key any more; delete it: kubectl delete secret"
        return Unreadable(Reason.SHARED_KEY_INVALID, message, transient=False)
    version = str(body["metadata"]["resourceVersion"])
    return Present(PreviousKey(version, SharedKey(text), _note(body, ROTATING_TO), _note(body, FAILED)))


def _value(body: Body, key: str) -> bytes | None:
    encoded = (body.get("data") or {}).get(key)
    try:
        return None if encoded is None else base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return b""  # never seen: the API server refuses it


def _labelled(body: Body) -> bool:
    return (body["metadata"].get("labels") or {}).get(LABEL) == LABELLED


def _note(body: Body, name: str) -> str:
    return str((body["metadata"].get("annotations") or {}).get(name, ""))


def _is_generated_for(body: Body, pair: ObjectMeta) -> bool:
    return _note(body, GENERATED_FOR) == str(pair.key)


def _keeps_for(body: Body, pair: ObjectMeta) -> bool:
    owners = body["metadata"].get("ownerReferences") or ()
    return _labelled(body) and any(owner.get("uid") == pair.uid for owner in owners)


# -- what is sent


def _generated(pair: ObjectMeta, ref: SecretKeyRef) -> Body:
    return _secret(pair, ref.name, {ref.key: _encoded(_new_key())}, {GENERATED_FOR: str(pair.key)})


def _kept(pair: ObjectMeta, action: KeepPreviousKey) -> Body:
    """The whole Secret, whatever was in it. Goes with its pair; nobody's deletion waits for it."""
    secret = _secret(
        pair, previous_name(pair), {KEPT_KEY: _encoded(action.key.reveal())}, {ROTATING_TO: action.rotating_to}
    )
    owner = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KINDS[pair.key.kind],
        "name": pair.key.name,
        "uid": pair.uid,
        "controller": False,
        "blockOwnerDeletion": False,
    }
    guard = {"resourceVersion": action.version} if action.version else {}
    return {**secret, "metadata": {**secret["metadata"], "ownerReferences": [owner], **guard}}


def _secret(pair: ObjectMeta, name: str, data: Mapping[str, str], notes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": name,
            "namespace": pair.key.namespace,
            "labels": {LABEL: LABELLED, "app.kubernetes.io/managed-by": "vnetlink"},
            "annotations": dict(notes),
        },
        "data": dict(data),
    }


def _annotated(body: Body, notes: Mapping[str, str]) -> Body:
    """The same Secret in the same version with these annotations: an update is guarded by the version in it."""
    meta = body["metadata"]
    return {**body, "metadata": {**meta, "annotations": {**(meta.get("annotations") or {}), **notes}}}


def _new_key() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# -- what came of it


def _told(answer: Answer, pair: ObjectMeta, name: str, verb: str) -> Write:
    """A write's outcome in our own words; of the Secret only its version, never its data."""
    place = f"{pair.key.namespace}/{name}"
    match written(Answer(answer.status, retry_after=answer.retry_after)):
        case Written():
            return Written({"metadata": {"name": name, "resourceVersion": _version(answer.body)}})
        case Later(reason=reason) if reason is CONFLICT:
            return Later(CONFLICT, _changed(pair, name), answer.retry_after)
        case Later(reason, message, after):
            return Later(reason, f"cannot {verb} Secret {place}: {message}", after)
        case Refused(code=code) if answer.status == 403:
            text = (
                f"cannot {verb} Secret {place}: RBAC lacks the verb {verb!r} on 'secrets' for the operator in namespace "
                f"{pair.key.namespace}, or an admission policy or quota refuses"
            )
            return Refused(Reason.SHARED_KEY_MISSING, code, text)
        case Refused(code=code, message=message):
            return Refused(Reason.SHARED_KEY_INVALID, code, f"cannot {verb} Secret {place}: {message}")
        case Gone():
            return Gone()


def _version(body: Body) -> str:
    return str((body.get("metadata") or {}).get("resourceVersion", ""))


def _changed(pair: ObjectMeta, name: str) -> str:
    return f"Secret {pair.key.namespace}/{name} was made, changed or deleted by somebody else meanwhile"


def _taken(pair: ObjectMeta, name: str) -> str:
    return (
        f"Secret {pair.key.namespace}/{name} is where the previous key of {pair.key} is kept, but it was not made for this "
        f"object; it is left alone: rename or delete it"
    )
