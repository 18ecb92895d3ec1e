"""A group of processes that cannot outlive its owner, however the owner ends.

A shell of one line leads the process group and waits for the end of a pipe that only the owner holds open. When the
owner is gone, by SIGKILL too, the pipe ends and the shell kills its whole group. Works from any thread.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

_LEADER = "trap '' HUP INT QUIT TERM TSTP; read -r _; kill -KILL 0"


class ProcessGroup:
    """Processes that end with this one at the latest."""

    def __init__(self) -> None:
        self._leader = subprocess.Popen(["/bin/sh", "-c", _LEADER], stdin=subprocess.PIPE, process_group=0)
        self._members: list[subprocess.Popen[bytes]] = []

    @property
    def leader(self) -> int:
        """The process group to start a process in, for those who start it themselves."""
        return self._leader.pid

    @property
    def pids(self) -> tuple[int, ...]:
        """The leader and all members that run."""
        return tuple(p.pid for p in (self._leader, *self._members) if p.poll() is None)

    def spawn(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Starts a member; its output is appended to `log`."""
        with log.open("ab") as output:
            member = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if environment is None else {**os.environ, **environment},
                process_group=self._leader.pid,
            )
        self._members.append(member)
        return member

    def kill(self) -> None:
        """Ends all of them at once. May be called again."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._leader.pid, signal.SIGKILL)
        for process in (self._leader, *self._members):
            process.wait()
        if self._leader.stdin is not None:
            self._leader.stdin.close()
        self._members.clear()


@cache
def shared() -> ProcessGroup:
    """One group for whatever this process starts; it also keeps the terminal's Ctrl-C for its owner alone."""
    group = ProcessGroup()
    atexit.register(group.kill)
    return group


def terminate(process: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """Asks `process` to end, and kills it when it takes longer than the grace."""
    process.terminate()
    try:
        process.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
