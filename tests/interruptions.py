"""Ending the operator at a chosen request to Azure, and what Azure had taken from it by then."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any, Literal

from estate import Estate, eventually

Moment = Literal["unaccepted", "unanswered", "answered"]
MOMENTS: tuple[Moment, ...] = ("unaccepted", "unanswered", "answered")
WRITES = {"method": "PUT|DELETE|PATCH|POST", "path": "^/subscriptions/"}


def own(estate: Estate, since: int = 0) -> list[dict[str, Any]]:
    """The operator's own requests to Resource Manager after `since`, oldest first."""
    me = estate.azure.env["AZURE_CLIENT_ID"]
    return [one for one in estate.azure.requests(since, path="^/subscriptions/") if one["principal"] == me]


def taken(estate: Estate, since: int = 0) -> list[str]:
    """The writes that Azure took from the operator after `since`, as `METHOD name[ sync]`, oldest first."""
    writes = (one for one in own(estate, since) if one["method"] != "GET" and one["applied"] and one["status"] < 300)
    return [_named(one) for one in writes]


def rest(estate: Estate, vnet: str, reads: int = 2) -> None:
    """Wait until the operator has looked at a VNet again so many times: what it still wanted to write is written."""
    since, name = estate.azure.last_request(), vnet.rpartition("/")[2]
    eventually(
        f"{reads} reads of {name}", lambda: len(estate.azure.requests(since, "GET", f"/{name}\\b")) >= reads, every=0.05
    )


def kill_at(estate: Estate, nth: int, moment: Moment, trigger: Callable[[], object]) -> None:
    """kill -9 at the `nth` write, counted from 1, that follows on `trigger`.

    unaccepted: sent, and Azure never works on it. unanswered: done in Azure, the answer never arrives.
    answered: the answer was worked on up to the next read.
    """
    me = estate.azure.env["AZURE_CLIENT_ID"]
    when = "before" if moment == "unaccepted" else "after"
    write = estate.azure.fault(kind="hold", when=when, nth=nth, principal=me, **WRITES)
    trigger()
    eventually(f"write {nth}", lambda: _held(estate, write), every=0.02)
    if moment == "answered":
        read = estate.azure.fault(kind="hold", method="GET", principal=me)
        estate.azure.release(write)
        eventually(f"the read after write {nth}", lambda: _held(estate, read), every=0.02)
    estate.operator.kill()
    estate.azure.clear_faults()


def _held(estate: Estate, fault: str) -> bool:
    return any(one["fault"] == fault for one in estate.azure.holding())


def _named(request: dict[str, Any]) -> str:
    path, _, query = str(request["path"]).partition("?")
    sync = " sync" if "syncremoteaddressspace=true" in query.lower() else ""
    return f"{request['method']} {path.rsplit('/', 1)[-1]}{sync}"


class Watched:
    """Every version of one object while the block runs, as `shows` (jsonpath) says it: by default "True Connected"."""

    READY = '{.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].reason}'

    def __init__(self, estate: Estate, name: str, shows: str = READY) -> None:
        self._log = estate.dir / f"watched-{name}"
        self._command = [
            *("kubectl", f"--kubeconfig={estate.cluster.kubeconfig}", f"--namespace={estate.namespace}"),
            *("get", estate.kind, name, "--watch", f'--output=jsonpath={shows}{{"\\n"}}'),
        ]

    @property
    def versions(self) -> list[str]:
        """Oldest first; the first is the one that stood when the block began."""
        return self._log.read_text().splitlines()

    def __enter__(self) -> Watched:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=subprocess.DEVNULL)
        eventually("the first version", lambda: self.versions)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
