"""Virtual network peerings (arm.md 4): what a PUT must fulfil, and how both sides move together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from .. import address_spaces, errors
from ..arm_ids import NAME, vnet_place
from ..call import Call
from ..content import Content
from ..messages import Response, answer, empty
from ..store import Operation, Peering, Vnet, World
from . import subnet, virtual_network
from .peering_body import TYPE, body, chosen_space, identify

PUT = "PutVirtualNetworkPeeringOperation"
DELETE = "DeleteVirtualNetworkPeeringOperation"
PEER_ACTION = "Microsoft.Network/virtualNetworks/peer/action"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A peering as a PUT wants it, with everything its checks look at."""

    call: Call
    vnet: Vnet
    remote: Vnet
    old: Peering | None
    new: Peering

    @property
    def id(self) -> str:
        return identify(self.vnet, self.new.name)

    @property
    def reverse(self) -> Peering | None:
        return self.remote.peering_to(self.vnet.key)

    @property
    def reverse_id(self) -> str:
        return identify(self.remote, self.reverse.name) if self.reverse else ""


def get(call: Call) -> Response:
    vnet = virtual_network.found(call)
    peering = vnet.peering(call.place.names[1])
    if peering is None:
        raise errors.child_not_found(identify(vnet, call.place.names[1]))
    return answer(200, body(call.world, vnet, peering, call.version), {"ETag": vnet.etag})


def listing(call: Call) -> Response:
    vnet = virtual_network.found(call)
    return call.page(vnet.peerings, lambda one: body(call.world, vnet, one, call.version))


def put(call: Call) -> Response:
    vnet = subnet.parent(call)
    name = call.place.names[1]
    if not NAME.fullmatch(name):
        raise errors.invalid_name(name)
    old = vnet.peering(name)
    properties = Content(call.body).object("properties")
    remote_id = _remote_id(properties, old)
    _check_linked(call, identify(vnet, name), remote_id)
    call.check_etag(identify(vnet, name), vnet.etag if old else None)
    _check_idle(call, vnet, old)
    remote = _remote(call, vnet, name, remote_id)
    proposal = Proposal(call, vnet, remote, old, _wanted(properties, vnet, remote, old.name if old else name, old))
    for check in CHECKS:
        check(proposal)
    return _accept(proposal)


def _remote_id(properties: Content, old: Peering | None) -> str:
    given = properties.object("remoteVirtualNetwork").text("id") or (old.remote if old else "")
    if vnet_place(given) is None:
        raise errors.linked_id_invalid(given, "properties.remoteVirtualNetwork.id")
    return given.rstrip("/")


def _check_linked(call: Call, peering_id: str, remote_id: str) -> None:
    """Right to peer with the remote VNet, in its own tenant (arm.md 1.6). A needless auxiliary token is ignored."""
    place = vnet_place(remote_id)
    remote_tenant = call.settings.tenant_of(place.subscription) if place else None
    caller = call.caller
    if remote_tenant != caller.tenant:
        auxiliary = call.auxiliary(remote_tenant)
        if auxiliary is None or place is None:
            subscription = place.subscription if place else ""
            raise errors.linked_tenant(PEER_ACTION, peering_id, caller.tenant, subscription)
        caller = auxiliary
    if not call.roles.allows(caller.client_id, remote_id, PEER_ACTION):
        raise errors.linked_scope(caller.client_id, caller.oid, f"{TYPE}/write", peering_id, PEER_ACTION, remote_id)


def _check_idle(call: Call, vnet: Vnet, old: Peering | None) -> None:
    """429 for a second PUT on the same peering (arm.md 1.4). Siblings run side by side unless `strict`."""
    virtual_network.check_idle(call.world, vnet)
    if old is None or old.state not in ("Updating", "Deleting"):
        return
    if old.state == "Deleting":
        raise errors.busy_delete(old.operation)
    running = call.world.operations.get(old.operation)
    if running is not None:
        raise errors.busy_put(running.name, running.id, identify(vnet, old.name), 10)


def _remote(call: Call, vnet: Vnet, name: str, remote_id: str) -> Vnet:
    peering_id = identify(vnet, name)
    remote = call.world.vnets.get(remote_id.lower())
    if remote is None:
        raise errors.reference_not_found(remote_id, peering_id)
    if remote.key == vnet.key:
        raise errors.peering_with_itself(peering_id, vnet.id)
    if remote.state != "Succeeded":
        running = call.world.operations.get(remote.operation)
        operation = running.name if running else virtual_network.PUT
        raise errors.not_provisioned(remote.id, peering_id, remote.state, operation)
    return remote


