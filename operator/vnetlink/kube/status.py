"""Writes status: one merge patch to the subresource, only when the object does not say it already. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vnetlink.domain.outcome import Absent, Later, Present, Unreadable
from vnetlink.kube.answers import CONFLICT, Gone, Unchanged, Write, Written, seen, written
from vnetlink.kube.api import ApiServer, Body
from vnetlink.kube.decode import key_of
from vnetlink.kube.objects import object_path
from vnetlink.kube.versions import Versions

TRIES = 3


def difference(current: Mapping[str, Any], desired: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch from one to the other, {} when they say the same. Removed keys become null, lists go whole.

    null, {} and [] say the same as nothing at all.
    """
    return _difference(_said(current), _said(desired))


def _difference(current: Mapping[str, Any], desired: Mapping[str, Any]) -> dict[str, Any]:
    patch: dict[str, Any] = {name: None for name in current if name not in desired}
    for name, value in desired.items():
        before = current.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            if inner := _difference(before, value):
                patch[name] = inner
        elif before != value:
            patch[name] = value
    return patch


def _said(value: Any) -> Any:
    match value:
        case Mapping():
            return {name: said for name, inner in value.items() if (said := _said(inner)) not in (None, {}, [])}
        case list() | tuple():
            return [_said(item) for item in value]
        case _:
            return value


class StatusWriter:
    """The only writer of status."""

    def __init__(self, api: ApiServer, versions: Versions) -> None:
        self._api, self._versions = api, versions

    async def write(self, body: Body, desired: Mapping[str, Any]) -> Write | Unchanged:
        """Make the object in `body`, a version read in this turn, say `desired`.

        Guarded by resourceVersion, so that one made again under the same name is left alone (Gone); an edit meanwhile
        does not matter to status, so the patch is worked out anew against the newer version.
        """
        outcome = await self._patch(body, desired)
        if isinstance(outcome, Written):  # made from the version that this turn has seen, so its echo is no news
            self._versions.note(outcome.body)
        uid, tries = body["metadata"].get("uid"), 1
        while isinstance(outcome, Later) and outcome.reason is CONFLICT and tries < TRIES:
            match seen(await self._api.get(object_path(key_of(body)))):
                case Present(fresh) if fresh["metadata"].get("uid") == uid:
                    outcome, tries = await self._patch(fresh, desired), tries + 1
                case Present() | Absent():
                    return Gone()
                case Unreadable():
                    break
        return outcome

    async def _patch(self, body: Body, desired: Mapping[str, Any]) -> Write | Unchanged:
        patch = difference(body.get("status") or {}, desired)
        if not patch:
            return Unchanged()
        guard = {"resourceVersion": body["metadata"]["resourceVersion"]}
        return written(
            await self._api.merge_patch(object_path(key_of(body), "status"), {"metadata": guard, "status": patch})
        )
