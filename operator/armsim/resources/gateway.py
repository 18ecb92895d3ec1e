"""Virtual network gateways (arm.md 6): what a PUT must fulfil, the operations, the actions. No packet passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from .. import address_spaces, errors, gateway_errors, regions
from ..arm_ids import NAME, network_id
from ..call import Call
from ..content import Content
from ..messages import Response, answer, empty
from ..store import Address, Gateway, GatewayIp, Operation, Vnet, World
from . import connection_status, route_table, usage, virtual_network
from .gateway_body import TYPE, asn, body, inner_addresses
from .peering_body import identify

PUT = "PutVirtualNetworkGatewayOperation"
DELETE = "DeleteVirtualNetworkGatewayOperation"
ACTION = "PostVirtualNetworkGatewayOperation"
PATCH = "PatchVirtualNetworkGatewayOperation"
RETIRED = frozenset(f"vpngw{number}" for number in range(1, 6))
LEGACY = ("Basic", "Standard", "HighPerformance")
ZONED = frozenset(f"vpngw{number}az" for number in range(1, 6))
EXPRESS = frozenset(("standard", "highperformance", "ultraperformance", "ergw1az", "ergw2az", "ergw3az", "ergwscale"))
SKUS = {one.lower(): one for one in LEGACY}
SKUS |= {f"vpngw{n}{az.lower()}": f"VpnGw{n}{az}" for n in range(1, 6) for az in ("", "AZ")}
SKUS |= {one.lower(): one for one in ("UltraPerformance", "ErGw1AZ", "ErGw2AZ", "ErGw3AZ", "ErGwScale")}
FIRST_GENERATION = frozenset(one.lower() for one in LEGACY) | {f"vpngw{n}{az}" for n in (1, 2, 3) for az in ("", "az")}
SECOND_GENERATION = frozenset(f"vpngw{n}{az}" for n in (2, 3, 4, 5) for az in ("", "az"))
TYPES = {one.lower(): one for one in ("Vpn", "ExpressRoute")}
VPN_TYPES = {one.lower(): one for one in ("RouteBased", "PolicyBased")}
JOINS_AFTER = 12.0
JOIN_SUBNET = "Microsoft.Network/virtualNetworks/subnets/join/action"
JOIN_ADDRESS = "Microsoft.Network/publicIPAddresses/join/action"


def find(call: Call) -> Gateway | None:
    call.group()
    place = call.place
    return call.world.gateways.get(
        network_id(place.subscription, place.group, "virtualNetworkGateways", place.names[0]).lower()
    )


def existing(call: Call) -> Gateway:
    gateway = find(call)
    if gateway is None:
        raise errors.resource_not_found(TYPE, call.place.names[0], call.place.group)
    return gateway


def get(call: Call) -> Response:
    """No ETag header (arm.md 1.2)."""
    return answer(200, body(call.world, existing(call), call.version))


def listing(call: Call) -> Response:
    """In a group only: there is no list of a subscription (arm.md 6)."""
    call.group()
    prefix = f"/subscriptions/{call.place.subscription}/resourcegroups/{call.place.group}/".lower()
    found = [one for key, one in call.world.gateways.items() if key.startswith(prefix)]
    return call.page(found, lambda one: body(call.world, one, call.version))


# --- PUT


@dataclass(frozen=True, slots=True)
class Proposal:
    """A gateway as a PUT wants it, with everything its checks look at."""

    call: Call
    new: Gateway
    old: Gateway | None
    vnet: Vnet
    addresses: tuple[Address, ...]

    @property
    def sku(self) -> str:
        return str(self.new.props["sku"]["name"]).lower()


def put(call: Call) -> Response:
    group = call.writable_group()
    name = call.place.names[0]
    if not NAME.fullmatch(name):
        raise errors.invalid_name(name)
    old = find(call)
    new = _wanted(call, old, group.name)
    if old is not None and old.state == "Deleting":
        raise errors.busy_delete(old.operation)
    if old is not None and old.state == "Updating":
        return _joined(call, old, new)
    _check_joins(call, new)
    proposal = Proposal(call, new, old, _vnet(call, new), _addresses(call, new))
    for check in CHECKS:
        check(proposal)
    return _accept(proposal)


def _check_joins(call: Call, new: Gateway) -> None:
    """The caller may join subnet and address ("About VPN Gateway roles and permissions"); ARM asks before the provider."""
    for one in new.ips:
        for action, used in ((JOIN_SUBNET, one.subnet), (JOIN_ADDRESS, one.address)):
            if used and not call.may(action, used):
                raise errors.linked_scope(call.caller.client_id, call.caller.oid, f"{TYPE}/write", new.id, action, used)


def _joined(call: Call, old: Gateway, new: Gateway) -> Response:
    """429 while an operation runs, but after 12 s an identical PUT joins it: 201, same guid (arm.md 1.4)."""
    running = call.world.operations[old.operation]
    passed = call.virtual - running.began
    same = (old.ips, old.props, old.tags) == (new.ips, new.props, new.tags)
    if same and passed >= JOINS_AFTER and running.name == PUT:
        shown = body(call.world, old, call.version, written=True)
        return call.accepted(200 if old.born else 201, shown, running, 10)
    seconds = max(1, ceil(JOINS_AFTER - passed)) if passed < JOINS_AFTER else int(JOINS_AFTER)
    raise errors.busy_put(running.name, running.id, old.id, seconds)


def _accept(proposal: Proposal) -> Response:
    call, old, new = proposal.call, proposal.old, proposal.new
    made = old is not None and old.born
    operation = call.begin(PUT, new.key, new.location, f"virtualNetworkGateways.{'update' if made else 'create'}")
    new = replace(new, state="Updating", operation=operation.id, etag=call.world.etag())
    call.world.put(new)
    call.world.put(replace(proposal.vnet, etag=call.world.etag()))
    shown = body(call.world, new, call.version, written=True)
    return call.accepted(200 if old else 201, shown, operation, 10)


def _wanted(call: Call, old: Gateway | None, group: str) -> Gateway:
    content = Content(call.body)
    properties = content.object("properties")
    location = content.location(TYPE)
    name = old.name if old else call.place.names[0]
    if old is not None and old.location != location:
        raise errors.other_location(name, old.location, group, location)
    custom = _custom_addresses(properties)
    return Gateway(
        subscription=old.subscription if old else call.place.subscription,
        group=old.group if old else group,
        name=name,
        location=location,
        guid=old.guid if old else call.world.guid(),
        etag="",
        ips=tuple(_gateway_ip(one, custom) for one in properties.objects("ipConfigurations")),
        props=_props(properties, old),
        tags=content.tags(),
        born=old.born if old else False,
    )


def _custom_addresses(properties: Content) -> Mapping[str, tuple[str, ...]]:
    """Custom BGP addresses by the name of their ipConfiguration, in lower case."""
    peers = properties.object("bgpSettings").objects("bgpPeeringAddresses")
    return {
        one.text("ipconfigurationId").rpartition("/")[2].lower(): one.texts("customBgpIpAddresses") for one in peers
    }


def _gateway_ip(content: Content, custom: Mapping[str, tuple[str, ...]]) -> GatewayIp:
    inner = content.object("properties")
    name = content.text("name", "default")
    return GatewayIp(
        name=name,
        subnet=inner.object("subnet").text("id"),
        address=inner.object("publicIPAddress").text("id"),
        allocation=inner.text("privateIPAllocationMethod", "Dynamic"),
        custom=custom.get(name.lower(), ()),
    )


def _props(properties: Content, old: Gateway | None) -> Mapping[str, Any]:
    sku = properties.object("sku")
    name = _choice(sku, "name", SKUS, "VpnGw1AZ")
    shown: dict[str, Any] = {
        "sku": {"name": name, "tier": _choice(sku, "tier", SKUS, name), "capacity": 2},
        "gatewayType": _choice(properties, "gatewayType", TYPES, "Vpn"),
        "vpnType": _choice(properties, "vpnType", VPN_TYPES, "RouteBased"),
        "enableBgp": properties.flag("enableBgp", False),
        "activeActive": properties.flag("activeActive", False),
        "vpnGatewayGeneration": properties.text("vpnGatewayGeneration", "Generation1"),
        "enablePrivateIpAddress": properties.flag("enablePrivateIpAddress", False),
        "enableBgpRouteTranslationForNat": properties.flag("enableBgpRouteTranslationForNat", False),
        "disableIPSecReplayProtection": properties.flag("disableIPSecReplayProtection", False),
        "natRules": [_nat_rule(one) for one in properties.objects("natRules")],
    }
    return {**shown, **_bgp_sent(properties, old), **_optional(properties)}


def _choice(content: Content, name: str, known: Mapping[str, str], default: str) -> str:
    given = content.text(name, default)
    if given.lower() not in known:
        raise errors.bad_choice(content.at(name), given, ", ".join(known.values()))
    return known[given.lower()]


def _nat_rule(content: Content) -> dict[str, Any]:
    inner = content.object("properties")
    return {
        "name": content.text("name"),
        "type": inner.text("type", "Static"),
        "mode": inner.text("mode", "EgressSnat"),
        "internalMappings": [dict(one.value) for one in inner.objects("internalMappings")],
        "externalMappings": [dict(one.value) for one in inner.objects("externalMappings")],
    }


def _bgp_sent(properties: Content, old: Gateway | None) -> dict[str, Any]:
    """Without bgpSettings an update keeps the ASN (chosen)."""
    if not properties.has("bgpSettings"):
        return {name: old.props[name] for name in ("asn", "peerWeight", "peer") if old and name in old.props}
    settings = properties.object("bgpSettings")
    peer = settings.text("bgpPeeringAddress")
    sent = {"asn": settings.number("asn", 0), "peerWeight": settings.number("peerWeight", 0)}
    return {**sent, "peer": peer} if peer and "," not in peer else sent


def _optional(properties: Content) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if properties.object("vpnClientConfiguration").has("vpnClientAddressPool"):
        shown["vpnClientConfiguration"] = dict(properties.object("vpnClientConfiguration").value)
    if properties.has("customRoutes"):
        prefixes = properties.object("customRoutes").texts("addressPrefixes")
        shown["customRoutes"] = {"addressPrefixes": list(prefixes)}
    if properties.has("gatewayDefaultSite"):
        shown["gatewayDefaultSite"] = {"id": properties.object("gatewayDefaultSite").text("id")}
    return shown


def _vnet(call: Call, gateway: Gateway) -> Vnet:
    """The VNet of the gateway's subnet, which must be a GatewaySubnet."""
    if not gateway.ips:
        raise errors.wrong_type("properties.ipConfigurations", "Required property not found in JSON.")
    for one in gateway.ips:
        vnet_key, _, subnet = one.subnet.lower().rpartition("/subnets/")
        vnet = call.world.vnets.get(vnet_key)
        if vnet is None or vnet.subnet(subnet) is None or vnet.location != gateway.location:
            raise errors.reference_not_found(one.subnet, gateway.id)
        if subnet != "gatewaysubnet":
            raise gateway_errors.wrong_gateway_subnet(gateway.id, one.subnet)
    found_vnet = call.world.vnets[gateway.vnet_key]
    if found_vnet.state in ("Updating", "Deleting"):
        raise errors.not_provisioned(found_vnet.id, gateway.id, found_vnet.state, virtual_network.PUT)
    return found_vnet


