"""Which identity an object may use. Without a grant there are zero ARM calls and zero token requests (design/faults.md, T1)."""

from __future__ import annotations

from vnetlink.domain.identity import Identity, NotGranted
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import End, Owner

EVERY_NAMESPACE = "*"


def identities(pair: Owner, operator: Identity, allowed: frozenset[str]) -> PerSide[Identity] | NotGranted:
    """The identity for each end, or why the object may have none. `allowed` is --identity-namespaces."""
    namespace = pair.meta.key.namespace
    for side in pair.spec.ends:
        if refusal := _credential(side):
            return refusal
    if namespace not in allowed and EVERY_NAMESPACE not in allowed:
        return NotGranted(
            Reason.REFERENCE_NOT_GRANTED,
            f"Namespace {namespace} may not use the operator's own identity: have the administrator add it to --identity-namespaces.",
        )
    return PerSide(operator, operator)


def _credential(end: End) -> NotGranted | None:
    """AzureCredential is a later kind: a reference to one is refused, never answered with another identity."""
    if end.credential_ref is None:
        return None
    return NotGranted(
        Reason.CREDENTIAL_MISSING,
        f"AzureCredential {end.credential_ref.name} of VNet {end.id} cannot be used: this version knows the operator's own identity only.",
    )
