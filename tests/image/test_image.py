"""Both images as the Dockerfile makes them, run from their root file systems by a plain user who can write to /tmp alone.

`make image-test`. The bases are stand-ins (tests/image/build.py): the real ones, their download and a registry's manifests
are not judged.
"""

from __future__ import annotations

import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from estate import OPERATOR_NAMESPACE, Estate
from image import build
from image.container import USER, config, hand_over, inside
from operator_process import OperatorProcess

LIMIT_MIB = 150  # without bytecode it is 325: ecosystem.md 8.1


@pytest.fixture
def azure(images: Path, tmp_path: Path) -> Iterator[ArmsimProcess]:
    """armsim, from its own image."""
    directory = tmp_path / "armsim"
    directory.mkdir()
    hand_over(directory)
    with ArmsimProcess(directory, program=inside(images / "armsim", directory, {})) as process:
        yield process


def test_the_operator_connects_two_vnets_from_its_image_as_a_plain_user_who_can_write_nowhere_but_tmp(
    images: Path, cluster: Cluster, azure: ArmsimProcess, tmp_path: Path
) -> None:
    cluster.kubectl("create", "namespace", OPERATOR_NAMESPACE, check=False)
    estate = Estate(cluster, azure, tmp_path)
    estate.operator = operator_from(images / "operator", cluster, azure, tmp_path)
    try:
        with estate.operator:
            estate.operator.wait_ready()
            estate.pair("from-an-image", azure.vnet("app", "10.1.0.0/16"), azure.vnet("data", "10.2.0.0/16"))
            estate.kubectl("wait", "peeringpairs/from-an-image", "--for=condition=Ready", "--timeout=30s")
            process = estate.operator.process
            assert process is not None
            status = Path(f"/proc/{process.pid}/status").read_text()
            assert f"Uid:\t{USER}\t{USER}" in status
            assert _kib(status, "VmRSS") < LIMIT_MIB * 1024, f"bytecode is missing or not used: {status}"
            estate.delete("from-an-image")
            assert estate.operator.stop() == 0
    finally:
        estate.clean()


def test_no_file_of_the_image_can_be_written_by_its_user(images: Path) -> None:
    for target in ("operator", "armsim"):
        tree = images / target
        writable = [
            path
            for path in tree.rglob("*")
            if not path.is_symlink() and (path.stat().st_uid == USER or path.stat().st_mode & stat.S_IWOTH)
        ]
        assert [str(path.relative_to(tree)) for path in writable if path != tree / "tmp"] == []


def test_every_module_of_the_image_has_bytecode_that_is_used_whatever_its_time_stamp_says(images: Path) -> None:
    without = [str(source) for source in (images / "operator" / "app").rglob("*.py") if not _trusted_bytecode(source)]
    assert without == []


def test_the_operators_image_holds_neither_a_shell_nor_pip_nor_the_simulator(images: Path) -> None:
    tree = images / "operator"
    assert [name for name in ("sh", "bash", "dash", "apt", "pip", "pip3") if (tree / "usr/bin" / name).exists()] == []
    assert not (tree / "app/pip").exists()
    assert not (tree / "app/armsim").exists()
    assert (images / "armsim" / "app/armsim").is_dir()


def test_the_image_says_who_runs_what_and_takes_no_code_from_the_working_directory(images: Path) -> None:
    said = config(images / "operator")
    assert (said["User"], said["Entrypoint"], said["Cmd"]) == (
        f"{USER}:{USER}",
        ["/usr/bin/python3", "-m", "vnetlink"],
        ["run"],
    )
    assert {"PYTHONSAFEPATH=1", "PYTHONDONTWRITEBYTECODE=1"} <= set(said["Env"])


def test_the_image_has_what_tracing_takes(images: Path, tmp_path: Path) -> None:
    hand_over(tmp_path)
    python = inside(images / "operator", tmp_path, {})[:-2]  # without `-m vnetlink`
    subprocess.run([*python, "-c", "from vnetlink import tracing; tracing.start('test')"], check=True, timeout=60)


def test_the_image_holds_the_versions_that_the_tests_ran_with(images: Path) -> None:
    installed = {_normal(path.stem) for path in (images / "operator/app").glob("*.dist-info")}
    rows = (build.ROOT / "constraints.txt").read_text().splitlines()
    tested = {_normal(row.replace("==", "-")) for row in rows if "==" in row}
    assert {name for name in installed - tested if not name.startswith("vnetlink-")} == set()
    assert len(installed - tested) == 1


def operator_from(image: Path, cluster: Cluster, azure: ArmsimProcess, directory: Path) -> OperatorProcess:
    """The operator of an image, not yet started; what it is given is mounted from `directory`."""
    mounted = directory / "mounted"
    mounted.mkdir()
    shutil.copy(cluster.kubeconfig, mounted / "kubeconfig")
    shutil.copy(azure.dir / "ca.pem", mounted / "ca.pem")
    hand_over(mounted)
    env = {name: value.replace(str(azure.dir), str(mounted)) for name, value in azure.env.items()}
    program = inside(image, mounted, {**env, "KUBECONFIG": str(mounted / "kubeconfig")})
    return OperatorProcess(
        directory / "operator.log", cluster.kubeconfig, {}, ("--identity-namespaces", "*"), program=program
    )


def _kib(status: str, name: str) -> int:
    return int(status.partition(f"{name}:")[2].split()[0])


def _trusted_bytecode(source: Path) -> bool:
    """Whether CPython 3.13 takes it without a look at the source: PEP 552's flags are 1, hash-based and unchecked."""
    compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
    return compiled.is_file() and compiled.read_bytes()[4:8] == b"\x01\0\0\0"


def _normal(name: str) -> str:
    return name.replace("_", "-").lower()