def _addresses(call: Call, gateway: Gateway) -> tuple[Address, ...]:
    """An ExpressRoute gateway may do without (it has had one of Azure's own since 2024); a VPN gateway may not."""
    found = []
    for one in gateway.ips:
        address = call.world.addresses.get(one.address.rstrip("/").lower())
        elsewhere = address is not None and address.location != gateway.location
        if elsewhere or (address is None and (one.address or gateway.props["gatewayType"] == "Vpn")):
            raise errors.reference_not_found(one.address, gateway.id)
        if address is None:
            continue
        user = usage.address_user(call.world, address.key)
        if user and not user.lower().startswith(f"{gateway.key}/"):
            raise gateway_errors.gateway_address_taken(address.id, user)
        if address.state != "Succeeded":
            raise errors.not_provisioned(address.id, gateway.id, address.state, "PutPublicIpAddressOperation")
        found.append(address)
    return tuple(found)


# --- the checks, in the order in which they answer


def _sku_fits_type(proposal: Proposal) -> None:
    """R:vpn-gateways-vnet2vnet-connections, exchange 25: ExpressRoute with Basic."""
    express = proposal.new.props["gatewayType"] == "ExpressRoute"
    vpn_only = proposal.sku not in EXPRESS
    express_only = proposal.sku.startswith("ergw") or proposal.sku == "ultraperformance"
    if (express and vpn_only) or (not express and express_only):
        raise gateway_errors.sku_not_for_gateway(proposal.new.id)


