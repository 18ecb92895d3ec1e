"""Calls that the network SDK has none for: regions, resource groups, private DNS zones and their links. Repeats nothing.

They are plain requests through its client's pipeline (host guard, limiter, tokens, journal). azure-mgmt-resource and
azure-mgmt-privatedns would be two more clients and pipelines for seven paths whose pollers and models we would not use.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest
from azure.mgmt.network.aio import NetworkManagementClient

from vnetlink.azure import shapes
from vnetlink.azure.answers import Answer, NoAnswer, Trouble
from vnetlink.azure.calls import UNREADABLE, Caught, outcome
from vnetlink.domain.arm_id import PrivateDnsZoneId, ResourceGroupId, ZoneLinkId

MAX_PAGES = 1000
LOCATIONS = "api-version=2022-12-01"  # the first with availabilityZoneMappings
GROUPS = "api-version=2022-09-01"  # arm.md 1.1
PRIVATE_DNS = "api-version=2020-06-01"  # arm.md 1.1

Body = Mapping[str, Any]


class Others:
    """A narrow port, as clients.Network: JSON objects in and out."""

    def __init__(self, client: NetworkManagementClient) -> None:
        self._client = client

    # --- reads

    async def locations(self, subscription: str) -> Answer | Trouble:
        """GET of the regions of a subscription with their zones."""
        return await self._get(f"/subscriptions/{subscription}/locations?{LOCATIONS}")

    async def resource_group(self, group: ResourceGroupId) -> Answer | Trouble:
        """GET of a resource group."""
        return await self._get(f"{group}?{GROUPS}")

    async def private_dns_zones(self, subscription: str) -> Answer | Trouble:
        """All pages of a subscription's private DNS zones as one list."""
        return await self._every(
            f"/subscriptions/{subscription}/providers/Microsoft.Network/privateDnsZones?{PRIVATE_DNS}"
        )

    async def zone_links(self, zone: PrivateDnsZoneId) -> Answer | Trouble:
        """All pages of a zone's links as one list; its etag is made of those on it and their states."""
        whole = await self._every(f"{zone}/virtualNetworkLinks?{PRIVATE_DNS}")
        if not isinstance(whole, Answer):
            return whole
        return Answer(200, {**whole.document, "etag": _etag(whole.document["value"])})

    async def _every(self, link: str) -> Answer | Trouble:
        found, followed = list[Any](), set[str]()
        while link not in followed and len(followed) < MAX_PAGES:
            followed.add(link)
            page = await self._get(link)
            if not isinstance(page, Answer):
                return page
            listing = page.document.get("value")
            if not isinstance(listing, list):
                return UNREADABLE
            found.extend(listing)
            link = str(page.document.get("nextLink") or "")
            if not link:
                return Answer(200, {"value": found})
        return NoAnswer("Azure Resource Manager's list does not end")

    # --- writes

    async def put_resource_group(self, group: ResourceGroupId, body: Body) -> Answer | Trouble:
        """PUT of a resource group, done at once."""
        return await self._send("PUT", f"{group}?{GROUPS}", body)

    async def put_zone_link(self, link: ZoneLinkId, body: Body) -> Answer | Trouble:
        """PUT of a new link. One of that name that is there already fails the operation that ARM accepts (arm.md 10)."""
        return await self._send("PUT", f"{link}?{PRIVATE_DNS}", body, {"If-None-Match": "*"})

    async def patch_zone_link(self, link: ZoneLinkId, body: Body, *, etag: str) -> Answer | Trouble:
        """PATCH of a link; what `body` leaves out stays."""
        return await self._send("PATCH", f"{link}?{PRIVATE_DNS}", body, _if_match(etag))

    async def delete_zone_link(self, link: ZoneLinkId, *, etag: str) -> Answer | Trouble:
        """DELETE of a link."""
        return await self._send("DELETE", f"{link}?{PRIVATE_DNS}", None, _if_match(etag))

    # --- what all calls have in common

    async def _get(self, url: str) -> Answer | Trouble:
        caught = Caught()
        return await outcome(self._request(HttpRequest("GET", url), caught.whole), caught)

    async def _send(
        self, method: str, path: str, body: Body | None, headers: Mapping[str, str] | None = None
    ) -> Answer | Trouble:
        caught = Caught()
        request = HttpRequest(method, path, headers=dict(headers or {}), json=body)
        return await outcome(self._request(request, caught.head), caught)

    async def _request(self, request: HttpRequest, hook: Any) -> None:
        response = await self._client.send_request(request, raw_response_hook=hook)
        if not 200 <= response.status_code < 300:
            raise HttpResponseError(response=response)


def _etag(links: object) -> str:
    """A deletion that has begun shows in a link's state alone."""
    return "\n".join(["links", *sorted(_state(link) for link in shapes.objects(links))])


def _state(link: shapes.Json) -> str:
    inner = shapes.properties(link)
    words = (link.get("id"), link.get("etag"), inner.get("provisioningState"), inner.get("virtualNetworkLinkState"))
    return " ".join(str(word) for word in words)


def _if_match(etag: str) -> Mapping[str, str]:
    return {"If-Match": etag} if etag else {}
