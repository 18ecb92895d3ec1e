"""Subscriptions: the list a token may see, filtered by its tenant, and one of them."""

from __future__ import annotations

from typing import Any

from .. import regions
from ..access import Roles
from ..call import Call
from ..login import Caller
from ..messages import Response, answer
from ..settings import Settings


def body(subscription: str, tenant: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription,
        "tenantId": tenant,
        "displayName": f"armsim {subscription[-4:]}",
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def listing(settings: Settings, roles: Roles, caller: Caller) -> Response:
    owned = [one for one in settings.tenants.get(caller.tenant, ()) if roles.touches(caller.client_id, one)]
    count = {"type": "Total", "value": len(owned)}
    return answer(200, {"value": [body(one, caller.tenant) for one in owned], "count": count})


def get(call: Call) -> Response:
    return answer(200, body(call.place.subscription.lower(), call.caller.tenant))


def locations(call: Call) -> Response:
    """Subscriptions - List Locations. Not paged; the quota header is that of every read of a subscription."""
    return answer(200, {"value": regions.bodies(call.place.subscription.lower(), call.version)})


def tenants(caller: Caller) -> Response:
    return answer(200, {"value": [{"id": f"/tenants/{caller.tenant}", "tenantId": caller.tenant}]})
