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
    WAITING_FOR_OTHER_SIDE = "WaitingForOtherSide"
    WAITING_FOR_GATEWAY = "WaitingForGateway"
    THROTTLED = "Throttled"
    OPERATION_IN_PROGRESS = "OperationInProgress"
    VNET_UPDATING = "VNetUpdating"
    # good
    CONNECTED = "Connected"
    ORPHANED = "Orphaned"
    SUSPENDED = "Suspended"
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
    REFERENCE_NOT_GRANTED = "ReferenceNotGranted"
    POLICY_DENIED = "PolicyDenied"
    SCOPE_LOCKED = "ScopeLocked"
    PEERING_LIMIT_REACHED = "PeeringLimitReached"
    SUBNET_NOT_FOUND = "SubnetNotFound"
    OPERATION_STUCK = "OperationStuck"
    REMOTE_HAS_NO_GATEWAY = "RemoteHasNoGateway"
    LOCAL_GATEWAY_EXISTS = "LocalGatewayExists"
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
    Reason.CREATING: Facts(_INFO, _SOON, "Wait: Azure makes a peering within seconds."),
    Reason.UPDATING: Facts(_INFO, _SOON, "Wait: Azure changes a peering within seconds."),
    Reason.DELETING: Facts(_INFO, _SOON, "Wait: Azure deletes a peering within seconds."),
    Reason.SYNCING: Facts(_INFO, _SOON, "Wait: the side with the stale copy of the address space is being synced."),
    Reason.WAITING_FOR_OTHER_SIDE: Facts(
        _WARNING, _INTERVAL, "Ask the other VNet's owner to run the command in the message."
    ),
    Reason.WAITING_FOR_GATEWAY: Facts(
        _INFO, _INTERVAL, "Nothing: useRemoteGateways is set as soon as the hub has a gateway."
    ),
    Reason.THROTTLED: Facts(_WARNING, _BACKOFF, "Wait: Azure Resource Manager said when to come back."),
    Reason.OPERATION_IN_PROGRESS: Facts(_INFO, _SOON, "Wait: another operation runs on the peering."),
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
        _ERROR, _INTERVAL, "Correct the operator's tenant, client id or secret; its log says more."
    ),
    Reason.CREDENTIAL_MISSING: Facts(
        _ERROR, _INTERVAL, "Remove credentialRef: this version knows the operator's own identity only."
    ),
    Reason.REFERENCE_NOT_GRANTED: Facts(
        _ERROR, _INTERVAL, "Have the administrator add the namespace to --identity-namespaces."
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
