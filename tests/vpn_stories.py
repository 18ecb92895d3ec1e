"""Words that several stories about a tunnel's key share: a tunnel that stands, another key, who set which key when."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from estate import OPERATOR_NAMESPACE, WITHIN, eventually
from interruptions import own
from operator_process import OperatorProcess
from service_accounts import as_service_account
from vpn_estate import VpnEstate, vpn_estate

PAIR = "app-to-data"
KEPT = f"{PAIR}-previous-key"
BOTH = ["app-data", "data-app"]  # the connections, that of VNet 1 first
RISES, KEY_TAKES = 600, 1
OPERATOR_RULES: list[dict[str, list[str]]] = [
    {"apiGroups": ["vnetlink.dev"], "resources": ["*"], "verbs": ["*"]},  # of every kind; these tests are about Secrets
    {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"]},
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "create"]},
]
_asked = count()


def standing(vpn: VpnEstate, key: Mapping[str, Any] | None = None, within: float = WITHIN, **spec: Any) -> None:
    """The operator running, and a Ready pair with made gateways whose key is KEY."""
    vpn.secret()
    if not vpn.operator.alive:
        vpn.start()
    vpn.vpn(PAIR, *vpn.two_vnets(), key=key, **{"interval": "1s", **spec})
    vpn.wait_ready(PAIR, within)


def ask(vpn: VpnEstate) -> None:
    """Have the operator look at once."""
    said = f"vnetlink.dev/reconcile-requested-at=request-{next(_asked)}"
    vpn.kubectl("annotate", vpn.kind, PAIR, "--overwrite", said)


def rotate(vpn: VpnEstate, key: str) -> None:
    """Another key in the Secret, and a look at once."""
    vpn.secret(key=key)
    ask(vpn)


def have(vpn: VpnEstate, key: str) -> bool:
    """Whether both connections have this key."""
    return all(vpn.shared_key(one) == key for one in BOTH)


def phase(vpn: VpnEstate) -> str:
    """status.sharedKey.rotation."""
    return str(vpn.status(PAIR).get("sharedKey", {}).get("rotation", ""))


def rotated(vpn: VpnEstate, key: str) -> bool:
    """Whether a rotation to this key is over: both ends have it, nothing is kept, and the record is closed."""
    notes = vpn.read(PAIR)["metadata"]["annotations"]["vnetlink.dev/owned"]
    over = '"rotation":' not in notes and phase(vpn) == "Idle"
    return over and have(vpn, key) and not vpn.kubernetes_secret(KEPT)


def set_at(vpn: VpnEstate, since: int) -> list[str]:
    """The connections whose key the operator set after `since`, oldest first; any other write stands as METHOD path."""
    writes = (one for one in own(vpn, since) if one["method"] != "GET" and one["applied"] and one["status"] < 300)
    return [_write(one) for one in writes]


def _write(request: Mapping[str, Any]) -> str:
    path = str(request["path"]).partition("?")[0]
    parent, _, last = path.rpartition("/")
    is_key = request["method"] == "PUT" and last.lower() == "sharedkey"
    return parent.rpartition("/")[2] if is_key else f"{request['method']} {path}"


def by_hand(vpn: VpnEstate, connection: str, key: str) -> None:
    """What `az network vpn-connection shared-key update` does."""
    path = f"{vpn.azure.group('rg')}/providers/Microsoft.Network/connections/{connection}/sharedkey"
    answer = vpn.azure.send("PUT", path, {"value": key})
    assert answer.status == 200, answer
    vpn.azure.wait(answer)


def rest(vpn: VpnEstate, times: int = 2) -> None:
    """Until the operator has looked at both connections a few more times: what it wanted to write is written."""
    since = vpn.azure.last_request()

    def looks(connection: str) -> int:
        return len(vpn.azure.requests(since, "GET", f"/connections/{connection}\\?"))

    eventually(f"{times} more looks", lambda: all(looks(one) >= times for one in BOTH), every=0.05)


def told(vpn: VpnEstate, reason: str) -> list[str]:
    """The notes of this very object's events with this reason, one for each time it was told."""
    uid = vpn.read(PAIR)["metadata"]["uid"]
    listed = json.loads(vpn.kubectl("get", "events.events.k8s.io", "--output", "json"))["items"]
    mine = [one for one in listed if one["regarding"].get("uid") == uid and one["reason"] == reason]
    return [one["note"] for one in mine for _ in range((one.get("series") or {}).get("count", 1))]


def finding(vpn: VpnEstate, code: str, words: str = "") -> dict[str, Any]:
    """The first finding with this code and these words in its message, {} when there is none."""
    found = vpn.status(PAIR).get("findings", [])
    return next((one for one in found if one["code"] == code and words in one["message"]), {})


@contextmanager
def in_real_time(cluster: Cluster, directory: Path, falls: float) -> Iterator[VpnEstate]:
    """An Azure with quick operations, but for those on a key. A tunnel rises RISES seconds after its keys are equal.

    So it stays down until the test lets time pass (`rises`). With different keys it falls after `falls` seconds.
    """
    quick = {
        f"{kind}.{verb}": 0.05
        for kind in ("virtualNetworks", "subnets", "publicIPAddresses", "virtualNetworkGateways", "connections")
        for verb in ("create", "update", "delete")
    }
    slow = {"connections.sharedKey": KEY_TAKES, "connections.connecting": RISES, "connections.notConnected": falls}
    with (
        ArmsimProcess(directory / "armsim", {"durations": {**quick, **slow}}, speed="1") as azure,
        vpn_estate(cluster, azure, directory) as estate,
    ):
        yield estate


def rises(vpn: VpnEstate) -> None:
    """Let as much time pass as the tunnel needs, and have it seen at once."""
    vpn.azure.advance(RISES)
    ask(vpn)


def limited(vpn: VpnEstate, *verbs: str) -> None:
    """The operator, not yet started, as a service account that may do only `verbs` with Secrets; one that runs is ended."""
    vpn.operator.kill()
    name = "-".join(("operator", *verbs))
    secrets = {"apiGroups": [""], "resources": ["secrets"], "verbs": list(verbs)}
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [*OPERATOR_RULES, secrets],
    }
    vpn.apply(role)
    account = f"--serviceaccount={OPERATOR_NAMESPACE}:{name}"
    vpn.cluster.kubectl("-n", OPERATOR_NAMESPACE, "create", "serviceaccount", name, check=False)
    vpn.cluster.kubectl("create", "clusterrolebinding", name, f"--clusterrole={name}", account, check=False)
    config = as_service_account(vpn.cluster, vpn.dir, OPERATOR_NAMESPACE, name)
    vpn.operator = OperatorProcess(vpn.dir / "operator.log", config, vpn.azure.env, ("--identity-namespaces", "*"))


def value(secret: Mapping[str, Any]) -> str:
    """The key in a Secret."""
    return base64.b64decode(secret["data"]["sharedKey"]).decode()
