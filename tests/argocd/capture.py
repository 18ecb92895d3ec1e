"""Writes testdata, health_test.yaml and action_test.yaml of resource_customizations anew, from objects of a real run.

`PYTHONPATH=tests python -m argocd.capture`: a minute. Objects are kept as the API server shows them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from argocd.customizations import CREDENTIAL, GROUP, KINDS, SCRIPTS, actions, text
from estate import control_plane
from link_estate import LinkEstate
from vpn_scenes import azure_at_a_pace

Object = dict[str, Any]
GATEWAY_SECONDS = 45 * 60.0
UNSEEN = "Waiting for the vnetlink operator"
REQUESTED = f"{GROUP}/reconcile-requested-at"
HEALTH = {
    "new": "Progressing",  # no operator has seen it
    "progressing": "Progressing",
    "healthy": "Healthy",
    "degraded": "Degraded",
    "suspended": "Suspended",
    "edited": "Progressing",  # nor this generation of it
}


class Run:
    """One cluster and one Azure, in which a gateway takes longer than the run."""

    def __init__(self, estate: LinkEstate) -> None:
        self.estate = estate
        self._numbers = count(1)
        self.captured: dict[tuple[str, str], Object] = {}

    def vnets(self, overlapping: bool = False) -> tuple[str, str]:
        """Two that nothing else is about."""
        one, two = next(self._numbers), next(self._numbers)
        prefixes = f"10.{one}.0.0/16", f"10.{one if overlapping else two}.0.0/16"
        return self.estate.azure.vnet(f"vnet-{one}", prefixes[0]), self.estate.azure.vnet(f"vnet-{two}", prefixes[1])

    def keep(self, kind: str, case: str, name: str) -> None:
        """Keep the object as it is now."""
        shown = self.estate.kubectl("get", kind, name, "--output", "yaml")
        self.captured[kind, case] = yaml.safe_load(shown)

    def reach(self, kind: str, case: str, manifest: Object, reason: str) -> None:
        """Apply, wait for the reason and keep."""
        self.estate.apply(manifest)
        self.settle(kind, case, str(manifest["metadata"]["name"]), reason)

    def settle(self, kind: str, case: str, name: str, reason: str) -> None:
        """Wait for the reason and keep."""
        self.estate.kind = kind
        self.estate.wait_reason(name, reason, within=120)
        self.keep(kind, case, name)

    def suspend_and_edit(self, kind: str, name: str) -> None:
        """An object that is Ready is suspended; then another generation is written while no operator runs."""
        self.estate.kubectl("patch", kind, name, "--type=merge", "--patch", '{"spec":{"suspend":true}}')
        self.settle(kind, "suspended", name, "Suspended")


def run(estate: LinkEstate) -> dict[tuple[str, str], Object]:
    """(kind, case) → the object."""
    run = Run(estate)
    made: dict[str, Callable[..., Object]] = {
        "VNetLink": estate.link_manifest,
        "PeeringPair": estate.manifest,
        "VpnConnectionPair": estate.vpn_manifest,
    }
    secrets(estate)
    healthy = {kind: make("app-to-data", *run.vnets()) for kind, make in made.items()}
    healthy[CREDENTIAL] = credential(estate, "default", "app")
    for kind, manifest in healthy.items():
        estate.apply(manifest)
        run.keep(kind, "new", manifest["metadata"]["name"])

    estate.start()
    for kind in ("VNetLink", "PeeringPair"):
        run.settle(kind, "healthy", "app-to-data", "Connected")
        run.suspend_and_edit(kind, "app-to-data")
    run.settle(CREDENTIAL, "healthy", "default", "Succeeded")
    run.settle("VpnConnectionPair", "progressing", "app-to-data", "GatewayProvisioning")

    app, data = run.vnets()
    run.reach("VNetLink", "degraded", estate.link_manifest("broken", app, f"{data}-2"), "VNetNotFound")
    block = estate.vpn_manifest("", "", "")["spec"]["vpn"]
    run.reach(
        "VNetLink",
        "progressing",
        estate.link_manifest("vpn", app, data, method="Vpn", vpn=block),
        "GatewayProvisioning",
    )
    run.reach(
        "PeeringPair", "degraded", estate.manifest("broken", *run.vnets(overlapping=True)), "AddressSpacesOverlap"
    )
    theirs = {"managementPolicy": "Observe"}
    run.reach("PeeringPair", "progressing", estate.manifest("theirs", *run.vnets(), end2=theirs), "WaitingForOtherSide")
    keyless = estate.vpn_manifest("broken", *run.vnets(), key={"secretRef": {"name": "missing"}})
    run.reach("VpnConnectionPair", "degraded", keyless, "SharedKeyMissing")
    run.reach(CREDENTIAL, "degraded", credential(estate, "broken", "missing"), "CredentialMissing")

    estate.azure.advance(GATEWAY_SECONDS)
    run.settle("VpnConnectionPair", "healthy", "app-to-data", "Connected")
    run.suspend_and_edit("VpnConnectionPair", "app-to-data")
    estate.operator.stop()
    for kind, name in (*((kind, "app-to-data") for kind in made), (CREDENTIAL, "default")):
        change = (
            '{"spec":{"allowedNamespaces":{"names":["team-a"]}}}'
            if kind == CREDENTIAL
            else '{"spec":{"suspend":false}}'
        )
        estate.kubectl("patch", kind, name, "--type=merge", "--patch", change)
        run.keep(kind, "edited", name)
    return run.captured


def credential(estate: LinkEstate, name: str, secret: str) -> Object:
    """An AzureCredential: the estate's own service principal, by this Secret."""
    spec = {
        "type": "ServicePrincipalSecret",
        "tenantId": estate.azure.env["AZURE_TENANT_ID"],
        "clientId": estate.azure.env["AZURE_CLIENT_ID"],
        "secretRef": {"name": secret},
    }
    return {"apiVersion": f"{GROUP}/v1alpha1", "kind": CREDENTIAL, "metadata": {"name": name}, "spec": spec}


