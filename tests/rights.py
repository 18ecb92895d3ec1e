"""Kubernetes RBAC in tests: what the chart grants, what was used by the API server's own record, and one verb less."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from controlplane.cluster import Cluster
from estate import OPERATOR_NAMESPACE
from helm import chart

ACCOUNT = f"system:serviceaccount:{OPERATOR_NAMESPACE}:{chart.RELEASE}"
ROLES = ("ClusterRole", "Role")


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One verb on one resource, `resource/subresource` where it is about one."""

    group: str
    resource: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}" + (f".{self.group}" if self.group else "")


def rendered(**values: Any) -> list[chart.Object]:
    """The chart's ServiceAccount with its roles and bindings; keys on Secrets may be made unless told otherwise."""
    given = {"rbac": {"aggregate": False}, "serviceAccountTokens": {"namespaces": ["*"]}, **values}
    kinds = {"ServiceAccount", *ROLES, *(f"{kind}Binding" for kind in ROLES)}
    return [one for one in chart.without_crds(given) if one["kind"] in kinds]


def granted(objects: Iterable[chart.Object]) -> set[Right]:
    """Every right in the roles."""
    rules = [rule for one in objects if one["kind"] in ROLES for rule in one["rules"]]
    assert all(set(rule) == {"apiGroups", "resources", "verbs"} for rule in rules)
    return {right for rule in rules for right in _of(rule)}


def without(objects: Iterable[chart.Object], right: Right) -> list[chart.Object]:
    """The same roles, but for one right; bindings and the account are left out."""
    roles = [deepcopy(one) for one in objects if one["kind"] in ROLES]
    for role in roles:
        kept = [one for rule in role["rules"] for one in sorted(_of(rule)) if one != right]
        role["rules"] = [{"apiGroups": [r.group], "resources": [r.resource], "verbs": [r.verb]} for r in kept]
    return roles


def _of(rule: Any) -> Iterator[Right]:
    return (
        Right(group, resource, verb)
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


class Audit:
    """What the API server notes of the operator's requests."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self._log, policy = directory / "audit.log", directory / "policy.yaml"
        rule = {"level": "Metadata", "users": [ACCOUNT]}
        kind = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy"}
        policy.write_text(yaml.safe_dump({**kind, "omitStages": ["RequestReceived"], "rules": [rule]}))
        self.flags = (f"--audit-policy-file={policy}", f"--audit-log-path={self._log}")

    def clear(self) -> None:
        """Forget what was noted so far."""
        self._log.write_text("")

    def used(self) -> set[Right]:
        """What was asked for and allowed, but for what everybody may ask."""
        return {right for right, allowed in self._asked() if allowed}

    def refused(self) -> set[Right]:
        """What was asked for and forbidden."""
        return {right for right, allowed in self._asked() if not allowed}

    def _asked(self) -> Iterator[tuple[Right, bool]]:
        for line in self._log.read_text().splitlines():
            event = json.loads(line)
            about = event.get("objectRef", {})
            if "resource" not in about or about.get("apiGroup") == "authorization.k8s.io":
                continue
            resource = "/".join(part for part in (about["resource"], about.get("subresource")) if part)
            allowed = event["annotations"]["authorization.k8s.io/decision"] == "allow"
            yield Right(about.get("apiGroup", ""), resource, event["verb"]), allowed


def apply(cluster: Cluster, objects: Iterable[chart.Object]) -> None:
    cluster.kubectl("apply", "--filename", "-", input=yaml.safe_dump_all(objects))


def remove(cluster: Cluster, objects: Iterable[chart.Object]) -> None:
    cluster.kubectl("delete", "--filename", "-", "--ignore-not-found", input=yaml.safe_dump_all(objects))
