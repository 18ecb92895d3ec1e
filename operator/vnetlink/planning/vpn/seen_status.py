"""What was seen of a VpnConnectionPair, as fields of status: VNets with gateways, directions, key, encryption, resources."""

from __future__ import annotations

from collections.abc import Iterator

from vnetlink.domain.arm_id import SubnetId
from vnetlink.domain.observed import ObservedConnection, ObservedGateway, ObservedPublicIp, ObservedVnet, Provisioning
from vnetlink.domain.outcome import Absent, Present, Seen
from vnetlink.domain.ownership import PartId, Role
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import ManagementPolicy, VpnConnectionPair
from vnetlink.domain.vpn import GATEWAY_SUBNET
from vnetlink.planning.json_value import Json, Status
from vnetlink.planning.seen_vnet import vnet, vnet_resource
from vnetlink.planning.vpn import key_rotation
from vnetlink.planning.vpn.deletion import goes
from vnetlink.planning.vpn.steps import ADDRESS_ROLES
from vnetlink.planning.vpn.world import VpnHalf, VpnWorld, vpn_halves


def seen(pair: VpnConnectionPair, world: VpnWorld) -> Status:
    """Everything that status shows of Azure."""
    both = vpn_halves(pair, world)
    return {
        **{side.value: _vnet(both[side]) for side in Side},
        **{side.direction: _direction(both[side]) for side in Side},
        "sharedKey": _shared_key(pair, world, both),
        "encryption": {
            "type": "IPsec",
            "protocol": pair.spec.options.protocol,
            "policy": "Custom" if pair.spec.options.ipsec_policies else "Default",
        },
        "resources": [resource for side in Side for resource in _resources(pair, both, both[side])],
    }


def states(pair: VpnConnectionPair, world: VpnWorld) -> PerSide[str]:
    """The state of each direction, as its column shows it."""
    return vpn_halves(pair, world).map(direction_state)


def direction_state(half: VpnHalf) -> str:
    """Missing, Creating, Connecting, Connected, NotConnected, Deleting or Unknown. ARM hides the status while it works."""
    if isinstance(half.seen.connection, Absent):
        return "Missing"
    connection = half.connection
    if connection is None:
        return "Unknown"
    if connection.provisioning is Provisioning.DELETING:
        return "Deleting"
    if connection.busy:
        made = Role.LINK in half.parts and half.parts[Role.LINK].key_version
        return "Connecting" if made else "Creating"
    return {"Connected": "Connected", "NotConnected": "NotConnected"}.get(connection.status, "Connecting")


def gateway_state(half: VpnHalf) -> str:
    """Missing, Creating, Updating, Succeeded, Failed, Deleting or Unknown (ARM says Updating for a creation, too)."""
    if isinstance(half.seen.gateway, Absent):
        return "Missing"
    gateway = half.gateway
    if gateway is None:
        return "Unknown"
    return "Creating" if gateway.creating else gateway.provisioning.value


def _vnet(half: VpnHalf) -> Json:
    return vnet(half.end.id, half.seen.vnet) | {"gateway": _gateway(half, half.gateway)}


def _gateway(half: VpnHalf, gateway: ObservedGateway | None) -> Json:
    id = half.seen.gateway_id
    shown: Status = {"state": gateway_state(half)}
    if id is not None:
        shown |= {"id": str(id), "name": id.name}
    if gateway is None:
        return shown
    return shown | {
        "sku": gateway.sku,
        "vpnGatewayGeneration": gateway.generation,
        "activeActive": gateway.active_active,
        "asn": gateway.asn,
        "origin": _origin(half, Role.GATEWAY, gateway.id, "Selected"),
        "publicIPAddresses": [
            seen.value.address
            for id, seen in half.seen.addresses
            if isinstance(seen, Present) and seen.value.address and id in gateway.public_ips
        ],
    }


