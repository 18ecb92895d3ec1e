"""`kubectl get peeringpairs --watch`, printed line by line as it comes and remembered, so that a step can wait for a line."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

INDENT = "      "


class NotSeen(Exception):
    """No such line came in time; `str()` tells what was waited for and what came last."""


class Table:
    """A running watch. Lines are real output of kubectl."""

    def __init__(self, kubectl: str, kubeconfig: Path) -> None:
        self._lines: list[str] = []
        self._news = threading.Condition()
        command = [kubectl, f"--kubeconfig={kubeconfig}", "get", "peeringpairs", "--watch"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def mark(self) -> int:
        """Where the table stands now: a step looks at later lines only."""
        return len(self._lines)

    def expect(self, what: str, seen: Callable[[str], bool], since: int, within: float) -> str:
        """The first line after `since` for which `seen` holds. Raises NotSeen."""
        deadline = time.monotonic() + within
        with self._news:
            while True:
                match = next((line for line in self._lines[since:] if seen(line)), None)
                if match is not None:
                    return match
                left = deadline - time.monotonic()
                if left <= 0:
                    raise NotSeen(f"{what} was not seen within {within:.0f} s; the last line was: {self._last()}")
                self._news.wait(left)

    def close(self) -> None:
        """End the watch."""
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def _last(self) -> str:
        return self._lines[-1] if self._lines else "(none)"

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self._take(line.rstrip())

    def _take(self, line: str) -> None:
        with self._news:
            if self._lines and self._lines[-1].split()[:-1] == line.split()[:-1]:
                return  # only the age has changed
            self._lines.append(line)
            print(f"{INDENT}{line}", flush=True)
            self._news.notify_all()
