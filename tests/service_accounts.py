"""Being somebody with few rights: a kubeconfig with the token of a service account."""

from __future__ import annotations

import json
from pathlib import Path

from controlplane.cluster import Cluster


def as_service_account(cluster: Cluster, directory: Path, namespace: str, name: str) -> Path:
    """A kubeconfig in `directory` that is this service account."""
    token = cluster.kubectl("-n", namespace, "create", "token", name).stdout.strip()
    config = json.loads(cluster.kubectl("config", "view", "--raw", "-o", "json").stdout)
    config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
    found = directory / "kubeconfig"
    found.touch(mode=0o600)
    found.write_text(json.dumps(config))
    return found
