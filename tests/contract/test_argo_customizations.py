"""deploy/gitops/argocd, judged by Argo CD's own Lua engine and settings: as Argo CD's repository tests its customizations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest
import yaml

from argocd import build
from argocd.customizations import CONFIG_MAP, KINDS, SCRIPTS

REQUESTED = "vnetlink.dev/reconcile-requested-at"


def ask(*questions: Mapping[str, Any]) -> list[Any]:
    return build.ask(yaml.safe_load(CONFIG_MAP.read_text())["data"], questions)


def rows(kind: str, name: str, tests: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each test in a file, with the object that it is about."""
    home = (SCRIPTS / kind / name).parent
    for row in yaml.safe_load((SCRIPTS / kind / name).read_text())[tests]:
        yield row, yaml.safe_load((home / row["inputPath"]).read_text())


@pytest.mark.parametrize("kind", KINDS)
def test_health_is_what_the_object_says(kind: str) -> None:
    tests = list(rows(kind, "health_test.yaml", "tests"))
    answers = ask(*({"ask": "health", "live": live} for _, live in tests))
    assert answers == [row["healthStatus"] for row, _ in tests]
    assert {"Healthy", "Progressing", "Degraded"} <= {answer["status"] for answer in answers}


@pytest.mark.parametrize("kind", KINDS)
def test_health_does_not_depend_on_the_order_of_conditions(kind: str) -> None:
    tests = list(rows(kind, "health_test.yaml", "tests"))
    for _, live in tests:
        live["status"].get("conditions", []).reverse()
    answers = ask(*({"ask": "health", "live": live} for _, live in tests))
    assert answers == [row["healthStatus"] for row, _ in tests]


def test_an_object_without_a_status_or_in_deletion_is_progressing() -> None:
    ((_, live), *_) = (one for one in rows("VNetLink", "health_test.yaml", "tests") if "healthy" in one[0]["inputPath"])
    bare = {key: value for key, value in live.items() if key != "status"}
    deleted = deepcopy(live)
    deleted["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    answers = ask({"ask": "health", "live": bare}, {"ask": "health", "live": deleted})
    assert [answer["status"] for answer in answers] == ["Progressing", "Progressing"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_actions_that_are_offered_are_those_that_make_sense(kind: str) -> None:
    tests = list(rows(kind, "actions/action_test.yaml", "discoveryTests"))
    answers = ask(*({"ask": "actions", "live": live} for _, live in tests))
    for (row, _), answer in zip(tests, answers, strict=True):
        offered = {one["name"]: one.get("disabled", False) for one in answer}
        assert offered == {one["name"]: one["disabled"] for one in row["result"]}


@pytest.mark.parametrize("kind", KINDS)
def test_an_action_changes_one_field_and_nothing_else(kind: str) -> None:
    tests = list(rows(kind, "actions/action_test.yaml", "actionTests"))
    answers = ask(*({"ask": "run", "action": row["action"], "live": live} for row, live in tests))
    for (row, _), answer in zip(tests, answers, strict=True):
        expected = yaml.safe_load((SCRIPTS / kind / "actions" / row["expectedOutputPath"]).read_text())
        if row["action"] == "reconcile":
            now = answer["metadata"]["annotations"][REQUESTED]
            assert now.endswith("Z")
            expected["metadata"]["annotations"][REQUESTED] = now
        assert answer == expected
