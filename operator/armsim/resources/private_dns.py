"""What private DNS zones and links share, and the other network types do not: 202 answers, status URLs, conditions.

arm.md 10. The service is another one than the network provider's: no W/ in etags, and a failed condition is found out
only by the operation.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from .. import errors, private_dns_errors
from ..arm_ids import NETWORK, network_id
from ..call import Call
from ..messages import Response, answer, empty
from ..operations import retry_after
from ..store import Operation, Zone

GLOBAL = "global"


def zone_key(call: Call) -> str:
    place = call.place
    return network_id(place.subscription, place.group, "privateDnsZones", place.names[0]).lower()


def violated(call: Call, etag: str | None, what: str) -> Mapping[str, Any] | None:
    """The error that If-Match or If-None-Match leads to, at the end of an accepted operation."""
    headers = call.request.headers
    if headers.get("if-none-match") == "*" and etag is not None:
        return private_dns_errors.record_exists(what)
    wanted = headers.get("if-match", "")
    if wanted and wanted != "*" and (etag is None or wanted.strip('"') != etag.strip('"')):
        return private_dns_errors.record_modified(what)
    return None


def accepted(call: Call, operation: Operation, group: str, *, deleting: bool = False) -> Response:
    """202 with `{}`, on DELETE without a body; both headers."""
    headers = {**_links(call, operation, group), "x-ms-request-id": operation.id}
    return empty(202, headers) if deleting else answer(202, {}, headers)


def _links(call: Call, operation: Operation, group: str) -> dict[str, str]:
    token = base64.b64encode(f"FrontEndAsyncOperation;{operation.name};{operation.id}".encode()).decode()
    start = f"{call.request.base}/subscriptions/{operation.subscription}/resourceGroups/{group}/providers/{NETWORK}"
    version = f"?api-version={call.version}"
    return {
        "Azure-AsyncOperation": f"{start}/privateDnsOperationStatuses/{token}{version}",
        "Location": f"{start}/privateDnsOperationResults/{token}{version}",
        **retry_after(10, call.settings.speed),
    }


def _operation(call: Call) -> Operation:
    call_token = call.place.names[0]
    try:
        guid = base64.b64decode(call_token, validate=True).decode().rpartition(";")[2]
    except (binascii.Error, UnicodeDecodeError):
        guid = ""
    found = call.world.operations.get(guid)
    if found is None or found.subscription.lower() != call.place.subscription.lower():
        raise errors.Refusal(404, "OperationNotFound", f"The operation '{call_token[:80]}' could not be found.")
    return found


def status(call: Call) -> Response:
    """202 while it runs, then 200; a failure is 200 with the error before the status (R:privatedns-patchlink-…)."""
    operation = _operation(call)
    if operation.status == "InProgress":
        return answer(202, {"status": "InProgress"}, _links(call, operation, call.place.group))
    if operation.doom:
        return answer(200, {"error": dict(operation.doom), "status": operation.status})
    return answer(200, {"status": operation.status})


def result(call: Call) -> Response:
    """Chosen after the status URL: 202 with the links while it runs, then 200, after a DELETE 204."""
    operation = _operation(call)
    if operation.status == "InProgress":
        return empty(202, _links(call, operation, call.place.group))
    return empty(204) if operation.deletes else empty(200)


def parent(call: Call) -> Zone:
    """The zone of a link that is to be written."""
    zone = call.world.zones.get(zone_key(call))
    if zone is None:
        raise errors.parent_not_found(call.place.names[0])
    return zone
