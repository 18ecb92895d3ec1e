"""The commands of docs/how-to, run as they stand there: what a person pastes is what is tested."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from estate import Estate

HOW_TO = Path(__file__).resolve().parents[1] / "docs" / "how-to"


def commands(page: str, heading: str, **names: str) -> str:
    """The one shell block under a heading, with what a reader puts in for its words in capitals."""
    section = (HOW_TO / page).read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    for placeholder, name in names.items():
        block = re.sub(rf"\b{placeholder}\b", name, block)
    return str(block)


def paste(estate: Estate, page: str, heading: str, **names: str) -> str:
    """Run the block in a shell that knows our cluster, in the estate's directory; returns what it printed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands(page, heading, **names)],
        env={**os.environ, "KUBECONFIG": str(estate.cluster.kubeconfig), "HOME": str(estate.dir)},
        cwd=estate.dir,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
