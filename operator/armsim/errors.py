"""ARM's refusals, one constructor a code, texts as recorded (arm.md 1.4–1.7, 3, 4). Never decides when to refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .messages import Response, answer


class Refusal(Exception):
    """An answer of ARM that ends the request and leaves the world as it was."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        gateway: bool = False,
        details: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.gateway, self.details, self.headers = gateway, details, headers or {}

    def response(self) -> Response:
        """`details` belongs to the resource provider, `x-ms-failure-cause` to ARM itself (arm.md 1.1)."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if not self.gateway or self.details:
            error["details"] = self.details or []
        cause = {"x-ms-failure-cause": "gateway"} if self.gateway else {}
        return answer(self.status, {"error": error}, {**cause, **self.headers})


def gateway(status: int, code: str, message: str, **more: Any) -> Refusal:
    return Refusal(status, code, message, gateway=True, **more)


def invalid(code: str, message: str) -> Refusal:
    """400 from the network resource provider."""
    return Refusal(400, code, message)


# --- not found (arm.md 1.5)


def resource_not_found(kind: str, name: str, group: str) -> Refusal:
    text = f"The Resource '{kind}/{name}' under resource group '{group}' was not found."
    more = " For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    return gateway(404, "ResourceNotFound", text + more)


def child_not_found(resource_id: str) -> Refusal:
    return Refusal(404, "NotFound", f"Resource {resource_id} not found.")


def group_not_found(group: str) -> Refusal:
    return gateway(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")


def parent_not_found(parent: str) -> Refusal:
    text = f"Can not perform requested operation on nested resource. Parent resource '{parent}' not found."
    return gateway(404, "ParentResourceNotFound", text)


def subscription_not_found(subscription: str) -> Refusal:
    return gateway(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")


def unknown_type(namespace: str, kind: str, version: str) -> Refusal:
    text = f"The resource type '{kind}' could not be found in the namespace '{namespace}' for api version '{version}'."
    return gateway(404, "InvalidResourceType", f"{text} The supported api-versions are '2022-01-01,2026-03-01'.")


def unknown_namespace(namespace: str) -> Refusal:
    text = f"The resource namespace '{namespace}' is invalid."
    return gateway(404, "InvalidResourceNamespace", text)


def no_route(path: str) -> Refusal:
    return gateway(404, "NotFound", f"No HTTP resource was found that matches the request path '{path}'.")


def method_not_allowed(method: str) -> Refusal:
    text = f"The requested resource does not support http method '{method}'."
    return gateway(405, "HttpMethodNotAllowed", text)


# --- malformed requests


def missing_version() -> Refusal:
    text = "The api-version query parameter (?api-version=) is required for all requests."
    return gateway(400, "MissingApiVersionParameter", text)


def bad_version(kind: str, version: str) -> Refusal:
    text = (
        f"No registered resource provider found for location '' and API version '{version}' for type '{kind}'. "
        "The supported api-versions are '2022-01-01, 2026-03-01'. The supported locations are ''."
    )
    return gateway(400, "NoRegisteredProviderFound", text)


def unreadable(why: str) -> Refusal:
    text = f"The request content was invalid and could not be deserialized: '{why}'."
    return gateway(400, "InvalidRequestContent", text)


def too_large(limit: int) -> Refusal:
    text = f"The request content size exceeds the maximum size of '{limit}' bytes."
    return gateway(413, "RequestContentTooLarge", text)


def wrong_type(path: str, why: str) -> Refusal:
    detail = {"code": "InvalidJson", "message": f"{why} Path '{path}'."}
    return Refusal(400, "InvalidRequestFormat", "Cannot parse the request.", details=[detail])


def invalid_name(name: str) -> Refusal:
    text = (
        f"Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a word "
        "character, and it must end with a word character or with '_'. The name may contain word characters or "
        "'.', '-', '_'."
    )
    return invalid("InvalidResourceName", text)


def location_required() -> Refusal:
    return gateway(400, "LocationRequired", "The location property is required for this definition.")


def unknown_location(location: str, kind: str) -> Refusal:
    text = f"The provided location '{location[:80]}' is not available for resource type '{kind}'."
    return gateway(400, "LocationNotAvailableForResourceType", text)


def no_zones_there(kind: str, name: str, location: str) -> Refusal:
    """Azure/Azure-Landing-Zones issue 425 and others; status from the second code's recording (chosen)."""
    text = f"The resource '{kind}/{name}' does not support availability zones at location '{location}'."
    return gateway(400, "LocationNotSupportAvailabilityZones", text)


