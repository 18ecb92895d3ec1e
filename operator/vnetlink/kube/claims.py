"""Who wants which pair of VNets: a summary of every PeeringPair, kept in memory. Pure data, may be lost and is rebuilt.

It may lag behind the API server, so whoever loses to a claim confirms with a read that the winner still exists.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from vnetlink.domain.specs import ObjectKey, PeeringPair, SpecError

PairKey = frozenset[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """`pair`: the two VNets' lower-cased ids. `competes`: its namespace is authorised, it is Manage and not suspended."""

    key: ObjectKey
    uid: str
    pair: PairKey
    created_at: datetime
    competes: bool

    @property
    def rank(self) -> tuple[datetime, str, str]:
        """Lower wins (design/api.md, "Who wins a pair")."""
        return self.created_at, self.key.namespace, self.key.name


class Claims:
    """Every claim, found by object and by pair. An object being deleted keeps its claim until it is gone.

    `wake` is called with the other objects of a pair whenever one of its claims comes, changes or goes, whoever noticed.
    """

    def __init__(self, authorises: Callable[[str], bool], wake: Callable[[frozenset[ObjectKey]], None]) -> None:
        self._authorises, self._wake = authorises, wake
        self._claims: dict[ObjectKey, Claim] = {}
        self._pairs: dict[PairKey, set[ObjectKey]] = {}

    def update(self, seen: PeeringPair | SpecError) -> None:
        """Take note of an object as it is now."""
        claim = self._claim(seen)
        if claim == self._claims.get(seen.meta.key):
            return
        self.forget(seen.meta.key)
        if claim is not None:
            self._claims[claim.key] = claim
            self._pairs.setdefault(claim.pair, set()).add(claim.key)
            self._wake(self.same_pair(claim.key))

    def forget(self, key: ObjectKey) -> None:
        """The object is gone."""
        others, claim = self.same_pair(key), self._claims.pop(key, None)
        if claim is None:
            return
        self._pairs[claim.pair].discard(key)
        if not self._pairs[claim.pair]:
            del self._pairs[claim.pair]
        self._wake(others)

    def sweep(self, all_seen: Collection[PeeringPair | SpecError]) -> None:
        """Take a full list for the truth: forget ghosts, note what is new or changed."""
        for ghost in self._claims.keys() - {seen.meta.key for seen in all_seen}:
            self.forget(ghost)
        for seen in all_seen:
            self.update(seen)

    def rivals(self, key: ObjectKey) -> tuple[Claim, ...]:
        """The competing claims that go before this object's, the winner first; empty when nobody does."""
        own = self._claims.get(key)
        if own is None:
            return ()
        others = (self._claims[other] for other in self._pairs[own.pair])
        return tuple(sorted((c for c in others if c.competes and c.rank < own.rank), key=lambda claim: claim.rank))

    def same_pair(self, key: ObjectKey) -> frozenset[ObjectKey]:
        """The other objects that name the same two VNets, competing or not."""
        claim = self._claims.get(key)
        return frozenset() if claim is None else frozenset(self._pairs[claim.pair]) - {key}

    def _claim(self, seen: PeeringPair | SpecError) -> Claim | None:
        if isinstance(seen, SpecError):
            return None
        return Claim(
            key=seen.meta.key,
            uid=seen.meta.uid,
            created_at=seen.meta.created_at,
            pair=frozenset(end.id.key for end in seen.spec.ends),
            competes=seen.spec.lifecycle.writes and self._authorises(seen.meta.key.namespace),
        )
