"""/livez says when the process must be restarted, and what must not end by itself ends it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
from pathlib import Path

import yaml

from estate import OPERATOR_NAMESPACE, Estate, eventually
from failing_apiserver import FailingApiServer
from operator_process import OperatorProcess

PATIENCE = 2  # seconds; the real ones are minutes
IMPATIENT = f"""
import runpy
from vnetlink.handlers import health
health.LONGEST_LAG = health.LONGEST_SILENCE = health.LONGEST_WAIT = health.LONGEST_TURN = {PATIENCE}
runpy.run_module("vnetlink", run_name="__main__")
"""


def impatient(estate: Estate, kubeconfig: Path, *args: str) -> OperatorProcess:
    """The operator as it is, but for the numbers above."""
    given = ("--identity-namespaces=*", *args)
    program = (sys.executable, "-c", IMPATIENT)
    return OperatorProcess(estate.dir / "operator.log", kubeconfig, estate.azure.env, given, program)


def sick(operator: OperatorProcess, words: str) -> None:
    """Until /livez says no, with these words."""

    def told() -> bool:
        live, text = operator.ask("/livez")
        return not live and words in text

    eventually(f"/livez: {words}", told)


def test_a_turn_that_hangs_an_object_that_waits_and_a_blocked_loop_ask_for_a_restart(estate: Estate) -> None:
    ends = [estate.azure.vnet(f"vnet{n}", f"10.{n}.0.0/16") for n in range(4)]
    estate.operator = impatient(estate, estate.cluster.kubeconfig, "--workers=1")
    estate.start()
    eventually("well", lambda: estate.operator.ask("/livez") == (True, "ok\n"))

    estate.azure.fault(kind="hold", method="GET", when="before", path="/virtualNetworks/")
    estate.pair("hangs", *ends[:2])
    sick(estate.operator, "the turn of an object has not ended for")
    estate.pair("waits", *ends[2:])
    sick(estate.operator, "an object has waited")
    estate.azure.clear_faults()
    estate.wait_ready("waits")
    eventually("well again", lambda: estate.operator.ask("/livez") == (True, "ok\n"))

    estate.operator.signal(signal.SIGSTOP)
    assert estate.operator.ask("/livez") == (False, "timed out")
    asked = http.client.HTTPConnection("127.0.0.1", estate.operator.port, timeout=30)
    asked.request("GET", "/livez")
    estate.operator.signal(signal.SIGCONT)
    answer = asked.getresponse()
    assert (answer.status, b"the event loop was blocked for" in answer.read()) == (500, True)
    asked.close()


def test_a_watch_whose_thread_is_stuck_asks_for_a_restart_and_does_not_keep_the_process_from_ending(
    estate: Estate,
) -> None:
    token = TokenFile(estate.dir)
    config = yaml.safe_load(estate.cluster.kubeconfig.read_text())
    config["users"][0]["user"]["tokenFile"] = str(token.path)
    kubeconfig = estate.dir / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(config))
    estate.operator = impatient(estate, kubeconfig).start()
    for _ in ("asks what is served", "reads and writes"):
        token.serve()  # the next to ask are the watches, each in its thread
    sick(estate.operator, "a watch on the Kubernetes API server has been stuck for")
    assert not estate.operator.ready()[0]
    assert estate.operator.stop() == 0


class TokenFile:
    """A file whose readers wait until they are served, as on a volume that hangs."""

    def __init__(self, directory: Path) -> None:
        self.path, self._next = directory / "token", directory / "token.next"
        os.mkfifo(self.path)

    def serve(self) -> None:
        """One reader, as soon as there is one."""
        writing = eventually("a reader", self._opened)
        os.mkfifo(self._next)
        self._next.replace(self.path)  # for the next reader
        os.write(writing, b"nobody-looks-at-this-beside-a-certificate")
        os.close(writing)

    def _opened(self) -> int:
        try:
            return os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads
            return 0


def test_an_election_that_fails_ends_the_process(estate: Estate) -> None:
    now = "2026-01-01T00:00:00.000000Z"
    spec = {"holderIdentity": "another", "leaseDurationSeconds": 3600, "acquireTime": now, "renewTime": now}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "contended"}, "spec": spec}
    estate.cluster.kubectl("-n", OPERATOR_NAMESPACE, "create", "-f", "-", input=json.dumps(lease))
    args = ("--leader-elect", "--leader-elect-resource-name=contended")
    with (
        FailingApiServer(estate.cluster, estate.dir) as door,
        OperatorProcess(estate.dir / "operator.log", door.kubeconfig, estate.azure.env, args) as operator,
    ):
        operator.wait_ready()
        door.fail(200, "GET", path="/leases/")  # an answer that is no Lease
        assert operator.ended() == 1
        assert "the election ended by itself" in operator.log()
