"""The real az CLI, unmodified, told of armsim by `source DIR/env` alone: what a person with a shell does and reads."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from armsim_process import SUBSCRIPTION, SUBSCRIPTION_2, SUBSCRIPTION_B, TENANT_A, TENANT_B, ArmsimProcess
from contract import azure_cli
from contract.az_shell import Az

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "armsim.md"


@pytest.fixture(scope="module")
def armsim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArmsimProcess]:
    with ArmsimProcess(tmp_path_factory.mktemp("armsim")) as process:
        yield process


@pytest.fixture(scope="module")
def program() -> Path:
    return azure_cli.az()


@pytest.fixture(scope="module")
def az(program: Path, armsim: ArmsimProcess, tmp_path_factory: pytest.TempPathFactory) -> Az:
    return Az(program, armsim, tmp_path_factory.mktemp("home"))


def network_id(group: str, name: str, subscription: str = SUBSCRIPTION) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{name}"


def test_sourcing_env_is_all_a_shell_needs(program: Path, armsim: ArmsimProcess, tmp_path: Path) -> None:
    armsim.vnet("hello", "10.9.0.0/16", group="shell")
    script = (
        f". {armsim.dir}/env && {program} network vnet list -g shell --query [].name -o tsv && {program} account list"
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    first, _, rest = done.stdout.partition("\n")
    assert first == "hello"
    seen = {(one["id"], one["tenantId"], one["isDefault"]) for one in json.loads(rest)}
    assert seen == {
        (SUBSCRIPTION, TENANT_A, True),
        (SUBSCRIPTION_2, TENANT_A, False),
        (SUBSCRIPTION_B, TENANT_B, False),
    }


def test_the_first_five_minutes_of_the_guide_are_as_written(
    program: Path, armsim: ArmsimProcess, tmp_path: Path
) -> None:
    section = GUIDE.read_text().partition("## Five minutes")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("az ")]
    script = "set -e\n. ./env\n" + "\n".join(lines)
    environment = {"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    done = subprocess.run(
        ["sh", "-c", script], env=environment, cwd=armsim.dir, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    states = re.findall(r'"peeringState": "(\w+)"', done.stdout)
    assert states == ["Initiated", "Connected"]
    assert "Connected" in done.stdout.splitlines()[-1]


def test_a_peering_is_made_from_both_sides_synced_and_cut(az: Az) -> None:
    az("group create -n peer -l westeurope")
    az("network vnet create -g peer -n a --address-prefixes 10.1.0.0/16 --subnet-name s --subnet-prefixes 10.1.0.0/24")
    az("network vnet create -g peer -n b --address-prefixes 10.2.0.0/16")
    added = az("network vnet subnet create -g peer --vnet-name b -n s --address-prefixes 10.2.0.0/24")
    assert (added["provisioningState"], added["addressPrefix"]) == ("Succeeded", "10.2.0.0/24")

    create = "network vnet peering create -g peer --allow-vnet-access"
    first = az(f"{create} --vnet-name a -n a-to-b --remote-vnet b")
    assert (first["peeringState"], first["peeringSyncLevel"]) == ("Initiated", "RemoteNotInSync")
    second = az(f"{create} --vnet-name b -n b-to-a --remote-vnet a")
    assert (second["peeringState"], second["peeringSyncLevel"]) == ("Connected", "FullyInSync")
    table = az.text("network vnet peering list -g peer --vnet-name a -o table")
    assert "a-to-b" in table
    assert "Connected" in table

    changed = az(
        "network vnet peering update -g peer --vnet-name a -n a-to-b --set allowForwardedTraffic=true "
        "--set allowGatewayTransit=true"
    )
    assert (changed["allowForwardedTraffic"], changed["allowGatewayTransit"]) == (True, True)

    az("network vnet update -g peer -n a --address-prefixes 10.1.0.0/16 10.11.0.0/16")
    stale = az("network vnet peering show -g peer --vnet-name b -n b-to-a")
    assert (stale["peeringSyncLevel"], stale["remoteAddressSpace"]["addressPrefixes"]) == (
        "LocalNotInSync",
        ["10.1.0.0/16"],
    )
    synced = az("network vnet peering sync -g peer --vnet-name b -n b-to-a")
    assert synced["peeringSyncLevel"] == "FullyInSync"
    assert synced["remoteAddressSpace"]["addressPrefixes"] == ["10.1.0.0/16", "10.11.0.0/16"]

    assert az("network vnet peering delete -g peer --vnet-name b -n b-to-a") is None
    state = "network vnet peering show -g peer --vnet-name a -n a-to-b --query peeringState -o tsv"
    assert az.text(state) == "Disconnected"
    again = az.refused(f"{create} --vnet-name b -n b-to-a --remote-vnet a", "RemotePeeringIsDisconnected")
    assert "peer/providers/Microsoft.Network/virtualNetworks/a" in again


def test_errors_are_azures_with_azs_exit_codes(az: Az) -> None:
    az("group create -n bad -l westeurope")
    az("network vnet create -g bad -n a --address-prefixes 10.1.0.0/16")
    az("network vnet create -g bad -n b --address-prefixes 10.1.128.0/17")
    overlap = az.refused(
        "network vnet peering create -g bad --vnet-name a -n x --remote-vnet b", "VnetAddressSpacesOverlap"
    )
    assert "Overlapping address prefixes: 10.1.0.0/16, 10.1.128.0/17" in overlap
    az.refused("network vnet show -g bad -n none", "ResourceNotFound", exit_code=3)
    az.refused("network vnet show -g none -n none", "ResourceGroupNotFound", exit_code=3)
    az.refused("network vnet peering show -g bad --vnet-name a -n none", "NotFound", exit_code=3)
    az.refused("network vnet create -g bad -n c --address-prefixes 10.1.0.1/16", "InvalidCIDRNotation")
    az.refused(
        "network vnet subnet create -g bad --vnet-name a -n s --address-prefixes 10.7.0.0/24", "NetcfgInvalidSubnet"
    )


def test_across_tenants_az_needs_the_second_login(az: Az, program: Path, armsim: ArmsimProcess, tmp_path: Path) -> None:
    armsim.vnet("near", "10.1.0.0/16", group="cross")
    armsim.vnet("far", "10.2.0.0/16", group="cross", subscription=SUBSCRIPTION_B, tenant=TENANT_B)
    far, near = network_id("cross", "far", SUBSCRIPTION_B), network_id("cross", "near")
    before = armsim.last_request()
    made = az("network vnet peering create -g cross --vnet-name near -n there --remote-vnet", far)
    assert made["peeringState"] == "Initiated"
    assert all(one["auxiliary"] for one in armsim.requests(before, "PUT"))
    back = f"network vnet peering create -g cross --subscription {SUBSCRIPTION_B} --vnet-name far -n back --remote-vnet"
    assert az(back, near)["peeringState"] == "Connected"

    az("network vnet peering delete -g cross --vnet-name near -n there")
    az(f"network vnet peering delete -g cross --subscription {SUBSCRIPTION_B} --vnet-name far -n back")
    alone = _with_one_login(program, armsim, tmp_path)
    create = f"network vnet peering create -g cross --vnet-name near -n there --remote-vnet {far}"
    unseen = alone.run(create)
    assert (unseen.code, unseen.out) == (1, "")
    assert f"Subscription '{SUBSCRIPTION_B}' not found" in unseen.err
    body = json.dumps({"properties": {"remoteVirtualNetwork": {"id": far}}})
    raw = f"rest --method put --url {near}/virtualNetworkPeerings/there?api-version=2024-05-01 --body"
    unlinked = alone.run(raw, body)
    assert (unlinked.code, unlinked.out) == (1, "")
    assert "Forbidden" in unlinked.err
    assert "LinkedAuthorizationFailed" in unlinked.err
    assert f"the current tenant '{TENANT_A}' is not authorized to access linked subscription" in unlinked.err


def _with_one_login(program: Path, armsim: ArmsimProcess, directory: Path) -> Az:
    """`az login` into the first tenant only, in an AZURE_CONFIG_DIR of its own that knows the cloud."""
    alone = Az(program, armsim, directory, AZURE_CONFIG_DIR=str(directory / "azure-cli"))
    (directory / "azure-cli").mkdir()
    for name in ("config", "clouds.config"):
        (directory / "azure-cli" / name).write_bytes((armsim.dir / "azure-cli" / name).read_bytes())
    seen = alone(f"login --service-principal -u app -p secret --tenant {TENANT_A}")
    assert {one["id"] for one in seen} == {SUBSCRIPTION, SUBSCRIPTION_2}
    return alone
