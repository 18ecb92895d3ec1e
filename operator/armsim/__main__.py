"""Command line of the simulator: the only place that builds its objects together."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import signal
import sys
import time
from dataclasses import replace
from math import inf
from pathlib import Path

from . import certificates, client_files, config, control, snapshot
from .core import Core
from .disk import Disk
from .server import Server
from .settings import Settings

EPILOG = """
When ready it prints one JSON line {"endpoint": ..., "dir": ...}; DIR/env then holds export lines for azure-identity,
the Azure SDK, az and any other client. --speed N makes operations N times as fast as Azure's (1 is real time);
--speed inf, or 0, ends them at once. State in DIR survives a restart. Control API: GET https://localhost:PORT/_armsim/
"""


def main() -> int:
    arguments = _arguments()
    try:
        settings = config.read(Path(arguments.config)) if arguments.config else Settings()
    except config.ConfigError as wrong:
        print(f"armsim: {wrong}", file=sys.stderr)
        return 2
    if arguments.speed is not None:
        settings = replace(settings, speed=arguments.speed)
    if arguments.era is not None:
        settings = replace(settings, era=arguments.era)
    directory = Path(arguments.dir).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_run(settings, arguments.host, arguments.port, directory))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("armsim", description=__doc__, epilog=EPILOG)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port, 0 for a free one (default: 0)")
    parser.add_argument("--dir", required=True, help="directory for certificates, env and state; made when missing")
    parser.add_argument("--speed", type=_speed, default=None, help="factor on operation times, 'inf' or 0 for instant")
    parser.add_argument("--config", help="YAML: tenants, principals, roles, seeded resources, quotas, durations")
    parser.add_argument("--era", type=int, default=None, help="year whose retirements hold (default: 2026)")
    return parser.parse_args()


def _speed(text: str) -> float:
    value = float(text)
    if value == 0:
        return inf
    if not value > 0:
        raise argparse.ArgumentTypeError("speed must be positive, 0 or inf")
    return value


async def _run(settings: Settings, host: str, port: int, directory: Path) -> int:
    disk = Disk(directory)
    core = _core(settings, disk)
    disk.compact(core)
    server = Server(core, disk)
    actual = await server.start(host, port, certificates.context(directory))
    endpoint = f"https://localhost:{actual}"
    client_files.write(directory, endpoint, settings)
    print(json.dumps({"endpoint": endpoint, "dir": str(directory)}), flush=True)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    await server.stop()
    return 0


def _core(settings: Settings, disk: Disk) -> Core:
    now = time.time()
    before = disk.read()
    secret = str(before["secret"]) if before else secrets.token_hex(32)
    core = Core(settings, seed=secrets.randbits(64), secret=secret, now=now)
    if before is None:
        control.seed(core, now)
    else:
        snapshot.restore(core, before)
        snapshot.restore_frame(core, before, now)
    return core


if __name__ == "__main__":
    sys.exit(main())
