"""Reads the YAML file into Settings. Every complaint names the line; nothing is guessed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import inf
from pathlib import Path
from typing import Any

import jwt
import yaml

from . import access
from .settings import (
    DEFAULT_TENANTS,
    DURATIONS,
    EXCHANGE,
    QUOTAS,
    WINDOWS,
    Bucket,
    Federated,
    Limits,
    Policy,
    Principal,
    Settings,
)


class ConfigError(Exception):
    """What is wrong and in which line, for the person who wrote the file."""


class Item:
    """A YAML value that knows its line."""

    def __init__(self, node: yaml.Node, file: str, name: str = "the file") -> None:
        self._node, self._file, self._name = node, file, name

    @property
    def value(self) -> Any:
        return yaml.SafeLoader("").construct_object(self._node, deep=True)

    @property
    def place(self) -> str:
        return f"{self._file}, line {self._node.start_mark.line + 1}"

    def wrong(self, text: str) -> ConfigError:
        return ConfigError(f"{self.place}: {self._name} {text}")

    def entries(self) -> Iterator[tuple[str, Item]]:
        if not isinstance(self._node, yaml.MappingNode):
            raise self.wrong("must be a mapping")
        for key, value in self._node.value:
            yield str(key.value), Item(value, self._file, str(key.value))

    def items(self) -> Iterator[Item]:
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.wrong("must be a list")
        for value in self._node.value:
            yield Item(value, self._file, self._name)

    def fields(self, *known: str) -> dict[str, Item]:
        found = dict(self.entries())
        for name, item in found.items():
            if name not in known:
                raise item.wrong(f"is not known here, known are {', '.join(known)}")
        return found

    def text(self) -> str:
        if not isinstance(self._node, yaml.ScalarNode) or not self._node.value:
            raise self.wrong("must be a text")
        return str(self._node.value)

    def number(self) -> float:
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise self.wrong("must be a number, 0 or more")
        return float(value)

    def flag(self) -> bool:
        value = self.value
        if not isinstance(value, bool):
            raise self.wrong("must be true or false")
        return value

    def mapping(self) -> Mapping[str, Any]:
        value = self.value
        if not isinstance(value, Mapping):
            raise self.wrong("must be a mapping")
        return value


def read(path: Path) -> Settings:
    """Raises ConfigError."""
    try:
        node = yaml.compose(path.read_text(), Loader=yaml.SafeLoader)
    except (OSError, yaml.YAMLError) as broken:
        raise ConfigError(f"{path}: {broken}") from None
    if node is None:
        return Settings()
    fields = Item(node, str(path)).fields(*READERS)
    made: dict[str, Any] = {}
    for name, item in fields.items():
        target, reader = READERS[name]
        made[target] = reader(item)
    if "principals" in made:
        made["roles"] = {**made["principals"][1], **made.get("roles", {})}
        made["principals"] = made["principals"][0]
        made.setdefault("strangers", False)
    return Settings(**made)


def where(path: Path, index: int) -> str:
    """File and line of the resource with that place in the list, for a complaint that comes after reading."""
    node = yaml.compose(path.read_text(), Loader=yaml.SafeLoader)
    assert node is not None  # it has been read once
    return list(Item(node, str(path)).fields(*READERS)["resources"].items())[index].place


def _tenants(item: Item) -> Mapping[str, tuple[str, ...]]:
    found = {name.lower(): tuple(one.text().lower() for one in value.items()) for name, value in item.entries()}
    if not found:
        raise item.wrong(f"must name at least one tenant, for example {next(iter(DEFAULT_TENANTS))}")
    return found


def _principals(item: Item) -> tuple[Mapping[str, Principal], Mapping[str, Any]]:
    """Apps by client id, and the roles that stand with them."""
    apps: dict[str, Principal] = {}
    roles: dict[str, Any] = {}
    for name, value in item.entries():
        fields = value.fields("tenants", "secret", "federated", "roles")
        tenants = tuple(one.text().lower() for one in fields["tenants"].items()) if "tenants" in fields else ()
        secret = fields["secret"].text() if "secret" in fields else ""
        federated = tuple(_federated(one) for one in fields["federated"].items()) if "federated" in fields else ()
        apps[name.lower()] = Principal(name, tenants, secret, federated)
        roles[name.lower()] = _assignments(fields["roles"]) if "roles" in fields else []
    return apps, roles


def _federated(item: Item) -> Federated:
    """`jwks` is a file with the issuer's keys, as GET /openid/v1/jwks of an API server gives them."""
    fields = item.fields("issuer", "subject", "audience", "jwks")
    if not fields.keys() >= {"issuer", "subject"}:
        raise item.wrong("needs issuer and subject")
    audience = fields["audience"].text() if "audience" in fields else EXCHANGE
    keys = _keys(fields["jwks"]) if "jwks" in fields else None
    return Federated(fields["issuer"].text(), fields["subject"].text(), audience, keys)


