"""The commands of docs/how-to, run as they stand there: what a person pastes is what is tested."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from controlplane.cluster import Cluster
from estate import Estate

REPO = Path(__file__).resolve().parents[1]
HOW_TO = REPO / "docs" / "how-to"
SECONDS = 120.0


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
    return run(estate.cluster, estate.dir, block, **estate.azure.env)


def run(cluster: Cluster, directory: Path, block: str, **environment: str) -> str:
    """As `shell`, without an estate. The directory is like a checkout."""
    for name in ("deploy", "crds"):
        if not (directory / name).exists():
            (directory / name).symlink_to(REPO / name)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ours = {"PATH": path, "KUBECONFIG": str(cluster.kubeconfig), "HOME": str(directory), **environment}
    done = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", block],
        env={**os.environ, **ours},
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    with done:
        try:
            printed, complaints = done.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(done.pid, signal.SIGKILL)  # a kubectl that waits, too
            printed, complaints = done.communicate()
    assert done.returncode == 0, printed + complaints
    return printed
