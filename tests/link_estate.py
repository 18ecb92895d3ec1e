"""An estate whose objects are VNetLinks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from vpn_estate import VpnEstate, vpn_estate


class LinkEstate(VpnEstate):
    """Secrets, gateways and connections in a test's words, too: a link may be a VPN."""

    kind = "vnetlink"

    def link(self, name: str, vnet1: str, vnet2: str, **more: Any) -> None:
        """Apply a VNetLink; `more` as for link_manifest."""
        self.apply(self.link_manifest(name, vnet1, vnet2, **more))

    def link_manifest(
        self,
        name: str,
        vnet1: str,
        vnet2: str,
        *,
        end1: Mapping[str, Any] | None = None,
        end2: Mapping[str, Any] | None = None,
        **spec: Any,
    ) -> dict[str, Any]:
        """A VNetLink as a document; `spec` are further fields, interval 2s unless given."""
        ends = {"vnet1": {"id": vnet1, **(end1 or {})}, "vnet2": {"id": vnet2, **(end2 or {})}}
        return {
            "apiVersion": "vnetlink.dev/v1alpha1",
            "kind": "VNetLink",
            "metadata": {"name": name},
            "spec": {"interval": "2s", **ends, **spec},
        }

    def row(self, name: str) -> list[str]:
        """The link's line in `kubectl get vnetlinks`."""
        return self.kubectl("get", "vnetlinks", name, "--no-headers").split()


@contextmanager
def link_estate(cluster: Cluster, azure: ArmsimProcess, dir: Path) -> Iterator[LinkEstate]:
    """Cluster, Azure and an operator that is not started yet; no object survives the block."""
    with vpn_estate(cluster, azure, dir, LinkEstate) as estate:
        assert isinstance(estate, LinkEstate)
        yield estate
