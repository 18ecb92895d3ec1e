"""SECURITY.md claims only what is tested or says that it is not: every test that it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
SECURITY = (REPO / "SECURITY.md").read_text()
THREATS = dict(re.findall(r"^- \*\*(T\d+) (.*?)(?=^- \*\*T\d+ |^## )", SECURITY, re.MULTILINE | re.DOTALL))
MUST_BE_TESTED = 11  # T1 to T11
TESTS = re.findall(r"`([\w/]+\.py)::(\w+)`", SECURITY)


def threats_of_the_design() -> list[str]:
    """The rows of the threat model."""
    return re.findall(r"^\| (T\d+) \|", (REPO / "docs" / "design" / "faults.md").read_text(), re.MULTILINE)


def test_every_threat_of_the_design_has_its_row() -> None:
    assert list(THREATS) == threats_of_the_design()


@pytest.mark.parametrize("threat", THREATS)
def test_a_threat_names_its_tests_or_from_t12_on_says_that_there_is_none(threat: str) -> None:
    text = " ".join(THREATS[threat].split())
    assert re.search(r"\.py::test_\w+`", text) or (
        int(threat[1:]) > MUST_BE_TESTED and re.search("[Nn]ot tested", text)
    )


@pytest.mark.parametrize(("file", "test"), TESTS)
def test_every_test_that_is_named_exists(file: str, test: str) -> None:
    assert re.search(rf"^(?:async )?def {test}\(", (REPO / "tests" / file).read_text(), re.MULTILINE)


def test_every_path_that_is_named_exists() -> None:
    named = re.findall(r"`((?:tests|operator|crds|deploy)/[\w/.]+)`", SECURITY) + re.findall(
        r"\]\(([\w/.]+)\)", SECURITY
    )
    assert named
    assert [path for path in named if not (REPO / path).exists()] == []


@pytest.mark.parametrize("document", ["deploy/RUNBOOK.md", "SECURITY.md"])
def test_readme_links_it(document: str) -> None:
    assert f"]({document})" in (REPO / "README.md").read_text()
