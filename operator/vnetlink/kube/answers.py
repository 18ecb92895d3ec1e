"""One table: from the API server's answers to what the rest of the program acts on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from vnetlink.domain.outcome import Absent, Later, Present, Refused, Seen, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.kube.api import Answer, Body

CONFLICT = Reason.OPERATION_IN_PROGRESS  # 409: somebody wrote a newer version meanwhile


@dataclass(frozen=True, slots=True)
class Written:
    """The API server took it; `body` is the whole object as it is now."""

    body: Body

    @property
    def resource_version(self) -> str:
        """The version of `body`."""
        return str(self.body["metadata"]["resourceVersion"])


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The object says it already: nothing was sent."""


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no such object any more."""


Write: TypeAlias = Written | Gone | Later | Refused


def seen(answer: Answer) -> Seen[Body]:
    """A read: only a 404 is an absence."""
    match answer.status:
        case 200:
            return Present(answer.body)
        case 404:
            return Absent()
        case _:
            return Unreadable(_reason(answer.status), answer.message, _transient(answer.status), answer.retry_after)


def written(answer: Answer) -> Write:
    """A write: 404 means gone, what may pass by itself is Later, the rest is a definite no."""
    if answer.ok:
        return Written(answer.body)
    if answer.status == 404:
        return Gone()
    if _transient(answer.status):
        return Later(_reason(answer.status), answer.message, answer.retry_after)
    return Refused(_reason(answer.status), str(answer.body.get("reason") or answer.status), answer.message)


def _transient(status: int) -> bool:
    return status in (0, 401, 408, 409, 429) or status >= 500


def _reason(status: int) -> Reason:
    match status:
        case 401 | 403:
            return Reason.AUTHORIZATION_FAILED
        case 400 | 422:
            return Reason.INVALID_SPEC
        case 409:
            return CONFLICT
        case _:
            return Reason.THROTTLED  # no answer, 5xx: nothing to be told on an object that cannot be written anyway
