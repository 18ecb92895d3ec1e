"""Which identity an object may use. Without a grant there are zero ARM calls and zero token requests (design/faults.md, T1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from vnetlink.domain.arm_id import ArmId, PrivateDnsZoneId, PublicIpId, VnetId
from vnetlink.domain.credential import DEFAULT_NAME, AzureCredential, Labels, credential_key
from vnetlink.domain.identity import Identity, NotGranted
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import (
    End,
    ManagementPolicy,
    ObjectKey,
    Owner,
    SpecError,
    VNetLink,
    VpnConnectionPair,
)
from vnetlink.domain.vnet_link import WantedZone

EVERY_NAMESPACE = "*"

Refusal: TypeAlias = NotGranted | Unreadable
SeenCredential: TypeAlias = Seen[AzureCredential | SpecError]


@dataclass(frozen=True, slots=True)
class Law:
    """What the administrator has set: who the operator is, and the namespaces of --identity-namespaces."""

    operator: Identity
    identity_namespaces: frozenset[str]

    def names(self, namespace: str) -> bool:
        """Whether the flag names that namespace."""
        return namespace in self.identity_namespaces or EVERY_NAMESPACE in self.identity_namespaces


@dataclass(frozen=True, slots=True)
class Known:
    """What was read for one object: the credentials in `wanted`, and the labels of its own namespace where they decide."""

    credentials: Mapping[ObjectKey, SeenCredential] = field(default_factory=lambda: MappingProxyType({}))
    labels: Seen[Labels] = field(default_factory=Absent)

    def of(self, key: ObjectKey) -> SeenCredential:
        """The credential; one that nobody has asked for is not there."""
        return self.credentials.get(key, Absent())


def wanted(owner: Owner) -> frozenset[ObjectKey]:
    """The credentials that this object names, or uses because it names none."""
    ends = {_named(owner, _ref(end)) for end in owner.spec.ends}
    zones = {_named(owner, zone.credential) for zone in _zones(owner) if zone.credential is not None}
    return frozenset(ends | zones)


def asks_for_labels(owner: Owner, credentials: Mapping[ObjectKey, SeenCredential]) -> bool:
    """Whether the labels of the object's namespace decide about any of these."""
    namespace = owner.meta.key.namespace
    found = (seen.value for seen in credentials.values() if isinstance(seen, Present))
    return any(
        isinstance(one, AzureCredential)
        and one.meta.key.namespace != namespace
        and one.allowed_namespaces.ask_labels_of(namespace)
        for one in found
    )


def identities(owner: Owner, known: Known, law: Law) -> PerSide[Identity] | Refusal:
    """The identity for each end, or why the object may have none."""
    found: dict[Side, Identity | Refusal] = {}
    for side in Side:
        end = owner.spec.ends[side]
        found[side] = _identity(owner, _ref(end), known, law)
    for side in Side:  # someone else's end needs no credential of its own: who writes on our side looks at theirs
        end, here, there = owner.spec.ends[side], found[side], found[side.other]
        theirs = end.management is ManagementPolicy.OBSERVE and end.credential_ref is None
        if theirs and isinstance(here, NotGranted) and isinstance(there, Identity):
            found[side] = there
    for side in Side:
        identity = found[side]
        if not isinstance(identity, Identity):
            return identity
        if refusal := _out_of_scope(identity, tuple(_targets(owner, side))):
            return refusal
    return PerSide.of(lambda side: _granted(found[side]))


def zone_identity(
    link: VNetLink, zone: PrivateDnsZoneId, granted: PerSide[Identity], known: Known, law: Law
) -> Identity | Refusal:
    """Who reads and writes the links of a private DNS zone: its own credential, else that of the first end that may."""
    asked = next((one.credential for one in link.spec.zones if one.zone == zone and one.credential), None)
    if asked is not None:
        identity = _identity(link, asked, known, law)
        return identity if not isinstance(identity, Identity) else _out_of_scope(identity, (zone,)) or identity
    mine = (one for one in granted if one.credential is None or one.credential.allows(zone))
    return next(mine, None) or _out_of_scope(granted.vnet1, (zone,)) or granted.vnet1


def uses(owner: Owner, key: ObjectKey, known: Known, law: Law) -> bool:
    """Whether the object is granted that credential, which it names, and uses it: then the credential is needed as long as it is.

    Where that cannot be read the answer is yes: a credential that went by mistake leaves everything behind that it made.
    """
    granted = identities(owner, known, law)
    if isinstance(granted, NotGranted):
        return False
    used: list[Identity | Refusal] = [granted] if isinstance(granted, Unreadable) else [*granted]
    if isinstance(owner, VNetLink) and not isinstance(granted, Unreadable):
        used += [zone_identity(owner, zone.zone, granted, known, law) for zone in owner.spec.zones]
    return any(isinstance(one, Unreadable) or _is(one, key) for one in used)


def _is(used: Identity | Refusal, key: ObjectKey) -> bool:
    return isinstance(used, Identity) and used.credential is not None and used.credential.meta.key == key


