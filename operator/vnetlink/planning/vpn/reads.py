"""What a turn of a VpnConnectionPair must know, given what it has read so far. Reads nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vnetlink.domain.arm_id import ConnectionId, GatewayId, PublicIpId, VnetId
from vnetlink.domain.observed import (
    ListedConnection,
    ObservedConnection,
    ObservedGateway,
    ObservedPublicIp,
    ObservedVnet,
)
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.ownership import Role, Slot
from vnetlink.domain.secrets import ObservedSecret, PreviousKey
from vnetlink.domain.shared_key import CheckedKey, SharedKey
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import ManagementPolicy, VpnConnectionPair
from vnetlink.planning.ages import Ages
from vnetlink.planning.vpn.deletion import to_delete
from vnetlink.planning.vpn.naming import address_ids
from vnetlink.planning.vpn.pair import wants_secret_rights

CONNECTED = "connected"
USUAL_ZONES: Seen[tuple[str, ...]] = Present(("1", "2", "3"))  # where nobody needs to ask
Gateways = Mapping[GatewayId, Seen[ObservedGateway]]


def ages_for(pair: VpnConnectionPair, ages: Ages) -> Ages:
    """A key on its way to both ends, and a deletion, are no time for old news."""
    return ages.sharp() if pair.meta.deleting or pair.record.rotation is not None else ages


def moving(seen: object) -> bool:
    """Whether what was read may be something else a moment later."""
    if not isinstance(seen, Present):
        return False
    if isinstance(seen.value, ObservedConnection) and seen.value.status.lower() != CONNECTED:
        return True
    return bool(getattr(seen.value, "busy", False))


def gateway_as_seen(chosen: GatewayId | None, vnet: Seen[ObservedVnet], gateways: Gateways) -> Seen[ObservedGateway]:
    """The chosen gateway. Where none was chosen it is Absent only if nothing that could tell was unreadable."""
    if chosen is not None:
        return gateways.get(chosen, Absent())
    unread = (seen for seen in (vnet, *gateways.values()) if isinstance(seen, Unreadable))
    return next(unread, Absent())


def other_gateways(chosen: GatewayId | None, vnet: Seen[ObservedVnet], gateways: Gateways) -> tuple[GatewayId, ...]:
    """VPN gateways that live in the VNet while another one is to be made there."""
    if chosen is None or not isinstance(vnet, Present) or not isinstance(gateways.get(chosen, Absent()), Absent):
        return ()
    living = ((id, gateways.get(id)) for id in vnet.value.gateway_ids if id != chosen)
    return tuple(id for id, seen in living if isinstance(seen, Present) and seen.value.gateway_type.lower() == "vpn")


def addresses_to_read(
    pair: VpnConnectionPair, side: Side, chosen: GatewayId | None, gateway: Seen[ObservedGateway]
) -> tuple[PublicIpId, ...]:
    """Those of a gateway that is to be made, and recorded ones; the addresses of a gateway that stands are its own business."""
    recorded = any(pair.record.part(side, role) is not None for role in (Role.PUBLIC_IP, Role.PUBLIC_IP_2))
    return address_ids(pair, side, chosen) if recorded or isinstance(gateway, Absent) else ()


def connections_unasked(gateway: Seen[ObservedGateway]) -> Seen[tuple[ListedConnection, ...]] | None:
    """The connections of a gateway where nobody has to be asked for them; None: ask."""
    match gateway:
        case Present(value):
            return Present(()) if value.creating else None
        case _:
            return gateway


def connection_unnamed(gateway: Seen[ObservedGateway]) -> Seen[ObservedConnection]:
    """A connection that has no id yet: absent, unless the gateway that it would begin at could not be read."""
    return gateway if isinstance(gateway, Unreadable) else Absent()


def asks_for_key(pair: VpnConnectionPair, connection: Seen[ObservedConnection]) -> bool:
    """A key is read only where ARM would tell it, and only for somebody who compares it."""
    return isinstance(connection, Present) and not connection.value.busy and not pair.meta.deleting


def asks_for_zones(pair: VpnConnectionPair, side: Side, addresses: Iterable[object]) -> bool:
    """Zones matter to an address that is about to be made, and to one that is there without any."""
    making = pair.spec.vpn[side].creation is not None and not pair.meta.deleting
    return making and any(isinstance(seen, Absent) or _zoneless(seen) for seen in addresses)


def _zoneless(seen: object) -> bool:
    return isinstance(seen, Present) and isinstance(seen.value, ObservedPublicIp) and not seen.value.zones


def asks_for_rights(
    pair: VpnConnectionPair,
    secret: Seen[ObservedSecret] | None,
    previous: Seen[PreviousKey],
    keys: Iterable[Seen[SharedKey] | None],
) -> bool:
    """Whether it matters that we may write Secrets: to generate a key, to keep the previous one, or to forget it."""
    wanted = wants_secret_rights(pair, absent=isinstance(secret, Absent)) or _differs(pair, secret, keys)
    return (wanted or isinstance(previous, Present)) and not pair.meta.deleting


def _differs(
    pair: VpnConnectionPair, secret: Seen[ObservedSecret] | None, keys: Iterable[Seen[SharedKey] | None]
) -> bool:
    """Whether an end has, or may have, another key than the Secret."""
    if not isinstance(secret, Present) or not isinstance(secret.value.key, CheckedKey):
        return False
    wanted, version = secret.value.key.key, secret.value.version
    for side, seen in zip(Side, keys, strict=True):
        part = pair.record.part(side)
        match seen:
            case Present(key) if key != wanted:
                return True
            case Unreadable() if part is not None and part.key_version != version:
                return True
            case _:
                continue
    return False


def asks_for_heir(pair: VpnConnectionPair, side: Side) -> bool:
    """Who else uses a gateway matters when it would go with this object."""
    return pair.meta.deleting and pair.record.part(side, Role.GATEWAY) is not None


def inherits(other: object, vnet: VnetId, gateway: GatewayId) -> bool:
    """Whether `other` uses `gateway` of `vnet` and may go on doing so as its owner."""
    if not isinstance(other, VpnConnectionPair) or other.meta.deleting or not other.spec.lifecycle.writes:
        return False
    sides = [side for side in Side if other.spec.ends[side].id == vnet]
    return any(
        other.spec.ends[side].management is ManagementPolicy.MANAGE and other.spec.vpn[side].gateway in (None, gateway)
        for side in sides
    )


def links_leaving(other: object) -> tuple[ConnectionId, ...]:
    """The connections that another object of ours, which is being deleted, still has to take away."""
    if not isinstance(other, VpnConnectionPair) or not other.meta.deleting:
        return ()
    parts = (to_delete(other, Slot(side)) for side in Side)
    return tuple(part.id for part in parts if part is not None and isinstance(part.id, ConnectionId))