def _sku_is_sold(proposal: Proposal) -> None:
    """VpnGw1-5 without AZ are no longer created; those that stand stay (arm.md 6)."""
    same = proposal.old is not None and proposal.old.props["sku"]["name"].lower() == proposal.sku
    if proposal.sku in RETIRED and not same and proposal.call.settings.era >= 2025:
        raise gateway_errors.plain_sku_retired()


def _sku_fits_generation(proposal: Proposal) -> None:
    generation = str(proposal.new.props["vpnGatewayGeneration"])
    if proposal.new.props["gatewayType"] != "Vpn" or generation == "None":
        return
    known = SECOND_GENERATION if generation.lower() == "generation2" else FIRST_GENERATION
    if proposal.sku not in known:
        raise gateway_errors.sku_not_in_generation(proposal.new.props["sku"]["name"], generation)


def _policy_based_is_basic(proposal: Proposal) -> None:
    if proposal.new.props["vpnType"] == "PolicyBased" and proposal.sku != "basic":
        raise gateway_errors.policy_based_is_basic(proposal.new.id)


def _zones_are_set(proposal: Proposal) -> None:
    """AZ SKUs need Standard addresses with zones, but where there are none: regional fallback (arm.md 6)."""
    zoned = proposal.sku in ZONED and regions.has_zones(proposal.new.location)
    if zoned and any(not one.zones for one in proposal.addresses):
        raise gateway_errors.zones_missing()


