"""`python -m bench.armsim_load`: armsim with 10,000 VNets and 20,000 peerings, over TLS; rewrites its table in RESULTS.md.

The client is raw asyncio with prepared bytes, so that it is not what is measured; the server's own CPU time is read
from /proc, since the machine's cores are shared.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import ssl
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

from armsim_process import TENANT_A, ArmsimProcess

RESULTS = Path(__file__).with_name("RESULTS.md")
BEGIN, END = "<!-- begin: armsim_load -->", "<!-- end: armsim_load -->"
TICKS = os.sysconf("SC_CLK_TCK")
VERSION = "2024-05-01"
IN_SUBSCRIPTION, IN_GROUP = 1000, 100


@dataclass(frozen=True)
class Row:
    """One kind of request. Rates are a second; `cpu_rate` is a second of the server's own CPU time."""

    what: str
    connections: int
    kib: float
    rate: float
    cpu_rate: float
    p50_ms: float
    p99_ms: float

    def cells(self) -> str:
        return (
            f"| {self.what} | {self.connections} | {self.kib:,.1f} | {self.rate:,.0f} | {self.cpu_rate:,.0f} "
            f"| {self.p50_ms:.1f} | {self.p99_ms:.1f} |"
        )


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as text:
        directory = Path(text)
        subscriptions = [str(uuid.UUID(int=number)) for number in range(-(-arguments.vnets // IN_SUBSCRIPTION))]
        config = {"tenants": {TENANT_A: subscriptions}}
        pattern = _pattern(directory / "pattern", config)
        process = ArmsimProcess(directory / "armsim", config=config)
        process.dir.mkdir()
        state = _state(pattern, subscriptions, arguments.vnets)
        (process.dir / "state.json").write_text(json.dumps(state))
        size = (process.dir / "state.json").stat().st_size / 2**20
        report = _measured(process, state["vnets"], subscriptions, arguments.seconds, size)
    _write(report, arguments.vnets)
    print(report)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("armsim_load", description=__doc__)
    parser.add_argument(
        "--vnets", type=int, default=10_000, help="each is peered with two others (default: %(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=6, help="of each row (default: %(default)s)")
    return parser.parse_args()


# --- a large state, in the shape of a small one that armsim made itself


def _pattern(directory: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    with ArmsimProcess(directory, config=config) as armsim:
        one = armsim.vnet("one", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "data": "10.0.1.0/24"})
        armsim.peering(one, "next", armsim.vnet("two", "10.1.0.0/16"))
    found: dict[str, Any] = json.loads((directory / "state.json").read_text())
    return {**found, "operations": []}


def _state(pattern: Mapping[str, Any], subscriptions: list[str], count: int) -> dict[str, Any]:
    """A ring: each network is peered with the one before it and the one after it."""
    vnet = next(one for one in pattern["vnets"] if one["name"] == "one")
    group = next(iter(pattern["groups"]))
    places = [_place(subscriptions, number) for number in range(count)]
    ids = [
        f"/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Network/virtualNetworks/{n}" for s, g, n in places
    ]
    vnets = []
    for number, (subscription, name_of_group, name) in enumerate(places):
        peerings = [
            {**vnet["peerings"][0], "name": which, "remote": ids[(number + step) % count], "status": "Connected"}
            for which, step in (("before", -1), ("after", 1))
        ]
        where = {"subscription": subscription, "group": name_of_group, "name": name, "guid": str(uuid.uuid4())}
        vnets.append({**vnet, **where, "peerings": peerings})
    groups = [{**group, "subscription": s, "name": g} for s, g in sorted({(s, g) for s, g, _ in places})]
    return {**pattern, "groups": groups, "vnets": vnets}


def _place(subscriptions: list[str], number: int) -> tuple[str, str, str]:
    return subscriptions[number // IN_SUBSCRIPTION], f"rg{number // IN_GROUP}", f"vnet{number}"


# --- measuring


def _measured(armsim: ArmsimProcess, vnets: list[Any], subscriptions: list[str], seconds: float, size: float) -> str:
    began = time.monotonic()
    with armsim:
        load_s = time.monotonic() - began
        rss = _rss(armsim)
        paths = [_path(one) for one in vnets]
        groups = sorted({one.rpartition("/")[0] for one in paths})
        lists = [f"/subscriptions/{one}/providers/Microsoft.Network/virtualNetworks" for one in subscriptions]
        peerings = [f"{one}/virtualNetworkPeerings/after" for one in paths]
        body = {
            "location": "westeurope",
            "properties": {
                "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                "subnets": [{"name": "app", "properties": {"addressPrefix": "10.0.0.0/24"}}],
            },
        }
        load = _Load(armsim, seconds)
        rows = [
            load.row("GET a peering", 1, "GET", peerings),
            load.row("GET a VNet", 1, "GET", paths),
            load.row("GET a VNet", 16, "GET", paths),
            load.row("PUT a VNet (update)", 1, "PUT", paths, body),
            load.row("PUT a VNet (update)", 16, "PUT", paths, body),
            load.row(f"list a group ({IN_GROUP} VNets)", 1, "GET", groups),
            load.row(f"list a subscription ({IN_SUBSCRIPTION:,} VNets)", 1, "GET", lists),
        ]
        rss_after = _rss(armsim)
        began = time.monotonic()
        armsim.state()
        export_s = time.monotonic() - began
        began = time.monotonic()
    save_s = time.monotonic() - began
    return _report(rows, size, load_s, save_s, export_s, rss, rss_after)


class _Load:
    def __init__(self, armsim: ArmsimProcess, seconds: float) -> None:
        self._armsim = armsim
        self._seconds = seconds
        self._token = armsim.token()
        self._tls = ssl.create_default_context(cafile=str(armsim.dir / "ca.pem"))

    def row(self, what: str, connections: int, method: str, paths: list[str], body: Any = None) -> Row:
        """Closed loop: each connection sends its next request when it has its answer."""
        requests = cycle([self._bytes(method, one, body) for one in paths])
        asyncio.run(self._run(connections, requests, min(1.0, self._seconds / 4)))
        cpu, began = _cpu(self._armsim), time.monotonic()
        times, sizes = asyncio.run(self._run(connections, requests, self._seconds))
        wall, used = time.monotonic() - began, _cpu(self._armsim) - cpu
        times.sort()
        return Row(
            what,
            connections,
            sum(sizes) / len(sizes) / 1024,
            len(times) / wall,
            len(times) / max(used, 0.01),
            times[len(times) // 2] * 1000,
            times[int(len(times) * 0.99)] * 1000,
        )

    def _bytes(self, method: str, path: str, body: Any) -> bytes:
        content = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path}?api-version={VERSION} HTTP/1.1\r\nHost: localhost:{self._armsim.port}\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        return head.encode() + content

    async def _run(self, connections: int, requests: Iterator[bytes], seconds: float) -> tuple[list[float], list[int]]:
        times: list[float] = []
        sizes: list[int] = []
        end = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(self._connection(requests, end, times.append, sizes.append))
        return times, sizes

    async def _connection(
        self, requests: Iterator[bytes], end: float, took: Callable[[float], None], sized: Callable[[int], None]
    ) -> None:
        reader, writer = await asyncio.open_connection("localhost", self._armsim.port, ssl=self._tls, limit=2**20)
        while time.monotonic() < end:
            began = time.perf_counter()
            writer.write(next(requests))
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            assert length is not None
            assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")), head + await reader.read(500)
            await reader.readexactly(int(length[1]))
            took(time.perf_counter() - began)
            sized(int(length[1]))
        writer.close()
        await writer.wait_closed()


def _path(vnet: Mapping[str, str]) -> str:
    group = f"/subscriptions/{vnet['subscription']}/resourceGroups/{vnet['group']}"
    return f"{group}/providers/Microsoft.Network/virtualNetworks/{vnet['name']}"


def _cpu(armsim: ArmsimProcess) -> float:
    assert armsim.process is not None
    words = Path(f"/proc/{armsim.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICKS


def _rss(armsim: ArmsimProcess) -> float:
    assert armsim.process is not None
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{armsim.process.pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


# --- the report


def _report(
    rows: list[Row], size: float, load_s: float, save_s: float, export_s: float, rss: float, rss_after: float
) -> str:
    head = (
        "| request | connections | answer, KiB | a second, wall clock | a second of the server's CPU | p50, ms | p99, ms |\n"
        "|---|---|---|---|---|---|---|\n"
    )
    state = (
        f"Memory: {rss:.0f} MiB once loaded, {rss_after:.0f} MiB after the rows above, with the log of their requests.\n"
        f"The state is {size:.0f} MiB on disk: {load_s:.1f} s from start to ready (reading it and writing it anew), "
        f"{export_s:.1f} s for GET /_armsim/state,\n{save_s:.1f} s to save it whole and stop. "
        "Between those, a change appends one line.\n\n"
        "A GET costs one core about 0.2 ms, most of it TLS and HTTP. A PUT of a VNet costs four times that: it is validated, three\n"
        "networks get a new etag (its own and those of its two peers), and four lines are written before it is answered. A list is\n"
        "joined from bodies that are kept encoded; its time is that of moving its megabytes through TLS."
    )
    return head + "\n".join(one.cells() for one in rows) + f"\n\n{state}"


def _write(report: str, vnets: int) -> None:
    today = datetime.now(UTC).date().isoformat()
    where = f"{os.cpu_count()} shared cores, Python {platform.python_version()}, {today}"
    text = (
        f"{BEGIN}\nMeasured with `PYTHONPATH=tests .venv/bin/python -m bench.armsim_load` on {where}: {vnets:,} VNets, "
        f"{2 * vnets:,} peerings.\n\n{report}\n{END}"
    )
    old = RESULTS.read_text()
    if BEGIN not in old:
        old = f"{old.rstrip()}\n\n## armsim under load\n\n{BEGIN}\n{END}\n"
    RESULTS.write_text(re.sub(f"{BEGIN}.*?{END}", lambda _: text, old, flags=re.DOTALL))


if __name__ == "__main__":
    main()
