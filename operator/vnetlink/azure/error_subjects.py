"""Says what an error means in terms of what it is about: a VNet's reason must not be told of a gateway. Pure."""

from __future__ import annotations

import re

from vnetlink.domain.reasons import Reason

_TYPE = r"/providers/Microsoft\.Network/(?P<type>[a-z]+)/[^\s/'\"]+"
_ID = re.compile(r"/subscriptions/[^\s/'\"]+/resourceGroups/[^\s/'\"]+" + _TYPE, re.IGNORECASE)
# In these the first id is not the target's (recordings/errors-from-issues, arm.md 1.4).
_OF_ANOTHER = frozenset({"referencedresourcenotprovisioned", "invalidresourcereference"})
_WHOLE_VNET = re.compile(r"/virtualNetworks/[^/]+$", re.IGNORECASE)
_IN_USE = "inusesubnetcannotbedeleted"
_IN_TERMS_OF = {
    # The missing action is in the message, and it is not peer/action (subnets/join/action, for one).
    (Reason.LINKED_AUTHORIZATION_FAILED, "virtualnetworkgateways"): Reason.AUTHORIZATION_FAILED,
    (Reason.LINKED_AUTHORIZATION_FAILED, "connections"): Reason.AUTHORIZATION_FAILED,
    (Reason.LINKED_AUTHORIZATION_FAILED, "publicipaddresses"): Reason.AUTHORIZATION_FAILED,
    (Reason.VNET_NOT_FOUND, "virtualnetworkgateways"): Reason.GATEWAY_MISSING,
    (Reason.VNET_NOT_FOUND, "connections"): Reason.CONNECTION_MISSING,
    (Reason.VNET_NOT_FOUND, "publicipaddresses"): Reason.INVALID_SPEC,
    (Reason.VNET_UPDATING, "virtualnetworkgateways"): Reason.GATEWAY_PROVISIONING,
    (Reason.VNET_UPDATING, "connections"): Reason.OPERATION_IN_PROGRESS,
    (Reason.VNET_UPDATING, "publicipaddresses"): Reason.OPERATION_IN_PROGRESS,
    (Reason.LINKED_AUTHORIZATION_FAILED, "privatednszones"): Reason.AUTHORIZATION_FAILED,
    (Reason.VNET_NOT_FOUND, "privatednszones"): Reason.DNS_ZONE_NOT_FOUND,
    (Reason.VNET_UPDATING, "privatednszones"): Reason.OPERATION_IN_PROGRESS,
}


def restated(reason: Reason, code: str, message: str, resource: str) -> Reason:
    """`reason` as it is to be told of what the error is about; `resource` is the id that was asked for."""
    if code.lower() == _IN_USE and _WHOLE_VNET.search(resource):
        return Reason.GATEWAY_IN_USE  # said to the DELETE of a VNet, too (arm.md 3), mostly because of a gateway
    about = message if code.lower() in _OF_ANOTHER else resource
    found = _ID.search(about) or _ID.search(resource)
    restated = _IN_TERMS_OF.get((reason, found["type"].lower()), reason) if found else reason
    if restated is Reason.GATEWAY_PROVISIONING and "is in failed state" in message.lower():
        return Reason.GATEWAY_FAILED
    return restated
