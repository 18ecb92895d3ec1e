"""The writes that a VpnConnectionPair still owes Azure, each as soon as what it needs is there. Which one runs now is not decided here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from vnetlink.domain.arm_id import PublicIpId, SubnetId
from vnetlink.domain.observed import ObservedConnection, ObservedGateway, ObservedPublicIp, ObservedSubnet, Provisioning
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.ownership import Origin, OwnershipRecord, Part, PartId, Role, Slot
from vnetlink.domain.shared_key import CheckedKey, SharedKey
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import VpnConnectionPair
from vnetlink.domain.times import stamp
from vnetlink.domain.vpn import GATEWAY_SUBNET, GatewayCreation, GatewayShape
from vnetlink.planning.actions import PutConnection, PutGateway, PutPublicIp, PutSubnet, Tags, VpnAction
from vnetlink.planning.ownership import before
from vnetlink.planning.tags import ADDRESSES_MADE, HANDED_OVER, SUBNET_MADE, owned, tagged
from vnetlink.planning.vpn.preflight import subnet_prefix
from vnetlink.planning.vpn.world import VpnHalf, VpnWorld

ADDRESS_ROLES = (Role.PUBLIC_IP, Role.PUBLIC_IP_2)
Addresses = tuple[tuple[PublicIpId, Seen[ObservedPublicIp]], ...]


def creations(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[VpnAction]:
    """What is missing and can be made now; none waits for another of them. What may be refused and costs little comes first."""
    parts = [step for half in both if half.to_make for step in _gateway_parts(pair, world, both, half)]
    yield from sorted(parts, key=lambda step: isinstance(step, PutGateway))
    for half in both:
        yield from _connection(pair, world, both, half)


def to_come(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[VpnAction]:
    """The whole way to two connections: what can be made now, and what follows on it. To be told, not to be carried out."""
    now = tuple(creations(pair, world, both))
    yield from (step for step in now if not isinstance(step, PutConnection))
    begun = {step.slot for step in now}
    for half in both:
        creation, slot = half.wanted.creation, Slot(half.side, Role.GATEWAY)
        if half.to_make and creation is not None and half.vnet is not None and slot not in begun:
            yield _put_gateway(pair, world, half, creation)
    for half in both:
        known = half.seen.connection_id is not None and both[half.side.other].seen.gateway_id is not None
        if half.manages and half.vnet is not None and known and isinstance(half.seen.connection, Absent):
            yield _put_connection(pair, world, both, half, None, ())


def repairs(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[VpnAction]:
    """What we made or adopted and is not as it should be: a Failed gateway of ours, a connection with other options."""
    for half in both:
        gateway, creation = half.gateway, half.wanted.creation
        if gateway is None or creation is None or gateway.provisioning is not Provisioning.FAILED:
            continue
        if (
            half.made_by_us(Role.GATEWAY, gateway.id)
            and tagged(pair, gateway.tags)
            and not half.parts[Role.GATEWAY].repaired
            and able(half, Role.GATEWAY)
        ):
            yield replace(_put_gateway(pair, world, half, creation), creates=False)
    for half in both:
        connection = half.connection
        if connection is None or not half.recorded(Role.LINK, connection.id) or not _may_connect(both, half):
            continue
        changes = pair.spec.options_of(half.side).differences(connection.options)
        if (
            (changes or connection.provisioning is Provisioning.FAILED)
            and not connection.busy
            and able(half, Role.LINK)
        ):
            yield _put_connection(pair, world, both, half, connection, changes)


def _gateway_parts(
    pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf], half: VpnHalf
) -> Iterator[VpnAction]:
    """Subnet and addresses at the same time, the gateway when all of them stand."""
    creation, vnet, gateway = half.wanted.creation, half.vnet, half.seen.gateway_id
    if creation is None or vnet is None or gateway is None:
        return
    subnet = vnet.subnet(GATEWAY_SUBNET)
    prefix = subnet_prefix(half)
    if subnet is None and prefix is not None and not vnet.busy and able(half, Role.GATEWAY_SUBNET):
        slot = Slot(half.side, Role.GATEWAY_SUBNET)
        yield PutSubnet(slot, SubnetId(vnet.id, GATEWAY_SUBNET), prefix, world.identities[half.side])
    for role, (id, seen) in zip(ADDRESS_ROLES, _wanted_addresses(half, creation), strict=False):
        if isinstance(seen, Absent) and able(half, role):
            tags = owned(pair, creation.tags)
            zones = half.seen.zones.value if isinstance(half.seen.zones, Present) else ("1", "2", "3")
            slot = Slot(half.side, role)
            yield PutPublicIp(slot, id, vnet.location, zones, tags, world.identities[half.side])
    refused = any(other.refusals for other in both)  # a gateway is billed: not one while the other side cannot follow
    if _stands(subnet) and _standing_addresses(half, creation) and not vnet.busy and not refused:
        yield _put_gateway(pair, world, half, creation)


def _stands(subnet: ObservedSubnet | None) -> bool:
    return subnet is not None and subnet.provisioning is Provisioning.SUCCEEDED


def _wanted_addresses(half: VpnHalf, creation: GatewayCreation) -> Addresses:
    """As many as the gateway needs: one that was inherited may have had more."""
    return half.seen.addresses[: len(creation.public_ips)]


def _standing_addresses(half: VpnHalf, creation: GatewayCreation) -> bool:
    wanted = _wanted_addresses(half, creation)
    return bool(wanted) and all(isinstance(seen, Present) and _usable(seen.value) for _, seen in wanted)


def _usable(address: ObservedPublicIp) -> bool:
    return not address.busy and address.provisioning is Provisioning.SUCCEEDED


def _put_gateway(pair: VpnConnectionPair, world: VpnWorld, half: VpnHalf, creation: GatewayCreation) -> PutGateway:
    gateway, vnet = half.seen.gateway_id, half.vnet
    assert gateway is not None
    assert vnet is not None
    addresses = tuple(id for id, _ in _wanted_addresses(half, creation))
    if half.gateway is not None and half.gateway.public_ips:
        addresses = half.gateway.public_ips
    subnet_made = half.made_by_us(Role.GATEWAY_SUBNET, SubnetId(vnet.id, GATEWAY_SUBNET))
    extra = ((SUBNET_MADE, Origin.CREATED.value),) if subnet_made else ()
    return PutGateway(
        slot=Slot(half.side, Role.GATEWAY),
        id=gateway,
        location=vnet.location,
        subnet=SubnetId(vnet.id, GATEWAY_SUBNET),
        public_ips=addresses,
        shape=GatewayShape(
            sku=creation.sku,
            generation=creation.generation,
            active_active=creation.active_active,
            enable_bgp=pair.spec.options.enable_bgp,
            asn=creation.asn,
            tags=owned(pair, (*creation.tags, *extra)),
        ),
        identity=world.identities[half.side],
    )


def _connection(
    pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf], half: VpnHalf
) -> Iterator[PutConnection]:
    if half.seen.connection_id is not None and isinstance(half.seen.connection, Absent) and _may_connect(both, half):
        key = usable_key(world)
        if key is not None and able(half, Role.LINK):
            yield _put_connection(pair, world, both, half, None, ())


def _may_connect(both: PerSide[VpnHalf], half: VpnHalf) -> bool:
    """Both gateways stand. Someone else's, which we may not read, is believed to: ARM knows better."""
    far = both[half.side.other]
    theirs = not far.manages and isinstance(far.seen.gateway, Unreadable) and far.seen.gateway_id is not None
    return half.manages and ready(half.gateway) and (ready(far.gateway) or theirs)


