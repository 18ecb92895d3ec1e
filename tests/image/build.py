"""Builds both images of the Dockerfile without a container daemon or registry, and unpacks them into the user's cache.

buildah with chroot isolation; the two bases are stand-ins from Debian's packages, of the same release and Python as the
real ones: a minimal system to build in, and for the run a tree that holds Python and what it loads, no shell, nothing else.
Needs root on Debian or a descendant with apt-get. Progress goes to stderr.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from go_programs import lock

ROOT = Path(__file__).resolve().parents[2]
SUITE, MIRROR = "trixie", "http://deb.debian.org/debian"
TARGETS = ("operator", "armsim")
TOOLS = ("buildah", "debootstrap")
SOURCES = ("Dockerfile", ".dockerignore", "deploy/image", "operator", "pyproject.toml", "README.md", "LICENSE")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
RUNTIME = (
    *(
        "base-files",
        "netbase",
        "tzdata",
        "ca-certificates",
        "media-types",
        "libc6",
        "libgcc-s1",
        "libstdc++6",
        "zlib1g",
    ),
    *("libssl3t64", "libzstd1", "libffi8", "libexpat1", "libbz2-1.0", "liblzma5", "libsqlite3-0", "libuuid1"),
    *("libncursesw6", "libtinfo6", "libreadline8t64", "python3", "python3-minimal", "python3.13", "python3.13-minimal"),
    *("libpython3.13-minimal", "libpython3.13-stdlib"),
)  # what gcr.io/distroless/python3-debian13 is made of


class CannotBuild(Exception):
    """There are no images; `str()` says why."""


class NotHere(CannotBuild):
    """This machine does not let us: no root, no Debian, or no mounts."""


def to_stderr(line: str) -> None:
    print(f"image: {line}", file=sys.stderr, flush=True)


def images() -> Path:
    """The directory with one unpacked root file system a target, built first when the sources changed. Raises NotHere, CannotBuild."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NotHere("building an image takes root on Debian, with apt-get")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        raise NotHere("nothing can be mounted on this machine: unshare --mount is refused")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vnetlink" / "image"
    home.mkdir(parents=True, exist_ok=True)
    with lock(home / "lock", to_stderr):
        final = home / _version()
        if not final.is_dir():
            _tools()
            _bases(home)
            _build(home, final)
            for old in (one for one in home.iterdir() if one.is_dir() and one.name not in ("store", "run", final.name)):
                shutil.rmtree(old)
    return final


def _version() -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for source in SOURCES:
        path = ROOT / source
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in (one for one in files if one.is_file() and "__pycache__" not in one.parts):
            digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _tools() -> None:
    if all(map(shutil.which, TOOLS)):
        return
    for step in (("update",), ("install", "-y", "--no-install-recommends", *TOOLS)):
        to_stderr(f"apt-get {' '.join(step)} …")
        _run("apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *step, DEBIAN_FRONTEND="noninteractive")


def _bases(home: Path) -> None:
    """Both stand-ins, as images in buildah's store."""
    if not _has(home, "build-base"):
        to_stderr(f"debootstrap {SUITE}, a minute or two, once …")
        tree = home / "tree"
        shutil.rmtree(tree, ignore_errors=True)
        packages = ",".join(("python3", "python3-venv", "ca-certificates", "media-types", "netbase"))
        _run("debootstrap", "--variant=minbase", f"--include={packages}", SUITE, str(tree), MIRROR)
        if CERTIFICATES.is_file():  # a proxy that this machine trusts
            shutil.copyfile(CERTIFICATES, tree / "etc/ssl/certs/ca-certificates.crt")
        _run_base(tree, home / "run-tree")
        _import(home, home / "run-tree", "run-base")
        _import(home, tree, "build-base")
        shutil.rmtree(tree)
        shutil.rmtree(home / "run-tree")


def _run_base(tree: Path, runtime: Path) -> None:
    shutil.rmtree(runtime, ignore_errors=True)
    runtime.mkdir()
    for name in ("bin", "lib", "lib64", "sbin"):
        os.symlink(f"usr/{name}", runtime / name)
    for name in ("tmp", "proc", "dev"):  # where a container runtime mounts its own
        (runtime / name).mkdir()
    listing = _run("chroot", str(tree), "dpkg", "-L", *RUNTIME, stdout=True).splitlines()
    files = sorted({one for one in listing if (tree / one[1:]).is_file() or (tree / one[1:]).is_symlink()})
    files += ["/etc/ssl/certs/ca-certificates.crt"]
    names = "".join(f".{one}\n" for one in files)
    copying = f"tar -C {tree} --no-recursion -T - -c | tar -C {runtime} --keep-directory-symlink -x"
    _run("sh", "-c", copying, stdin=names)
    (runtime / "etc/hosts").touch()


def _import(home: Path, tree: Path, name: str) -> None:
    container = _buildah(home, "from", "scratch").strip()
    _buildah(home, "add", "--quiet", container, str(tree), "/")
    _buildah(home, "config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", container)
    _buildah(home, "commit", "--quiet", "--rm", container, f"localhost/{name}")


def _build(home: Path, final: Path) -> None:
    began = time.monotonic()
    partial = final.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    for target in TARGETS:
        to_stderr(f"buildah build --target {target} …")
        bases = ("--build-arg", "BUILD_BASE=localhost/build-base", "--build-arg", "RUN_BASE=localhost/run-base")
        options = (
            "--isolation",
            "chroot",
            "--layers",
            "--pull-never",
            "--target",
            target,
            "--tag",
            f"localhost/{target}",
        )
        _buildah(home, "build", *options, *bases, str(ROOT))
        container = _buildah(home, "from", "--pull-never", f"localhost/{target}").strip()
        (partial / target).mkdir(parents=True)
        _run("cp", "--archive", f"{_buildah(home, 'mount', container).strip()}/.", str(partial / target))
        _buildah(home, "rm", container)
        (partial / f"{target}.json").write_text(_buildah(home, "inspect", "--type", "image", f"localhost/{target}"))
    partial.rename(final)
    to_stderr(f"ready after {time.monotonic() - began:.0f} s")


def _has(home: Path, name: str) -> bool:
    return f"localhost/{name}" in _buildah(home, "images", "--format", "{{.Name}}").split()


def _buildah(home: Path, *arguments: str) -> str:
    store = ("--root", str(home / "store"), "--runroot", str(home / "run"), "--storage-driver", _driver(home))
    return _run("buildah", *store, *arguments, stdout=True)


@functools.cache
def _driver(home: Path) -> str:
    """overlay where the kernel lets us mount one there; vfs copies every layer whole."""
    with tempfile.TemporaryDirectory(dir=home) as text:
        trial = Path(text)
        for name in ("lower", "upper", "work", "merged"):
            (trial / name).mkdir()
        options = f"lowerdir={trial}/lower,upperdir={trial}/upper,workdir={trial}/work"
        script = 'mount -t overlay overlay -o "$1" "$2"'
        command = ["unshare", "--mount", "sh", "-c", script, "sh", options, str(trial / "merged")]
        return "vfs" if subprocess.run(command, capture_output=True).returncode else "overlay"


def _run(*command: str, stdin: str | None = None, stdout: bool = False, **more: str) -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, env={**os.environ, **more})
    if done.returncode:
        raise CannotBuild(f"{' '.join(command)[:200]} failed:\n{(done.stderr or done.stdout)[-3000:]}")
    return done.stdout if stdout else ""
