"""Microsoft.Resources/deployments in the one shape that `az network vpn-connection create` sends (arm.md 9).

One resource of type Microsoft.Network/connections, parameters(), and an output [reference('name')]. Anything else is an
InvalidTemplate. A deployment waits for gateways that are being updated (arm.md 7, last point).
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from .. import deployment_errors, errors
from ..call import Call
from ..content import SECRETS, Content
from ..messages import Response, answer, empty
from ..operations import retry_after
from ..store import Connection, Deployment, Operation, World
from . import connection, connection_status

TYPE = "Microsoft.Resources/deployments"
PUT = "PutDeploymentOperation"
NAME = re.compile(r"[\w.()-]{1,64}")
PARAMETER = re.compile(r"\[parameters\('([^']+)'\)\]")
REFERENCE = re.compile(r"\[reference\('([^']+)'\)\]")
TYPES = {one.lower(): one for one in ("String", "SecureString", "Int", "Bool", "Object", "SecureObject", "Array")}
EARLIEST = 1.0


def body(one: Deployment) -> dict[str, Any]:
    """R:vpn-gateways-vnet2vnet-connections, exchanges 106 and 109."""
    shown: dict[str, Any] = {
        "templateHash": one.hash,
        "parameters": one.parameters,
        "mode": "Incremental",
        "provisioningState": one.state,
        "timestamp": _stamp(one.ended or one.started),
        "duration": f"PT{max(0.0005, (one.ended or one.started) - one.started):.7f}S",
        "correlationId": one.guid,
        "providers": _providers(one),
        "dependencies": [],
    }
    if one.state == "Succeeded":
        if one.outputs:
            shown["outputs"] = {name: {"type": "Object", "value": one.shown} for name in one.outputs}
        shown["outputResources"] = [{"id": _target(one)}]
    return {"id": one.id, "name": one.name, "type": TYPE, "properties": shown}


def _stamp(moment: float) -> str:
    text = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return f"{text}0Z"


def _providers(one: Deployment) -> list[dict[str, Any]]:
    kind = {"resourceType": "connections", "locations": [one.wanted["location"]]}
    return [{"namespace": "Microsoft.Network", "resourceTypes": [kind]}]


def _target(one: Deployment) -> str:
    start = one.id.partition("/providers/")[0]
    return f"{start}/providers/Microsoft.Network/connections/{one.wanted['name']}"


def _key(call: Call) -> str:
    place = call.place
    start = f"/subscriptions/{place.subscription}/resourceGroups/{place.group}/providers/{TYPE}"
    return f"{start}/{place.names[0]}".lower()


def found(call: Call) -> Deployment:
    call.group()
    one = call.world.deployments.get(_key(call))
    if one is None:
        raise deployment_errors.deployment_not_found(call.place.names[0])
    return one


def get(call: Call) -> Response:
    return answer(200, body(found(call)))


def head(call: Call) -> Response:
    call.group()
    return empty(204 if _key(call) in call.world.deployments else 404)


def listing(call: Call) -> Response:
    call.group()
    prefix = f"/subscriptions/{call.place.subscription}/resourcegroups/{call.place.group}/".lower()
    every = [one for key, one in call.world.deployments.items() if key.startswith(prefix)]
    return call.page(every, body)


def put(call: Call) -> Response:
    group = call.writable_group()
    old = call.world.deployments.get(_key(call))
    if old is not None and old.operation:
        raise deployment_errors.deployment_active(old.name)
    new = _wanted(call, group.name)
    _check_allowed(call, new)
    operation = call.begin(PUT, new.key, "global", "deployments.create")
    first = operation.ends if call.settings.instant else call.virtual + EARLIEST + call.stall
    operation = replace(operation, ends=first)
    call.world.put(operation)
    call.schedule.add(operation)
    new = replace(new, operation=operation.id)
    call.world.put(new)
    headers = {"Azure-AsyncOperation": _status_url(call, new, operation), **retry_after(5, call.settings.speed)}
    return answer(200 if old else 201, body(new), headers)


def _status_url(call: Call, one: Deployment, operation: Operation) -> str:
    number = f"0858{int(operation.id.replace('-', '')[:13], 16):016d}"[:20]
    return f"{call.request.base}{one.id}/operationStatuses/{number}?api-version={call.version}"


def _wanted(call: Call, group: str) -> Deployment:
    name = call.place.names[0]
    if not NAME.fullmatch(name):
        raise errors.gateway(400, "InvalidDeployment", f"The deployment name '{name[:80]}' is not valid.")
    properties = Content(call.body).object("properties")
    if properties.text("mode", "Incremental").lower() != "incremental":
        raise deployment_errors.bad_template("Only the mode Incremental is simulated here.")
    template = properties.object("template")
    values, types = _parameters(template.object("parameters"), properties.object("parameters"))
    resource = _filled(_only_resource(template), values)
    outputs = template.object("outputs")
    for output in outputs.value:
        matched = REFERENCE.fullmatch(outputs.object(output).text("value"))
        if matched is None or matched[1] != resource["name"]:
            raise deployment_errors.bad_template(
                f"The output '{output}' is not simulated here: it must be a reference to the resource."
            )
    pace = connection.Pace.of(call)
    return Deployment(
        subscription=call.place.subscription,
        group=group,
        name=name,
        guid=call.world.guid(),
        hash=str(zlib.crc32(json.dumps(template.value, sort_keys=True).encode()) * 4294967291 + 1),
        parameters=types,
        wanted=resource,
        outputs=dict.fromkeys(outputs.value, ""),
        started=call.now,
        seconds=call.settings.duration("deployments.create"),
        rises=pace.rises,
        falls=pace.falls,
    )


def _parameters(declared: Content, given: Content) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values by name, and what is shown of them: a secure one shows its type only."""
    values: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    for name in given.value:
        if name not in declared.value:
            text = f"The following parameters were supplied, but do not correspond to any parameters defined: '{name}'"
            raise deployment_errors.bad_template(text)
    for name in declared.value:
        kind = TYPES.get(declared.object(name).text("type").lower(), "")
        if not kind:
            raise deployment_errors.bad_template(f"The type of the template parameter '{name}' is not valid.")
        value = given.object(name).value.get("value", declared.object(name).value.get("defaultValue"))
        if value is None:
            text = f"The value for the template parameter '{name}' is not provided."
            raise deployment_errors.bad_template(
                f"{text} Please see https://aka.ms/arm-create-parameter-file for usage details."
            )
        values[name] = value
        shown[name] = {"type": kind} if kind.startswith("Secure") else {"type": kind, "value": value}
    return values, shown


