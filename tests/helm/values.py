"""Values of the chart that several tests use."""

from __future__ import annotations

from typing import Any

CLIENT, TENANT = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
IDENTITY = {"enabled": True, "clientId": CLIENT, "tenantId": TENANT}
PRINCIPAL = {**IDENTITY, "secretRef": {"name": "azure"}}
EVERYTHING: dict[str, Any] = {
    "extraLabels": {"team": "network"},
    "replicas": 2,
    "identityNamespaces": ["*"],
    "dryRun": True,
    "azure": {"cloud": "AzureChina", "armEndpoint": "https://arm.example", "authorityHost": "https://login.example"},
    "workloadIdentity": IDENTITY,
    "sharedKeys": {"manage": True},
    "serviceAccountTokens": {"namespaces": ["*"]},
    "priorityClassName": "system-cluster-critical",
    "networkPolicy": {"enabled": True},
    "metrics": {
        "serviceMonitor": {"enabled": True},
        "prometheusRule": {"enabled": True},
        "dashboard": {"enabled": True},
    },
    "extraArgs": ["--arm-requests=standard"],
    "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
    "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ca"}],
    "imagePullSecrets": [{"name": "registry"}],
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"operator": "Exists"}],
    "podAnnotations": {"a": "b"},
    "podLabels": {"c": "d"},
}
