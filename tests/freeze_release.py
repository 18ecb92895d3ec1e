"""Writes tests/previous/VERSION/ready: objects of each kind, Ready, as this version leaves them, and the Azure that they stand in.

`PYTHONPATH=tests:operator python -m freeze_release VERSION`, half a minute, once, right before the release.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from armsim_process import ArmsimProcess
from estate import control_plane
from how_to import paste
from link_estate import link_estate
from one_of_each import one_of_each

PREVIOUS = Path(__file__).with_name("previous")


def main(version: str) -> None:
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
    main(sys.argv[1])
