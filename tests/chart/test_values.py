"""Every value of the chart does something: the table has a row for each, and what the real helm makes of it stands beside."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from helm import chart
from helm.values import CLIENT, IDENTITY, TENANT

POD = "Deployment/spec/template"
SPEC = f"{POD}/spec"
RUNS = f"{SPEC}/containers/0"
ARGS, ENV = f"{RUNS}/args", f"{RUNS}/env"
TOKEN = f"{SPEC}/volumes/1/projected/sources/0/serviceAccountToken"
MONITOR, RULES, BOARD = "ServiceMonitor", "PrometheusRule", "ConfigMap"
EXTRA_VOLUME, EXTRA_MOUNT = {"name": "ca", "configMap": {"name": "ca"}}, {"name": "ca", "mountPath": "/etc/ca"}
PEER = {"podSelector": {"matchLabels": {"app": "prometheus"}}}
SPREAD = {"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
AFFINITY = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}}
TIMES = {
    "initialDelaySeconds": 3,
    "periodSeconds": 17,
    "timeoutSeconds": 7,
    "failureThreshold": 9,
    "successThreshold": 1,
}

# Value, what is given, KIND[:NAME]/JSON-POINTER, and what stands there: that, or an item of the list, or None for nothing at all.
Row = tuple[str, Any, str, Any]

# Rows of one rendering. Each holds with all of its rendering, and not yet with the rendering's first line alone.
RENDERINGS: dict[str, tuple[dict[str, Any], tuple[Row, ...]]] = {
    "most": (
        {},
        (
            ("nameOverride", "other", f"{POD}/metadata/labels/app.kubernetes.io~1name", "other"),
            ("fullnameOverride", "blue", "Deployment/metadata/name", "blue"),
            ("extraLabels", {"team": "network"}, "Service/metadata/labels/team", "network"),
            ("image.repository", "registry/v", f"{RUNS}/image", "registry/v:9"),
            ("image.tag", "9", f"{RUNS}/image", "registry/v:9"),
            ("image.pullPolicy", "Always", f"{RUNS}/imagePullPolicy", "Always"),
            ("imagePullSecrets", [{"name": "registry"}], f"{SPEC}/imagePullSecrets", [{"name": "registry"}]),
            ("replicas", 2, "Deployment/spec/replicas", 2),
            ("leaderElection.leaseDuration", 60, ARGS, "--leader-elect-lease-duration=60"),
            ("leaderElection.renewDeadline", 40, ARGS, "--leader-elect-renew-deadline=40"),
            ("leaderElection.retryPeriod", 5, ARGS, "--leader-elect-retry-period=5"),
            ("identityNamespaces", ["a", "b"], ARGS, "--identity-namespaces=a,b"),
            ("deletionThreshold", 1000000, ARGS, "--deletion-threshold=1000000"),
            ("dryRun", True, ARGS, "--dry-run"),
            ("workers", 8, ARGS, "--workers=8"),
            ("logLevel", "DEBUG", ARGS, "--log-level=DEBUG"),
            ("logFormat", "text", ARGS, "--log-format=text"),
            ("azure.cloud", "AzureChina", ARGS, "--cloud=AzureChina"),
            ("azure.armEndpoint", "https://arm.example", ARGS, "--arm-endpoint=https://arm.example"),
            ("azure.authorityHost", "https://login.example", ARGS, "--authority-host=https://login.example"),
            ("workloadIdentity.enabled", True, f"{TOKEN}/audience", "api://AzureADTokenExchange"),
            ("workloadIdentity.clientId", CLIENT, ENV, {"name": "AZURE_CLIENT_ID", "value": CLIENT}),
            ("workloadIdentity.tenantId", TENANT, ENV, {"name": "AZURE_TENANT_ID", "value": TENANT}),
            ("workloadIdentity.tokenExpirationSeconds", 7200, f"{TOKEN}/expirationSeconds", 7200),
            ("serviceAccount.name", "robot", f"{SPEC}/serviceAccountName", "robot"),
            ("serviceAccount.annotations", {"e": "f"}, "ServiceAccount/metadata/annotations/e", "f"),
            ("secrets.namespaces", ["a"], "Role:blue-secrets/metadata/namespace", "a"),
            ("sharedKeys.manage", True, "Role:blue-secrets/rules/0/verbs", "delete"),
            ("serviceAccountTokens.namespaces", ["a"], "Role:blue-tokens/metadata/namespace", "a"),
            ("serviceAccountTokens.names", ["azure"], "Role:blue-tokens/rules/0/resourceNames", ["azure"]),
            ("podAnnotations", {"a": "b"}, f"{POD}/metadata/annotations/a", "b"),
            ("podLabels", {"c": "d"}, f"{POD}/metadata/labels/c", "d"),
            ("priorityClassName", "high", f"{SPEC}/priorityClassName", "high"),
            ("resources.requests", {"cpu": "70m"}, f"{RUNS}/resources/requests/cpu", "70m"),
            ("resources.limits", {"cpu": "2"}, f"{RUNS}/resources/limits/cpu", "2"),
            ("resources.claims", [{"name": "nic"}], f"{RUNS}/resources/claims", [{"name": "nic"}]),
            ("nodeSelector", {"disk": "fast"}, f"{SPEC}/nodeSelector", {"disk": "fast"}),
            ("tolerations", [{"operator": "Exists"}], f"{SPEC}/tolerations", [{"operator": "Exists"}]),
            ("affinity", AFFINITY, f"{SPEC}/affinity", AFFINITY),
            ("topologySpreadConstraints", [SPREAD], f"{SPEC}/topologySpreadConstraints", [SPREAD]),
            ("terminationGracePeriodSeconds", 45, f"{SPEC}/terminationGracePeriodSeconds", 45),
            ("podSecurityContext", {"runAsUser": 7}, f"{SPEC}/securityContext/runAsUser", 7),
            ("securityContext", {"runAsGroup": 8}, f"{RUNS}/securityContext/runAsGroup", 8),
            *(
                (f"{probe}.{name}", n + more, f"{RUNS}/{probe}/{name}", n + more)
                for more, probe in enumerate(("livenessProbe", "readinessProbe"))
                for name, n in TIMES.items()
            ),
            ("extraArgs", ["--arm-requests=unlimited"], ARGS, "--arm-requests=unlimited"),
            ("extraEnv", [{"name": "HTTPS_PROXY", "value": "x"}], ENV, {"name": "HTTPS_PROXY", "value": "x"}),
            ("extraVolumes", [EXTRA_VOLUME], f"{SPEC}/volumes", EXTRA_VOLUME),
            ("extraVolumeMounts", [EXTRA_MOUNT], f"{RUNS}/volumeMounts", EXTRA_MOUNT),
            ("podDisruptionBudget.maxUnavailable", "50%", "PodDisruptionBudget/spec/maxUnavailable", "50%"),
            ("networkPolicy.enabled", True, "NetworkPolicy/spec/policyTypes", ["Ingress", "Egress"]),
            ("networkPolicy.metricsFrom", [PEER], "NetworkPolicy/spec/ingress/0/from", [PEER]),
            ("networkPolicy.egressPorts", [443, 80], "NetworkPolicy/spec/egress/1/ports", [{"port": 443}, {"port": 80}]),
            ("metrics.serviceMonitor.enabled", True, f"{MONITOR}/spec/endpoints/0/path", "/metrics"),
            ("metrics.serviceMonitor.interval", "45s", f"{MONITOR}/spec/endpoints/0/interval", "45s"),
            ("metrics.serviceMonitor.labels", {"release": "m"}, f"{MONITOR}/metadata/labels/release", "m"),
            ("metrics.prometheusRule.enabled", True, f"{RULES}/spec/groups/0/name", "vnetlink"),
            ("metrics.prometheusRule.labels", {"release": "p"}, f"{RULES}/metadata/labels/release", "p"),
            ("metrics.dashboard.enabled", True, f"{BOARD}/metadata/labels/grafana_dashboard", "1"),
            ("metrics.dashboard.labels", {"board": "b"}, f"{BOARD}/metadata/labels/board", "b"),
            ("metrics.dashboard.annotations", {"folder": "Azure"}, f"{BOARD}/metadata/annotations/folder", "Azure"),
        ),
    ),
    "least": (
        {"image": {"tag": "9"}},
        (
            ("image.digest", f"sha256:{'a' * 64}", f"{RUNS}/image", f"ghcr.io/vnetlink/vnetlink@sha256:{'a' * 64}"),
            ("crds.enabled", False, "CustomResourceDefinition:vnetlinks.vnetlink.dev", None),
            ("leaderElection.enabled", False, ARGS, "--leader-elect=false"),
            ("serviceAccount.create", False, "ServiceAccount", None),
            ("serviceAccount.name", "default", f"{SPEC}/serviceAccountName", "default"),
            ("rbac.create", False, "ClusterRole:vnetlink", None),
            ("metrics.service", False, "Service", None),
        ),
    ),
    "CRDs that go": (
        {},
        (("crds.keep", False, "CustomResourceDefinition:vnetlinks.vnetlink.dev/metadata/annotations", None),),
    ),
    "namespaced": (
        {},
        (
            ("watchNamespaces", ["a", "b"], ARGS, "--namespace=a,b"),
            ("watchNamespaces", ["a", "b"], "ClusterRole:vnetlink", None),
        ),
    ),
    "the webhook": (
        {"workloadIdentity": IDENTITY},
        (
            ("workloadIdentity.webhook", True, f"{POD}/metadata/labels/azure.workload.identity~1use", "true"),
            ("rbac.aggregate", False, "ClusterRole:vnetlink-view", None),
        ),
    ),
    "a service principal": (
        {},
        (
            ("servicePrincipal.enabled", True, f"{ENV}/3/name", "AZURE_CLIENT_SECRET"),
            ("servicePrincipal.clientId", CLIENT, ENV, {"name": "AZURE_CLIENT_ID", "value": CLIENT}),
            ("servicePrincipal.tenantId", TENANT, ENV, {"name": "AZURE_TENANT_ID", "value": TENANT}),
            ("servicePrincipal.secretRef.name", "azure", f"{ENV}/3/valueFrom/secretKeyRef/name", "azure"),
            ("servicePrincipal.secretRef.key", "password", f"{ENV}/3/valueFrom/secretKeyRef/key", "password"),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("first", "rows"), RENDERINGS.values(), ids=RENDERINGS)
def test_each_value_does_what_its_row_says(first: Mapping[str, Any], rows: tuple[Row, ...]) -> None:
    given = json.loads(json.dumps(first))
    for value, one, _, _ in rows:
        *above, last = value.split(".")
        place = given
        for name in above:
            place = place.setdefault(name, {})
        place[last] = one
    before, after = chart.rendered(first), chart.rendered(given)
    assert [row for row in rows if not holds(after, row)] == []
    assert [row for row in rows if holds(before, row)] == [], "true without the value, too: these rows prove nothing"
    assert chart.config(after), "the operator understands its command line"


def test_every_value_of_the_schema_has_a_row() -> None:
    schema = json.loads((chart.CHART / "values.schema.json").read_text())
    assert {value for _, rows in RENDERINGS.values() for value, *_ in rows} == set(leaves(schema)) - {"global"}


def leaves(schema: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Every value; Kubernetes' own types and labels are one each."""
    for name, field in schema["properties"].items():
        if "properties" in field:
            yield from leaves(field, f"{above}{name}.")
        else:
            yield above + name


def holds(objects: list[chart.Object], row: Row) -> bool:
    *_, path, result = row
    found = at(objects, path)
    return bool(found == result or (isinstance(found, list) and result in found))


def at(objects: list[chart.Object], path: str) -> Any:
    """What stands at KIND[:NAME]/POINTER; None where nothing does."""
    what, *steps = path.split("/")
    kind, _, name = what.partition(":")
    of_kind = [one for one in objects if one["kind"] == kind and name in ("", one["metadata"]["name"])]
    assert len(of_kind) <= 1, f"{what}: which one?"
    found: Any = of_kind[0] if of_kind else None
    for step in steps:
        try:
            found = found[int(step) if isinstance(found, list) else step.replace("~1", "/")]
        except (KeyError, IndexError, TypeError):
            return None
    return found