def _keys(item: Item) -> Mapping[str, Any]:
    try:
        found = json.loads(Path(item.text()).read_text())
        jwt.PyJWKSet.from_dict(found)
    except (OSError, ValueError, TypeError, AttributeError, jwt.PyJWTError) as broken:
        raise item.wrong(f"is no file with a JSON Web Key Set: {broken}") from None
    return dict(found)


def _roles(item: Item) -> Mapping[str, Any]:
    return {name.lower(): _assignments(value) for name, value in item.entries()}


def _assignments(item: Item) -> list[Any]:
    return [_assignment(one) for one in item.items()]


def _assignment(item: Item) -> Any:
    """`definition` is the file of a custom role."""
    value = item.value
    try:
        if isinstance(value, Mapping) and "definition" in value:
            value = {**value, "definition": json.loads(Path(str(value["definition"])).read_text())}
        access.assignments([value])
    except (OSError, ValueError) as wrong:
        raise item.wrong(f"is wrong: {wrong}") from None
    return value


def _speed(item: Item) -> float:
    if item.text() in ("inf", ".inf", "0"):
        return inf
    return item.number()


def _durations(item: Item) -> Mapping[str, float]:
    return {**DURATIONS, **{name: value.number() for name, value in item.fields(*DURATIONS).items()}}


def _quotas(item: Item) -> Mapping[str, int]:
    return {**QUOTAS, **{name: int(value.number()) for name, value in item.fields(*QUOTAS).items()}}


def _limits(item: Item) -> Limits:
    """`scope` names who has a bucket of his own; `windows` are requests in `windowSeconds`."""
    fields = item.fields("scope", "globalFactor", "windowSeconds", "windows")
    made: dict[str, Any] = {}
    if "scope" in fields:
        made["scope"] = tuple(_bucket_owner(one) for one in fields["scope"].items())
    if "globalFactor" in fields:
        made["global_factor"] = fields["globalFactor"].number()
    if "windowSeconds" in fields:
        made["window_seconds"] = fields["windowSeconds"].number() or 1
    if "windows" in fields:
        counted = fields["windows"].fields(*WINDOWS)
        made["windows"] = {**WINDOWS, **{name: int(value.number()) for name, value in counted.items()}}
    return Limits(**made)


def _bucket_owner(item: Item) -> str:
    if item.text() not in ("principal", "subscription"):
        raise item.wrong("must be principal or subscription")
    return item.text()


def _buckets(item: Item) -> Mapping[str, Bucket]:
    found = dict(Settings().buckets)
    for name, value in item.fields("reads", "writes", "deletes").items():
        fields = value.fields("size", "rate")
        if set(fields) != {"size", "rate"}:
            raise value.wrong("needs size and rate")
        found[name] = Bucket(fields["size"].number(), fields["rate"].number() or 0.001)
    return found


def _policies(item: Item) -> tuple[Policy, ...]:
    found = []
    for one in item.items():
        fields = one.fields("name", "scope", "type")
        if set(fields) != {"name", "scope", "type"}:
            raise one.wrong("needs name, scope and type")
        found.append(Policy(fields["name"].text(), fields["scope"].text(), fields["type"].text()))
    return tuple(found)


def _resources(item: Item) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """A list of {id, and the body of its PUT}; laid in this order."""
    found = []
    for one in item.items():
        body = dict(one.mapping())
        path = body.pop("id", None)
        if not isinstance(path, str) or not path.startswith("/subscriptions/"):
            raise one.wrong("needs an id that starts with /subscriptions/")
        found.append((path, body))
    return tuple(found)


READERS: Mapping[str, Any] = {
    "tenants": ("tenants", _tenants),
    "principals": ("principals", _principals),
    "strangers": ("strangers", Item.flag),
    "roles": ("roles", _roles),
    "speed": ("speed", _speed),
    "durations": ("durations", _durations),
    "quotas": ("quotas", _quotas),
    "pageSize": ("page_size", lambda item: int(item.number())),
    "tokenSeconds": ("token_seconds", lambda item: int(item.number())),
    "strict": ("strict", Item.flag),
    "era": ("era", lambda item: int(item.number())),
    "throttling": ("throttled", Item.flag),
    "limits": ("limits", _limits),
    "buckets": ("buckets", _buckets),
    "locks": ("locks", lambda item: tuple(one.text() for one in item.items())),
    "policies": ("policies", _policies),
    "resources": ("seed", _resources),
}
