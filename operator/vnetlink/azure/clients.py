"""The SDK's clients, and its calls as Answers and Troubles. Waits for no long operation; retries nothing."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
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
from azure.mgmt.network.aio import NetworkManagementClient
from azure.mgmt.network.models import VirtualNetworkPeering

from vnetlink.azure.answers import Answer, ArmError, HeldBack, NoAnswer, Trouble
from vnetlink.azure.cloud import Cloud
from vnetlink.azure.errors import after
from vnetlink.azure.identities import Identities
from vnetlink.azure.limiter import NO_HINT, Crowded, Limiter, TurnedBack
from vnetlink.azure.pipeline import ForeignHost, Response, error_codes, error_message, policies, retry_after
from vnetlink.azure.sentences import lasting
from vnetlink.azure.tokens import TokenRefused
from vnetlink.domain.arm_id import PeeringId, VnetId
from vnetlink.domain.identity import Identity

log = logging.getLogger("vnetlink.azure")

MAX_PAGES = 1000
OVERALL = 120.0  # seconds for one call with its queueing and the body of its answer
UNREADABLE = NoAnswer("Azure Resource Manager's answer is unreadable")


class Clients:
    """One NetworkManagementClient for each identity, auxiliary identity and subscription, on shared connections."""

    def __init__(self, cloud: Cloud, identities: Identities, limiter: Limiter, api_version: str | None) -> None:
        self._cloud, self._identities, self._limiter = cloud, identities, limiter
        self._version: dict[str, Any] = {"api_version": api_version} if api_version else {}
        self._clients: dict[tuple[Identity, Identity | None, str], Network] = {}

    def network(self, identity: Identity, auxiliary: Identity | None, subscription: str) -> Network:
        """The calls to Microsoft.Network in one subscription."""
        key = (identity, auxiliary, subscription.lower())
        if key not in self._clients:
            self._clients[key] = Network(self._client(*key), self._version)
        return self._clients[key]

    async def close(self) -> None:
        """Closes all clients; the connections are the identities'."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()

    def _client(self, identity: Identity, auxiliary: Identity | None, subscription: str) -> NetworkManagementClient:
        tokens = self._identities.tokens(identity)
        others = self._identities.tokens(auxiliary) if auxiliary else None
        return NetworkManagementClient(
            tokens,
            subscription,
            base_url=self._cloud.arm_endpoint,
            credential_scopes=[self._cloud.scope],
            policies=policies(self._cloud, self._limiter.lane(identity, subscription), tokens, others),
            transport=self._identities.wire.transport(),
        )


class Network:
    """A narrow port over the generated client: four calls, JSON objects in and out."""

    def __init__(self, client: NetworkManagementClient, version: Mapping[str, Any]) -> None:
        self._client, self._version = client, version

    async def vnet(self, vnet: VnetId) -> Answer | Trouble:
        """GET of a virtual network with all its peerings."""
        caught = Caught()
        get = self._client.virtual_networks.get
        step = get(vnet.resource_group, vnet.name, raw_response_hook=caught.whole, **self._version)
        return await _outcome(step, caught)

    async def vnets(self) -> AsyncIterator[Answer | Trouble]:
        """Every page of the subscription's virtual networks; ends after the first Trouble. A loop of nextLinks is one."""
        caught, followed = Caught(), set[str]()
        pages = self._client.virtual_networks.list_all(raw_response_hook=caught.whole, **self._version).by_page()
        for _ in range(MAX_PAGES):
            page = await _outcome(anext(pages), caught)
            yield page
            link = str(page.document.get("nextLink") or "") if isinstance(page, Answer) else ""
            if not link:
                return
            if link in followed:
                break
            followed.add(link)
        yield NoAnswer("Azure Resource Manager's list of virtual networks does not end")

    async def put(self, peering: PeeringId, body: Mapping[str, Any], *, sync: bool, etag: str) -> Answer | Trouble:
        """PUT of a peering; `etag` empty for none."""
        caught = Caught()
        step = self._client.virtual_network_peerings.begin_create_or_update(
            *_path(peering),
            VirtualNetworkPeering(body),
            sync_remote_address_space="true" if sync else None,
            polling=False,
            headers=_guarded(etag),
            raw_response_hook=caught.head,
            **self._version,
        )
        return await _outcome(step, caught)

    async def delete(self, peering: PeeringId, *, etag: str) -> Answer | Trouble:
        """DELETE of a peering; `etag` empty for none."""
        caught = Caught()
        step = self._client.virtual_network_peerings.begin_delete(
            *_path(peering), polling=False, headers=_guarded(etag), raw_response_hook=caught.head, **self._version
        )
        return await _outcome(step, caught)

    async def close(self) -> None:
        """Closes the client."""
        await self._client.close()


