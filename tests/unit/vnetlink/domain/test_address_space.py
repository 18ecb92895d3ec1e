"""Overlap of address prefixes."""

from __future__ import annotations

import time
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnetlink.domain.address_space import overlaps

prefixes = st.lists(
    st.builds(
        lambda start, length: str(IPv4Network((start << 28, length), strict=False)),
        st.integers(0, 15),
        st.integers(0, 6),
    )
)


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


@given(prefixes, prefixes)
def test_it_is_every_pair_in_the_order_in_which_they_were_given(ours: list[str], theirs: list[str]) -> None:
    pairs = tuple((a, b) for a in ours for b in theirs if IPv4Network(a).overlaps(IPv4Network(b)))
    assert overlaps(ours, theirs) == pairs


def test_thousands_of_prefixes_do_not_hold_everybody_up() -> None:
    ours, theirs = ([f"{first}.{n >> 8}.{n & 255}.0/24" for n in range(4000)] for first in (10, 11))
    began = time.process_time()
    assert overlaps(ours, theirs) == ()
    assert time.process_time() - began < 3
