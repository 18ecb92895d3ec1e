"""`make sandbox`: a control plane, a simulated Azure with four VNets and the operator, in the foreground until Ctrl-C.

Everything lies in .sandbox/ and is made anew at each start.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from armsim_process import SUBSCRIPTION
from demo import processes
from estate import Estate

HERE = Path(".sandbox").resolve()


class InUse(Exception):
    """Another sandbox runs in this checkout."""


@contextmanager
def emptied(dir: Path) -> Iterator[Path]:
    """The directory, empty, for us alone. Raises InUse."""
    dir.mkdir(exist_ok=True)
    with (dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise InUse(f"another sandbox runs in this checkout: end it with Ctrl-C, or kill {lock.read()}") from None
        lock.truncate(0)
        print(os.getpid(), end="", file=lock, flush=True)
        for old in dir.iterdir():
            if old.is_dir():
                shutil.rmtree(old)
            elif old.name != "lock":
                old.unlink()
        yield dir


def run(speed: str) -> None:
    """Until Ctrl-C or SIGTERM, which come as KeyboardInterrupt."""
    with emptied(HERE) as dir, processes.estate(dir, speed) as estate:
        shutil.copy(estate.cluster.kubeconfig, dir / "kubeconfig")
        vnets = processes.four_vnets(estate.azure)
        (dir / "app-to-data.yaml").write_text(processes.manifest("app-to-data", *vnets))
        print(_welcome(dir, estate.azure.endpoint, speed, vnets), flush=True)
        _until_something_ends(estate)


def _until_something_ends(estate: Estate) -> None:
    """Until a signal, which comes as KeyboardInterrupt, or until the operator is no longer there."""
    while estate.operator.alive:
        time.sleep(1)
    print(f"\nThe operator has ended. Its log: {estate.operator.log_path}", flush=True)


def _welcome(dir: Path, endpoint: str, speed: str, vnets: tuple[str, str]) -> str:
    return f"""
The sandbox runs: a Kubernetes API server, a simulated Azure with the VNets app, data, weu and neu (time runs {speed} times
as fast), and the operator. In another terminal:

  export KUBECONFIG={dir}/kubeconfig

  kubectl apply -f {dir}/app-to-data.yaml     # a VNetLink of two ids
  kubectl get vnetlinks --watch
  kubectl describe vnetlink app-to-data
  kubectl get peeringpairs -o wide            # the pair beneath it

  kubectl apply -f {processes.VPN_SAMPLE}     # weu and neu, encrypted: gateways and a key are made
  kubectl get vnetlinks,vpnpairs -o wide

  . {dir}/armsim/env                          # az, the SDKs and these speak to the simulated Azure now
  {sys.executable} -m vnetlink scan --subscription {SUBSCRIPTION}
  {sys.executable} -m vnetlink explain {" ".join(vnets)}

More to apply:      {processes.VPN_SAMPLE.parent}/README.md
Azure as a picture: {endpoint}/_armsim/ (its requests and states, live)
The operator's log: {dir}/operator.log
Ctrl-C ends all three."""


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(prog="make sandbox", description=__doc__)
    parser.add_argument("--speed", default="60", help="how many times faster than Azure (default 60)")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell's background job starts with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    try:
        run(options.speed)
    except KeyboardInterrupt:
        print("\nThe sandbox has been stopped; its files stay in .sandbox/ until the next start.")
    except InUse as problem:
        print(f"sandbox: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
