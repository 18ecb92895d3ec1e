"""The `vpn` block of a spec. Pure; the same block in every kind that has one (design/api.md, Shape)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network

from vnetlink.domain.arm_id import ArmId, ConnectionId, GatewayId, PublicIpId
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.vpn import (
    ConnectionOptions,
    GatewayCreation,
    IpsecPolicy,
    OnFailure,
    SecretKeyRef,
    WantedSharedKey,
    WantedVpnSide,
)
from vnetlink.kube.fields import (
    Body,
    Wrong,
    choice,
    flag,
    mapping,
    number,
    object_name,
    optional_id,
    rows,
    span,
    string,
    tags,
)

PATH = "spec.vpn"
SHORTEST_VERIFY, LONGEST_VERIFY = timedelta(seconds=1), timedelta(days=1)
SUBNET_LENGTHS = range(24, 28)

_SECRET_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


@dataclass(frozen=True, slots=True)
class VpnBlock:
    """What is asked for under `vpn`."""

    sides: PerSide[WantedVpnSide]
    shared_key: WantedSharedKey
    options: ConnectionOptions


def vpn_block(spec: Body) -> VpnBlock:
    """The block. Raises Wrong; what only Azure can judge (a SKU, an algorithm) is left to Azure."""
    block = mapping(spec, "vpn", PATH)
    sides = PerSide.of(lambda side: _side(block, side))
    _different(sides.map(lambda side: (side.gateway,)), "gateway.id", "gateway")
    _different(sides.map(lambda side: (side.connection,)), "connection.id", "connection")
    _different(sides.map(_addresses), "gateway.create.publicIP.id", "public IP address")
    return VpnBlock(sides, _shared_key(mapping(block, "sharedKey", f"{PATH}.sharedKey")), _options(block))


def _different(ids: PerSide[tuple[ArmId | None, ...]], field: str, what: str) -> None:
    if set(ids.vnet1) & set(ids.vnet2) - {None}:
        raise Wrong(f"{PATH}.vnet2.{field}: both sides name the same {what}; name two different ones")


def _addresses(side: WantedVpnSide) -> tuple[PublicIpId | None, ...]:
    return side.creation.public_ips if side.creation is not None else ()


def _side(block: Body, side: Side) -> WantedVpnSide:
    path = f"{PATH}.{side.value}"
    wanted = mapping(block, side.value, path, required=False)
    gateway = mapping(wanted, "gateway", f"{path}.gateway", required=False)
    connection = mapping(wanted, "connection", f"{path}.connection", required=False)
    return WantedVpnSide(
        gateway=optional_id(gateway, "id", f"{path}.gateway", GatewayId),
        creation=None if gateway.get("create") is None else _creation(gateway, f"{path}.gateway.create"),
        connection=optional_id(connection, "id", f"{path}.connection", ConnectionId),
    )


def _creation(gateway: Body, path: str) -> GatewayCreation:
    create, usual = mapping(gateway, "create", path), GatewayCreation()
    subnet = mapping(create, "gatewaySubnet", f"{path}.gatewaySubnet", required=False)
    active_active = flag(create, "activeActive", usual.active_active, path)
    return GatewayCreation(
        sku=string(create, "sku", path, usual.sku),
        generation=string(create, "vpnGatewayGeneration", path, usual.generation),
        active_active=active_active,
        asn=None if create.get("asn") is None else number(create, "asn", path),
        public_ips=_public_ips(create, active_active, path),
        subnet_prefix=_prefix(subnet, f"{path}.gatewaySubnet"),
        subnet_prefix_length=_prefix_length(subnet, usual.subnet_prefix_length, f"{path}.gatewaySubnet"),
        tags=tags(mapping(create, "tags", f"{path}.tags", required=False), f"{path}.tags"),
    )


def _public_ips(create: Body, active_active: bool, path: str) -> tuple[PublicIpId | None, ...]:
    names = ("publicIP", "publicIP2") if active_active else ("publicIP",)
    found = tuple(
        optional_id(mapping(create, name, f"{path}.{name}", required=False), "id", f"{path}.{name}", PublicIpId)
        for name in names
    )
    if active_active and found[0] is not None and found[0] == found[1]:
        raise Wrong(f"{path}.publicIP2.id: both instances have the same public IP address; name another one")
    return found


def _prefix(subnet: Body, path: str) -> str | None:
    text = string(subnet, "addressPrefix", path, "")
    if not text:
        return None
    try:
        known = str(IPv4Network(text)) == text
    except ValueError:
        known = False
    if not known:
        raise Wrong(f"{path}.addressPrefix: {text[:43]!r} is not an IPv4 range; write one like 10.0.255.0/27")
    return text


def _prefix_length(subnet: Body, usual: int, path: str) -> int:
    length = number(subnet, "prefixLength", path, usual)
    if length not in SUBNET_LENGTHS:
        raise Wrong(f"{path}.prefixLength: {length} is not from {SUBNET_LENGTHS[0]} to {SUBNET_LENGTHS[-1]}")
    return length


def _shared_key(block: Body) -> WantedSharedKey:
    path = f"{PATH}.sharedKey"
    rotation, usual = mapping(block, "rotation", f"{path}.rotation", required=False), timedelta(minutes=10)
    return WantedSharedKey(
        secret=_secret(mapping(block, "secretRef", f"{path}.secretRef"), f"{path}.secretRef"),
        generate=flag(block, "generate", False, path),
        verify_timeout=span(rotation, "verifyTimeout", f"{path}.rotation", usual, SHORTEST_VERIFY, LONGEST_VERIFY),
        on_failure=choice(rotation, "onFailure", OnFailure.ROLLBACK, f"{path}.rotation"),
    )


def _secret(ref: Body, path: str) -> SecretKeyRef:
    name, key = object_name(ref, "name", path), string(ref, "key", path, "sharedKey")
    if _SECRET_KEY.fullmatch(key) is None:  # not quoted either
        raise Wrong(f"{path}.key: must be a key of the Secret's data: letters, digits, - _ and .")
    return SecretKeyRef(name, key)


def _options(block: Body) -> ConnectionOptions:
    usual = ConnectionOptions()
    return ConnectionOptions(
        protocol=string(block, "connectionProtocol", PATH, usual.protocol),
        mode=string(block, "connectionMode", PATH, usual.mode),
        dpd_timeout_seconds=number(block, "dpdTimeoutSeconds", PATH, usual.dpd_timeout_seconds),
        routing_weight=number(block, "routingWeight", PATH, usual.routing_weight),
        enable_bgp=flag(block, "enableBgp", usual.enable_bgp, PATH),
        ipsec_policies=_policies(block),
    )


def _policies(block: Body) -> tuple[IpsecPolicy, ...]:
    return tuple(_policy(row, place) for place, row in rows(block, "ipsecPolicies", f"{PATH}.ipsecPolicies"))


def _policy(policy: Body, path: str) -> IpsecPolicy:
    return IpsecPolicy(
        sa_life_time_seconds=number(policy, "saLifeTimeSeconds", path),
        sa_data_size_kilobytes=number(policy, "saDataSizeKilobytes", path),
        ipsec_encryption=string(policy, "ipsecEncryption", path),
        ipsec_integrity=string(policy, "ipsecIntegrity", path),
        ike_encryption=string(policy, "ikeEncryption", path),
        ike_integrity=string(policy, "ikeIntegrity", path),
        dh_group=string(policy, "dhGroup", path),
        pfs_group=string(policy, "pfsGroup", path),
    )
