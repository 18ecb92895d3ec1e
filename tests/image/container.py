"""Runs a program of an unpacked image as a container runtime would: its own root, mounted read-only, a plain user, /tmp alone writable."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

USER = 65532  # distroless' nonroot

MOUNTS = """
root=$1; shared=$2; shift 2
mount --bind "$root" "$root"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mkdir -p "$root$shared"
mount --rbind "$shared" "$root$shared"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --bind /etc/hosts "$root/etc/hosts"
mount -o remount,bind,ro "$root"
exec /usr/bin/env -i "$@"
"""


def config(image: Path) -> dict[str, Any]:
    """User, Env, Entrypoint and Cmd of an image, as Docker names them."""
    inspected = json.loads(image.with_suffix(".json").read_text())
    return dict(inspected["OCIv1"]["config"])


def inside(image: Path, shared: Path, env: Mapping[str, str]) -> list[str]:
    """The command line that runs the image's entry point, further arguments to come. `shared`, under /tmp, is mounted as it is."""
    given = config(image)
    mounted = ["unshare", "--mount", "--", "sh", "-ec", MOUNTS, "sh", str(image), str(shared)]
    environment = [*given["Env"], *(f"{name}={value}" for name, value in env.items())]
    return [*mounted, *environment, "/usr/sbin/chroot", f"--userspec={given['User']}", str(image), *given["Entrypoint"]]


def hand_over(path: Path) -> None:
    """Give a directory and what is in it to the plain user."""
    for one in (path, *path.rglob("*")):
        os.chown(one, USER, USER)
