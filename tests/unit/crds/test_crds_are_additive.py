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
LOWER, UPPER = ("minimum", "minLength", "minItems"), ("maximum", "maxLength", "maxItems")

Schema = dict[str, Any]


def narrowed(old: Schema, new: Schema, path: str = "") -> Iterator[str]:
    """What `new` refuses, loses or means differently that `old` did not."""
    for same in ("type", "default", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "pattern", "format"):
        if old.get(same) != new.get(same):
            yield f"{path}: {same} was {old.get(same)!r}, is {new.get(same)!r}"
    if gone := set(map(str, old.get("enum", ()))) - set(map(str, new.get("enum", old.get("enum", ())))):
        yield f"{path}: no longer takes {sorted(gone)}"
    if "enum" in new and "enum" not in old:
        yield f"{path}: takes only {new['enum']} now"
    if more := set(new.get("required", ())) - set(old.get("required", ())):
        yield f"{path}: requires {sorted(more)} now"
    yield from (f"{path}: {at} rose" for at in LOWER if new.get(at, 0) > old.get(at, 0))
    yield from (f"{path}: {at} fell" for at in UPPER if at in new and new[at] < old.get(at, float("inf")))
    for name, field in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{path}.{name}: gone"
        else:
            yield from narrowed(field, new["properties"][name], f"{path}.{name}")
    for inner in ("items", "additionalProperties"):
        if isinstance(old.get(inner), dict):
            yield from narrowed(old[inner], new.get(inner) or {}, f"{path}[]")


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


OLD: Schema = {
    "type": "object",
    "required": ["a"],
    "properties": {"a": {"type": "string", "enum": ["x", "y"], "maxLength": 9}, "b": {"type": "integer", "default": 1}},
}


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"properties": {"a": OLD["properties"]["a"]}}, ".b: gone"),
        ({"required": ["a", "b"]}, ": requires ['b'] now"),
        (
            {"properties": {**OLD["properties"], "a": {"type": "string", "enum": ["x"], "maxLength": 9}}},
            ".a: no longer takes ['y']",
        ),
        ({"properties": {**OLD["properties"], "a": {**OLD["properties"]["a"], "maxLength": 8}}}, ".a: maxLength fell"),
        ({"properties": {**OLD["properties"], "b": {"type": "integer", "default": 2}}}, ".b: default was 1, is 2"),
        (
            {"properties": {**OLD["properties"], "b": {"type": "integer", "default": 1, "minimum": 1}}},
            ".b: minimum rose",
        ),
        ({"properties": {**OLD["properties"], "c": {"type": "string"}}, "required": []}, None),
    ],
)
def test_each_kind_of_narrowing_is_found_and_growth_is_none(change: Schema, finding: str | None) -> None:
    assert list(narrowed(OLD, {**OLD, **change})) == ([finding] if finding else [])