def pod_identity(credential: AzureCredential, law: Law) -> NotGranted | None:
    """Why this credential may not be an identity of the operator's pod, None when it may or is none."""
    namespace = credential.meta.key.namespace
    if not credential.type.of_the_pod or law.names(namespace):
        return None
    return NotGranted(
        Reason.REFERENCE_NOT_GRANTED,
        f"AzureCredential {credential.meta.key} has type {credential.type.value}, an identity of the operator's own pod, which "
        f"namespace {namespace} may not use: have the administrator add it to --identity-namespaces.",
    )


Ref: TypeAlias = tuple[str, str | None]


def _ref(end: End) -> Ref | None:
    return None if end.credential_ref is None else (end.credential_ref.name, end.credential_ref.namespace)


def _named(owner: Owner, ref: Ref | None) -> ObjectKey:
    name, namespace = ref or (DEFAULT_NAME, None)
    return credential_key(namespace or owner.meta.key.namespace, name)


def _zones(owner: Owner) -> tuple[WantedZone, ...]:
    return owner.spec.zones if isinstance(owner, VNetLink) else ()


def _identity(owner: Owner, ref: Ref | None, known: Known, law: Law) -> Identity | Refusal:
    key, namespace = _named(owner, ref), owner.meta.key.namespace
    foreign = key.namespace != namespace
    match known.of(key):
        case Unreadable() as unread:
            return unread
        case Absent() if ref is None:
            return law.operator if law.names(namespace) else _nobody(namespace)
        case Absent() if foreign:
            return _not_allowed(key, namespace)
        case Absent():
            return NotGranted(
                Reason.CREDENTIAL_MISSING, f"There is no AzureCredential {key}: create it, or correct credentialRef."
            )
        case Present(credential):
            return _allowed(credential, namespace, known, law)


def _allowed(credential: AzureCredential | SpecError, namespace: str, known: Known, law: Law) -> Identity | Refusal:
    key = credential.meta.key
    if isinstance(credential, SpecError):
        if key.namespace != namespace:  # whom it allows nobody knows
            return _not_allowed(key, namespace)
        return NotGranted(Reason.CREDENTIAL_INVALID, f"AzureCredential {key} cannot be used: {credential.message}.")
    allowed = credential.allowed_namespaces
    if key.namespace != namespace:
        labels = known.labels
        if isinstance(labels, Unreadable) and allowed.ask_labels_of(namespace):
            return labels
        if not allowed.allow(namespace, labels.value if isinstance(labels, Present) else {}):
            return _not_allowed(key, namespace)
    return pod_identity(credential, law) or Identity.of(credential, law.operator)


def _nobody(namespace: str) -> NotGranted:
    return NotGranted(
        Reason.REFERENCE_NOT_GRANTED,
        f"Namespace {namespace} has no AzureCredential named {DEFAULT_NAME} and may not use the operator's own identity: create "
        f"one, name one in credentialRef, or have the administrator add the namespace to --identity-namespaces.",
    )


def _not_allowed(key: ObjectKey, namespace: str) -> NotGranted:
    """The same words whether it exists or not: what there is in other namespaces is nobody's business."""
    return NotGranted(
        Reason.REFERENCE_NOT_GRANTED,
        f"AzureCredential {key} does not exist or does not allow namespace {namespace}: have its owner add the namespace to "
        f"spec.allowedNamespaces.",
    )


def _out_of_scope(identity: Identity, targets: tuple[ArmId, ...]) -> NotGranted | None:
    credential = identity.credential
    if credential is None:
        return None
    beyond = next((target for target in targets if not _covered(credential, target, targets[0])), None)
    if beyond is None:
        return None
    return NotGranted(
        Reason.SCOPE_NOT_ALLOWED,
        f"AzureCredential {credential.meta.key} may not be used for {beyond}: have its owner add the scope to spec.allowedScopes.",
    )


def _covered(credential: AzureCredential, target: ArmId, end: ArmId) -> bool:
    """A gateway, address or connection that lies in its VNet's group belongs to the VNet: there is no other place for it."""
    if credential.allows(target):
        return True
    beside = isinstance(end, VnetId) and not isinstance(target, VnetId) and target.key.startswith(f"{end.group.key}/")
    return beside and credential.allows(end)


def _targets(owner: Owner, side: Side) -> Iterator[ArmId]:
    """What the object names on this side; everything else that it makes lies in the VNet's own resource group."""
    end = owner.spec.ends[side]
    yield end.id
    if end.creation is not None and end.creation.create_resource_group:
        yield end.id.group
    if isinstance(owner, VpnConnectionPair):
        wanted_side = owner.spec.vpn[side]
        named = (wanted_side.gateway, wanted_side.connection)
        yield from (id for id in named if id is not None)
        addresses: tuple[PublicIpId | None, ...] = wanted_side.creation.public_ips if wanted_side.creation else ()
        yield from (id for id in addresses if id is not None)


def _granted(identity: Identity | Refusal) -> Identity:
    assert isinstance(identity, Identity)
    return identity
