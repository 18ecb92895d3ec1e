"""What ARM's codes mean, row by row."""

from datetime import timedelta

import pytest

from vnetlink.azure.answers import ArmError, HeldBack, NoAnswer, NoToken, Target
from vnetlink.azure.errors import CODES, after, as_read, as_write
from vnetlink.domain.outcome import Absent, Later, Refused, Unreadable
from vnetlink.domain.reasons import Reason

TARGET = Target(
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v", "client c of tenant t"
)


@pytest.mark.parametrize("code", ["ResourceNotFound", "ResourceGroupNotFound", "NotFound", "resourcenotfound"])
def test_a_404_in_arms_words_on_a_read_is_an_absence(code: str) -> None:
    assert as_read(ArmError(404, (code,), "gone"), TARGET) == Absent()


@pytest.mark.parametrize(
    "trouble",
    [
        NoAnswer("Azure Resource Manager answered 404 without an error code"),
        ArmError(404, ("SubscriptionNotFound",), "The subscription could not be found."),
        ArmError(404, ("InvalidResourceType",), "?"),
        ArmError(403, ("ResourceNotFound",), "?"),
        ArmError(400, ("NotFound",), "?"),
        HeldBack(timedelta(seconds=3)),
        NoToken(Reason.CREDENTIAL_INVALID, "no", transient=False),
    ],
)
def test_nothing_else_is_an_absence(trouble: ArmError | NoAnswer | HeldBack | NoToken) -> None:
    assert isinstance(as_read(trouble, TARGET), Unreadable)


def test_a_subscription_that_is_not_there_may_also_be_invisible_and_the_message_says_to_whom() -> None:
    seen = as_read(ArmError(404, ("SubscriptionNotFound",), "The subscription 's' could not be found."), TARGET)
    assert seen == Unreadable(
        Reason.VNET_NOT_FOUND, f"{TARGET.resource}: not found, or not visible to client c of tenant t", transient=False
    )


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (409, "AnotherOperationInProgress", Reason.OPERATION_IN_PROGRESS),
        (429, "RetryableError", Reason.OPERATION_IN_PROGRESS),
        (412, "PreconditionFailedEtagMismatch", Reason.OPERATION_IN_PROGRESS),
        (412, "PreconditionFailed", Reason.OPERATION_IN_PROGRESS),
        (400, "ReferencedResourceNotProvisioned", Reason.VNET_UPDATING),
        (400, "RemotePeeringIsDisconnected", Reason.PEERING_DISCONNECTED),
        (429, "SubscriptionRequestsThrottled", Reason.THROTTLED),
        (500, "InternalServerError", Reason.AZURE_UNREACHABLE),
        (503, "NeverHeardOf", Reason.AZURE_UNREACHABLE),
        (409, "NeverHeardOf", Reason.OPERATION_IN_PROGRESS),
        (408, "NeverHeardOf", Reason.AZURE_UNREACHABLE),
        (429, "NeverHeardOf", Reason.THROTTLED),
    ],
)
def test_what_passes_by_itself_is_later_for_a_write_and_transient_for_a_read(
    status: int, code: str, reason: Reason
) -> None:
    error = ArmError(status, (code,), "Says ARM.", timedelta(seconds=7))
    assert as_write(error, TARGET) == Later(reason, f"{TARGET.resource}: Says ARM. ({code})", timedelta(seconds=7))
    seen = as_read(error, TARGET)
    assert isinstance(seen, Unreadable)
    assert (seen.reason, seen.transient, seen.retry_after) == (reason, True, timedelta(seconds=7))


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, "VnetAddressSpacesOverlap", Reason.ADDRESS_SPACES_OVERLAP),
        (400, "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet", Reason.OVERLAPS_WITH_PEERED_VNET),
        (400, "AnotherPeeringAlreadyReferencesRemoteVnet", Reason.CONFLICTING_PEERING),
        (400, "ChangingRemoteVirtualNetworkNotAllowed", Reason.NAME_TAKEN),
        (400, "RemoteVnetHasNoGateways", Reason.REMOTE_HAS_NO_GATEWAY),
        (400, "InvalidResourceName", Reason.INVALID_SPEC),
        (404, "ParentResourceNotFound", Reason.VNET_NOT_FOUND),
        (404, "ResourceGroupNotFound", Reason.VNET_NOT_FOUND),
        (404, "SubscriptionNotFound", Reason.VNET_NOT_FOUND),
        (400, "InvalidResourceReference", Reason.VNET_NOT_FOUND),
        (403, "AuthorizationFailed", Reason.AUTHORIZATION_FAILED),
        (403, "LinkedAuthorizationFailed", Reason.LINKED_AUTHORIZATION_FAILED),
        (403, "RequestDisallowedByPolicy", Reason.POLICY_DENIED),
        (403, "NeverHeardOf", Reason.AUTHORIZATION_FAILED),
        (409, "ScopeLocked", Reason.SCOPE_LOCKED),
        (401, "InvalidAuthenticationTokenTenant", Reason.CREDENTIAL_INVALID),
        (401, "NeverHeardOf", Reason.CREDENTIAL_INVALID),
        (400, "NeverHeardOf", Reason.AZURE_ERROR),
        (418, "NeverHeardOf", Reason.AZURE_ERROR),
    ],
)
def test_what_stays_is_refused_for_a_write_and_not_transient_for_a_read(status: int, code: str, reason: Reason) -> None:
    error = ArmError(status, (code,), "Says ARM.")
    refused = as_write(error, TARGET)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.code) == (reason, code)
    assert code in refused.message or code == "SubscriptionNotFound"
    if status != 404:
        seen = as_read(error, TARGET)
        assert isinstance(seen, Unreadable)
        assert (seen.reason, seen.transient) == (reason, False)


