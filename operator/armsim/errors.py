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


# --- gateways, public IPs (arm.md 5, 6)


def address_in_use(address: str, user: str) -> Refusal:
    text = (
        f"Public IP address {address} can not be deleted since it is still allocated to resource {user}. In order to "
        "delete the public IP, disassociate/detach the Public IP address from the resource.  To learn how to do "
        "this, see aka.ms/deletepublicip."
    )
    return invalid("PublicIPAddressCannotBeDeleted", text)


def must_be_static(address: str) -> Refusal:
    text = f"Standard sku publicIp {address} must have AllocationMethod set to Static."
    return invalid("StandardAndStandardV2SkuPublicIPAddressesMustBeStatic", text)


def basic_address_retired() -> Refusal:
    text = "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region."
    return invalid("IPv4BasicSkuPublicIpCountLimitReached", text)


def plain_sku_retired() -> Refusal:
    text = "VpnGw1-5 non-AZ SKUs are no longer supported for VPN gateways. Only VpnGw1-5AZ SKUs can be created going forward."
    return invalid("NonAzSkusNotAllowedForVPNGateway", text)


def wrong_gateway_subnet(gateway_id: str, subnet: str) -> Refusal:
    """Unverified: code and text chosen (arm.md 11)."""
    text = f"Subnet {subnet} used by gateway {gateway_id} must be named GatewaySubnet."
    return invalid("InvalidGatewaySubnet", text)


def second_gateway(vnet: str) -> Refusal:
    """Unverified: code and text chosen (arm.md 11)."""
    return invalid("VirtualNetworkGatewayCountLimitReached", f"Virtual network {vnet} already has a VPN gateway.")


def zones_missing() -> Refusal:
    text = "Standard Public IPs associated with VPN Gateways with AZ VPN skus must have zones configured."
    return invalid("VmssVpnGatewayPublicIpsMustHaveZonesConfigured", text)


def sku_not_for_gateway(gateway_id: str) -> Refusal:
    allowed = "System.Collections.Generic.List`1[Microsoft.WindowsAzure.Networking.Nrp.Frontend.Contract.Csm.Public."
    text = (
        f"Virtual network gateway Sku specified is not valid for gateway {gateway_id} with DeploymentType VMScaleSet. "
        f"The allowed Skus are {allowed}VirtualNetworkGatewaySkuName],{allowed}VirtualNetworkGatewaySkuName]."
    )
    return invalid("InvalidGatewaySkuSpecifiedForGatewayDeploymentType", text)


def sku_not_in_generation(gateway_id: str, sku: str, generation: str) -> Refusal:
    """Unverified: code and text chosen; which SKU belongs to which generation is arm.md 6."""
    text = f"Virtual network gateway {gateway_id} cannot have sku {sku} with VpnGatewayGeneration {generation}."
    return invalid("InvalidGatewaySkuSpecifiedForVpnGatewayGeneration", text)


def policy_based_is_basic(gateway_id: str) -> Refusal:
    """Unverified: code and text chosen (rule: arm.md 6)."""
    text = f"Virtual network gateway {gateway_id} of vpnType PolicyBased can have the Basic sku only."
    return invalid("PolicyBasedVpnGatewayMustBeBasicSku", text)


def bad_client_pool(gateway_id: str) -> Refusal:
    text = f"The VPN client configuration specified for gateway {gateway_id} has an invalid IP or CIDR notation"
    return invalid("InvalidVpnClientAddressPrefixOrCidr", text)


def two_configurations(gateway_id: str) -> Refusal:
    """Unverified: code and text chosen (rule: arm.md 6, activeActive)."""
    text = f"Active-active gateway {gateway_id} must have two ipConfigurations, any other gateway one."
    return invalid("InvalidNumberOfGatewayIpConfigurations", text)


def gateway_address_taken(address: str, user: str) -> Refusal:
    """Unverified: code and text chosen."""
    return invalid("PublicIPAddressInUse", f"Resource {user} is already using public IP address {address}.")


def gateway_route(subnet: str, table: str) -> Refusal:
    """Documented as blocked; code and text chosen (arm.md 6, 11)."""
    text = (
        f"Route table {table} cannot be associated with gateway subnet {subnet}: a route to 0.0.0.0/0 and disabled BGP "
        "route propagation are not supported there."
    )
    return invalid("GatewaySubnetRouteTableNotSupported", text)