def _only_resource(template: Content) -> Content:
    resources = template.objects("resources")
    if len(resources) != 1 or resources[0].text("type").lower() != connection.TYPE.lower():
        raise deployment_errors.bad_template(
            "Only a template with one resource of type Microsoft.Network/connections is simulated."
        )
    if not resources[0].text("name") or not resources[0].text("location"):
        raise deployment_errors.bad_template("The template resource must have a name and a location.")
    return resources[0]


def _filled(content: Content, values: Mapping[str, Any]) -> dict[str, Any]:
    """The resource with every [parameters('x')] replaced by its value; nulls are left out."""

    def fill(value: Any, name: str = "") -> Any:
        if isinstance(value, Mapping):
            return {name: fill(inner, name) for name, inner in value.items() if inner is not None}
        if isinstance(value, list):
            return [fill(inner) for inner in value]
        if not isinstance(value, str) or not value.startswith("["):
            return value
        matched = PARAMETER.fullmatch(value)
        if matched is None or matched[1] not in values:
            shown = name if name in SECRETS else value[:80]
            raise deployment_errors.bad_template(
                f"The template language expression '{shown}' is not simulated or not valid."
            )
        return values[matched[1]]

    filled = fill(content.value)
    return {name: filled[name] for name in ("name", "location", "tags", "properties") if name in filled}


def _draft(world: World, one: Deployment, old: Connection | None) -> Connection:
    content = Content(one.wanted)
    name = content.text("name")
    pace = connection.Pace(one.rises, one.falls)
    return connection.wanted(world, content, one.subscription, one.group, name, old, pace)


def _check_allowed(call: Call, one: Deployment) -> None:
    """Preflight: the caller may write the connection, no policy denies it, its body can be read (arm.md 9)."""
    scope, action = _target(one), f"{connection.TYPE}/write"
    try:
        if not call.may(action, scope):
            raise errors.forbidden(call.caller.client_id, call.caller.oid, action, scope)
        for policy in call.settings.policies:
            here = f"{scope.lower()}/".startswith(policy.scope.lower().rstrip("/") + "/")
            if here and policy.type.lower() == connection.TYPE.lower():
                raise errors.denied_by_policy(one.wanted["name"], policy.name)
        _draft(call.world, one, call.world.connections.get(scope.lower()))
    except errors.Refusal as refusal:
        raise deployment_errors.bad_deployment(one.name, call.world.guid(), refusal) from None


def validate(call: Call) -> Response:
    """POST validate, by old clients: as PUT, with the provider's own refusals, and nothing is made."""
    group = call.group()
    one = _wanted(call, group.name)
    _check_allowed(call, one)
    old = call.world.connections.get(_target(one).lower())
    try:
        connection.check_ends(call.world, _draft(call.world, one, old), old)
    except errors.Refusal as refusal:
        if refusal.code != "ReferencedResourceNotProvisioned":
            raise deployment_errors.bad_deployment(one.name, call.world.guid(), refusal) from None
    shown = body(replace(one, state="Succeeded", shown={}, ended=one.started))
    shown["properties"].pop("outputs", None)
    shown["properties"]["validatedResources"] = shown["properties"].pop("outputResources")
    return answer(200, shown)


