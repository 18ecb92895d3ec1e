"""What a client reads while it waits: operations and operationResults (arm.md 1.3)."""

from __future__ import annotations

from .. import errors
from ..call import Call
from ..messages import Response, answer, empty
from ..operations import notified, retry_after, status_url
from ..store import Operation
from . import shared_key

FOLLOWED = (shared_key.RESET,)


def status(call: Call) -> Response:
    """200 with InProgress and Retry-After, then Succeeded without; Failed carries the error, still 200."""
    operation = _found(call)
    if operation.status == "InProgress":
        return answer(200, {"status": "InProgress"}, retry_after(10, call.settings.speed))
    if operation.status == "Failed":
        return answer(200, {"status": "Failed", "error": {"details": [], **(operation.doom or {})}})
    if operation.acts and operation.result is None:
        return answer(200, {"status": operation.status, "properties": {}})
    return answer(200, {"status": operation.status})


def result(call: Call) -> Response:
    """202 while running, 204 after a delete (still with both headers), after an action 200 with its result."""
    operation = _found(call)
    links = {
        "Azure-AsyncOperation": status_url(call.request.base, operation, call.version),
        **notified(call.version),
        "Location": status_url(call.request.base, operation, call.version, what="operationResults"),
    }
    if operation.acts and operation.name not in FOLLOWED:
        del links["Azure-AsyncOperation"]
    if operation.status == "InProgress":
        return empty(202, {**links, **retry_after(10, call.settings.speed)})
    if operation.status == "Failed" and operation.acts:
        raise errors.Refusal(400, str((operation.doom or {}).get("code")), str((operation.doom or {}).get("message")))
    if operation.acts:
        return answer(200, operation.result, links)
    return empty(204 if operation.deletes else 200, links)


def _found(call: Call) -> Operation:
    guid = call.place.names[1].lower()
    operation = call.world.operations.get(guid)
    if operation is None or operation.subscription.lower() != call.place.subscription.lower():
        raise errors.Refusal(404, "OperationNotFound", f"The operation '{guid[:80]}' could not be found.")
    return operation