def unknown_zone(kind: str, name: str, location: str, wrong: str, known: str) -> Refusal:
    """hashicorp/terraform-provider-azurerm issue 6296."""
    text = (
        f"The zone(s) '{wrong}' for resource '{kind}/{name}' is not supported. The supported zones for location "
        f"'{location}' are '{known}'"
    )
    return gateway(400, "InvalidAvailabilityZone", text)


def bad_path() -> Refusal:
    return gateway(400, "InvalidRequestUri", "The request path contains characters that are not allowed.")


def other_location(name: str, old: str, group: str, new: str) -> Refusal:
    text = (
        f"The resource '{name}' already exists in location '{old}' in resource group '{group}'. A resource with the "
        f"same name cannot be created in location '{new}'. Please select a new resource name."
    )
    return gateway(409, "InvalidResourceLocation", text)


def linked_id_invalid(value: str, path: str) -> Refusal:
    text = (
        f"Property id '{value}' at path '{path}' is invalid. Expect fully qualified resource Id that start with "
        "'/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'."
    )
    return gateway(400, "LinkedInvalidPropertyId", text)


def reference_not_found(target: str, owner: str) -> Refusal:
    text = (
        f"Resource {target} referenced by resource {owner} was not found. Please make sure that the referenced "
        "resource exists, and that both resources are in the same region."
    )
    return invalid("InvalidResourceReference", text)


# --- who may what (arm.md 1.6)


def unauthenticated(code: str, message: str) -> Refusal:
    said = "".join(one for one in message if one.isascii() and one.isprintable() and one != '"')
    challenge = (
        f'Bearer authorization_uri="https://login.windows.net/", error="invalid_token", error_description="{said}"'
    )
    return gateway(401, code, message, headers={"WWW-Authenticate": challenge})


def forbidden(client: str, oid: str, action: str, scope: str) -> Refusal:
    text = (
        f"The client '{client}' with object id '{oid}' does not have authorization to perform action '{action}' over "
        f"scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
    )
    return gateway(403, "AuthorizationFailed", text)


def key_not_readable() -> Refusal:
    """What a reader without sharedKey/action gets (arm.md 1.6, last row); text chosen after arm.md 1.7's."""
    return Refusal(500, "InternalServerError", "Encountered internal server error.")


def linked_tenant(action: str, scope: str, tenant: str, subscription: str) -> Refusal:
    text = (
        f"The client has permission to perform action '{action}' on scope '{scope}', however the current tenant "
        f"'{tenant}' is not authorized to access linked subscription '{subscription}'."
    )
    return gateway(403, "LinkedAuthorizationFailed", text)


def linked_scope(client: str, oid: str, write: str, scope: str, action: str, linked: str) -> Refusal:
    text = (
        f"The client '{client}' with object id '{oid}' has permission to perform action '{write}' on scope '{scope}'; "
        f"however, it does not have permission to perform action(s) '{action}' on the linked scope(s) '{linked}' "
        "(respectively) or the linked scope(s) are invalid."
    )
    return gateway(403, "LinkedAuthorizationFailed", text)


def locked(scope: str, locks: str) -> Refusal:
    text = (
        f"The scope '{scope}' cannot perform delete operation because following scope(s) are locked: '{locks}'. "
        "Please remove the lock and try again."
    )
    return gateway(409, "ScopeLocked", text)


def denied_by_policy(name: str, policy: str) -> Refusal:
    text = f'Resource \'{name}\' was disallowed by policy. Policy identifiers: \'[{{"policyAssignment":{{"name":"{policy}"}}}}]\'.'
    return gateway(403, "RequestDisallowedByPolicy", text)


# --- concurrency (arm.md 1.4)


def busy_put(operation: str, guid: str, resource_id: str, seconds: int) -> Refusal:
    text = f"Operation {operation} ({guid}) is updating resource {resource_id}. The call can be retried in {seconds} seconds."
    detail = {"code": "RetryableErrorDueToAnotherOperation", "message": text}
    return Refusal(429, "RetryableError", "A retryable error occurred.", details=[detail])


def busy_delete(guid: str) -> Refusal:
    text = (
        "Another operation on this or dependent resource is in progress. To retrieve status of the operation use "
        f"uri: {guid}."
    )
    return Refusal(409, "AnotherOperationInProgress", text)


def not_provisioned(used: str, owner: str, state: str, operation: str) -> Refusal:
    text = (
        f"Cannot proceed with operation because resource {used} used by resource {owner} is not in Succeeded state. "
        f"Resource is in {state} state and the last operation that updated/is updating the resource is {operation}."
    )
    return invalid("ReferencedResourceNotProvisioned", text)