def _wanted(properties: Content, vnet: Vnet, remote: Vnet, name: str, old: Peering | None) -> Peering:
    """Flags as sent; what is left out has the default of a create, as PUT replaces (chosen)."""
    return Peering(
        name=name,
        remote=remote.id,
        guid=_common_guid(vnet.guid, remote.guid),
        status=old.status if old else "Initiated",
        remote_space=old.remote_space if old else (),
        access=properties.flag("allowVirtualNetworkAccess", True),
        forwarded=properties.flag("allowForwardedTraffic", False),
        transit=properties.flag("allowGatewayTransit", False),
        use_remote=properties.flag("useRemoteGateways", False),
        do_not_verify=properties.flag("doNotVerifyRemoteGateways", False),
        complete=properties.flag("peerCompleteVnets", True),
        local_subnets=properties.texts("localSubnetNames"),
        remote_subnets=properties.texts("remoteSubnetNames"),
        only_ipv6=properties.flag("enableOnlyIPv6Peering", False),
    )


def _common_guid(one: str, other: str) -> str:
    """Bitwise XOR of both VNets' guids, so both directions have the same (arm.md 4, fact 1)."""
    text = f"{int(one.replace('-', ''), 16) ^ int(other.replace('-', ''), 16):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


# --- the checks, in the order in which they answer


def _remote_is_kept(proposal: Proposal) -> None:
    old = proposal.old
    if old is not None and old.remote_key != proposal.remote.key:
        raise errors.remote_fixed(proposal.id, old.remote, proposal.remote.id)


def _only_peering_to_remote(proposal: Proposal) -> None:
    for other in proposal.vnet.peerings:
        if other.remote_key == proposal.remote.key and other.name != proposal.new.name:
            old_id = identify(proposal.vnet, other.name)
            raise errors.already_referenced(old_id, proposal.remote.id, proposal.id)


def _below_limit(proposal: Proposal) -> None:
    limit = proposal.call.settings.quotas["peerings"]
    if proposal.old is None and len(proposal.vnet.peerings) >= limit:
        raise errors.too_many("VirtualNetworkPeerings", limit, proposal.vnet.id)


def _reverse_is_not_disconnected(proposal: Proposal) -> None:
    """The way out is to delete that one, or to PUT it (arm.md 4, fact 8)."""
    if proposal.reverse is not None and proposal.reverse.status == "Disconnected":
        raise errors.remote_disconnected(proposal.id, proposal.reverse_id, proposal.vnet.id)


def _subnets_exist(proposal: Proposal) -> None:
    if proposal.new.complete:
        return
    named = ((proposal.vnet, proposal.new.local_subnets), (proposal.remote, proposal.new.remote_subnets))
    for vnet, names in named:
        for name in names:
            if vnet.subnet(name) is None:
                raise errors.unknown_subnet(proposal.id, name, vnet.id)
        if not names:
            raise errors.unknown_subnet(proposal.id, "(none given)", vnet.id)


def _spaces_are_apart(proposal: Proposal) -> None:
    mine, theirs = _spaces(proposal)
    common = address_spaces.overlapping(mine, theirs)
    if common:
        raise errors.spaces_overlap(proposal.id, proposal.vnet.id, proposal.remote.id, ", ".join(common))


def _spaces(proposal: Proposal) -> tuple[tuple[str, ...], tuple[str, ...]]:
    new = proposal.new
    mine = chosen_space(proposal.vnet, new, new.local_subnets)
    return mine, chosen_space(proposal.remote, new, new.remote_subnets)


def _apart_from_peers(proposal: Proposal) -> None:
    """Against VNets already peered with the remote one, and (chosen) with the local one."""
    mine, theirs = _spaces(proposal)
    _apart_from_peers_of(proposal, proposal.vnet, proposal.remote, mine)
    _apart_from_peers_of(proposal, proposal.remote, proposal.vnet, theirs)


def _apart_from_peers_of(proposal: Proposal, first: Vnet, second: Vnet, space: tuple[str, ...]) -> None:
    for peering in second.peerings:
        if peering.remote_key == first.key or peering.status == "Disconnected":
            continue
        common = address_spaces.overlapping(space, peering.remote_space)
        if common:
            joined = ", ".join(common)
            raise errors.overlaps_with_peer(proposal.id, first.id, second.id, peering.remote, joined)


def _remote_gateway_usable(proposal: Proposal) -> None:
    """doNotVerifyRemoteGateways changes nothing here (arm.md 4, after the table)."""
    if not proposal.new.use_remote:
        return
    gateways = proposal.call.world.gateways.values()
    if any(one.vnet_key == proposal.vnet.key for one in gateways):
        raise errors.own_gateway(proposal.id, proposal.vnet.id)
    for other in proposal.vnet.peerings:
        if other.use_remote and other.name != proposal.new.name:
            raise errors.second_remote_gateway(proposal.id, identify(proposal.vnet, other.name))
    if not any(one.vnet_key == proposal.remote.key and one.born for one in gateways):
        raise errors.no_remote_gateway(proposal.id, proposal.remote.id)
    if proposal.reverse is not None and not proposal.reverse.transit:
        raise errors.transit_not_allowed(proposal.id, proposal.reverse_id)


def _transit_stays_while_used(proposal: Proposal) -> None:
    reverse = proposal.reverse
    if reverse is not None and reverse.use_remote and not proposal.new.transit and reverse.status == "Connected":
        raise errors.transit_in_use(proposal.id, proposal.reverse_id)