def ready(gateway: ObservedGateway | None) -> bool:
    """Whether connections can be made at this gateway now (arm.md 1.4: not while it is Updating)."""
    return gateway is not None and gateway.provisioning is Provisioning.SUCCEEDED and not gateway.settling


def _put_connection(
    pair: VpnConnectionPair,
    world: VpnWorld,
    both: PerSide[VpnHalf],
    half: VpnHalf,
    shown: ObservedConnection | None,
    changes: tuple[str, ...],
) -> PutConnection:
    near, far, id = half.seen.gateway_id, both[half.side.other].seen.gateway_id, half.seen.connection_id
    assert near is not None
    assert far is not None
    assert id is not None
    place = half.gateway or half.vnet  # a gateway lives where its VNet does
    assert place is not None
    return PutConnection(
        slot=Slot(half.side),
        id=id,
        location=place.location,
        near=near,
        far=far,
        options=pair.spec.options_of(half.side),
        key=_key(world) if shown is None else None,
        tags=shown.tags if shown else owned(pair, ()),
        creates=shown is None,
        identity=world.identities[half.side],
        auxiliary=world.auxiliary(half.side),
        changes=changes,
    )


def usable_key(world: VpnWorld) -> CheckedKey | None:
    """The key in the user's Secret, None when there is none that Azure would take."""
    secret = world.secret.value if isinstance(world.secret, Present) else None
    return secret.key if secret is not None and secret.labelled and isinstance(secret.key, CheckedKey) else None


