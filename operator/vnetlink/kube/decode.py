"""From what the API server sends to frozen domain values: a link, a pair or a SpecError. Pure; never raises on a CR's content.

Fills the schema's defaults in, so that an object stored before a default existed means the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from vnetlink.domain import kinds
from vnetlink.domain.arm_id import ConnectionId, PeeringId, VnetId
from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import (
    AdoptionPolicy,
    CredentialRef,
    DeletionPolicy,
    End,
    Lifecycle,
    ManagementPolicy,
    ObjectKey,
    ObjectMeta,
    Owner,
    PeeringPair,
    PeeringPairSpec,
    SpecError,
    VNetLink,
    VNetLinkSpec,
    VpnConnectionPair,
    VpnConnectionPairSpec,
)
from vnetlink.domain.vnet_link import Encryption, Method, ReplacePolicy
from vnetlink.kube.fields import Body, Wrong, arm_id, choice, credential_ref, flag, instant, mapping, span
from vnetlink.kube.link_blocks import creation, flows, zones
from vnetlink.kube.peering_block import peering_block
from vnetlink.kube.vpn_block import vpn_block

FINALIZER = "vnetlink.dev/azure"
OWNED = "vnetlink.dev/owned"
RECONCILE_REQUESTED = "vnetlink.dev/reconcile-requested-at"
ROTATE_REQUESTED = "vnetlink.dev/rotate-requested-at"
DELETION_HELD = "vnetlink.dev/deletion-held"
CONFIRM_DELETION = "vnetlink.dev/confirm-deletion"

SHORTEST_INTERVAL, LONGEST_INTERVAL = timedelta(seconds=1), timedelta(days=1)

_PLURALS = {kind: plural for plural, kind in kinds.KINDS.items()}
_GROUP = "vnetlink.dev/"


def decode(body: Body, installation: str) -> Owner | SpecError:
    """The object in `body`, of whichever kind. KeyError for a kind that is not served."""
    match key_of(body).kind:
        case kinds.VNET_LINKS:
            return vnet_link(body, installation)
        case kinds.VPN_CONNECTION_PAIRS:
            return vpn_connection_pair(body, installation)
        case _:
            return peering_pair(body, installation)


def vnet_link(body: Body, installation: str) -> VNetLink | SpecError:
    """The object in `body`; the ownership record counts only when it is of this installation and this very object."""
    meta = metadata(body)
    try:
        spec = _vnet_link_spec(mapping(body, "spec", "spec"))
    except Wrong as wrong:
        return _spec_error(meta, body, wrong)
    return VNetLink(meta, spec, OwnershipRecord.load(meta.owned, installation, str(meta.key), PeeringId))


def peering_pair(body: Body, installation: str) -> PeeringPair | SpecError:
    """The object in `body`; the ownership record counts only when it is of this installation and this very object."""
    meta = metadata(body)
    try:
        spec = _peering_pair_spec(mapping(body, "spec", "spec"))
    except Wrong as wrong:
        return _spec_error(meta, body, wrong)
    return PeeringPair(meta, spec, OwnershipRecord.load(meta.owned, installation, str(meta.key), PeeringId))


def vpn_connection_pair(body: Body, installation: str) -> VpnConnectionPair | SpecError:
    """The object in `body`; the ownership record counts only when it is of this installation and this very object."""
    meta = metadata(body)
    try:
        spec = _vpn_connection_pair_spec(mapping(body, "spec", "spec"))
    except Wrong as wrong:
        return _spec_error(meta, body, wrong)
    return VpnConnectionPair(meta, spec, OwnershipRecord.load(meta.owned, installation, str(meta.key), ConnectionId))


def metadata(body: Body) -> ObjectMeta:
    """The parts of metadata that decisions need; the API server vouches for their form."""
    meta = body["metadata"]
    notes = meta.get("annotations") or {}
    return ObjectMeta(
        key=key_of(body),
        uid=meta.get("uid", ""),
        generation=int(meta.get("generation", 0)),
        resource_version=meta.get("resourceVersion", ""),
        created_at=instant(meta.get("creationTimestamp", "")),
        deleting=bool(meta.get("deletionTimestamp")),
        finalizer=FINALIZER in (meta.get("finalizers") or ()),
        reconcile_requested_at=notes.get(RECONCILE_REQUESTED, ""),
        rotate_requested_at=notes.get(ROTATE_REQUESTED, ""),
        owned=notes.get(OWNED, ""),
        controller=controller_of(meta),
        deletion_held=_count(notes.get(DELETION_HELD, "")),
        deletion_confirmed=notes.get(CONFIRM_DELETION) == "true",
    )


def controller_of(meta: Body) -> tuple[ObjectKey, str] | None:
    """The VNetLink that made it, and its uid. An owner is always in the same namespace."""
    for owner in meta.get("ownerReferences") or ():
        link = owner.get("kind") == "VNetLink" and str(owner.get("apiVersion", "")).startswith(_GROUP)
        if owner.get("controller") is True and link:
            return ObjectKey(kinds.VNET_LINKS, meta.get("namespace", ""), owner["name"]), owner["uid"]
    return None


def _count(text: str) -> int:
    """What stands there, 1 for anything that we did not write: whoever marked it wants it held."""
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else int(bool(text))


def key_of(body: Body) -> ObjectKey:
    """Which object this is. KeyError for a kind that is not served."""
    meta = body["metadata"]
    return ObjectKey(_PLURALS[body["kind"]], meta.get("namespace", ""), meta["name"])


# -- spec


def _spec_error(meta: ObjectMeta, body: Body, wrong: Wrong) -> SpecError:
    """The way out of a stuck deletion must be open whatever else is wrong in spec."""
    spec = body.get("spec")
    orphan = isinstance(spec, Mapping) and spec.get("deletionPolicy") == DeletionPolicy.ORPHAN.value
    return SpecError(meta, str(wrong), orphan)


def _peering_pair_spec(spec: Body) -> PeeringPairSpec:
    ends, block = _ends(spec), peering_block(spec)
    return PeeringPairSpec(
        ends=ends,
        peerings=block.peerings,
        gateway_transit=block.gateway_transit,
        sync=block.sync,
        repair=block.repair,
        lifecycle=_lifecycle(spec),
    )


def _vpn_connection_pair_spec(spec: Body) -> VpnConnectionPairSpec:
    ends, block = _ends(spec), vpn_block(spec)
    return VpnConnectionPairSpec(
        ends=ends, vpn=block.sides, shared_key=block.shared_key, options=block.options, lifecycle=_lifecycle(spec)
    )


def _vnet_link_spec(spec: Body) -> VNetLinkSpec:
    """Both blocks are handed down as they stand, and looked at here so that a wrong one is told of on the link."""
    peering, vpn = (mapping(spec, name, f"spec.{name}", required=False) for name in ("peering", "vpn"))
    peering_block(spec)
    if spec.get("vpn") is not None:
        vpn_block(spec)
    link = VNetLinkSpec(
        ends=_creating(spec, _ends(spec)),
        method=choice(spec, "method", Method.AUTO, "spec"),
        encryption=choice(spec, "encryption", Encryption.NOT_REQUIRED, "spec"),
        replace=choice(spec, "replacePolicy", ReplacePolicy.MAKE_BEFORE_BREAK, "spec"),
        peering=peering,
        vpn=vpn,
        zones=zones(spec),
        flows=flows(spec),
        lifecycle=_lifecycle(spec),
    )
    _feasible(link)
    return link


def _feasible(link: VNetLinkSpec) -> None:
    encrypted = link.encryption is Encryption.IPSEC
    if link.method is Method.PEERING and encrypted:
        raise Wrong("spec.encryption: a peering cannot be encrypted with IPsec; set method to Auto or Vpn")
    if not link.vpn and (link.method is Method.VPN or encrypted):
        raise Wrong("spec.vpn: a VPN link needs a `vpn` block; add vpn.sharedKey.secretRef.name")


def _creating(spec: Body, ends: PerSide[End]) -> PerSide[End]:
    def end(side: Side) -> End:
        path = f"spec.{side.value}"
        wanted = creation(mapping(spec, side.value, path), path)
        if wanted is not None and ends[side].management is ManagementPolicy.OBSERVE:
            raise Wrong(
                f"{path}.create: makes a VNet, and Observe leaves this side to someone else; leave one of them out"
            )
        return replace(ends[side], creation=wanted)

    return PerSide.of(end)


def _ends(spec: Body) -> PerSide[End]:
    ends = PerSide.of(lambda side: _end(mapping(spec, side.value, f"spec.{side.value}"), f"spec.{side.value}"))
    if ends.vnet1.id == ends.vnet2.id:
        raise Wrong("spec.vnet2.id: both ends are the same virtual network; name two different ones")
    return ends


def _end(end: Body, path: str) -> End:
    ref = credential_ref(end, path)
    return End(
        id=arm_id(end, "id", path, VnetId),
        management=choice(end, "managementPolicy", ManagementPolicy.MANAGE, path),
        credential_ref=CredentialRef(*ref) if ref else None,
    )


def _lifecycle(spec: Body) -> Lifecycle:
    return Lifecycle(
        suspend=flag(spec, "suspend", False, "spec"),
        management=choice(spec, "managementPolicy", ManagementPolicy.MANAGE, "spec"),
        adoption=choice(spec, "adoptionPolicy", AdoptionPolicy.IF_MATCHING, "spec"),
        deletion=choice(spec, "deletionPolicy", DeletionPolicy.DELETE_CREATED, "spec"),
        interval=span(spec, "interval", "spec", Lifecycle().interval, SHORTEST_INTERVAL, LONGEST_INTERVAL),
    )
