"""From what the API server sends to frozen domain values: a pair or a SpecError. Pure; never raises on a CR's content.

Fills the schema's defaults in, so that an object stored before a default existed means the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from vnetlink.domain.arm_id import ConnectionId, PeeringId, VnetId
from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import (
    AdoptionPolicy,
    CredentialRef,
    DeletionPolicy,
    End,
    Lifecycle,
    ManagementPolicy,
    ObjectKey,
    ObjectMeta,
    Pair,
    PeeringPair,
    PeeringPairSpec,
    SpecError,
    VpnConnectionPair,
    VpnConnectionPairSpec,
)
from vnetlink.kube.fields import Body, Wrong, arm_id, choice, flag, instant, mapping, span, string
from vnetlink.kube.peering_block import peering_block
from vnetlink.kube.vpn_block import vpn_block

FINALIZER = "vnetlink.dev/azure"
OWNED = "vnetlink.dev/owned"
RECONCILE_REQUESTED = "vnetlink.dev/reconcile-requested-at"
ROTATE_REQUESTED = "vnetlink.dev/rotate-requested-at"
PEERING_PAIRS, VPN_CONNECTION_PAIRS = "peeringpairs", "vpnconnectionpairs"

SHORTEST_INTERVAL, LONGEST_INTERVAL = timedelta(seconds=1), timedelta(days=1)

_KINDS = {"PeeringPair": PEERING_PAIRS, "VpnConnectionPair": VPN_CONNECTION_PAIRS}


def decode(body: Body, installation: str) -> Pair | SpecError:
    """The object in `body`, of whichever kind. KeyError for a kind that is not served."""
    if key_of(body).kind == VPN_CONNECTION_PAIRS:
        return vpn_connection_pair(body, installation)
    return peering_pair(body, installation)


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
    )


def key_of(body: Body) -> ObjectKey:
    """Which object this is. KeyError for a kind that is not served."""
    meta = body["metadata"]
    return ObjectKey(_KINDS[body["kind"]], meta.get("namespace", ""), meta["name"])


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


def _ends(spec: Body) -> PerSide[End]:
    ends = PerSide.of(lambda side: _end(mapping(spec, side.value, f"spec.{side.value}"), f"spec.{side.value}"))
    if ends.vnet1.id == ends.vnet2.id:
        raise Wrong("spec.vnet2.id: both ends are the same virtual network; name two different ones")
    return ends


def _end(end: Body, path: str) -> End:
    return End(
        id=arm_id(end, "id", path, VnetId),
        management=choice(end, "managementPolicy", ManagementPolicy.MANAGE, path),
        credential_ref=_credential(end, f"{path}.credentialRef"),
    )


def _credential(end: Body, path: str) -> CredentialRef | None:
    """One that names nobody is an error, or it would mean the operator's own identity."""
    if end.get("credentialRef") is None:
        return None
    ref = mapping(end, "credentialRef", path)
    return CredentialRef(string(ref, "name", path), string(ref, "namespace", path, "") or None)


def _lifecycle(spec: Body) -> Lifecycle:
    return Lifecycle(
        suspend=flag(spec, "suspend", False, "spec"),
        management=choice(spec, "managementPolicy", ManagementPolicy.MANAGE, "spec"),
        adoption=choice(spec, "adoptionPolicy", AdoptionPolicy.IF_MATCHING, "spec"),
        deletion=choice(spec, "deletionPolicy", DeletionPolicy.DELETE_CREATED, "spec"),
        interval=span(spec, "interval", "spec", Lifecycle().interval, SHORTEST_INTERVAL, LONGEST_INTERVAL),
    )
