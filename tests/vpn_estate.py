"""An estate whose objects are VpnConnectionPairs: Secrets, gateways and connections in the words of a test."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from estate import OPERATOR_NAMESPACE, Estate

KEY = "Wh4tever9StrongEnough2Be3AKey"
OTHER_KEY = "Quite5AnotherKeyOfTheSameKind7"
LABEL = {"vnetlink.dev/shared-key": "true"}


class VpnEstate(Estate):
    """`made_gateways` by default: both sides say `create`."""

    kind = "vpnpair"

    def two_vnets(self, **where: Any) -> tuple[str, str]:
        """app and data, with room for a GatewaySubnet."""
        return self.azure.vnet("app", "10.1.0.0/16", **where), self.azure.vnet("data", "10.2.0.0/16", **where)

    def secret(
        self, name: str = "vpn", key: str = KEY, labels: Mapping[str, str] = LABEL, field: str = "sharedKey"
    ) -> None:
        """Apply the Secret that holds the key."""
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "labels": dict(labels)},
                "stringData": {field: key},
            }
        )

    def vpn(self, name: str, vnet1: str, vnet2: str, **more: Any) -> None:
        """Apply a VpnConnectionPair; `more` as for vpn_manifest."""
        self.apply(self.vpn_manifest(name, vnet1, vnet2, **more))

    def vpn_manifest(
        self,
        name: str,
        vnet1: str,
        vnet2: str,
        *,
        side1: Mapping[str, Any] | None = None,
        side2: Mapping[str, Any] | None = None,
        end1: Mapping[str, Any] | None = None,
        end2: Mapping[str, Any] | None = None,
        key: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        **spec: Any,
    ) -> dict[str, Any]:
        """A VpnConnectionPair. Sides say `create` unless given, the key is in the Secret vpn, the interval is 2s."""
        created = {"gateway": {"create": {}}}
        block = {
            "vnet1": dict(created if side1 is None else side1),
            "vnet2": dict(created if side2 is None else side2),
            "sharedKey": {"secretRef": {"name": "vpn"}, **(key or {})},
            **(options or {}),
        }
        ends = {"vnet1": {"id": vnet1, **(end1 or {})}, "vnet2": {"id": vnet2, **(end2 or {})}}
        return {
            "apiVersion": "vnetlink.dev/v1alpha1",
            "kind": "VpnConnectionPair",
            "metadata": {"name": name},
            "spec": {"interval": "2s", **ends, "vpn": block, **spec},
        }

    def status(self, name: str) -> dict[str, Any]:
        """The object's status."""
        found: dict[str, Any] = self.read(name).get("status", {})
        return found

    def resource(self, kind: str, name: str, group: str = "rg") -> dict[str, Any] | None:
        """A resource of Microsoft.Network in our subscription as ARM shows it, None when it is not there."""
        found: dict[str, Any] | None = self.azure.get(
            f"{self.azure.group(group)}/providers/Microsoft.Network/{kind}/{name}"
        )
        return found

    def names(self, kind: str, group: str = "rg") -> list[str]:
        """The names of all resources of one kind in a group."""
        listed = self.azure.get(f"{self.azure.group(group)}/providers/Microsoft.Network/{kind}")
        return sorted(one["name"] for one in listed["value"])

    def shared_key(self, connection: str, group: str = "rg") -> str:
        """The key of a connection, as ARM tells it."""
        path = f"{self.azure.group(group)}/providers/Microsoft.Network/connections/{connection}/sharedkey"
        return str(self.azure.get(path)["value"])

    def kubernetes_secret(self, name: str) -> dict[str, Any]:
        """A Secret, {} when there is none."""
        text = self.kubectl("get", "secret", name, "--ignore-not-found", "--output", "json")
        return json.loads(text) if text.strip() else {}

    def clean(self) -> None:
        """And no Secret and no event survives in any namespace: the next object of that name tells its own."""
        super().clean()
        self.cluster.kubectl("delete", "secrets,events", "--all", "--all-namespaces", "--wait=false")  # they go at once


@contextmanager
def vpn_estate(
    cluster: Cluster, azure: ArmsimProcess, dir: Path, kind: type[VpnEstate] = VpnEstate
) -> Iterator[VpnEstate]:
    """Cluster, Azure and an operator that is not started yet; no object survives the block."""
    cluster.kubectl("create", "namespace", OPERATOR_NAMESPACE, check=False)
    estate = kind(cluster, azure, dir)
    try:
        yield estate
    finally:
        estate.clean()
