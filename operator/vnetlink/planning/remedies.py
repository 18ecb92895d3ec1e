"""What to do next, with the names filled in: from a reason, ARM's sentence and the resource to one sentence for people."""

from __future__ import annotations

import re

from vnetlink.domain.reasons import Reason

# ARM's AuthorizationFailed and LinkedAuthorizationFailed name all three (arm.md 1.6).
_OBJECT = re.compile(r"object id '([^']+)'")
_ACTION = re.compile(r"perform action '([^']+)'")
_SCOPE = re.compile(r"(?:over scope|on the linked scope\(s\)|on scope) '([^']+)'")


def remedy(reason: Reason, message: str, id: str) -> str:
    """The reason's remedy for this very resource. `id` is the ARM id that the trouble is about."""
    match reason:
        case Reason.AUTHORIZATION_FAILED | Reason.LINKED_AUTHORIZATION_FAILED:
            return _grant(message) or reason.facts.remedy
        case Reason.SCOPE_LOCKED:
            where = f"--subscription {_part(id, 'subscriptions')} --resource-group '{_part(id, 'resourcegroups')}'"
            return f"Find the lock and have it removed: az lock list {where} --output table"
        case Reason.CONTESTED:
            log = f"az monitor activity-log list --resource-id '{id}' --offset 2h"
            return f"Find out who: {log}; then stop one of the two writers."
        case Reason.AZURE_ERROR:
            return "Look the code up in Azure's documentation; the operator's log has the request id for Azure support."
        case _:
            return reason.facts.remedy


def _grant(message: str) -> str:
    action, scope = _ACTION.search(message), _SCOPE.search(message)
    if action is None or scope is None:
        return ""
    who = _OBJECT.search(message)
    assignee = (
        f"--assignee-object-id {who.group(1)} --assignee-principal-type ServicePrincipal"
        if who
        else "--assignee CLIENT_ID"
    )
    return (
        f"Grant a role that holds {action.group(1)}, for instance Network Contributor: "
        f"az role assignment create {assignee} --role 'Network Contributor' --scope '{scope.group(1)}'"
    )


def _part(id: str, collection: str) -> str:
    """The name that follows `collection` in an ARM id, empty when there is none."""
    _, _, rest = id.lower().partition(f"/{collection}/")
    start = len(id) - len(rest)
    return id[start:].partition("/")[0] if rest else ""
