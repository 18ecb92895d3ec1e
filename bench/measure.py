"""`make bench`: from apply to Ready for 1, 100 and 500 pairs whose operations end at once; rewrites the table in RESULTS.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from armsim_process import ArmsimProcess
from estate import OPERATOR_NAMESPACE, Estate, control_plane, eventually

RESULTS = Path(__file__).with_name("RESULTS.md")
BEGIN, END = "<!-- begin: make bench -->", "<!-- end: make bench -->"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Row:
    """One measurement. Seconds, MiB, and counts for each pair."""

    pairs: int
    limits: str
    ready_s: float
    reads: float
    writes: float
    kube_writes: float
    cpu_s: float
    rss_mib: float
    quiet_reads: int
    quiet_writes: int

    def cells(self) -> str:
        """As a row of the table."""
        return (
            f"| {self.pairs} | {self.limits} | {self.ready_s:.1f} | {self.reads:.1f} | {self.writes:.1f} | {self.kube_writes:.1f} "
            f"| {self.cpu_s:.1f} | {self.rss_mib:.0f} | {self.quiet_reads} | {self.quiet_writes} |"
        )


HEAD = (
    "| pairs | ARM rate | apply to all Ready, s | ARM reads a pair | ARM writes a pair | Kubernetes writes a pair "
    "| operator CPU, s | operator RSS, MiB | ARM reads in a quiet minute, all pairs | writes in it, Azure and Kubernetes |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def measure(pairs: int, limits: str, quiet_s: float) -> Row:
    """One hub-free estate of `pairs` pairs, two VNets each, from nothing to Ready and then at rest."""
    with tempfile.TemporaryDirectory() as text, ExitStack() as stack:
        dir = Path(text)
        cluster = stack.enter_context(control_plane(dir / "controlplane"))
        cluster.kubectl("create", "namespace", OPERATOR_NAMESPACE)
        estate = Estate(cluster, stack.enter_context(ArmsimProcess(dir / "armsim")), dir)
        stack.callback(lambda: estate.operator.kill())
        return _measured(estate, pairs, limits, quiet_s)


def _measured(estate: Estate, pairs: int, limits: str, quiet_s: float) -> Row:
    manifest = _manifest(estate, pairs)
    estate.start("--identity-namespaces", "*", "--arm-requests", limits, "--log-level", "WARNING")
    cpu, kube, since = _cpu(estate), _kube_writes(estate), estate.azure.last_request()
    began = time.monotonic()
    estate.kubectl("create", "--filename", "-", input=manifest)
    eventually("all Ready", lambda: _ready(estate) == pairs, within=1200, every=0.05 if pairs < 10 else 1)
    ready_s = time.monotonic() - began
    requests = _arm(estate, since)
    row_cpu, row_kube = _cpu(estate) - cpu, _kube_writes(estate) - kube
    since, kube = estate.azure.last_request(), _kube_writes(estate)
    time.sleep(quiet_s)
    quiet = _arm(estate, since)
    return Row(
        pairs=pairs,
        limits=limits,
        ready_s=ready_s,
        reads=requests["GET"] / pairs,
        writes=(requests["PUT"] + requests["DELETE"]) / pairs,
        kube_writes=row_kube / pairs,
        cpu_s=row_cpu,
        rss_mib=_rss(estate),
        quiet_reads=quiet["GET"],
        quiet_writes=quiet["PUT"] + quiet["DELETE"] + _kube_writes(estate) - kube,
    )


def _manifest(estate: Estate, pairs: int) -> str:
    def vnets(n: int) -> tuple[str, str]:
        prefix = f"10.{n // 128}.{n % 128 * 2}"
        return (
            estate.azure.vnet(f"a{n}", f"{prefix}.0/25", group=f"rg{n}"),
            estate.azure.vnet(f"b{n}", f"{prefix}.128/25", group=f"rg{n}"),
        )

    estate.azure.group("warm")
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(vnets, range(pairs)))
    return yaml.safe_dump_all(estate.manifest(f"pair-{n}", *both, interval="1m") for n, both in enumerate(made))


def _ready(estate: Estate) -> int:
    text = estate.kubectl(
        "get", "peeringpairs", "--output", 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}'
    )
    return text.split().count("True")


def _arm(estate: Estate, since: int) -> dict[str, int]:
    told = [r["method"] for r in estate.azure.requests(since) if "/subscriptions/" in r["path"]]
    return {method: told.count(method) for method in ("GET", "PUT", "DELETE")}


def _kube_writes(estate: Estate) -> int:
    """PATCHes of PeeringPairs, status included, as the API server counts them."""
    metrics = estate.cluster.kubectl("get", "--raw", "/metrics").stdout
    rows = re.findall(r"^apiserver_request_total\{(.*)\} (\S+)$", metrics, re.MULTILINE)
    return int(sum(float(n) for labels, n in rows if 'resource="peeringpairs"' in labels and 'verb="PATCH"' in labels))


def _cpu(estate: Estate) -> float:
    fields = _proc(estate, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _rss(estate: Estate) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", _proc(estate, "status"))
    return int(found.group(1)) / 1024 if found else 0.0


def _proc(estate: Estate, file: str) -> str:
    assert estate.operator.process is not None
    return Path(f"/proc/{estate.operator.process.pid}/{file}").read_text()


def where() -> str:
    """On what and when a table was measured."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"


def _write(rows: list[Row]) -> None:
    table = "\n".join([f"Measured with `make bench` on {where()}.", "", HEAD, *(row.cells() for row in rows)])
    before, _, rest = RESULTS.read_text().partition(BEGIN)
    RESULTS.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}")


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--pairs", type=int, nargs="*", default=[1, 100, 500])
    parser.add_argument("--standard", type=int, default=100, help="pairs to measure at the rate that users get")
    parser.add_argument("--quiet", type=float, default=60.0, help="seconds to watch the estate at rest")
    options = parser.parse_args()
    rows = []
    for pairs, limits in [*((n, "unlimited") for n in options.pairs), (options.standard, "standard")]:
        rows.append(measure(pairs, limits, options.quiet))
        print(json.dumps(rows[-1].__dict__), flush=True)
    _write(rows)


if __name__ == "__main__":
    main()
