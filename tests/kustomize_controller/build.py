"""Finds or builds Flux's real kustomize-controller, and prints its path. Its release is that of go.mod."""

from __future__ import annotations

from pathlib import Path

import go_programs
from go_programs import GoModule

MODULE = GoModule(
    Path(__file__).resolve().parent,
    ("kustomize-controller",),
    "github.com/fluxcd/kustomize-controller",
    "3 minutes",
)


def kustomize_controller() -> Path:
    """The program, built first when it has to be. Raises BuildFailed."""
    return MODULE.built() / "kustomize-controller"


if __name__ == "__main__":
    go_programs.main(kustomize_controller, "kustomize-controller")