def failed_parent(child: str, guid: str) -> Refusal:
    text = (
        f"PUT operation on child resource {child} is blocked because last operation ({guid}) on parent resource "
        "failed leaving it in failed state. Run PUT operation on the parent, then retry operation on the child."
    )
    return invalid("ParentResourceIsInFailedState", text)


def group_being_deleted(group: str) -> Refusal:
    text = f"The resource group '{group}' is in deprovisioning state and cannot perform this operation."
    return gateway(409, "ResourceGroupBeingDeleted", text)


def group_is_held(group: str, resources: list[str]) -> dict[str, Any]:
    """A failed delete ends with 409 on the operation result (arm.md 2); code and text chosen."""
    text = (
        f"Deletion of resource group '{group}' failed as resources with identifiers '{','.join(resources)}' could not be "
        "deleted. The provisioning state of the resource group will be rolled back."
    )
    return {"code": "ResourceGroupDeletionBlocked", "message": text}


def etag_mismatch(resource_id: str, sent: str, current: str) -> Refusal:
    text = f"The etag value '{sent}' of resource {resource_id} does not match its current value '{current}'."
    return Refusal(412, "PreconditionFailedEtagMismatch", text)


# --- quotas (arm.md 1.7)


def throttled(kind: str, seconds: int) -> Refusal:
    text = f"Number of '{kind}' requests for the subscription exceeded the limit. Please try again after '{seconds}' seconds."
    return gateway(429, "SubscriptionRequestsThrottled", text, headers={"Retry-After": str(seconds)})


# --- address spaces, subnets (arm.md 3)


def bad_prefix(prefix: str, resource_id: str) -> Refusal:
    text = (
        f"Address prefix {prefix} of resource {resource_id} is not formatted correctly. It should follow CIDR "
        "notation, for example 10.0.0.0/24."
    )
    return invalid("InvalidAddressPrefixFormat", text)


def host_bits(prefix: str, resource_id: str, fixed: str) -> Refusal:
    text = (
        f"The address prefix {prefix} in resource {resource_id} has an invalid CIDR notation. For the given prefix "
        f"length, the address prefix should be {fixed}."
    )
    return invalid("InvalidCIDRNotation", text)


def subnet_outside(subnet: str, vnet: str) -> Refusal:
    return invalid("NetcfgInvalidSubnet", f"Subnet '{subnet}' is not valid in virtual network '{vnet}'.")


def subnets_overlap(subnet: str, vnet: str, other: str) -> Refusal:
    text = f"Subnet '{subnet}' is not valid because its IP address range overlaps with that of an existing subnet "
    return invalid("NetcfgSubnetRangesOverlap", f"{text}'{other}' in virtual network '{vnet}'.")


def bad_dns_server(name: str) -> Refusal:
    return invalid("NetcfgInvalidDnsServer", f"DNS server is not valid as specified with the name '{name}'.")


def encryption_incomplete(vnet_id: str) -> Refusal:
    text = (
        f"Cannot encrypt VirtualNetwork {vnet_id} unless both encryption intent (Enabled true or false) and enforcement "
        "policy (AllowUnencrypted or DropUnencrypted) are specified."
    )
    return invalid("MustSpecifyBothEncryptionIntentAndEnforcementPolicy", text)


def subnet_in_use(subnet: str, user: str) -> Refusal:
    text = (
        f"Subnet {subnet} is in use by {user} and cannot be deleted. In order to delete the subnet, delete all the "
        "resources within the subnet. See aka.ms/deletesubnet."
    )
    return invalid("InUseSubnetCannotBeDeleted", text)


def prefix_in_use(prefix: str, subnet: str) -> Refusal:
    """hashicorp/terraform-provider-azurerm issue 11211."""
    text = f"IpPrefix {prefix} on Subnet {subnet} has active allocations and cannot be deleted."
    return invalid("InUsePrefixCannotBeDeleted", text)


def outside_every_subnet(address: str, vnet_id: str) -> Refusal:
    text = f"Private static IP address {address} does not belong to the range of any subnet in the virtual network "
    return invalid("PrivateIPAddressNotInAnySubnet", f"{text}{vnet_id}.")


# --- peerings (arm.md 4)


def spaces_overlap(peering: str, local: str, remote: str, prefixes: str) -> Refusal:
    text = (
        f"Cannot create or update peering {peering}. Virtual networks {local} and {remote} cannot be peered because "
        f"their address spaces overlap. Overlapping address prefixes: {prefixes}"
    )
    return invalid("VnetAddressSpacesOverlap", text)


