"""Virtual network gateways (arm.md 6), as much as gateway transit needs. No BGP, no tunnels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .. import address_spaces, errors
from ..arm_ids import NAME, network_id
from ..call import Call
from ..content import Content
from ..messages import Response, answer, empty
from ..store import Gateway, GatewayIp, Operation, Vnet, World
from . import public_ip, virtual_network

TYPE = "Microsoft.Network/virtualNetworkGateways"
PUT = "PutVirtualNetworkGatewayOperation"
DELETE = "DeleteVirtualNetworkGatewayOperation"
DEFAULT_ASN = 65515
RETIRED = frozenset(f"vpngw{number}" for number in range(1, 6))


def body(world: World, gateway: Gateway) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": gateway.name,
        "id": gateway.id,
        "etag": gateway.etag,
        "type": TYPE,
        "location": gateway.location,
    }
    if gateway.tags is not None:
        shown["tags"] = gateway.tags
    return {**shown, "properties": _properties(world, gateway)}


def _properties(world: World, gateway: Gateway) -> dict[str, Any]:
    """asn 0 and no addresses until Succeeded (arm.md 6)."""
    return {
        "provisioningState": gateway.state,
        "resourceGuid": gateway.guid,
        "packetCaptureDiagnosticState": "None",
        "enablePrivateIpAddress": False,
        "isMigrateToCSES": False,
        "ipConfigurations": [_ip_configuration(gateway, one) for one in gateway.ips],
        "natRules": [],
        "virtualNetworkGatewayPolicyGroups": [],
        "enableBgpRouteTranslationForNat": False,
        "disableIPSecReplayProtection": False,
        **gateway.props,
        "bgpSettings": _bgp(world, gateway),
        "vpnGatewayGeneration": gateway.props.get("vpnGatewayGeneration", "Generation1"),
    }


def _ip_configuration(gateway: Gateway, one: GatewayIp) -> dict[str, Any]:
    return {
        "name": one.name,
        "id": f"{gateway.id}/ipConfigurations/{one.name}",
        "etag": gateway.etag,
        "type": f"{TYPE}/ipConfigurations",
        "properties": {
            "provisioningState": gateway.state,
            "privateIPAllocationMethod": one.allocation,
            "publicIPAddress": {"id": one.address},
            "subnet": {"id": one.subnet},
        },
    }


def _bgp(world: World, gateway: Gateway) -> dict[str, Any]:
    ready = gateway.born and gateway.state == "Succeeded"
    inner = _inner_addresses(world, gateway) if ready else []
    peers = []
    for index, one in enumerate(gateway.ips):
        address = world.addresses.get(one.address.lower())
        peer: dict[str, Any] = {
            "ipconfigurationId": f"{gateway.id}/ipConfigurations/{one.name}",
            "defaultBgpIpAddresses": inner[index : index + 1],
            "customBgpIpAddresses": [],
        }
        if ready:
            peer["tunnelIpAddresses"] = [public_ip.visible(world, address)] if address else []
        peers.append(peer)
    shown: dict[str, Any] = {"asn": DEFAULT_ASN if ready else 0}
    if inner:
        shown["bgpPeeringAddress"] = ",".join(inner)
    return {**shown, "peerWeight": 0, "bgpPeeringAddresses": peers}


def _inner_addresses(world: World, gateway: Gateway) -> list[str]:
    """The address before broadcast for one instance, .4 and .5 for two (arm.md 6)."""
    vnet = world.vnets.get(gateway.vnet_key)
    subnet = vnet.subnet("GatewaySubnet") if vnet else None
    if subnet is None:
        return []
    network = address_spaces.network(subnet.prefixes[0])
    return [str(network[4]), str(network[5])] if len(gateway.ips) > 1 else [str(network[-2])]


def found(call: Call) -> Gateway | None:
    call.group()
    place = call.place
    return call.world.gateways.get(
        network_id(place.subscription, place.group, "virtualNetworkGateways", place.names[0]).lower()
    )


def get(call: Call) -> Response:
    """No ETag header (arm.md 1.2)."""
    gateway = found(call)
    if gateway is None:
        raise errors.resource_not_found(TYPE, call.place.names[0], call.place.group)
    return answer(200, body(call.world, gateway))


def listing(call: Call) -> Response:
    call.group()
    prefix = f"/subscriptions/{call.place.subscription}/resourcegroups/{call.place.group}/".lower()
    found = [one for key, one in call.world.gateways.items() if key.startswith(prefix)]
    return call.page(found, lambda one: body(call.world, one))


def put(call: Call) -> Response:
    group = call.writable_group()
    name = call.place.names[0]
    if not NAME.fullmatch(name):
        raise errors.invalid_name(name)
    old = found(call)
    new = _wanted(call, old, group.name)
    if old is not None and old.state == "Deleting":
        raise errors.busy_delete(old.operation)
    if old is not None and old.state == "Updating":
        raise errors.busy_put(PUT, old.operation, old.id, 12)
    vnet = _vnet(call, new, old)
    operation = call.begin(PUT, new.key, new.location, f"virtualNetworkGateways.{'update' if old else 'create'}")
    new = replace(new, state="Updating", operation=operation.id, etag=call.world.etag())
    call.world.put(new)
    call.world.put(replace(vnet, etag=call.world.etag()))
    return call.accepted(200 if old else 201, body(call.world, new), operation, 10)


def _wanted(call: Call, old: Gateway | None, group: str) -> Gateway:
    content = Content(call.body)
    properties = content.object("properties")
    location = content.location(TYPE)
    name = old.name if old else call.place.names[0]
    if old is not None and old.location != location:
        raise errors.other_location(name, old.location, group, location)
    return Gateway(
        subscription=call.place.subscription,
        group=group,
        name=name,
        location=location,
        guid=old.guid if old else call.world.guid(),
        etag="",
        ips=tuple(_gateway_ip(one) for one in properties.objects("ipConfigurations")),
        props=_props(call, properties, old),
        tags=content.tags(),
        born=old.born if old else False,
    )


def _gateway_ip(content: Content) -> GatewayIp:
    inner = content.object("properties")
    return GatewayIp(
        name=content.text("name", "default"),
        subnet=inner.object("subnet").text("id"),
        address=inner.object("publicIPAddress").text("id"),
        allocation=inner.text("privateIPAllocationMethod", "Dynamic"),
    )


def _props(call: Call, properties: Content, old: Gateway | None) -> Mapping[str, Any]:
    sku = properties.object("sku")
    name = sku.text("name", "VpnGw1AZ")
    if old is None and name.lower() in RETIRED and call.settings.era >= 2025:
        raise errors.plain_sku_retired()
    return {
        "sku": {"name": name, "tier": sku.text("tier", name), "capacity": 2},
        "gatewayType": properties.text("gatewayType", "Vpn"),
        "vpnType": properties.text("vpnType", "RouteBased"),
        "enableBgp": properties.flag("enableBgp", False),
        "activeActive": properties.flag("activeActive", False),
        "vpnGatewayGeneration": properties.text("vpnGatewayGeneration", "Generation1"),
    }


def _vnet(call: Call, gateway: Gateway, old: Gateway | None) -> Vnet:
    """The VNet of the gateway's subnet. A public IP that is not simulated is accepted by its id."""
    if not gateway.ips:
        raise errors.wrong_type("properties.ipConfigurations", "Required property not found in JSON.")
    for one in gateway.ips:
        vnet_key, _, subnet = one.subnet.lower().rpartition("/subnets/")
        vnet = call.world.vnets.get(vnet_key)
        if vnet is None or vnet.subnet(subnet) is None:
            raise errors.reference_not_found(one.subnet, gateway.id)
        if subnet != "gatewaysubnet":
            raise errors.wrong_gateway_subnet(gateway.id, one.subnet)
    found_vnet = call.world.vnets[gateway.vnet_key]
    if found_vnet.state in ("Updating", "Deleting"):
        raise errors.not_provisioned(found_vnet.id, gateway.id, found_vnet.state, virtual_network.PUT)
    for other in call.world.gateways.values():
        if old is None and other.vnet_key == gateway.vnet_key and _kind(other) == _kind(gateway):
            raise errors.second_gateway(found_vnet.id)
    return found_vnet


