"""The chart's CRDs are the project's crds/, and stay when the release goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from helm import chart
from helm.registry import registry

CRDS = Path(__file__).resolve().parents[2] / "crds"
KEEP = {"helm.sh/resource-policy": "keep"}


def crds(objects: list[chart.Object]) -> dict[str, Any]:
    return {item["metadata"]["name"]: item for item in objects if item["kind"] == "CustomResourceDefinition"}


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    return crds([yaml.load(path.read_text(), Loader=yaml.CSafeLoader) for path in sorted(CRDS.glob("*.yaml"))])


def test_every_crd_of_the_project_is_rendered_with_the_same_spec_and_kept(shipped: dict[str, Any]) -> None:
    rendered = crds(chart.rendered())
    assert len(shipped) == 4
    assert {name: crd["spec"] for name, crd in rendered.items()} == {name: crd["spec"] for name, crd in shipped.items()}
    assert all(crd["metadata"]["annotations"] == KEEP for crd in rendered.values())


def test_crds_can_go_with_the_release_or_come_from_elsewhere() -> None:
    going = crds(chart.rendered({"crds": {"keep": False}}))
    assert [crd["metadata"].get("annotations") for crd in going.values()] == [None] * 4
    assert crds(chart.without_crds()) == {}


def test_a_packaged_chart_comes_from_a_registry_as_it_was_pushed_and_carries_the_crds_as_files(
    tmp_path: Path, shipped: dict[str, Any]
) -> None:
    chart.run("package", str(chart.CHART), "--destination", str(tmp_path))
    (archive,) = tmp_path.glob("vnetlink-*.tgz")
    version = archive.stem.removeprefix("vnetlink-")
    with registry() as host:
        chart.run("push", str(archive), f"oci://{host}/charts", "--plain-http")
        pulled = f"oci://{host}/charts/vnetlink"
        text = chart.run("template", "vnetlink", pulled, "--version", version, "--plain-http")
    assert crds([found for found in yaml.load_all(text, Loader=yaml.CSafeLoader) if found]).keys() == shipped.keys()


def test_a_chart_that_lost_its_crds_says_so(tmp_path: Path) -> None:
    """Flux's Git sources and some archives drop links."""
    lost = tmp_path / "chart"
    lost.mkdir()
    for part in ("Chart.yaml", "values.yaml", "templates"):
        (lost / part).symlink_to(chart.CHART / part)
    with pytest.raises(chart.Rejected, match=r"no files/crds: .* kubectl apply -k crds"):
        chart.run("template", "vnetlink", str(lost))
