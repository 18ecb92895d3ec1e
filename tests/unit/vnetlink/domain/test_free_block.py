"""Room for a subnet, and whether one fits."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vnetlink.domain.address_space import free_block, overlaps, within

subnets = st.lists(
    st.builds(
        lambda start, length: str(ip_network((0x0A000000 + start * 16, length), strict=False)),
        st.integers(0, 63),
        st.integers(24, 29),
    ),
    max_size=8,
)


@pytest.mark.parametrize(
    ("space", "used", "length", "block"),
    [
        (["10.0.0.0/16"], [], 27, "10.0.255.224/27"),
        (["10.0.0.0/16"], ["10.0.255.0/24"], 27, "10.0.254.224/27"),
        (["10.0.0.0/16"], ["10.0.255.240/29"], 27, "10.0.255.192/27"),
        (["10.0.0.0/27"], [], 27, "10.0.0.0/27"),
        (["10.0.0.0/27"], ["10.0.0.0/29"], 27, None),
        (["10.0.0.0/28"], [], 27, None),
        (["10.0.0.0/28", "10.1.0.0/24"], [], 27, "10.1.0.224/27"),
        (["fd00::/48", "10.0.0.0/24"], ["fd00::/64"], 26, "10.0.0.192/26"),
        (["fd00::/48"], [], 27, None),
        (["0.0.0.0/8"], ["0.0.0.0/8"], 27, None),
        (["nonsense", "10.0.0.0/24"], ["nonsense"], 27, "10.0.0.224/27"),
    ],
)
def test_the_highest_free_block_of_the_first_prefix_with_room_is_chosen(
    space: list[str], used: list[str], length: int, block: str | None
) -> None:
    assert free_block(space, used, length) == block


@settings(deadline=None)
@given(subnets, st.integers(24, 29))
def test_it_is_free_it_lies_within_and_none_that_is_higher_does(used: list[str], length: int) -> None:
    space = ip_network("10.0.0.0/22")
    block = free_block([str(space)], used, length)
    free = [str(one) for one in space.subnets(new_prefix=length) if not overlaps([str(one)], used)]
    assert block == (free[-1] if free else None)


@pytest.mark.parametrize(
    ("prefix", "space", "fits"),
    [
        ("10.0.1.0/24", ["10.0.0.0/16"], True),
        ("10.0.0.0/16", ["10.0.0.0/16"], True),
        ("10.0.0.0/15", ["10.0.0.0/16", "10.1.0.0/16"], False),
        ("10.2.0.0/24", ["10.0.0.0/16", "10.2.0.0/16"], True),
        ("fd00::/64", ["10.0.0.0/8"], False),
        ("nonsense", ["10.0.0.0/8"], False),
        ("10.0.0.0/24", [], False),
    ],
)
def test_a_prefix_fits_when_one_prefix_holds_all_of_it(prefix: str, space: list[str], fits: bool) -> None:
    assert within(prefix, space) is fits
