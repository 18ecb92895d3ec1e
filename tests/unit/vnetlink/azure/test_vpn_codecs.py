"""ARM's JSON of gateways, addresses and connections, read tolerantly and written back without loss."""

from dataclasses import replace
from typing import Any

import pytest

from vnetlink.azure import vpn_codecs
from vnetlink.azure.shapes import Unintelligible
from vnetlink.domain.arm_id import ConnectionId, GatewayId, PublicIpId, SubnetId, VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ListedConnection, Provisioning
from vnetlink.domain.ownership import Slot
from vnetlink.domain.shared_key import SharedKey
from vnetlink.domain.sides import Side
from vnetlink.domain.vpn import ConnectionOptions, GatewayShape, IpsecPolicy
from vnetlink.planning.actions import PutConnection, PutGateway, PutPublicIp

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
WHO, SLOT = Identity("operator", "t"), Slot(Side.VNET1)
VNET = VnetId(SUBSCRIPTION, "net", "hub")
NEAR, FAR = (GatewayId(SUBSCRIPTION, "net", name) for name in ("near", "far"))
IP, IP_2 = (PublicIpId(SUBSCRIPTION, "net", name) for name in ("ip", "ip2"))
CONNECTION = ConnectionId(SUBSCRIPTION, "net", "conn")
SUBNET = SubnetId(VNET, "GatewaySubnet")
POLICY = IpsecPolicy(27000, 102400000, "GCMAES256", "GCMAES128", "AES256", "SHA256", "DHGroup14", "PFS2048")
SHAPE = GatewayShape("VpnGw1AZ", "Generation1", False, False, None, (("a", "1"),))


def configuration(name: str, ip: PublicIpId) -> dict[str, Any]:
    inner = {"subnet": {"id": str(SUBNET)}, "publicIPAddress": {"id": str(ip)}, "privateIPAllocationMethod": "Dynamic"}
    return {"name": name, "properties": inner}


def shown_gateway(**changes: Any) -> dict[str, Any]:
    properties = {
        "provisioningState": "Succeeded",
        "resourceGuid": "5",
        "ipConfigurations": [configuration("default", IP), configuration("second", IP_2)],
        "natRules": [{"name": "theirs"}],
        "sku": {"name": "VpnGw2AZ", "tier": "VpnGw2AZ", "capacity": 2},
        "gatewayType": "Vpn",
        "vpnType": "RouteBased",
        "enableBgp": True,
        "activeActive": True,
        "bgpSettings": {"asn": 65010, "peerWeight": 7},
        "vpnGatewayGeneration": "Generation2",
    } | changes
    return {"id": str(NEAR), "etag": "e", "location": "westeurope", "tags": {"b": "2"}, "properties": properties}


def shown_connection(**changes: Any) -> dict[str, Any]:
    properties = {
        "provisioningState": "Succeeded",
        "virtualNetworkGateway1": {"id": str(NEAR)},
        "virtualNetworkGateway2": {"id": str(FAR).upper()},
        "connectionType": "Vnet2Vnet",
        "connectionProtocol": "IKEv2",
        "routingWeight": 25,
        "enableBgp": True,
        "usePolicyBasedTrafficSelectors": True,
        "ipsecPolicies": [vpn_codecs.connection_body(put_connection(), None)["properties"]["ipsecPolicies"][0]],
        "connectionStatus": "Connected",
        "ingressBytesTransferred": 416,
        "dpdTimeoutSeconds": 60,
        "connectionMode": "InitiatorOnly",
    } | changes
    return {"id": str(CONNECTION), "etag": "e", "location": "westeurope", "tags": {"b": "2"}, "properties": properties}


def put_connection(**options: Any) -> PutConnection:
    wanted = ConnectionOptions(**{"ipsec_policies": (POLICY,), **options})
    key = SharedKey("0123456789abcdef")
    return PutConnection(SLOT, CONNECTION, "westeurope", NEAR, FAR, wanted, key, (("a", "1"),), True, WHO)


def put_gateway(shape: GatewayShape = SHAPE, ips: tuple[PublicIpId, ...] = (IP,)) -> PutGateway:
    return PutGateway(SLOT, NEAR, "westeurope", SUBNET, ips, shape, WHO)


# --- reading


