"""One authenticated request on its way to a resource: who, what, when, and the world it may change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from . import errors
from .access import Roles
from .arm_ids import Place
from .login import Caller, Login
from .messages import Request, Response, compact, empty, written
from .operations import Schedule, notified, retry_after, status_url
from .settings import Settings
from .store import Group, Operation, World

Handler = Callable[["Call"], Response]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Call:
    """`now` is wall time, `virtual` the time of operations; `doom` fails its operation, `stall` makes it last longer."""

    request: Request
    place: Place
    caller: Caller
    version: str
    body: Mapping[str, Any]
    query: Mapping[str, str]
    now: float
    virtual: float
    world: World
    schedule: Schedule
    settings: Settings
    roles: Roles
    login: Login
    doom: Mapping[str, Any] | None = None
    stall: float = 0.0

    def group(self) -> Group:
        found = self.world.groups.get(
            f"/subscriptions/{self.place.subscription}/resourcegroups/{self.place.group}".lower()
        )
        if found is None:
            raise errors.group_not_found(self.place.group)
        return found

    def writable_group(self) -> Group:
        group = self.group()
        if group.state == "Deleting":
            raise errors.group_being_deleted(group.name)
        return group

    def may(self, action: str, scope: str) -> bool:
        return self.roles.allows(self.caller.client_id, scope, action)

    def auxiliary(self, tenant: str | None) -> Caller | None:
        """The caller of the auxiliary token of that tenant; joined by comma or, in old clients, semicolon (arm.md 1.6)."""
        header = self.request.headers.get("x-ms-authorization-auxiliary", "")
        for part in header.replace(";", ",").split(","):
            scheme, _, token = part.strip().partition(" ")
            if scheme.lower() == "bearer" and token:
                caller = self.login.check(token.strip(), self.now)
                if caller.tenant == tenant:
                    return caller
        return None

    def check_etag(self, resource_id: str, current: str | None) -> None:
        """If-Match and If-None-Match on network resources: unverified, chosen as 412 (arm.md 1.2)."""
        wanted = self.request.headers.get("if-match", "")
        if wanted and current is None:
            raise errors.etag_mismatch(resource_id, wanted, "")
        if wanted and wanted != "*" and wanted.strip('W/"') != (current or "").strip('W/"'):
            raise errors.etag_mismatch(resource_id, wanted, current or "")
        if self.request.headers.get("if-none-match") == "*" and current is not None:
            raise errors.etag_mismatch(resource_id, "*", current)

    def begin(self, name: str, target: str, location: str, duration: str, result: Any = None) -> Operation:
        """Registers a running operation; its end is the schedule's business."""
        operation = Operation(
            id=self.world.guid(),
            subscription=self.place.subscription,
            location=location,
            name=name,
            target=target,
            ends=self.virtual + self.settings.duration(duration) + self.stall,
            doom=self.doom,
            began=self.virtual,
            result=result,
        )
        self.world.put(operation)
        self.schedule.add(operation)
        return operation

    def accepted(self, status: int, body: Any, operation: Operation, seconds: float) -> Response:
        """201 or 200 of a PUT: no Location (arm.md 1.3)."""
        headers = {
            "Azure-AsyncOperation": status_url(self.request.base, operation, self.version),
            **notified(self.version),
            "x-ms-request-id": operation.id,
            **retry_after(seconds, self.settings.speed),
        }
        return written(status, _bytes(body), headers)

    def deleting(self, operation: Operation, seconds: float = 10) -> Response:
        """202 of a DELETE: Azure-AsyncOperation and Location (arm.md 1.3)."""
        headers = {
            "Azure-AsyncOperation": status_url(self.request.base, operation, self.version),
            **notified(self.version),
            "Location": status_url(self.request.base, operation, self.version, what="operationResults"),
            "x-ms-request-id": operation.id,
            **retry_after(seconds, self.settings.speed),
        }
        return empty(202, headers)

    def unchanged(self, body: Any, name: str, target: str, location: str) -> Response:
        """200 of a PUT that needs no work: the operation has ended already, no Retry-After (arm.md 1.3)."""
        operation = Operation(
            id=self.world.guid(),
            subscription=self.place.subscription,
            location=location,
            name=name,
            target=target,
            ends=self.virtual,
            status="Succeeded",
            began=self.virtual,
        )
        self.world.put(operation)
        self.schedule.close(operation)
        headers = {
            "Azure-AsyncOperation": status_url(self.request.base, operation, self.version),
            **notified(self.version),
            "x-ms-request-id": operation.id,
        }
        return written(200, _bytes(body), headers)

    def acting(self, operation: Operation, *, followed: bool = False) -> Response:
        """202 of an action: Location, and the status URL only for sharedkey/reset (arm.md 1.3)."""
        status = {"Azure-AsyncOperation": status_url(self.request.base, operation, self.version)} if followed else {}
        headers = {
            **status,
            **notified(self.version),
            "Location": status_url(self.request.base, operation, self.version, what="operationResults"),
            "x-ms-request-id": operation.id,
            **retry_after(10, self.settings.speed),
        }
        return empty(202, headers)

    def page(self, found: Sequence[Item], show: Callable[[Item], Any]) -> Response:
        """One page of a list; `$skiptoken` is an offset."""
        size = self.settings.page_size or len(found)
        start = _offset(self.query.get("$skiptoken", "0"))
        values = b",".join(_bytes(show(one)) for one in found[start : start + size])
        link = b""
        if start + size < len(found):
            here = self.request.base + self.request.path
            link = b',"nextLink":' + compact(f"{here}?api-version={self.version}&$skiptoken={start + size}")
        return written(200, b'{"value":[' + values + b"]" + link + b"}")


def _bytes(shown: Any) -> bytes:
    return shown if isinstance(shown, bytes) else compact(shown)


def _offset(token: str) -> int:
    if not token.isascii() or not token.isdigit() or len(token) > 9:
        raise errors.gateway(400, "InvalidSkipToken", f"The skip token '{token[:100]}' is invalid.")
    return int(token)
