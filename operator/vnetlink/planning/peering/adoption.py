"""May a peering that stands there already become ours? If not: what differs, and what to paste so that it may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vnetlink.domain.observed import ObservedPeering
from vnetlink.domain.peering import PeeringOptions, arm_name
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import AdoptionPolicy, PeeringPair
from vnetlink.planning import az
from vnetlink.planning.peering.gateway_transit import reachable_options
from vnetlink.planning.peering.world import Half
from vnetlink.planning.plan import Finding

Differences = Mapping[Side, tuple[str, ...]]

_WHOLE = "peerCompleteVnets"
_NAMES = frozenset({"localSubnetNames", "remoteSubnetNames", "enableOnlyIPv6Peering"})


def not_adoptable(pair: PeeringPair, halves: PerSide[Half]) -> Iterator[Finding]:
    """A peering of this pair stands there, is not recorded as ours, and adoptionPolicy does not allow to take it over."""
    policy = pair.spec.lifecycle.adoption
    there = [(half, half.peering) for half in halves if half.peering is not None]
    foreign = [(half, peering) for half, peering in there if not half.recorded and half.ours_to_write]
    differing = {half.side: _differences(halves, half) for half, _ in foreign}
    for half, peering in foreign:
        if policy is AdoptionPolicy.NEVER:
            how = f"Set adoptionPolicy: IfMatching, or delete it: {az.delete(peering.id)}"
            yield _refused(peering, "adoptionPolicy is Never", how)
        elif policy is AdoptionPolicy.IF_MATCHING and differing[half.side]:
            why = f"it differs in {', '.join(differing[half.side])}"
            yield _refused(peering, why, f"{_remedy(halves, differing)}, or set adoptionPolicy: Always")


def _differences(halves: PerSide[Half], half: Half) -> tuple[str, ...]:
    return reachable_options(halves, half.side).differences(half.peering.options) if half.peering else ()


def _refused(peering: ObservedPeering, why: str, remedy: str) -> Finding:
    text = f"Peering {peering.id} exists, was not made by this object, and is not adopted: {why}."
    return Finding(Reason.ADOPTION_REFUSED, text, str(peering.id), remedy)


def _remedy(halves: PerSide[Half], differing: Differences) -> str:
    """One snippet for both sides. Whether subnets or whole VNets are peered cannot be edited: that takes another object."""
    snippet = _snippet(halves, differing)
    scoped = next((side for side, fields in differing.items() if _WHOLE in fields), None)
    if scoped is None:
        return f"Paste into spec: {snippet}"
    if _as_found(halves[scoped]).peer_complete_vnets:
        return "Make this object again without spec.peering.subnetPeering"
    return f"Make this object again with this in spec: {snippet}"


def _snippet(halves: PerSide[Half], differing: Differences) -> str:
    """The fields that differ, as they are in Azure, as a piece of spec."""
    block: dict[str, str] = {}
    scoped = next((side for side, fields in differing.items() if {_WHOLE, *_NAMES} & set(fields)), None)
    if scoped is not None:
        told = "enableOnlyIPv6Peering" in differing[scoped]
        block["subnetPeering"] = _flow(_subnets(scoped, _as_found(halves[scoped]), told))
    for side, fields in differing.items():
        found = _as_found(halves[side])
        shown = {arm_name(field): getattr(found, field) for field in found.__dataclass_fields__}
        flags = {name: str(shown[name]).lower() for name in fields if name not in {_WHOLE, *_NAMES}}
        block |= {side.value: _flow(flags)} if flags else {}
    return f"peering: {_flow(block)}"


def _subnets(side: Side, found: PeeringOptions, ipv6: bool) -> dict[str, str]:
    """A subnet peering in the words of spec; `found` is how it looks from `side`. `ipv6`: say also whether it is IPv6 only."""
    names = {
        f"{side.value}SubnetNames": f"[{', '.join(found.local_subnet_names)}]",
        f"{side.other.value}SubnetNames": f"[{', '.join(found.remote_subnet_names)}]",
    }
    only = {"enableOnlyIPv6Peering": str(found.enable_only_ipv6_peering).lower()} if ipv6 else {}
    return dict(sorted(names.items())) | only


def _as_found(half: Half) -> PeeringOptions:
    return half.peering.options if half.peering else half.wanted.options


def _flow(fields: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{name}: {value}' for name, value in fields.items())}}}"
