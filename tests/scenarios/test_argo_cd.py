"""Links driven by Argo CD: nothing that the operator or the API server writes makes an object OutOfSync."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from argocd import build
from argocd.capture import credential, secrets
from argocd.customizations import CONFIG_MAP, CREDENTIAL, GROUP, KINDS, ROOT, data
from link_estate import LinkEstate

MANAGER = "--field-manager=argocd-controller"
TRACKED = "argocd.argoproj.io/tracking-id"
INSTANCE = "app.kubernetes.io/instance"
Object = dict[str, Any]


class Application:
    """Objects in Git, applied as Argo CD applies them: `server_side` or not."""

    def __init__(self, links: LinkEstate, server_side: bool) -> None:
        self.links = links
        self.apply = ("apply", MANAGER, *(("--server-side", "--force-conflicts") if server_side else ()))
        self.server_side = server_side
        self.openapi = json.loads(links.kubectl("get", "--raw", "/openapi/v2"))
        self.targets = self._git()

    def _git(self) -> list[Object]:
        """One object of each kind, with what Argo CD adds before it applies them."""
        made = (self.links.link_manifest, self.links.manifest, self.links.vpn_manifest)
        vnets = [self.links.azure.vnet(f"vnet-{number}", f"10.{number}.0.0/16") for number in range(6)]
        pairs = [make("app-to-data", *vnets[2 * n : 2 * n + 2]) for n, make in enumerate(made)]
        pairs[0]["spec"]["requiredFlows"] = [{"destinationPort": 443}]  # a list's item is compared as it stands in Git
        return [self._tracked(one) for one in (*pairs, credential(self.links, "credential", "app"))]

    def _tracked(self, one: Object) -> Object:
        name = one["metadata"]["name"]
        note = f"network:{GROUP}/{one['kind']}:{self.links.namespace}/{name}"
        meta = {"namespace": self.links.namespace, "annotations": {TRACKED: note}, "labels": {INSTANCE: "network"}}
        return {**one, "metadata": {"name": name, **meta}}

    def sync(self) -> None:
        """Apply everything and wait until it is Ready."""
        self._kubectl(*self.apply)
        for one in self.targets:
            self.links.kubectl("wait", "--for=condition=Ready", one["kind"], one["metadata"]["name"], "--timeout=90s")

    def out_of_sync(self, server_side_diff: bool) -> list[str]:
        """The kinds of which Argo CD says that they differ from Git, with both sides as it sees them."""
        shown = self._items("get")
        dry = ("apply", MANAGER, "--server-side", "--force-conflicts", "--dry-run=server")
        predicted = [{"predicted": one} for one in self._items(*dry)] if server_side_diff else [{} for _ in shown]
        questions = [
            {"ask": "diff", "live": live, "target": target, "ServerSideApply": self.server_side, **then}
            for live, target, then in zip(shown, self.targets, predicted, strict=True)
        ]
        answers = build.ask(data(), questions, self.openapi)
        return [f"{kind}: {one}" for kind, one in zip(KINDS, answers, strict=True) if one["modified"]]

    def _items(self, *arguments: str) -> list[Object]:
        items: list[Object] = json.loads(self._kubectl(*arguments, "--output=json", "--show-managed-fields"))["items"]
        return items

    def _kubectl(self, *arguments: str) -> str:
        return self.links.kubectl(*arguments, "--filename=-", input=yaml.safe_dump_all(self.targets))


@pytest.mark.parametrize("server_side", [False, True], ids=["client-side apply", "server-side apply"])
def test_nothing_is_out_of_sync_after_a_real_run_but_what_a_person_edits(links: LinkEstate, server_side: bool) -> None:
    secrets(links)
    links.start()
    application = Application(links, server_side)
    application.sync()
    assert application.out_of_sync(False) == []
    assert application.out_of_sync(True) == []
    child = json.loads(links.kubectl("get", "peeringpair", "--selector=vnetlink.dev/link", "--output=json"))["items"]
    assert len(child) == 1
    meta = child[0]["metadata"]
    assert TRACKED not in meta.get("annotations", {})
    assert INSTANCE not in meta["labels"], "Argo CD would prune what it takes for its own"

    for one in application.targets:
        change = (
            {"tenantId": "cccccccc-0000-0000-0000-000000000003"} if one["kind"] == CREDENTIAL else {"interval": "9s"}
        )
        patch = ("--type=merge", "--patch", json.dumps({"spec": change}))
        links.kubectl("patch", one["kind"], one["metadata"]["name"], *patch)
    assert [line.partition(":")[0] for line in application.out_of_sync(False)] == list(KINDS)
    assert [line.partition(":")[0] for line in application.out_of_sync(True)] == list(KINDS)


def test_suspend_resume_and_reconcile_by_its_buttons(links: LinkEstate) -> None:
    links.start()
    app, data_ = links.two_vnets()
    links.link("app-to-data", app, data_)
    links.wait_ready("app-to-data")

    press(links, "suspend", "spec")
    links.wait_reason("app-to-data", "Suspended")
    press(links, "resume", "spec")
    links.wait_reason("app-to-data", "Connected")
    press(links, "reconcile", "metadata")
    links.kubectl("wait", "--for=jsonpath={.status.lastHandledReconcileAt}", "vnetlink/app-to-data", "--timeout=30s")


def press(links: LinkEstate, action: str, part: str) -> None:
    """Do what Argo CD does: run the action on the live object, and patch in what it returns."""
    live = links.read("app-to-data")
    (changed,) = build.ask(data(), [{"ask": "run", "action": action, "live": live}])
    only = {part: changed[part] if part == "spec" else {"annotations": changed[part]["annotations"]}}
    links.kubectl("patch", "vnetlink", "app-to-data", "--type=merge", "--patch", json.dumps(only))


def test_argocd_cm_is_added_to_what_is_there_and_the_application_is_one(links: LinkEstate) -> None:
    links.cluster.apply_crds_of(build.MODULE.source() / "manifests" / "crds" / "application-crd.yaml")
    links.cluster.kubectl("create", "namespace", "argocd", check=False)
    argo = ("--namespace", "argocd")
    links.cluster.kubectl(*argo, "create", "configmap", "argocd-cm", "--from-literal=url=https://argocd.example.com")
    links.cluster.kubectl(*argo, "patch", "configmap", "argocd-cm", f"--patch-file={CONFIG_MAP}")
    shown = json.loads(links.cluster.kubectl(*argo, "get", "configmap", "argocd-cm", "--output=json").stdout)["data"]
    assert shown == {"url": "https://argocd.example.com", **data()}
    links.cluster.kubectl(
        "apply", "--dry-run=server", "--validate=strict", "--filename", str(ROOT / "application.yaml")
    )
