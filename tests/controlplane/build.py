"""Finds or builds the directory that holds etcd, kube-apiserver and kube-controller-manager, and prints its path.

Order of choice: KUBEBUILDER_ASSETS, the user's cache, a build (minutes, once a version). Standard library only: it runs
before anything is installed. Progress goes to stderr, the path alone to stdout.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import go_programs
from go_programs import BuildFailed, GoModule, Say

NAMES = ("etcd", "kube-apiserver", "kube-controller-manager")


def assets(say: Say | None = None) -> Path:
    """The directory with the three programs, built first when it has to be. Raises BuildFailed."""
    if given := os.environ.get("KUBEBUILDER_ASSETS"):
        return _complete(Path(given))
    return MODULE.built(say)


def _complete(directory: Path) -> Path:
    if missing := [name for name in NAMES if not (directory / name).is_file()]:
        raise BuildFailed(
            f"KUBEBUILDER_ASSETS={directory} has no {' and no '.join(missing)}: "
            "unset KUBEBUILDER_ASSETS to build all three, or point it at a directory that has them"
        )
    return directory


def _variables(release: str) -> Mapping[str, str]:
    """What makes the API server say its version."""
    major, minor, _ = release.removeprefix("v").split(".")
    values = {"gitVersion": release, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return {f"k8s.io/component-base/version.{name}": value for name, value in values.items()}


MODULE = GoModule(Path(__file__).resolve().parent, NAMES, "k8s.io/kubernetes", "5 to 8 minutes", _variables)

if __name__ == "__main__":
    go_programs.main(assets, "controlplane")
