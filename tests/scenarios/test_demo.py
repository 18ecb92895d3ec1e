"""`make demo` exits 0 only when it really saw every step, names the step that failed, and leaves no process behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from demo.story import STEPS, Story
from demo.table import NotSeen, Table

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from estate import eventually
from link_estate import link_estate

REPO = Path(__file__).resolve().parents[2]
SPEED = "600"  # a gateway in a second and a half
REFUSED = {"kind": "answer", "status": 403, "code": "AuthorizationFailed", "message": "refused by the test"}
LATER = {"kind": "answer", "status": 429, "code": "TooManyRequests", "retryAfter": 1}
OLD_VIEW = {"kind": "stale", "method": "GET", "path": r"/virtualNetworks/[^/]+\?"}
NO_GET = {**REFUSED, "method": "GET", "path": "/virtualNetworks/"}
NO_PUT = {**REFUSED, "method": "PUT", "path": "virtualNetworkPeerings"}
PREVENTS = {  # the faults of which each keeps the step from being seen, and what is missed then
    "look": [(NO_GET, "explain must end with 1")],
    "connect": [(NO_PUT, "READY True")],
    "break": [(OLD_VIEW, "PeeringDisconnected"), (NO_PUT, "READY True again")],
    "grow": [({**NO_PUT, "path": "syncRemoteAddressSpace"}, "READY True again")],
    "block": [({**REFUSED, "method": "GET", "path": "networkSecurityGroups"}, "NetworkSecurityBlocks")],
    "allow": [({**OLD_VIEW, "path": "networkSecurityGroups"}, "REASON Connected")],
    "explain": [(NO_GET, "explain must end with 0")],
    "encrypt": [({**LATER, "method": "PUT", "path": "/connections/"}, "READY True")],
    "remove": [({**LATER, "method": "DELETE", "path": "virtualNetworkGateways"}, "no peering, connection, gateway")],
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
    told, _ = (running := demo(tmp_path)).communicate(timeout=240)
    assert running.returncode == 0, told
    assert "Every step was seen" in told
    assert left_behind(tmp_path) == []


def test_a_demo_whose_step_is_prevented_fails_and_names_that_step(tmp_path: Path) -> None:
    told, _ = (running := demo(tmp_path, "--patience", "5", "--sabotage", f"connect={json.dumps(NO_PUT)}")).communicate(
        timeout=120
    )
    assert running.returncode == 1, told
    assert "FAILED at step connect: READY True was not seen" in told
    assert left_behind(tmp_path) == []


def test_each_step_fails_while_it_is_prevented_and_is_seen_afterwards(cluster: Cluster, tmp_path: Path) -> None:
    assert list(PREVENTS) == list(STEPS)
    with (
        ArmsimProcess(tmp_path / "armsim", speed=SPEED) as azure,
        link_estate(cluster, azure, tmp_path) as estate,
        closing(Table(shutil.which("kubectl") or "kubectl", cluster.kubeconfig)) as table,
    ):
        estate.start()
        story = Story(estate, table, patience=0)
        for name, faults in PREVENTS.items():
            story.patience, before = 3, ""
            for fault, missed in faults:
                now = azure.fault(**fault, principal=azure.env["AZURE_CLIENT_ID"])
                if before:
                    azure.clear_faults(before)
                with pytest.raises(NotSeen, match=missed):
                    story.play(name)
                before = now
            azure.clear_faults()
            story.patience = 60
            story.play(name)


def test_ctrl_c_ends_the_demo_and_everything_it_started(tmp_path: Path) -> None:
    with demo(tmp_path) as running:
        assert running.stdout is not None
        next(line for line in running.stdout if f"[1/{len(STEPS)}" in line)
        assert left_behind(tmp_path) != []
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130
    eventually("no process left", lambda: not left_behind(tmp_path), within=5)