def _two_when_active_active(proposal: Proposal) -> None:
    count, both = len(proposal.new.ips), bool(proposal.new.props["activeActive"])
    if both and proposal.sku == "basic":
        raise gateway_errors.active_active_not_basic(proposal.new.id)
    if both and count < 2:
        raise gateway_errors.active_active_needs_two(proposal.new.id, count)
    if not both and count > 1:
        raise gateway_errors.one_configuration(proposal.new.id)


def _client_pool_is_good(proposal: Proposal) -> None:
    client = Content(proposal.new.props.get("vpnClientConfiguration", {}), "properties.vpnClientConfiguration")
    for prefix in client.object("vpnClientAddressPool").texts("addressPrefixes"):
        try:
            address_spaces.check((prefix,), proposal.new.id)
        except errors.Refusal:
            raise gateway_errors.bad_client_pool(proposal.new.id) from None


def _only_gateway_of_its_kind(proposal: Proposal) -> None:
    for other in proposal.call.world.gateways.values():
        alike = other.vnet_key == proposal.new.vnet_key and _kind(other) == _kind(proposal.new)
        if alike and other.key != proposal.new.key:
            raise gateway_errors.second_gateway(proposal.vnet.id)


def _vnet_uses_no_others(proposal: Proposal) -> None:
    for peering in proposal.vnet.peerings:
        if proposal.old is None and peering.use_remote:
            raise gateway_errors.uses_remote_gateways(proposal.new.id, identify(proposal.vnet, peering.name))


def _kind(gateway: Gateway) -> str:
    return str(gateway.props["gatewayType"]).lower()


