"""A real `python -m vnetlink run` for tests, the demo and measurements: starts, stops and kills it, reads its log and probes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from controlplane import guard

SOURCE = Path(__file__).resolve().parents[1] / "operator"
ENDS_WITHIN = 30.0  # the pod's grace period in the chart


class OperatorProcess:
    """One operator on one cluster and one Azure. Every start appends to the same log.

    It elects no leader unless `args` say so: a test that kills it would wait for its lease to run out.
    """

    def __init__(
        self,
        log: Path,
        kubeconfig: Path,
        azure: Mapping[str, str],
        args: Sequence[str] = (),
        program: Sequence[str] = (sys.executable, "-m", "vnetlink"),
    ) -> None:
        self.log_path = log
        self.process: subprocess.Popen[bytes] | None = None
        own = {"KUBECONFIG": str(kubeconfig), "PYTHONPATH": str(SOURCE), "VNETLINK_LEADER_ELECT": "false"}
        self._env = {**os.environ, **azure, **own}
        self.port = _free_port()
        self._command = [*program, "run", "--health-port", str(self.port), *args]
        self._offset = 0

    def start(self, **env: str) -> OperatorProcess:
        """Start it; whether it serves is told by `ready`."""
        self._offset = self.log_path.stat().st_size if self.log_path.exists() else 0
        with self.log_path.open("ab") as log:
            group = guard.shared().leader  # it ends with us at the latest
            self.process = subprocess.Popen(
                self._command, stdout=log, stderr=log, env={**self._env, **env}, process_group=group
            )
        return self

    def wait_ready(self, within: float = 30.0) -> OperatorProcess:
        """Until /readyz says yes; AssertionError with the end of the log otherwise."""
        deadline = time.monotonic() + within
        while not self.ready()[0]:
            assert self.alive, f"the operator ended: {self.tail()}"
            assert time.monotonic() < deadline, f"not ready in {within} s: {self.ready()[1]}\n{self.tail()}"
            time.sleep(0.05)
        return self

    def ready(self) -> tuple[bool, str]:
        """What /readyz answers: whether it is 200, and the text."""
        return self.ask("/readyz")

    def ask(self, path: str) -> tuple[bool, str]:
        """What its health port answers: whether it is 200, and the text."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return True, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return False, refused.read().decode()
        except OSError as error:
            return False, str(error)

    def metrics(self) -> str:
        """What /metrics answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def samples(self) -> dict[tuple[str, ...], float]:
        """The value of each sample of /metrics by its name and its labels' values, sorted by label."""
        return {
            (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
            for family in text_string_to_metric_families(self.metrics())
            for sample in family.samples
        }

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, and wait for the end; returns the exit code."""
        return self._end(signal.SIGTERM)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, without waiting."""
        assert self.process is not None
        self.process.send_signal(number)

    def restart(self) -> OperatorProcess:
        """SIGKILL and start again, as a kubelet would after a crash."""
        self.kill()
        return self.start()

    def log(self) -> str:
        """Everything logged since the first start."""
        return self.log_path.read_text("utf-8", "replace") if self.log_path.exists() else ""

    def entries(self) -> list[dict[str, Any]]:
        """The JSON lines of the log since the last start."""
        lines = self.log().encode()[self._offset :].decode("utf-8", "replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def tail(self) -> str:
        """The end of the log, for messages."""
        return self.log()[-3000:]

    def ended(self) -> int:
        """Wait for an end that is on its way; returns the exit code, 0 when none runs."""
        if self.process is None:
            return 0
        code = self.process.wait(ENDS_WITHIN)
        self.process = None
        return code

    def _end(self, number: signal.Signals) -> int:
        if self.alive:
            self.signal(number)
        return self.ended()

    def __enter__(self) -> OperatorProcess:
        return self if self.process else self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
