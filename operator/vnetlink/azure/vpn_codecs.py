"""ARM's JSON of gateways, addresses and connections to domain values and back. No document that comes or goes here has a key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vnetlink.azure.shapes import (
    Json,
    Unintelligible,
    flag,
    identify,
    mapping,
    number,
    objects,
    properties,
    provisioning,
    reference,
    tags,
    text,
    texts,
)
from vnetlink.domain.arm_id import ConnectionId, GatewayId, PublicIpId, SubnetId
from vnetlink.domain.observed import ListedConnection, ObservedConnection, ObservedGateway, ObservedPublicIp
from vnetlink.domain.vpn import VNET2VNET, ConnectionOptions, IpsecPolicy
from vnetlink.planning.actions import PutConnection, PutGateway, PutPublicIp, Tags

# Written by ARM alone; sending them back is at best ignored. A key is never sent back: SetSharedKey changes it (arm.md 7).
_ARMS_OWN = frozenset(
    (
        *("provisioningState", "resourceGuid", "packetCaptureDiagnosticState", "connectionStatus"),
        *("tunnelConnectionStatus", "ingressBytesTransferred", "egressBytesTransferred", "sharedKey"),
        *("isMigrateToCSES", "inboundDnsForwardingEndpoint", "virtualNetworkGatewayMigrationStatus"),
    )
)
_TOP = ("tags", "zones", "identity", "extendedLocation")
_POLICY = (
    ("saLifeTimeSeconds", "sa_life_time_seconds"),
    ("saDataSizeKilobytes", "sa_data_size_kilobytes"),
    ("ipsecEncryption", "ipsec_encryption"),
    ("ipsecIntegrity", "ipsec_integrity"),
    ("ikeEncryption", "ike_encryption"),
    ("ikeIntegrity", "ike_integrity"),
    ("dhGroup", "dh_group"),
    ("pfsGroup", "pfs_group"),
)
_CONFIGURATIONS = ("default", "second")


def gateway(document: Json, asked: GatewayId) -> ObservedGateway:
    """The gateway in `document`; raises Unintelligible when that is something else."""
    inner = _inner(document, asked)
    configurations = [properties(one) for one in objects(inner.get("ipConfigurations"))]
    subnets = (identify(SubnetId, one.get("subnet")) for one in configurations)
    addresses = (identify(PublicIpId, one.get("publicIPAddress")) for one in configurations)
    return ObservedGateway(
        id=asked,
        location=text(document, "location"),
        provisioning=provisioning(inner),
        gateway_type=text(inner, "gatewayType"),
        vpn_type=text(inner, "vpnType"),
        sku=text(mapping(inner, "sku"), "name"),
        generation=text(inner, "vpnGatewayGeneration"),
        active_active=flag(inner, "activeActive", False),
        enable_bgp=flag(inner, "enableBgp", False),
        asn=number(mapping(inner, "bgpSettings"), "asn"),
        subnets=tuple(dict.fromkeys(one for one in subnets if one is not None)),
        public_ips=tuple(one for one in addresses if one is not None),
        tags=tags(document),
    )


def public_ip(document: Json, asked: PublicIpId) -> ObservedPublicIp:
    """The address in `document`; raises Unintelligible when that is something else."""
    inner = _inner(document, asked)
    return ObservedPublicIp(
        id=asked,
        location=text(document, "location"),
        provisioning=provisioning(inner),
        sku=text(mapping(document, "sku"), "name"),
        allocation=text(inner, "publicIPAllocationMethod"),
        zones=tuple(sorted(texts(document.get("zones")))),
        address=text(inner, "ipAddress"),
        attached_to=reference(inner.get("ipConfiguration")),
        tags=tags(document),
    )


def connection(document: Json, asked: ConnectionId) -> ObservedConnection:
    """The connection in `document`; raises Unintelligible when that is something else."""
    inner = _inner(document, asked)
    return ObservedConnection(
        id=asked,
        location=text(document, "location"),
        provisioning=provisioning(inner),
        kind=text(inner, "connectionType"),
        near=identify(GatewayId, inner.get("virtualNetworkGateway1")),
        far=identify(GatewayId, inner.get("virtualNetworkGateway2")),
        options=_options(inner),
        status=text(inner, "connectionStatus"),
        tags=tags(document),
    )


def connections_of(document: Json, asked: GatewayId) -> tuple[ListedConnection, ...]:
    """Those in the list that begin at `asked`; raises Unintelligible when the list does not tell all of them."""
    shown = document.get("value")
    if not isinstance(shown, list) or not all(isinstance(one, Mapping) for one in shown):
        raise Unintelligible(f"the answer does not tell all connections of {asked}")
    return tuple(one for one in (_listed(each, asked) for each in shown) if one.near == asked)


def zones(document: Json) -> Mapping[str, tuple[str, ...]]:
    """Zones by region, both as written in `plain`; from GET …/locations (2022-12-01). Raises Unintelligible."""
    regions = document.get("value")
    if not isinstance(regions, list) or not regions:
        raise Unintelligible("the answer tells no regions")
    return {plain(text(region, "name")): tuple(sorted(_zones(region))) for region in objects(regions)}


def plain(location: str) -> str:
    """A region's name to be compared: "West Europe" is westeurope."""
    return "".join(location.split()).lower()


