"""What goes when a VpnConnectionPair is deleted: connections, then gateways, addresses and GatewaySubnets that we made and nobody uses.

Checked at that moment, each from what Azure shows now. A gateway that another of our objects uses is passed on to it; one that
strangers use is left. When both connections are gone the two sides are independent of each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vnetlink.domain.arm_id import ConnectionId, GatewayId, PublicIpId, SubnetId
from vnetlink.domain.observed import ListedConnection, ObservedConnection, ObservedPublicIp
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.ownership import Origin, Part, Role, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import DeletionPolicy, ManagementPolicy, VpnConnectionPair
from vnetlink.domain.vpn import GATEWAY_SUBNET, VNET2VNET
from vnetlink.planning.actions import DeletePart, PatchTags, Record, Tags
from vnetlink.planning.letting_go import LETTING_GO, Held, release, wait, without
from vnetlink.planning.plan import OUTAGE_RETRY, SOON, Plan, PlannedAction, Truth, Verdict, Wake
from vnetlink.planning.tags import ADDRESSES_MADE, HANDED_OVER, OWNER, own_tag, tagged
from vnetlink.planning.vpn.steps import ADDRESS_ROLES, handed_over, with_inherited
from vnetlink.planning.vpn.words import describe
from vnetlink.planning.vpn.words import planned as told_beforehand
from vnetlink.planning.vpn.world import VpnHalf, VpnWorld, vpn_halves

SELECTED = (Role.GATEWAY, *ADDRESS_ROLES, Role.GATEWAY_SUBNET)  # made by us or not deleted at all


@dataclass(frozen=True, slots=True)
class Busy:
    """It goes when the operation that runs on it, or on what uses it, has ended."""

    what: str


Step = DeletePart | PatchTags | Record | Busy | Held


def needs_azure(pair: VpnConnectionPair) -> bool:
    """Whether deleting this object can touch Azure at all; if not, it is released without a single ARM call."""
    return pair.spec.lifecycle.writes and any(to_delete(pair, slot) for slot in pair.record.parts)


def to_delete(pair: VpnConnectionPair, slot: Slot) -> Part | None:
    """The recorded part of that slot, if a deletion of the object takes it."""
    part, policy = pair.record.parts.get(slot), pair.spec.lifecycle.deletion
    if part is None or policy is DeletionPolicy.ORPHAN or not pair.spec.lifecycle.writes:
        return None
    if pair.spec.ends[slot.side].management is ManagementPolicy.OBSERVE:
        return None
    adopted = policy is DeletionPolicy.DELETE_ALL and slot.role is Role.LINK
    return part if part.origin is Origin.CREATED or adopted else None


def stays(pair: VpnConnectionPair) -> tuple[Part, ...]:
    """Recorded parts that stay in Azure when the object goes, for the event LeftInAzure."""
    return tuple(part for slot, part in pair.record.parts.items() if not to_delete(pair, slot))


def plan_deletion(pair: VpnConnectionPair, world: VpnWorld) -> Plan:
    """The next step of a deletion that needs Azure."""
    both = vpn_halves(pair, world)
    record = with_inherited(pair, both, pair.record)
    if record.parts != pair.record.parts:  # handed over a moment ago, and nobody else's any more
        text = "Taking over a gateway that was handed over, to delete it."
        return Plan(Verdict(Truth.FALSE, Reason.DELETING, text, progressing=True), Wake(SOON), (Record(record),))
    steps = tuple(step for side in Side for step in _side(pair, world, both, side))
    for step in steps:
        match step:
            case DeletePart() | PatchTags():
                text = f"Under way: {describe(step, drifted=False)} {step.id}."
                return Plan(Verdict(Truth.FALSE, Reason.DELETING, text, progressing=True), Wake(SOON), (step,))
            case Record():
                return Plan(Verdict(Truth.FALSE, Reason.DELETING, LETTING_GO, progressing=True), Wake(SOON), (step,))
            case _:
                continue
    return _at_rest(pair, steps)


def _at_rest(pair: VpnConnectionPair, steps: tuple[Step, ...]) -> Plan:
    held = [step for step in steps if isinstance(step, Held)]
    busy = [step.what for step in steps if isinstance(step, Busy)]
    if busy:
        text = f"An operation runs on {', '.join(busy)}; waiting for its end before deleting more."
        verdict = Verdict(Truth.FALSE, Reason.DELETING, text, progressing=True)
        return Plan(verdict, Wake(SOON, backoff=True, at_most=OUTAGE_RETRY), waiting=True)
    if held:
        return wait(pair, held)
    return release(Reason.DELETING, "Everything in Azure that had to go is gone.")


def planned(pair: VpnConnectionPair, world: VpnWorld) -> tuple[PlannedAction, ...]:
    """What the deletion would take from Azure as it is now, for a dry run."""
    both = vpn_halves(pair, world)
    steps = (step for side in Side for step in _side(pair, world, both, side))
    return tuple(told_beforehand(step) for step in steps if isinstance(step, DeletePart | PatchTags))


def _side(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf], side: Side) -> Iterator[Step]:
    """Connections first, from both ends: no gateway goes that one begins or ends at (arm.md 6, order)."""
    half = both[side]
    leading = PerSide.of(lambda one: tuple(_connection(pair, world, both, both[one])))
    yield from leading[side]
    if any(leading) or not any(to_delete(pair, Slot(side, role)) for role in SELECTED):
        return
    gateway = tuple(_gateway(pair, world, both, half))
    yield from gateway
    if not gateway:
        addresses = tuple(_addresses(pair, world, half))
        yield from addresses
        yield from _subnet(pair, world, half)


def _connection(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf], half: VpnHalf) -> Iterator[Step]:
    slot = Slot(half.side)
    part = to_delete(pair, slot)
    if part is None or not isinstance(part.id, ConnectionId):
        return
    unread = next((one.seen.vnet for one in both if one.seen.gateway_id is None), None)
    match half.seen.connection:
        case Absent():
            return
        case Unreadable() as seen:
            yield Held.by(seen, part.id)
        case Present(connection) if connection.id != part.id:
            return
        case Present() if part.origin is Origin.ADOPTED and isinstance(unread, Unreadable):
            yield Held.by(unread, part.id)  # whether it still leads from one gateway to the other cannot be told
        case Present(connection) if not _our_connection(pair, both, half, connection, part):
            yield without(pair, slot)
        case Present(connection) if connection.busy:
            yield Busy(str(connection.id))
        case Present():
            yield _or_held(half, Role.LINK, part) or DeletePart(
                slot, part.id, world.identities[half.side], world.auxiliary(half.side)
            )


def _our_connection(
    pair: VpnConnectionPair, both: PerSide[VpnHalf], half: VpnHalf, connection: ObservedConnection, part: Part
) -> bool:
    """An adopted one has no tag that would tell, so it must lead where it led; a name alone identifies nothing."""
    ends = half.seen.gateway_id, both[half.side.other].seen.gateway_id
    leads = (connection.near, connection.far) == ends and connection.kind.lower() == VNET2VNET.lower()
    return leads if part.origin is Origin.ADOPTED else _ours(pair, connection.tags, part)


def _ours(pair: VpnConnectionPair, tags: Tags, part: Part) -> bool:
    """Record and tag must agree for what has tags (design/api.md); what was adopted carries none of ours."""
    return part.origin is Origin.ADOPTED or tagged(pair, tags)


def _gateway(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf], half: VpnHalf) -> Iterator[Step]:
    slot = Slot(half.side, Role.GATEWAY)
    part = to_delete(pair, slot)
    if part is None or not isinstance(part.id, GatewayId):
        return
    match half.seen.gateway:
        case Absent():
            return
        case Unreadable() as seen:
            yield Held.by(seen, part.id)
        case Present(gateway) if gateway.id != part.id:
            return
        case Present(gateway) if gateway.busy:
            yield Busy(str(gateway.id))
        case Present(gateway) if world.sides[half.side].heir:
            yield from _pass_on(pair, world, half, gateway.tags)
        case Present(gateway) if not _ours(pair, gateway.tags, part):
            yield _let_go(pair, half)
        case Present() if half.seen.leaving:
            yield Busy(str(half.seen.leaving[0]))
        case Present():
            yield from _unused_gateway(pair, world, half, part.id)


def _unused_gateway(pair: VpnConnectionPair, world: VpnWorld, half: VpnHalf, id: GatewayId) -> Iterator[Step]:
    users = _users(pair, half.seen.connections)
    refusal = half.refusals.get(Role.GATEWAY)
    if isinstance(users, Unreadable):
        yield Held.by(users, id)
    elif users or (refusal is not None and refusal.reason is Reason.GATEWAY_IN_USE):
        yield _let_go(pair, half)
    elif refusal is not None:
        yield Held.by(refusal, id)
    else:
        yield DeletePart(Slot(half.side, Role.GATEWAY), id, world.identities[half.side])


def _users(
    pair: VpnConnectionPair, seen: Seen[tuple[ListedConnection, ...]]
) -> tuple[ListedConnection, ...] | Unreadable:
    """Connections at the gateway that stay: all but the pair's own that go."""
    if isinstance(seen, Unreadable):
        return seen
    going = {part.id for slot, part in pair.record.parts.items() if to_delete(pair, slot)}
    return tuple(one for one in seen.value if one.id not in going) if isinstance(seen, Present) else ()


