"""Writes tests/previous/VERSION: its CRDs, and objects of each kind as it leaves them Ready with the Azure that they stand in.

`PYTHONPATH=tests:operator python -m freeze_release VERSION`, half a minute, up to its release and never after it.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from armsim_process import ArmsimProcess
from estate import control_plane
from how_to import REPO, paste
from link_estate import link_estate
from one_of_each import one_of_each

PREVIOUS = Path(__file__).with_name("previous")


NOTE = "# Frozen: the CRDs of {} without descriptions. Not edited once it is released; each release gets a directory of its own.\n"


def crds(version: str) -> None:
    """The CRDs, in the order of their names."""
    found = (yaml.load(path.read_text(), Loader=yaml.CSafeLoader) for path in sorted((REPO / "crds").glob("*s.yaml")))
    text = yaml.safe_dump_all(map(_bare, found), sort_keys=False, width=200)
    (PREVIOUS / version / "crds.yaml").write_text(NOTE.format(version) + text)


def _bare(schema: Any) -> Any:
    """Without the descriptions; a property of that name is a mapping, and stays."""
    match schema:
        case dict():
            return {
                key: _bare(one) for key, one in schema.items() if not (key == "description" and isinstance(one, str))
            }
        case list():
            return [_bare(one) for one in schema]
        case _:
            return schema


def ready(version: str) -> None:
    """The backup is made as docs/how-to says, and restored by scenarios/test_upgrade.py in the same way."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        control_plane(Path(scratch) / "cluster") as cluster,
        ArmsimProcess(Path(scratch) / "armsim") as azure,
        link_estate(cluster, azure, Path(scratch)) as links,
    ):
        links.start()
        one_of_each(links)
        links.operator.stop()
        paste(links, "backup-and-move.md", "Back up")
        target = PREVIOUS / version / "ready"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(links.dir / "vnetlink-backup", target)
        (target / "azure.json").write_text(json.dumps(azure.state(keys=True), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    crds(sys.argv[1])
    ready(sys.argv[1])
