"""deploy/base and deploy/components as the chart renders them: `make manifests`.

A component is the difference that its values.yaml make to the base: what is added as a file, what goes and what changes as
patches. Components only add to lists, so they can be combined.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from helm import chart
from helm.chart import Object

DEPLOY = chart.CHART.parent
BASE, COMPONENTS = DEPLOY / "base", DEPLOY / "components"
WRITTEN = "# Written by `make manifests` from deploy/chart; change values.yaml or the chart instead.\n"
HELMS_OWN = ("app.kubernetes.io/managed-by", "helm.sh/chart")

Key = tuple[str, str, str]
Operation = dict[str, Any]


def components() -> list[str]:
    """Their names."""
    return sorted(path.parent.name for path in COMPONENTS.glob("*/values.yaml"))


def values(component: str) -> dict[str, Any]:
    """What the component sets in the chart."""
    return dict(yaml.safe_load((COMPONENTS / component / "values.yaml").read_text()))


def objects(values: Mapping[str, Any]) -> dict[Key, Object]:
    """What the chart makes of `values`, without the CRDs and without what only Helm says of itself."""
    found = chart.without_crds(values)
    for item in found:
        for labels in (item["metadata"]["labels"], _pod_labels(item)):
            for label in HELMS_OWN:
                labels.pop(label, None)
    return {key(item): item for item in found}


def files() -> dict[Path, str]:
    """Every file that is written, with its text."""
    base = objects({})
    written = {BASE / "operator.yaml": _listed(base.values())}
    for name in components():
        changed = objects(values(name))
        added = [item for key, item in changed.items() if key not in base]
        component: dict[str, Any] = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
        if added:
            written[COMPONENTS / name / "added.yaml"] = _listed(added)
            component["resources"] = ["added.yaml"]
        if patches := [*_removed(base, changed), *_patched(base, changed)]:
            component["patches"] = patches
        written[COMPONENTS / name / "kustomization.yaml"] = WRITTEN + _dump(component)
    return written


def together(directory: Path, components: Iterable[str]) -> None:
    """Write a kustomization of the base with these components."""
    away = os.path.relpath(DEPLOY, directory)
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [f"{away}/base"],
        "components": [f"{away}/components/{name}" for name in components],
    }
    (directory / "kustomization.yaml").write_text(_dump(kustomization))


def differences(before: object, after: object, path: str = "") -> Iterator[Operation]:
    """The JSON patch from one to the other. A list that only grew gets its new items at its end."""
    if before == after:
        return
    match before, after:
        case dict(), dict():
            for name in sorted(before.keys() | after.keys()):
                place = f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
                if name not in after:
                    yield {"op": "remove", "path": place}
                elif name not in before:
                    yield {"op": "add", "path": place, "value": after[name]}
                else:
                    yield from differences(before[name], after[name], place)
        case [*old], [*new] if new[: len(old)] == old:
            yield from ({"op": "add", "path": f"{path}/-", "value": item} for item in new[len(old) :])
        case [*old], [*new] if len(old) == len(new):
            for index, pair in enumerate(zip(old, new, strict=True)):
                yield from differences(*pair, f"{path}/{index}")
        case _:
            yield {"op": "replace", "path": path, "value": after}


def _patched(base: Mapping[Key, Object], changed: Mapping[Key, Object]) -> Iterator[Object]:
    for key in sorted(base.keys() & changed.keys()):
        if operations := list(differences(base[key], changed[key])):
            yield {"target": {"kind": key[0], "name": key[2]}, "patch": _dump(operations)}


def _removed(base: Mapping[Key, Object], changed: Mapping[Key, Object]) -> Iterator[Object]:
    for key in sorted(base.keys() - changed.keys()):
        gone = base[key]
        metadata = {name: text for name, text in gone["metadata"].items() if name in ("name", "namespace")}
        yield {
            "patch": _dump({"$patch": "delete", **{n: gone[n] for n in ("apiVersion", "kind")}, "metadata": metadata})
        }


def key(item: Object) -> Key:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _pod_labels(item: Object) -> dict[str, str]:
    labels: dict[str, str] = item["spec"]["template"]["metadata"]["labels"] if item["kind"] == "Deployment" else {}
    return labels


def _listed(items: Any) -> str:
    return WRITTEN + "".join(f"---\n{_dump(item)}" for item in items)


def _dump(value: object) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=120)


class _Dumper(yaml.SafeDumper):
    """Patches as blocks, lists indented as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)

if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text)
