"""Builds the programs of a pinned Go module once for this user, and keeps them: ~/.cache/vnetlink/NAME/RELEASE-DIGEST/.

A module is a directory with go.mod and go.sum, and either Go sources of its own or `tool` lines in go.mod that name
packages of other modules. Standard library only: it runs before anything is installed. Progress goes to stderr.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TICK_SECONDS = 10.0

Say = Callable[[str], None]


class BuildFailed(Exception):
    """There is no usable program; `str()` says what to do."""


@dataclass(frozen=True, slots=True)
class GoModule:
    """What is built from `directory`: a single program gets each of `programs` as a name, more keep their own.

    `pinned` is the required module whose release names the build; `takes` says how long it lasts on 2 cores; `variables`
    are Go's string variables to set, for whatever release() returns.
    """

    directory: Path
    programs: tuple[str, ...]
    pinned: str
    takes: str
    variables: Callable[[str], Mapping[str, str]] = field(default=lambda _: {})

    @property
    def name(self) -> str:
        return self.directory.name

    def built(self, say: Say | None = None) -> Path:
        """The directory with all programs, built first when it has to be. Raises BuildFailed."""
        say = say or self._to_stderr
        home = cache_home() / self.name
        home.mkdir(parents=True, exist_ok=True)
        final = home / self.version()
        with lock(home / f"{final.name}.lock", say):
            if not all((final / program).is_file() for program in self.programs):
                self._build(final, say)
        return final

    def release(self) -> str:
        """The release of `pinned` that go.mod requires, as v1.35.4."""
        text = (self.directory / "go.mod").read_text()
        found = re.search(rf"^\s*(?:require )?{re.escape(self.pinned)} (v\S+)", text, re.MULTILINE)
        if found is None:
            raise BuildFailed(f"{self.directory / 'go.mod'} requires no release of {self.pinned}")
        return found[1]

    def source(self) -> Path:
        """The directory with the sources of `pinned`."""
        return source(f"{self.pinned}@{self.release()}")

    def version(self) -> str:
        """Names a build by all that goes into it: the Go module, its sources and the Go release."""
        digest = hashlib.sha256(self._go("env", "GOVERSION").encode())
        for name in ("go.mod", "go.sum", *self._sources()):
            digest.update(b"\0" + (self.directory / name).read_bytes())
        return f"{self.release()}-{digest.hexdigest()[:12]}"

    def _sources(self) -> list[str]:
        return sorted(str(path.relative_to(self.directory)) for path in self.directory.rglob("*.go"))

    def _to_stderr(self, line: str) -> None:
        print(f"{self.name}: {line}", file=sys.stderr, flush=True)

    def _build(self, final: Path, say: Say) -> None:
        started = time.monotonic()
        say(f"building {', '.join(self.programs)} {self.release()} into {final} (once; {self.takes} on 2 cores)")
        for leftover in final.parent.glob(f"{final.name}.partial-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        # After the rename there is nothing left to clean up, and that is fine.
        partials = tempfile.TemporaryDirectory(
            prefix=f"{final.name}.partial-", dir=final.parent, ignore_cleanup_errors=True
        )
        with partials as partial:
            what = "." if self._sources() else "tool"
            packages = self._watched("fetching Go modules", ["go", "list", "-deps", what], say).count("\n")
            command = ["go", "build", "-v", "-trimpath", "-ldflags", self._ldflags(), "-o", f"{partial}/", what]
            self._watched(f"compiling about {packages} packages", command, say)
            self._name_programs(Path(partial))
            os.chmod(partial, 0o755)
            shutil.rmtree(final, ignore_errors=True)
            os.rename(partial, final)
        say(f"built in {_clock(time.monotonic() - started)}")

    def _name_programs(self, directory: Path) -> None:
        made = sorted(directory.iterdir())
        if len(made) == 1:
            binary = made[0].rename(directory / "built")
            for program in self.programs:
                os.link(binary, directory / program)
            binary.unlink()
        elif missing := set(self.programs) - {path.name for path in made}:
            raise BuildFailed(f"{self.directory} makes no {' and no '.join(sorted(missing))}")

    def _ldflags(self) -> str:
        settings = (f"-X {name}={value}" for name, value in self.variables(self.release()).items())
        return " ".join(["-s", "-w", *settings])

    def _watched(self, what: str, command: list[str], say: Say) -> str:
        """Runs `command`, says every few seconds how far it is, and returns its stdout."""
        started = time.monotonic()
        lines: list[str] = []
        process = self._start(command)
        with process, _killed_on_the_way_out(process):
            reader = threading.Thread(target=lambda: lines.extend(iter(process.stderr.readline, "")))  # type: ignore[union-attr]
            output: list[str] = []
            writer = threading.Thread(target=lambda: output.append(process.stdout.read()))  # type: ignore[union-attr]
            reader.start()
            writer.start()
            while process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(TICK_SECONDS)
                    break
                now = f", now {lines[-1].strip()}" if lines else ""
                say(f"{what}: {_clock(time.monotonic() - started)}, {len(lines)} done{now}")
            reader.join()
            writer.join()
        if process.returncode:
            raise BuildFailed(f"`{' '.join(command[:2])}` failed in {self.directory}:\n" + "".join(lines[-20:]))
        return output[0]

    def _start(self, command: list[str]) -> subprocess.Popen[str]:
        environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=readonly -buildvcs=false"}
        try:
            return subprocess.Popen(
                command,
                cwd=self.directory,
                env=environment,
                process_group=0,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except FileNotFoundError:
            raise BuildFailed("Go is not installed: install Go 1.26 (https://go.dev/dl)") from None

    def _go(self, *arguments: str) -> str:
        process = self._start(["go", *arguments])
        with process:
            output, errors = process.communicate()
        if process.returncode:
            raise BuildFailed(f"`go {' '.join(arguments)}` failed: {errors}")
        return output.strip()


def source(module: str) -> Path:
    """The directory with the sources of `path@version`, fetched first when it has to be. Needs nothing that it requires."""
    command = ["go", "mod", "download", "-json", module]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)  # in no module
    if done.returncode:
        raise BuildFailed(f"`{' '.join(command)}` failed: {done.stdout}{done.stderr}")
    return Path(json.loads(done.stdout)["Dir"])


def cache_home() -> Path:
    """Where builds are kept, one directory a module, and in it one a version."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vnetlink"


@contextlib.contextmanager
def _killed_on_the_way_out(process: subprocess.Popen[str]) -> Iterator[None]:
    """Ctrl-C ends the compilers, too: they are in a group of their own."""
    try:
        yield
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def lock(path: Path, say: Say) -> Iterator[None]:
    """One build at a time for all sessions of this user; the others wait and say so."""
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another session's build ({path})")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def main(program: Callable[[], Path], name: str) -> None:
    """Build, and print the path alone to stdout; a failure is one sentence and exit code 1."""
    try:
        print(program())
    except BuildFailed as failure:
        sys.exit(f"{name}: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