def _subnet_has_room(proposal: Proposal) -> None:
    """Basic from /29, every other SKU from /27, active-active or not (VPN Gateway settings page)."""
    subnet = proposal.vnet.subnet("GatewaySubnet")
    longest = 29 if proposal.sku == "basic" else 27
    prefixes = [one for one in subnet.prefixes if ":" not in one] if subnet else []
    if prefixes and all(address_spaces.network(one).prefixlen > longest for one in prefixes):
        raise gateway_errors.gateway_subnet_too_small(proposal.new.id, proposal.new.ips[0].subnet, prefixes[0])


def _subnet_is_free(proposal: Proposal) -> None:
    """No security group, no default route, no stopped propagation on the GatewaySubnet (arm.md 6)."""
    subnet = proposal.vnet.subnet("GatewaySubnet")
    props = subnet.props if subnet else {}
    group = (props.get("networkSecurityGroup") or {}).get("id", "")
    if group:
        raise gateway_errors.group_on_gateway_subnet(group.rpartition("/")[2])
    table = proposal.call.world.resources.get(str((props.get("routeTable") or {}).get("id", "")).lower())
    if table is not None and route_table.leads_everywhere(table):
        raise gateway_errors.gateway_route(proposal.new.ips[0].subnet, table.id)


CHECKS: tuple[Callable[[Proposal], None], ...] = (
    _sku_fits_type,
    _sku_is_sold,
    _sku_fits_generation,
    _policy_based_is_basic,
    _client_pool_is_good,
    _two_when_active_active,
    _zones_are_set,
    _only_gateway_of_its_kind,
    _vnet_uses_no_others,
    _subnet_is_free,
    _subnet_has_room,
)


# --- PATCH and DELETE


def patch(call: Call) -> Response:
    """Tags, as a long-running operation (arm.md 6). What was Failed before stays so (chosen)."""
    old = existing(call)
    _check_idle(old, call)
    target = f"{old.key} {old.state}"
    operation = call.begin(PATCH, target, old.location, "virtualNetworkGateways.update")
    tags = Content(call.body).tags()
    new = replace(old, tags=tags, state="Updating", operation=operation.id, etag=call.world.etag())
    call.world.put(new)
    return call.accepted(200, body(call.world, new, call.version), operation, 10)


def _check_idle(gateway: Gateway, call: Call) -> None:
    if gateway.state == "Deleting":
        raise errors.busy_delete(gateway.operation)
    if gateway.state == "Updating":
        running = call.world.operations[gateway.operation]
        raise errors.busy_put(running.name, running.id, gateway.id, int(JOINS_AFTER))


def delete(call: Call) -> Response:
    """Connections hinder it (arm.md 6). Whether peerings that use the gateway do is unverified: they do not (chosen)."""
    gateway = find(call)
    if gateway is None:
        return empty(204)
    users = [one.id for one in call.world.connections.values() if gateway.key in (one.near.lower(), one.far.lower())]
    if users:
        raise gateway_errors.gateway_in_use(gateway.id, ", ".join(users))
    if gateway.state in ("Updating", "Deleting"):
        raise errors.busy_delete(gateway.operation)
    operation = call.begin(DELETE, gateway.key, gateway.location, "virtualNetworkGateways.delete")
    call.world.put(replace(gateway, state="Deleting", operation=operation.id, etag=call.world.etag()))
    return call.deleting(operation)


# --- actions (arm.md 1.3, POST action): 202 with a Location, the result at its end


def _act(call: Call, gateway: Gateway, result: Any, target: str = "") -> Response:
    if gateway.state in ("Updating", "Deleting"):
        raise errors.busy_delete(gateway.operation)
    duration = "virtualNetworkGateways.action"
    return call.acting(call.begin(ACTION, target, gateway.location, duration, result=result))


def reset(call: Call) -> Response:
    """Its result is the gateway; the tunnels come up anew."""
    gateway = existing(call)
    result = body(call.world, gateway, call.version)
    return _act(call, gateway, result, target=" ".join([gateway.key, *_connections(call.world, gateway)]))


