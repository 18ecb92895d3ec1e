"""Which function answers which path and method, and the action a caller needs for it. Decides nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .arm_ids import Place
from .call import Handler
from .resources import (
    connection,
    deployment,
    gateway,
    gateway_body,
    local_network_gateway,
    network_interface,
    network_security_group,
    operation_status,
    peering,
    peering_body,
    private_dns,
    private_dns_link,
    private_dns_zone,
    public_ip,
    resource_group,
    route_table,
    shared_key,
    subnet,
    subscription,
    virtual_network,
)
from .resources.kind import Kind

GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
OPERATIONS = "Microsoft.Network/locations"
KINDS: tuple[Kind, ...] = (
    network_security_group.KIND,
    route_table.KIND,
    local_network_gateway.KIND,
    network_interface.KIND,
)


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


def _actions(kind: str, **handlers: Handler) -> dict[tuple[str, str, str], Route]:
    """POST on a word below an item, which reads as a collection."""
    short = kind.partition("/")[2].lower()
    return {
        (f"{short}/{word}".lower(), "list", "POST"): Route(handler, f"{kind}/{word}/action")
        for word, handler in handlers.items()
    }


def _everywhere(module: object) -> dict[tuple[str, str, str], Route]:
    """The list of a whole subscription; gateways and connections have none (arm.md 6, 7)."""
    kind: str = module.type if isinstance(module, Kind) else module.TYPE  # type: ignore[attr-defined]
    listed: Handler = module.listing_in_subscription  # type: ignore[attr-defined]
    return {(kind.partition("/")[2].lower(), "subscription", "GET"): Route(listed, f"{kind}/read")}


ALL = ("GET", "PUT", "PATCH", "DELETE")
NO_PATCH = ("GET", "PUT", "DELETE")
KEY = f"{connection.TYPE}/sharedKey"
NETWORK: Mapping[tuple[str, str, str], Route] = {
    **_resource(virtual_network.TYPE, virtual_network, *ALL),
    **_everywhere(virtual_network),
    **_resource(subnet.TYPE, subnet, *NO_PATCH),
    **_resource(peering_body.TYPE, peering, *NO_PATCH),
    **_resource(public_ip.TYPE, public_ip, *ALL),
    **_everywhere(public_ip),
    **_resource(gateway_body.TYPE, gateway, *ALL),
    **_actions(
        gateway_body.TYPE,
        reset=gateway.reset,
        getLearnedRoutes=gateway.learned_routes,
        getAdvertisedRoutes=gateway.advertised_routes,
        getBgpPeerStatus=gateway.peer_status,
        supportedvpndevices=gateway.supported_devices,
        disconnectVirtualNetworkGatewayVpnConnections=gateway.disconnect,
    ),
    ("virtualnetworkgateways/connections", "list", "GET"): Route(
        connection.listing_of_gateway, f"{gateway_body.TYPE}/connections/read"
    ),
    **_resource(connection.TYPE, connection, *ALL),
    **_actions(connection.TYPE, resetconnection=connection.reset, getikesas=connection.security_associations),
    ("connections/sharedkey", "list", "GET"): Route(shared_key.get, f"{KEY}/read"),
    ("connections/sharedkey", "list", "PUT"): Route(shared_key.put, f"{KEY}/write"),
    ("connections/sharedkey", "item", "POST"): Route(shared_key.reset, f"{KEY}/reset/action"),
    **{
        key: route for kind in KINDS for key, route in {**_resource(kind.type, kind, *ALL), **_everywhere(kind)}.items()
    },
    **_resource(network_security_group.RULES.type, network_security_group.RULES, *NO_PATCH),
    **_resource(route_table.ROUTES.type, route_table.ROUTES, *NO_PATCH),
    **_resource(private_dns_zone.TYPE, private_dns_zone, *ALL),
    **_everywhere(private_dns_zone),
    **_resource(private_dns_link.TYPE, private_dns_link, *ALL),
    ("privatednsoperationstatuses", "item", "GET"): Route(
        private_dns.status, "Microsoft.Network/privateDnsOperationStatuses/read"
    ),
    ("privatednsoperationresults", "item", "GET"): Route(
        private_dns.result, "Microsoft.Network/privateDnsOperationResults/read"
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
    ("locations", "list", "GET"): Route(subscription.locations, "Microsoft.Resources/subscriptions/locations/read"),
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


DEPLOYMENTS: Mapping[tuple[str, str, str], Route] = {
    **_resource(deployment.TYPE, deployment, "GET", "PUT"),
    ("deployments", "item", "HEAD"): Route(deployment.head, f"{deployment.TYPE}/read"),
    **_actions(deployment.TYPE, validate=deployment.validate),
    ("deployments/operationstatuses", "item", "GET"): Route(
        deployment.status, f"{deployment.TYPE}/operationstatuses/read"
    ),
}


def level(place: Place) -> str:
    if not place.collection:
        return "item"
    return "subscription" if place.namespace and not place.group else "list"


def parent_scope(place: Place) -> str:
    """Where a role is looked up: the item itself, or what holds the collection."""
    if not place.collection or not place.namespace:
        return place.scope.removesuffix("/")
    return (
        place.scope.rpartition("/")[0].rpartition("/providers/")[0]
        if len(place.types) == 1
        else place.scope.rpartition("/")[0]
    )