def group_on_gateway_subnet(group: str) -> Refusal:
    text = (
        f"The operation failed because the network security group {group} can not be associated to the GatewaySubnet. "
        "Please remove the network security group associated to the GatewaySubnet. No changes have occurred on the "
        "gateway at this time. See here for additional details: https://aka.ms/GatewaySubnet."
    )
    return invalid("NetworkSecurityGroupCannotBeAttachedToGatewaySubnet", text)


def gateway_in_use(gateway_id: str, user: str) -> Refusal:
    """Code verified, status and text chosen (arm.md 6)."""
    text = (
        f"Virtual network gateway {gateway_id} cannot be deleted because it is in use by the following connections: "
        f"{user}."
    )
    return invalid("VirtualNetworkGatewayCannotBeDeleted", text)


def global_needs_standard(address: str) -> Refusal:
    text = (
        "Global publicIP addresses are only supported for standard SKU public IP addresses. Public IP address "
        f"{address} is not standard SKU."
    )
    return invalid("GlobalPublicIPAddressNotSupportedForBasicPublicIpAddress", text)


def bad_label(label: str) -> Refusal:
    text = (
        f"The domain name label {label} is invalid. It must conform to the following regular expression: "
        "^[a-z][a-z0-9-]{1,61}[a-z0-9]$."
    )
    return invalid("InvalidDomainNameLabel", text)


def label_taken(label: str, location: str) -> Refusal:
    """Unverified: text chosen."""
    text = f"DNS record {label}.{location}.cloudapp.azure.com is already used by another public IP."
    return invalid("DnsRecordInUse", text)


def idle_out_of_range(name: str) -> Refusal:
    text = f"Public IP address {name} has invalid Idle Timeout. The value must be between 4 and 30."
    return invalid("PublicIPIdleTimeoutIsOutOfRange", text)


def sku_fixed(old: str, new: str) -> Refusal:
    """Text known, code chosen (arm.md 5)."""
    text = f"Sku property is set at creation time and cannot be changed from {old} to {new} on resource update."
    return invalid("SkuPropertyCannotBeChanged", text)


def zones_fixed(address: str) -> Refusal:
    """Code seen on a load balancer; text chosen (arm.md 5)."""
    text = f"Resource {address} has an existing availability zone constraint and the request changes it, which cannot be done."
    return invalid("ResourceAvailabilityZonesCannotBeModified", text)


# --- connections, local network gateways (arm.md 7)


def same_gateway(connection: str) -> Refusal:
    """Unverified: code and text chosen."""
    text = f"Connection {connection} cannot lead from a virtual network gateway to itself."
    return invalid("VirtualNetworkGatewayConnectionToItself", text)


def second_connection(connection: str, other: str) -> Refusal:
    """Unverified: code and text chosen (arm.md 11)."""
    text = f"Connection {connection} cannot be created because connection {other} joins the same gateways already."
    return invalid("VirtualNetworkGatewayConnectionAlreadyExists", text)


def gateways_fixed(connection: str) -> Refusal:
    """Unverified: code and text chosen."""
    text = f"The gateways and the type of connection {connection} cannot be changed."
    return invalid("VirtualNetworkGatewayConnectionGatewaysCannotBeChanged", text)


def bad_key() -> Refusal:
    """Rule unverified (arm.md 7, key rules); code and text chosen."""
    text = "The shared key must have 1 to 128 printable ASCII characters and no space, hyphen or tilde."
    return invalid("InvalidSharedKey", text)


def bad_key_length(length: int) -> Refusal:
    """Code and text chosen; the range is arm.md 7's."""
    return invalid("InvalidSharedKeyLength", f"Shared key length {length} is invalid. It must be between 1 and 128.")


def bad_address(address: str) -> Refusal:
    return invalid("InvalidIpAddress", f"The IP Address {address} is invalid.")


def zero_asn(gateway_id: str) -> Refusal:
    text = f"The local network gateway {gateway_id} cannot have an ASN of zero"
    return invalid("LocalNetworkGatewayCannotHaveZeroAsn", text)


def local_gateway_in_use(gateway_id: str, user: str) -> Refusal:
    """Unverified: code and text chosen."""
    text = f"Local network gateway {gateway_id} cannot be deleted because it is in use by connection {user}."
    return invalid("LocalNetworkGatewayCannotBeDeleted", text)


