"""VpnConnectionPairs decoded into domain values."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from vnetlink.domain.arm_id import ConnectionId, GatewayId, PublicIpId, SubnetId, VnetId
from vnetlink.domain.ownership import Origin, OwnershipRecord, Part, Role, Slot
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import (
    DeletionPolicy,
    End,
    Lifecycle,
    ObjectKey,
    PeeringPair,
    SpecError,
    VpnConnectionPair,
    VpnConnectionPairSpec,
)
from vnetlink.domain.vpn import (
    ConnectionOptions,
    GatewayCreation,
    IpsecPolicy,
    OnFailure,
    SecretKeyRef,
    WantedSharedKey,
    WantedVpnSide,
)
from vnetlink.kube.decode import OWNED, RECONCILE_REQUESTED, ROTATE_REQUESTED, decode, vpn_connection_pair
from vnetlink.planning.tags import OURS

HERE = "11111111-1111-1111-1111-111111111111"
ROOT = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network"
A, B = f"{ROOT}/virtualNetworks/app", f"{ROOT}/virtualNetworks/data"
GW, GW2 = f"{ROOT}/virtualNetworkGateways/gw", f"{ROOT}/virtualNetworkGateways/gw2"
CN, IP, IP2 = f"{ROOT}/connections/cn", f"{ROOT}/publicIPAddresses/ip", f"{ROOT}/publicIPAddresses/ip2"
KEY = {"secretRef": {"name": "psk"}}
POLICY = {
    "saLifeTimeSeconds": 3600,
    "saDataSizeKilobytes": 102400000,
    "ipsecEncryption": "GCMAES256",
    "ipsecIntegrity": "GCMAES256",
    "ikeEncryption": "AES256",
    "ikeIntegrity": "SHA256",
    "dhGroup": "DHGroup14",
    "pfsGroup": "PFS14",
}


def body(vpn: Any = None, **spec: Any) -> dict[str, Any]:
    return {
        "kind": "VpnConnectionPair",
        "metadata": {"name": "app-to-data", "namespace": "team", "uid": "u-1", "generation": 3},
        "spec": {"vnet1": {"id": A}, "vnet2": {"id": B}, "vpn": {"sharedKey": KEY} if vpn is None else vpn, **spec},
    }


def decoded(document: dict[str, Any]) -> VpnConnectionPair:
    found = vpn_connection_pair(document, HERE)
    assert isinstance(found, VpnConnectionPair), found
    return found


def side(**of_vnet1: Any) -> WantedVpnSide:
    return decoded(body({"sharedKey": KEY, "vnet1": of_vnet1})).spec.vpn.vnet1


def creation(**fields: Any) -> GatewayCreation:
    made = side(gateway={"create": fields}).creation
    assert made is not None
    return made


def refused(document: dict[str, Any]) -> str:
    found = vpn_connection_pair(document, HERE)
    assert isinstance(found, SpecError), found
    return found.message


def test_the_shortest_object_means_the_schemas_defaults() -> None:
    assert decoded(body()).spec == VpnConnectionPairSpec(
        ends=PerSide(End(VnetId.parse(A)), End(VnetId.parse(B))),
        vpn=PerSide(WantedVpnSide(), WantedVpnSide()),
        shared_key=WantedSharedKey(SecretKeyRef("psk")),
    )


def test_what_the_schema_fills_in_means_the_same_as_what_it_does_not() -> None:
    filled = {
        "vnet1": {"gateway": {}, "connection": {}},
        "vnet2": {"gateway": {}, "connection": {}},
        "sharedKey": {
            "secretRef": {"name": "psk", "key": "sharedKey"},
            "generate": False,
            "rotation": {"verifyTimeout": "10m", "onFailure": "Rollback"},
        },
        "connectionProtocol": "IKEv2",
        "connectionMode": "Default",
        "dpdTimeoutSeconds": 45,
        "routingWeight": 10,
        "enableBgp": False,
        "ipsecPolicies": [],
    }
    assert decoded(body(filled)).spec == decoded(body()).spec
    nulls = dict.fromkeys(filled) | {"sharedKey": {"secretRef": {"name": "psk", "key": None}, "rotation": None}}
    assert decoded(body(nulls)).spec == decoded(body()).spec


def test_a_gateway_is_made_only_where_create_stands_even_when_it_is_empty() -> None:
    assert side(gateway={"id": GW}) == WantedVpnSide(gateway=GatewayId.parse(GW))
    assert side(gateway={"create": {}}).creation == GatewayCreation()
    filled = {"activeActive": False, "publicIP": {}, "gatewaySubnet": {"prefixLength": 27}, "tags": {}}
    assert creation(**filled) == GatewayCreation()


def test_everything_that_is_asked_of_a_gateway_is_taken_over() -> None:
    assert creation(
        sku="VpnGw2AZ",
        vpnGatewayGeneration="Generation2",
        asn=65010,
        publicIP={"id": IP},
        gatewaySubnet={"addressPrefix": "10.0.255.0/26", "prefixLength": 26},
        tags={"team": "net", "cost": "7"},
    ) == GatewayCreation(
        sku="VpnGw2AZ",
        generation="Generation2",
        asn=65010,
        public_ips=(PublicIpId.parse(IP),),
        subnet_prefix="10.0.255.0/26",
        subnet_prefix_length=26,
        tags=(("cost", "7"), ("team", "net")),
    )


def test_an_active_active_gateway_has_two_addresses_named_or_not() -> None:
    assert creation(activeActive=True).public_ips == (None, None)
    assert creation(activeActive=True, publicIP2={"id": IP2}).public_ips == (None, PublicIpId.parse(IP2))
    both = creation(activeActive=True, publicIP={"id": IP}, publicIP2={"id": IP2})
    assert both.public_ips == (PublicIpId.parse(IP), PublicIpId.parse(IP2))
    assert creation(activeActive=False).public_ips == (None,)


def test_connections_are_named_and_share_their_options() -> None:
    spec = decoded(
        body(
            {
                "sharedKey": KEY,
                "vnet2": {"connection": {"id": CN}},
                "connectionProtocol": "IKEv1",
                "connectionMode": "InitiatorOnly",
                "dpdTimeoutSeconds": 9,
                "routingWeight": 0,
                "enableBgp": True,
                "ipsecPolicies": [POLICY],
            }
        )
    ).spec
    assert spec.vpn == PerSide(WantedVpnSide(), WantedVpnSide(connection=ConnectionId.parse(CN)))
    assert spec.options == ConnectionOptions(
        protocol="IKEv1",
        mode="InitiatorOnly",
        dpd_timeout_seconds=9,
        routing_weight=0,
        enable_bgp=True,
        ipsec_policies=(
            IpsecPolicy(3600, 102400000, "GCMAES256", "GCMAES256", "AES256", "SHA256", "DHGroup14", "PFS14"),
        ),
    )


def test_the_shared_key_lies_where_spec_says_and_is_rotated_as_spec_says() -> None:
    rotation = {"verifyTimeout": "90s", "onFailure": "Hold"}
    block = {"secretRef": {"name": "psk.v2", "key": "pre-shared"}, "generate": True, "rotation": rotation}
    assert decoded(body({"sharedKey": block})).spec.shared_key == WantedSharedKey(
        SecretKeyRef("psk.v2", "pre-shared"), True, timedelta(seconds=90), OnFailure.HOLD
    )


@pytest.mark.parametrize(("text", "seconds"), [("0s", 1), ("99999h", 86400)])
def test_the_verify_timeout_is_clamped(text: str, seconds: int) -> None:
    block = {**KEY, "rotation": {"verifyTimeout": text}}
    assert decoded(body({"sharedKey": block})).spec.shared_key.verify_timeout == timedelta(seconds=seconds)


def test_ends_and_lifecycle_are_those_of_every_kind() -> None:
    spec = decoded(body(suspend=True, deletionPolicy="Orphan", interval="1m")).spec
    assert spec.lifecycle == Lifecycle(suspend=True, deletion=DeletionPolicy.ORPHAN, interval=timedelta(minutes=1))
    assert "both ends are the same virtual network" in refused(body(vnet2={"id": A.replace("app", "APP")}))
    assert refused(body(vnet1={"id": A, "credentialRef": {}})) == "spec.vnet1.credentialRef.name: is missing"


def test_what_was_asked_by_annotation_is_taken_over() -> None:
    document = body()
    document["metadata"]["annotations"] = {ROTATE_REQUESTED: "monday", RECONCILE_REQUESTED: "now"}
    meta = decoded(document).meta
    assert meta.key == ObjectKey("vpnconnectionpairs", "team", "app-to-data")
    assert (meta.rotate_requested_at, meta.reconcile_requested_at) == ("monday", "now")


def test_the_record_holds_connections_and_what_was_made_for_them() -> None:
    record = OwnershipRecord(HERE, "team/app-to-data")
    record = record.with_part(Slot(Side.VNET1), Part(ConnectionId.parse(CN), Origin.ADOPTED, key_version="7"))
    record = record.with_part(Slot(Side.VNET2, Role.GATEWAY), Part(GatewayId.parse(GW), Origin.CREATED, "2026-01-01"))
    subnet = SubnetId(VnetId.parse(B), "GatewaySubnet")
    record = record.with_part(Slot(Side.VNET2, Role.GATEWAY_SUBNET), Part(subnet, Origin.CREATED))
    document = body()
    document["metadata"]["annotations"] = {OWNED: record.dump()}
    assert decoded(document).record == record


def test_a_record_of_peerings_is_none_of_a_vpn_pairs() -> None:
    document = body()
    link = {"id": f"{A}/virtualNetworkPeerings/app-data", "origin": "Created"}
    text = json.dumps({"installation": HERE, "object": "team/app-to-data", "parts": {"vnet1ToVnet2": link}})
    document["metadata"]["annotations"] = {OWNED: text}
    assert decoded(document).record == OwnershipRecord(HERE, "team/app-to-data")


def test_each_kind_is_decoded_as_what_it_is() -> None:
    assert isinstance(decode(body(), HERE), VpnConnectionPair)
    assert isinstance(decode(body() | {"kind": "PeeringPair"}, HERE), PeeringPair)
    with pytest.raises(KeyError):
        decode(body() | {"kind": "Secret"}, HERE)


def gateways(one: Any, two: Any = None) -> dict[str, Any]:
    return {"sharedKey": KEY, "vnet1": {"gateway": one}, "vnet2": {"gateway": two}}


@pytest.mark.parametrize(
    ("vpn", "told"),
    [
        ([], "spec.vpn: must be an object"),
        ({}, "spec.vpn.sharedKey: is missing"),
        ({"sharedKey": {}}, "spec.vpn.sharedKey.secretRef: is missing"),
        ({"sharedKey": {"secretRef": {}}}, "spec.vpn.sharedKey.secretRef.name: is missing"),
        (
            {"sharedKey": {"secretRef": {"name": "."}}},
            "spec.vpn.sharedKey.secretRef.name: must be the name of an object",
        ),
        ({"sharedKey": {"secretRef": {"name": ".."}}}, "spec.vpn.sharedKey.secretRef.name: must be the name"),
        ({"sharedKey": {"secretRef": {"name": "a/b"}}}, "spec.vpn.sharedKey.secretRef.name: "),
        ({"sharedKey": {"secretRef": {"name": "psk\n"}}}, "spec.vpn.sharedKey.secretRef.name: "),
        ({"sharedKey": {**KEY, "generate": "yes"}}, "spec.vpn.sharedKey.generate: must be true or false"),
        ({"sharedKey": {**KEY, "rotation": {"verifyTimeout": "soon"}}}, "spec.vpn.sharedKey.rotation.verifyTimeout: "),
        ({"sharedKey": {**KEY, "rotation": {"onFailure": "Cry"}}}, "'Cry' is not one of Rollback, Hold"),
        (gateways({"id": A}), "spec.vpn.vnet1.gateway.id: "),
        (gateways({"id": GW + "/"}), "spec.vpn.vnet1.gateway.id: "),
        (gateways({"id": GW}, {"id": GW.upper().replace("/SUBSCRIPTIONS", "/subscriptions")}), "the same gateway"),
        (gateways({"create": True}), "spec.vpn.vnet1.gateway.create: must be an object"),
        (gateways({"create": {"sku": 1}}), "spec.vpn.vnet1.gateway.create.sku: must be a string"),
        (gateways({"create": {"asn": "65010"}}), "spec.vpn.vnet1.gateway.create.asn: must be a whole number"),
        (gateways({"create": {"asn": True}}), "spec.vpn.vnet1.gateway.create.asn: must be a whole number"),
        (gateways({"create": {"activeActive": 1}}), "spec.vpn.vnet1.gateway.create.activeActive: "),
        (gateways({"create": {"publicIP": {"id": GW}}}), "spec.vpn.vnet1.gateway.create.publicIP.id: "),
        (
            gateways({"create": {"activeActive": True, "publicIP": {"id": IP}, "publicIP2": {"id": IP}}}),
            "spec.vpn.vnet1.gateway.create.publicIP2.id: both instances",
        ),
        (
            gateways({"create": {"publicIP": {"id": IP}}}, {"create": {"publicIP": {"id": IP}}}),
            "both sides name the same public IP address",
        ),
        (gateways({"create": {"gatewaySubnet": {"addressPrefix": "10.0.255.1/27"}}}), "addressPrefix: '10.0.255.1/27'"),
        (gateways({"create": {"gatewaySubnet": {"addressPrefix": "fd00::/64"}}}), "is not an IPv4 range"),
        (gateways({"create": {"gatewaySubnet": {"prefixLength": 30}}}), "prefixLength: 30 is not from 24 to 27"),
        (gateways({"create": {"tags": {"a": 1}}}), "spec.vpn.vnet1.gateway.create.tags.a: must be a string"),
        (gateways({"create": {"tags": {"VnetLink-Owner": "me"}}}), "VnetLink-Owner is written by the operator"),
        *(
            (gateways({"create": {"tags": {name: "me"}}}), f"{name} is written by the operator")
            for name in sorted(OURS)
        ),
        ({"sharedKey": KEY, "vnet1": {"connection": {"id": GW}}}, "spec.vpn.vnet1.connection.id: "),
        (
            {"sharedKey": KEY, "vnet1": {"connection": {"id": CN}}, "vnet2": {"connection": {"id": CN}}},
            "both sides name the same connection",
        ),
        ({"sharedKey": KEY, "routingWeight": 1.5}, "spec.vpn.routingWeight: must be a whole number"),
        ({"sharedKey": KEY, "enableBgp": "no"}, "spec.vpn.enableBgp: "),
        ({"sharedKey": KEY, "ipsecPolicies": {}}, "spec.vpn.ipsecPolicies: must be a list"),
        ({"sharedKey": KEY, "ipsecPolicies": ["AES"]}, "spec.vpn.ipsecPolicies[0]: must be an object"),
        ({"sharedKey": KEY, "ipsecPolicies": [POLICY, {}]}, "spec.vpn.ipsecPolicies[1].saLifeTimeSeconds: is missing"),
    ],
)
def test_what_admission_should_have_refused_names_the_field(vpn: Any, told: str) -> None:
    assert told in refused(body(vpn))


@pytest.mark.parametrize("field", ["name", "key"])
def test_a_shared_key_put_into_the_wrong_field_is_not_repeated(field: str) -> None:
    message = refused(body({"sharedKey": {"secretRef": {"name": "psk", field: "S3cret+key/put+here"}}}))
    assert message.startswith(f"spec.vpn.sharedKey.secretRef.{field}: must be ")
    assert "S3cret" not in message


def test_an_object_that_cannot_be_read_can_still_be_let_go_of() -> None:
    found = vpn_connection_pair(body([], deletionPolicy="Orphan"), HERE)
    assert isinstance(found, SpecError)
    assert found.orphan


def test_an_object_without_a_vpn_block_is_a_spec_error() -> None:
    document = body()
    del document["spec"]["vpn"]
    assert refused(document) == "spec.vpn: is missing"