def secrets(estate: LinkEstate) -> None:
    """What the objects name: the key `vpn`, and the service principal's secret `app`."""
    estate.secret()
    estate.secret("app", estate.azure.env["AZURE_CLIENT_SECRET"], {"vnetlink.dev/credential": "true"}, "clientSecret")


def files(captured: dict[tuple[str, str], Object]) -> Iterator[tuple[Path, object]]:
    """Every file of the tests, with its document."""
    for kind in KINDS:
        home, cases = SCRIPTS / kind, [case for case in HEALTH if (kind, case) in captured]
        yield from ((home / "testdata" / f"{case}.yaml", captured[kind, case]) for case in cases)
        tests = [
            {
                "healthStatus": {"status": HEALTH[case], "message": _message(case, captured[kind, case])},
                "inputPath": f"testdata/{case}.yaml",
            }
            for case in cases
        ]
        yield home / "health_test.yaml", {"tests": tests}
        yield from _action_files(kind, home / "actions", captured[kind, "healthy"])


def _message(case: str, shown: Object) -> str:
    if HEALTH[case] == "Progressing" and case != "progressing":
        return UNSEEN
    (ready,) = (one for one in shown["status"]["conditions"] if one["type"] == "Ready")
    return str(ready["message"])


def _action_files(kind: str, home: Path, before: Object) -> Iterator[tuple[Path, object]]:
    running, suspended, requested = deepcopy(before), deepcopy(before), deepcopy(before)
    requested["metadata"]["annotations"][REQUESTED] = "0001-01-01T00:00:00Z"  # whatever the time is
    states = {"running": running, "requested": requested}
    if "suspend" in actions(kind):
        suspended["spec"]["suspend"] = True
        states["suspended"] = suspended
    yield from ((home / "testdata" / f"{state}.yaml", document) for state, document in states.items())
    ways = {
        "reconcile": ("running", "requested"),
        "suspend": ("running", "suspended"),
        "resume": ("suspended", "running"),
    }
    yield (
        home / "action_test.yaml",
        {
            "discoveryTests": [_discovery(kind, state) for state in ("running", "suspended") if state in states],
            "actionTests": [
                {
                    "action": action,
                    "inputPath": f"testdata/{ways[action][0]}.yaml",
                    "expectedOutputPath": f"testdata/{ways[action][1]}.yaml",
                }
                for action in actions(kind)
            ],
        },
    )


def _discovery(kind: str, state: str) -> Object:
    disabled = {"reconcile": False, "resume": state == "running", "suspend": state == "suspended"}
    result = [{"name": name, "disabled": disabled[name]} for name in actions(kind)]
    return {"inputPath": f"testdata/{state}.yaml", "result": result}


def main() -> None:
    """Everything anew."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        with (
            control_plane(home / "controlplane") as cluster,
            azure_at_a_pace(
                cluster, home, {"virtualNetworkGateways.create": GATEWAY_SECONDS}, kind=LinkEstate
            ) as estate,
        ):
            assert isinstance(estate, LinkEstate)
            captured = run(estate)
    for kind in KINDS:
        for old in (SCRIPTS / kind / "testdata", SCRIPTS / kind / "actions" / "testdata"):
            shutil.rmtree(old, ignore_errors=True)
    for path, document in files(captured):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(document))


if __name__ == "__main__":
    main()
