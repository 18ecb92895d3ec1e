"""The chart in deploy/chart as the real helm renders it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from helm import build
from vnetlink.config import Config, parse

CHART = Path(__file__).resolve().parents[2] / "deploy" / "chart"
RELEASE, NAMESPACE = "vnetlink", "vnetlink-system"
_SECONDS = 120

Object = dict[str, Any]


class Rejected(Exception):
    """helm refused; `str()` is its own words."""


def run(*arguments: str, kubeconfig: Path | str = "/dev/null", values: Mapping[str, Any] | None = None) -> str:
    """helm's stdout. It sees no configuration of the user, and no cluster but that of `kubeconfig`. Raises Rejected."""
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ["PATH"], "HOME": home, "KUBECONFIG": str(kubeconfig)}
        given = ("--values", "-") if values is not None else ()
        done = subprocess.run(
            [str(_helm()), *arguments, *given],
            input=json.dumps(values) if values is not None else None,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    if done.returncode:
        raise Rejected(done.stderr)
    return done.stdout


def rendered(values: Mapping[str, Any] | None = None, *arguments: str, namespace: str = NAMESPACE) -> list[Object]:
    """Every object, in helm's order. Raises Rejected."""
    text = run("template", RELEASE, str(CHART), "--namespace", namespace, *arguments, values=values or {})
    return [found for found in yaml.load_all(text, Loader=yaml.CSafeLoader) if found]


def without_crds(values: Mapping[str, Any] | None = None, *arguments: str, namespace: str = NAMESPACE) -> list[Object]:
    """As `rendered`, without the CRDs, which take most of the time."""
    return rendered({"crds": {"enabled": False}} | dict(values or {}), *arguments, namespace=namespace)


def one(objects: list[Object], kind: str, name: str | None = None) -> Object:
    """The only object of that kind, or the one of that name."""
    (found,) = [item for item in objects if item["kind"] == kind and name in (None, item["metadata"]["name"])]
    return found


def pod(objects: list[Object]) -> Object:
    """The template of the Deployment's pods."""
    return dict(one(objects, "Deployment")["spec"]["template"])


def container(objects: list[Object]) -> Object:
    """The only container of the pod."""
    (found,) = pod(objects)["spec"]["containers"]
    return dict(found)


def config(objects: list[Object]) -> Config:
    """What the operator makes of its command line. Raises BadValue."""
    parsed = parse(container(objects)["args"], {"POD_NAMESPACE": NAMESPACE}, "")
    assert isinstance(parsed, Config)
    return parsed


@cache
def _helm() -> Path:
    return build.helm()
