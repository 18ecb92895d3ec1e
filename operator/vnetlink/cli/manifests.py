"""The manifests that `scan -o yaml` writes: a pair that only looks, with names and options as they stand. Pure.

Such an object is adopted as soon as it is told to Manage; one over a VPN when its Secret holds the key, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import yaml

from vnetlink.cli.documents import API_VERSION
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.kinds import KINDS, PEERING_PAIRS, VPN_CONNECTION_PAIRS
from vnetlink.domain.peering import PeeringOptions, arm_name
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.vpn import ConnectionOptions
from vnetlink.planning.peering.world import Half
from vnetlink.planning.vpn.preflight import make_secret
from vnetlink.planning.vpn.world import VpnHalf

LONGEST_NAME = 63  # of an object, as admission has it


@dataclass(frozen=True, slots=True)
class Manifest:
    """One document of YAML. `comment`: what a person has to do beside it, in one line."""

    body: Mapping[str, Any]
    comment: str = ""

    def __str__(self) -> str:
        comment = f"# {self.comment}\n" if self.comment else ""
        return comment + yaml.safe_dump(self.body, sort_keys=False)


def peering_manifest(ids: PerSide[VnetId], both: PerSide[Half]) -> Manifest:
    """A PeeringPair."""
    blocks = {side.value: _block(both, side) for side in Side}
    subnets = _subnets(both)
    peering = {
        **{side: block for side, block in blocks.items() if block},
        **({"subnetPeering": subnets} if subnets else {}),
    }
    return Manifest(_body(PEERING_PAIRS, ids, {"peering": peering}))


def vpn_manifest(ids: PerSide[VnetId], both: PerSide[VpnHalf], options: ConnectionOptions) -> Manifest:
    """A VpnConnectionPair. Its key is not asked of Azure: that takes more than the right to read."""
    name = f"{object_name(ids)}-key"
    vpn = {
        **{half.side.value: _connected(half) for half in both},
        "sharedKey": {"secretRef": {"name": name}},
        **_connection_options(options),
    }
    first = f"Before it may Manage, the connections' key has to be in Secret {name}: {make_secret('NAMESPACE', name, 'sharedKey')}"
    return Manifest(_body(VPN_CONNECTION_PAIRS, ids, {"vpn": vpn}), first)


def _body(plural: str, ids: PerSide[VnetId], block: Mapping[str, Any]) -> dict[str, Any]:
    ends = {side.value: {"id": str(ids[side])} for side in Side}
    return {
        "apiVersion": API_VERSION,
        "kind": KINDS[plural],
        "metadata": {"name": object_name(ids)},
        "spec": {**ends, **block, "managementPolicy": "Observe"},
    }


def object_name(ids: PerSide[VnetId]) -> str:
    """`<vnet1>-<vnet2>-<8 hex>`: the same in every scan, and another for VNets of the same names in other groups."""
    digest = sha256(f"{ids.vnet1.key} {ids.vnet2.key}".encode()).hexdigest()[:8]
    plain = re.sub(r"[^a-z0-9]+", "-", f"{ids.vnet1.name}-{ids.vnet2.name}".lower()).strip("-")
    return f"{plain[: LONGEST_NAME - 9].strip('-')}-{digest}"


def _block(both: PerSide[Half], side: Side) -> dict[str, Any]:
    """The peering as it stands. For a missing one only what the other needs: admission refuses to use a gateway without it."""
    peering = both[side].peering
    if peering is None:
        return {"allowGatewayTransit": True} if _options(both[side.other]).use_remote_gateways else {}
    return {
        "name": peering.id.name,
        "allowVirtualNetworkAccess": peering.options.allow_virtual_network_access,
        "allowForwardedTraffic": peering.options.allow_forwarded_traffic,
        "allowGatewayTransit": peering.options.allow_gateway_transit,
        "useRemoteGateways": peering.options.use_remote_gateways,
    }


def _options(half: Half) -> PeeringOptions:
    return half.peering.options if half.peering is not None else PeeringOptions()


def _subnets(both: PerSide[Half]) -> dict[str, Any]:
    """Which subnets take part, where not the whole VNets do. One block for both sides: one side tells of the other's, too."""
    told = [half for half in both if half.peering is not None and not _options(half).peer_complete_vnets]
    if not told:
        return {}
    names: dict[str, Any] = {}
    for half in reversed(told):
        names[f"{half.side.other.value}SubnetNames"] = list(_options(half).remote_subnet_names)
    for half in told:
        names[f"{half.side.value}SubnetNames"] = list(_options(half).local_subnet_names)
    ipv6 = any(_options(half).enable_only_ipv6_peering for half in told)
    return {**dict(sorted(names.items())), "enableOnlyIPv6Peering": ipv6}


def _connected(half: VpnHalf) -> dict[str, Any]:
    ids = {"gateway": half.seen.gateway_id, "connection": half.connection.id if half.connection is not None else None}
    return {name: {"id": str(id)} for name, id in ids.items() if id is not None}


def _connection_options(options: ConnectionOptions) -> dict[str, Any]:
    return {
        "connectionProtocol": options.protocol,
        "connectionMode": options.mode,
        "dpdTimeoutSeconds": options.dpd_timeout_seconds,
        "routingWeight": options.routing_weight,
        "enableBgp": options.enable_bgp,
        "ipsecPolicies": [
            {arm_name(field): value for field, value in asdict(policy).items()} for policy in options.ipsec_policies
        ],
    }