def _direction(half: VpnHalf) -> Json:
    connection: ObservedConnection | None = half.connection
    shown: Status = {"state": direction_state(half)}
    if connection is None:
        return shown
    shown |= {
        "id": str(connection.id),
        "name": connection.id.name,
        "provisioningState": connection.provisioning.value,
        "origin": _origin(half, Role.LINK, connection.id, "Foreign"),
    }
    return shown | ({"connectionStatus": connection.status} if connection.status else {})


def _shared_key(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Json:
    """Never a key, a hash of one or its length."""
    shown: Status = {"rotation": key_rotation.phase(pair, world, both), "state": _key_state(world, both)}
    if isinstance(world.secret, Present):
        shown["secretResourceVersion"] = world.secret.value.version
    if pair.record.rotated is not None:
        shown["lastRotationTime"] = pair.record.rotated.ended
    return shown


def _key_state(world: VpnWorld, both: PerSide[VpnHalf]) -> str:
    differing, aim = key_rotation.differ(world, both), key_rotation.goal(world)
    if differing is None or aim is None:
        return "Unknown"
    wrong = any(key_rotation.has(half, aim) is False for half in both)
    return "Differing" if differing or wrong else "Matching"


def _origin(half: VpnHalf, role: Role, id: PartId, otherwise: str) -> str:
    return half.parts[role].origin.value if half.recorded(role, id) else otherwise


def _resources(pair: VpnConnectionPair, both: PerSide[VpnHalf], half: VpnHalf) -> Iterator[Json]:
    """The tracker: each part from Missing over Creating to Succeeded, and what a delete would remove."""
    yield vnet_resource(half.end.id, half.seen.vnet)
    if half.vnet is not None:
        id, state = SubnetId(half.vnet.id, GATEWAY_SUBNET), _subnet_state(half, half.vnet)
        yield _part(pair, both, half, Role.GATEWAY_SUBNET, id, state, "Selected")
    for role, (ip, address) in zip(ADDRESS_ROLES, half.seen.addresses, strict=False):
        yield _part(pair, both, half, role, ip, _address_state(address), "Selected")
    if half.seen.gateway_id is not None:
        yield _part(pair, both, half, Role.GATEWAY, half.seen.gateway_id, gateway_state(half), "Selected")
    if half.seen.connection_id is not None:
        theirs = half.end.management is ManagementPolicy.OBSERVE or half.connection is not None
        yield _part(
            pair, both, half, Role.LINK, half.seen.connection_id, direction_state(half), "Foreign" if theirs else ""
        )


def _part(
    pair: VpnConnectionPair, both: PerSide[VpnHalf], half: VpnHalf, role: Role, id: PartId, state: str, otherwise: str
) -> Json:
    origin = _origin(half, role, id, otherwise if state != "Missing" else "")
    deletes = half.recorded(role, id) and goes(pair, both, half, role)
    return {
        "role": "Connection" if role is Role.LINK else "PublicIP" if role in ADDRESS_ROLES else role.value,
        "id": str(id),
        **({"origin": origin} if origin else {}),
        "state": state,
        "onDelete": "Delete" if deletes else "Keep",
    }


def _subnet_state(half: VpnHalf, vnet: ObservedVnet) -> str:
    """ARM says Updating for a creation, too: what we made and no gateway lives in yet is being made."""
    subnet = vnet.subnet(GATEWAY_SUBNET)
    if subnet is None:
        return "Missing"
    ours = half.to_make and half.made_by_us(Role.GATEWAY_SUBNET, SubnetId(vnet.id, GATEWAY_SUBNET))
    return "Creating" if ours and subnet.provisioning is Provisioning.UPDATING else subnet.provisioning.value


def _address_state(seen: Seen[ObservedPublicIp]) -> str:
    match seen:
        case Present(address):
            creating = address.provisioning is Provisioning.UPDATING and not address.address
            return "Creating" if creating else address.provisioning.value
        case Absent():
            return "Missing"
        case _:
            return "Unknown"
