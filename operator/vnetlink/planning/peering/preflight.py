"""Questions asked before the first write, all of them: a refusal here costs zero writes and names what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import GatewayTransitPolicy, PeeringPair
from vnetlink.planning import az, overlaps
from vnetlink.planning.actions import PeeringAction, PutPeering
from vnetlink.planning.peering.adoption import not_adoptable
from vnetlink.planning.peering.gateway_transit import hub_has_gateway
from vnetlink.planning.peering.naming import peering_name
from vnetlink.planning.peering.world import Half
from vnetlink.planning.plan import Finding

MOST_PEERINGS = 500  # per VNet: azure-docs includes/azure-virtual-network-limits (arm.md 3)
NETWORK_MANAGER_PREFIX = "ANM_"  # how Azure Virtual Network Manager names the peerings that it makes and rewrites

Check = Callable[[PeeringPair, PerSide[Half]], Iterator[Finding]]


def adoption_blockers(pair: PeeringPair, halves: PerSide[Half]) -> tuple[Finding, ...]:
    """Why a peering that exists may not become ours; one refused side refuses the pair."""
    return _all((network_manager, not_adoptable), pair, halves)


def write_blockers(pair: PeeringPair, halves: PerSide[Half], step: PeeringAction) -> tuple[Finding, ...]:
    """Why ARM would refuse, or users regret, this write. A change of flags alone touches no address space.

    A Disconnected peering is deleted only to be made again, so what stands in the way of that is asked before.
    """
    flags_only = isinstance(step, PutPeering) and not step.creates and not step.sync
    return _all(_GATEWAY_CHECKS if flags_only else (*_ADDRESS_CHECKS, *_GATEWAY_CHECKS), pair, halves)


def network_manager(pair: PeeringPair, halves: PerSide[Half]) -> Iterator[Finding]:
    """Azure Virtual Network Manager puts its own peerings back; two writers would fight. What we made is not its own,
    even where a VNet's name begins like its names."""
    for half in halves:
        if (
            half.peering is not None
            and not half.made_by_us
            and half.peering.id.name.upper().startswith(NETWORK_MANAGER_PREFIX)
        ):
            yield Finding(
                Reason.MANAGED_BY_NETWORK_MANAGER,
                f"Peering {half.peering.id} is made by Azure Virtual Network Manager, which would put it back.",
                str(half.peering.id),
                "Take the VNet out of the Network Manager's network group, or delete this object.",
            )


def overlapping_ranges(pair: PeeringPair, halves: PerSide[Half]) -> Iterator[Finding]:
    """ARM refuses VnetAddressSpacesOverlap; for a subnet peering only the chosen subnets count."""
    one, two = halves.vnet1, halves.vnet2
    if one.vnet is None or two.vnet is None:
        return
    spaces: PerSide[Sequence[str]] = PerSide(
        _peered_prefixes(one.vnet, one.wanted.options), _peered_prefixes(two.vnet, two.wanted.options)
    )
    yield from overlaps.of_each_other(PerSide(one.vnet.id, two.vnet.id), spaces)


def overlap_with_peered(pair: PeeringPair, halves: PerSide[Half]) -> Iterator[Finding]:
    """ARM refuses VnetAddressSpaceOverlapsWithAlreadyPeeredVnet: a third VNet, peered to one side, has the other's range."""
    for half in halves:
        far = halves[half.side.other].vnet
        if half.vnet is not None and far is not None and half.wanted.options.peer_complete_vnets:
            yield from overlaps.with_peers(half.vnet, far.id, far.prefixes, PerSide(half.vnet.id, far.id))


def unknown_subnets(pair: PeeringPair, halves: PerSide[Half]) -> Iterator[Finding]:
    """A subnet peering names subnets that the VNet does not have."""
    for half in halves:
        for name in half.wanted.options.local_subnet_names if half.vnet else ():
            if half.vnet is not None and half.vnet.subnet_prefixes(name) is None:
                yield Finding(
                    Reason.SUBNET_NOT_FOUND,
                    f"VNet {half.vnet.id} has no subnet {name!r}, which spec.peering.subnetPeering.{half.side.value}SubnetNames names.",
                    str(half.vnet.id),
                    f"Make it, or choose among: {az.list_subnets(half.vnet.id)}",
                )


