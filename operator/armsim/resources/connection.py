"""Connections of virtual network gateways (arm.md 7): one resource a direction, linked by nothing but gateway ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .. import errors, gateway_errors, tunnels
from ..arm_ids import NAME, network_id
from ..call import Call
from ..content import Content
from ..messages import Response, answer, empty
from ..store import Connection, Operation, World
from . import connection_status, gateway

TYPE = "Microsoft.Network/connections"
PUT = "PutVirtualNetworkGatewayConnectionOperation"
DELETE = "DeleteVirtualNetworkGatewayConnectionOperation"
ACTION = "PostVirtualNetworkGatewayConnectionOperation"
PATCH = "PatchVirtualNetworkGatewayConnectionOperation"
KEY_HIDDEN = "2024-10-01"
TYPES = {one.lower(): one for one in ("Vnet2Vnet", "IPsec")}
LOCAL = "localNetworkGateways"


def body(one: Connection, version: str, virtual: float, *, listed: bool = False, sent: str = "") -> dict[str, Any]:
    """`listed` hides key and status; `sent` is a connectionStatus that a PUT answer repeats (arm.md 7)."""
    shown: dict[str, Any] = {
        "name": one.name,
        "id": one.id,
        "etag": one.etag,
        "type": TYPE,
        "location": one.location,
    }
    if one.tags is not None:
        shown["tags"] = one.tags
    status = sent or ("" if listed else visible_status(one, version, virtual))
    key = "" if listed or version >= KEY_HIDDEN else one.key_value
    return {**shown, "properties": _properties(one, version, virtual, key, status)}


def visible_status(one: Connection, version: str, virtual: float) -> str:
    """Absent while Updating; 2015 showed it even then, as NotConnected unless Connected (arm.md 7)."""
    status = connection_status.status(one, virtual)
    if version < "2016":
        return status if status == connection_status.CONNECTED else connection_status.NOT_CONNECTED
    return status if one.state == "Succeeded" else ""


def _properties(one: Connection, version: str, virtual: float, key: str, status: str) -> dict[str, Any]:
    """Which api-version shows what: R:vpn-connection-sharedkey-set-2017, R:vpn-vnet2vnet-connection-chronological,
    R:vpn-gateways-vnet2vnet-connections; between them the bounds are chosen."""
    shown: dict[str, Any] = {"provisioningState": one.state, "resourceGuid": one.guid}
    if version >= "2021":
        shown["packetCaptureDiagnosticState"] = "None"
    shown.update(gateways(one))
    shown["connectionType"] = one.kind
    if version >= "2018":
        shown["connectionProtocol"] = one.props["connectionProtocol"]
    shown["routingWeight"] = one.props["routingWeight"]
    if key:
        shown["sharedKey"] = key
    if version >= "2016":
        shown["enableBgp"] = one.props["enableBgp"]
    if version >= "2020":
        shown["useLocalAzureIpAddress"] = one.props["useLocalAzureIpAddress"]
    if version >= "2017":
        shown["usePolicyBasedTrafficSelectors"] = one.props["usePolicyBasedTrafficSelectors"]
        shown["ipsecPolicies"] = one.props["ipsecPolicies"]
    if version >= "2020":
        shown["trafficSelectorPolicies"] = one.props["trafficSelectorPolicies"]
    if status:
        shown["connectionStatus"] = status
    bytes_passed = 0 if not status else connection_status.transferred(one, virtual)
    shown["ingressBytesTransferred"] = bytes_passed
    shown["egressBytesTransferred"] = bytes_passed
    if version >= "2019":
        shown["expressRouteGatewayBypass"] = one.props["expressRouteGatewayBypass"]
    if version >= "2020":
        shown["dpdTimeoutSeconds"] = one.props["dpdTimeoutSeconds"]
        shown["connectionMode"] = one.props["connectionMode"]
    if version >= "2021":
        shown["gatewayCustomBgpIpAddresses"] = one.props["gatewayCustomBgpIpAddresses"]
    return shown


def gateways(one: Connection) -> dict[str, Any]:
    """Both ends, and the NAT rules that come with them."""
    far = "localNetworkGateway2" if one.kind == "IPsec" else "virtualNetworkGateway2"
    rules = {name: one.props[name] for name in ("ingressNatRules", "egressNatRules") if one.props.get(name)}
    return {"virtualNetworkGateway1": {"id": one.near}, far: {"id": one.far}, **rules}


def find(call: Call) -> Connection | None:
    call.group()
    place = call.place
    return call.world.connections.get(
        network_id(place.subscription, place.group, "connections", place.names[0]).lower()
    )


def found(call: Call) -> Connection:
    one = find(call)
    if one is None:
        raise errors.resource_not_found(TYPE, call.place.names[0], call.place.group)
    return one


def get(call: Call) -> Response:
    """No ETag header (arm.md 1.2)."""
    return answer(200, body(found(call), call.version, call.virtual))


def listing(call: Call) -> Response:
    call.group()
    prefix = f"/subscriptions/{call.place.subscription}/resourcegroups/{call.place.group}/".lower()
    every = [one for key, one in call.world.connections.items() if key.startswith(prefix)]
    return call.page(every, lambda one: body(one, call.version, call.virtual, listed=True))


def listing_of_gateway(call: Call) -> Response:
    """GET …/virtualNetworkGateways/{g}/connections: those that begin here (R:vpn-vnet2vnet-connection-chronological)."""
    one = gateway.existing(call)
    every = [each for each in call.world.connections.values() if each.near.lower() == one.key]
    return call.page(every, lambda each: body(each, call.version, call.virtual, listed=True))


# --- writes


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds until a tunnel stands and falls, as the settings have them."""

    rises: float
    falls: float

    @classmethod
    def of(cls, call: Call) -> Pace:
        seconds = call.settings.duration
        return cls(seconds("connections.connecting"), seconds("connections.notConnected"))


