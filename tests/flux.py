"""Flux's real kustomize-controller on a cluster, and a Git repository whose commits it is told of.

source-controller is not run: its CRDs are installed, and what it would do is done here. A commit becomes a tar.gz that is
served on 127.0.0.1, and the GitRepository's status names it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from controlplane import guard
from controlplane.cluster import Cluster
from go_programs import source
from kustomize_controller import build

NAMESPACE = "flux-system"
EXAMPLES = Path(__file__).resolve().parents[1] / "deploy" / "gitops" / "flux"
SOURCE_CONTROLLER = "github.com/fluxcd/source-controller@v1.9.0"  # of the API that kustomize-controller is built with
AUTHOR = ("-c", "user.name=platform", "-c", "user.email=platform@example.com", "-c", "commit.gpgsign=false")


class Quiet(SimpleHTTPRequestHandler):
    """Serves a directory and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """No access log."""


class Flux:
    """`repository` is the GitRepository that commits are told to."""

    repository = "network"

    def __init__(self, cluster: Cluster, directory: Path, port: int) -> None:
        self.cluster, self.log = cluster, directory / "kustomize-controller.log"
        self._work, self._served, self._port = directory / "git", directory / "served", port
        self._work.mkdir()
        self._git("init", "--quiet", "--initial-branch=main")

    def apply(self, example: str) -> None:
        """A file of deploy/gitops/flux as it is."""
        self._kubectl("apply", "--filename", str(EXAMPLES / example))

    def commit(self, *documents: Mapping[str, Any], folder: str) -> str:
        """Commit a tree that has these objects in `folder`, and nothing else; returns the revision that Flux is told of."""
        shutil.rmtree(self._work / folder, ignore_errors=True)
        (self._work / folder).mkdir()
        for one in documents:
            name = f"{one['kind']}-{one['metadata']['name']}.yaml".lower()
            (self._work / folder / name).write_text(yaml.safe_dump(dict(one)))
        self._git("add", "--all")
        self._git(*AUTHOR, "commit", "--quiet", "--message", "network")
        commit = self._git("rev-parse", "HEAD")
        revision, archive = f"main@sha1:{commit}", self._served / f"{commit}.tar.gz"
        self._git("archive", "--format=tar.gz", f"--output={archive}", "HEAD")
        self._tell(revision, archive)
        return revision

    def look(self, name: str) -> None:
        """Have a Kustomization reconciled now."""
        said = f"reconcile.fluxcd.io/requestedAt={datetime.now(UTC).isoformat()}"
        self._kubectl("annotate", "kustomization", name, "--overwrite", said)

    def kustomization(self, name: str) -> dict[str, Any]:
        """The status of a Kustomization."""
        return dict(json.loads(self._kubectl("get", "kustomization", name, "--output", "json")).get("status", {}))

    def condition(self, name: str, kind: str = "Ready") -> dict[str, Any]:
        """One condition, {} when it is not there."""
        conditions = self.kustomization(name).get("conditions", [])
        return next((one for one in conditions if one["type"] == kind), {})

    def delete(self, name: str) -> None:
        """Delete a Kustomization, and what it applied with it."""
        self._kubectl("delete", "kustomization", name, "--timeout=60s")

    def tail(self) -> str:
        """The end of the controller's log, for messages."""
        return self.log.read_text()[-3000:]

    def _tell(self, revision: str, archive: Path) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        artifact = {
            "digest": f"sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}",
            "lastUpdateTime": now,
            "path": archive.name,
            "revision": revision,
            "size": archive.stat().st_size,
            "url": f"http://127.0.0.1:{self._port}/{archive.name}",
        }
        stored = {"type": "Ready", "status": "True", "reason": "Succeeded", "message": f"stored {revision}"}
        status = {"artifact": artifact, "conditions": [{**stored, "lastTransitionTime": now}]}
        patch = json.dumps({"status": status})
        self._kubectl(
            "patch", "gitrepository", self.repository, "--subresource=status", "--type=merge", "--patch", patch
        )

    def _kubectl(self, *arguments: str, input: str | None = None) -> str:
        return self.cluster.kubectl("--namespace", NAMESPACE, *arguments, input=input).stdout

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self._work, capture_output=True, text=True, check=True)
        return done.stdout.strip()


@contextmanager
def flux(cluster: Cluster, directory: Path) -> Iterator[Flux]:
    """kustomize-controller runs as the cluster's admin while the block does."""
    program, served, temporary = build.kustomize_controller(), directory / "served", directory / "tmp"
    for made in (served, temporary):
        made.mkdir(parents=True)
    for module in (source(SOURCE_CONTROLLER), build.MODULE.source()):
        cluster.apply_crds_of(module / "config" / "crd" / "bases")
    cluster.kubectl("create", "namespace", NAMESPACE, check=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running = Flux(cluster, directory, server.server_port)
        running.apply("source.yaml")
        flags = ("--metrics-addr=0", "--health-addr=0", "--log-level=info")
        environment = {"KUBECONFIG": str(cluster.kubeconfig), "TMPDIR": str(temporary), "RUNTIME_NAMESPACE": NAMESPACE}
        process = guard.shared().spawn((str(program), *flags), running.log, environment)
        try:
            yield running
        finally:
            guard.terminate(process, 5)
            server.shutdown()
