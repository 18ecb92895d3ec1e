"""`kubectl get vnetlinks --watch`, printed line by line as it comes and remembered, so that a step can wait for a line."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

INDENT = "      "
WIDTHS = (14, 10, 15, 15, 8, 24, 0)  # of kubectl's columns, of which a watch learns as it goes


class NotSeen(Exception):
    """No such line came in time; `str()` tells what was waited for and what came last."""


class Table:
    """A running watch. Lines are real output of kubectl."""

    def __init__(self, kubectl: str, kubeconfig: Path) -> None:
        self._lines: list[str] = []
        self._latest: dict[str, list[str]] = {}
        self._news = threading.Condition()
        command = [kubectl, f"--kubeconfig={kubeconfig}", "get", "vnetlinks", "--watch"]
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
        cells = line.split()
        with self._news:
            if len(cells) != len(WIDTHS) or cells[:-1] == self._latest.get(cells[0]):
                return  # without a status yet, or only the age has changed
            self._latest[cells[0]] = cells[:-1]
            self._lines.append(line)
            print(INDENT + "".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)), flush=True)
            self._news.notify_all()
