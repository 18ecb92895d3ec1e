"""Which pair a link makes, and its spec: a function of the link's spec alone. Nothing else of the link's metadata is handed on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from vnetlink.domain.kinds import PEERING_PAIRS, VPN_CONNECTION_PAIRS
from vnetlink.domain.observed import ObservedPeering, SyncLevel
from vnetlink.domain.outcome import Present
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import End, ObjectKey, VNetLink
from vnetlink.domain.times import stamp
from vnetlink.domain.vnet_link import Encryption, Method
from vnetlink.planning.actions import AskChild
from vnetlink.planning.link.world import Child, LinkWorld

SUFFIX = {PEERING_PAIRS: "peering", VPN_CONNECTION_PAIRS: "vpn"}
GROWN = " address space changed "  # between what a person asked for and when the link saw it
LONGEST_ECHO = 1024  # of lastHandledReconcileAt
Specs: TypeAlias = Mapping[str, Mapping[str, Any]]  # of pairs, by kind
NONE: Specs = MappingProxyType({})
KINDS = {Method.PEERING: PEERING_PAIRS, Method.VPN: VPN_CONNECTION_PAIRS}


def method(link: VNetLink) -> tuple[Method, str]:
    """Peering or VPN, and why: for MethodSelected."""
    asked = link.spec.method
    if asked is Method.VPN or (asked is Method.AUTO and link.spec.encryption is Encryption.IPSEC):
        why = "spec.method is Vpn" if asked is Method.VPN else "spec.encryption is IPsec"
        return Method.VPN, f"Vpn, because {why}."
    if asked is Method.PEERING:
        return Method.PEERING, "Peering, because spec.method is Peering."
    return Method.PEERING, (
        "Peering, because no encryption is required: lower latency, no gateway to pay, and traffic stays on Azure's backbone, "
        "also between regions."
    )


def kind(link: VNetLink) -> str:
    """The plural of the pair that the link is to have."""
    return KINDS[method(link)[0]]


def name(link: ObjectKey, plural: str) -> str:
    """`<link>-peering` or `<link>-vpn`."""
    return f"{link.name}-{SUFFIX[plural]}"


def spec(link: VNetLink, plural: str, there: Specs = NONE) -> dict[str, Any]:
    """The whole spec of the pair, beside the pairs of this link that are `there`.

    A pair of the other method only waits for its successor, or for its end: it keeps its own block where the link has none
    any more. A peering uses no remote gateways beside a VPN, or what is to become one: a VNet has a gateway or uses another's.
    """
    lifecycle = link.spec.lifecycle
    block, value = ("peering", link.spec.peering) if plural == PEERING_PAIRS else ("vpn", link.spec.vpn)
    if plural != kind(link):
        value = value or there.get(plural, {}).get(block) or {}
    if plural == PEERING_PAIRS and (VPN_CONNECTION_PAIRS in there or kind(link) == VPN_CONNECTION_PAIRS):
        value = _without_gateways(value)
    return {
        **{side.value: _end(link.spec.ends[side]) for side in Side},
        **({block: _plain(value)} if value else {}),
        "suspend": lifecycle.suspend,
        "managementPolicy": lifecycle.management.value,
        "adoptionPolicy": lifecycle.adoption.value,
        "deletionPolicy": lifecycle.deletion.value,
        "interval": _duration(link),
    }


def specs(pairs: Iterable[Child]) -> Specs:
    """What these pairs have in spec now."""
    return {pair.kind: pair.spec for pair in pairs}


def ask(link: VNetLink, world: LinkWorld, seen: Child) -> AskChild | None:
    """A look at Azure that the pair owes: a person asked the link for one, or a VNet has grown and the pair has not noticed.

    The pair answers in lastHandledReconcileAt; until it does it is not asked again, so that nobody asks in a circle.
    """
    asked, now = link.meta.reconcile_requested_at, stamp(world.now)
    answered = str(seen.status.get("lastHandledReconcileAt") or "")
    if asked and asked not in (
        seen.requested_at.partition(GROWN)[0],
        answered,
    ):  # a person may have asked the pair since
        return AskChild(seen.kind, seen.name, seen.version, asked)
    if (
        answered != seen.requested_at[:LONGEST_ECHO]
        or seen.status.get("syncLevel") != "InSync"
        or not _out_of_sync(link, world)
    ):
        return None
    return AskChild(seen.kind, seen.name, seen.version, f"{asked}{GROWN}{now}")


def _out_of_sync(link: VNetLink, world: LinkWorld) -> bool:
    """Whether a peering between the two has an old copy of an address space."""
    return any(peering.sync_level is not SyncLevel.FULLY_IN_SYNC for peering in peerings(link, world))


def peerings(link: VNetLink, world: LinkWorld) -> Iterator[ObservedPeering]:
    """The peerings between the two VNets, as far as they can be seen."""
    for side in Side:
        seen = world.vnets[side]
        peering = seen.value.peering_to(link.spec.ends[side.other].id) if isinstance(seen, Present) else None
        if peering is not None:
            yield peering


def _end(end: End) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": str(end.id), "managementPolicy": end.management.value}
    if end.credential_ref is not None:
        namespace = {"namespace": end.credential_ref.namespace} if end.credential_ref.namespace else {}
        shown["credentialRef"] = {"name": end.credential_ref.name, **namespace}
    return shown


def _without_gateways(block: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = _plain(block)
    for side in Side:
        if isinstance(plain.get(side.value), dict):
            plain[side.value]["useRemoteGateways"] = False
    return plain


def _plain(value: Any) -> Any:
    """A copy that nobody shares, of what the API server sent."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _duration(link: VNetLink) -> str:
    seconds = int(link.spec.lifecycle.interval.total_seconds())
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"
