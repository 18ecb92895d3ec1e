"""AzureCredentials and the labels of namespaces as last heard of, and who uses which credential. Decides nothing.

What the watch told is believed for half a minute, so that a grant that was taken away counts at the next turn at the latest,
also where the watch has a gap.
"""

from __future__ import annotations

from asyncio import gather
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from vnetlink.domain.credential import Labels
from vnetlink.domain.identity import NotGranted
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.specs import ObjectKey, Owner, SpecError
from vnetlink.kube.answers import seen
from vnetlink.kube.api import ApiServer, Body, path
from vnetlink.kube.credential_block import azure_credential
from vnetlink.kube.decode import key_of
from vnetlink.kube.objects import object_path
from vnetlink.planning.grants import Known, Law, SeenCredential, asks_for_labels, identities, uses, wanted

BELIEVED_FOR = timedelta(seconds=30)
UNBELIEVED = 0.0  # until when an answer that was none is believed: it is asked for again at once


@dataclass(frozen=True, slots=True)
class _Heard:
    """`version`: the resourceVersion as a number, 0 where there is none."""

    seen: SeenCredential
    version: int
    until: float


class Credentials:
    """vnetlink.ports.Credentials. `wake` is called with whoever has to look again: users of a credential, and credentials."""

    def __init__(
        self,
        api: ApiServer,
        law: Law,
        wake: Callable[[frozenset[ObjectKey]], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._api, self._law, self._wake, self._monotonic = api, law, wake, monotonic
        self._known: dict[ObjectKey, _Heard] = {}
        self._labels: dict[str, tuple[Seen[Labels], float]] = {}
        self._owners: dict[ObjectKey, tuple[Owner, frozenset[ObjectKey]]] = {}
        self._users: dict[ObjectKey, set[ObjectKey]] = {}

    # -- what is known

    async def known(self, owner: Owner) -> Known:
        """What decides about this object's identities; asked for where it is not known, or has not been heard of lately."""
        keys = sorted(wanted(owner))
        found = dict(zip(keys, await gather(*(self._credential(key) for key in keys)), strict=True))
        labels = await self._labels_of(owner.meta.key.namespace) if asks_for_labels(owner, found) else Absent()
        return Known(found, labels)

    def remembered(self, owner: Owner) -> Known:
        """The same from memory alone: what nobody has asked for is taken for absent, and what could not be read for unreadable."""
        found = {key: self._known[key].seen for key in wanted(owner) if key in self._known}
        labels, _ = self._labels.get(owner.meta.key.namespace, (Absent(), 0.0))
        return Known(found, labels)

    async def _credential(self, key: ObjectKey) -> SeenCredential:
        heard = self._known.get(key)
        if heard is not None and self._monotonic() < heard.until:
            return heard.seen
        match seen(await self._api.get(object_path(key))):
            case Present(body):
                self.update(body)
                return self._known[key].seen
            case Absent():
                self.forget(key)
                return Absent()
            case Unreadable(reason, message, transient, after):
                unread = Unreadable(reason, f"AzureCredential {key} cannot be read: {message}", transient, after)
                self._known.setdefault(key, _Heard(unread, 0, UNBELIEVED))
                return unread

    async def _labels_of(self, namespace: str) -> Seen[Labels]:
        labels, until = self._labels.get(namespace, (Absent(), 0.0))
        now = self._monotonic()
        if now < until:
            return labels
        match seen(await self._api.get(path("api", "v1", "namespaces", namespace))):
            case Present(body):
                labels = Present(dict(body["metadata"].get("labels") or {}))
            case Absent():
                labels = Absent()
            case Unreadable(reason, message, transient, after):
                text = f"The labels of namespace {namespace} cannot be read: {message}"
                unread = Unreadable(reason, text, transient, after)
                self._labels.setdefault(namespace, (unread, UNBELIEVED))
                return unread
        self._labels[namespace] = (labels, now + BELIEVED_FOR.total_seconds())
        return labels

    # -- news

    def update(self, body: Body) -> None:
        """Take note of a credential as it was read or reported; an older version than the one known is no news."""
        key, version = key_of(body), _number(body)
        before = self._known.get(key)
        if before is not None and version < before.version:
            return
        self._hear(key, Present(azure_credential(body)), version)
        if before is None or before.version == 0 or _spec(before.seen) != _spec(self._known[key].seen):
            self._wake(frozenset(self._users.get(key, ())))

    def forget(self, key: ObjectKey, uid: str | None = None) -> None:
        """The credential is gone; that is remembered, too, or every object without one would ask each time.

        With `uid`, only when what is known is not another one made under its name since.
        """
        before = self._known.get(key)
        known = before.seen.value.meta.uid if before is not None and isinstance(before.seen, Present) else None
        if uid is not None and known is not None and uid != known:
            return
        self._hear(key, Absent(), 0)
        if before is not None and isinstance(before.seen, Present):
            self._wake(frozenset(self._users.get(key, ())))

    def _hear(self, key: ObjectKey, found: SeenCredential, version: int) -> None:
        self._known[key] = _Heard(found, version, self._monotonic() + BELIEVED_FOR.total_seconds())

    # -- who uses what

    def note_user(self, owner: Owner | SpecError) -> None:
        """Take note of an object that may use credentials. One that came or goes is news for them."""
        key = owner.meta.key
        before = self._owners.get(key)
        if isinstance(owner, SpecError):  # while its spec cannot be read it needs what it needed before
            return
        names = wanted(owner)
        self._owners[key] = (owner, names)
        if before is not None and before[1] == names:
            return
        self._unlist(key, before[1] if before is not None else frozenset())
        for name in names:
            self._users.setdefault(name, set()).add(key)
        self._wake(self._there(names | (before[1] if before is not None else frozenset())))

    def forget_user(self, key: ObjectKey) -> None:
        """The object is gone."""
        before = self._owners.pop(key, None)
        if before is not None:
            self._unlist(key, before[1])
            self._wake(self._there(before[1]))

    def users(self, key: ObjectKey) -> tuple[ObjectKey, ...]:
        """The objects that are granted this credential and use it, as far as is known: those, too, of which it cannot be read."""
        owners = (self._owners[user][0] for user in sorted(self._users.get(key, ())))
        return tuple(owner.meta.key for owner in owners if uses(owner, key, self.remembered(owner), self._law))

    def authorises(self, owner: Owner) -> bool:
        """Whether the object may use an identity, as far as is known: what surely may not can never hold a pair."""
        return not isinstance(identities(owner, self.remembered(owner), self._law), NotGranted)

    def dependent(self, key: ObjectKey) -> frozenset[ObjectKey]:
        """Those that name this credential, granted or not."""
        return frozenset(self._users.get(key, ()))

    def _unlist(self, user: ObjectKey, names: Iterable[ObjectKey]) -> None:
        for name in names:
            self._users[name].discard(user)
            if not self._users[name]:
                del self._users[name]

    def _there(self, names: frozenset[ObjectKey]) -> frozenset[ObjectKey]:
        return frozenset(name for name in names if name in self._known and isinstance(self._known[name].seen, Present))


def _spec(found: SeenCredential) -> object:
    """What users have to look at again for: not the status, and nobody's label."""
    if not isinstance(found, Present):
        return found
    meta = found.value.meta
    return meta.uid, meta.generation


def _number(body: Body) -> int:
    version = str(body["metadata"].get("resourceVersion", ""))
    return int(version) if version.isdecimal() else 0