def put(call: Call) -> Response:
    group = call.writable_group()
    name = call.place.names[0]
    if not NAME.fullmatch(name):
        raise errors.invalid_name(name)
    old = find(call)
    subscription = old.subscription if old else call.place.subscription
    draft = wanted(call.world, Content(call.body), subscription, group.name, name, old, Pace.of(call))
    check_idle(call.world, old)
    check_ends(call.world, draft, old)
    operation = call.begin(PUT, draft.key, draft.location, f"connections.{'update' if old else 'create'}")
    guid = old.guid if old else call.world.guid()
    new = replace(draft, guid=guid, state="Updating", operation=operation.id, etag=call.world.etag())
    call.world.put(new)
    connection_status.retie(call.world, new, call.virtual)
    new = call.world.connections[new.key]
    sent = Content(call.body).object("properties").text("connectionStatus")
    return call.accepted(200 if old else 201, body(new, call.version, call.virtual, sent=sent), operation, 10)


def wanted(
    world: World, content: Content, subscription: str, group: str, name: str, old: Connection | None, pace: Pace
) -> Connection:
    """What a body asks for; a key is taken at creation only, SetSharedKey changes it (issue 4; arm.md 7)."""
    properties = content.object("properties")
    location = content.location(TYPE)
    if old is not None and old.location != location:
        raise errors.other_location(old.name, old.location, group, location)
    kind = properties.text("connectionType").lower()
    if kind not in TYPES:
        known = ", ".join(TYPES.values())
        raise errors.bad_choice(properties.at("connectionType"), properties.text("connectionType"), known)
    key = properties.text("sharedKey")
    if key:
        check_key(key)
    far = "localNetworkGateway2" if kind == "ipsec" else "virtualNetworkGateway2"
    return Connection(
        subscription=subscription,
        group=old.group if old else group,
        name=old.name if old else name,
        location=location,
        guid="",
        etag="",
        kind=TYPES[kind],
        near=properties.object("virtualNetworkGateway1").text("id").rstrip("/"),
        far=properties.object(far).text("id").rstrip("/"),
        key_value=(old.key_value if old else "") or key,
        props={**_props(properties), "made": bool(old and old.props["made"])},
        tags=content.tags(),
        tie=old.tie if old else "alone",
        since=old.since if old else 0.0,
        up=old.up if old else False,
        rises=pace.rises,
        falls=pace.falls,
    )


def _props(properties: Content) -> Mapping[str, Any]:
    shown = {
        "connectionProtocol": properties.text("connectionProtocol", "IKEv2"),
        "routingWeight": properties.number("routingWeight", 0),
        "enableBgp": properties.flag("enableBgp", False),
        "useLocalAzureIpAddress": properties.flag("useLocalAzureIpAddress", False),
        "usePolicyBasedTrafficSelectors": properties.flag("usePolicyBasedTrafficSelectors", False),
        "ipsecPolicies": [dict(one.value) for one in properties.objects("ipsecPolicies")],
        "trafficSelectorPolicies": [dict(one.value) for one in properties.objects("trafficSelectorPolicies")],
        "expressRouteGatewayBypass": properties.flag("expressRouteGatewayBypass", False),
        "dpdTimeoutSeconds": properties.number("dpdTimeoutSeconds", 0),
        "connectionMode": properties.text("connectionMode", "Default"),
        "gatewayCustomBgpIpAddresses": [dict(one.value) for one in properties.objects("gatewayCustomBgpIpAddresses")],
    }
    for name in ("ingressNatRules", "egressNatRules"):
        rules = [{"id": one.text("id")} for one in properties.objects(name)]
        shown.update({name: rules} if rules else {})
    return shown


def check_key(key: str) -> None:
    """1 to 128 printable ASCII characters, no space, hyphen or tilde (arm.md 7, unverified)."""
    if len(key) > 128 or not key or not all("!" <= one <= "}" and one != "-" for one in key):
        raise gateway_errors.bad_key()


