"""What a failed request means: one table from ARM's codes to a reason and a class. Decides nothing about what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from vnetlink.azure.answers import ArmError, HeldBack, NoAnswer, NoToken, Target, Trouble
from vnetlink.azure.error_subjects import restated
from vnetlink.azure.sentences import lasting
from vnetlink.domain.outcome import Absent, Later, Refused, Unreadable
from vnetlink.domain.reasons import Reason


class Class(Enum):
    """How long an error holds: PASSES by itself, or STAYS until somebody changes something."""

    PASSES = "passes"
    STAYS = "stays"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    means: Class
    reason: Reason


_PASSES, _STAYS = Class.PASSES, Class.STAYS

# arm.md 1.4 to 1.7, 3 to 7; lower-cased codes. What is refused now and set right by our own next turn PASSES
# (RemotePeeringIsDisconnected: the next plan deletes the stale side). An address or subnet is deleted only when its reading
# shows it free, so "in use" means that Azure lags behind, or that the next reading will show who uses it. A gateway may be
# the far end of a connection that no reading of ours shows: that STAYS, and so does what keeps a whole VNet from going.
CODES: dict[str, Row] = {
    code.lower(): Row(means, reason)
    for means, reason, codes in (
        (_PASSES, Reason.OPERATION_IN_PROGRESS, "AnotherOperationInProgress RetryableError"),
        (_PASSES, Reason.OPERATION_IN_PROGRESS, "RetryableErrorDueToAnotherOperation OperationPreempted"),
        (_PASSES, Reason.OPERATION_IN_PROGRESS, "CanceledAndSupersededDueToAnotherOperation"),
        (_PASSES, Reason.OPERATION_IN_PROGRESS, "PreconditionFailed PreconditionFailedEtagMismatch"),
        (_PASSES, Reason.VNET_UPDATING, "ReferencedResourceNotProvisioned ParentResourceIsInFailedState"),
        (_PASSES, Reason.VNET_UPDATING, "ResourceGroupBeingDeleted"),
        (_PASSES, Reason.OPERATION_IN_PROGRESS, "PublicIPAddressCannotBeDeleted InUseSubnetCannotBeDeleted"),
        (_PASSES, Reason.PEERING_DISCONNECTED, "RemotePeeringIsDisconnected"),
        (_PASSES, Reason.THROTTLED, "SubscriptionRequestsThrottled ResourceRequestsThrottled TooManyRequests"),
        (_PASSES, Reason.AZURE_UNREACHABLE, "InternalServerError ServerTimeout GatewayTimeout ServiceUnavailable"),
        (_STAYS, Reason.ADDRESS_SPACES_OVERLAP, "VnetAddressSpacesOverlap"),
        (_STAYS, Reason.OVERLAPS_WITH_PEERED_VNET, "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet"),
        (_STAYS, Reason.CONFLICTING_PEERING, "AnotherPeeringAlreadyReferencesRemoteVnet"),
        (_STAYS, Reason.NAME_TAKEN, "ChangingRemoteVirtualNetworkNotAllowed"),
        (_STAYS, Reason.REMOTE_HAS_NO_GATEWAY, "RemoteVnetHasNoGateways"),
        (_STAYS, Reason.INVALID_SPEC, "InvalidResourceName InvalidRequestFormat InvalidJson"),
        (_STAYS, Reason.VNET_NOT_FOUND, "ParentResourceNotFound InvalidResourceReference ResourceNotFound NotFound"),
        (_STAYS, Reason.VNET_NOT_FOUND, "ResourceGroupNotFound SubscriptionNotFound InvalidSubscriptionId"),
        (_STAYS, Reason.GATEWAY_IN_USE, "VirtualNetworkGatewayCannotBeDeleted"),
        (_STAYS, Reason.GATEWAY_SUBNET_HAS_NSG, "NetworkSecurityGroupCannotBeAttachedToGatewaySubnet"),
        (_STAYS, Reason.GATEWAY_SUBNET_TOO_SMALL, "GatewaySubnetTooSmall"),
        (_STAYS, Reason.UNSUPPORTED_SKU, "NonAzSkusNotAllowedForVPNGateway ActiveActiveNotSupportedForBasicSku"),
        (_STAYS, Reason.UNSUPPORTED_SKU, "VirtualNetworkGatewaySkuCannotBeCreatedForSpecifiedVmGeneration"),
        (_STAYS, Reason.INVALID_SPEC, "VmssVpnGatewayPublicIpsMustHaveZonesConfigured PublicIPAddressInUse"),
        (_STAYS, Reason.INVALID_SPEC, "StandardAndStandardV2SkuPublicIPAddressesMustBeStatic"),
        (_STAYS, Reason.INVALID_SPEC, "ActiveActiveGatewayMustHaveExactlyTwoIpConfigurations"),
        (_STAYS, Reason.INVALID_SPEC, "NetcfgInvalidSubnet InvalidAddressPrefixFormat InvalidCIDRNotation"),
        (_STAYS, Reason.INVALID_SPEC, "InvalidResourceLocation LocationNotAvailableForResourceType"),
        (_STAYS, Reason.INVALID_SPEC, "InvalidResourceGroupLocation LocationNotAvailableForResourceGroup"),
        (_STAYS, Reason.NO_FREE_PREFIX, "NetcfgSubnetRangesOverlap"),
        (_STAYS, Reason.NAME_TAKEN, "VirtualNetworkGatewayConnectionGatewaysCannotBeChanged"),
        (_STAYS, Reason.SHARED_KEY_INVALID, "InvalidSharedKey"),
        (_STAYS, Reason.PEERING_LIMIT_REACHED, "VirtualNetworkPeeringsCountLimitReached"),
        (_STAYS, Reason.AUTHORIZATION_FAILED, "AuthorizationFailed Forbidden"),
        (_STAYS, Reason.LINKED_AUTHORIZATION_FAILED, "LinkedAuthorizationFailed LinkedInvalidPropertyId"),
        (_STAYS, Reason.CREDENTIAL_INVALID, "InvalidAuthenticationToken InvalidAuthenticationTokenTenant"),
        (_STAYS, Reason.CREDENTIAL_INVALID, "InvalidAuthenticationTokenAudience ExpiredAuthenticationToken"),
        (_STAYS, Reason.CREDENTIAL_INVALID, "InvalidAuthenticationInfo AuthenticationFailed"),
        (_STAYS, Reason.CREDENTIAL_INVALID, "AuthenticationFailedMissingToken AuthenticationFailedInvalidHeader"),
        (_STAYS, Reason.POLICY_DENIED, "RequestDisallowedByPolicy RequestDisallowedByAzure"),
        (_STAYS, Reason.SCOPE_LOCKED, "ScopeLocked"),
        (_STAYS, Reason.AZURE_ERROR, "MissingSubscriptionRegistration SubscriptionNotRegistered"),
        (_STAYS, Reason.AZURE_ERROR, "ReadOnlyDisabledSubscription DisabledSubscription"),
    )
    for code in codes.split()
}

# Codes nobody recorded, or that say nothing (Conflict, BadRequest); their sentences are known (arm.md 4,
# recordings/errors-from-issues; the last two: Azure/Azure-Landing-Zones 3890, MicrosoftDocs/azure-aks-docs 212).
SENTENCES: tuple[tuple[str, Row], ...] = (
    ("has allowgatewaytransit flag set to false", Row(_PASSES, Reason.WAITING_FOR_OTHER_SIDE)),
    ("already has useremotegateways flag set to true", Row(_STAYS, Reason.CONFLICTING_PEERING)),
    ("private dns zone(s) with auto-registration enabled", Row(_STAYS, Reason.INVALID_SPEC)),
    ("cannot be linked to multiple zones with overlapping namespaces", Row(_STAYS, Reason.INVALID_SPEC)),
)

# Families of codes, by how they begin or end: PublicIPCountLimitReached, StaticPublicIPCountLimitReached,
# IPv4BasicSkuPublicIpCountLimitReached, …; InvalidGatewaySkuSpecifiedForGatewayDeploymentType, …
FAMILIES: tuple[tuple[re.Pattern[str], Row], ...] = (
    (re.compile(r".*countlimit(reached|exceeded)"), Row(_STAYS, Reason.QUOTA_EXCEEDED)),
    (re.compile(r".*quotaexceeded"), Row(_STAYS, Reason.QUOTA_EXCEEDED)),
    (re.compile(r"invalidgatewaysku.*"), Row(_STAYS, Reason.UNSUPPORTED_SKU)),
)

STATUSES: dict[int, Row] = {
    401: Row(_STAYS, Reason.CREDENTIAL_INVALID),
    403: Row(_STAYS, Reason.AUTHORIZATION_FAILED),
    404: Row(_STAYS, Reason.VNET_NOT_FOUND),
    408: Row(_PASSES, Reason.AZURE_UNREACHABLE),
    409: Row(_PASSES, Reason.OPERATION_IN_PROGRESS),
    412: Row(_PASSES, Reason.OPERATION_IN_PROGRESS),
    429: Row(_PASSES, Reason.THROTTLED),
}

ABSENT = frozenset({"resourcenotfound", "resourcegroupnotfound", "notfound"})
LOCKS = frozenset({"retryableerror", "retryableerrorduetoanotheroperation"})
_NOT_VISIBLE = frozenset({"subscriptionnotfound", "invalidsubscriptionid"})


def as_read(trouble: Trouble, target: Target) -> Absent | Unreadable:
    """What a failed GET says about its resource. Only a 404 in ARM's own words is an absence."""
    match trouble:
        case ArmError(status=404) if trouble.codes[0].lower() in ABSENT:
            return Absent()
        case ArmError():
            row = _row(trouble, target)
            return Unreadable(row.reason, _sentence(trouble, target), row.means is _PASSES, trouble.retry_after)
        case NoToken(reason, message, transient):
            return Unreadable(reason, message, transient)
        case HeldBack() | NoAnswer():
            later = _not_answered(trouble, target)
            return Unreadable(later.reason, later.message, transient=True, retry_after=later.retry_after)