def public_ip_body(action: PutPublicIp) -> dict[str, Any]:
    """The body of a PUT of a new address (arm.md 5)."""
    return {
        "location": action.location,
        "sku": {"name": "Standard", "tier": "Regional"},
        "tags": dict(action.tags),
        "properties": {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"},
        **({"zones": list(action.zones)} if action.zones else {}),
    }


def gateway_body(action: PutGateway, shown: Json | None) -> dict[str, Any]:
    """The body of a PUT (arm.md 6): what is wanted for a new gateway, everything ARM showed with our fields changed otherwise.

    The ipConfigurations of a gateway that has some stay as they are: their names are its own.
    """
    shape = action.shape
    wanted: dict[str, Any] = {
        "gatewayType": "Vpn",
        "vpnType": "RouteBased",
        "sku": {"name": shape.sku, "tier": shape.sku},
        "vpnGatewayGeneration": shape.generation,
        "activeActive": shape.active_active,
        "enableBgp": shape.enable_bgp,
    }
    if shape.asn is not None:
        wanted["bgpSettings"] = {**mapping(properties(shown or {}), "bgpSettings"), "asn": shape.asn}
    if not properties(shown or {}).get("ipConfigurations"):
        wanted["ipConfigurations"] = _configurations(action)
    return _merged(shown, action.location, shape.tags, wanted)


def connection_body(action: PutConnection, shown: Json | None) -> dict[str, Any]:
    """The body of a PUT (arm.md 7) without its key: what is wanted, and otherwise everything ARM showed."""
    options = action.options
    wanted = {
        "connectionType": VNET2VNET,
        "virtualNetworkGateway1": {"id": str(action.near)},
        "virtualNetworkGateway2": {"id": str(action.far)},
        "connectionProtocol": options.protocol,
        "connectionMode": options.mode,
        "dpdTimeoutSeconds": options.dpd_timeout_seconds,
        "routingWeight": options.routing_weight,
        "enableBgp": options.enable_bgp,
        "ipsecPolicies": [_policy_body(policy) for policy in options.ipsec_policies],
    }
    return _merged(shown, action.location, action.tags, wanted)


def _inner(document: Json, asked: GatewayId | PublicIpId | ConnectionId) -> Json:
    if reference(document).lower() != asked.key or not isinstance(document.get("properties"), Mapping):
        raise Unintelligible(f"the answer is not {asked}")
    return properties(document)


def _listed(shown: Json, asked: GatewayId) -> ListedConnection:
    inner = properties(shown)
    found, near = identify(ConnectionId, shown), identify(GatewayId, inner.get("virtualNetworkGateway1"))
    if found is None or near is None:
        raise Unintelligible(f"the answer does not tell all connections of {asked}")
    far = identify(GatewayId, inner.get("virtualNetworkGateway2"))
    return ListedConnection(found, text(inner, "connectionType"), near, far, tags(shown))


def _options(inner: Json) -> ConnectionOptions:
    """What ARM leaves out (older API versions) has its default. It shows a DPD timeout that nobody set as 0 (arm.md 7)."""
    default = ConnectionOptions()
    return ConnectionOptions(
        protocol=text(inner, "connectionProtocol", default.protocol),
        mode=text(inner, "connectionMode", default.mode),
        dpd_timeout_seconds=number(inner, "dpdTimeoutSeconds") or default.dpd_timeout_seconds,
        routing_weight=number(inner, "routingWeight"),
        enable_bgp=flag(inner, "enableBgp", False),
        ipsec_policies=tuple(_policy(one) for one in objects(inner.get("ipsecPolicies"))),
    )


def _policy(shown: Json) -> IpsecPolicy:
    return IpsecPolicy(
        sa_life_time_seconds=number(shown, "saLifeTimeSeconds"),
        sa_data_size_kilobytes=number(shown, "saDataSizeKilobytes"),
        ipsec_encryption=text(shown, "ipsecEncryption"),
        ipsec_integrity=text(shown, "ipsecIntegrity"),
        ike_encryption=text(shown, "ikeEncryption"),
        ike_integrity=text(shown, "ikeIntegrity"),
        dh_group=text(shown, "dhGroup"),
        pfs_group=text(shown, "pfsGroup"),
    )


def _policy_body(policy: IpsecPolicy) -> dict[str, Any]:
    return {name: getattr(policy, field) for name, field in _POLICY}


def _zones(region: Json) -> Iterator[str]:
    told = (text(one, "logicalZone") for one in objects(region.get("availabilityZoneMappings")))
    return (zone for zone in told if zone)


def _configurations(action: PutGateway) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "properties": {
                "privateIPAllocationMethod": "Dynamic",
                "subnet": {"id": str(action.subnet)},
                "publicIPAddress": {"id": str(address)},
            },
        }
        for name, address in zip(_CONFIGURATIONS, action.public_ips, strict=False)
    ]


def _merged(shown: Json | None, location: str, ours: Tags, wanted: dict[str, Any]) -> dict[str, Any]:
    """Ours over what ARM showed; tags of others stay."""
    if shown is None:
        return {"location": location, "tags": dict(ours), "properties": wanted}
    kept = {name: value for name, value in properties(shown).items() if name not in _ARMS_OWN}
    top = {name: shown[name] for name in _TOP if name in shown}
    merged_tags = {**dict(tags(shown)), **dict(ours)}
    return {**top, "location": text(shown, "location"), "tags": merged_tags, "properties": {**kept, **wanted}}
