"""ARM's JSON of resource groups and private DNS zones' links to domain values and back."""

from __future__ import annotations

from typing import Any

from vnetlink.azure.shapes import (
    Json,
    Unintelligible,
    flag,
    identify,
    objects,
    properties,
    provisioning,
    reference,
    tags,
)
from vnetlink.domain.arm_id import PrivateDnsZoneId, ResourceGroupId, VnetId, ZoneLinkId
from vnetlink.domain.observed import ObservedZoneLink
from vnetlink.planning.actions import PutResourceGroup, PutZoneLink


def resource_group(document: Json, asked: ResourceGroupId) -> bool:
    """True; raises Unintelligible when `document` is something else."""
    if reference(document).lower() != asked.key:
        raise Unintelligible(f"the answer is not {asked}")
    return True


def linked_zones(document: Json, subscription: str) -> tuple[PrivateDnsZoneId, ...]:
    """The zones in the list that have a link (numberOfVirtualNetworkLinks, arm.md 10). Raises Unintelligible when it is no list."""
    shown = document.get("value")
    if not isinstance(shown, list):
        raise Unintelligible(f"the answer does not tell the private DNS zones of subscription {subscription}")
    linked = (one for one in objects(shown) if properties(one).get("numberOfVirtualNetworkLinks") != 0)
    return tuple(id for id in (identify(PrivateDnsZoneId, one) for one in linked) if id is not None)


def zone_links(document: Json, asked: PrivateDnsZoneId) -> tuple[ObservedZoneLink, ...]:
    """The links in the list; one whose name cannot be ours is left out. Raises Unintelligible when it does not tell all."""
    shown = document.get("value")
    if not isinstance(shown, list) or len(tuple(objects(shown))) != len(shown):
        raise Unintelligible(f"the answer does not tell all links of {asked}")
    named = ((identify(ZoneLinkId, one), one) for one in shown)
    return tuple(_zone_link(id, one) for id, one in named if id is not None and id.zone == asked)


def shown_link(document: Json, link: ZoneLinkId) -> Json:
    """A link just as ARM showed it in the list of its zone; empty when it is not on it."""
    return next((one for one in objects(document.get("value")) if reference(one).lower() == link.key), {})


def resource_group_body(action: PutResourceGroup) -> dict[str, Any]:
    """The body of a PUT of a new group (arm.md 2)."""
    return {"location": action.location, "tags": dict(action.tags)}


def zone_link_body(action: PutZoneLink) -> dict[str, Any]:
    """The body of a PUT of a new link (arm.md 10)."""
    properties = {"virtualNetwork": {"id": str(action.vnet)}, "registrationEnabled": action.registration_enabled}
    return {"location": "global", "tags": dict(action.tags), "properties": properties}


def registration_body(action: PutZoneLink, shown: Json) -> dict[str, Any]:
    """The body of a PATCH, whole as recorded (R:privatedns-patchlink-…): what ARM showed, with another registration."""
    return {**zone_link_body(action), "tags": dict(tags(shown))}


def _zone_link(id: ZoneLinkId, shown: Json) -> ObservedZoneLink:
    inner = properties(shown)
    return ObservedZoneLink(
        id=id,
        vnet=identify(VnetId, inner.get("virtualNetwork")),
        registration_enabled=flag(inner, "registrationEnabled", False),
        provisioning=provisioning(inner),
        tags=tags(shown),
    )
