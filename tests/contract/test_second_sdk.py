"""Azure's SDK for Go against armsim: a second opinion on tokens, polling, paging and errors, from another language."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from armsim_process import ArmsimProcess
from go_programs import GoModule

SDK = "github.com/Azure/azure-sdk-for-go/sdk/azcore"
MODULE = GoModule(Path(__file__).with_name("second_sdk"), ("second",), SDK, "a minute")


@pytest.fixture(scope="module")
def program() -> Path:
    return MODULE.built() / "second"


def test_the_go_sdk_peers_networks_and_builds_a_gateway_to_the_end(program: Path, tmp_path: Path) -> None:
    with ArmsimProcess(tmp_path / "armsim") as armsim:
        armsim.group("second")
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **armsim.env}
        done = subprocess.run([str(program)], env=environment, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == {
            "first": "Initiated",
            "second": "Connected",
            "listed": ["Connected"],
            "overlap": "400 VnetAddressSpacesOverlap",
            "gateway": "Succeeded",
            "bgp": "10.1.255.30",
            "cut": "Disconnected",
        }
        polls = armsim.requests(method="GET", path="/operations/")
        assert len(polls) >= 7  # the SDK's own poller followed every operation


def test_the_go_sdk_reports_a_failed_operation(program: Path, tmp_path: Path) -> None:
    with ArmsimProcess(tmp_path / "armsim") as armsim:
        armsim.group("second")
        armsim.fault(kind="fail", method="PUT", path="virtualNetworkGateways/gw", code="Broken", message="It broke.")
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **armsim.env}
        done = subprocess.run([str(program)], env=environment, capture_output=True, text=True, timeout=180)
        assert done.returncode == 1
        assert "ERROR CODE: Broken" in done.stderr
        assert json.loads(done.stdout)["cut"] == "Disconnected"