def _pass_on(pair: VpnConnectionPair, world: VpnWorld, half: VpnHalf, tags: Tags) -> Iterator[Step]:
    """Address tags first, the gateway's last: whoever finds its own name on the gateway takes over all of them."""
    heir = world.sides[half.side].heir
    made = []
    for slot, id, seen in _recorded_addresses(pair, half):
        if not isinstance(seen, Present):
            continue
        made.append(slot.role.value)
        if tagged(pair, seen.value.tags):
            if seen.value.busy:
                yield Busy(str(id))
            else:
                yield PatchTags(slot, id, _retagged(pair, seen.value.tags, heir), world.identities[half.side])
            return
    part = pair.record.parts[Slot(half.side, Role.GATEWAY)]
    if tagged(pair, tags) and isinstance(part.id, GatewayId):
        told = tuple({**dict(tags), ADDRESSES_MADE: " ".join(made)}.items()) if made else tags
        yield PatchTags(
            Slot(half.side, Role.GATEWAY), part.id, _retagged(pair, told, heir), world.identities[half.side]
        )
        return
    yield _let_go(pair, half)


def _retagged(pair: VpnConnectionPair, tags: Tags, heir: str) -> Tags:
    return tuple(sorted({**dict(tags), OWNER: heir, HANDED_OVER: own_tag(pair)}.items()))


