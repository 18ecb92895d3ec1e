"""From the text of a file to the objects in it: every document is one, or a sentence that names file, document and field. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from vnetlink.domain.kinds import AZURE_CREDENTIALS, KINDS
from vnetlink.domain.specs import Owner, SpecError
from vnetlink.kube.decode import OWNED, decode

API_VERSION = "vnetlink.dev/v1alpha1"
SILENT = KINDS[AZURE_CREDENTIALS]  # says who we are, and writes nothing
PLANNED = tuple(kind for kind in KINDS.values() if kind != SILENT)


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a file. `credentials`: it names an AzureCredential somewhere.

    `recorded`: what it made and adopted is known, because it comes from a cluster or carries the record. `namespaced`: it says
    its namespace.
    """

    kind: str
    owner: Owner
    credentials: bool
    recorded: bool
    namespaced: bool

    @property
    def label(self) -> str:
        """The object in messages."""
        return f"{self.kind} {self.owner.meta.key}"


class Unusable(Exception):
    """A document that cannot be planned; `str()` says what is wrong with it."""


def documents(file: str, text: str) -> tuple[tuple[Document, ...], tuple[str, ...]]:
    """What the file holds, and a complaint for each document that cannot be used. Empty ones are left out."""
    try:
        loaded = list(enumerate(yaml.safe_load_all(text), 1))
    except (yaml.YAMLError, ValueError, RecursionError) as wrong:
        return (), (f"{file}: {_where(wrong)}",)
    found, complaints = list[Document](), list[str]()
    for position, body in ((number, item) for number, loading in loaded for item in _items(loading)):
        try:
            found += _document(body)
        except Unusable as wrong:
            complaints.append(f"{file}: document {position}: {wrong}")
        except RecursionError:
            complaints.append(f"{file}: document {position}: contains itself")
    return tuple(found), tuple(complaints)


def _where(wrong: Exception) -> str:
    """A YAML error in one line, with line and column where it has them."""
    mark = getattr(wrong, "problem_mark", None)
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
    return f"{place}this is no YAML: {getattr(wrong, 'problem', None) or ' '.join(str(wrong).split())[:200]}"


def _items(body: object) -> Iterator[object]:
    """What `kubectl get -o yaml` wraps in a List is as good as so many documents."""
    items = body.get("items") if isinstance(body, Mapping) and body.get("kind") == "List" else None
    if isinstance(items, list):
        yield from items
    elif body is not None:
        yield body


def _document(body: object) -> Iterator[Document]:
    if not isinstance(body, Mapping):
        raise Unusable("is no object; write apiVersion, kind, metadata and spec")
    _only_text_keys(body)
    kind, version = body.get("kind"), body.get("apiVersion")
    if version != API_VERSION or kind not in KINDS.values():
        raise Unusable(f"kind: {version} {kind} is not one of {', '.join(PLANNED)} of {API_VERSION}")
    if kind == SILENT:
        return
    owner, meta = _decoded(body), body["metadata"]
    recorded = bool(meta.get("uid") or owner.meta.owned)
    yield Document(str(kind), owner, _names_credentials(body.get("spec")), recorded, "namespace" in meta)


def _decoded(body: Mapping[str, Any]) -> Owner:
    meta = body.get("metadata")
    if not isinstance(meta, Mapping) or not isinstance(meta.get("name"), str) or not meta["name"]:
        raise Unusable("metadata.name: is missing, or is no text")
    namespace = meta.get("namespace", "default")
    if not isinstance(namespace, str):
        raise Unusable("metadata.namespace: must be a string")
    owned = _record(meta.get("annotations"))
    plain = {
        "name": meta["name"],
        "namespace": namespace,
        "annotations": {OWNED: owned},
        "ownerReferences": _owners(meta.get("ownerReferences")),
    }
    decoded = decode({**body, "metadata": plain}, _installation(owned))
    if isinstance(decoded, SpecError):
        raise Unusable(f"{body['kind']} {decoded.meta.key}: {decoded.message}")
    return decoded


def _record(annotations: object) -> str:
    """What the operator has recorded as its own, where the object was read from a cluster."""
    owned = annotations.get(OWNED) if isinstance(annotations, Mapping) else None
    return owned if isinstance(owned, str) else ""


def _owners(owners: object) -> list[Mapping[str, Any]]:
    """Those that say who made the object, in the form that the API server would vouch for."""
    listed = owners if isinstance(owners, list) else []
    return [one for one in listed if isinstance(one, Mapping) and {"name", "uid"} <= set(one)]


def _installation(owned: str) -> str:
    """Whichever wrote the record: it is believed here, since nothing is written."""
    try:
        document = json.loads(owned)
    except (ValueError, RecursionError):
        return ""
    return str(document.get("installation", "")) if isinstance(document, dict) else ""


def _only_text_keys(value: object, path: str = "") -> None:
    """JSON, which is what the API server stores, has no other keys."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise Unusable(f"{path.lstrip('.')}: the name {key!r} must be text; put it in quotes")
            _only_text_keys(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _only_text_keys(inner, f"{path}[{number}]")


def _names_credentials(value: object) -> bool:
    if isinstance(value, Mapping):
        return value.get("credentialRef") is not None or any(map(_names_credentials, value.values()))
    return isinstance(value, list) and any(map(_names_credentials, value))
