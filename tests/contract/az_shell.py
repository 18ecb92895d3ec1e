"""The real az CLI as a test calls it: the environment is DIR/env and nothing else, every exit code is looked at."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from armsim_process import ArmsimProcess


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


class Az:
    """One AZURE_CONFIG_DIR, that of DIR/env or another one; nothing is inherited but PATH."""

    def __init__(self, program: Path, armsim: ArmsimProcess, home: Path, **more: str) -> None:
        self._program = program
        self._env = {"PATH": os.environ["PATH"], "HOME": str(home), **armsim.env, **more}

    def run(self, command: str, *more: str) -> Answer:
        done = subprocess.run(
            [str(self._program), *command.split(), *more], env=self._env, capture_output=True, text=True, timeout=120
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def __call__(self, command: str, *more: str) -> Any:
        """JSON of a command that must succeed; None when it prints nothing."""
        answer = self.run(command, *more)
        assert answer.code == 0, f"az {command}: {answer.err}"
        return answer.data if answer.out.strip() else None

    def text(self, command: str) -> str:
        """What -o tsv or -o table prints."""
        answer = self.run(command)
        assert answer.code == 0, f"az {command}: {answer.err}"
        return answer.out.strip()

    def refused(self, command: str, code: str, *, exit_code: int = 1) -> str:
        """The error text of a command that must fail with ARM's code."""
        answer = self.run(command)
        assert (answer.code, answer.out) == (exit_code, ""), f"az {command}: {answer}"
        assert f"({code})" in answer.err, answer.err
        return answer.err