class Caught:
    """The raw answer of a call: status and headers, which the SDK's models drop."""

    def __init__(self) -> None:
        self.last: AsyncHttpResponse | None = None

    def head(self, response: Response) -> None:
        """Hook of a write: its body is still on the way."""
        self.last = response.http_response

    def whole(self, response: Response) -> None:
        """Hook of a read: refuses a body that the SDK would stumble over. Raises ValueError."""
        self.last = response.http_response
        if self.last.status_code == 200:
            _document(self.last.content)

    def answer(self) -> Answer:
        """What came; raises ValueError when it is unreadable."""
        if self.last is None:
            raise ValueError("the SDK made no request")
        seconds = retry_after(self.last.headers)
        waits = None if seconds is None else after(seconds)
        return Answer(self.last.status_code, _document(self.last.content), waits)


async def _outcome(step: Awaitable[object], caught: Caught) -> Answer | Trouble:
    """Makes a call of the SDK. Its exceptions end here, as values."""
    try:
        async with asyncio.timeout(OVERALL):
            await step
        return caught.answer()
    except (TokenRefused, TurnedBack, Crowded, ForeignHost) as unsent:
        return _unsent(unsent)
    except (AzureError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        log.debug("ARM request failed: %s: %s", type(error).__name__, lasting(str(error)))
        return _trouble(error)


def _unsent(error: TokenRefused | TurnedBack | Crowded | ForeignHost) -> Trouble:
    match error:
        case TokenRefused(trouble=trouble):
            return trouble
        case TurnedBack(seconds=seconds):
            return HeldBack(after(seconds))
        case Crowded():
            return NoAnswer("Azure Resource Manager is slow and requests are queueing", after(NO_HINT))
        case ForeignHost():
            return NoAnswer("Azure Resource Manager's answer leads to another host and was not followed")


def _trouble(error: Exception) -> Trouble:
    match error:
        case HttpResponseError(response=AsyncHttpResponse() as response) if not isinstance(error, DecodeError):
            return _refusal(response)
        case ServiceRequestTimeoutError() | ServiceResponseTimeoutError() | TimeoutError():
            return NoAnswer("Azure Resource Manager did not answer in time")
        case ServiceRequestError():
            return NoAnswer("Azure Resource Manager cannot be reached")
        case AzureError() | aiohttp.ClientError() | OSError():
            return NoAnswer("The connection to Azure Resource Manager was cut")
        case _:
            return UNREADABLE


def _refusal(response: AsyncHttpResponse) -> Trouble:
    """An error status: ARM's word when the body is ARM's, otherwise somebody else's (a proxy, a broken gateway)."""
    body, seconds = _body(response), retry_after(response.headers)
    waits, codes = None if seconds is None else after(seconds), error_codes(body)
    if codes:
        return ArmError(response.status_code, codes, error_message(body), waits)
    if response.status_code == 429:
        return HeldBack(after(NO_HINT if seconds is None else seconds))
    return NoAnswer(f"Azure Resource Manager answered {response.status_code} without an error code", waits)


def _body(response: AsyncHttpResponse) -> bytes:
    try:
        return response.content
    except AzureError:
        return b""


def _document(body: bytes) -> Mapping[str, Any]:
    """The JSON object in a body, with a list in `value` if it has one; raises ValueError for anything else."""
    document = json.loads(body) if body.strip() else {}
    if not isinstance(document, dict) or not isinstance(document.get("value", []), list):
        raise ValueError("the body is not a JSON object of Azure Resource Manager")
    return document


def _path(peering: PeeringId) -> tuple[str, str, str]:
    return peering.vnet.resource_group, peering.vnet.name, peering.name


def _guarded(etag: str) -> dict[str, str]:
    return {"If-Match": etag} if etag else {}
