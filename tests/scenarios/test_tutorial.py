"""docs/tutorial.md as a reader goes through it: its sandbox, and its commands in their order."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from estate import eventually

REPO = Path(__file__).resolve().parents[2]
COMMANDS = "".join(re.findall(r"(?ms)^```sh\n(.*?)^```$", (REPO / "docs" / "tutorial.md").read_text()))
SPEED = "600"  # the tutorial has 60; a gateway takes seconds


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A directory like a checkout, in which a sandbox of its own runs."""
    for name in ("deploy", "tests"):
        (tmp_path / name).symlink_to(REPO / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    command = [sys.executable, "-m", "demo.sandbox", "--speed", SPEED]
    environment = {**os.environ, "PYTHONPATH": f"{REPO}:{REPO / 'tests'}"}
    told = tmp_path / "told"
    with told.open("w") as output:
        sandbox = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        eventually("the sandbox runs", lambda: "The sandbox runs" in told.read_text(), within=120)
        yield tmp_path
    finally:
        sandbox.send_signal(signal.SIGINT)
        sandbox.wait(60)


def test_every_command_of_the_tutorial_does_its_part(checkout: Path) -> None:
    shell = ["bash", "-euxo", "pipefail", "-c", COMMANDS]
    ran = subprocess.run(shell, cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert ran.returncode == 0, ran.stdout
    for seen in (
        "Warning +Disconnected",
        "True +NetworkSecurityBlocks",
        "Rule no-app",
        "weu-to-neu-key +Opaque",
        "Delete\tGateway\t",
    ):
        assert re.search(seen, ran.stdout), f"{seen} is not in:\n{ran.stdout}"
    left = ran.stdout.rpartition("+ az network vnet list")[2]
    assert [name for name in ("app", "data", "weu", "neu") if not re.search(rf"^{name} ", left, re.MULTILINE)] == []
