"""kopf's settings: a watcher that outlasts every outage it can, and otherwise ends so that the process does (design/kopf.md A2)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import kopf

PREFIX = "vnetlink.dev"


@dataclass(frozen=True, slots=True)
class EndlessBackoffs:
    """Seconds between tries of one request: 1, 2, 4 … 30, 30 … ±25 %. Iterated anew for each request, never used up."""

    longest: float = 30.0

    def __iter__(self) -> Iterator[float]:
        delay = 1.0
        while True:
            yield delay * random.uniform(0.75, 1.25)
            delay = min(self.longest, delay * 2)


def settings() -> kopf.OperatorSettings:
    """kopf as a watcher that outlasts every outage it can, and otherwise ends so that the process does, too."""
    ours = kopf.OperatorSettings()
    ours.peering.standalone = True
    ours.scanning.disabled = True
    ours.posting.enabled = False
    ours.posting.loggers = False
    ours.networking.error_backoffs = EndlessBackoffs()
    ours.networking.request_timeout, ours.networking.connect_timeout = 30, 5
    ours.networking.enforce_retry_after = True
    ours.watching.server_timeout, ours.watching.inactivity_timeout, ours.watching.reconnect_backoff = 300, 70, 1.0
    ours.queueing.worker_limit, ours.queueing.idle_timeout, ours.queueing.exit_timeout = None, 5, 2
    ours.queueing.error_delays = (1, 5, 15, 60)
    # never written by event handlers; should one slip in, it writes under our name and not under everybody's
    ours.persistence.finalizer = f"{PREFIX}/watcher"
    ours.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=PREFIX, v1=False)
    ours.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=PREFIX, v1=False)
    ours.execution.max_workers = 4
    ours.process.ultimate_exiting_timeout = 40
    return ours
