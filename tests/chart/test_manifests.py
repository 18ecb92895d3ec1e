"""Kustomize makes what Helm makes: deploy/base, its components and overlays are written from the chart, and say the same."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from helm import manifests
from helm.manifests import COMPONENTS, DEPLOY
from vnetlink.domain.kinds import KINDS

OVERLAYS = {"ha": {}, "namespaced": {}, "workload-identity": {"identityNamespaces": ["default"]}}


def built(directory: Path) -> dict[manifests.Key, Any]:
    """What `kubectl kustomize` makes of a directory, without the CRDs and the namespace, which must be there."""
    done = subprocess.run(["kubectl", "kustomize", str(directory)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = {manifests.key(item): item for item in yaml.load_all(done.stdout, Loader=yaml.CSafeLoader)}
    assert found.pop(("Namespace", "", "vnetlink-system"))
    for plural in KINDS:
        assert found.pop(("CustomResourceDefinition", "", f"{plural}.vnetlink.dev"))
    return found


def test_what_is_committed_is_what_the_chart_renders() -> None:
    written = manifests.files()
    stale = [str(path) for path, text in written.items() if not path.exists() or path.read_text() != text]
    assert stale == [], "run: make manifests"
    unknown = {path for path in COMPONENTS.rglob("*.yaml") if path.name != "values.yaml"} - written.keys()
    assert unknown == set(), "no component writes these: delete them"


def test_the_base_is_the_chart_with_its_defaults() -> None:
    assert built(DEPLOY / "base") == manifests.objects({})


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_is_the_chart_with_the_components_values(name: str) -> None:
    assert built(DEPLOY / "overlays" / name) == manifests.objects(manifests.values(name) | OVERLAYS[name])


def test_every_overlay_is_compared() -> None:
    assert {path.parent.name for path in (DEPLOY / "overlays").glob("*/kustomization.yaml")} == OVERLAYS.keys()


def test_all_components_together_are_the_chart_with_all_their_values(tmp_path: Path) -> None:
    names = manifests.components()
    manifests.together(tmp_path, names)
    every: dict[str, Any] = {}
    for name in names:
        every |= manifests.values(name)
    assert built(tmp_path) == manifests.objects(every)


def test_the_two_ids_are_written_once_in_the_overlay(tmp_path: Path) -> None:
    text = (DEPLOY / "overlays" / "workload-identity" / "kustomization.yaml").read_text()
    text = text.replace("../..", os.path.relpath(DEPLOY, tmp_path))
    text = text.replace("client-id: 00000000", "client-id: c0000000").replace(
        "tenant-id: 00000000", "tenant-id: e0000000"
    )
    (tmp_path / "kustomization.yaml").write_text(text)
    (container,) = built(tmp_path)["Deployment", "vnetlink-system", "vnetlink"]["spec"]["template"]["spec"][
        "containers"
    ]
    environment = {row["name"]: row.get("value", "") for row in container["env"]}
    assert environment["AZURE_CLIENT_ID"].startswith("c0000000")
    assert environment["AZURE_TENANT_ID"].startswith("e0000000")
