"""Finds or builds the program that asks Argo CD's own code, and asks it. Its release is that of go.mod."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import go_programs
from go_programs import GoModule

MODULE = GoModule(Path(__file__).resolve().parent, ("argocd",), "github.com/argoproj/argo-cd/v3", "3 minutes")


def program() -> Path:
    """Built first when it has to be. Raises BuildFailed."""
    return MODULE.built() / "argocd"


def ask(config: Mapping[str, str], questions: Sequence[Mapping[str, Any]], openapi: object = None) -> list[Any]:
    """Argo CD's answers to `questions` (main.go) when argocd-cm has this data; `openapi` is the API server's /openapi/v2."""
    schemas = {"openapi": openapi} if openapi else {}
    wanted = json.dumps({"argocd-cm": config, "questions": questions, **schemas})
    done = subprocess.run([str(program())], input=wanted, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


if __name__ == "__main__":
    go_programs.main(program, "argocd")
