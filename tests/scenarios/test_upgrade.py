"""What was applied with an earlier release is served, and can be edited and applied again, with the CRDs of this one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from controlplane.cluster import Cluster

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
