"""Overlap of address prefixes."""

from __future__ import annotations

import pytest

from vnetlink.domain.address_space import overlaps


@pytest.mark.parametrize(
    ("ours", "theirs", "clashes"),
    [
        (["10.0.0.0/16"], ["10.1.0.0/16"], ()),
        (["10.0.0.0/8"], ["10.1.0.0/16"], (("10.0.0.0/8", "10.1.0.0/16"),)),
        (["10.0.0.0/16", "10.2.0.0/16"], ["10.2.3.0/24"], (("10.2.0.0/16", "10.2.3.0/24"),)),
        (["fd00::/48"], ["10.0.0.0/8"], ()),
        (["fd00::/48"], ["fd00:0:0:1::/64"], (("fd00::/48", "fd00:0:0:1::/64"),)),
        (["not a prefix"], ["10.0.0.0/8"], ()),
    ],
)
def test_prefixes_overlap_exactly_when_they_share_an_address(
    ours: list[str], theirs: list[str], clashes: tuple[tuple[str, str], ...]
) -> None:
    assert overlaps(ours, theirs) == clashes
