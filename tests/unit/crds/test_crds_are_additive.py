"""What was valid with an earlier release stays valid: fields, values and defaults are added, never taken away or tightened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

TESTS = Path(__file__).resolve().parents[2]
CRDS = TESTS.parent / "crds"
RELEASES = sorted((TESTS / "previous").iterdir())
LOWER = ("minimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "maxLength", "maxItems", "maxProperties")
NUMBERS = ("multipleOf", "exclusiveMinimum", "exclusiveMaximum")
LOGIC = ("anyOf", "oneOf", "allOf", "not", "nullable", "uniqueItems")
KUBERNETES = ("list-type", "list-map-keys", "map-type", "int-or-string", "preserve-unknown-fields", "embedded-resource")
SAME = ("type", "default", "pattern", "format", *NUMBERS, *LOGIC, *(f"x-kubernetes-{name}" for name in KUBERNETES))
HARMLESS: dict[str, str] = {}  # rules that a release has not, with the reason why they refuse none of its objects

Schema = dict[str, Any]


def narrowed(old: Schema, new: Schema, path: str = "") -> Iterator[str]:
    """What `new` refuses, loses or means differently that `old` did not."""
    for same in SAME:
        if old.get(same) != new.get(same):
            yield f"{path}: {same} was {old.get(same)!r}, is {new.get(same)!r}"
    if gone := set(map(str, old.get("enum", ()))) - set(map(str, new.get("enum", old.get("enum", ())))):
        yield f"{path}: no longer takes {sorted(gone)}"
    if "enum" in new and "enum" not in old:
        yield f"{path}: takes only {new['enum']} now"
    if more := set(new.get("required", ())) - set(old.get("required", ())):
        yield f"{path}: requires {sorted(more)} now"
    yield from (f"{path}: the rule {rule} is new" for rule in sorted(rules(new) - rules(old) - set(HARMLESS)))
    yield from (f"{path}: {at} rose" for at in LOWER if at in new and new[at] > old.get(at, float("-inf")))
    yield from (f"{path}: {at} fell" for at in UPPER if at in new and new[at] < old.get(at, float("inf")))
    for name, field in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{path}.{name}: gone"
        else:
            yield from narrowed(field, new["properties"][name], f"{path}.{name}")
    for inner in ("items", "additionalProperties"):
        if isinstance(old.get(inner), dict):
            yield from narrowed(old[inner], new.get(inner) or {}, f"{path}[]")


def rules(schema: Schema) -> set[str]:
    """The CEL rules of one place. `?` before those that hold for a new object, too, though they speak of the old one."""
    found = schema.get("x-kubernetes-validations", ())
    return {("? " if one.get("optionalOldSelf") else "") + one["rule"] for one in found}


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_nothing_that_a_release_served_is_gone_or_narrowed(release: Path) -> None:
    for old in yaml.load_all((release / "crds.yaml").read_text(), Loader=yaml.CSafeLoader):
        new = yaml.load((CRDS / f"{old['spec']['names']['plural']}.yaml").read_text(), Loader=yaml.CSafeLoader)
        assert new["spec"]["scope"] == old["spec"]["scope"]
        assert set(old["spec"]["names"].get("shortNames", ())) <= set(new["spec"]["names"].get("shortNames", ()))
        versions = {version["name"]: version for version in new["spec"]["versions"]}
        for version in old["spec"]["versions"]:
            now = versions[version["name"]]
            assert now["served"]
            schemas = (one["schema"]["openAPIV3Schema"] for one in (version, now))
            assert list(narrowed(*schemas, old["spec"]["names"]["kind"])) == []


A: Schema = {"type": "string", "enum": ["x", "y"], "maxLength": 9, "x-kubernetes-validations": [{"rule": "self != ''"}]}
B: Schema = {"type": "integer", "default": 1}
OLD: Schema = {"type": "object", "required": ["a"], "properties": {"a": A, "b": B}}


def fields(**changed: Schema) -> Schema:
    return {"properties": {**OLD["properties"], **changed}}


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"properties": {"a": A}}, ".b: gone"),
        ({"required": ["a", "b"]}, ": requires ['b'] now"),
        (fields(a={**A, "enum": ["x"]}), ".a: no longer takes ['y']"),
        (fields(a={**A, "maxLength": 8}), ".a: maxLength fell"),
        (fields(b={**B, "default": 2}), ".b: default was 1, is 2"),
        (fields(b={**B, "minimum": -1}), ".b: minimum rose"),
        (fields(b={**B, "enum": [1]}), ".b: takes only [1] now"),
        (fields(b={**B, "not": {"enum": [3]}}), ".b: not was None, is {'enum': [3]}"),
        ({"minProperties": 1}, ": minProperties rose"),
        (fields(b={**B, "x-kubernetes-validations": [{"rule": "self > 1"}]}), ".b: the rule self > 1 is new"),
        ({"x-kubernetes-validations": [{"rule": "has(self.b)"}]}, ": the rule has(self.b) is new"),
        (fields(a={**A, "x-kubernetes-validations": []}), None),
        ({**fields(c={"type": "string", "enum": ["z"]}), "required": []}, None),
    ],
)
def test_each_kind_of_narrowing_is_found_and_growth_is_none(change: Schema, finding: str | None) -> None:
    assert list(narrowed(OLD, {**OLD, **change})) == ([finding] if finding else [])
