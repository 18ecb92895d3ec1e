"""Finds or installs the real az CLI in a virtual environment of its own, and prints the path of `az`.

One install a version in the user's cache, from PyPI alone, half a minute once. Standard library only. Progress goes to
stderr, the path alone to stdout. An environment without its mark is unfinished, and is made again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

VERSION = "2.91.0"
PACKAGES = Path(__file__).with_name("azure_cli.txt")
MARK = ".complete"

Say = Callable[[str], None]


class InstallFailed(Exception):
    """There is no usable az; `str()` says what to do."""


def to_stderr(line: str) -> None:
    print(f"azure-cli: {line}", file=sys.stderr, flush=True)


def az(say: Say = to_stderr) -> Path:
    """The program, installed first when it has to be. Raises InstallFailed."""
    home = cache_home()
    home.mkdir(parents=True, exist_ok=True)
    final = home / VERSION
    with _lock(home / f"{VERSION}.lock", say):
        if not _is_complete(final):
            _install(final, say)
    return final / "bin" / "az"


def cache_home() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vnetlink" / "azure-cli"


def _wanted() -> str:
    """What the mark must say: another list or another Python means another install."""
    return f"{sys.version_info.major}.{sys.version_info.minor} {hashlib.sha256(PACKAGES.read_bytes()).hexdigest()}"


def _is_complete(final: Path) -> bool:
    mark = final / MARK
    return mark.is_file() and mark.read_text() == _wanted() and (final / "bin" / "az").is_file()


def _install(final: Path, say: Say) -> None:
    """In its final place, since a virtual environment cannot be moved; the mark comes last."""
    began = time.monotonic()
    shutil.rmtree(final, ignore_errors=True)
    say(f"making {final} …")
    venv.create(final, with_pip=True)
    say(f"installing azure-cli {VERSION} from PyPI (70 MB, once) …")
    pip = [str(final / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--no-deps", "--requirement", str(PACKAGES)])
    say("trying it …")
    _run([str(final / "bin" / "az"), "version"], AZURE_CONFIG_DIR=str(final / "first-run"))
    (final / MARK).write_text(_wanted())
    say(f"ready after {time.monotonic() - began:.0f} s")


def _run(command: list[str], **more: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **more})
    if done.returncode:
        text = (done.stderr or done.stdout)[-2000:]
        raise InstallFailed(f"{' '.join(command[:6])} … failed. It needs PyPI and 400 MB in {cache_home()}.\n{text}")


@contextlib.contextmanager
def _lock(path: Path, say: Say) -> Iterator[None]:
    """One installer at a time on this machine; ends with its process, however that ends."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process is installing, waiting for it …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    try:
        print(az())
    except InstallFailed as failed:
        sys.exit(f"azure-cli: {failed}")
