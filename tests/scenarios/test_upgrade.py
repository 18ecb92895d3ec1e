"""What was applied with an earlier release can be edited and applied again with the CRDs of this one, and is served on.

No release is older than this version yet: tests/previous has what it leaves itself (freeze_release.py), to be kept from now on.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from controlplane.cluster import Cluster
from how_to import paste
from link_estate import LinkEstate
from one_of_each import EVERYTHING, KINDS, all_ready, in_azure, written
from stories import looks_again

RELEASES = sorted((Path(__file__).resolve().parents[1] / "previous").iterdir())


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_the_objects_of_a_release_are_kept_edited_and_applied_again(cluster: Cluster, release: Path) -> None:
    objects = ("-n", "earlier", "-f", str(release / "objects.yaml"))
    cluster.kubectl("create", "namespace", "earlier")
    try:
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(release / "crds.yaml"))
        cluster.kubectl("apply", *objects)
        before = yaml.safe_load(cluster.kubectl("get", *objects, "-o", "yaml").stdout)["items"]

        cluster.apply_crds()
        after = yaml.safe_load(cluster.kubectl("get", *objects, "-o", "yaml").stdout)["items"]
        for old, new in zip(before, after, strict=True):
            assert old["spec"].items() <= new["spec"].items()
        cluster.kubectl("patch", *objects, "--type=merge", "--patch", '{"spec":{"suspend":true}}')
        cluster.kubectl("apply", *objects)
        assert "unchanged" in cluster.kubectl("apply", *objects).stdout
    finally:
        cluster.apply_crds()
        cluster.kubectl("delete", "namespace", "earlier", "--timeout=30s")


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.name)
def test_what_a_release_left_ready_is_served_on_without_a_write_and_never_unready(
    links: LinkEstate, release: Path
) -> None:
    crds = ("apply", "--server-side", "--force-conflicts", "-f", str(release / "crds.yaml"))
    shutil.copytree(release / "ready", links.dir / "vnetlink-backup")
    links.azure.replace_state(json.loads((release / "ready" / "azure.json").read_text()))
    try:
        links.cluster.kubectl(*crds)
        paste(links, "backup-and-move.md", "Restore, or move")
        for file in ("links.yaml", "pairs.yaml"):
            links.kubectl("replace", "--subresource=status", "-f", str(links.dir / "vnetlink-backup" / file))
    finally:
        links.cluster.apply_crds()
    before, since = ready_since(links), links.azure.last_request()
    assert len(before) == 7

    links.start()
    all_ready(links)
    for name in ("link", "encrypted"):
        looks_again(links, links.read(name)["spec"]["vnet1"]["id"])
    assert written(links, since) == []
    assert in_azure(links) == EVERYTHING
    assert ready_since(links) == before


def ready_since(links: LinkEstate) -> dict[str, str]:
    """Since when each object is Ready."""
    items = json.loads(links.kubectl("get", KINDS, "--output=json"))["items"]
    rows = ((one["kind"], one["metadata"]["name"], row) for one in items for row in one["status"]["conditions"])
    return {
        f"{kind}/{name}": row["lastTransitionTime"]
        for kind, name, row in rows
        if (row["type"], row["status"]) == ("Ready", "True")
    }