def names_taken(pair: PeeringPair, halves: PerSide[Half]) -> Iterator[Finding]:
    """The explicit name leads to another VNet."""
    for half in halves:
        if half.missing and half.ours_to_write and peering_name(half) is None:
            taken = half.id_named(half.wanted.name or "")
            other = half.vnet.peering_named(taken.name) if half.vnet else None
            where = other.remote if other else "another VNet"
            yield Finding(
                Reason.NAME_TAKEN,
                f"Peering {taken} already leads to {where}; spec.peering.{half.side.value}.name asks for that name.",
                str(taken),
                f"Choose another name in a new object, or free this one: {az.delete(taken)}",
            )


def own_gateway(pair: PeeringPair, halves: PerSide[Half]) -> Iterator[Finding]:
    """ARM forbids useRemoteGateways on a VNet that has a gateway of its own, and on two of its peerings."""
    for half in halves:
        if half.vnet is None or not half.ours_to_write or not half.wanted.options.use_remote_gateways:
            continue
        if half.peering is not None and half.peering.options.use_remote_gateways:
            continue
        second = next(
            (p for p in half.vnet.peerings if p.options.use_remote_gateways and p.remote != half.remote), None
        )
        if half.vnet.has_gateway:
            yield Finding(
                Reason.LOCAL_GATEWAY_EXISTS,
                f"VNet {half.vnet.id} has a gateway of its own, so it cannot use the gateway of {half.remote}.",
                str(half.vnet.id),
                f"Set spec.peering.{half.side.value}.useRemoteGateways: false, or delete the VNet's own gateway.",
            )
        elif second is not None:
            yield Finding(
                Reason.CONFLICTING_PEERING,
                f"Peering {second.id} uses remote gateways already; a VNet can use the gateways of one other VNet only.",
                str(second.id),
                f"Run: {az.stop_using_gateway(second.id)}",
            )


def missing_gateway(pair: PeeringPair, halves: PerSide[Half]) -> Iterator[Finding]:
    """gatewayTransitPolicy Required: no connection before the hub has a gateway."""
    for half in halves:
        hub = halves[half.side.other]
        required = (
            pair.spec.gateway_transit is GatewayTransitPolicy.REQUIRED and half.wanted.options.use_remote_gateways
        )
        in_use = half.peering is not None and half.peering.options.use_remote_gateways
        told = half.refusal is not None and half.refusal.reason is Reason.REMOTE_HAS_NO_GATEWAY
        if required and not in_use and (told or hub_has_gateway(hub) is False):
            yield Finding(
                Reason.REMOTE_HAS_NO_GATEWAY,
                f"VNet {half.remote} has no gateway, and gatewayTransitPolicy is Required.",
                str(half.remote),
                "Make a gateway there, or set gatewayTransitPolicy: WhenAvailable",
            )


def full_vnets(pair: PeeringPair, halves: PerSide[Half]) -> Iterator[Finding]:
    """A VNet takes 500 peerings."""
    for half in halves:
        if half.missing and half.vnet is not None and half.ours_to_write and len(half.vnet.peerings) >= MOST_PEERINGS:
            yield Finding(
                Reason.PEERING_LIMIT_REACHED,
                f"VNet {half.vnet.id} has {len(half.vnet.peerings)} peerings; Azure allows {MOST_PEERINGS}.",
                str(half.vnet.id),
                f"Remove unused ones: {az.list_peerings(half.vnet.id)}",
            )


_ADDRESS_CHECKS: tuple[Check, ...] = (overlapping_ranges, overlap_with_peered, unknown_subnets, names_taken, full_vnets)
_GATEWAY_CHECKS: tuple[Check, ...] = (own_gateway, missing_gateway)


def _all(checks: tuple[Check, ...], pair: PeeringPair, halves: PerSide[Half]) -> tuple[Finding, ...]:
    return tuple(chain.from_iterable(check(pair, halves) for check in checks))


def _peered_prefixes(vnet: ObservedVnet, options: PeeringOptions) -> tuple[str, ...]:
    if options.peer_complete_vnets:
        return vnet.prefixes
    return tuple(chain.from_iterable(vnet.subnet_prefixes(name) or () for name in options.local_subnet_names))
