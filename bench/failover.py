"""`python -m bench.failover`: who leads after a crash, a stop, a minute's pause, with the default timing; rewrites RESULTS.md."""

from __future__ import annotations

import argparse
import os
import platform
import re
import signal
import statistics
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from armsim_process import ArmsimProcess
from estate import OPERATOR_NAMESPACE, Estate, control_plane, eventually
from replicas import Replicas, replicas, timed

RESULTS = Path(__file__).with_name("RESULTS.md")
BEGIN, END = "<!-- begin: bench failover -->", "<!-- end: bench failover -->"
PAUSE = 60.0  # seconds


def crash(several: Replicas) -> float:
    """From kill -9 of the leader to the next one."""
    old = several.leader()
    several.processes[old].kill()
    return timed(lambda: several.leader(60))


def stop(several: Replicas) -> float:
    """From SIGTERM to the leader to the next one."""
    old = several.leader()
    several.processes[old].signal(signal.SIGTERM)
    return timed(lambda: several.leader(60, but=old))


def pause(several: Replicas) -> tuple[float, int]:
    """Seconds to the next leader, and the writes that the paused one sends once it goes on, with 20 pairs in the middle of work."""
    estate, old = several.estate, several.leader()
    vnets = [estate.azure.vnet(f"vnet{n}", f"10.{n}.0.0/16") for n in range(40)]
    estate.azure.fault(kind="hold", method="PUT", when="after", principal=f"replica-{old}")
    estate.apply(*(estate.manifest(f"pair{n}", vnets[2 * n], vnets[2 * n + 1]) for n in range(20)))
    eventually("writes on their way", lambda: len(estate.azure.holding()) >= 4)
    paused = several.processes[old]
    paused.signal(signal.SIGSTOP)
    began = time.monotonic()
    seconds = timed(lambda: several.leader(60, but=old))
    for n in range(20):
        estate.wait_ready(f"pair{n}", 60)
    time.sleep(max(0.0, began + PAUSE - time.monotonic()))
    since = estate.azure.last_request()
    estate.azure.release()
    paused.signal(signal.SIGCONT)
    assert paused.ended() == 1
    return seconds, several.writers(since).count(f"replica-{old}")


def measure(rounds: int) -> list[str]:
    """The table's rows."""
    with tempfile.TemporaryDirectory() as text, ExitStack() as stack:
        dir = Path(text)
        cluster = stack.enter_context(control_plane(dir / "controlplane"))
        cluster.kubectl("create", "namespace", OPERATOR_NAMESPACE)
        estate = Estate(cluster, stack.enter_context(ArmsimProcess(dir / "armsim")), dir)
        several = stack.enter_context(replicas(estate, "measured"))
        several.start(2)
        crashed, stopped = [], []
        for _ in range(rounds):
            crashed.append(crash(several))
            several.start(1)
            stopped.append(stop(several))
            several.start(1)
        seconds, written = pause(several)
    return [
        f"| crash (kill -9), {rounds} times | {_spread(crashed)} | 20 |",
        f"| clean stop (SIGTERM), {rounds} times | {_spread(stopped)} | 5 |",
        f"| pause (SIGSTOP) of {PAUSE:.0f} s in the middle of 20 pairs' writes | {seconds:.1f} | |",
        f"| writes that the paused one sent to Azure afterwards | {written} | 0 |",
    ]


def _spread(seconds: list[float]) -> str:
    return f"{min(seconds):.1f} to {max(seconds):.1f}, median {statistics.median(seconds):.1f}"


def main() -> None:
    """Measure and rewrite the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    load = os.getloadavg()[0]
    rows = measure(rounds)
    head = (
        f"Measured with `PYTHONPATH=tests .venv/bin/python -m bench.failover --rounds {rounds}` on {os.cpu_count()} cores, load "
        f"average {load:.0f} at the start, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}.\n\n"
        "| what happens to the leader | seconds to the next one | at most |\n|---|---|---|\n"
    )
    table = f"{BEGIN}\n{head}" + "\n".join(rows) + f"\n{END}"
    print(table)
    RESULTS.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: table, RESULTS.read_text(), flags=re.DOTALL))


if __name__ == "__main__":
    main()
