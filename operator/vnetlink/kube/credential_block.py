"""From an AzureCredential as the API server sends it to a frozen value or a SpecError. Pure; never raises on its content."""

from __future__ import annotations

import re

from vnetlink.domain.arm_id import InvalidId, ResourceGroupId, VnetId
from vnetlink.domain.credential import (
    AllowedNamespaces,
    AzureCredential,
    CredentialType,
    Operator,
    Requirement,
    Scope,
    Selector,
)
from vnetlink.domain.specs import SpecError
from vnetlink.kube.decode import metadata
from vnetlink.kube.fields import Body, Wrong, choice, mapping, object_name, string

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SUBSCRIPTION = re.compile(r"/subscriptions/" + _GUID.pattern)


def azure_credential(body: Body) -> AzureCredential | SpecError:
    """The object in `body`. Whatever it says wrongly about whom it allows allows nobody."""
    meta = metadata(body)
    try:
        spec = mapping(body, "spec", "spec")
        type = _type(spec)
        return AzureCredential(
            meta=meta,
            type=type,
            tenant=_guid(spec, "tenantId", required=not type.of_the_pod),
            client=_guid(spec, "clientId", required=not type.of_the_pod),
            service_account=_ref(spec, "serviceAccountRef", type is CredentialType.WORKLOAD_IDENTITY),
            secret=_ref(spec, "secretRef", type in _WITH_SECRET),
            allowed_namespaces=_namespaces(spec),
            allowed_scopes=tuple(_scope(one) for one in _texts(spec, "allowedScopes", "spec")),
        )
    except Wrong as wrong:
        return SpecError(meta, str(wrong))


_WITH_SECRET = (CredentialType.SERVICE_PRINCIPAL_SECRET, CredentialType.SERVICE_PRINCIPAL_CERTIFICATE)


def _type(spec: Body) -> CredentialType:
    string(spec, "type", "spec")
    return choice(spec, "type", CredentialType.DEFAULT, "spec")


def _guid(spec: Body, name: str, required: bool) -> str:
    """Lower-cased. It goes into the path of a request to the login service, so nothing else will do."""
    text = string(spec, name, "spec", None if required else "").lower()
    if text and _GUID.fullmatch(text) is None:
        raise Wrong(f"spec.{name}: {text[:40]!r} is not a guid")
    if required and not text:
        raise Wrong(f"spec.{name}: is missing")
    return text


def _ref(spec: Body, name: str, required: bool) -> str:
    """The name in a reference; one without a namespace, so it never leads out of the object's own."""
    if not required:
        return ""
    path = f"spec.{name}"
    return object_name(mapping(spec, name, path), "name", path)


def _scope(text: str) -> Scope:
    lowered = text.lower() if text.isascii() else ""
    if _SUBSCRIPTION.fullmatch(lowered):
        return Scope(text)
    for type in (ResourceGroupId, VnetId):
        try:
            return Scope(str(type.parse(text)))
        except InvalidId:
            continue
    raise Wrong(
        f"spec.allowedScopes: {text[:120]!r} is not the id of a subscription, a resource group or a virtual network"
    )


def _namespaces(spec: Body) -> AllowedNamespaces:
    path = "spec.allowedNamespaces"
    allowed = mapping(spec, "allowedNamespaces", path, required=False)
    return AllowedNamespaces(
        frozenset(_texts(allowed, "names", path)),
        _selector(mapping(allowed, "selector", f"{path}.selector", required=False), f"{path}.selector"),
    )


def _selector(selector: Body, path: str) -> Selector:
    labels = mapping(selector, "matchLabels", f"{path}.matchLabels", required=False)
    equal = (
        Requirement(str(key), Operator.IN, frozenset({string(labels, key, f"{path}.matchLabels")})) for key in labels
    )
    asked = selector.get("matchExpressions") or ()
    if not isinstance(asked, list | tuple):
        raise Wrong(f"{path}.matchExpressions: must be a list")
    return Selector((*equal, *(_requirement(one, f"{path}.matchExpressions") for one in asked)))


def _requirement(one: object, path: str) -> Requirement:
    body = mapping({"item": one}, "item", path)
    string(body, "operator", path)
    operator = choice(body, "operator", Operator.EXISTS, path)
    values = frozenset(_texts(body, "values", path))
    if (operator in (Operator.IN, Operator.NOT_IN)) != bool(values):
        raise Wrong(f"{path}.values: In and NotIn need values, Exists and DoesNotExist take none")
    return Requirement(string(body, "key", path), operator, values)


def _texts(parent: Body, name: str, path: str) -> tuple[str, ...]:
    value = parent.get(name)
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise Wrong(f"{path}.{name}: must be a list of texts")
    return tuple(value)
