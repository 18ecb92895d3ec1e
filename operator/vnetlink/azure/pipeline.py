"""What every request to ARM passes on its way out. Must never let a request or a token reach another host."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from urllib.parse import urlsplit

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    AsyncHTTPPolicy,
    CustomHookPolicy,
    HeadersPolicy,
    RequestIdPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.rest import AsyncHttpResponse, HttpRequest
from azure.mgmt.core.policies import AsyncARMChallengeAuthenticationPolicy, AsyncAuxiliaryAuthenticationPolicy

from vnetlink import metrics, tracing
from vnetlink.azure.cloud import Cloud
from vnetlink.azure.errors import is_lock
from vnetlink.azure.limiter import Crowded, Kind, Lane, TurnedBack
from vnetlink.azure.tokens import Tokens

log = logging.getLogger("vnetlink.azure")

Request = PipelineRequest[HttpRequest]
Response = PipelineResponse[HttpRequest, AsyncHttpResponse]

DEADLINE = 60.0  # seconds for one request with its token, however slowly the bytes trickle
NEARLY_EMPTY = 20  # remaining requests in ARM's bucket: 10 % of the smallest (arm.md 1.7)
CLIENT_REQUEST_ID = "x-ms-client-request-id"


class ForeignHost(Exception):
    """Somebody (a nextLink, an operation URL) wants us to go elsewhere with our token (T7)."""


class HostGuard(SansIOHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """Stands before authentication. No policy follows redirects, so nothing changes the host behind it."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def on_request(self, request: Request) -> None:
        """Raises ForeignHost unless the request goes to the configured ARM over TLS."""
        if not self._cloud.owns(request.http_request.url):
            raise ForeignHost(
                f"not sent: {urlsplit(request.http_request.url).netloc[:120]!r} is not {self._cloud.name}"
            )


class Throttle(AsyncHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """Takes each request through its lane and tells the lane what ARM said. Stands before authentication, too."""

    def __init__(self, lane: Lane) -> None:
        super().__init__()
        self._lane = lane

    async def send(self, request: Request) -> Response:
        """Raises TurnedBack or Crowded without sending, TimeoutError after the deadline."""
        method = request.http_request.method
        try:
            return await self._pass(request, Kind.of(method))
        except (TurnedBack, Crowded):
            metrics.ARM_HELD_BACK.labels(method).inc()
            raise

    async def _pass(self, request: Request, kind: Kind) -> Response:
        async with self._lane.passage(kind):
            async with asyncio.timeout(DEADLINE):
                response = await self.next.send(request)
                away = await _throttled(response.http_response)
            if away:
                metrics.ARM_THROTTLED.labels(request.http_request.method).inc()
                self._lane.turned_away(retry_after(response.http_response.headers))
            elif response.http_response.status_code != 503:
                self._lane.answered(kind, nearly_empty=_nearly_empty(response.http_response.headers))
            return response


class Journal(AsyncHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """One log line a request, with the ids that Azure support asks for: no headers, no bodies, no query."""

    async def send(self, request: Request) -> Response:
        """Writes are logged at INFO, reads at DEBUG."""
        http = request.http_request
        about = {"http.request.method": http.method, "url.path": urlsplit(http.url).path}
        with tracing.span(f"ARM {http.method}", about) as note:
            note("azure.client_request_id", http.headers.get(CLIENT_REQUEST_ID, ""))
            return await self._told(request, note)

    async def _told(self, request: Request, note: tracing.Note) -> Response:
        sent, http, status, service_id = time.monotonic(), request.http_request, 0, ""
        headers: Mapping[str, str] = {}
        try:
            response = await self.next.send(request)
            status = response.http_response.status_code
            headers = response.http_response.headers
            service_id = headers.get("x-ms-request-id", "")
            return response
        finally:
            note("http.response.status_code", status)
            note("azure.request_id", service_id)
            seconds, path = time.monotonic() - sent, urlsplit(http.url).path
            metrics.arm_answered(http.method, path, status, seconds, headers)
            log.log(
                logging.DEBUG if http.method == "GET" else logging.INFO,
                "ARM %s %s: %s in %d ms, client request %s, request %s",
                http.method,
                path,
                status or "no answer",
                seconds * 1000,
                http.headers.get(CLIENT_REQUEST_ID, ""),
                service_id,
            )


def policies(cloud: Cloud, lane: Lane, tokens: Tokens, auxiliary: Tokens | None) -> list[object]:
    """In the order in which a request passes them; azure-core types them too differently to say more.

    The SDK's retry, redirect, provider registration and logging are left out.
    """
    also = [AsyncAuxiliaryAuthenticationPolicy([auxiliary], cloud.scope)] if auxiliary else []
    return [
        RequestIdPolicy(request_id_header_name=CLIENT_REQUEST_ID),
        HeadersPolicy(),
        UserAgentPolicy(base_user_agent=f"vnetlink/{version('vnetlink')}", user_agent_use_env=False),
        HostGuard(cloud),
        Throttle(lane),
        AsyncARMChallengeAuthenticationPolicy(tokens, cloud.scope),
        *also,
        CustomHookPolicy(),
        Journal(),
    ]


def error_codes(body: bytes) -> tuple[str, ...]:
    """ARM's error code and those in its details; empty when the body is not ARM's (HTML, truncated)."""
    return tuple(code for code, _ in _errors(body))


def error_message(body: bytes) -> str:
    """ARM's sentences: the outer one, then those of the details, each once."""
    return " ".join(dict.fromkeys(message.strip() for _, message in _errors(body) if message.strip()))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from x-ms-retry-after-ms, retry-after-ms or Retry-After (seconds or a date), None without a usable one."""
    for name, unit in (("x-ms-retry-after-ms", 1000.0), ("retry-after-ms", 1000.0), ("Retry-After", 1.0)):
        value = headers.get(name, "").strip()
        if value.replace(".", "", 1).isdecimal() and value.isascii():
            return min(float(value) / unit, 3600.0)
    return _until(headers.get("Retry-After", ""))


def _until(date: str) -> float | None:
    try:
        return max(0.0, min((parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds(), 3600.0))
    except (ValueError, TypeError):
        return None


def _errors(body: bytes) -> list[tuple[str, str]]:
    try:
        document = json.loads(body)
        error = document.get("error", document)
        inner = [item for item in error.get("details") or [] if isinstance(item, dict)]
        return [(str(e["code"]), str(e.get("message") or "")) for e in (error, *inner) if e.get("code")]
    except (ValueError, AttributeError, TypeError):
        return []


def _nearly_empty(headers: Mapping[str, str]) -> bool:
    left = (value for name, value in headers.items() if name.lower().startswith("x-ms-ratelimit-remaining-"))
    return any(value.isdecimal() and int(value) < NEARLY_EMPTY for value in left)


async def _throttled(response: AsyncHttpResponse) -> bool:
    """429 for a quota, or 503 with a time to come back; a 429 for a lock is an ordinary answer (arm.md 1.4)."""
    if response.status_code == 503:
        return retry_after(response.headers) is not None
    return response.status_code == 429 and not is_lock(error_codes(await response.read()))
