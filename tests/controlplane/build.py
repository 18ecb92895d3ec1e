"""Finds or builds the directory that holds etcd, kube-apiserver and kube-controller-manager, and prints its path.

Order of choice: KUBEBUILDER_ASSETS, the user's cache, a build (minutes, once a version). Standard library only: it runs
before anything is installed. Progress goes to stderr, the path alone to stdout.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAMES = ("etcd", "kube-apiserver", "kube-controller-manager")
SOURCES = ("go.mod", "go.sum", "main.go")
TICK_SECONDS = 10.0

Say = Callable[[str], None]


class BuildFailed(Exception):
    """There is no usable control plane; `str()` says what to do."""


def to_stderr(line: str) -> None:
    """Where progress goes unless the caller says otherwise."""
    print(f"controlplane: {line}", file=sys.stderr, flush=True)


def assets(say: Say = to_stderr) -> Path:
    """The directory with the three programs, built first when it has to be."""
    if given := os.environ.get("KUBEBUILDER_ASSETS"):
        return _complete(Path(given))
    home = cache_home()
    home.mkdir(parents=True, exist_ok=True)
    final = home / version()
    with _lock(home / f"{final.name}.lock", say):
        if not all((final / name).is_file() for name in NAMES):
            _build(final, say)
    return final


def cache_home() -> Path:
    """Where builds are kept, one directory a version."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vnetlink" / "controlplane"


def version() -> str:
    """Names a build by all that goes into it: the Go module, main.go and the Go release."""
    digest = hashlib.sha256(_go("env", "GOVERSION").encode())
    for name in SOURCES:
        digest.update(b"\0" + (HERE / name).read_bytes())
    return f"{kubernetes_version()}-{digest.hexdigest()[:12]}"


def kubernetes_version() -> str:
    """The release of k8s.io/kubernetes that go.mod requires, as v1.35.4."""
    found = re.search(r"^\s+k8s\.io/kubernetes (v\d+\.\d+\.\d+)$", (HERE / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise BuildFailed(f"{HERE / 'go.mod'} requires no release of k8s.io/kubernetes")
    return found[1]


def _complete(directory: Path) -> Path:
    if missing := [name for name in NAMES if not (directory / name).is_file()]:
        raise BuildFailed(
            f"KUBEBUILDER_ASSETS={directory} has no {' and no '.join(missing)}: "
            "unset KUBEBUILDER_ASSETS to build all three, or point it at a directory that has them"
        )
    return directory


def _build(final: Path, say: Say) -> None:
    started = time.monotonic()
    say(f"building Kubernetes {kubernetes_version()} and etcd for tests into {final} (once; 5 to 8 minutes on 2 cores)")
    for leftover in final.parent.glob(f"{final.name}.partial-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    # After the rename there is nothing left to clean up, and that is fine.
    partials = tempfile.TemporaryDirectory(
        prefix=f"{final.name}.partial-", dir=final.parent, ignore_cleanup_errors=True
    )
    with partials as partial:
        packages = _watched("fetching Go modules", ["go", "list", "-deps", "."], say).count("\n")
        binary = Path(partial) / NAMES[0]
        command = ["go", "build", "-v", "-trimpath", "-ldflags", _ldflags(), "-o", str(binary), "."]
        _watched(f"compiling about {packages} packages", command, say)
        for name in NAMES[1:]:
            os.link(binary, Path(partial) / name)
        os.chmod(partial, 0o755)
        shutil.rmtree(final, ignore_errors=True)
        os.rename(partial, final)
    say(f"built in {_clock(time.monotonic() - started)}")


def _ldflags() -> str:
    major, minor, _ = kubernetes_version().removeprefix("v").split(".")
    values = {"gitVersion": kubernetes_version(), "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(["-s", "-w", *(f"-X k8s.io/component-base/version.{key}={value}" for key, value in values.items())])


def _watched(what: str, command: list[str], say: Say) -> str:
    """Runs `command`, says every few seconds how far it is, and returns its stdout."""
    started = time.monotonic()
    lines: list[str] = []
    process = _start(command)
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
        raise BuildFailed(f"`{' '.join(command[:2])}` failed in {HERE}:\n" + "".join(lines[-20:]))
    return output[0]


def _start(command: list[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    try:
        return subprocess.Popen(
            command,
            cwd=HERE,
            env=environment,
            process_group=0,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError:
        raise BuildFailed(
            "Go is not installed: install Go 1.26 (https://go.dev/dl), or set KUBEBUILDER_ASSETS"
        ) from None


@contextlib.contextmanager
def _killed_on_the_way_out(process: subprocess.Popen[str]) -> Iterator[None]:
    """Ctrl-C ends the compilers, too: they are in a group of their own."""
    try:
        yield
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def _go(*arguments: str) -> str:
    process = _start(["go", *arguments])
    with process:
        output, errors = process.communicate()
    if process.returncode:
        raise BuildFailed(f"`go {' '.join(arguments)}` failed: {errors}")
    return output.strip()


@contextlib.contextmanager
def _lock(path: Path, say: Say) -> Iterator[None]:
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


if __name__ == "__main__":
    try:
        print(assets())
    except BuildFailed as failure:
        sys.exit(f"controlplane: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
