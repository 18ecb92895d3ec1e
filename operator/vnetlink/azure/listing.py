"""Every virtual network of a subscription by one paged list, for who wants to see them all. Concludes no absence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vnetlink.azure import codecs
from vnetlink.azure.answers import Answer, Target, Trouble
from vnetlink.azure.errors import as_read
from vnetlink.azure.shapes import Json, Unintelligible
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.reasons import Reason

if TYPE_CHECKING:
    from vnetlink.azure.clients import Network

Listed = dict[VnetId, Seen[ObservedVnet]]


async def vnets(network: Network, subscription: str, asker: str) -> Listed | Unreadable:
    """What the list shows, a VNet that cannot be understood as Unreadable; all of it is, when a page or an id is missing."""
    found: Listed = {}
    what = f"/subscriptions/{subscription}/providers/Microsoft.Network/virtualNetworks"
    async for page in network.vnets():
        if not isinstance(page, Answer):
            return _unreadable(page, what, asker)
        for document in codecs.listed(page.document):
            id = codecs.vnet_id(document)
            if id is None:
                return _garbled(what)
            found[id] = _vnet(document, id)
    return found


def _vnet(document: Json, id: VnetId) -> Seen[ObservedVnet]:
    try:
        return Present(codecs.vnet(document, id))
    except Unintelligible:
        return _garbled(str(id))


def _unreadable(trouble: Trouble, what: str, asker: str) -> Unreadable:
    seen = as_read(trouble, Target(what, asker))
    if isinstance(seen, Absent):
        return Unreadable(Reason.VNET_NOT_FOUND, f"{what} was not found, or is not visible to {asker}", transient=False)
    return seen


def _garbled(what: str) -> Unreadable:
    message = f"Azure Resource Manager's answer is unreadable ({what})"
    return Unreadable(Reason.AZURE_UNREACHABLE, message, transient=True)
