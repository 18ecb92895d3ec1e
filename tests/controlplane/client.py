"""How a test control plane is reached: kubeconfig files, the API server's answers, etcd's JSON gateway."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from controlplane.pki import Pki


class EtcdRefused(Exception):
    """etcd did not do what it was asked; `str()` is its answer."""


def write_kubeconfig(path: Path, url: str, pki: Pki, user: str) -> None:
    """Writes a kubeconfig for `user`, one of pki's client certificates, with everything inside the file."""
    server = {"server": url, "certificate-authority-data": _base64(pki.ca)}
    who = {"client-certificate-data": _base64(pki.certificate(user)), "client-key-data": _base64(pki.key(user))}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": server}],
        "users": [{"name": user, "user": who}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": user, "namespace": "default"}}],
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(document))


def status(port: int, pki: Pki, path: str) -> int:
    """The API server's status to a GET as admin, 0 when nobody answers."""
    context = ssl.create_default_context(cafile=str(pki.ca))
    context.load_cert_chain(pki.certificate("admin"), pki.key("admin"))
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def compact_etcd(port: int) -> int:
    """Forgets all revisions before the newest and returns that one. May be called again."""
    newest = int(_etcd(port, "/v3/kv/range", {"key": base64.b64encode(b"/").decode()})["header"]["revision"])
    try:
        _etcd(port, "/v3/kv/compaction", {"revision": str(newest), "physical": True})
    except EtcdRefused as refused:
        if "has been compacted" not in str(refused):
            raise
    return newest


def _etcd(port: int, path: str, body: Mapping[str, object]) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    if answer.status != 200:
        raise EtcdRefused(f"etcd answered {answer.status} to {path}: {text}")
    return json.loads(text)


def _base64(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
