"""The closed list of reasons that conditions, events and findings share, and how urgent each is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """What a reason asks of the reader: INFO nothing, WARNING patience or a look, ERROR a change."""

    INFO = "Info"
    WARNING = "Warning"
    ERROR = "Error"


class Retry(Enum):
    """When the operator looks again by itself. No reason is final."""

    SOON = "soon"  # seconds: the world is on its way
    BACKOFF = "backoff"  # 1 s to 10 min, with jitter
    INTERVAL = "interval"  # at spec.interval, never slower than 5 min


@dataclass(frozen=True, slots=True)
class Facts:
    """What is fixed about a reason; `remedy` is one sentence that names one command or field."""

    severity: Severity
    retry: Retry
    remedy: str


class Reason(Enum):
    """Why an object is in the state it is in. `.value` is what users see."""

    # progress
    CREATING = "Creating"
    UPDATING = "Updating"
    DELETING = "Deleting"
    SYNCING = "Syncing"
    CONNECTING = "Connecting"
    GATEWAY_PROVISIONING = "GatewayProvisioning"
    ROTATING_SHARED_KEY = "RotatingSharedKey"
    SWITCHING_METHOD = "SwitchingMethod"
    WAITING_FOR_OTHER_SIDE = "WaitingForOtherSide"
    WAITING_FOR_GATEWAY = "WaitingForGateway"
    THROTTLED = "Throttled"
    OPERATION_IN_PROGRESS = "OperationInProgress"
    VNET_UPDATING = "VNetUpdating"
    # good
    CONNECTED = "Connected"
    SELECTED = "Selected"
    SUCCEEDED = "Succeeded"
    ORPHANED = "Orphaned"
    SUSPENDED = "Suspended"
    NO_BLOCK_FOUND = "NoBlockFound"
    # unknown
    AZURE_UNREACHABLE = "AzureUnreachable"
    # the user must act
    INVALID_SPEC = "InvalidSpec"
    VNET_NOT_FOUND = "VNetNotFound"
    REVERSE_PEERING_MISSING = "ReversePeeringMissing"
    PEERING_DISCONNECTED = "PeeringDisconnected"
    ADDRESS_SPACE_OUT_OF_SYNC = "AddressSpaceOutOfSync"
    ADDRESS_SPACES_OVERLAP = "AddressSpacesOverlap"
    OVERLAPS_WITH_PEERED_VNET = "OverlapsWithPeeredVNet"
    CONFLICTING_PEERING = "ConflictingPeering"
    NAME_TAKEN = "NameTaken"
    ADOPTION_REFUSED = "AdoptionRefused"
    DUPLICATE_LINK = "DuplicateLink"
    MANAGED_BY_NETWORK_MANAGER = "ManagedByNetworkManager"
    AUTHORIZATION_FAILED = "AuthorizationFailed"
    LINKED_AUTHORIZATION_FAILED = "LinkedAuthorizationFailed"
    CREDENTIAL_INVALID = "CredentialInvalid"
    CREDENTIAL_MISSING = "CredentialMissing"
    SERVICE_ACCOUNT_MISSING = "ServiceAccountMissing"
    REFERENCE_NOT_GRANTED = "ReferenceNotGranted"
    SCOPE_NOT_ALLOWED = "ScopeNotAllowed"
    CONTESTED = "Contested"
    DNS_ZONE_NOT_FOUND = "DnsZoneNotFound"
    DNS_ZONE_NOT_LINKED = "DnsZoneNotLinked"
    POLICY_DENIED = "PolicyDenied"
    SCOPE_LOCKED = "ScopeLocked"
    PEERING_LIMIT_REACHED = "PeeringLimitReached"
    SUBNET_NOT_FOUND = "SubnetNotFound"
    OPERATION_STUCK = "OperationStuck"
    REMOTE_HAS_NO_GATEWAY = "RemoteHasNoGateway"
    LOCAL_GATEWAY_EXISTS = "LocalGatewayExists"
    CONNECTION_MISSING = "ConnectionMissing"
    CONNECTION_TYPE_MISMATCH = "ConnectionTypeMismatch"
    EQUAL_ASN = "EqualAsn"
    GATEWAY_FAILED = "GatewayFailed"
    GATEWAY_IN_USE = "GatewayInUse"
    GATEWAY_MISSING = "GatewayMissing"
    GATEWAY_SUBNET_HAS_NSG = "GatewaySubnetHasNsg"
    GATEWAY_SUBNET_TOO_SMALL = "GatewaySubnetTooSmall"
    GATEWAY_TYPE_MISMATCH = "GatewayTypeMismatch"
    IPSEC_POLICY_MISMATCH = "IpsecPolicyMismatch"
    NO_FREE_PREFIX = "NoFreePrefix"
    QUOTA_EXCEEDED = "QuotaExceeded"
    SECRET_NOT_LABELLED = "SecretNotLabelled"
    SHARED_KEY_INVALID = "SharedKeyInvalid"
    SHARED_KEY_MISMATCH = "SharedKeyMismatch"
    SHARED_KEY_MISSING = "SharedKeyMissing"
    TUNNEL_NOT_CONNECTED = "TunnelNotConnected"
    UNSUPPORTED_SKU = "UnsupportedSku"
    NETWORK_SECURITY_BLOCKS = "NetworkSecurityBlocks"
    ROUTE_OVERRIDES = "RouteOverrides"
    GATEWAY_ROUTES_NOT_PROPAGATED = "GatewayRoutesNotPropagated"
    NOT_TRANSITIVE = "NotTransitive"
    DRIFTED = "Drifted"
    DELETION_HELD = "DeletionHeld"
    AZURE_ERROR = "AzureError"

    @property
    def facts(self) -> Facts:
        """Severity, retry class and remedy."""
        return FACTS[self]


_SHOW = "az network vnet peering show --ids ID"
_INFO, _WARNING, _ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR
_SOON, _BACKOFF, _INTERVAL = Retry.SOON, Retry.BACKOFF, Retry.INTERVAL

FACTS: dict[Reason, Facts] = {
    Reason.CREATING: Facts(_INFO, _SOON, "Wait: Azure makes a peering or connection within seconds."),
    Reason.UPDATING: Facts(_INFO, _SOON, "Wait: Azure changes a peering or connection within a minute."),
    Reason.DELETING: Facts(_INFO, _SOON, "Wait: Azure deletes a peering within seconds, a gateway within minutes."),
    Reason.SYNCING: Facts(_INFO, _SOON, "Wait: the side with the stale copy of the address space is being synced."),
    Reason.WAITING_FOR_OTHER_SIDE: Facts(
        _WARNING, _INTERVAL, "Ask the other VNet's owner to run the command in the message."
    ),
    Reason.WAITING_FOR_GATEWAY: Facts(
        _INFO, _INTERVAL, "Nothing: useRemoteGateways is set as soon as the hub has a gateway."
    ),
    Reason.THROTTLED: Facts(_WARNING, _BACKOFF, "Wait: Azure Resource Manager said when to come back."),
    Reason.OPERATION_IN_PROGRESS: Facts(
        _INFO, _SOON, "Wait: another operation runs on the resource that the message names."
    ),
    Reason.VNET_UPDATING: Facts(_INFO, _SOON, "Wait: another operation runs on the virtual network."),
    Reason.CONNECTED: Facts(_INFO, _INTERVAL, "Nothing."),
    Reason.ORPHANED: Facts(_INFO, _INTERVAL, "Nothing: the object lets go and leaves Azure as it is."),
    Reason.SUSPENDED: Facts(_INFO, _INTERVAL, 'kubectl patch … --type merge -p \'{"spec":{"suspend":false}}\''),
    Reason.AZURE_UNREACHABLE: Facts(
        _WARNING, _BACKOFF, "Wait, or check the operator's way to Azure Resource Manager; its log says more."
    ),
    Reason.INVALID_SPEC: Facts(_ERROR, _INTERVAL, "Correct the field that the message names: kubectl edit."),
    Reason.VNET_NOT_FOUND: Facts(_ERROR, _INTERVAL, "Make the VNet or correct its id: az network vnet show --ids ID"),
    Reason.REVERSE_PEERING_MISSING: Facts(
        _ERROR, _INTERVAL, "Have the reverse peering made: the message carries the az command."
    ),
    Reason.PEERING_DISCONNECTED: Facts(
        _ERROR, _INTERVAL, "Delete the Disconnected peering: az network vnet peering delete --ids ID"
    ),
    Reason.ADDRESS_SPACE_OUT_OF_SYNC: Facts(_ERROR, _INTERVAL, "az network vnet peering sync --ids ID"),
    Reason.ADDRESS_SPACES_OVERLAP: Facts(
        _ERROR, _INTERVAL, "Change one of the ranges: az network vnet update --address-prefixes"
    ),
    Reason.OVERLAPS_WITH_PEERED_VNET: Facts(
        _ERROR,
        _INTERVAL,
        "Change a range, or end the other connection where it is managed: kubectl get peeringpairs -A",
    ),
    Reason.CONFLICTING_PEERING: Facts(
        _ERROR, _INTERVAL, "Remove the peering that stands in the way: az network vnet peering delete"
    ),
    Reason.NAME_TAKEN: Facts(_ERROR, _INTERVAL, "Choose another spec.peering.SIDE.name, or free this one: " + _SHOW),
    Reason.ADOPTION_REFUSED: Facts(_ERROR, _INTERVAL, "Paste the snippet into spec, or set adoptionPolicy: Always"),
    Reason.DUPLICATE_LINK: Facts(_ERROR, _INTERVAL, "Delete one of the two objects: kubectl get peeringpairs -A"),
    Reason.MANAGED_BY_NETWORK_MANAGER: Facts(
        _ERROR, _INTERVAL, "Take the VNet out of the Network Manager's group, or delete this object."
    ),
    Reason.AUTHORIZATION_FAILED: Facts(_ERROR, _INTERVAL, "Grant the action at the scope: az role assignment create"),
    Reason.LINKED_AUTHORIZATION_FAILED: Facts(
        _ERROR, _INTERVAL, "Grant virtualNetworks/peer/action on the other VNet: az role assignment create"
    ),
    Reason.CREDENTIAL_INVALID: Facts(
        _ERROR,
        _INTERVAL,
        "Correct the identity or what Entra ID trusts: kubectl describe azurecredentials; az ad app federated-credential list",
    ),
    Reason.CREDENTIAL_MISSING: Facts(
        _ERROR,
        _INTERVAL,
        "Create the AzureCredential or the Secret that the message names: kubectl get azurecredentials,secrets",
    ),
    Reason.REFERENCE_NOT_GRANTED: Facts(
        _ERROR,
        _INTERVAL,
        "Have the credential's owner add the namespace to allowedNamespaces, or the administrator to --identity-namespaces.",
    ),
    Reason.POLICY_DENIED: Facts(
        _ERROR, _INTERVAL, "Ask the owner of the policy that the message names for an exemption."
    ),
    Reason.SCOPE_LOCKED: Facts(_ERROR, _INTERVAL, "Remove the lock: az lock list --resource-group GROUP"),
    Reason.PEERING_LIMIT_REACHED: Facts(_ERROR, _INTERVAL, "Remove unused peerings: az network vnet peering list"),
    Reason.SUBNET_NOT_FOUND: Facts(
        _ERROR, _INTERVAL, "Correct spec.peering.subnetPeering: az network vnet subnet list"
    ),
    Reason.OPERATION_STUCK: Facts(_ERROR, _INTERVAL, "Open a support request with the id: " + _SHOW),
    Reason.REMOTE_HAS_NO_GATEWAY: Facts(
        _ERROR, _INTERVAL, "Make a gateway in the hub, or use gatewayTransitPolicy: WhenAvailable"
    ),
    Reason.LOCAL_GATEWAY_EXISTS: Facts(
        _ERROR, _INTERVAL, "Set useRemoteGateways: false, or delete the VNet's own gateway."
    ),
    Reason.CONNECTING: Facts(
        _INFO, _SOON, "Wait: a tunnel comes up within minutes of both connections having the same key."
    ),
    Reason.GATEWAY_PROVISIONING: Facts(
        _INFO, _SOON, "Wait: Azure makes a gateway in 20 to 45 minutes; watch with kubectl get vpnpairs -w"
    ),
    Reason.ROTATING_SHARED_KEY: Facts(_INFO, _SOON, "Wait: both ends get the new key, one after the other."),
    Reason.CONNECTION_MISSING: Facts(
        _ERROR, _INTERVAL, "Have the connection made: the message carries the az command."
    ),
    Reason.CONNECTION_TYPE_MISMATCH: Facts(
        _ERROR, _INTERVAL, "Delete the connection of another type: az network vpn-connection delete --ids ID"
    ),
    Reason.EQUAL_ASN: Facts(
        _ERROR, _INTERVAL, "Give the two gateways different ASNs: spec.vpn.SIDE.gateway.create.asn"
    ),
    Reason.GATEWAY_FAILED: Facts(
        _ERROR, _INTERVAL, "Reset or remove the gateway: az network vnet-gateway reset --ids ID"
    ),
    Reason.GATEWAY_IN_USE: Facts(
        _ERROR, _INTERVAL, "Remove what uses the gateway: az network vpn-connection list --resource-group GROUP"
    ),
    Reason.GATEWAY_MISSING: Facts(
        _ERROR, _INTERVAL, "Set spec.vpn.SIDE.gateway.create to have a gateway made (it is billed), or create one."
    ),
    Reason.GATEWAY_SUBNET_HAS_NSG: Facts(
        _ERROR, _INTERVAL, "az network vnet subnet update --ids ID --remove networkSecurityGroup"
    ),
    Reason.GATEWAY_SUBNET_TOO_SMALL: Facts(
        _ERROR, _INTERVAL, "Make GatewaySubnet /27 or larger: az network vnet subnet update --ids ID --address-prefixes"
    ),
    Reason.GATEWAY_TYPE_MISMATCH: Facts(
        _ERROR, _INTERVAL, "Name a route-based VPN gateway in spec.vpn.SIDE.gateway.id: az network vnet-gateway list"
    ),
    Reason.IPSEC_POLICY_MISMATCH: Facts(
        _ERROR,
        _INTERVAL,
        "Set managementPolicy: Manage, or give both the same policy: az network vpn-connection ipsec-policy add",
    ),
    Reason.NO_FREE_PREFIX: Facts(
        _ERROR, _INTERVAL, "Add a range to the VNet, or name a free one in gatewaySubnet.addressPrefix"
    ),
    Reason.QUOTA_EXCEEDED: Facts(
        _ERROR, _INTERVAL, "Raise the quota, or remove what is unused: az network list-usages"
    ),
    Reason.SECRET_NOT_LABELLED: Facts(
        _ERROR,
        _INTERVAL,
        "kubectl label secret NAME vnetlink.dev/shared-key=true (of an AzureCredential: vnetlink.dev/credential=true)",
    ),
    Reason.SHARED_KEY_INVALID: Facts(
        _ERROR,
        _INTERVAL,
        "Put a key of 1 to 128 printable ASCII characters, no space, hyphen or tilde, into the Secret.",
    ),
    Reason.SHARED_KEY_MISMATCH: Facts(
        _ERROR, _INTERVAL, "Set managementPolicy: Manage, or set both: az network vpn-connection shared-key update"
    ),
    Reason.SHARED_KEY_MISSING: Facts(
        _ERROR, _INTERVAL, "kubectl create secret generic NAME --from-file=sharedKey=FILE, and label it"
    ),
    Reason.TUNNEL_NOT_CONNECTED: Facts(
        _ERROR, _INTERVAL, "Compare keys and policies, then reset: az network vpn-connection show --ids ID"
    ),
    Reason.UNSUPPORTED_SKU: Facts(
        _ERROR, _INTERVAL, "Use a current AZ SKU in gateway.create.sku, for example VpnGw1AZ"
    ),
    Reason.SELECTED: Facts(_INFO, _INTERVAL, "Nothing: the condition's message says why this method."),
    Reason.SUCCEEDED: Facts(_INFO, _INTERVAL, "Nothing."),
    Reason.DNS_ZONE_NOT_FOUND: Facts(
        _ERROR, _INTERVAL, "Create the zone or correct its id in spec.dns: az network private-dns zone create"
    ),
    Reason.DNS_ZONE_NOT_LINKED: Facts(
        _WARNING, _INTERVAL, "Link the zone to the other VNet, too: az network private-dns link vnet create"
    ),
    Reason.SWITCHING_METHOD: Facts(_INFO, _SOON, "Wait: the new pair is made Ready before the old one goes."),
    Reason.SERVICE_ACCOUNT_MISSING: Facts(
        _ERROR,
        _INTERVAL,
        "Create the ServiceAccount that spec.serviceAccountRef names: kubectl create serviceaccount NAME",
    ),
    Reason.SCOPE_NOT_ALLOWED: Facts(
        _ERROR,
        _INTERVAL,
        "Have the credential's owner add the scope to spec.allowedScopes: kubectl edit azurecredential NAME",
    ),
    Reason.CONTESTED: Facts(
        _ERROR,
        _INTERVAL,
        "Find who else writes it: az monitor activity-log list --resource-id ID; then stop one of the two.",
    ),
    Reason.NO_BLOCK_FOUND: Facts(
        _INFO,
        _INTERVAL,
        "Nothing: no rule or route that was read stands in the way; the message says what was not read.",
    ),
    Reason.NETWORK_SECURITY_BLOCKS: Facts(
        _WARNING,
        _INTERVAL,
        "Allow the traffic before the rule that the message names: az network nsg rule show --ids ID",
    ),
    Reason.ROUTE_OVERRIDES: Facts(
        _WARNING,
        _INTERVAL,
        "Change or delete the route that the message names: az network route-table route show --ids ID",
    ),
    Reason.GATEWAY_ROUTES_NOT_PROPAGATED: Facts(
        _WARNING, _INTERVAL, "az network route-table update --ids ID --disable-bgp-route-propagation false"
    ),
    Reason.NOT_TRANSITIVE: Facts(
        _WARNING, _INTERVAL, "Connect the two directly with a VNetLink of their own: kubectl get vnetlinks -A"
    ),
    Reason.DRIFTED: Facts(_WARNING, _INTERVAL, "Set managementPolicy: Manage to have it put back, or change spec."),
    Reason.DELETION_HELD: Facts(
        _ERROR, _INTERVAL, 'Mend the cause, or let go: kubectl patch … -p \'{"spec":{"deletionPolicy":"Orphan"}}\''
    ),
    Reason.AZURE_ERROR: Facts(
        _ERROR,
        _INTERVAL,
        "Look the code up in Azure's documentation; the operator's log has the request id for Azure support.",
    ),
}
