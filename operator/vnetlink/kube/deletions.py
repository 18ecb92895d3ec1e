"""How many of our objects are being deleted, from full lists: a watch may lag just when it matters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta

from vnetlink.domain.kinds import AZURE_CREDENTIALS, KINDS
from vnetlink.domain.outcome import Present, Unreadable
from vnetlink.domain.specs import ObjectKey
from vnetlink.kube.api import Body
from vnetlink.kube.decode import metadata
from vnetlink.kube.fields import instant
from vnetlink.kube.objects import Objects
from vnetlink.planning.brake import Fleet, Leaving

MAX_AGE = 2.0  # seconds: a thousand deletions share one look


class Deletions:
    """One look at all objects that is shared by all turns."""

    def __init__(self, objects: Objects, monotonic: Callable[[], float]) -> None:
        self._objects, self._monotonic = objects, monotonic
        self._lock = asyncio.Lock()
        self._seen: Present[Fleet] | Unreadable | None = None
        self._looked = self._grown = 0.0
        self._known: frozenset[ObjectKey] = frozenset()

    async def fleet(self) -> Present[Fleet] | Unreadable:
        """All objects as of two seconds ago at most. `quiet_for` begins anew with each process."""
        async with self._lock:
            now = self._monotonic()
            if self._seen is None or now - self._looked > MAX_AGE:
                self._seen = await self._look(now)
                self._looked = self._monotonic()  # slow lists are shared, too
            return self._seen

    async def _look(self, now: float) -> Present[Fleet] | Unreadable:
        bodies: list[Body] = []
        for plural in KINDS.keys() - {AZURE_CREDENTIALS}:
            match await self._objects.all(plural):
                case Present(found):
                    bodies += found
                case Unreadable() as unread:
                    return unread
        roots, leaving = _summary(bodies)
        known = frozenset(one.key for one in leaving)
        if known - self._known:
            self._grown = now
        self._known = known
        return Present(Fleet(len(roots), leaving, timedelta(seconds=now - self._grown)))


def _summary(bodies: Iterable[Body]) -> tuple[set[ObjectKey], tuple[Leaving, ...]]:
    metas = [(meta, body) for body in bodies if (meta := metadata(body)).finalizer]
    there = {(meta.key, meta.uid) for meta, _ in metas}
    root = {m.key: m.controller[0] if m.controller in there and m.controller is not None else m.key for m, _ in metas}
    leaving = (
        Leaving(meta.key, root[meta.key], instant(body["metadata"]["deletionTimestamp"]))
        for meta, body in metas
        if meta.deleting and not meta.deletion_confirmed
    )
    return set(root.values()), tuple(leaving)
