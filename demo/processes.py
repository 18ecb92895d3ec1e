"""The three processes of demo and sandbox: a real control plane, armsim and the operator, started and ended together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from armsim_process import ArmsimProcess
from estate import OPERATOR_NAMESPACE, Estate, control_plane

INTERVAL = "2s"


@contextmanager
def estate(dir: Path, speed: str) -> Iterator[Estate]:
    """All three, ready, with everything they write in `dir`; ended in reverse order, whatever happens."""
    with ExitStack() as stack:
        cluster = stack.enter_context(control_plane(dir / "controlplane"))
        cluster.kubectl("create", "namespace", OPERATOR_NAMESPACE, check=False)
        azure = stack.enter_context(ArmsimProcess(dir / "armsim", speed=speed))
        estate = Estate(cluster, azure, dir)
        stack.callback(lambda: estate.operator.stop())
        yield estate.start("--identity-namespaces", "*", "--log-format", "text")


def manifest(name: str, vnet1: str, vnet2: str) -> str:
    """The shortest useful PeeringPair, as a person would write it, looked at every two seconds."""
    return f"""\
apiVersion: vnetlink.dev/v1alpha1
kind: PeeringPair
metadata:
  name: {name}
spec:
  interval: {INTERVAL}
  vnet1:
    id: {vnet1}
  vnet2:
    id: {vnet2}
"""