def status(call: Call) -> Response:
    """Accepted, Running, Succeeded; Failed with the error (arm.md 9). Any number names the newest operation (chosen)."""
    one = found(call)
    if one.state == "Failed":
        return answer(200, {"status": "Failed", "error": dict(one.shown or {})})
    waiting = retry_after(5, call.settings.speed) if one.operation else {}
    return answer(200, {"status": one.state}, waiting)


# --- its steps: wait for the gateways, make the connection, take its outcome


def finish(world: World, operation: Operation) -> float | None:
    """The next moment to look, or nothing at the end."""
    one = world.deployments.get(operation.target)
    if one is None:
        return None
    try:
        if not one.begun:
            return _step(world, one, operation)
        _made(world, one, operation)
    except errors.Refusal as refusal:
        _fail(world, one, operation, {"code": refusal.code, "message": refusal.message})
    return None


def _step(world: World, one: Deployment, operation: Operation) -> float | None:
    if operation.doom:
        _fail(world, one, operation, operation.doom)
        return None
    old = world.connections.get(_target(one).lower())
    draft = _draft(world, one, old)
    busy = _busy_until(world, draft, old)
    if busy is not None:
        world.put(replace(one, state="Running"))
        return busy
    connection.check_ends(world, draft, old)
    guid = old.guid if old else world.guid()
    world.put(replace(draft, guid=guid, state="Updating", operation=operation.id, etag=world.etag()))
    world.put(replace(one, state="Running", begun=True))
    return operation.ends + one.seconds


def _busy_until(world: World, draft: Connection, old: Connection | None) -> float | None:
    """When the operations on the gateways and on the connection will have ended; None when there are none."""
    ends = (
        world.gateways.get(draft.near.lower()),
        world.gateways.get(draft.far.lower()),
        world.resources.get(draft.far.lower()),
        old,
    )
    running = [world.operations.get(one.operation) for one in ends if one is not None and one.operation]
    moments = [each.ends for each in running if each is not None and each.status == "InProgress"]
    return max(moments) + EARLIEST if moments else None


def _made(world: World, one: Deployment, operation: Operation) -> None:
    made = world.connections.get(_target(one).lower())
    if made is None or made.operation != operation.id:
        raise errors.resource_not_found(connection.TYPE, one.wanted["name"], one.group)
    connection.settle(world, made, "Succeeded", operation.ends)
    made = world.connections[made.key]
    ended = one.started + operation.ends - operation.began
    shown = _referenced(made, operation.ends)
    world.put(replace(one, state="Succeeded", operation="", ended=ended, shown=shown))


def _referenced(made: Connection, virtual: float) -> dict[str, Any]:
    """What reference() gives: the body of api-version 2015-06-15 as the service of 2023 writes it (recorded)."""
    props = made.props
    passed = connection_status.transferred(made, virtual)
    return {
        "provisioningState": made.state,
        "resourceGuid": made.guid,
        **connection.gateways(made),
        "connectionType": made.kind,
        "connectionProtocol": props["connectionProtocol"],
        "routingWeight": props["routingWeight"],
        "sharedKey": made.key_value,
        "enableBgp": props["enableBgp"],
        "useLocalAzureIpAddress": props["useLocalAzureIpAddress"],
        "trafficSelectorPolicies": props["trafficSelectorPolicies"],
        "connectionStatus": connection_status.status(made, virtual),
        "ingressBytesTransferred": passed,
        "egressBytesTransferred": passed,
        "dpdTimeoutSeconds": props["dpdTimeoutSeconds"],
        "connectionMode": props["connectionMode"],
    }


def _fail(world: World, one: Deployment, operation: Operation, inner: Mapping[str, Any]) -> None:
    """status Failed, DeploymentFailed, the provider's error in the details as text (arm.md 9)."""
    error = {"error": {"code": inner["code"], "message": inner["message"]}}
    failure = {
        "code": "DeploymentFailed",
        "message": "At least one resource deployment operation failed. Please list deployment operations for details. "
        "Please see https://aka.ms/arm-debug for usage details.",
        "details": [{"code": "BadRequest", "message": json.dumps(error, indent=2).replace("\n", "\r\n")}],
    }
    ended = one.started + operation.ends - operation.began
    world.put(replace(one, state="Failed", operation="", ended=ended, shown=failure))
    world.put(replace(operation, doom=failure))
