"""Address ranges that two VNets must not share, each as a finding. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vnetlink.domain.address_space import overlaps
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide
from vnetlink.planning import az
from vnetlink.planning.plan import Finding


def of_each_other(ids: PerSide[VnetId], spaces: PerSide[Sequence[str]]) -> Iterator[Finding]:
    """Ranges that both have."""
    clashes = overlaps(*spaces)
    if clashes:
        listed = "; ".join(f"{ours} of {ids.vnet1} with {theirs} of {ids.vnet2}" for ours, theirs in clashes)
        text, how = f"Address spaces overlap: {listed}.", f"Change one range: {az.change_prefixes(ids.vnet2)}"
        yield Finding(Reason.ADDRESS_SPACES_OVERLAP, text, str(ids.vnet1), how)


def with_peers(near: ObservedVnet, whose: VnetId, space: Sequence[str], ends: PerSide[VnetId]) -> Iterator[Finding]:
    """Ranges in `space` of VNet `whose` that a third VNet has, to which `near` is peered; both are among the `ends`."""
    for peering in near.peerings:
        clashes = () if peering.remote in ends else overlaps(space, peering.remote_prefixes)
        if clashes:
            listed = "; ".join(f"{ours} of {whose} with {theirs} of {peering.remote}" for ours, theirs in clashes)
            yield Finding(
                Reason.OVERLAPS_WITH_PEERED_VNET,
                f"Address space overlaps with a VNet that is already peered to {near.id}: {listed}.",
                str(peering.id),
                f"Change one of the ranges, or end the connection through {peering.id} where it is managed: "
                "kubectl get peeringpairs -A",
            )