def _connections(world: World, gateway: Gateway) -> list[str]:
    return [one.key for one in world.connections.values() if gateway.key in (one.near.lower(), one.far.lower())]


def disconnect(call: Call) -> Response:
    """disconnectVirtualNetworkGatewayVpnConnections: no result (R:vpn-gateway-disconnect-connections)."""
    gateway = existing(call)
    wanted = {one.lower() for one in Content(call.body).texts("vpnConnectionIds")}
    mine = [one for one in _connections(call.world, gateway) if one in wanted]
    return _act(call, gateway, None, target=" ".join([gateway.key, *mine]))


def learned_routes(call: Call) -> Response:
    """Empty without BGP; with it the far VNets' spaces (chosen: order of the connections)."""
    gateway = existing(call)
    return _act(call, gateway, {"value": [_route(gateway, prefix, peer) for prefix, peer in _learned(call, gateway)]})


def _learned(call: Call, gateway: Gateway) -> list[tuple[str, Gateway]]:
    found = []
    for peer in _bgp_peers(call, gateway):
        vnet = call.world.vnets.get(peer.vnet_key)
        found += [(prefix, peer) for prefix in (vnet.prefixes if vnet else ())]
    return found


def _bgp_peers(call: Call, gateway: Gateway) -> list[Gateway]:
    """Gateways behind a BGP connection that is Connected."""
    peers = []
    for one in call.world.connections.values():
        connected = connection_status.status(one, call.virtual) == connection_status.CONNECTED
        far = call.world.gateways.get(one.far.lower())
        if one.near.lower() == gateway.key and one.props["enableBgp"] and connected and far is not None:
            peers.append(far)
    return peers


def _route(gateway: Gateway, prefix: str, peer: Gateway) -> dict[str, Any]:
    return {"network": prefix, "origin": "EBgp", "asPath": str(asn(peer)), "weight": 32768}


def advertised_routes(call: Call) -> Response:
    """The VNet's own space (R:vpn-gateways-vnet2vnet-connections, exchange 128)."""
    gateway = existing(call)
    vnet = call.world.vnets.get(gateway.vnet_key)
    routes = [
        {"localAddress": "", "network": prefix, "nextHop": "Virtual Network", "origin": "Network", "weight": 0}
        for prefix in (vnet.prefixes if vnet else ())
    ]
    return _act(call, gateway, {"value": routes})


def peer_status(call: Call) -> Response:
    gateway = existing(call)
    mine = ",".join(inner_addresses(call.world, gateway))
    peers = [
        {
            "localAddress": mine,
            "neighbor": ",".join(inner_addresses(call.world, peer)),
            "asn": asn(peer),
            "state": "Connected",
            "routesReceived": len(_learned(call, gateway)),
        }
        for peer in _bgp_peers(call, gateway)
    ]
    return _act(call, gateway, {"value": peers})


def supported_devices(call: Call) -> Response:
    """Synchronous: a list of vendors as XML, here an empty one (chosen)."""
    existing(call)
    return answer(200, "<RpVpnDeviceList version='1.0' />")


def acted(world: World, operation: Operation) -> None:
    """A reset or a disconnection cuts the tunnels it names."""
    for key in operation.target.split()[1:]:
        one = world.connections.get(key)
        if one is not None and not operation.doom:
            connection_status.retie(world, one, operation.ends, cut=True)


# --- the end of an operation


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


def tagged(world: World, operation: Operation) -> None:
    """The end of a PATCH."""
    key, _, before = operation.target.partition(" ")
    gateway = world.gateways.get(key)
    if gateway is not None:
        state = "Failed" if operation.doom else before
        world.put(replace(gateway, state=state, operation="", etag=world.etag()))


def vanish(world: World, gateway: Gateway) -> None:
    world.drop(gateway)
    _touch_vnet(world, gateway)


def _touch_vnet(world: World, gateway: Gateway) -> None:
    vnet = world.vnets.get(gateway.vnet_key)
    if vnet is not None:
        world.put(replace(vnet, etag=world.etag()))
        virtual_network.touch_peers(world, vnet)
