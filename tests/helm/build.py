"""Finds or builds the real helm, and prints its path. Its release is that of go.mod."""

from __future__ import annotations

from pathlib import Path

import go_programs
from go_programs import GoModule

MODULE = GoModule(
    Path(__file__).resolve().parent,
    ("helm",),
    "helm.sh/helm/v4",
    "2 minutes",
    lambda release: {"helm.sh/helm/v4/internal/version.version": release},
)


def helm() -> Path:
    """The program, built first when it has to be. Raises BuildFailed."""
    return MODULE.built() / "helm"


if __name__ == "__main__":
    go_programs.main(helm, "helm")
