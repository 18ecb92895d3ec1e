"""Who wants which pair of VNets: a summary of every link and pair, kept in memory. Pure data, may be lost and is rebuilt.

A pair that a link made counts as the link, so a link and both its pairs during a switch are one claim of the link's age.

It may lag behind the API server, so whoever loses to a claim confirms with a read that the winner still exists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.specs import ObjectKey, Owner, SpecError

PairKey = frozenset[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """`pair`: the two VNets' lower-cased ids. `competes`: it is authorised, Manage, not suspended, and can still write.

    `controller`: the link that made it, and that one's uid.
    """

    key: ObjectKey
    uid: str
    pair: PairKey
    created_at: datetime
    competes: bool
    controller: tuple[ObjectKey, str] | None = None

    @property
    def rank(self) -> tuple[datetime, str, str, str]:
        """Lower wins (design/api.md, "Who wins a pair"). Two kinds may have one name: then the kind decides."""
        return self.created_at, self.key.namespace, self.key.name, self.key.kind


class Claims:
    """Every claim of every kind, found by object and by pair. An object being deleted keeps its claim until it is gone.

    `authorises` is planning.grants' answer for one object, from what is known now.
    `wake` is called with the other objects of a pair whenever one of its claims comes, changes or goes, whoever noticed.
    """

    def __init__(self, authorises: Callable[[Owner], bool], wake: Callable[[frozenset[ObjectKey]], None]) -> None:
        self._authorises, self._wake = authorises, wake
        self._claims: dict[ObjectKey, Claim] = {}
        self._pairs: dict[PairKey, set[ObjectKey]] = {}
        self._newest: dict[ObjectKey, int] = {}

    def update(self, seen: Owner | SpecError) -> None:
        """Take note of an object as it was read or reported; an older version than the one known is no news."""
        version = _number(seen.meta.resource_version)
        if version < self._newest.get(seen.meta.key, 0):
            return
        self._newest[seen.meta.key] = version
        self._note(seen)

    def _note(self, seen: Owner | SpecError) -> None:
        claim = self._claim(seen)
        if claim == self._claims.get(seen.meta.key):
            return
        self._drop(seen.meta.key)
        if claim is not None:
            self._claims[claim.key] = claim
            self._pairs.setdefault(claim.pair, set()).add(claim.key)
            self._wake(self.same_pair(claim.key))

    def forget(self, key: ObjectKey, uid: str | None = None) -> None:
        """The object is gone; with `uid`, only when the claim is not that of another one made under its name since."""
        claim = self._claims.get(key)
        if uid is None or claim is None or claim.uid == uid:
            self._newest.pop(key, None)
            self._drop(key)

    def _drop(self, key: ObjectKey) -> None:
        others, claim = self.same_pair(key), self._claims.pop(key, None)
        if claim is None:
            return
        self._pairs[claim.pair].discard(key)
        if not self._pairs[claim.pair]:
            del self._pairs[claim.pair]
        self._wake(others)

    def rivals(self, key: ObjectKey) -> tuple[Claim, ...]:
        """The competing claims that go before this object's, the winner first; empty when nobody does."""
        own = self._claims.get(key)
        if own is None:
            return ()
        root = self._root(own)
        competing = (claim for other in self._pairs[own.pair] if (claim := self._claims[other]).competes)
        roots = {self._root(claim) for claim in competing}
        return tuple(sorted((c for c in roots if c.rank < root.rank), key=lambda claim: claim.rank))

    def _root(self, claim: Claim) -> Claim:
        """The link that made it; itself when nobody did, or another one of the link's name."""
        if claim.controller is None:
            return claim
        key, uid = claim.controller
        link = self._claims.get(key)
        return link if link is not None and link.uid == uid else claim

    def same_pair(self, key: ObjectKey) -> frozenset[ObjectKey]:
        """The other objects that name the same two VNets, competing or not."""
        claim = self._claims.get(key)
        return frozenset() if claim is None else frozenset(self._pairs[claim.pair]) - {key}

    def at_vnet(self, vnet: VnetId, beside: ObjectKey) -> tuple[Claim, ...]:
        """The competing claims of the kind of `beside`, not its own, that have an end on `vnet`, the oldest first.

        One that another object holds the pair of does not use what is there; `beside` counts as gone.
        """
        ended = (c for c in self._claims.values() if vnet.key in c.pair and c.key.kind == beside.kind and c.competes)
        own = self._claims.get(beside)
        gone = beside if own is None else self._root(own).key
        others = (c for c in ended if c.key != beside and all(rival.key == gone for rival in self.rivals(c.key)))
        return tuple(sorted(others, key=lambda claim: claim.rank))

    def _claim(self, seen: Owner | SpecError) -> Claim | None:
        if isinstance(seen, SpecError):
            return None
        return Claim(
            key=seen.meta.key,
            uid=seen.meta.uid,
            created_at=seen.meta.created_at,
            pair=frozenset(end.id.key for end in seen.spec.ends),
            competes=seen.spec.lifecycle.writes and self._authorises(seen) and not _over(seen),
            controller=seen.meta.controller,
        )


def _over(seen: Owner) -> bool:
    """Whether it is being deleted and only somebody else's finalizer keeps it: it writes and deletes nothing any more."""
    return seen.meta.deleting and not seen.meta.finalizer


def _number(resource_version: str) -> int:
    """Comparable since Kubernetes 1.35 by contract, before that in fact; 0 when it is no number."""
    return int(resource_version) if resource_version.isdecimal() else 0