def _kind(gateway: Gateway) -> str:
    return str(gateway.props["gatewayType"]).lower()


def delete(call: Call) -> Response:
    """Whether remote peerings that use the gateway hinder it is unverified: they do not (chosen)."""
    gateway = found(call)
    if gateway is None:
        return empty(204)
    if gateway.state in ("Updating", "Deleting"):
        raise errors.busy_delete(gateway.operation)
    operation = call.begin(DELETE, gateway.key, gateway.location, "virtualNetworkGateways.delete")
    call.world.put(replace(gateway, state="Deleting", operation=operation.id, etag=call.world.etag()))
    return call.deleting(operation)


def finish(world: World, operation: Operation) -> None:
    """The GatewaySubnet gets or loses its ipConfigurations, so the VNet's etag moves (arm.md 1.2)."""
    gateway = world.gateways.get(operation.target)
    if gateway is None:
        return
    if operation.deletes and not operation.doom:
        vanish(world, gateway)
        return
    state = "Failed" if operation.doom else "Succeeded"
    born = gateway.born or not operation.doom
    world.put(replace(gateway, state=state, operation="", born=born, etag=world.etag()))
    _touch_vnet(world, gateway)


def vanish(world: World, gateway: Gateway) -> None:
    world.drop(gateway)
    _touch_vnet(world, gateway)


def _touch_vnet(world: World, gateway: Gateway) -> None:
    vnet = world.vnets.get(gateway.vnet_key)
    if vnet is not None:
        world.put(replace(vnet, etag=world.etag()))
        virtual_network.touch_peers(world, vnet)
