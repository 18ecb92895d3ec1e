"""The simulator without sockets and clocks: handle(Request, now) → Response. No I/O; time is an argument."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from . import arm_ids, errors, throttle
from .access import Roles
from .arm_ids import Place
from .call import Call
from .control import Control
from .errors import Refusal
from .faults import TROUBLES, Fault, Faults
from .journal import Entry, Journal
from .login import Caller, Login
from .messages import Disturbance, Request, Response, answer
from .operations import Clock, Schedule
from .resources import (
    connection,
    deployment,
    gateway,
    peering,
    private_dns_link,
    private_dns_zone,
    public_ip,
    resource_group,
    shared_key,
    subnet,
    subscription,
    virtual_network,
)
from .routes import DEPLOYMENTS, KINDS, NETWORK, NETWORK_KINDS, RESOURCES, Route, level, parent_scope
from .settings import Settings
from .store import Operation, World
from .throttle import Throttle

BODY_LIMIT = 4 * 1024 * 1024
VERSION = re.compile(r"20\d\d-\d\d-\d\d(-(preview|alpha|beta|privatepreview))?", re.IGNORECASE)
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f/\\?#%<>]")
WRITES = frozenset(("PUT", "PATCH", "DELETE", "POST"))
NOBODY = Caller("", "", "")
COMMON = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
FINISH: Mapping[str, Callable[[World, Operation], float | None]] = {
    resource_group.JOB: resource_group.finish,
    virtual_network.PUT: virtual_network.finish,
    virtual_network.DELETE: virtual_network.finish,
    subnet.PUT: subnet.finish,
    subnet.DELETE: subnet.finish,
    peering.PUT: peering.finish,
    peering.DELETE: peering.finish,
    public_ip.PUT: public_ip.finish,
    public_ip.DELETE: public_ip.finish,
    gateway.PUT: gateway.finish,
    gateway.DELETE: gateway.finish,
    gateway.ACTION: gateway.acted,
    gateway.PATCH: gateway.tagged,
    connection.PUT: connection.finish,
    connection.DELETE: connection.finish,
    connection.ACTION: connection.acted,
    connection.PATCH: connection.tagged,
    shared_key.PUT: shared_key.finish,
    shared_key.RESET: shared_key.finish,
    private_dns_zone.PUT: private_dns_zone.finish,
    private_dns_zone.DELETE: private_dns_zone.finish,
    private_dns_link.PUT: private_dns_link.finish,
    private_dns_link.DELETE: private_dns_link.finish,
    deployment.PUT: deployment.finish,
    **{name: kind.finish for kind in KINDS for name in kind.operations},
}


@dataclass(frozen=True, slots=True)
class Numbered:
    """A response and the log entry that belongs to it."""

    response: Response
    seq: int


class Core:
    """One simulated Azure. `now` is wall time in seconds since the epoch and never goes back."""

    def __init__(self, settings: Settings | None = None, *, seed: int = 0, secret: str = "", now: float = 0.0) -> None:
        self.settings = settings or Settings()
        self.world = World(seed)
        self.schedule = Schedule()
        self.secret = secret or self.world.guid() + self.world.guid()
        self.login = Login(self.settings, self.secret)
        self.roles = Roles(self.settings.roles, open_to_all=self.settings.strangers)
        self.throttle = Throttle(self.settings)
        self.faults = Faults()
        self.journal = Journal()
        self.clock = Clock(now, now, 1.0 if self.settings.instant else self.settings.speed)
        self.control = Control(self)

    def handle(self, request: Request, now: float) -> Response:
        """Answers anything; never raises for what a client sends."""
        return self.numbered(request, now).response

    def numbered(self, request: Request, now: float, resumed: int = 0) -> Numbered:
        """`resumed` is the log entry of a request that a fault had stopped before it was worked on."""
        self.finish_due(now)
        if request.path.startswith("/_armsim"):
            return Numbered(self.control.handle(request, now), 0)
        caller = self._peek(request, now)
        fault = None if resumed else self.faults.match(request, caller.client_id, now)
        response = self._troubled(request, now, fault)
        seq = self._log(request, caller, response, fault, now, resumed)
        return Numbered(self._dress(response, request), seq)

    def finish_due(self, now: float) -> None:
        """Ends the operations whose time has come, in their order."""
        virtual = self.clock.at(now)
        self._finish_until(virtual)
        self.schedule.forget_old(self.world, virtual)

    def settle(self) -> None:
        """Ends every running operation at once; for seeds only."""
        self._finish_until(inf)

    def _finish_until(self, virtual: float) -> None:
        """An operation whose FINISH names another moment has that moment to wait for (a deployment's gateways)."""
        for operation in self.schedule.due(self.world, virtual):
            again = FINISH[operation.name](self.world, operation)
            current = self.world.operations[operation.id]
            if again is None:
                self.world.put(replace(current, status=_end(current)))
                self.schedule.close(current)
            else:
                later = replace(current, ends=again)
                self.world.put(later)
                self.schedule.add(later)

    def restart(self) -> None:
        """An empty world as configured, for POST reset."""
        self.world.clear()
        self.schedule.rebuild(self.world)
        self.roles = Roles(self.settings.roles, open_to_all=self.settings.strangers)
        self.throttle = Throttle(self.settings)
        self.faults.remove()
        self.journal.clear()

    # --- faults that need no socket, and those that do

    def _troubled(self, request: Request, now: float, fault: Fault | None) -> Response:
        if fault is None:
            return self._answered(request, now, None)
        if fault.kind in TROUBLES and not fault.after:
            return replace(Response(0), disturbance=_disturbance(fault))
        if fault.kind in ("answer", "html") and not fault.after:
            return _forced(fault)
        response = self._answered(request, now, fault)
        if fault.kind in ("answer", "html"):
            return _forced(fault)
        if fault.kind == "truncate":
            return replace(response, body=response.body[: len(response.body) // 2])
        return replace(response, disturbance=_disturbance(fault)) if fault.kind in TROUBLES else response

    def _answered(self, request: Request, now: float, fault: Fault | None) -> Response:
        try:
            return self._dispatch(request, now, fault)
        except Refusal as refusal:
            return refusal.response()
        except RecursionError:
            return errors.unreadable("The JSON is nested too deeply.").response()

    def _dispatch(self, request: Request, now: float, fault: Fault | None) -> Response:
        if len(request.body) > BODY_LIMIT:
            raise errors.too_large(BODY_LIMIT)
        parts = arm_ids.segments(request.path)
        match parts:
            case (tenant, "v2.0", ".well-known", "openid-configuration") if request.method == "GET":
                return self.login.configuration(request.base, tenant)
            case (tenant, "oauth2", "v2.0", "token") if request.method == "POST":
                return self.login.token(request, tenant, now)
            case (_, "discovery", *_, "keys") if request.method == "GET":
                return answer(200, {"keys": []})
            case ("metadata", "endpoints"):
                return answer(200, _endpoints(request))
            case _:
                return self._arm(request, parts, now, fault)

    # --- ARM's own order: who, which subscription, which type, may they, then the resource

    def _arm(self, request: Request, parts: tuple[str, ...], now: float, fault: Fault | None) -> Response:
        if not parts or parts[0].lower() not in ("subscriptions", "tenants"):
            raise errors.no_route(request.path[:200])
        caller = self.login.check(_bearer(request), now)
        query = request.query
        version = _version(query)
        if len(parts) == 1 and request.method != "GET":
            raise errors.method_not_allowed(request.method[:20])
        if len(parts) == 1:
            listed = parts[0].lower() == "subscriptions"
            quota = self.throttle.take(caller.client_id, "", request.method, now)
            show = subscription.listing(self.settings, self.roles, caller) if listed else subscription.tenants(caller)
            return replace(show, headers={**show.headers, **quota})
        if any(FORBIDDEN.search(one) for one in parts):
            raise errors.bad_path()
        place = arm_ids.place(parts)
        if place is None:
            raise errors.no_route(request.path[:200])
        self._check_subscription(place, caller)
        action = throttle.action(request.method, place.namespace, place.types)
        quota = self.throttle.take(caller.client_id, place.subscription, request.method, now, action)
        try:
            response = self._resource(request, place, caller, version, query, now, fault)
        except Refusal as refusal:
            response = refusal.response()
        return replace(response, headers={**response.headers, **quota})

    def _check_subscription(self, place: Place, caller: Caller) -> None:
        """Order and texts of arm.md 1.5 and 1.6 (both unverified)."""
        owner = self.settings.tenant_of(place.subscription)
        if owner is None:
            raise errors.subscription_not_found(place.subscription[:80])
        if owner != caller.tenant:
            raise errors.unauthenticated("InvalidAuthenticationTokenTenant", _wrong_tenant(caller.tenant, owner))

    def _resource(
        self,
        request: Request,
        place: Place,
        caller: Caller,
        version: str,
        query: Mapping[str, str],
        now: float,
        fault: Fault | None,
    ) -> Response:
        route = _route(request.method, place, version)
        scope = parent_scope(place)
        if not self.roles.allows(caller.client_id, scope, route.action):
            raise errors.forbidden(caller.client_id, caller.oid, route.action, scope)
        self._check_guards(request.method, place)
        stale = fault.snapshot if fault is not None and fault.kind == "stale" else None
        call = Call(
            request=request,
            place=place,
            caller=caller,
            version=version,
            body=_body(request) if request.method in WRITES - {"DELETE"} else {},
            query=query,
            now=now,
            virtual=self.clock.at(now),
            world=stale or self.world,
            schedule=self.schedule,
            settings=self.settings,
            roles=self.roles,
            login=self.login,
            doom=_doom(fault),
            stall=_stall(fault),
        )
        return route.handler(call)

    def _check_guards(self, method: str, place: Place) -> None:
        """Locks stop deletions at, above and below their scope; policies stop writes of a type (issue 3: if cheap)."""
        scope = place.scope.lower()
        if method == "DELETE":
            for lock in self.settings.locks:
                lowered = lock.lower().rstrip("/")
                if f"{scope}/".startswith(f"{lowered}/") or f"{lowered}/".startswith(f"{scope}/"):
                    raise errors.locked(place.scope, lock)
        if method == "PUT":
            for policy in self.settings.policies:
                kind = f"{place.namespace}/{'/'.join(place.types)}".lower()
                if policy.type.lower() == kind and f"{scope}/".startswith(policy.scope.lower().rstrip("/") + "/"):
                    raise errors.denied_by_policy(place.names[-1] if place.names else place.group, policy.name)

    # --- log and headers

    def _peek(self, request: Request, now: float) -> Caller:
        """Who the token names, for faults and the log; a bad token names nobody."""
        if "authorization" not in request.headers:
            return NOBODY
        try:
            return self.login.check(_bearer(request), now)
        except Refusal:
            return NOBODY

    def _log(
        self, request: Request, caller: Caller, response: Response, fault: Fault | None, now: float, resumed: int
    ) -> int:
        applied = response.disturbance is None or response.disturbance.applied
        answered = response.disturbance is None or response.disturbance.kind in ("delay", "hold")
        status = response.status if answered and applied else 0
        if resumed:
            self.journal.amend(resumed, status=status, applied=applied)
            return resumed
        parts = request.path.split("/")
        entry = Entry(
            seq=self.journal.next(),
            time=now,
            method=request.method,
            path=request.target,
            status=status,
            principal=caller.client_id,
            tenant=caller.tenant,
            subscription=parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else "",
            auxiliary="x-ms-authorization-auxiliary" in request.headers,
            clientRequestId=request.headers.get("x-ms-client-request-id", ""),
            applied=applied,
            fault=fault.id if fault else "",
        )
        self.journal.add(entry)
        return entry.seq

    def _dress(self, response: Response, request: Request) -> Response:
        """Headers of every answer (arm.md 1.1)."""
        guid = response.headers.get("x-ms-request-id") or self.world.guid()
        dressed = {
            **COMMON,
            "x-ms-request-id": guid,
            "x-ms-correlation-request-id": request.headers.get("x-ms-correlation-request-id", guid),
            "x-ms-routing-request-id": f"ARMSIM:{guid}",
            **response.headers,
        }
        if "x-ms-failure-cause" not in response.headers and "/providers/" in request.path:
            dressed["x-ms-arm-service-request-id"] = guid
        return replace(response, headers=dressed, body=b"" if request.method == "HEAD" else response.body)


def _end(operation: Operation) -> str:
    if operation.doom is None:
        return "Succeeded"
    return "Canceled" if operation.doom.get("code") == "Canceled" else "Failed"


def _disturbance(fault: Fault) -> Disturbance:
    seconds = float(fault.spec.get("delay", 0) or 0)
    kind = fault.kind
    assert kind in ("delay", "hang", "cut", "hold")
    return Disturbance(kind, fault.id, fault.after, seconds)


def _forced(fault: Fault) -> Response:
    """The answer a fault dictates: an ARM error, a body of its own, or a proxy's HTML page."""
    spec = fault.spec
    headers = {str(name): str(value) for name, value in (spec.get("headers") or {}).items()}
    if "retryAfter" in spec:
        headers["Retry-After"] = str(spec["retryAfter"])
    if fault.kind == "html":
        page = b"<html><head><title>Service unavailable</title></head><body><h1>Our services aren't available</h1></body></html>"
        return Response(int(spec.get("status", 503)), {"Content-Type": "text/html", **headers}, page)
    status = int(spec.get("status", 500))
    if "body" in spec:
        return answer(status, spec["body"], headers)
    code = str(spec.get("code", "InternalServerError"))
    message = str(spec.get("message", "Encountered internal server error."))
    return answer(status, {"error": {"code": code, "message": message}}, {"x-ms-failure-cause": "gateway", **headers})


def _doom(fault: Fault | None) -> Mapping[str, Any] | None:
    if fault is None or fault.kind != "fail":
        return None
    message = str(fault.spec.get("message", "An error occurred."))
    return {"code": str(fault.spec.get("code", "InternalServerError")), "message": message, "details": []}


def _stall(fault: Fault | None) -> float:
    return float(fault.spec.get("seconds", 7200)) if fault is not None and fault.kind == "stall" else 0.0


def _bearer(request: Request) -> str:
    header = request.headers.get("authorization", "")
    if not header:
        text = "Authentication failed. The 'Authorization' header is missing."
        raise errors.unauthenticated("AuthenticationFailed", text)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        text = "Authentication failed. The 'Authorization' header is provided in an invalid format."
        raise errors.unauthenticated("AuthenticationFailedInvalidHeader", text)
    return token.strip()


def _version(query: Mapping[str, str]) -> str:
    version = query.get("api-version", "")
    if not version:
        raise errors.missing_version()
    if not VERSION.fullmatch(version):
        text = f"The api-version '{version[:80]}' is invalid. The supported versions are '2022-01-01,2026-03-01'."
        raise errors.gateway(400, "InvalidApiVersionParameter", text)
    return version


def _route(method: str, place: Place, version: str) -> Route:
    if not place.namespace:
        route = RESOURCES.get((place.kind, level(place), method))
        if route is None:
            raise errors.method_not_allowed(method)
        return route
    if place.namespace.lower() == "microsoft.resources":
        return _deployment_route(method, place, version)
    if place.namespace.lower() != "microsoft.network":
        raise errors.unknown_namespace(place.namespace[:80])
    if place.kind not in NETWORK_KINDS:
        raise errors.unknown_type(place.namespace, "/".join(place.types)[:200], version)
    if version < "2015":
        raise errors.bad_version("/".join(place.types), version)
    route = NETWORK.get((place.kind, level(place), method))
    if route is None:
        raise errors.method_not_allowed(method)
    return route


def _deployment_route(method: str, place: Place, version: str) -> Route:
    route = DEPLOYMENTS.get((place.kind, level(place), method))
    if route is None and not any(kind == place.kind for kind, _, _ in DEPLOYMENTS):
        raise errors.unknown_type(place.namespace, "/".join(place.types)[:200], version)
    if route is None:
        raise errors.method_not_allowed(method)
    return route


def _body(request: Request) -> Mapping[str, Any]:
    """The body of a POST may be missing (arm.md 1.3, actions)."""
    if not request.body.strip() and request.method == "POST":
        return {}
    if not request.body.strip():
        raise errors.unreadable("The request content is empty.")
    try:
        value = json.loads(request.body, parse_constant=_no_constant)
    except (ValueError, UnicodeDecodeError) as broken:
        raise errors.unreadable(str(broken)[:200]) from None
    if not isinstance(value, dict):
        raise errors.unreadable("Error converting value to a JSON object.")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _wrong_tenant(tenant: str, owner: str) -> str:
    return (
        f"The access token is from the wrong issuer 'https://sts.windows.net/{tenant}/'. It must match the tenant "
        f"'https://sts.windows.net/{owner}/' associated with this subscription. Please use the authority (URL) "
        f"'https://login.windows.net/{owner}' to get the token."
    )


def _endpoints(request: Request) -> dict[str, Any]:
    """What `az cloud register` reads (ecosystem.md 10.2)."""
    base = request.base
    return {
        "name": "armsim",
        "portal": base,
        "authentication": {
            "loginEndpoint": base,
            "audiences": [f"{base}/", base],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": base,
        "graph": base,
        "graphAudience": base,
        "media": base,
        "batch": base,
        "sqlManagement": base,
        "gallery": base,
        "vmImageAliasDoc": base,
        "activeDirectoryDataLake": base,
        "suffixes": {"storage": "localhost", "keyVaultDns": "vault.localhost", "acrLoginServer": "acr.localhost"},
    }
