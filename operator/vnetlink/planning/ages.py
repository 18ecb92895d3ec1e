"""How old what a turn reads may be. A cached read costs nothing; a fresh one is owed where something is about to change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from vnetlink.domain.arm_id import ArmId
from vnetlink.domain.specs import Lifecycle
from vnetlink.planning.plan import SLOWEST_INTERVAL

FRESH = timedelta(seconds=1)  # before a write, and while something is on its way
CALM = timedelta(seconds=30)  # what only tells something is read no more often


@dataclass(frozen=True, slots=True)
class Ages:
    """Reads of the ids in `exact` (lower-cased keys) must be fresh, others at most `calm` old."""

    calm: timedelta
    exact: frozenset[str] = frozenset()

    def of(self, id: ArmId) -> timedelta:
        """How old a read of this resource may be."""
        return FRESH if id.key in self.exact else self.calm

    def sharp(self) -> Ages:
        """The same with every read fresh: something is on its way, wherever it is seen first."""
        return replace(self, calm=min(self.calm, FRESH))

    def before_write(self, *ids: ArmId) -> Ages:
        """For the plan that is made under the locks: exact about what the write concerns. What a person asked for was read."""
        return Ages(max(self.calm, FRESH), frozenset(id.key for id in ids))


ASKED = Ages(timedelta(0))  # a person who asks gets a new read


def of_traffic(lifecycle: Lifecycle, ages: Ages) -> timedelta:
    """How old security groups and route tables may be: they change rarely, and there may be hundreds."""
    calm = min(max(lifecycle.interval, CALM), SLOWEST_INTERVAL)
    return calm if ages.calm else timedelta(0)


def ages(lifecycle: Lifecycle, asked: bool, rested: bool, restless: timedelta) -> Ages:
    """While nothing is owed a read may be shared for a fifth of the interval.

    `restless`: how old a read may be at most while something is owed.
    """
    if asked:
        return ASKED
    share = min(lifecycle.interval, SLOWEST_INTERVAL) * 0.2
    return Ages(share if rested else max(FRESH, min(restless, share)))