def check_idle(world: World, old: Connection | None) -> None:
    if old is None:
        return
    if old.state == "Deleting":
        raise errors.busy_delete(old.operation)
    running = world.operations.get(old.operation)
    if old.state == "Updating" and running is not None:
        raise errors.busy_put(running.name, running.id, old.id, 10)


def check_ends(world: World, new: Connection, old: Connection | None) -> None:
    """Both gateways exist and stand (arm.md 1.4, third row); two connections never join the same two the same way."""
    near = world.gateways.get(new.near.lower())
    if near is None or near.location != new.location:
        raise errors.reference_not_found(new.near, new.id)
    if old is not None and (old.near.lower(), old.far.lower(), old.kind) != (
        new.near.lower(),
        new.far.lower(),
        new.kind,
    ):
        raise gateway_errors.gateways_fixed(new.id)
    ends: list[tuple[str, str, str]] = [(near.id, near.state, gateway.PUT)]
    if new.kind == "IPsec":
        local = world.resources.get(new.far.lower())
        if local is None or local.kind != LOCAL:
            raise errors.reference_not_found(new.far, new.id)
        ends.append((local.id, local.state, "PutLocalNetworkGatewayOperation"))
    else:
        far = world.gateways.get(new.far.lower())
        if far is None:
            raise errors.reference_not_found(new.far, new.id)
        if far.key == near.key:
            raise gateway_errors.same_gateway(new.id)
        ends.append((far.id, far.state, gateway.PUT))
    for used, state, operation in ends:
        if state != "Succeeded":
            raise errors.not_provisioned(used, new.id, state, operation)
    for other in world.connections.values():
        same = (other.near.lower(), other.far.lower()) == (new.near.lower(), new.far.lower())
        if same and other.key != new.key:
            raise gateway_errors.second_connection(new.id, other.id)


def patch(call: Call) -> Response:
    """Tags, as a long-running operation (arm.md 7). What was Failed before stays so (chosen)."""
    old = found(call)
    check_idle(call.world, old)
    tags = Content(call.body).tags()
    operation = call.begin(PATCH, f"{old.key} {old.state}", old.location, "connections.update")
    new = replace(old, tags=tags, state="Updating", operation=operation.id, etag=call.world.etag())
    call.world.put(new)
    return call.accepted(200, body(new, call.version, call.virtual), operation, 10)


def delete(call: Call) -> Response:
    one = find(call)
    if one is None:
        return empty(204)
    if one.state in ("Updating", "Deleting"):
        raise errors.busy_delete(one.operation)
    operation = call.begin(DELETE, one.key, one.location, "connections.delete")
    new = replace(one, state="Deleting", operation=operation.id, etag=call.world.etag())
    call.world.put(new)
    connection_status.retie(call.world, new, call.virtual)
    return call.deleting(operation)


def reset(call: Call) -> Response:
    """POST resetconnection: the tunnel comes up anew."""
    one = found(call)
    if one.state in ("Updating", "Deleting"):
        raise errors.busy_delete(one.operation)
    return call.acting(call.begin(ACTION, one.key, one.location, "connections.action"))


def security_associations(call: Call) -> Response:
    """POST getikesas: nothing is negotiated here, so the list is empty (chosen)."""
    one = found(call)
    operation = call.begin(gateway.ACTION, "", one.location, "connections.action", result={"value": []})
    return call.acting(operation)


# --- the end of an operation


def finish(world: World, operation: Operation) -> None:
    one = world.connections.get(operation.target)
    if one is None:
        return
    if operation.deletes and not operation.doom:
        vanish(world, one, operation.ends)
        return
    settle(world, one, "Failed" if operation.doom else "Succeeded", operation.ends)


def tagged(world: World, operation: Operation) -> None:
    """The end of a PATCH: the tunnel has not noticed."""
    key, _, before = operation.target.partition(" ")
    one = world.connections.get(key)
    if one is not None:
        world.put(replace(one, state="Failed" if operation.doom else before, operation="", etag=world.etag()))


def settle(world: World, one: Connection, state: str, virtual: float) -> None:
    """A first operation that succeeds makes the connection: from now on its time runs. A lone one begins anew."""
    made = bool(one.props["made"]) or state == "Succeeded"
    anew = not one.props["made"] or (one.tie == "alone" and not one.up)
    since = virtual if anew else one.since
    tunnels.note(world, one, virtual)
    props = {**one.props, "made": made}
    world.put(replace(one, state=state, operation="", etag=world.etag(), props=props, since=since))
    connection_status.retie(world, one, virtual)


def vanish(world: World, one: Connection, virtual: float) -> None:
    other = connection_status.reverse(world, one)
    tunnels.end(world, one, virtual)
    world.drop(one)
    if other is not None:
        connection_status.retie(world, other, virtual)


def acted(world: World, operation: Operation) -> None:
    one = world.connections.get(operation.target)
    if one is not None:
        connection_status.retie(world, one, operation.ends, cut=True)
