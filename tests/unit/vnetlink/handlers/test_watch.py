"""kopf's settings, and that nothing registered with it would ever write."""

from __future__ import annotations

from itertools import islice

import kopf

from vnetlink.handlers.settings import EndlessBackoffs, settings
from vnetlink.handlers.watch import registry
from vnetlink.kube.api import Connection


async def connect() -> Connection:
    return Connection("https://localhost", None, False, "Bearer t", None, None)


def test_backoffs_never_end_and_start_anew_for_each_request() -> None:
    backoffs = EndlessBackoffs()
    for _ in range(2):
        first = list(islice(backoffs, 50))
        assert 0.75 <= first[0] <= 1.25
        assert all(22.5 <= delay <= 37.5 for delay in first[6:])


def test_kopf_is_alone_quiet_and_patient() -> None:
    ours = settings()
    assert ours.peering.standalone
    assert ours.scanning.disabled
    assert not ours.posting.enabled
    assert ours.networking.enforce_retry_after
    assert ours.networking.error_backoffs is not iter(ours.networking.error_backoffs)  # type: ignore[arg-type]
    assert ours.queueing.worker_limit is None
    assert ours.persistence.finalizer.startswith("vnetlink.dev/")


def test_nothing_is_registered_that_needs_a_finalizer_or_an_annotation() -> None:
    ours = registry("peeringpairs", lambda change, body: None, connect)
    assert not ours._changing.get_all_handlers()
    assert not ours._spawning.get_all_handlers()
    assert not ours._indexing.get_all_handlers()
    assert len(ours._watching.get_all_handlers()) == 1


def test_the_default_registry_stays_empty() -> None:
    registry("peeringpairs", lambda change, body: None, connect)
    assert not kopf.get_default_registry()._watching.get_all_handlers()