def as_write(trouble: Trouble, target: Target) -> Later | Refused:
    """What came of a failed PUT or DELETE."""
    match trouble:
        case ArmError():
            row, message = _row(trouble, target), _sentence(trouble, target)
            if row.means is _PASSES:
                return Later(row.reason, message, trouble.retry_after)
            return Refused(row.reason, trouble.codes[0], message)
        case NoToken(reason, message, transient):
            return Later(reason, message) if transient else Refused(reason, "", message)
        case HeldBack() | NoAnswer():
            return _not_answered(trouble, target)


def is_lock(codes: tuple[str, ...]) -> bool:
    """Whether a 429 means a running operation and not a quota (arm.md 1.4)."""
    return any(code.lower() in LOCKS for code in codes)


def _not_answered(trouble: HeldBack | NoAnswer, target: Target) -> Later:
    if isinstance(trouble, HeldBack):
        return Later(
            Reason.THROTTLED, f"Azure Resource Manager limits requests of {target.identity}", trouble.retry_after
        )
    return Later(Reason.AZURE_UNREACHABLE, f"{trouble.message} ({target.resource})", trouble.retry_after)


def _row(error: ArmError, target: Target) -> Row:
    row = _found(error)
    reason = restated(row.reason, error.codes[0], error.message, target.resource)
    return Row(_STAYS if reason in (Reason.GATEWAY_FAILED, Reason.GATEWAY_IN_USE) else row.means, reason)


