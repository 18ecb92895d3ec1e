"""From what the API server sends to frozen domain values: PeeringPair or SpecError. Pure; never raises on a CR's content.

Fills the schema's defaults in, so that an object stored before a default existed means the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from vnetlink.domain.arm_id import InvalidId, VnetId, valid_child_name
from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import (
    AddressSpaceSync,
    AdoptionPolicy,
    CredentialRef,
    DeletionPolicy,
    End,
    GatewayTransitPolicy,
    Lifecycle,
    ManagementPolicy,
    ObjectKey,
    ObjectMeta,
    PeeringPair,
    PeeringPairSpec,
    RepairDisconnected,
    SpecError,
    WantedPeering,
)

FINALIZER = "vnetlink.dev/azure"
OWNED = "vnetlink.dev/owned"
RECONCILE_REQUESTED = "vnetlink.dev/reconcile-requested-at"
PEERING_PAIRS = "peeringpairs"

SHORTEST_INTERVAL, LONGEST_INTERVAL = timedelta(seconds=1), timedelta(days=1)

Body = Mapping[str, Any]
E = TypeVar("E", bound=Enum)

_KINDS = {"PeeringPair": PEERING_PAIRS}
_DURATION = re.compile(r"(?:[0-9]{1,5}[hms])+")
_DURATION_PART = re.compile(r"([0-9]{1,5})([hms])")
_UNITS = {"h": "hours", "m": "minutes", "s": "seconds"}


class _Wrong(Exception):
    """A field that cannot be used; `str()` names field and fix."""


def peering_pair(body: Body, installation: str) -> PeeringPair | SpecError:
    """The object in `body`; the ownership record counts only when it is of this installation and this very object."""
    meta = metadata(body)
    try:
        spec = _spec(_mapping(body, "spec", "spec"))
    except _Wrong as wrong:
        return SpecError(meta, str(wrong), _is_orphan(body.get("spec")))
    return PeeringPair(meta, spec, OwnershipRecord.load(meta.owned, installation, str(meta.key)))


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
        owned=notes.get(OWNED, ""),
    )


def key_of(body: Body) -> ObjectKey:
    """Which object this is. KeyError for a kind that is not served."""
    meta = body["metadata"]
    return ObjectKey(_KINDS[body["kind"]], meta.get("namespace", ""), meta["name"])


def instant(text: str) -> datetime:
    """An RFC 3339 time; the beginning of time when it is not one."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def duration(text: str, field: str = "duration") -> timedelta:
    """`1h30m` as a span of time; raises _Wrong naming `field`."""
    if _DURATION.fullmatch(text) is None:
        raise _Wrong(f"{field}: {text[:40]!r} is not a duration; write hours, minutes and seconds like 1h30m or 90s")
    return timedelta(**_summed(_DURATION_PART.findall(text)))


