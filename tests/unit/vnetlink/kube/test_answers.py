"""What the API server's answers mean."""

from __future__ import annotations

from datetime import timedelta

import pytest

from vnetlink.domain.outcome import Absent, Later, Present, Refused, Unreadable
from vnetlink.kube.answers import CONFLICT, Gone, Written, seen, written
from vnetlink.kube.api import Answer, path


def test_only_404_is_an_absence() -> None:
    assert seen(Answer(404)) == Absent()
    assert seen(Answer(200, {"kind": "X"})) == Present({"kind": "X"})
    for status in (0, 400, 401, 403, 410, 429, 500, 503):
        assert isinstance(seen(Answer(status)), Unreadable), status


@pytest.mark.parametrize(("status", "transient"), [(0, True), (429, True), (503, True), (403, False)])
def test_an_outage_is_told_from_a_refusal_that_lasts(status: int, transient: bool) -> None:
    found = seen(Answer(status, retry_after=timedelta(seconds=3)))
    assert isinstance(found, Unreadable)
    assert (found.transient, found.retry_after) == (transient, timedelta(seconds=3))


@pytest.mark.parametrize("status", [0, 401, 408, 409, 429, 500, 502, 503, 504])
def test_what_may_pass_by_itself_comes_later(status: int) -> None:
    assert isinstance(written(Answer(status)), Later)


@pytest.mark.parametrize("status", [400, 403, 405, 422])
def test_a_definite_no_is_refused(status: int) -> None:
    assert isinstance(written(Answer(status, {"reason": "Forbidden"})), Refused)


def test_a_write_to_something_gone_is_gone() -> None:
    assert written(Answer(404)) == Gone()


def test_a_conflict_is_told_from_an_outage() -> None:
    conflict, outage = written(Answer(409)), written(Answer(503))
    assert isinstance(conflict, Later)
    assert isinstance(outage, Later)
    assert conflict.reason is CONFLICT
    assert outage.reason is not CONFLICT


def test_a_write_that_was_taken_knows_its_version() -> None:
    outcome = written(Answer(200, {"metadata": {"resourceVersion": "7"}}))
    assert isinstance(outcome, Written)
    assert outcome.resource_version == "7"


def test_a_name_never_becomes_more_than_one_segment_of_a_path() -> None:
    assert path("apis", "../secrets", "a b?c#d") == "/apis/..%2Fsecrets/a%20b%3Fc%23d"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_never_becomes_less_than_one_segment_of_a_path(name: str) -> None:
    with pytest.raises(ValueError, match="are no path"):
        path("api", "v1", "namespaces", "team", "secrets", name)
