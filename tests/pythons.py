"""Runs the unit and property tiers on every supported Python of this machine but the one that runs this: `make check-pythons`.

Each has a virtual environment of its own in the user's cache, made again when pyproject.toml or constraints.txt change.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
SUPPORTED = ("3.11", "3.12", "3.13")
TIERS = ("tests/unit", "tests/properties")
ASK = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"


def places(environment: Mapping[str, str]) -> list[Path]:
    """Directories that may hold interpreters: PATH, then what pyenv has installed."""
    pyenv = Path(environment.get("PYENV_ROOT") or Path.home() / ".pyenv")
    on_path = [Path(entry) for entry in environment.get("PATH", "").split(os.pathsep) if entry]
    return [*on_path, *sorted(pyenv.glob("versions/*/bin"))]


def found(directories: Iterable[Path], wanted: Iterable[str]) -> dict[str, Path]:
    """The first interpreter of each wanted version that really runs as it: a shim of pyenv may stand for nothing."""
    directories = list(directories)
    runs: dict[str, Path] = {}
    for version in wanted:
        candidates = (directory / f"python{version}" for directory in directories)
        if first := next((path for path in candidates if path.is_file() and _answers(path) == version), None):
            runs[version] = first
    return runs


def _answers(python: Path) -> str | None:
    try:
        done = subprocess.run([python, "-c", ASK], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def passes_on(version: str, python: Path) -> bool:
    """Whether both tiers pass there. One checkout at a time uses an environment."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vnetlink" / "python" / version
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(home, python)
        began = time.monotonic()
        pytest = [home / "bin" / "python", "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile"]
        passed = subprocess.run([*pytest, *TIERS], cwd=REPO).returncode == 0
    _say(f"Python {version}: {'passed' if passed else 'FAILED'} after {time.monotonic() - began:.0f} s")
    return passed


def _install(home: Path, python: Path) -> None:
    """Packages once, this checkout each time; the mark comes last."""
    mark = home / ".packages"
    lists = b"".join((REPO / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    wanted = f"{python} {hashlib.sha256(lists).hexdigest()}"
    pip = [home / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if mark.is_file() and mark.read_text() == wanted:
        subprocess.run([*pip, "--no-deps", "--editable", "."], cwd=REPO, check=True)
        return
    _say(f"installing Python packages into {home} …")
    subprocess.run([python, "-m", "venv", "--clear", home], check=True)
    subprocess.run([*pip, "--constraint", "constraints.txt", "--editable", ".[dev]"], cwd=REPO, check=True)
    mark.write_text(wanted)


def _say(line: str) -> None:
    print(f"pythons: {line}", flush=True)


def main() -> int:
    """0: passed wherever there was something to run."""
    own = ".".join(map(str, sys.version_info[:2]))
    others = [version for version in SUPPORTED if version != own]
    pythons = found(places(os.environ), others)
    missing = [version for version in others if version not in pythons]
    if missing:
        _say(f"this machine has no Python {' and no '.join(missing)}")
    failed = [version for version, python in pythons.items() if not passes_on(version, python)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
