"""`make demo` exits 0 only when it really saw every step, names the step that failed, and leaves no process behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from estate import eventually

REPO = Path(__file__).resolve().parents[2]
REFUSED = {"kind": "answer", "status": 403, "code": "AuthorizationFailed", "message": "refused by the test"}
OLD_VIEW = {"kind": "stale", "method": "GET", "path": r"/virtualNetworks/[^/]+\?"}
NO_PUT = {**REFUSED, "method": "PUT", "path": "virtualNetworkPeerings"}
PREVENTS = {  # the step that cannot succeed: the fault, and the step at whose beginning it sets in
    "connect": ("connect", NO_PUT),
    "break": ("break", OLD_VIEW),
    "repair": ("break", NO_PUT),
    "grow": ("grow", OLD_VIEW),
    "sync": ("grow", {**REFUSED, "method": "PUT", "path": "syncRemoteAddressSpace"}),
    "remove": ("remove", {**REFUSED, "method": "DELETE", "path": "virtualNetworkPeerings"}),
}


def demo(dir: Path, *args: str) -> subprocess.Popen[str]:
    """The demo as `make demo` starts it, with its files under `dir`, so that its processes can be told from others."""
    environment = {**os.environ, "PYTHONPATH": str(REPO / "tests"), "TMPDIR": str(dir)}
    command = [sys.executable, "-m", "demo.story", *args]
    return subprocess.Popen(
        command, cwd=REPO, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def left_behind(dir: Path) -> list[str]:
    """Command lines and environments that still name `dir`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(dir).encode() in told and int(process.name) != os.getpid():
            found.append((process / "cmdline").read_text().replace("\0", " ") if process.exists() else process.name)
    return found


def test_an_undisturbed_demo_sees_every_step_and_leaves_no_process(tmp_path: Path) -> None:
    told, _ = (running := demo(tmp_path)).communicate(timeout=120)
    assert running.returncode == 0, told
    assert "Every step was seen" in told
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("step", PREVENTS)
def test_a_demo_whose_step_is_prevented_fails_and_names_that_step(step: str, tmp_path: Path) -> None:
    begins, fault = PREVENTS[step]
    sabotage = f"{begins}={json.dumps(fault)}"
    told, _ = (running := demo(tmp_path, "--patience", "8", "--sabotage", sabotage)).communicate(timeout=120)
    assert running.returncode == 1, told
    assert f"FAILED at step {step}:" in told
    assert left_behind(tmp_path) == []


def test_ctrl_c_ends_the_demo_and_everything_it_started(tmp_path: Path) -> None:
    with demo(tmp_path) as running:
        assert running.stdout is not None
        next(line for line in running.stdout if "[1/6" in line)
        assert left_behind(tmp_path) != []
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130
    eventually("no process left", lambda: not left_behind(tmp_path), within=5)
