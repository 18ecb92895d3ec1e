"""From nothing to Connected and through a key rotation, in simulated minutes; rewrites its table in RESULTS.md.

At `--speed 1` a simulated second is a second: the operator's waiting costs what it costs users. That takes half an hour.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from armsim.settings import DURATIONS
from armsim_process import ArmsimProcess
from bench.measure import RESULTS, where
from estate import control_plane, eventually
from vpn_estate import OTHER_KEY, VpnEstate, vpn_estate

BEGIN, END = "<!-- begin: bench vpn -->", "<!-- end: bench vpn -->"
FEWEST_WRITES, FEWEST_ROTATION = 8, 2  # two each of subnet, address, gateway, connection; a key at each end
PATH = ("subnets.create", "virtualNetworkGateways.create", "connections.create", "connections.connecting")


@dataclass(frozen=True)
class Row:
    """One run. Minutes and seconds are simulated ones."""

    speed: float
    minutes: float
    path_minutes: float
    reads: int
    writes: int
    rotation_s: float
    rotation_path_s: float
    rotation_writes: int
    outage_s: float

    def table(self) -> str:
        """As a table with what would be least."""
        rows = (
            (
                "from apply to Ready, simulated minutes",
                f"{self.minutes:.1f}",
                f"{self.path_minutes:.1f} (critical path in Azure)",
            ),
            ("ARM writes for it", self.writes, FEWEST_WRITES),
            ("ARM reads for it, polling included", self.reads, ""),
            (
                "from the Secret's change to proven, simulated seconds",
                f"{self.rotation_s:.0f}",
                f"{self.rotation_path_s:.0f}",
            ),
            ("ARM writes for it", self.rotation_writes, FEWEST_ROTATION),
            ("seconds without a tunnel in it, counted by the simulator", f"{self.outage_s:.0f}", 0),
        )
        head = "| what | measured | the least possible |\n|---|---|---|"
        return "\n".join([head, *(f"| {what} | {measured} | {least} |" for what, measured, least in rows)])


def measure(speed: float) -> Row:
    """One estate, one pair."""
    with tempfile.TemporaryDirectory() as text, ExitStack() as stack:
        dir = Path(text)
        cluster = stack.enter_context(control_plane(dir / "controlplane"))
        azure = stack.enter_context(ArmsimProcess(dir / "armsim", speed=str(speed)))
        return _measured(stack.enter_context(vpn_estate(cluster, azure, dir)), speed)


def _measured(vpn: VpnEstate, speed: float) -> Row:
    app, data = vpn.two_vnets()
    vpn.secret()
    vpn.start()
    since, began = vpn.azure.last_request(), vpn.azure.virtual()
    vpn.vpn("app-to-data", app, data, interval="5m")
    vpn.wait_ready("app-to-data", within=3600)
    ready, requests = vpn.azure.virtual(), _counted(vpn, since)
    vpn.azure.forget_tunnels()
    since, turned = vpn.azure.last_request(), vpn.azure.virtual()
    vpn.secret(key=OTHER_KEY)
    vpn.kubectl("annotate", "vpnpair", "app-to-data", "vnetlink.dev/reconcile-requested-at=now")
    eventually("the rotation's end", lambda: "lastRotationTime" in vpn.status("app-to-data")["sharedKey"], within=1200)
    rotated = vpn.azure.virtual()
    return Row(
        speed=speed,
        minutes=(ready - began) / 60,
        path_minutes=sum(DURATIONS[step] for step in PATH) / 60,
        reads=requests["GET"],
        writes=requests["PUT"],
        rotation_s=rotated - turned,
        rotation_path_s=2 * DURATIONS["connections.sharedKey"],
        rotation_writes=_counted(vpn, since)["PUT"],
        outage_s=max(one["downSeconds"] for one in vpn.azure.tunnels().values()),
    )


def _counted(vpn: VpnEstate, since: int) -> dict[str, int]:
    mine = vpn.azure.env["AZURE_CLIENT_ID"]
    told = [one for one in vpn.azure.requests(since, path="^/subscriptions/") if one["principal"] == mine]
    return {method: sum(one["method"] == method for one in told) for method in ("GET", "PUT", "DELETE")}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.vpn", description=__doc__)
    parser.add_argument("--speed", type=float, default=1.0)
    row = measure(parser.parse_args().speed)
    print(json.dumps(row.__dict__), flush=True)
    how = f"Measured with `PYTHONPATH=tests .venv/bin/python -m bench.vpn --speed {row.speed:g}` on {where()}."
    before, _, rest = RESULTS.read_text().partition(BEGIN)
    RESULTS.write_text(f"{before}{BEGIN}\n{how}\n\n{row.table()}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