CHECKS: tuple[Callable[[Proposal], None], ...] = (
    _remote_is_kept,
    _only_peering_to_remote,
    _below_limit,
    _reverse_is_not_disconnected,
    _subnets_exist,
    _spaces_are_apart,
    _apart_from_peers,
    _remote_gateway_usable,
    _transit_stays_while_used,
)


def _accept(proposal: Proposal) -> Response:
    """The answer already shows the new state (arm.md 4, facts 2, 3 and 5); the other side moves with it."""
    call, vnet, world = proposal.call, proposal.vnet, proposal.call.world
    what = "update" if proposal.old else "create"
    operation = call.begin(PUT, _target(vnet, proposal.new.name), vnet.location, f"virtualNetworkPeerings.{what}")
    new = replace(_linked(proposal), state="Updating", operation=operation.id)
    vnet = replace(vnet, peerings=exchanged(vnet, new), etag=world.etag())
    if call.settings.strict:
        vnet = replace(vnet, state="Updating", operation=operation.id)
    world.put(vnet)
    world.put(_joined(proposal, new))
    return call.accepted(200 if proposal.old else 201, body(world, vnet, new, call.version), operation, 10)


def _target(vnet: Vnet, name: str) -> str:
    return f"{vnet.key}/virtualnetworkpeerings/{name.lower()}"


def _linked(proposal: Proposal) -> Peering:
    """Without the flag an update keeps its copy of the remote space (arm.md 4, fact 5: unverified, chosen)."""
    new, old = proposal.new, proposal.old
    status = "Connected" if proposal.reverse is not None else "Initiated"
    sync = proposal.call.query.get("syncremoteaddressspace", "").lower() == "true"
    scope_changed = old is not None and (old.complete, old.remote_subnets) != (new.complete, new.remote_subnets)
    if old is None or sync or old.status == "Disconnected" or scope_changed:
        new = replace(new, remote_space=chosen_space(proposal.remote, new, new.remote_subnets))
    return replace(new, status=status)


def _joined(proposal: Proposal, new: Peering) -> Vnet:
    """The remote VNet after our PUT: another etag, and its peering to us Connected when ours is."""
    remote = proposal.remote
    peerings = tuple(
        replace(one, status="Connected") if one.remote_key == proposal.vnet.key and new.status == "Connected" else one
        for one in remote.peerings
    )
    return replace(remote, peerings=peerings, etag=proposal.call.world.etag())


def exchanged(vnet: Vnet, new: Peering) -> tuple[Peering, ...]:
    if vnet.peering(new.name) is None:
        return (*vnet.peerings, new)
    return tuple(new if one.name == new.name else one for one in vnet.peerings)


def delete(call: Call) -> Response:
    """A missing peering, or one of a missing VNet, is 204 (the latter chosen)."""
    call.group()
    place = call.place
    key = (
        f"/subscriptions/{place.subscription}/resourcegroups/{place.group}/providers/microsoft.network/virtualnetworks/"
    )
    vnet = call.world.vnets.get((key + place.names[0]).lower())
    peering = vnet.peering(place.names[1]) if vnet else None
    if vnet is None or peering is None:
        return empty(204)
    call.check_etag(identify(vnet, peering.name), vnet.etag)
    if peering.state in ("Updating", "Deleting") or vnet.state in ("Updating", "Deleting"):
        raise errors.busy_delete(peering.operation or vnet.operation)
    operation = call.begin(DELETE, _target(vnet, peering.name), vnet.location, "virtualNetworkPeerings.delete")
    gone = replace(peering, state="Deleting", operation=operation.id)
    call.world.put(replace(vnet, peerings=exchanged(vnet, gone), etag=call.world.etag()))
    return call.deleting(operation)


def finish(world: World, operation: Operation) -> None:
    vnet_key, _, name = operation.target.rpartition("/virtualnetworkpeerings/")
    vnet = world.vnets.get(vnet_key)
    peering = vnet.peering(name) if vnet else None
    if vnet is None or peering is None:
        return
    if operation.doom:
        after = exchanged(vnet, replace(peering, state="Failed", operation=""))
    elif operation.deletes:
        after = tuple(one for one in vnet.peerings if one.name != peering.name)
        _disconnect(world, vnet, peering)
    else:
        after = exchanged(vnet, replace(peering, state="Succeeded", operation=""))
    vnet = replace(world.vnets[vnet.key], peerings=after, etag=world.etag())
    if vnet.operation == operation.id:
        vnet = replace(vnet, state="Succeeded", operation="")
    world.put(vnet)


def _disconnect(world: World, vnet: Vnet, gone: Peering) -> None:
    """The other side turns Disconnected and keeps its space and flags; an Initiated one stays so (arm.md 4, fact 7)."""
    remote = world.vnets.get(gone.remote_key)
    if remote is None:
        return
    peerings = tuple(
        replace(one, status="Disconnected") if one.remote_key == vnet.key and one.status == "Connected" else one
        for one in remote.peerings
    )
    world.put(replace(remote, peerings=peerings, etag=world.etag()))