def _let_go(pair: VpnConnectionPair, half: VpnHalf) -> Record:
    """The gateway stays, and with it what it needs.

    One that was handed over to this object stays on record, as not made by it: its tags would have it taken over again.
    """
    record = without(pair, *(Slot(half.side, role) for role in SELECTED)).record
    if half.gateway is not None and handed_over(pair, half.gateway.tags):
        record = record.with_part(Slot(half.side, Role.GATEWAY), Part(half.gateway.id, Origin.ADOPTED))
    return Record(record)


def _recorded_addresses(
    pair: VpnConnectionPair, half: VpnHalf
) -> Iterator[tuple[Slot, PublicIpId, Seen[ObservedPublicIp]]]:
    seen = dict(half.seen.addresses)
    for slot in (Slot(half.side, role) for role in ADDRESS_ROLES):
        part = to_delete(pair, slot)
        if part is not None and isinstance(part.id, PublicIpId) and part.id in seen:
            yield slot, part.id, seen[part.id]


def _addresses(pair: VpnConnectionPair, world: VpnWorld, half: VpnHalf) -> Iterator[Step]:
    for slot, id, seen in _recorded_addresses(pair, half):
        part = pair.record.parts[slot]
        match seen:
            case Unreadable():
                yield Held.by(seen, id)
            case Present(address) if address.attached_to and _gone(half, address.attached_to):
                yield Busy(str(address.id))
            case Present(address) if address.attached_to or not _still_ours(pair, world, half, address.tags, part):
                yield without(pair, slot)
            case Present(address) if address.busy:
                yield Busy(str(address.id))
            case Present():
                yield _or_held(half, slot.role, part) or DeletePart(slot, id, world.identities[half.side])
            case _:
                continue


