"""How a virtual network gateway looks in each api-version (arm.md 6). Changes nothing."""

from __future__ import annotations

from typing import Any

from .. import address_spaces
from ..store import Gateway, GatewayIp, World
from . import public_ip

TYPE = "Microsoft.Network/virtualNetworkGateways"
DEFAULT_ASN = 65515


def body(world: World, gateway: Gateway, version: str, *, written: bool = False) -> dict[str, Any]:
    """`written`: the answer of a PUT, which alone shows the default vpnClientConfiguration."""
    shown: dict[str, Any] = {
        "name": gateway.name,
        "id": gateway.id,
        "etag": gateway.etag,
        "type": TYPE,
        "location": gateway.location,
    }
    if gateway.tags is not None:
        shown["tags"] = gateway.tags
    return {**shown, "properties": _properties(world, gateway, version, written)}


def _properties(world: World, gateway: Gateway, version: str, written: bool) -> dict[str, Any]:
    """Shown in 2022: R:vpn-gateways-vnet2vnet-connections; in 2017: R:vpn-vnet2vnet-connection-chronological."""
    props = gateway.props
    shown: dict[str, Any] = {"provisioningState": gateway.state, "resourceGuid": gateway.guid}
    if version >= "2021":
        shown["packetCaptureDiagnosticState"] = "None"
        shown["enablePrivateIpAddress"] = props.get("enablePrivateIpAddress", False)
        shown["isMigrateToCSES"] = False
    shown["ipConfigurations"] = [_ip_configuration(gateway, one, version) for one in gateway.ips]
    if version >= "2021":
        shown["natRules"] = [_nat_rule(gateway, one) for one in props.get("natRules", [])]
        shown["virtualNetworkGatewayPolicyGroups"] = []
        shown["enableBgpRouteTranslationForNat"] = props.get("enableBgpRouteTranslationForNat", False)
        shown["disableIPSecReplayProtection"] = props.get("disableIPSecReplayProtection", False)
    for name in ("sku", "gatewayType", "vpnType", "enableBgp", "activeActive"):
        shown[name] = props[name]
    client = _client(gateway, version, written)
    if client:
        shown["vpnClientConfiguration"] = client
    bgp = _bgp(world, gateway, version)
    if bgp:
        shown["bgpSettings"] = bgp
    for name in ("customRoutes", "gatewayDefaultSite"):
        if name in props:
            shown[name] = props[name]
    if version >= "2019":
        shown["vpnGatewayGeneration"] = props["vpnGatewayGeneration"]
    return shown


def _ip_configuration(gateway: Gateway, one: GatewayIp, version: str) -> dict[str, Any]:
    head: dict[str, Any] = {
        "name": one.name,
        "id": f"{gateway.id}/ipConfigurations/{one.name}",
        "etag": gateway.etag,
    }
    if version >= "2018":
        head["type"] = f"{TYPE}/ipConfigurations"
    properties = {
        "provisioningState": gateway.state,
        "privateIPAllocationMethod": one.allocation,
        "publicIPAddress": {"id": one.address},
        "subnet": {"id": one.subnet},
    }
    return {**head, "properties": properties}


def _nat_rule(gateway: Gateway, rule: dict[str, Any]) -> dict[str, Any]:
    """R:vpn-gateway-put-429-retryable."""
    inner = {name: value for name, value in rule.items() if name != "name"}
    return {
        "name": rule["name"],
        "id": f"{gateway.id}/natRules/{rule['name']}",
        "etag": gateway.etag,
        "properties": {"provisioningState": gateway.state, **inner},
        "type": f"{TYPE}/natRules",
    }


def _client(gateway: Gateway, version: str, written: bool) -> dict[str, Any]:
    """The configured one always, its defaults filled in; without one only a PUT's answer shows the defaults.

    R:vpn-gateway-disconnect-connections: a pool makes it configured, Basic speaks SSTP only, health once it stands.
    """
    configured = gateway.props.get("vpnClientConfiguration")
    if configured is None and not written:
        return {}
    shown: dict[str, Any] = dict(configured or {})
    shown.setdefault("vpnClientProtocols", _protocols(gateway, version))
    names = ["vpnClientRootCertificates", "vpnClientRevokedCertificates"]
    if version >= "2019":
        names += [
            "vpnAuthenticationTypes",
            "vngClientConnectionConfigurations",
            "radiusServers",
            "vpnClientIpsecPolicies",
        ]
    for name in names:
        shown.setdefault(name, [])
    if configured is not None and gateway.state == "Succeeded" and version >= "2019":
        passed = ("vpnClientConnectionsCount", "totalIngressBytesTransferred", "totalEgressBytesTransferred")
        shown["vpnClientConnectionHealth"] = dict.fromkeys(passed, 0)
    return shown


def _protocols(gateway: Gateway, version: str) -> list[str]:
    if gateway.props["sku"]["name"] == "Basic":
        return ["SSTP"]
    return ["OpenVPN", "IkeV2"] if version >= "2019" else ["SSTP", "IkeV2"]


def _bgp(world: World, gateway: Gateway, version: str) -> dict[str, Any]:
    """asn 0 and no addresses until the gateway has stood once, but what was sent (arm.md 6; R:vpn-gateways-…, 31)."""
    if version < "2019":
        return _old_bgp(world, gateway)
    inner = inner_addresses(world, gateway) if gateway.born else []
    peers = []
    for index, one in enumerate(gateway.ips):
        address = world.addresses.get(one.address.lower())
        peer: dict[str, Any] = {
            "ipconfigurationId": f"{gateway.id}/ipConfigurations/{one.name}",
            "defaultBgpIpAddresses": inner[index : index + 1],
            "customBgpIpAddresses": list(one.custom),
        }
        if gateway.born:
            peer["tunnelIpAddresses"] = [public_ip.visible(world, address)] if address else []
        peers.append(peer)
    shown: dict[str, Any] = {"asn": asn(gateway) if gateway.born else gateway.props.get("asn", 0)}
    reached = ",".join(inner) or str(gateway.props.get("peer", ""))
    if reached:
        shown["bgpPeeringAddress"] = reached
    return {**shown, "peerWeight": gateway.props.get("peerWeight", 0), "bgpPeeringAddresses": peers}


def _old_bgp(world: World, gateway: Gateway) -> dict[str, Any]:
    if not gateway.born:
        return {}
    inner = ",".join(inner_addresses(world, gateway))
    return {"asn": asn(gateway), "bgpPeeringAddress": inner, "peerWeight": gateway.props.get("peerWeight", 0)}


def asn(gateway: Gateway) -> int:
    return int(gateway.props.get("asn") or DEFAULT_ASN)


def inner_addresses(world: World, gateway: Gateway) -> list[str]:
    """The address before broadcast for one instance, unless another was sent; .4 and .5 for two (arm.md 6)."""
    if len(gateway.ips) == 1 and gateway.props.get("peer"):
        return [str(gateway.props["peer"])]
    vnet = world.vnets.get(gateway.vnet_key)
    subnet = vnet.subnet("GatewaySubnet") if vnet else None
    if subnet is None:
        return []
    network = address_spaces.network(subnet.prefixes[0])
    return [str(network[4]), str(network[5])] if len(gateway.ips) > 1 else [str(network[-2])]
