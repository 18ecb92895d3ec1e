"""deploy/gitops/argocd: what Argo CD has to know of our kinds, in the layout of its own repository and as an argocd-cm.

The scripts of VNetLink are written by hand, those of the other kinds are copies, and argocd-cm.yaml is made of them all:
`PYTHONPATH=tests python -m argocd.customizations` writes both anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2] / "deploy" / "gitops" / "argocd"
GROUP = "vnetlink.dev"
SCRIPTS = ROOT / "resource_customizations" / GROUP
CONFIG_MAP = ROOT / "argocd-cm.yaml"
WRITTEN, CREDENTIAL = "VNetLink", "AzureCredential"
KINDS = (WRITTEN, "PeeringPair", "VpnConnectionPair", CREDENTIAL)
HEADER = """\
# The health checks and actions of resource_customizations for an Argo CD that does not have them built in:
#   kubectl -n argocd patch configmap argocd-cm --patch-file argocd-cm.yaml
# Made of those files by: PYTHONPATH=tests python -m argocd.customizations
"""


def actions(kind: str) -> tuple[str, ...]:
    """The actions of a kind: a credential cannot be suspended."""
    return ("reconcile",) if kind == CREDENTIAL else ("reconcile", "resume", "suspend")


def made() -> dict[Path, str]:
    """Every file that is made of the others, with its text."""
    copies = {SCRIPTS / kind / name: _script(WRITTEN, name) for kind in KINDS for name in _copied(kind)}
    return {**copies, CONFIG_MAP: HEADER + text({"data": data()})}


def data() -> dict[str, str]:
    """The data of argocd-cm."""
    keys = {}
    for kind in KINDS:
        keys[f"resource.customizations.health.{GROUP}_{kind}"] = _script(kind, "health.lua")
        keys[f"resource.customizations.actions.{GROUP}_{kind}"] = text(
            {
                "discovery.lua": _script(kind, "actions/discovery.lua"),
                "definitions": [
                    {"name": name, "action.lua": _script(kind, f"actions/{name}/action.lua")} for name in actions(kind)
                ],
            }
        )
    return keys


def text(document: object) -> str:
    """YAML in which a script stays readable."""
    return yaml.dump(document, Dumper=_Readable, sort_keys=False, width=1000)


def _copied(kind: str) -> Iterator[str]:
    if kind == WRITTEN:
        return
    yield "health.lua"
    yield from (f"actions/{name}/action.lua" for name in actions(kind))
    if kind != CREDENTIAL:
        yield "actions/discovery.lua"


def _script(kind: str, name: str) -> str:
    hand_written = kind == WRITTEN or name not in _copied(kind)
    return (SCRIPTS / (kind if hand_written else WRITTEN) / name).read_text()


class _Readable(yaml.SafeDumper):
    """Lines stay lines."""


def _lines(dumper: yaml.SafeDumper, value: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Readable.add_representer(str, _lines)


if __name__ == "__main__":
    for path, content in made().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
