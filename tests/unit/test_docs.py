"""docs/ is what the code is: the reference is not stale, versions are those that are installed, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import reference

DOCS = reference.REPO / "docs"
WRITTEN = reference.pages()
PAGES = sorted(path for path in DOCS.rglob("*.md") if path.parent != DOCS / "design")


@pytest.mark.parametrize("name", WRITTEN)
def test_the_reference_is_not_stale(name: str) -> None:
    assert (reference.REFERENCE / name).read_text() == WRITTEN[name], "run: make reference"


def test_the_versions_of_the_support_matrix_are_those_that_the_tests_run_with() -> None:
    told = re.findall(r"^\| `([\w-]+)` \| ([\d.]+) \|$", (DOCS / "reference" / "support.md").read_text(), re.MULTILINE)
    constraints = (reference.REPO / "constraints.txt").read_text().splitlines()
    assert told
    assert [f"{package}=={version}" for package, version in told if f"{package}=={version}" not in constraints] == []


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    links = re.findall(r"\]\((?!https:)([^)#]*)#?([\w-]*)\)", page.read_text())
    for path, anchor in links:
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def test_readme_and_the_index_lead_to_the_pages() -> None:
    assert "](docs/README.md)" in (reference.REPO / "README.md").read_text()
    told = (DOCS / "README.md").read_text()
    generated = {f"reference/{name}" for name in WRITTEN}
    assert [name for name in sorted(generated) if f"]({name})" not in told] == []
