"""One cluster, one Azure and one operator as a person would run them: YAML in, kubectl words out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import yaml

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from operator_process import OperatorProcess

T = TypeVar("T")

OPERATOR_NAMESPACE = "vnetlink-system"
PLURALS = ("vnetlinks", "peeringpairs", "vpnconnectionpairs", "azurecredentials")
WITHIN = 30.0  # seconds in which anything that is not a long operation has to happen


def eventually(what: str, probe: Callable[[], T], within: float = WITHIN, every: float = 0.1) -> T:
    """The first truthy answer of `probe`; AssertionError naming `what` and the last answer after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {within:.0f} s: {what}; last seen: {answer!r}"
        time.sleep(every)


@contextmanager
def control_plane(directory: Path, *flags: str) -> Iterator[Cluster]:
    """A real control plane with our CRDs, ended at the end of the block; `flags` as of Cluster."""
    cluster = Cluster(directory, *flags)
    cluster.start()
    try:
        cluster.apply_crds()
        yield cluster
    finally:
        cluster.stop()


class Estate:
    """What a test, the demo and a measurement work with. `namespace` is where objects are applied, of kind `kind`."""

    kind = "peeringpair"

    def __init__(self, cluster: Cluster, azure: ArmsimProcess, dir: Path, namespace: str = "default") -> None:
        self.cluster, self.azure, self.dir, self.namespace = cluster, azure, dir, namespace
        self.operator = self.new_operator()

    def new_operator(self, *args: str, log: str = "operator.log") -> OperatorProcess:
        """An operator, not yet started, that serves every namespace with its own identity unless `args` say otherwise."""
        given = args or ("--identity-namespaces", "*")
        return OperatorProcess(self.dir / log, self.cluster.kubeconfig, self.azure.env, given)

    def start(self, *args: str) -> Estate:
        """Start the operator and wait until it serves."""
        if args:
            self.operator = self.new_operator(*args)
        self.operator.start().wait_ready()
        return self

    # --- kubectl

    def kubectl(self, *args: str, input: str | None = None, check: bool = True) -> str:
        """kubectl's output in our namespace."""
        return self.cluster.kubectl("--namespace", self.namespace, *args, input=input, check=check).stdout

    def apply(self, *documents: dict[str, Any]) -> str:
        """kubectl apply."""
        return self.kubectl("apply", "--filename", "-", input=yaml.safe_dump_all(documents))

    def pair(
        self,
        name: str,
        vnet1: str,
        vnet2: str,
        *,
        end1: dict[str, Any] | None = None,
        end2: dict[str, Any] | None = None,
        **spec: Any,
    ) -> None:
        """Apply a PeeringPair; `spec` are further fields, interval 2s unless given."""
        self.apply(self.manifest(name, vnet1, vnet2, end1=end1, end2=end2, **spec))

    def manifest(
        self,
        name: str,
        vnet1: str,
        vnet2: str,
        *,
        end1: dict[str, Any] | None = None,
        end2: dict[str, Any] | None = None,
        **spec: Any,
    ) -> dict[str, Any]:
        """A PeeringPair as a document."""
        ends = {"vnet1": {"id": vnet1, **(end1 or {})}, "vnet2": {"id": vnet2, **(end2 or {})}}
        return {
            "apiVersion": "vnetlink.dev/v1alpha1",
            "kind": "PeeringPair",
            "metadata": {"name": name},
            "spec": {"interval": "2s", **ends, **spec},
        }

    def patch(self, name: str, **spec: Any) -> None:
        """Merge into spec."""
        self.kubectl("patch", self.kind, name, "--type", "merge", "--patch", json.dumps({"spec": spec}))

    def delete(self, name: str, wait: bool = True) -> None:
        """kubectl delete; with `wait` until the object is gone."""
        self.kubectl("delete", self.kind, name, f"--wait={str(wait).lower()}", "--timeout=30s")

    def read(self, name: str) -> dict[str, Any]:
        """The object, {} when there is none."""
        text = self.kubectl("get", self.kind, name, "--ignore-not-found", "--output", "json")
        return json.loads(text) if text.strip() else {}

    def exists(self, name: str) -> bool:
        """Whether the object is there."""
        return bool(self.read(name))

    def condition(self, name: str, kind: str = "Ready") -> dict[str, Any]:
        """One condition, {} when it is not there."""
        conditions = self.read(name).get("status", {}).get("conditions", [])
        return next((row for row in conditions if row["type"] == kind), {})

    def events(self, name: str) -> list[str]:
        """The reasons of all events on the object, oldest first."""
        text = self.kubectl("get", "events.events.k8s.io", "--output", "json")
        told = [e for e in json.loads(text)["items"] if e.get("regarding", {}).get("name") == name]
        return [event["reason"] for event in sorted(told, key=lambda event: event["eventTime"] or "")]

    # --- waiting

    def wait_ready(self, name: str, within: float = WITHIN) -> dict[str, Any]:
        """Until Ready is True for the present generation; returns the object."""
        return eventually(f"{name} Ready", lambda: self._ready(name), within)

    def wait_reason(self, name: str, reason: str, within: float = WITHIN, kind: str = "Ready") -> dict[str, Any]:
        """Until the condition carries this reason for the present generation; returns the condition."""

        def carries() -> dict[str, Any]:
            body = self.read(name)
            rows = body.get("status", {}).get("conditions", [])
            row = next((row for row in rows if row["type"] == kind), {})
            current = row.get("observedGeneration") == body.get("metadata", {}).get("generation")
            if row.get("reason") == reason and current:
                return dict(row)
            last.append(f"{row.get('status')} {row.get('reason')}: {row.get('message')}")
            return {}

        last: list[str] = []
        try:
            return eventually(f"{name} {kind} with reason {reason}", carries, within)
        except AssertionError as error:
            raise AssertionError(f"{error}; {last[-1:]}\n{self.operator.tail()}") from None

    def wait_gone(self, name: str, within: float = WITHIN) -> None:
        """Until the object is gone."""
        eventually(f"{name} gone", lambda: not self.exists(name), within)

    def _ready(self, name: str) -> dict[str, Any]:
        body = self.read(name)
        rows = body.get("status", {}).get("conditions", [])
        generation = body.get("metadata", {}).get("generation")
        good = any(
            r["type"] == "Ready" and r["status"] == "True" and r["observedGeneration"] == generation for r in rows
        )
        return body if good else {}

    # --- Azure

    def peerings(self, vnet: str) -> dict[str, dict[str, Any]]:
        """The properties of a VNet's peerings by name, as ARM shows them."""
        body = self.azure.get(vnet) or {"properties": {}}
        return {one["name"]: one["properties"] for one in body["properties"].get("virtualNetworkPeerings", [])}

    def writes(self, since: int = 0, *, accepted: bool = False) -> list[str]:
        """PUT, PATCH, POST and DELETE requests of the operator to ARM after `since`, as `METHOD name [sync]`, oldest first.

        `accepted`: without those that ARM refused.
        """
        mine = self.azure.env["AZURE_CLIENT_ID"]
        told = [r for r in self.azure.requests(since) if r["method"] != "GET" and "/subscriptions/" in r["path"]]
        return [_short(r) for r in told if r["principal"] == mine and (r["status"] < 400 or not accepted)]

    def clean(self) -> None:
        """Stop the operator and remove every object, leaving Azure as it is."""
        self.operator.kill()
        served = self.cluster.kubectl("get", "crd", "--output", "name").stdout
        for plural in (one for one in PLURALS if f"/{one}.vnetlink.dev" in served):
            listed = json.loads(self.cluster.kubectl("get", plural, "--all-namespaces", "--output", "json").stdout)
            for item in listed["items"]:
                where = ("--namespace", item["metadata"]["namespace"], plural, item["metadata"]["name"])
                bare = '{"metadata":{"finalizers":null}}'
                self.cluster.kubectl("patch", *where, "--type=merge", "--patch", bare, check=False)
                self.cluster.kubectl("delete", *where, "--ignore-not-found", check=False)


def _short(request: dict[str, Any]) -> str:
    path, _, query = str(request["path"]).partition("?")
    return f"{request['method']} {path.rsplit('/', 1)[-1]}" + (
        " sync" if "syncremoteaddressspace=true" in query.lower() else ""
    )


__all__: Sequence[str] = ("OPERATOR_NAMESPACE", "Estate", "control_plane", "eventually")
