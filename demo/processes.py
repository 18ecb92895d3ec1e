"""The three processes of demo and sandbox: a real control plane, armsim and the operator, started and ended together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from armsim_process import ArmsimProcess
from estate import OPERATOR_NAMESPACE, control_plane
from link_estate import LinkEstate

INTERVAL = "2s"
VPN_SAMPLE = Path(__file__).parents[1] / "deploy" / "samples" / "vpn-generated-key.yaml"


@contextmanager
def estate(dir: Path, speed: str) -> Iterator[LinkEstate]:
    """All three, ready, with everything they write in `dir`; ended in reverse order, whatever happens."""
    with ExitStack() as stack:
        cluster = stack.enter_context(control_plane(dir / "controlplane"))
        cluster.kubectl("create", "namespace", OPERATOR_NAMESPACE, check=False)
        azure = stack.enter_context(ArmsimProcess(dir / "armsim", speed=speed))
        estate = LinkEstate(cluster, azure, dir)
        stack.callback(lambda: estate.operator.stop())
        estate.start("--identity-namespaces", "*", "--log-format", "text")
        yield estate


def four_vnets(azure: ArmsimProcess) -> tuple[str, str]:
    """Makes app and data, each with a subnet, and those that VPN_SAMPLE joins; the ids of app and data."""
    azure.vnet("weu", "10.13.0.0/16", group="weu", location="westeurope")
    azure.vnet("neu", "10.14.0.0/16", group="neu", location="northeurope")
    app = azure.vnet("app", "10.1.0.0/16", subnets={"web": "10.1.1.0/24"})
    return app, azure.vnet("data", "10.2.0.0/16", subnets={"db": "10.2.1.0/24"})


def manifest(name: str, vnet1: str, vnet2: str) -> str:
    """The shortest useful VNetLink, as a person would write it, looked at every two seconds."""
    return f"""\
apiVersion: vnetlink.dev/v1alpha1
kind: VNetLink
metadata:
  name: {name}
spec:
  interval: {INTERVAL}
  vnet1:
    id: {vnet1}
  vnet2:
    id: {vnet2}
"""
