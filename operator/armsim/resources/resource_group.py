"""Resource groups (arm.md 2): synchronous PUT, DELETE as a job that takes everything in the group along."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

from .. import errors
from ..arm_ids import GROUP_NAME
from ..call import Call
from ..content import Content
from ..messages import Response, answer, empty
from ..operations import retry_after
from ..store import Group, Operation, World
from . import connection, gateway, usage, virtual_network

JOB = "DeleteResourceGroupOperation"


def body(group: Group, version: str = "2022") -> dict[str, Any]:
    """2017 showed no type (R:vpn-vnet2vnet-connection-chronological)."""
    shown: dict[str, Any] = {"id": group.id, "name": group.name}
    if version >= "2018":
        shown["type"] = "Microsoft.Resources/resourceGroups"
    shown["location"] = group.location
    if group.managed_by:
        shown["managedBy"] = group.managed_by
    if group.tags is not None:
        shown["tags"] = group.tags
    return {**shown, "properties": {"provisioningState": group.state}}


def put(call: Call) -> Response:
    name = call.place.group
    if not GROUP_NAME.fullmatch(name):
        raise errors.gateway(400, "InvalidResourceGroup", f"The provided resource group name '{name}' is invalid.")
    content = Content(call.body)
    old = _find(call)
    location = content.location("Microsoft.Resources/resourceGroups")
    if old is not None:
        _check_update(old, location)
    tags, managed_by = content.tags(), content.text("managedBy")
    group = Group(call.place.subscription, old.name if old else name, location, tags, managed_by)
    call.world.put(group)
    return answer(200 if old else 201, body(group, call.version))


def _check_update(old: Group, location: str) -> None:
    if old.state == "Deleting":
        raise errors.group_being_deleted(old.name)
    if old.location != location:
        text = f"Invalid resource group location '{location}'. The Resource group already exists in location '{old.location}'."
        raise errors.gateway(409, "InvalidResourceGroupLocation", text)


def get(call: Call) -> Response:
    return answer(200, body(call.group(), call.version))


def head(call: Call) -> Response:
    """204 or 404 without a body (arm.md 2)."""
    return empty(204) if _find(call) else empty(404, {"x-ms-failure-cause": "gateway"})


def patch(call: Call) -> Response:
    old = call.writable_group()
    content = Content(call.body)
    new = replace(old, tags=content.tags() if "tags" in call.body else old.tags)
    call.world.put(new)
    return answer(200, body(new, call.version))


def listing(call: Call) -> Response:
    prefix = f"/subscriptions/{call.place.subscription}/".lower()
    groups = [one for key, one in call.world.groups.items() if key.startswith(prefix)]
    wanted = _tag_filter(call.query.get("$filter", ""))
    if wanted is not None:
        groups = [one for one in groups if (one.tags or {}).get(wanted[0]) == wanted[1]]
    return call.page(groups, lambda one: body(one, call.version))


def _tag_filter(text: str) -> tuple[str, str] | None:
    """`tagname eq 'a' and tagvalue eq 'b'`, the one filter clients use (arm.md 2)."""
    parts = text.split("'")
    return (parts[1], parts[3]) if len(parts) == 5 and "tagname eq" in text.lower() else None


def delete(call: Call) -> Response:
    group = call.group()
    location = _job_headers(call, "")
    if group.state == "Deleting":
        running = [one for one in call.world.operations.values() if one.target == group.key and one.name == JOB]
        return empty(202, _job_headers(call, running[-1].id) if running else location)
    operation = call.begin(JOB, group.key, group.location, "resourceGroups.delete")
    call.world.put(replace(group, state="Deleting"))
    return empty(202, _job_headers(call, operation.id))


def _job_headers(call: Call, guid: str) -> dict[str, str]:
    """Location only, no Azure-AsyncOperation (arm.md 2)."""
    job = base64.urlsafe_b64encode(json.dumps({"jobId": guid}).encode()).decode().rstrip("=")
    path = f"/subscriptions/{call.place.subscription}/operationresults/{job}?api-version={call.version}"
    return {"Location": call.request.base + path, **retry_after(15, call.settings.speed)}


def job_result(call: Call) -> Response:
    """202 while the job runs, then 200 empty; 409 when the deletion failed (arm.md 2)."""
    operation = call.world.operations.get(_job_id(call.place.names[0]))
    if operation is None or operation.subscription.lower() != call.place.subscription.lower():
        raise errors.gateway(404, "JobNotFound", "The job could not be found.")
    if operation.status == "InProgress":
        return empty(202, _job_headers(call, operation.id))
    if operation.status == "Failed" and operation.doom:
        return answer(409, {"error": dict(operation.doom)}, {"x-ms-failure-cause": "gateway"})
    return empty(200)


def _job_id(text: str) -> str:
    try:
        value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return str(value["jobId"])
    except (ValueError, KeyError, TypeError):
        return ""


def finish(world: World, operation: Operation) -> None:
    group = world.groups.get(operation.target)
    if group is None:
        return
    prefix = group.key + "/"
    held = usage.held_from_outside(world, prefix)
    if held and not operation.doom:
        world.put(replace(operation, doom=errors.group_is_held(group.name, held)))
    if held or operation.doom:
        world.put(replace(group, state="Succeeded"))
        return
    for vnet in [one for key, one in world.vnets.items() if key.startswith(prefix)]:
        virtual_network.vanish(world, vnet.key)
    for joined in [one for key, one in world.connections.items() if key.startswith(prefix)]:
        connection.vanish(world, joined, operation.ends)
    for gone in [one for key, one in world.gateways.items() if key.startswith(prefix)]:
        gateway.vanish(world, gone)
    for name in ("addresses", "resources", "zones", "deployments"):
        for other in [one for key, one in world.table(name).items() if key.startswith(prefix)]:
            world.drop(other)
    world.drop(group)


def _find(call: Call) -> Group | None:
    return call.world.groups.get(f"/subscriptions/{call.place.subscription}/resourcegroups/{call.place.group}".lower())
