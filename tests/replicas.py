"""Several operator processes on one cluster and one Azure, each with a client id of its own, so that Azure's log tells who wrote."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from estate import OPERATOR_NAMESPACE, Estate, eventually
from operator_process import OperatorProcess

QUICK = (
    "--leader-elect-lease-duration=8",
    "--leader-elect-renew-deadline=6",
    "--leader-elect-retry-period=2",
)


class Replicas:
    """Replica `n` is known to Azure as `replica-n`. `args` go to each of them."""

    def __init__(self, estate: Estate, lease: str, *args: str) -> None:
        self.estate, self.lease = estate, lease
        self._args = ("--identity-namespaces=*", "--leader-elect", f"--leader-elect-resource-name={lease}", *args)
        self.processes: list[OperatorProcess] = []

    def start(self, count: int) -> Replicas:
        """Start so many more; each is ready at the end."""
        azure, began = self.estate.azure.env, len(self.processes)
        for n in range(began, began + count):
            env = {**azure, "AZURE_CLIENT_ID": f"replica-{n}"}
            log = self.estate.dir / f"replica-{n}.log"
            self.processes.append(OperatorProcess(log, self.estate.cluster.kubeconfig, env, self._args).start())
        for process in self.processes[began:]:
            process.wait_ready()
        return self

    def leaders(self, but: int | None = None) -> list[int]:
        """Those that say of themselves that they lead; `but` is not asked: one that is paused would not answer."""
        said = re.compile(rf'^leader_election_master_status{{name="{self.lease}"}} 1\.0$', re.MULTILINE)
        return [n for n, one in enumerate(self.processes) if n != but and one.alive and said.search(_metrics(one))]

    def leader(self, within: float = 30.0, but: int | None = None) -> int:
        """The one that leads, as soon as exactly one other than `but` does."""
        return eventually("a leader", lambda: self.leaders(but), within, every=0.02)[0]

    def hand_over(self, within: float) -> int:
        """SIGTERM to the leader; the next one, so many seconds after the signal at the latest. The old one ends well."""
        old = self.leader()
        self.processes[old].signal(signal.SIGTERM)
        new = self.leader(within, but=old)
        assert self.processes[old].ended() == 0
        return new

    def renewed(self) -> datetime:
        """When the lease was last taken or renewed, by whoever holds it."""
        shown = ("get", "lease", self.lease, "--output=jsonpath={.spec.renewTime}")
        return datetime.fromisoformat(self.estate.cluster.kubectl("-n", OPERATOR_NAMESPACE, *shown).stdout)

    def writers(self, since: int = 0) -> list[str]:
        """Who has sent writes to Resource Manager after `since`, one entry each, oldest first."""
        sent = self.estate.azure.requests(since, path="^/subscriptions/")
        return [one["principal"] for one in sent if one["method"] != "GET" and one["principal"].startswith("replica-")]

    def end(self) -> None:
        """SIGKILL to all."""
        for process in self.processes:
            process.kill()


@contextmanager
def replicas(estate: Estate, lease: str, *args: str) -> Iterator[Replicas]:
    """None is started yet, and none survives the block."""
    several = Replicas(estate, lease, *args)
    try:
        yield several
    finally:
        several.end()


def timed(until: Callable[[], object]) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    until()
    return time.monotonic() - began


def _metrics(process: OperatorProcess) -> str:
    try:
        return process.metrics()
    except OSError:
        return ""