def able(half: VpnHalf, role: Role) -> bool:
    """Whether a write is worth trying: the side is ours, and ARM has not said no a moment ago."""
    return half.manages and half.vnet is not None and role not in half.refusals


def recorded_for(
    pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf], step: VpnAction | None
) -> OwnershipRecord:
    """The record as it has to stand before `step`: what exists is Adopted or taken over, what is about to be made Created."""
    record = pair.record
    for half in (half for half in both if half.manages):
        connection = half.connection
        if connection is not None and not half.recorded(Role.LINK, connection.id):
            record = record.with_part(Slot(half.side), Part(connection.id, Origin.ADOPTED))
        part = half.parts.get(Role.GATEWAY)
        if part is not None and part.repaired and ready(half.gateway):
            record = record.with_part(Slot(half.side, Role.GATEWAY), replace(part, repaired=False))
    record = with_inherited(pair, both, record)
    if step is None:
        return record
    version = world.secret.value.version if isinstance(world.secret, Present) else ""
    return before(record, step, stamp(world.now), version if isinstance(step, PutConnection) else "")


def handed_over(pair: VpnConnectionPair, tags: Tags) -> bool:
    """Whether the tags of a gateway say that another of our objects made it and passed it on to this one."""
    return tagged(pair, tags) and HANDED_OVER in dict(tags)


def with_inherited(pair: VpnConnectionPair, both: PerSide[VpnHalf], record: OwnershipRecord) -> OwnershipRecord:
    """The record with what another of our objects made and handed over to this one."""
    for half in (half for half in both if half.manages):
        for role, id in _inherited(pair, half):
            record = record.with_part(Slot(half.side, role), Part(id, Origin.CREATED))
    return record


def _inherited(pair: VpnConnectionPair, half: VpnHalf) -> Iterator[tuple[Role, PartId]]:
    """What another of our objects made and passed on to this one, unless the record knows the gateway already."""
    gateway = half.gateway
    if gateway is None or not handed_over(pair, gateway.tags) or Role.GATEWAY in half.parts:
        return
    tags = dict(gateway.tags)
    yield Role.GATEWAY, gateway.id
    if tags.get(SUBNET_MADE) == Origin.CREATED.value and gateway.subnets:
        yield Role.GATEWAY_SUBNET, gateway.subnets[0]
    made = tags.get(ADDRESSES_MADE, "").split()
    for role, address in zip(ADDRESS_ROLES, gateway.public_ips, strict=False):
        if role.value in made:
            yield role, address


def in_motion(both: PerSide[VpnHalf]) -> tuple[tuple[Side, Role], ...]:
    """What an operation runs on, or was written a moment ago and not seen since."""
    moving = []
    for half in both:
        subnet = half.vnet.subnet(GATEWAY_SUBNET) if half.vnet and half.to_make else None
        if (
            half.to_make
            and half.vnet is not None
            and (half.vnet.busy or (subnet is not None and subnet.provisioning.busy))
        ):
            moving.append((half.side, Role.GATEWAY_SUBNET))
        for role, (_, seen) in zip(ADDRESS_ROLES, half.seen.addresses, strict=False):
            if isinstance(seen, Present) and seen.value.busy:
                moving.append((half.side, role))
        if half.gateway is not None and half.gateway.busy:
            moving.append((half.side, Role.GATEWAY))
        if half.connection is not None and half.connection.busy:
            moving.append((half.side, Role.LINK))
    return tuple(moving)


def _key(world: VpnWorld) -> SharedKey | None:
    usable = usable_key(world)
    return usable.key if usable is not None else None