def _summed(parts: list[tuple[str, str]]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for number, unit in parts:
        totals[_UNITS[unit]] = totals.get(_UNITS[unit], 0) + int(number)
    return totals


# -- spec


def _is_orphan(spec: object) -> bool:
    """The way out of a stuck deletion must be open whatever else is wrong in spec."""
    return isinstance(spec, Mapping) and spec.get("deletionPolicy") == DeletionPolicy.ORPHAN.value


def _spec(spec: Body) -> PeeringPairSpec:
    ends = PerSide.of(lambda side: _end(_mapping(spec, side.value, f"spec.{side.value}"), f"spec.{side.value}"))
    if ends.vnet1.id == ends.vnet2.id:
        raise _Wrong("spec.vnet2.id: both ends are the same virtual network; name two different ones")
    block = _mapping(spec, "peering", "spec.peering", required=False)
    return PeeringPairSpec(
        ends=ends,
        peerings=PerSide.of(lambda side: _wanted(block, side)),
        gateway_transit=_choice(block, "gatewayTransitPolicy", GatewayTransitPolicy.WHEN_AVAILABLE, "spec.peering"),
        sync=_choice(block, "addressSpaceSync", AddressSpaceSync.AUTOMATIC, "spec.peering"),
        repair=_choice(block, "repairDisconnected", RepairDisconnected.OWNED_OR_ADOPTED, "spec.peering"),
        lifecycle=_lifecycle(spec),
    )


def _end(end: Body, path: str) -> End:
    try:
        vnet = VnetId.parse(_string(end, "id", path))
    except InvalidId as wrong:
        raise _Wrong(f"{path}.id: {wrong}") from None
    return End(
        id=vnet,
        management=_choice(end, "managementPolicy", ManagementPolicy.MANAGE, path),
        credential_ref=_credential(_mapping(end, "credentialRef", f"{path}.credentialRef", required=False), path),
    )


def _credential(ref: Body, path: str) -> CredentialRef | None:
    if not ref:
        return None
    return CredentialRef(_string(ref, "name", f"{path}.credentialRef"), _string(ref, "namespace", path, "") or None)


def _wanted(block: Body, side: Side) -> WantedPeering:
    path = f"spec.peering.{side.value}"
    flags = _mapping(block, side.value, path, required=False)
    name = _string(flags, "name", path, "") or None
    if name is not None and not valid_child_name(name):
        raise _Wrong(f"{path}.name: {name[:90]!r} is no name for a peering; use 1 to 80 letters, digits, _ . -")
    return WantedPeering(_options(flags, block, side, path), name)


def _options(flags: Body, block: Body, side: Side, path: str) -> PeeringOptions:
    subnets = block.get("subnetPeering")
    names = _mapping(block, "subnetPeering", "spec.peering.subnetPeering", required=False)
    return PeeringOptions(
        allow_virtual_network_access=_flag(flags, "allowVirtualNetworkAccess", True, path),
        allow_forwarded_traffic=_flag(flags, "allowForwardedTraffic", False, path),
        allow_gateway_transit=_flag(flags, "allowGatewayTransit", False, path),
        use_remote_gateways=_flag(flags, "useRemoteGateways", False, path),
        peer_complete_vnets=subnets is None,
        local_subnet_names=_names(names, f"{side.value}SubnetNames"),
        remote_subnet_names=_names(names, f"{side.other.value}SubnetNames"),
        enable_only_ipv6_peering=_flag(names, "enableOnlyIPv6Peering", False, "spec.peering.subnetPeering"),
    )


def _lifecycle(spec: Body) -> Lifecycle:
    asked = _string(spec, "interval", "spec", "")
    interval = duration(asked, "spec.interval") if asked else Lifecycle().interval
    return Lifecycle(
        suspend=_flag(spec, "suspend", False, "spec"),
        management=_choice(spec, "managementPolicy", ManagementPolicy.MANAGE, "spec"),
        adoption=_choice(spec, "adoptionPolicy", AdoptionPolicy.IF_MATCHING, "spec"),
        deletion=_choice(spec, "deletionPolicy", DeletionPolicy.DELETE_CREATED, "spec"),
        interval=min(max(interval, SHORTEST_INTERVAL), LONGEST_INTERVAL),
    )


# -- single fields; null means absent, as in the API server


def _mapping(parent: Body, name: str, path: str, required: bool = True) -> Body:
    value = parent.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, Mapping):
        raise _Wrong(f"{path}: is missing" if value is None else f"{path}: must be an object")
    return value


def _string(parent: Body, name: str, path: str, default: str | None = None) -> str:
    value = parent.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise _Wrong(f"{path}.{name}: is missing" if value is None else f"{path}.{name}: must be a string")
    return value


def _flag(parent: Body, name: str, default: bool, path: str) -> bool:
    value = parent.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise _Wrong(f"{path}.{name}: must be true or false")
    return value


def _choice(parent: Body, name: str, default: E, path: str) -> E:
    value = parent.get(name)
    if value is None:
        return default
    try:
        return type(default)(value)
    except ValueError:
        allowed = ", ".join(str(member.value) for member in type(default))
        raise _Wrong(f"{path}.{name}: {str(value)[:40]!r} is not one of {allowed}") from None


def _names(block: Body, name: str) -> tuple[str, ...]:
    value = block.get(name)
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(subnet, str) for subnet in value):
        raise _Wrong(f"spec.peering.subnetPeering.{name}: must be a list of subnet names")
    return tuple(value)
