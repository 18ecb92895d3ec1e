"""Links driven by Argo CD: nothing that the operator or the API server writes makes an object OutOfSync."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from argocd import build
from argocd.capture import credential, secrets
from argocd.customizations import CONFIG_MAP, CREDENTIAL, GROUP, KINDS, ROOT, actions, data
from estate import eventually
from link_estate import LinkEstate

MANAGER = "--field-manager=argocd-controller"
TRACKED = "argocd.argoproj.io/tracking-id"
NAME = "app-to-data"
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
        """One object of each kind, with what Argo CD adds before it applies them.

        Lists' items are compared as they stand in Git, so that no default may be added to those.
        """
        azure, key = self.links.azure, {"secretRef": {"name": "generated"}, "generate": True}
        vnets = [azure.vnet(f"vnet-{number}", f"10.{number}.0.0/16") for number in range(6)]
        zone = f"{azure.group('rg')}/providers/Microsoft.Network/privateDnsZones/corp.example"
        assert azure.send("PUT", zone, {"location": "global"}).status in (201, 202)
        subnets = [{"name": "web", "addressPrefix": "10.6.1.0/24"}]
        to_make = {"location": "westeurope", "addressPrefixes": ["10.6.0.0/16"], "subnets": subnets}
        asked = {"requiredFlows": [{"destinationPort": 443}], "dns": {"privateDnsZones": [{"id": zone}]}}
        targets = (
            self.links.link_manifest(NAME, f"{vnets[0]}-made", vnets[1], end1={"create": to_make}, **asked),
            self.links.manifest(NAME, *vnets[2:4]),
            self.links.vpn_manifest(NAME, *vnets[4:], key=key),
            credential(self.links, NAME, "app"),
        )
        return [self._tracked(one) for one in targets]

    def _tracked(self, one: Object) -> Object:
        note = f"network:{GROUP}/{one['kind']}:{self.links.namespace}/{NAME}"
        meta = {"namespace": self.links.namespace, "annotations": {TRACKED: note}, "labels": {INSTANCE: "network"}}
        return {**one, "metadata": {"name": NAME, **meta}}

    def sync(self) -> None:
        """Apply everything and wait until it is Ready."""
        self._kubectl(*self.apply)
        for one in self.targets:
            self.links.kubectl("wait", "--for=condition=Ready", one["kind"], NAME, "--timeout=90s")

    def drift(self) -> None:
        """Change a peering by hand, and wait until the operator has put it back."""
        vnet1, vnet2 = (str(self.targets[1]["spec"][side]["id"]) for side in ("vnet1", "vnet2"))
        self.links.azure.peering(vnet1, "vnet-2-vnet-3", vnet2, allowForwardedTraffic=True)
        eventually(
            "put back", lambda: not self.links.peerings(vnet1)["vnet-2-vnet-3"].get("allowForwardedTraffic", False)
        )

    def press(self, action: str) -> list[str]:
        """Do what Argo CD does: run the action on each live object that has it, and patch in what it returns. The kinds."""
        kinds = [kind for kind in KINDS if action in actions(kind)]
        shown = [one for one in self._items("get") if one["kind"] in kinds]
        questions = [{"ask": "run", "action": action, "live": one} for one in shown]
        for live, changed in zip(shown, build.ask(data(), questions), strict=True):
            patch = {
                "metadata": {
                    "annotations": changes(live["metadata"]["annotations"], changed["metadata"]["annotations"])
                },
                "spec": changes(live["spec"], changed["spec"]),
            }
            self.links.kubectl("patch", live["kind"], NAME, "--type=merge", "--patch", json.dumps(patch))
        return kinds

    def wait_reason(self, kinds: list[str], reason: str) -> None:
        """Until Ready of each has this reason."""
        for kind in kinds:
            self.links.kind = kind
            self.links.wait_reason(NAME, reason)

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
def test_nothing_is_out_of_sync_after_a_real_run_drift_and_buttons_but_what_a_person_edits(
    links: LinkEstate, server_side: bool
) -> None:
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

    application.wait_reason(application.press("suspend"), "Suspended")
    assert application.out_of_sync(server_side) == []
    application.wait_reason(application.press("resume"), "Connected")
    asked = [f"{kind}/{NAME}" for kind in application.press("reconcile") if kind != CREDENTIAL]
    links.kubectl("wait", "--for=jsonpath={.status.lastHandledReconcileAt}", *asked, "--timeout=30s")
    application.drift()
    assert application.out_of_sync(server_side) == []

    for one in application.targets:
        change = (
            {"tenantId": "cccccccc-0000-0000-0000-000000000003"} if one["kind"] == CREDENTIAL else {"interval": "9s"}
        )
        patch = ("--type=merge", "--patch", json.dumps({"spec": change}))
        links.kubectl("patch", one["kind"], NAME, *patch)
    assert [line.partition(":")[0] for line in application.out_of_sync(False)] == list(KINDS)
    assert [line.partition(":")[0] for line in application.out_of_sync(True)] == list(KINDS)


def changes(before: Object, after: Object) -> Object:
    return {name: value for name, value in after.items() if before.get(name) != value}


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
