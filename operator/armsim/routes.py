"""Which function answers which path and method, and the action a caller needs for it. Decides nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .arm_ids import Place
from .call import Handler
from .resources import (
    gateway,
    operation_status,
    peering,
    peering_body,
    public_ip,
    resource_group,
    subnet,
    subscription,
    virtual_network,
)

GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
OPERATIONS = "Microsoft.Network/locations"


@dataclass(frozen=True, slots=True)
class Route:
    handler: Handler
    action: str


def _resource(kind: str, module: object, *methods: str) -> dict[tuple[str, str, str], Route]:
    """Item routes by method, the list in the parent's scope."""
    verbs = {"GET": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
    short = kind.partition("/")[2].lower()
    table = {
        (short, "item", method): Route(getattr(module, method.lower()), f"{kind}/{verbs[method]}") for method in methods
    }
    listed: Handler = module.listing  # type: ignore[attr-defined]
    return {**table, (short, "list", "GET"): Route(listed, f"{kind}/read")}


NETWORK: Mapping[tuple[str, str, str], Route] = {
    **_resource(virtual_network.TYPE, virtual_network, "GET", "PUT", "PATCH", "DELETE"),
    **_resource(subnet.TYPE, subnet, "GET", "PUT", "DELETE"),
    **_resource(peering_body.TYPE, peering, "GET", "PUT", "DELETE"),
    **_resource(public_ip.TYPE, public_ip, "GET", "PUT", "DELETE"),
    **_resource(gateway.TYPE, gateway, "GET", "PUT", "DELETE"),
    ("virtualnetworks", "subscription", "GET"): Route(
        virtual_network.listing_in_subscription, f"{virtual_network.TYPE}/read"
    ),
    ("virtualnetworks/checkipaddressavailability", "list", "GET"): Route(
        virtual_network.check_address, f"{virtual_network.TYPE}/checkIpAddressAvailability/read"
    ),
    ("locations/operations", "item", "GET"): Route(operation_status.status, f"{OPERATIONS}/operations/read"),
    ("locations/operationresults", "item", "GET"): Route(
        operation_status.result, f"{OPERATIONS}/operationResults/read"
    ),
}
NETWORK_KINDS = frozenset(kind for kind, _, _ in NETWORK)

RESOURCES: Mapping[tuple[str, str, str], Route] = {
    ("", "item", "GET"): Route(subscription.get, "Microsoft.Resources/subscriptions/read"),
    ("resourcegroups", "list", "GET"): Route(resource_group.listing, f"{GROUPS}/read"),
    ("resourcegroups", "item", "GET"): Route(resource_group.get, f"{GROUPS}/read"),
    ("resourcegroups", "item", "HEAD"): Route(resource_group.head, f"{GROUPS}/read"),
    ("resourcegroups", "item", "PUT"): Route(resource_group.put, f"{GROUPS}/write"),
    ("resourcegroups", "item", "PATCH"): Route(resource_group.patch, f"{GROUPS}/write"),
    ("resourcegroups", "item", "DELETE"): Route(resource_group.delete, f"{GROUPS}/delete"),
    ("operationresults", "item", "GET"): Route(
        resource_group.job_result, "Microsoft.Resources/subscriptions/operationresults/read"
    ),
}


def level(place: Place) -> str:
    if not place.collection:
        return "item"
    return "subscription" if place.namespace and not place.group else "list"


def parent_scope(place: Place) -> str:
    """Where a role is looked up: the item itself, or what holds the collection."""
    if not place.collection:
        return place.scope.removesuffix("/")
    return (
        place.scope.rpartition("/")[0].rpartition("/providers/")[0]
        if len(place.types) == 1 and place.namespace
        else place.scope.rpartition("/")[0]
    )