def test_a_gateway_is_read_with_shape_subnet_addresses_and_tags() -> None:
    gateway = vpn_codecs.gateway(shown_gateway(), NEAR)
    assert (gateway.gateway_type, gateway.vpn_type, gateway.sku) == ("Vpn", "RouteBased", "VpnGw2AZ")
    assert (gateway.generation, gateway.active_active, gateway.enable_bgp) == ("Generation2", True, True)
    assert (gateway.asn, gateway.subnets, gateway.public_ips) == (65010, (SUBNET,), (IP, IP_2))
    assert (gateway.tags, gateway.location, gateway.provisioning) == (
        (("b", "2"),),
        "westeurope",
        Provisioning.SUCCEEDED,
    )


def test_a_gateway_that_is_being_made_has_no_asn_yet() -> None:
    gateway = vpn_codecs.gateway(shown_gateway(provisioningState="Updating", bgpSettings={"asn": 0}), NEAR)
    assert gateway.creating
    assert not vpn_codecs.gateway(shown_gateway(provisioningState="Updating"), NEAR).creating


def test_an_address_is_read_with_zones_and_who_holds_it() -> None:
    inner = {"ipAddress": "20.1.2.3", "publicIPAllocationMethod": "Static", "ipConfiguration": {"id": f"{NEAR}/x/y"}}
    shown = {"id": str(IP), "sku": {"name": "Standard"}, "zones": ["3", "1", "2"], "properties": inner}
    ip = vpn_codecs.public_ip(shown, IP)
    assert (ip.address, ip.allocation, ip.sku, ip.zones) == ("20.1.2.3", "Static", "Standard", ("1", "2", "3"))
    assert ip.attached_to == f"{NEAR}/x/y"
    free = vpn_codecs.public_ip({"id": str(IP), "properties": {}}, IP)
    assert (free.attached_to, free.address, free.zones, free.tags) == ("", "", (), ())


def test_a_connection_is_read_with_both_ends_in_any_casing_options_and_status() -> None:
    connection = vpn_codecs.connection(shown_connection(), CONNECTION)
    assert (connection.near, connection.far, connection.kind) == (NEAR, FAR, "Vnet2Vnet")
    assert connection.options == ConnectionOptions("IKEv2", "InitiatorOnly", 60, 25, True, (POLICY,))
    assert (connection.status, connection.tags) == ("Connected", (("b", "2"),))


def test_a_timeout_that_nobody_set_is_the_default_and_not_zero() -> None:
    for shown in (0, None):
        options = vpn_codecs.connection(shown_connection(dpdTimeoutSeconds=shown), CONNECTION).options
        assert options.dpd_timeout_seconds == ConnectionOptions().dpd_timeout_seconds


def test_a_connection_to_something_else_has_no_far_gateway() -> None:
    local = {"virtualNetworkGateway2": None, "localNetworkGateway2": {"id": "x"}, "connectionType": "IPsec"}
    assert vpn_codecs.connection(shown_connection(**local), CONNECTION).far is None


@pytest.mark.parametrize("document", [{}, {"id": str(NEAR)}, {"id": str(IP), "properties": {}}, {"id": 7}])
def test_an_answer_about_something_else_is_unintelligible(document: dict[str, Any]) -> None:
    with pytest.raises(Unintelligible):
        vpn_codecs.gateway(document, NEAR)
    with pytest.raises(Unintelligible):
        vpn_codecs.connection(document, CONNECTION)
    with pytest.raises(Unintelligible):
        vpn_codecs.public_ip(document | {"id": str(IP_2)}, IP)


def test_odd_shapes_inside_are_passed_over() -> None:
    odd = {"ipConfigurations": [7, {"properties": {"subnet": "x", "publicIPAddress": {"id": 5}}}], "sku": 1}
    gateway = vpn_codecs.gateway(shown_gateway(**odd, bgpSettings=[], enableBgp="yes"), NEAR)
    assert (gateway.subnets, gateway.public_ips, gateway.sku, gateway.asn) == ((), (), "", 0)
    assert not gateway.enable_bgp


def test_the_connections_that_begin_at_a_gateway_are_listed_with_their_far_end() -> None:
    elsewhere = shown_connection(virtualNetworkGateway1={"id": str(FAR)})
    found = vpn_codecs.connections_of({"value": [shown_connection(), elsewhere]}, NEAR)
    assert found == (ListedConnection(CONNECTION, "Vnet2Vnet", NEAR, FAR, (("b", "2"),)),)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        [7],
        [{"id": str(CONNECTION)}],
        [{"id": "x", "properties": {"virtualNetworkGateway1": {"id": str(NEAR)}}}],
        [{"id": str(CONNECTION), "properties": {"virtualNetworkGateway1": {"id": "x"}}}],
    ],
)
def test_a_list_that_does_not_tell_all_connections_is_unintelligible(value: object) -> None:
    with pytest.raises(Unintelligible):
        vpn_codecs.connections_of({"value": value}, NEAR)


