"""How old a read may be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from properties.azure_model import IDS, THIRD
from vnetlink.domain.specs import Lifecycle
from vnetlink.planning.ages import FRESH, Ages, ages

HALF_A_MINUTE = timedelta(seconds=30)


@pytest.mark.parametrize(
    ("interval", "asked", "rested", "restless", "seconds"),
    [
        (300, True, True, HALF_A_MINUTE, 0),  # a person asked
        (300, False, True, HALF_A_MINUTE, 60),
        (86400, False, True, HALF_A_MINUTE, 60),  # the slowest interval counts
        (2, False, True, HALF_A_MINUTE, 0.4),
        (300, False, False, HALF_A_MINUTE, 30),
        (60, False, False, HALF_A_MINUTE, 12),
        (2, False, False, HALF_A_MINUTE, 1),
        (300, False, False, FRESH, 1),
        (2, False, False, FRESH, 1),
    ],
)
def test_the_age_of_a_calm_read(interval: int, asked: bool, rested: bool, restless: timedelta, seconds: float) -> None:
    lifecycle = Lifecycle(interval=timedelta(seconds=interval))
    assert ages(lifecycle, asked, rested, restless).calm == timedelta(seconds=seconds)


def test_exact_ids_are_fresh_in_any_casing() -> None:
    old = Ages(HALF_A_MINUTE, frozenset({str(IDS.vnet1).lower()}))
    assert (old.of(IDS.vnet1), old.of(IDS.vnet2)) == (FRESH, HALF_A_MINUTE)


def test_before_a_write_what_a_person_asked_for_is_not_read_once_more() -> None:
    assert Ages(timedelta(0)).before_write(IDS.vnet1) == Ages(FRESH, frozenset({IDS.vnet1.key}))
    assert Ages(HALF_A_MINUTE).before_write(IDS.vnet1).of(THIRD) == HALF_A_MINUTE


def test_sharp_is_never_older_than_fresh() -> None:
    assert Ages(HALF_A_MINUTE).sharp().calm == FRESH
    assert Ages(timedelta(0)).sharp().calm == timedelta(0)
