"""Which version of each object was acted on or written by us last: the watch brings it back as an echo, which is no news."""

from __future__ import annotations

from vnetlink.domain.specs import ObjectKey
from vnetlink.kube.api import Body
from vnetlink.kube.decode import key_of


class Versions:
    """The newest resourceVersion known of each object. May forget; an echo that is not recognised costs one turn."""

    def __init__(self) -> None:
        self._known: dict[ObjectKey, str] = {}

    def note(self, body: Body) -> None:
        """This version needs no turn of its own: it was queued, or we made it from a version that was."""
        self._known[key_of(body)] = str(body["metadata"].get("resourceVersion", ""))

    def known(self, body: Body) -> bool:
        """Whether `body` is that version."""
        return self._known.get(key_of(body)) == str(body["metadata"].get("resourceVersion", ""))

    def forget(self, key: ObjectKey) -> None:
        """The object is gone."""
        self._known.pop(key, None)