def test_regions_are_known_by_their_plain_name_with_the_logical_zones() -> None:
    zones = [{"logicalZone": "2", "physicalZone": "p"}, {"logicalZone": "1"}, {"physicalZone": "q"}, 7]
    regions = [{"name": "westeurope", "availabilityZoneMappings": zones}, {"name": "westus"}]
    assert vpn_codecs.zones({"value": regions}) == {"westeurope": ("1", "2"), "westus": ()}
    assert vpn_codecs.plain("West Europe") == "westeurope"


# --- writing


def test_a_new_address_is_standard_static_and_in_its_zones_if_there_are_any() -> None:
    action = PutPublicIp(SLOT, IP, "westeurope", ("1", "2"), (("a", "1"),), WHO)
    assert vpn_codecs.public_ip_body(action) == {
        "location": "westeurope",
        "sku": {"name": "Standard", "tier": "Regional"},
        "tags": {"a": "1"},
        "properties": {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"},
        "zones": ["1", "2"],
    }
    assert "zones" not in vpn_codecs.public_ip_body(replace(action, zones=()))


def test_a_new_gateway_is_asked_for_with_what_is_wanted_and_nothing_else() -> None:
    assert vpn_codecs.gateway_body(put_gateway(), None) == {
        "location": "westeurope",
        "tags": {"a": "1"},
        "properties": {
            "gatewayType": "Vpn",
            "vpnType": "RouteBased",
            "sku": {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
            "vpnGatewayGeneration": "Generation1",
            "activeActive": False,
            "enableBgp": False,
            "ipConfigurations": [configuration("default", IP)],
        },
    }


def test_an_active_active_gateway_has_two_configurations_and_an_asn_only_when_asked() -> None:
    shape = replace(SHAPE, active_active=True, enable_bgp=True, asn=65010)
    inner = vpn_codecs.gateway_body(put_gateway(shape, (IP, IP_2)), None)["properties"]
    assert [one["properties"]["publicIPAddress"]["id"] for one in inner["ipConfigurations"]] == [str(IP), str(IP_2)]
    assert len({one["name"] for one in inner["ipConfigurations"]}) == 2
    assert (inner["activeActive"], inner["enableBgp"], inner["bgpSettings"]) == (True, True, {"asn": 65010})


def test_a_gateway_written_again_keeps_what_others_have_set() -> None:
    body = vpn_codecs.gateway_body(put_gateway(replace(SHAPE, asn=65020)), shown_gateway(provisioningState="Failed"))
    inner = body["properties"]
    assert (inner["natRules"], inner["bgpSettings"]) == ([{"name": "theirs"}], {"asn": 65020, "peerWeight": 7})
    assert [one["name"] for one in inner["ipConfigurations"]] == ["default", "second"]
    assert inner["sku"] == {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"}
    assert body["tags"] == {"a": "1", "b": "2"}
    assert not {"provisioningState", "resourceGuid"} & set(inner)
    bare = vpn_codecs.gateway_body(put_gateway(), shown_gateway(ipConfigurations=[]))["properties"]
    assert bare["ipConfigurations"] == [configuration("default", IP)]


def test_a_connections_body_never_has_a_key() -> None:
    for shown in (None, shown_connection(sharedKey="0123456789abcdef")):
        body = vpn_codecs.connection_body(put_connection(), shown)
        assert "sharedKey" not in body["properties"]
        assert "0123456789abcdef" not in str(body)


def test_a_changed_connection_carries_along_what_arm_showed_known_to_us_or_not() -> None:
    shown = shown_connection(inventedIn2030={"x": 1})
    body = vpn_codecs.connection_body(put_connection(routing_weight=30), shown)
    inner = body["properties"]
    assert (inner["inventedIn2030"], inner["usePolicyBasedTrafficSelectors"]) == ({"x": 1}, True)
    assert (inner["routingWeight"], inner["connectionMode"]) == (30, "Default")
    assert body["tags"] == {"a": "1", "b": "2"}
    assert not {"provisioningState", "connectionStatus", "ingressBytesTransferred"} & set(inner)
    assert shown == shown_connection(inventedIn2030={"x": 1})


def test_options_survive_the_way_out_and_back() -> None:
    options = ConnectionOptions("IKEv1", "ResponderOnly", 30, 5, True, (POLICY, replace(POLICY, pfs_group="None")))
    body = vpn_codecs.connection_body(replace(put_connection(), options=options), None)
    assert vpn_codecs.connection({"id": str(CONNECTION), **body}, CONNECTION).options == options
