"""One call of the SDK as an Answer or a Trouble. Its exceptions end here; no key gets out of here but as a SharedKey."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Mapping
from typing import Any

import aiohttp
from azure.core.exceptions import (
    AzureError,
    DecodeError,
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)
from azure.core.rest import AsyncHttpResponse

from vnetlink.azure.answers import Answer, ArmError, HeldBack, NoAnswer, Trouble
from vnetlink.azure.errors import after
from vnetlink.azure.limiter import NO_HINT, Crowded, TurnedBack
from vnetlink.azure.pipeline import ForeignHost, Response, error_codes, error_message, retry_after
from vnetlink.azure.redaction import Redactor, keyless, mark
from vnetlink.azure.sentences import lasting
from vnetlink.azure.tokens import TokenRefused
from vnetlink.azure.wire import NotLeading
from vnetlink.domain.shared_key import SharedKey

log = logging.getLogger("vnetlink.azure")

OVERALL = 120.0  # seconds for one call with its queueing and the body of its answer
UNREADABLE = NoAnswer("Azure Resource Manager's answer is unreadable")


class Caught:
    """The raw answer of a call: status and headers, which the SDK's models drop. `keys` may stand in it.

    `quotable`: no key that nobody has seen yet can be in it, so that an error may be logged in full.
    """

    def __init__(self, *keys: SharedKey | None, quotable: bool = True) -> None:
        self.last: AsyncHttpResponse | None = None
        self.cleaned, self.quotable = Redactor(*keys), quotable

    def head(self, response: Response) -> None:
        """Hook of a write: its body is still on the way."""
        self.last = response.http_response

    def whole(self, response: Response) -> None:
        """Hook of a read: refuses a body that the SDK would stumble over. Raises ValueError."""
        self.last = response.http_response
        if self.last.status_code == 200:
            self.document(self.last.content)

    def answer(self) -> Answer:
        """What came; raises ValueError when it is unreadable."""
        if self.last is None:
            raise ValueError("the SDK made no request")
        seconds = retry_after(self.last.headers)
        waits = None if seconds is None else after(seconds)
        return Answer(self.last.status_code, self.document(self.last.content), waits)

    def document(self, body: bytes) -> Mapping[str, Any]:
        """The JSON object in a body, with a list in `value` if it has one; raises ValueError for anything else."""
        document = json.loads(body) if body.strip() else {}
        if not isinstance(document, dict) or not isinstance(document.get("value", []), list):
            raise ValueError("the body is not a JSON object of Azure Resource Manager")
        if "{" in str(document.get("nextLink")):  # the SDK would fill it in like a template, or stumble
            raise ValueError("the address of the next page is none")
        cleaned = keyless(document) if b"sharedkey" in body.lower() else document
        assert isinstance(cleaned, dict)
        return cleaned


class CaughtKey(Caught):
    """The answer to a GET of a shared key: the document has a SharedKey or None in `key`, and its mark as etag."""

    def document(self, body: bytes) -> Mapping[str, Any]:
        """`null`, no value and an empty one are no key; a list (seen for ExpressRoute, arm.md 7) is nothing at all."""
        shown = json.loads(body) if body.strip() else None
        value = shown.get("value") if isinstance(shown, dict) else None
        if not isinstance(shown, dict | None) or not isinstance(value, str | None):
            raise ValueError("the body is not a shared key")
        key = SharedKey(value) if value else None
        return {"key": key, "etag": mark(key) if key else ""}


class CaughtSilently(Caught):
    """The answer to a PUT of a shared key, whose body would only repeat it."""

    def document(self, body: bytes) -> Mapping[str, Any]:
        """Nothing."""
        return {}


async def outcome(step: Awaitable[object], caught: Caught) -> Answer | Trouble:
    """Makes a call of the SDK. Its exceptions end here, as values."""
    try:
        async with asyncio.timeout(OVERALL):
            await step
        return caught.answer()
    except (TokenRefused, TurnedBack, Crowded, ForeignHost, NotLeading) as unsent:
        return _unsent(unsent)
    except (AzureError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        said = lasting(caught.cleaned(str(error))) if caught.quotable else "its words may hold a shared key"
        log.debug("ARM request failed: %s: %s", type(error).__name__, said)
        return _trouble(error, caught.cleaned)


def refusal(response: AsyncHttpResponse, cleaned: Redactor) -> Trouble:
    """An error status: ARM's word when the body is ARM's, otherwise somebody else's (a proxy, a broken gateway)."""
    body, seconds = _body(response), retry_after(response.headers)
    waits, codes = None if seconds is None else after(seconds), error_codes(body)
    if codes:
        return ArmError(response.status_code, tuple(map(cleaned, codes)), cleaned(error_message(body)), waits)
    if response.status_code == 429:
        return HeldBack(after(NO_HINT if seconds is None else seconds))
    return NoAnswer(f"Azure Resource Manager answered {response.status_code} without an error code", waits)


def _unsent(error: TokenRefused | TurnedBack | Crowded | ForeignHost | NotLeading) -> Trouble:
    match error:
        case TokenRefused(trouble=trouble):
            return trouble
        case TurnedBack(seconds=seconds):
            return HeldBack(after(seconds))
        case Crowded():
            return NoAnswer("Azure Resource Manager is slow and requests are queueing", after(NO_HINT))
        case ForeignHost():
            return NoAnswer("Azure Resource Manager's answer leads to another host and was not followed")
        case NotLeading():
            return NoAnswer("Azure Resource Manager was not asked, because another process leads")


def _trouble(error: Exception, cleaned: Redactor) -> Trouble:
    match error:
        case HttpResponseError(response=AsyncHttpResponse() as response) if not isinstance(error, DecodeError):
            return refusal(response, cleaned)
        case ServiceRequestTimeoutError() | ServiceResponseTimeoutError() | TimeoutError():
            return NoAnswer("Azure Resource Manager did not answer in time")
        case ServiceRequestError():
            return NoAnswer("Azure Resource Manager cannot be reached")
        case AzureError() | aiohttp.ClientError() | OSError():
            return NoAnswer("The connection to Azure Resource Manager was cut")
        case _:
            return UNREADABLE


def _body(response: AsyncHttpResponse) -> bytes:
    try:
        return response.content
    except AzureError:
        return b""
