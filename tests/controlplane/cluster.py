"""A real control plane for one test session: etcd, kube-apiserver and kube-controller-manager on 127.0.0.1.

Each Cluster has its own directory, ports and authority, and leaves no process behind, however its owner ends.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from controlplane import build, client, flags
from controlplane.guard import ProcessGroup, terminate
from controlplane.pki import Pki

CRDS = Path(__file__).resolve().parents[2] / "crds"
_START_SECONDS = 60.0
_STOP_SECONDS = 3.0
_KUBECTL_SECONDS = 180.0


class ControlPlaneFailed(Exception):
    """A program did not start or does not answer; `str()` ends with its last words."""


class Cluster:
    """etcd's data, logs, kubeconfig and keys lie in `directory`, which may be used again after stop().

    `flags` are further ones of kube-apiserver.
    """

    def __init__(self, directory: Path, *flags: str) -> None:
        self.directory, self._flags = directory.resolve(), flags
        self.kubeconfig = self.directory / "kubeconfig"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._reserved: list[socket.socket] = []
        self._group: ProcessGroup | None = None
        self._assets: Path | None = None

    @property
    def url(self) -> str:
        """Where the API server listens; the same over stop_apiserver() and start_apiserver()."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def etcd_url(self) -> str:
        """Where etcd listens, without authentication."""
        return f"http://127.0.0.1:{self._etcd_port}"

    @property
    def pids(self) -> tuple[int, ...]:
        """All processes of this control plane that run now."""
        return self._group.pids if self._group else ()

    def start(self) -> Cluster:
        """Returns when the API server is ready and the default service account exists."""
        self._assets = build.assets()
        self.directory.mkdir(parents=True, exist_ok=True)
        self._pki = Pki(self.directory / "pki")
        self._port, self._etcd_port, self._peer_port = (self._reserve_port() for _ in range(3))
        client.write_kubeconfig(self.kubeconfig, self.url, self._pki, "admin")
        self._group = ProcessGroup()
        try:
            self._spawn("etcd", flags.etcd(self.directory / "etcd", self._etcd_port, self._peer_port))
            self.start_apiserver()
            controllers = self.directory / "controller-manager.kubeconfig"
            client.write_kubeconfig(controllers, self.url, self._pki, "controller-manager")
            self._spawn("kube-controller-manager", flags.controller_manager(self._pki, controllers))
            account = "/api/v1/namespaces/default/serviceaccounts/default"
            self._wait("kube-controller-manager", lambda: self._answers(account))
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """Ends everything, the API server first, within a few seconds. The data stays."""
        for name in ("kube-controller-manager", "kube-apiserver", "etcd"):
            if process := self._running.get(name):
                terminate(process, _STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Ends everything at once, as a power cut would. May be called again."""
        if self._group is not None:
            self._group.kill()
        self._group = None
        self._running.clear()
        while self._reserved:
            self._reserved.pop().close()

    def stop_apiserver(self) -> None:
        """An outage: from now on connections are refused. etcd and the controllers run on."""
        process = self._running.pop("kube-apiserver")
        process.kill()
        process.wait()

    def start_apiserver(self) -> None:
        """Ends the outage: same port, same data. Returns when /readyz says ok."""
        self._spawn("kube-apiserver", flags.apiserver(self._pki, self._etcd_port, self._port, self._flags))
        self._wait("kube-apiserver", lambda: self._answers("/readyz"))

    def compact_etcd(self) -> int:
        """Forgets all history in etcd and returns the revision it starts at.

        The API server's watch cache keeps some of its own, so nobody notices while it runs. Between stop_apiserver() and
        start_apiserver(), every older resourceVersion is gone for good: 410 for watches and for exact lists.
        """
        return client.compact_etcd(self._etcd_port)

    def apply_crds(self, directory: Path = CRDS) -> None:
        """Applies the CRDs and returns when the API server serves them."""
        self._serve("-k", str(directory))

    def apply_crds_of(self, files: Path) -> None:
        """Applies these CRDs, a file or a directory, and returns when the API server serves them."""
        self._serve("-f", str(files))

    def _serve(self, *where: str) -> None:
        names = self.kubectl("apply", "--server-side", *where, "-o", "name").stdout.split()
        # kubectl gives up waiting for a condition where there is none at all yet.
        for what in ("jsonpath={.status.conditions[0].type}", "condition=Established"):
            self.kubectl("wait", f"--for={what}", "--timeout=30s", *names)

    def kubectl(
        self, *arguments: str, input: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Runs kubectl as admin. With `check`, a failure is CalledProcessError with kubectl's own words as a note."""
        program = shutil.which("kubectl")
        if program is None:
            raise ControlPlaneFailed("kubectl is not on PATH: install it (https://kubernetes.io/docs/tasks/tools/)")
        # A cache of its own: another control plane may have had this port yesterday.
        common = (f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.directory / 'kubectl-cache'}")
        done = subprocess.run(
            [program, *common, *arguments],
            input=input,
            capture_output=True,
            text=True,
            check=False,
            timeout=_KUBECTL_SECONDS,
        )
        if check and done.returncode:
            error = subprocess.CalledProcessError(done.returncode, ["kubectl", *arguments], done.stdout, done.stderr)
            error.add_note(done.stderr)
            raise error
        return done

    def _spawn(self, name: str, arguments: tuple[str, ...]) -> None:
        if self._group is None or self._assets is None:
            raise ControlPlaneFailed("the control plane was not started, or was stopped")
        log = self.directory / f"{name}.log"
        self._running[name] = self._group.spawn((str(self._assets / name), *arguments), log)

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not ready():
            try:
                self._running[name].wait(0.05)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
            raise ControlPlaneFailed(f"{name} did not become ready\n{self._last_words()}")

    def _last_words(self) -> str:
        logs = sorted(self.directory.glob("*.log"))
        return "\n".join(f"{log}:\n" + "\n".join(log.read_text("utf-8", "replace").splitlines()[-12:]) for log in logs)

    def _answers(self, path: str) -> bool:
        return client.status(self._port, self._pki, path) == 200

    def _reserve_port(self) -> int:
        """A free port that nobody else is given until kill(): bound with SO_REUSEPORT, never listened on."""
        reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(("127.0.0.1", 0))
        self._reserved.append(reserved)
        port: int = reserved.getsockname()[1]
        return port
