"""The commands of docs/how-to, run as they stand there: what a person pastes is what is tested."""

from __future__ import annotations

import os
import re
import subprocess
import sys
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
    """Run the block; returns what it printed."""
    return shell(estate, commands(page, heading, **names))


def shell(estate: Estate, block: str) -> str:
    """Run commands in a shell that knows our cluster, our Azure and our Python, in the estate's directory; what they printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ours = {"PATH": path, "KUBECONFIG": str(estate.cluster.kubeconfig), "HOME": str(estate.dir), **estate.azure.env}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        env={**os.environ, **ours},
        cwd=estate.dir,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
