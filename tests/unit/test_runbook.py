"""The runbook has one section for each reason, with cause, check and fix, and names only fields and flags that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from vnetlink.config import parse
from vnetlink.domain.reasons import Reason

REPO = Path(__file__).resolve().parents[2]
RUNBOOK = (REPO / "deploy" / "RUNBOOK.md").read_text()
SECURITY = (REPO / "SECURITY.md").read_text()
SPAN = re.compile(r"`([^`]+)`")
COMMAND = re.compile(r"(?:kubectl|az|curl|openssl|python -m vnetlink) |--[a-z]")


def sections() -> dict[str, str]:
    """The text under each heading of the third level."""
    found = re.findall(r"^### (.+)\n((?:(?!#).*\n)*)", RUNBOOK, re.MULTILINE)
    return {heading.strip("`"): text for heading, text in found}


def parts(section: str) -> dict[str, str]:
    """Its Cause, Check and Fix."""
    found = re.split(r"^- \*\*(\w+)\*\*: ", section, flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in zip(found[1::2], found[2::2], strict=True)}


def fields() -> frozenset[str]:
    """Every field of spec of every kind, as spec.a.b."""
    documents = [yaml.safe_load(file.read_text()) for file in (REPO / "crds").glob("*.yaml")]
    crds = [one for one in documents if one["kind"] == "CustomResourceDefinition"]
    schemas = [
        version["schema"]["openAPIV3Schema"]["properties"]["spec"]
        for one in crds
        for version in one["spec"]["versions"]
    ]
    return frozenset(path for schema in schemas for path in _below("spec", schema))


def _below(path: str, schema: dict[str, Any]) -> Iterator[str]:
    yield path
    for name, field in (schema.get("properties") or schema.get("items", {}).get("properties", {})).items():
        yield from _below(f"{path}.{name}", field)


def test_there_is_one_heading_for_each_reason_in_the_order_of_the_code() -> None:
    assert re.findall(r"^### (.+)$", RUNBOOK, re.MULTILINE) == [f"`{reason.value}`" for reason in Reason]


def test_the_reasons_stand_in_four_groups() -> None:
    assert re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE) == ["Progress", "Good", "Unknown", "Act"]


@pytest.mark.parametrize("reason", [reason.value for reason in Reason])
def test_a_section_has_cause_check_and_fix_in_a_few_lines(reason: str) -> None:
    section = sections()[reason]
    told = parts(section)
    assert list(told) == ["Cause", "Check", "Fix"]
    assert all(told.values())
    assert 3 <= len(section.strip().splitlines()) <= 7
    first = SPAN.match(told["Check"])
    assert first is not None
    assert COMMAND.match(first[1]), "a check begins with its command"


@pytest.mark.parametrize("reason", [reason.value for reason in Reason])
def test_a_fix_names_a_command_or_a_field(reason: str) -> None:
    spans = SPAN.findall(parts(sections()[reason])["Fix"])
    assert any(COMMAND.match(span) or span.startswith("spec.") for span in spans)


@pytest.mark.parametrize("text", [RUNBOOK, SECURITY], ids=["runbook", "security"])
def test_every_field_of_spec_that_is_named_exists(text: str) -> None:
    named = {path for span in SPAN.findall(text) for path in re.findall(r"\bspec(?:\.\w+)*", span)}
    assert named
    assert named - fields() == set()


@pytest.mark.parametrize("text", [RUNBOOK, SECURITY], ids=["runbook", "security"])
def test_every_flag_of_ours_that_is_named_exists(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("run", "explain", "scan"):
        with pytest.raises(SystemExit):
            parse([command, "--help"], {}, "0")
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    ours = [span for span in SPAN.findall(text) if span.startswith(("--", "python -m vnetlink"))]
    named = {flag for span in ours for flag in re.findall(r"--[a-z-]+", span)}
    assert named
    assert named - known == set()


@pytest.mark.parametrize("text", [RUNBOOK, SECURITY], ids=["runbook", "security"])
def test_lines_fit_the_page_unless_one_word_or_a_table_row_does_not(text: str) -> None:
    wide = [line for line in text.splitlines() if len(line) > 120 and not line.startswith("|")]
    assert [line for line in wide if not re.fullmatch(r"\s*(?:[^\s`]|`[^`]*`)+", line)] == []