def overlaps_with_peer(peering: str, first: str, second: str, third: str, prefixes: str) -> Refusal:
    text = (
        f"Cannot create or update peering {peering}. Virtual networks {first} and {second} cannot be peered because "
        "address space of the first virtual network overlaps with address space of virtual network "
        f"{third} already peered with the second virtual network. Overlapping address prefixes: {prefixes}. "
        "For more information please refer to https://aka.ms/VnetPeeringInfo"
    )
    return invalid("VnetAddressSpaceOverlapsWithAlreadyPeeredVnet", text)


def already_referenced(old: str, remote: str, new: str) -> Refusal:
    text = (
        f"Peering {old} already references remote virtual network {remote}. Cannot add another peering {new} "
        "referencing the same remote virtual network."
    )
    return invalid("AnotherPeeringAlreadyReferencesRemoteVnet", text)


def remote_disconnected(peering: str, reverse: str, vnet: str) -> Refusal:
    text = (
        f"Cannot create or update peering {peering} because remote peering {reverse} referencing parent virtual "
        f"network {vnet} is in Disconnected state. Update or re-create the remote peering to get it back to Initiated "
        "state. Peering gets Disconnected when remote vnet or remote peering is deleted and re-created."
    )
    return invalid("RemotePeeringIsDisconnected", text)


def no_remote_gateway(peering: str, remote: str) -> Refusal:
    text = (
        f"Peering {peering} cannot have UseRemoteGateway flag set to true because remote virtual network {remote} "
        "referenced by the peering does not have any gateways."
    )
    return invalid("RemoteVnetHasNoGateways", text)


def transit_not_allowed(peering: str, reverse: str) -> Refusal:
    """Text known, code chosen (arm.md 4, validation table)."""
    text = (
        f"{peering} cannot have UseRemoteGateways flag set to true, because corresponding remote peering {reverse} "
        "has AllowGatewayTransit flag set to false."
    )
    return invalid("RemotePeeringDoesNotAllowGatewayTransit", text)


def second_remote_gateway(peering: str, other: str) -> Refusal:
    """Text known, code chosen (arm.md 4, validation table)."""
    text = (
        f"Peering {peering} cannot have UseRemoteGateways flag set to true, because another peering {other} already "
        "has UseRemoteGateways flag set to true."
    )
    return invalid("AnotherPeeringUsesRemoteGateways", text)


def own_gateway(peering: str, vnet: str) -> Refusal:
    """Documented as forbidden; code and text chosen (arm.md 11)."""
    text = (
        f"Peering {peering} cannot have UseRemoteGateways flag set to true, because virtual network {vnet} already "
        "has a gateway of its own."
    )
    return invalid("VnetHasGatewayCannotUseRemoteGateways", text)


def transit_in_use(peering: str, reverse: str) -> Refusal:
    """Unverified: code and text chosen."""
    text = (
        f"Peering {peering} cannot have AllowGatewayTransit flag set to false, because corresponding remote peering "
        f"{reverse} has UseRemoteGateways flag set to true."
    )
    return invalid("RemotePeeringUsesGatewayTransit", text)


def peering_with_itself(peering: str, vnet: str) -> Refusal:
    """Unverified: code and text chosen (arm.md 11)."""
    return invalid("CannotPeerVnetWithItself", f"Peering {peering} cannot reference its own virtual network {vnet}.")


def remote_fixed(peering: str, old: str, new: str) -> Refusal:
    """Unverified: code and text chosen (arm.md 4, fact 10)."""
    text = f"Remote virtual network of peering {peering} cannot be changed from {old} to {new}."
    return invalid("RemoteVnetOfPeeringCannotBeChanged", text)


def too_many(what: str, limit: int, owner: str) -> Refusal:
    """Unverified: code and text chosen (arm.md 11)."""
    return invalid(f"{what}CountLimitReached", f"Cannot have more than {limit} {what} in {owner}.")


def unknown_subnet(peering: str, subnet: str, vnet: str) -> Refusal:
    """Unverified: code and text chosen."""
    return invalid("PeeringSubnetNotFound", f"Subnet {subnet} named by peering {peering} does not exist in {vnet}.")


def bad_choice(what: str, value: str, known: str) -> Refusal:
    """Text chosen: a value that is not in an enumeration."""
    return wrong_type(what, f"Error converting value '{value[:60]}'. Known values are {known}.")


def bad_address(address: str) -> Refusal:
    return invalid("InvalidIpAddress", f"The IP Address {address} is invalid.")
