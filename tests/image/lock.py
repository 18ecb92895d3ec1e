"""Writes what the images install, with hashes: pyproject.toml at the versions of constraints.txt, for Python 3.13 on Linux."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "deploy" / "image"


def main() -> None:
    """Both files anew; uv has to be in the environment."""
    _lock("requirements.txt", "What the images install, for --tracing, too", "pyproject.toml", "--extra", "tracing")
    _lock("build-requirements.txt", "What builds the wheel", "-", stdin="hatchling\n")


def _lock(name: str, what: str, source: str, *more: str, stdin: str | None = None) -> None:
    options = ["--quiet", "--constraint", "constraints.txt", "--generate-hashes", "--no-header", "--no-annotate"]
    platform = ["--python-version", "3.13", "--python-platform", "linux"]
    command = [sys.executable, "-m", "uv", "pip", "compile", *options, *platform, *more, source]
    done = subprocess.run(command, input=stdin, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    (IMAGE / name).write_text(f"# {what}, with hashes. Made by: make image-lock\n{done.stdout}")


if __name__ == "__main__":
    main()