# --- network security groups, route tables, interfaces (arm.md 8)


def security_group_in_use(group: str, users: str) -> Refusal:
    text = (
        f"Network security group {group} cannot be deleted because it is in use by the following resources: {users}. "
        "In order to delete the Network security group, remove the association with the resource(s). To learn how to "
        "do this, see aka.ms/deletensg."
    )
    return invalid("InUseNetworkSecurityGroupCannotBeDeleted", text)


def route_table_in_use(table: str, user: str) -> Refusal:
    """Code verified, text chosen (arm.md 8)."""
    text = f"Route table {table} is in use and cannot be deleted. In order to delete it, dissociate it from {user}."
    return invalid("InUseRouteTableCannotBeDeleted", text)


def bad_priority(value: int) -> Refusal:
    text = f"Security rule has invalid Priority. Value provided: {value} Allowed range 100-4096."
    return invalid("SecurityRuleInvalidPriority", text)


def bad_port(value: str) -> Refusal:
    text = (
        f"Security rule has invalid Port range. Value provided: {value}. Value should be an integer OR integer range "
        "with '-' delimiter. Valid range 0-65535."
    )
    return invalid("SecurityRuleInvalidPortRange", text)


def bad_choice(what: str, value: str, known: str) -> Refusal:
    """Text chosen: a value that is not in an enumeration."""
    return wrong_type(what, f"Error converting value '{value[:60]}'. Known values are {known}.")


def rules_conflict(one: str, other: str) -> Refusal:
    """Text chosen."""
    text = f"Security rule {one} conflicts with rule {other}. Rules cannot have the same Priority and Direction."
    return invalid("SecurityRuleConflict", text)


def next_hop(route: str) -> Refusal:
    """Unverified: code and text chosen."""
    text = f"Route {route} must have a nextHopIpAddress when and only when its nextHopType is VirtualAppliance."
    return invalid("InvalidNextHopIpAddress", text)


def static_address_taken(address: str, user: str) -> Refusal:
    """Unverified: text chosen."""
    text = f"IP configuration {user} is using the private IP address {address} already."
    return invalid("PrivateIPAddressInUse", text)


# --- private DNS (arm.md 10)


def record_exists(what: str) -> dict[str, Any]:
    return {"code": "PreconditionFailed", "message": f"{what} exists already and hence cannot be created again."}


def record_modified(what: str) -> dict[str, Any]:
    return {"code": "PreconditionFailed", "message": f"{what} has been modified (etag mismatch)."}


def zone_has_links(zone: str) -> Refusal:
    """Unverified: status, code and text chosen."""
    text = f"The Private DNS zone {zone} cannot be deleted because it has virtual network links."
    return Refusal(409, "CannotDeleteResource", text)


def bad_dns_name(name: str) -> Refusal:
    """Unverified: code and text chosen."""
    return Refusal(400, "BadRequest", f"The name '{name[:100]}' is not a valid DNS zone name.")


def zone_must_be_global(location: str) -> Refusal:
    text = f"The provided location '{location[:80]}' is not available for resource type 'Microsoft.Network/privateDnsZones'."
    return gateway(400, "LocationNotAvailableForResourceType", f"{text} List of available regions is 'global'.")


def linked_already(zone: str, other: str) -> Refusal:
    """Unverified: code and text chosen."""
    text = f"The virtual network is linked to the Private DNS zone {zone} already, by {other}."
    return Refusal(409, "Conflict", text)


# --- deployments (arm.md 9)


def bad_template(why: str) -> Refusal:
    return gateway(400, "InvalidTemplate", f"Deployment template validation failed: '{why}'.")


def bad_deployment(name: str, guid: str, inner: Refusal) -> Refusal:
    text = (
        f"The template deployment '{name}' is not valid according to the validation procedure. The tracking id is "
        f"'{guid}'. See inner errors for details."
    )
    details = [{"code": inner.code, "message": inner.message}]
    return gateway(400, "InvalidTemplateDeployment", text, details=details)


def deployment_active(name: str) -> Refusal:
    """Text chosen."""
    text = f"Unable to edit or replace deployment '{name}': previous deployment is still active."
    return gateway(409, "DeploymentActive", text)


def deployment_not_found(name: str) -> Refusal:
    return gateway(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")