GROUP = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network"
GATEWAY, ADDRESS, CONNECTION = (
    Target(f"{GROUP}/{name}", "client c of tenant t")
    for name in ("virtualNetworkGateways/gw", "publicIPAddresses/ip", "connections/c")
)


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        ("VirtualNetworkGatewayCannotBeDeleted", Reason.GATEWAY_IN_USE, Refused),
        ("PublicIPAddressCannotBeDeleted", Reason.OPERATION_IN_PROGRESS, Later),
        ("InUseSubnetCannotBeDeleted", Reason.OPERATION_IN_PROGRESS, Later),
        ("NetworkSecurityGroupCannotBeAttachedToGatewaySubnet", Reason.GATEWAY_SUBNET_HAS_NSG, Refused),
        ("NonAzSkusNotAllowedForVPNGateway", Reason.UNSUPPORTED_SKU, Refused),
        ("InvalidGatewaySkuSpecifiedForGatewayDeploymentType", Reason.UNSUPPORTED_SKU, Refused),
        ("VirtualNetworkGatewaySkuCannotBeCreatedForSpecifiedVmGeneration", Reason.UNSUPPORTED_SKU, Refused),
        ("VmssVpnGatewayPublicIpsMustHaveZonesConfigured", Reason.INVALID_SPEC, Refused),
        ("PublicIPCountLimitReached", Reason.QUOTA_EXCEEDED, Refused),
        ("IPv4BasicSkuPublicIpCountLimitReached", Reason.QUOTA_EXCEEDED, Refused),
        ("QuotaExceeded", Reason.QUOTA_EXCEEDED, Refused),
        ("VirtualNetworkPeeringsCountLimitReached", Reason.PEERING_LIMIT_REACHED, Refused),
        ("NetcfgInvalidSubnet", Reason.INVALID_SPEC, Refused),
        ("NetcfgSubnetRangesOverlap", Reason.NO_FREE_PREFIX, Refused),
        ("InvalidSharedKey", Reason.SHARED_KEY_INVALID, Refused),
    ],
)
def test_what_arm_says_of_gateways_addresses_and_subnets_is_known(code: str, reason: Reason, kind: type) -> None:
    outcome = as_write(ArmError(400, (code,), "Says ARM."), GATEWAY)
    assert isinstance(outcome, Later | Refused)
    assert (type(outcome), outcome.reason) == (kind, reason)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (TARGET, Reason.VNET_NOT_FOUND),
        (GATEWAY, Reason.GATEWAY_MISSING),
        (CONNECTION, Reason.CONNECTION_MISSING),
        (ADDRESS, Reason.INVALID_SPEC),
    ],
)
@pytest.mark.parametrize("code", ["ResourceNotFound", "NotFound", "ResourceGroupNotFound", "SubscriptionNotFound"])
def test_only_a_vnet_that_is_missing_is_told_as_a_missing_vnet(target: Target, reason: Reason, code: str) -> None:
    refused = as_write(ArmError(404, (code,), "Says ARM."), target)
    assert isinstance(refused, Refused)
    assert refused.reason is reason


@pytest.mark.parametrize(
    ("missing", "reason"),
    [(GATEWAY, Reason.GATEWAY_MISSING), (ADDRESS, Reason.INVALID_SPEC), (TARGET, Reason.VNET_NOT_FOUND)],
)
def test_a_reference_to_nothing_is_told_in_terms_of_what_is_missing(missing: Target, reason: Reason) -> None:
    said = f"Resource {missing.resource} referenced by resource {CONNECTION.resource} was not found."
    refused = as_write(ArmError(400, ("InvalidResourceReference",), said), CONNECTION)
    assert isinstance(refused, Refused)
    assert refused.reason is reason


