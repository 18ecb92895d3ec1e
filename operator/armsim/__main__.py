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

DESCRIPTION = """An Azure Resource Manager on this machine: resource groups, virtual networks, peerings, VPN gateways and
connections, public IPs, NSGs, route tables, interfaces, private DNS. No Azure account is needed, nothing leaves this
machine, and the real az, the SDKs and Terraform-like clients speak to it over TLS as they speak to Azure.
"""
EPILOG = """
start it, then use az in another shell:
  armsim --dir ./azure --speed 60
  . ./azure/env && az group create -n rg -l westeurope && az network vnet list

When ready it prints one JSON line {"endpoint": ..., "dir": ...}. DIR then holds
  env         export lines for az, azure-identity, the Azure SDKs and any other client of Azure
  azure-cli   a ready AZURE_CONFIG_DIR, with every tenant and subscription; no az login is needed
  ca.pem      the certificate authority to trust; made once, and of no use elsewhere
  state.*     the simulated Azure; it survives a restart. Delete DIR to begin anew.

time:
  --speed N makes operations N times as fast as Azure's (1 is real time: a gateway takes 15 minutes);
  --speed inf, or 0, ends them at once. POST /_armsim/clock {"advance": seconds} moves the clock.

a configuration file (YAML; a complaint names the line) may have
  tenants, principals, roles, strangers      who there is and what they may do
  resources, locks, policies                 what there is at the start, and what is forbidden
  speed, durations, era                      how long operations take, and which year's retirements hold
  quotas, throttling, buckets, limits        how many, how often, and whether too often is refused
  pageSize, tokenSeconds, strict             page length of lists, life of tokens, how pedantic it is

https://localhost:PORT/_armsim/ shows the networks, the newest requests and the active faults. Its control API makes
faults, moves the clock, reads and replaces the state: docs/armsim.md.
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
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return asyncio.run(_run(settings, arguments.host, arguments.port, directory))
    except control.SeedRefused as refused:
        where = config.where(Path(arguments.config), refused.index) if arguments.config else "resources"
        print(f"armsim: {where}: {refused}", file=sys.stderr)
    except OSError as broken:
        print(f"armsim: {broken.strerror or broken} ({broken.filename or f'port {arguments.port}'})", file=sys.stderr)
    return 2


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "armsim", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port, 0 for a free one (default: 0)")
    parser.add_argument("--dir", required=True, help="directory for certificates, env and state; made when missing")
    parser.add_argument("--speed", type=_speed, default=None, help="factor on operation times, 'inf' or 0 for instant")
    parser.add_argument("--config", help="YAML file, see below")
    parser.add_argument("--era", type=int, default=None, help="year whose retirements hold (default: 2026)")
    return parser.parse_args()


def _speed(text: str) -> float:
    """Raises ValueError, which argparse turns into words."""
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
