"""What Argo CD is given for each kind is there, and what is made of something else is as that is."""

from __future__ import annotations

from pathlib import Path

import yaml

from argocd.customizations import KINDS, made

CRDS = Path(__file__).parents[2] / "crds"


def test_copies_and_argocd_cm_are_as_the_scripts() -> None:
    stale = [str(path) for path, text in made().items() if not path.exists() or path.read_text() != text]
    assert not stale, "run: PYTHONPATH=tests python -m argocd.customizations"


def test_every_kind_has_a_health_check() -> None:
    served = {yaml.safe_load(path.read_text())["spec"]["names"]["kind"] for path in CRDS.glob("*s.yaml")}
    assert served == set(KINDS)
