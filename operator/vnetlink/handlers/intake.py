"""From watch events and full lists to keys in the queue. Runs in our own loop; the only one that feeds claims from outside.

A watch may miss what happens in a gap (design/kopf.md K5), so every few minutes the full list is taken for the truth.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any

from vnetlink.domain.kinds import AZURE_CREDENTIALS
from vnetlink.domain.outcome import Present, Unreadable
from vnetlink.domain.specs import ObjectKey, ObjectMeta, SpecError
from vnetlink.kube.claims import Claims
from vnetlink.kube.credentials import Credentials
from vnetlink.kube.decode import controller_of, decode, key_of, metadata
from vnetlink.kube.objects import Objects
from vnetlink.kube.versions import Versions
from vnetlink.metrics import ObjectMetrics
from vnetlink.queue import Priority, Queue

log = logging.getLogger(__name__)

_News = tuple[str, int, bool, str, str, bool]


class Intake:
    """What arrives from the API server, turned into work."""

    def __init__(
        self,
        queue: Queue,
        claims: Claims,
        credentials: Credentials,
        objects: Objects,
        versions: Versions,
        installation: str,
        shown: ObjectMetrics | None = None,
    ) -> None:
        self._queue, self._claims, self._credentials, self._objects = queue, claims, credentials, objects
        self._versions, self._installation = versions, installation
        self._shown = shown or ObjectMetrics()
        self._known: dict[ObjectKey, _News] = {}

    def event(self, change: str | None, body: Mapping[str, Any]) -> None:
        """One watch event; `change` is ADDED, MODIFIED, DELETED, or None for an object that was there at the start."""
        key = key_of(body)
        self._wake_controller(body)
        if change == "DELETED":
            self._forget(key)
            self._gone(key, body["metadata"].get("uid"))
            return
        self._shown.note(key, body)
        if not self._versions.known(body):
            self._new_version(body)

    async def sweep(self, kinds: Collection[str]) -> bool:
        """Compare with full lists of these kinds (plurals): queue what is new, changed or gone.

        False when a list cannot be read: nothing happens.
        """
        listed: list[Mapping[str, Any]] = []
        for plural in sorted(kinds):
            match await self._objects.all(plural):
                case Present(bodies):
                    listed += bodies
                case Unreadable(message=message):
                    log.warning("cannot list %s: %s", plural, message)
                    return False
        await self._learn(listed)
        self._swept(kinds, listed)
        return True

    async def _learn(self, listed: list[Mapping[str, Any]]) -> None:
        """Credentials, and the labels of namespaces where they decide, before any claim that depends on them."""
        for body in listed:
            if key_of(body).kind == AZURE_CREDENTIALS:
                self._credentials.update(body)
        for body in listed:
            if key_of(body).kind != AZURE_CREDENTIALS and not self._versions.known(body):
                owner = decode(body, self._installation)
                if not isinstance(owner, SpecError):
                    await self._credentials.known(owner)

    def _swept(self, kinds: Collection[str], listed: list[Mapping[str, Any]]) -> None:
        """A list is older than what was heard while it was read, so who is missing in it is asked for, not written off."""
        for ghost in {key for key in self._known if key.kind in kinds} - {key_of(body) for body in listed}:
            self._forget(ghost)
        for body in listed:
            key = key_of(body)
            if key not in self._known:
                self._shown.note(key, body)
            if not self._versions.known(body):
                self._new_version(body)
            elif key not in self._queue:
                self._queue.add(key, Priority.RESYNC)

    def _new_version(self, body: Mapping[str, Any]) -> None:
        self._versions.note(body)
        meta = metadata(body)
        self._queue.add(meta.key, self._priority(meta))
        if meta.key.kind == AZURE_CREDENTIALS:
            self._credentials.update(body)
        else:
            seen = decode(body, self._installation)
            self._credentials.note_user(seen)
            self._claims.update(seen)

    def _gone(self, key: ObjectKey, uid: str | None) -> None:
        if key.kind == AZURE_CREDENTIALS:
            self._credentials.forget(key, uid)
        else:
            self._credentials.forget_user(key)
            self._claims.forget(key, uid)

    def _wake_controller(self, body: Mapping[str, Any]) -> None:
        """A link shows what its pair says and puts it back, so our own writes to a pair are news for its link, too."""
        controller = controller_of(body["metadata"])
        if controller is not None:
            self._queue.wake((controller[0],))

    def _forget(self, key: ObjectKey) -> None:
        """Give it a last turn, which reads 404 and lets go of what it remembers, or finds it alive after all."""
        self._known.pop(key, None)
        self._versions.forget(key)
        self._shown.forget(key)
        self._queue.add(key, Priority.DELETION)

    def _priority(self, meta: ObjectMeta) -> Priority:
        before, now = self._known.get(meta.key), _news(meta)
        self._known[meta.key] = now
        if meta.deleting:
            return Priority.DELETION if before != now else Priority.RESYNC
        return Priority.GENERATION if before != now else Priority.RESYNC


def _news(meta: ObjectMeta) -> _News:
    """What a person wants: the spec, and what an annotation asks for at once."""
    return (
        meta.uid,
        meta.generation,
        meta.deleting,
        meta.reconcile_requested_at,
        meta.rotate_requested_at,
        meta.deletion_confirmed,
    )