def _found(error: ArmError) -> Row:
    """The outer code decides, unless the table knows only a code in the details (NRP wraps some)."""
    found = next((row for row in map(_by_code, error.codes) if row), None)
    said = next((row for text, row in SENTENCES if text in error.message.lower()), None)
    if found or said:
        return found or said or Row(_STAYS, Reason.AZURE_ERROR)
    if error.status >= 500:
        return Row(_PASSES, Reason.AZURE_UNREACHABLE)
    return STATUSES.get(error.status, Row(_STAYS, Reason.AZURE_ERROR))


def _by_code(code: str) -> Row | None:
    known = CODES.get(code.lower())
    return known or next((row for pattern, row in FAMILIES if pattern.fullmatch(code.lower())), None)


def _sentence(error: ArmError, target: Target) -> str:
    """ARM's own sentence with its code; the resource is named when ARM does not name it."""
    code, text = error.codes[0], lasting(error.message)
    if code.lower() in _NOT_VISIBLE:
        return f"{target.resource}: not found, or not visible to {target.identity}"
    known = text if target.resource.lower() in text.lower() else f"{target.resource}: {text}"
    return f"{known} ({code})"


def after(seconds: float) -> timedelta:
    """A Retry-After as a duration: never negative, never above an hour, whatever a header says."""
    return timedelta(seconds=min(max(seconds, 0.0), 3600.0))