def _still_ours(pair: VpnConnectionPair, world: VpnWorld, half: VpnHalf, tags: Tags, part: Part) -> bool:
    """As for any part; or it was tagged for an heir that went away before the gateway could be handed over, too."""
    left_behind = not world.sides[half.side].heir and dict(tags).get(HANDED_OVER) == own_tag(pair)
    return left_behind or _ours(pair, tags, part)


def _subnet(pair: VpnConnectionPair, world: VpnWorld, half: VpnHalf) -> Iterator[Step]:
    slot = Slot(half.side, Role.GATEWAY_SUBNET)
    part = to_delete(pair, slot)
    if part is None or not isinstance(part.id, SubnetId):
        return
    match half.seen.vnet:
        case Unreadable() as seen:
            yield Held.by(seen, part.id)
        case Present(vnet) if part.id.vnet == vnet.id and (subnet := vnet.subnet(GATEWAY_SUBNET)) is not None:
            others = [user for user in subnet.used_by if not _gone(half, user)]
            if others:
                yield without(pair, slot)
            elif vnet.busy or subnet.used_by:
                yield Busy(str(vnet.id))
            else:
                yield _or_held(half, Role.GATEWAY_SUBNET, part) or DeletePart(
                    slot, part.id, world.identities[half.side]
                )
        case _:
            return


def _gone(half: VpnHalf, configuration: str) -> bool:
    """Whether this use of an address or subnet is our gateway's, which was read gone since: the use ends a moment later."""
    gateway = half.parts.get(Role.GATEWAY)
    known = str(gateway.id if gateway is not None else half.seen.gateway_id)
    return isinstance(half.seen.gateway, Absent) and configuration.lower().startswith(f"{known}/".lower())


def goes(pair: VpnConnectionPair, both: PerSide[VpnHalf], half: VpnHalf, role: Role) -> bool:
    """Whether a deletion of the object would take its recorded part as things are now, as far as that can be seen beforehand."""
    part = to_delete(pair, Slot(half.side, role))
    if part is None:
        return False
    if role is Role.LINK:
        return half.connection is None or _our_connection(pair, both, half, half.connection, part)
    if not _gateway_goes(pair, half):
        return False
    if role is Role.GATEWAY_SUBNET:
        subnet = half.vnet.subnet(GATEWAY_SUBNET) if half.vnet is not None else None
        return subnet is None or not _used_by_others(half, *subnet.used_by)
    addresses = (seen.value for id, seen in half.seen.addresses if id == part.id and isinstance(seen, Present))
    return all(_ours(pair, one.tags, part) and not _used_by_others(half, one.attached_to) for one in addresses)


def _gateway_goes(pair: VpnConnectionPair, half: VpnHalf) -> bool:
    """Its subnet and addresses stay where it stays."""
    part = half.parts.get(Role.GATEWAY)
    if half.gateway is None or part is None or half.gateway.id != part.id:
        return True
    return (
        part.origin is Origin.CREATED
        and _ours(pair, half.gateway.tags, part)
        and not _users(pair, half.seen.connections)
    )


def _used_by_others(half: VpnHalf, *users: str) -> bool:
    own = half.parts.get(Role.GATEWAY)
    return any(user and (own is None or not user.lower().startswith(f"{own.id}/".lower())) for user in users)


def _or_held(half: VpnHalf, role: Role, part: Part) -> Held | None:
    refusal = half.refusals.get(role)
    return Held.by(refusal, part.id) if refusal is not None else None
