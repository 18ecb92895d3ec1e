"""README tells every reason that the code can give, in the code's own words, and names only make targets that exist."""

from __future__ import annotations

import re
from pathlib import Path

from vnetlink.domain.reasons import Reason

REPO = Path(__file__).resolve().parents[2]
README = (REPO / "README.md").read_text()


def reason_rows() -> list[str]:
    """The table of reasons as the code has it."""
    rows = [f"| `{reason.value}` | {reason.facts.severity.value} | {reason.facts.remedy} |" for reason in Reason]
    return ["| reason | severity | what to do |", "|---|---|---|", *rows]


def test_the_table_of_reasons_is_the_closed_list_in_the_code() -> None:
    section = README.partition("## Reasons\n")[2].partition("\nAn Azure error")[0]
    assert section.strip().splitlines() == reason_rows(), "paste this:\n" + "\n".join(reason_rows())


def test_every_make_target_that_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPO / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)\b", README)) - {"sure"} <= targets


def test_every_path_that_readme_names_exists() -> None:
    named = re.findall(r"`((?:crds|operator|tests|demo|bench|docs|planning|azure|domain)/[\w/.]*)`", README)
    roots = (REPO, REPO / "operator" / "vnetlink")
    assert [path for path in named if not any((root / path).exists() for root in roots)] == []