@pytest.mark.parametrize(
    ("used", "state", "reason", "kind"),
    [
        (TARGET, "Updating", Reason.VNET_UPDATING, Later),
        (GATEWAY, "Updating", Reason.GATEWAY_PROVISIONING, Later),
        (GATEWAY, "Failed", Reason.GATEWAY_FAILED, Refused),
        (ADDRESS, "Updating", Reason.OPERATION_IN_PROGRESS, Later),
    ],
)
def test_what_is_not_ready_is_told_in_its_own_terms_and_a_failed_gateway_does_not_pass(
    used: Target, state: str, reason: Reason, kind: type
) -> None:
    said = (
        f"Cannot proceed with operation because resource {used.resource} used by resource {CONNECTION.resource} is not "
        f"in Succeeded state. Resource is in {state} state and the last operation that updated/is updating it is X."
    )
    outcome = as_write(ArmError(400, ("ReferencedResourceNotProvisioned",), said), CONNECTION)
    assert isinstance(outcome, Later | Refused)
    assert (type(outcome), outcome.reason) == (kind, reason)


def test_a_right_that_is_missing_on_what_a_gateway_is_linked_to_is_not_the_right_to_peer() -> None:
    refused = as_write(ArmError(403, ("LinkedAuthorizationFailed",), "… subnets/join/action …"), GATEWAY)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.AUTHORIZATION_FAILED


def test_a_limit_of_requests_is_no_quota() -> None:
    outcome = as_write(ArmError(429, ("RateLimitExceeded",), "Says ARM."), GATEWAY)
    assert isinstance(outcome, Later)
    assert outcome.reason is Reason.THROTTLED


def test_a_known_code_in_the_details_decides_when_the_outer_one_is_unknown() -> None:
    outcome = as_write(ArmError(429, ("Wrapper", "RetryableErrorDueToAnotherOperation"), "Says ARM."), TARGET)
    assert isinstance(outcome, Later)
    assert outcome.reason is Reason.OPERATION_IN_PROGRESS


@pytest.mark.parametrize(
    ("sentence", "reason", "kind"),
    [
        (
            "/p cannot have UseRemoteGateways flag set to true, because "
            "corresponding remote peering /q has AllowGatewayTransit flag set to false.",
            Reason.WAITING_FOR_OTHER_SIDE,
            Later,
        ),
        (
            "Peering /p cannot have UseRemoteGateways flag set to true, because "
            "another peering /q already has UseRemoteGateways flag set to true.",
            Reason.CONFLICTING_PEERING,
            Refused,
        ),
    ],
)
def test_errors_whose_code_nobody_recorded_are_known_by_their_sentence(
    sentence: str, reason: Reason, kind: type
) -> None:
    outcome = as_write(ArmError(400, ("Unrecorded",), sentence), TARGET)
    assert isinstance(outcome, kind)
    assert isinstance(outcome, Later | Refused)
    assert outcome.reason is reason


def test_the_resource_is_named_once() -> None:
    named = as_write(ArmError(400, ("X",), f"Resource {TARGET.resource.upper()} is odd."), TARGET)
    assert isinstance(named, Refused)
    assert named.message == f"Resource {TARGET.resource.upper()} is odd. (X)"


def test_no_answer_and_a_closed_window_pass_by_themselves() -> None:
    assert as_write(NoAnswer("cut"), TARGET) == Later(Reason.AZURE_UNREACHABLE, f"cut ({TARGET.resource})")
    held = as_write(HeldBack(timedelta(seconds=9)), TARGET)
    assert isinstance(held, Later)
    assert (held.reason, held.retry_after) == (Reason.THROTTLED, timedelta(seconds=9))
    seen = as_read(HeldBack(timedelta(seconds=9)), TARGET)
    assert isinstance(seen, Unreadable)
    assert (seen.reason, seen.transient, seen.retry_after) == (Reason.THROTTLED, True, timedelta(seconds=9))


def test_the_message_of_a_closed_window_does_not_count_seconds() -> None:
    assert (
        as_write(HeldBack(timedelta(seconds=9)), TARGET).message
        == as_write(HeldBack(timedelta(seconds=8)), TARGET).message
    )


