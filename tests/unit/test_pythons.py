"""The interpreters that `make check-pythons` finds."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pythons import REPO, SUPPORTED, found, places


def interpreter(directory: Path, version: str, says: str, exit_code: int = 0) -> Path:
    directory.mkdir(exist_ok=True)
    program = directory / f"python{version}"
    program.write_text(f"#!/bin/sh\necho {says}\nexit {exit_code}\n")
    program.chmod(0o755)
    return program


def test_a_shim_that_stands_for_nothing_and_a_program_of_another_version_are_passed_over(tmp_path: Path) -> None:
    interpreter(tmp_path / "shims", "3.12", "3.12", exit_code=127)
    interpreter(tmp_path / "odd", "3.12", "3.11")
    real = interpreter(tmp_path / "real", "3.12", "3.12")
    directories = [tmp_path / name for name in ("none", "shims", "odd", "real")]
    assert found(directories, ["3.12", "3.13"]) == {"3.12": real}


def test_what_pyenv_has_is_looked_at_after_path(tmp_path: Path) -> None:
    installed = tmp_path / "versions" / "3.13.0" / "bin"
    installed.mkdir(parents=True)
    assert places({"PATH": "/a:/b", "PYENV_ROOT": str(tmp_path)}) == [Path("/a"), Path("/b"), installed]


def test_the_oldest_that_is_tested_is_the_oldest_that_may_install_it() -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == f">={SUPPORTED[0]}"
