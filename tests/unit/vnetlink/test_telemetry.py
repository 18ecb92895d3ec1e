"""Log lines."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from vnetlink import telemetry


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_json_line_carries_the_object_and_its_turn(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.set_up("json", "INFO")
    with telemetry.turn(telemetry.Turn("PeeringPair", "team/a", "abc")):
        telemetry.turn_generation(4)
        logging.getLogger("vnetlink").info("made %s", "it")
    line = json.loads(capsys.readouterr().err)
    assert line["message"] == "made it"
    told = [line[field] for field in ("kind", "object", "generation", "reconcile")]
    assert told == ["PeeringPair", "team/a", 4, "abc"]


def test_outside_a_turn_there_is_no_object(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.set_up("text", "INFO")
    logging.getLogger("vnetlink").info("hello")
    assert "object=" not in capsys.readouterr().err


def test_an_exception_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.set_up("json", "INFO")
    try:
        raise RuntimeError("bug")
    except RuntimeError:
        logging.getLogger("vnetlink").exception("the turn failed")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "RuntimeError: bug" in json.loads(lines[0])["exception"]


def test_libraries_are_heard_only_when_something_is_wrong_and_azure_never_prints_requests(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry.set_up("text", "DEBUG")
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").info("Authorization: secret")
    telemetry.set_up("text", "INFO")
    logging.getLogger("kopf.objects").info("chatter")
    assert capsys.readouterr().err == ""
