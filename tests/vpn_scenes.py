"""Words that several stories of a VpnConnectionPair share: an Azure with a pace, what is watched, what a pair comes to rest on."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from estate import Estate, eventually
from interruptions import Watched, own, taken
from vpn_estate import KEY, VpnEstate, vpn_estate

PAIR = "app-to-data"
SIDE_WRITES = ("GatewaySubnet", "{}-gateway-ip", "{}-gateway")
STANDING = [
    *(f"PUT {name.format('app')}" for name in SIDE_WRITES),
    *(f"PUT {name.format('data')}" for name in SIDE_WRITES),
]
EVERY_WRITE = sorted([*STANDING, "PUT app-data", "PUT data-app"])
HOURS = 31_000_000.0  # longer than anything that waits for the clock
ACTIVE = {"gateway": {"create": {"activeActive": True}}}
_asked = count()


@contextmanager
def azure_at_a_pace(
    cluster: Cluster,
    directory: Path,
    durations: Mapping[str, float],
    speed: str = "1",
    kind: type[VpnEstate] = VpnEstate,
) -> Iterator[VpnEstate]:
    """An estate whose Azure takes these seconds (of itself) for these operations, and next to none for all others."""
    quick = {
        f"{kind}.{verb}": 0.02
        for kind in ("virtualNetworks", "subnets", "publicIPAddresses", "virtualNetworkGateways", "connections")
        for verb in ("create", "update", "delete")
    }
    config = {"durations": {**quick, "connections.connecting": 0.02, **durations}}
    with (
        ArmsimProcess(directory / "armsim", config, speed=speed) as azure,
        vpn_estate(cluster, azure, directory, kind) as estate,
    ):
        yield estate


def ask(vpn: VpnEstate, name: str = PAIR) -> None:
    """Have the operator look at once."""
    said = f"vnetlink.dev/reconcile-requested-at=now-{next(_asked)}"
    vpn.kubectl("annotate", vpn.kind, name, "--overwrite", said)


def rest(vpn: VpnEstate, resource: str = "connections/app-data", reads: int = 2) -> None:
    """Until the operator has looked at a resource a few more times: what it still wanted to write is written."""
    since = vpn.azure.last_request()

    def looked() -> bool:
        return sum(one["method"] == "GET" and f"/{resource}?" in one["path"] for one in own(vpn, since)) >= reads

    eventually(f"{reads} looks at {resource}", looked, every=0.05)


def ready(vpn: VpnEstate, name: str = PAIR, *vnets: str, **spec: Any) -> None:
    """The Secret, an operator that runs, and a Ready pair, of app and data unless told otherwise."""
    vpn.secret()
    if not vpn.operator.alive:
        vpn.start()
    vpn.vpn(name, *(vnets or vpn.two_vnets()), **spec)
    vpn.wait_ready(name)


def made(vpn: VpnEstate, kind: str, name: str, group: str = "rg") -> dict[str, Any]:
    """A resource that must be there."""
    found = vpn.resource(kind, name, group)
    assert found is not None, f"no {kind}/{name}"
    return found


def properties(vpn: VpnEstate, kind: str, name: str, group: str = "rg") -> dict[str, Any]:
    """The properties of a resource that must be there."""
    return dict(made(vpn, kind, name, group)["properties"])


def counted(vpn: VpnEstate, since: int = 0) -> Counter[str]:
    """How many requests of each method the operator sent to Resource Manager."""
    return Counter(one["method"] for one in own(vpn, since))


def events(vpn: VpnEstate, reason: str, name: str = PAIR) -> list[str]:
    """The notes of the events with this reason on this very object: names are used again by other tests of a cluster."""
    uid = vpn.read(name)["metadata"]["uid"]
    listed = json.loads(vpn.kubectl("get", "events.events.k8s.io", "--output", "json"))["items"]
    return [one["note"] for one in listed if one["regarding"].get("uid") == uid and one["reason"] == reason]


def unchanged(before: object, after: object) -> bool:
    """Whether a resource is as it was but for what Azure itself keeps changing: etags and byte counters."""
    return _steady(before) == _steady(after)


def _steady(shown: object) -> str:
    text = json.dumps(shown, sort_keys=True)
    text = re.sub(r'"etag": "[^"]*(?:\\"[^"]*)*"', '"etag": ""', text)
    return re.sub(r'"(in|e)gressBytesTransferred": \d+', '"bytes": 0', text)


class Columns(Watched):
    """What `kubectl get vpnpairs -w` prints while the block runs: a list of words for each line."""

    def __init__(self, estate: Estate, name: str) -> None:
        super().__init__(estate, name)
        self._log = estate.dir / f"columns-{name}"
        self._command = [*self._command[:-2], "--watch", "--no-headers"]

    def column(self, index: int) -> list[str]:
        """What one column said, oldest first, repetitions left out; 1 is GW1."""
        words = [line.split() for line in self.versions]
        seen = [line[index] for line in words if len(line) >= 8]
        return [word for n, word in enumerate(seen) if n == 0 or word != seen[n - 1]]


class Versions(Watched):
    """Every version of the whole object while the block runs."""

    def __init__(self, estate: Estate, name: str) -> None:
        super().__init__(estate, name)
        self._log = estate.dir / f"versions-{name}"
        self._command = [*self._command[:-1], "--output=jsonpath={.status}{'\\n'}"]

    @property
    def statuses(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return [json.loads(line) for line in self.versions if line.startswith("{")]

    def parts(self) -> dict[str, list[str]]:
        """What each part in status.resources went through, by the end of its id."""
        walked: dict[str, list[str]] = {}
        for status in self.statuses:
            for one in status.get("resources", []):
                states = walked.setdefault(one["id"].partition("/Microsoft.Network/")[2], [])
                if not states or states[-1] != one["state"]:
                    states.append(one["state"])
        return walked


def begin(vpn: VpnEstate) -> tuple[str, str]:
    """An operator, a Secret and two VNets in a new Azure."""
    vpn.clean()
    vpn.azure.reset()
    ends = vpn.two_vnets()
    vpn.secret()
    vpn.start()
    return ends


def apply(vpn: VpnEstate, ends: tuple[str, str], active: bool = False, **spec: Any) -> None:
    """The pair, looked at every second."""
    vpn.vpn(PAIR, *ends, side1=ACTIVE if active else None, **{"interval": "1s", **spec})


def end(vpn: VpnEstate, active: bool = False) -> list[str]:
    """The fixpoint that every story ends in; returns all writes that Azure took, sorted."""
    vpn.wait_reason(PAIR, "Connected", within=60)  # tells more than wait_ready when it does not come
    rest(vpn, reads=1)
    since = vpn.azure.last_request()
    rest(vpn)
    assert vpn.writes(since) == [], "nothing is left to write"
    assert vpn.names("virtualNetworkGateways") == ["app-gateway", "data-gateway"]
    addresses = ["app-gateway-ip", *(["app-gateway-ip2"] if active else []), "data-gateway-ip"]
    assert vpn.names("publicIPAddresses") == addresses
    assert vpn.names("connections") == ["app-data", "data-app"]
    for name in ("app-data", "data-app"):
        assert properties(vpn, "connections", name)["connectionStatus"] == "Connected"
        assert vpn.shared_key(name) == KEY
    origins = {one["origin"] for one in vpn.status(PAIR)["resources"] if one["role"] != "VirtualNetwork"}
    assert origins == {"Created"}, "and it is known to be ours"
    return sorted(taken(vpn))