def test_a_login_that_says_no_refuses_a_write_and_one_that_is_away_delays_it() -> None:
    assert isinstance(as_write(NoToken(Reason.CREDENTIAL_INVALID, "no", transient=False), TARGET), Refused)
    assert isinstance(as_write(NoToken(Reason.AZURE_UNREACHABLE, "away", transient=True), TARGET), Later)


def test_codes_are_compared_without_case() -> None:
    assert all(code == code.lower() for code in CODES)
    assert isinstance(as_write(ArmError(409, ("scopelocked",), "x"), TARGET), Refused)


@pytest.mark.parametrize(("seconds", "waits"), [(-5, 0), (17, 17), (1e12, 3600)])
def test_a_retry_after_is_kept_within_an_hour(seconds: float, waits: int) -> None:
    assert after(seconds) == timedelta(seconds=waits)


ZONE_LINK = Target(f"{GROUP}/privateDnsZones/corp.example/virtualNetworkLinks/hub", "client c of tenant t")
SUBNET = Target(f"{TARGET.resource}/subnets/app", "client c of tenant t")


@pytest.mark.parametrize(
    ("target", "reason", "kind"),
    [
        (TARGET, Reason.GATEWAY_IN_USE, Refused),
        (SUBNET, Reason.OPERATION_IN_PROGRESS, Later),
    ],
)
def test_a_subnet_in_use_passes_for_the_subnet_and_stays_for_the_whole_vnet(
    target: Target, reason: Reason, kind: type
) -> None:
    said = f"Subnet app is in use by {GATEWAY.resource}/ipConfigurations/default and cannot be deleted."
    outcome = as_write(ArmError(400, ("InUseSubnetCannotBeDeleted",), said), target)
    assert isinstance(outcome, Later | Refused)
    assert (type(outcome), outcome.reason) == (kind, reason)


@pytest.mark.parametrize("code", ["ParentResourceNotFound", "ResourceNotFound", "ResourceGroupNotFound"])
def test_a_zone_that_is_missing_is_told_as_a_missing_zone(code: str) -> None:
    refused = as_write(ArmError(404, (code,), "Says ARM."), ZONE_LINK)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.DNS_ZONE_NOT_FOUND


def test_a_vnet_that_a_link_names_and_nobody_finds_is_told_as_a_missing_vnet() -> None:
    said = f"Resource {TARGET.resource} referenced by resource {ZONE_LINK.resource} was not found."
    refused = as_write(ArmError(400, ("InvalidResourceReference",), said), ZONE_LINK)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.VNET_NOT_FOUND


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (
            409,
            "Conflict",
            "A virtual network can only be linked to 1 Private DNS zone(s) with auto-registration enabled; conflicting "
            "Private DNS zone is 'other.example'.",
        ),
        (
            400,
            "BadRequest",
            "A virtual network cannot be linked to multiple zones with overlapping namespaces. You tried to link virtual "
            "network with 'corp.example' and 'corp.example' zones.",
        ),
    ],
)
def test_what_private_dns_refuses_for_good_does_not_pass(status: int, code: str, said: str) -> None:
    refused = as_write(ArmError(status, (code,), said), ZONE_LINK)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.INVALID_SPEC
    assert said in refused.message


def test_another_conflict_of_private_dns_passes() -> None:
    outcome = as_write(ArmError(409, ("Conflict",), "Says ARM."), ZONE_LINK)
    assert isinstance(outcome, Later)
    assert outcome.reason is Reason.OPERATION_IN_PROGRESS


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (403, "LinkedAuthorizationFailed", Reason.AUTHORIZATION_FAILED),
        (409, "ResourceGroupBeingDeleted", Reason.OPERATION_IN_PROGRESS),
        (429, "RetryableError", Reason.OPERATION_IN_PROGRESS),
        (412, "PreconditionFailed", Reason.OPERATION_IN_PROGRESS),
        (400, "VirtualNetworkLinksCountLimitReached", Reason.QUOTA_EXCEEDED),
    ],
)
def test_errors_of_a_link_are_not_told_of_a_vnet(status: int, code: str, reason: Reason) -> None:
    outcome = as_write(ArmError(status, (code,), "Says ARM."), ZONE_LINK)
    assert isinstance(outcome, Later | Refused)
    assert outcome.reason is reason


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "LocationNotAvailableForResourceType"),
        (400, "LocationNotAvailableForResourceGroup"),
        (409, "InvalidResourceGroupLocation"),
        (409, "InvalidResourceLocation"),
    ],
)
def test_a_location_that_cannot_be_is_a_fault_of_spec_and_no_operation_to_wait_for(status: int, code: str) -> None:
    refused = as_write(ArmError(status, (code,), "Says ARM."), TARGET)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.INVALID_SPEC
