"""Reads our custom objects and writes their metadata: our annotations and the finalizer, nothing else.

Only paths made of our own group, a plural of ours and the key are ever built.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vnetlink.domain.kinds import KINDS
from vnetlink.domain.outcome import Present, Seen, Unreadable
from vnetlink.domain.specs import ObjectKey
from vnetlink.kube.answers import Write, Written, seen, written
from vnetlink.kube.api import ApiServer, Body, path
from vnetlink.kube.decode import DELETION_HELD, FINALIZER, OWNED, key_of
from vnetlink.kube.versions import Versions

GROUP, VERSION = "vnetlink.dev", "v1alpha1"
PAGE = 500


def object_path(key: ObjectKey, *subresource: str) -> str:
    """Where the object lies."""
    return path("apis", GROUP, VERSION, "namespaces", key.namespace, _ours(key.kind), key.name, *subresource)


def collection_path(plural: str, namespace: str = "") -> str:
    """Where the objects of a kind lie, in one namespace or in all."""
    place = ("namespaces", namespace) if namespace else ()
    return path("apis", GROUP, VERSION, *place, _ours(plural))


def _ours(plural: str) -> str:
    if plural not in KINDS:
        raise ValueError(f"{plural!r} is not one of ours")
    return plural


class Objects:
    """The custom objects in `namespaces`, empty = all."""

    def __init__(self, api: ApiServer, versions: Versions, namespaces: Sequence[str] = ()) -> None:
        self._api, self._versions, self._namespaces = api, versions, tuple(namespaces)

    async def get(self, key: ObjectKey) -> Seen[Body]:
        """The object as it is now."""
        return seen(await self._api.get(object_path(key)))

    async def all(self, plural: str) -> Present[tuple[Body, ...]] | Unreadable:
        """Every object of a kind, page by page. One page that fails makes the whole list Unreadable."""
        found: list[Body] = []
        for place in self._places(plural):
            token = ""
            while True:
                page = seen(await self._api.get(place, {"limit": str(PAGE)} | ({"continue": token} if token else {})))
                match page:
                    case Present(body):
                        found += ({"kind": KINDS[plural]} | item for item in body.get("items", ()))
                        token = body.get("metadata", {}).get("continue") or ""
                    case Unreadable():
                        return page
                    case _:
                        break  # 404: the namespace's list of a kind whose CRD is gone; discovery tells about that
                if not token:
                    break
        return Present(tuple(found))

    async def hold(self, body: Body, owned: str) -> Write:
        """Write the ownership record and the finalizer in one patch, only onto the very version in `body`."""
        kept = _finalizers(body)
        wanted = kept if FINALIZER in kept else [*kept, FINALIZER]
        return await self._patch(body, {"annotations": {OWNED: owned}, "finalizers": wanted})

    async def hold_deletion(self, body: Body, together: int) -> Write:
        """Note that its deletion waits for a confirmation, only onto the very version in `body`."""
        return await self._patch(body, {"annotations": {DELETION_HELD: str(together)}})

    async def keep(self, body: Body) -> Write:
        """Put our finalizer on, only onto the very version in `body`."""
        return await self._patch(body, {"finalizers": [*_finalizers(body), FINALIZER]})

    async def release(self, body: Body) -> Write:
        """Take our finalizer off, only from the very version in `body`; other people's finalizers stay."""
        return await self._patch(body, {"finalizers": [name for name in _finalizers(body) if name != FINALIZER]})

    async def _patch(self, body: Body, metadata: Mapping[str, object]) -> Write:
        guard = {"resourceVersion": body["metadata"]["resourceVersion"]}
        outcome = written(await self._api.merge_patch(object_path(key_of(body)), {"metadata": {**guard, **metadata}}))
        if isinstance(outcome, Written):
            self._versions.note(outcome.body)
        return outcome

    def _places(self, plural: str) -> tuple[str, ...]:
        return tuple(collection_path(plural, name) for name in self._namespaces or ("",))


def _finalizers(body: Body) -> list[str]:
    return list(body["metadata"].get("finalizers") or ())
