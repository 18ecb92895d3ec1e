"""Size, start and memory of the operator's image, as root; prints the table of RESULTS.md.

`PYTHONPATH=tests .venv/bin/python -m bench.image`
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from armsim_process import ArmsimProcess
from estate import OPERATOR_NAMESPACE, control_plane
from image import build
from image.test_image import operator_from


def main() -> None:
    """One start of each image on a control plane and an Azure of their own."""
    images = build.images()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = stack.enter_context(control_plane(directory / "controlplane"))
        azure = stack.enter_context(ArmsimProcess(directory / "armsim"))
        cluster.kubectl("create", "namespace", OPERATOR_NAMESPACE)
        operator = operator_from(images / "operator", cluster, azure, directory)
        began = time.monotonic()
        with operator:
            operator.wait_ready()
            started = time.monotonic() - began
            assert operator.process is not None
            status = Path(f"/proc/{operator.process.pid}/status").read_text()
    size = sum(file.lstat().st_size for file in (images / "operator").rglob("*") if not file.is_dir())
    python = sum(file.lstat().st_size for file in (images / "operator/usr").rglob("*") if not file.is_dir())
    print("| unpacked, MiB | of it Python and Debian | start to ready, s | RSS when ready, MiB |\n|---|---|---|---|")
    rss = int(status.partition("VmRSS:")[2].split()[0]) // 1024
    print(f"| {size >> 20} | {python >> 20} | {started:.1f} | {rss} |")


if __name__ == "__main__":
    main()
