"""As a platform engineer I am told in a sentence what is wrong with my VpnConnectionPair, before a gateway is billed."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from admission import (
    APP,
    DATA,
    NETWORK,
    VNETS,
    Object,
    applied,
    not_an_id,
    own_namespace,
    patched,
    refused,
    stored,
    tried,
)
from controlplane.cluster import Cluster
from vnetlink.planning.tags import OURS

GATEWAY, CONNECTION, ADDRESS = (
    f"{NETWORK}/{kind}/one" for kind in ("virtualNetworkGateways", "connections", "publicIPAddresses")
)
OTHER_GATEWAY, OTHER_CONNECTION, OTHER_ADDRESS = (f"{id[:-3]}two" for id in (GATEWAY, CONNECTION, ADDRESS))
ELSEWHERE = GATEWAY.replace("00000000-", "11111111-")


def must_be_the_id_of(thing: str, kind: str, command: str) -> str:
    return (
        f"must be exactly the id of a {thing}, "
        f"/subscriptions/<guid>/resourceGroups/<group>/providers/Microsoft.Network/{kind}/<name>, with nothing after the "
        f"name; copy it from: az network {command} show --resource-group <group> --name <name> --query id --output tsv"
    )


NOT_A_VNET_ID = must_be_the_id_of("virtual network", "virtualNetworks", "vnet")
NOT_A_GATEWAY_ID = must_be_the_id_of("virtual network gateway", "virtualNetworkGateways", "vnet-gateway")
NOT_A_CONNECTION_ID = must_be_the_id_of("connection", "connections", "vpn-connection")
NOT_AN_ADDRESS_ID = must_be_the_id_of("public IP address", "publicIPAddresses", "public-ip")
SAME_VNET = "vnet1 and vnet2 are the same virtual network (casing does not count); give the id of another one"
SAME_GATEWAY = "vnet1 and vnet2 have the same gateway (casing does not count); give the id of another one"
SAME_CONNECTION = "the two directions have the same connection (casing does not count); give the id of another one"
SAME_ADDRESS = "both gateways have the same public IP address (casing does not count); give the id of another one"
SAME_TWO_ADDRESSES = (
    "publicIP and publicIP2 are the same address (casing does not count): give another id, or leave publicIP2 out"
)
ONE_ADDRESS = "a gateway has a second address only with activeActive: set activeActive to true or leave publicIP2 out"
EQUAL_ASNS = (
    "BGP needs different ASNs, and a gateway without asn gets 65515: set vpn.vnet1.gateway.create.asn and "
    "vpn.vnet2.gateway.create.asn to different numbers, such as 65010 and 65020"
)
RESERVED_ASN = "is reserved by Azure or IANA: use a private number from 64512 to 65514 or from 65521 to 65534, or a number of your own"
NO_LONGER = "Azure no longer creates gateways of SKU {}: use {}"
BASIC = "a gateway of SKU Basic cannot have BGP, a custom IPsec policy or two addresses: use VpnGw1AZ"
EXPRESS_ROUTE = "SKU {} is one of ExpressRoute gateways: use VpnGw1AZ, VpnGw2AZ, VpnGw3AZ, VpnGw4AZ or VpnGw5AZ"
UNKNOWN_SKU = "must be a SKU that Azure creates VPN gateways of: VpnGw1AZ, VpnGw2AZ, VpnGw3AZ, VpnGw4AZ or VpnGw5AZ"
GENERATION_2 = (
    "{} exists in Generation2 only: set vpnGatewayGeneration to Generation2, or use VpnGw1AZ, VpnGw2AZ or VpnGw3AZ"
)
GENERATION_1 = (
    "VpnGw1AZ exists in Generation1 only: use VpnGw2AZ or larger with Generation2, or leave vpnGatewayGeneration out"
)
NOT_A_RANGE = "must be an IPv4 range in CIDR notation whose address is the first of the range, such as 10.0.255.0/27"
SMALL_RANGE = "is too small for a gateway: Azure needs a /27 or larger"
TAG_NAME = "the name of a tag must have 1 to 512 characters, none of them < > % & ? / or a backslash"
OUR_TAGS = (
    "managed-by, vnetlink-owner, vnetlink-handed-over, vnetlink-gateway-subnet and vnetlink-public-ips are written by the "
    "operator: leave them out or choose other names"
)
TAGS_TWICE = "two tags have the same name but for casing, which Azure does not tell apart: leave one of them out"
SECRET_NAME = "must be the name of a Secret: lower-case letters, digits, dots and dashes, beginning and ending with a letter or digit"
SECRET_KEY = (
    "must be a key of the Secret's data, not the shared key itself: letters, digits, dots, dashes and underscores"
)
TIMEOUT = "must be 1s to 24h, in hours, minutes and seconds such as 30s, 10m or 1h30m"
DATA_SIZE = "must be at least 1024 kilobytes, or 0 for no limit"
INTEGRITY = "{0} checks integrity by itself: set ipsecIntegrity to {0}, too"
OTHER_VNET = (
    "cannot be changed to another virtual network: create a second object for the other pair and delete this one when it is "
    "no longer wanted"
)
GATEWAY_STAYS = (
    "cannot be added, changed or removed later, because the connections belong to the gateway: delete this object and create "
    "it with the other gateway"
)
CREATE_STAYS = (
    "create can be added, but not removed later, because the gateway belongs to this object: delete this object, with "
    "deletionPolicy Orphan if the gateway is to stay"
)
CONNECTION_STAYS = (
    "cannot be added, changed or removed later, because Azure can only delete and make the connection again: delete this "
    "object and create it with the other id"
)
GENERATION_STAYS = (
    "cannot be changed, because Azure can only delete and make the gateway again: delete this object and create it with the "
    "other generation"
)
PROTOCOL_STAYS = (
    "cannot be changed, because Azure can only delete and make the connections again: delete this object and create it with "
    "the other protocol"
)
ADDRESS_STAYS = (
    "cannot be added, changed or removed later, because a gateway keeps the address it was made with: delete this object and "
    "create it with the other address"
)
SECOND_ADDRESS_STAYS = (
    "cannot be added, changed or removed while activeActive stays true, because a gateway keeps the addresses it was made "
    "with: delete this object and create it with the other address"
)
SUBNET_STAYS = (
    "can be added, but neither changed nor removed later, because a subnet with a gateway in it cannot move: delete this "
    "object and create it with the other range"
)

KEY = {"secretRef": {"name": "vpn"}}
POLICY = {
    "saLifeTimeSeconds": 27000,
    "saDataSizeKilobytes": 102400000,
    "ipsecEncryption": "GCMAES256",
    "ipsecIntegrity": "GCMAES256",
    "ikeEncryption": "AES256",
    "ikeIntegrity": "SHA384",
    "dhGroup": "DHGroup24",
    "pfsGroup": "PFS24",
}
SIDES = ("vnet1", "vnet2")
ADDRESS_FIELDS = [(one, two) for one in ("publicIP", "publicIP2") for two in ("publicIP", "publicIP2")]
both_sides = pytest.mark.parametrize("side", SIDES)


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    with own_namespace(cluster) as name:
        yield name


def pair(name: str = "weu-to-neu", *, spec: Object | None = None, **vpn: Any) -> Object:
    """A VpnConnectionPair; what is named is under spec.vpn."""
    ends = {"vnet1": {"id": APP}, "vnet2": {"id": DATA}}
    return {
        "apiVersion": "vnetlink.dev/v1alpha1",
        "kind": "VpnConnectionPair",
        "metadata": {"name": name},
        "spec": {**ends, "vpn": {"sharedKey": KEY, **vpn}, **(spec or {})},
    }


def gateways(one: Object | None = None, two: Object | None = None) -> Object:
    """Both gateways as arguments of pair()."""
    return {"vnet1": {"gateway": one or {}}, "vnet2": {"gateway": two or {}}}


def making(side: str = "vnet1", **create: Any) -> Object:
    """A pair that makes the gateway of one side."""
    return pair(**{side: {"gateway": {"create": create}}})


def below(field: str, side: str = "vnet1") -> str:
    return f"spec.vpn.{side}.gateway.create.{field}"


def one_policy(**changed: Any) -> Object:
    return pair(ipsecPolicies=[POLICY | changed])


# -- ids


@pytest.mark.parametrize(
    "id", [GATEWAY, GATEWAY.upper(), GATEWAY.lower(), GATEWAY[:-2], f"{GATEWAY}{'g' * 77}", ELSEWHERE, f"{GATEWAY}-._1"]
)
def test_the_id_of_a_gateway_is_accepted_in_any_casing_subscription_and_length(cluster: Cluster, id: str) -> None:
    answer = tried(cluster, pair(vnet1={"gateway": {"id": id}}))
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("id", [*not_an_id(GATEWAY).values(), APP, f"{GATEWAY}{'g' * 78}"])
def test_anything_but_the_id_of_a_gateway_is_refused(cluster: Cluster, id: str) -> None:
    refused(tried(cluster, pair(vnet1={"gateway": {"id": id}})), "spec.vpn.vnet1.gateway.id", NOT_A_GATEWAY_ID)


@pytest.mark.parametrize("id", [*not_an_id(CONNECTION).values(), GATEWAY, f"{CONNECTION}{'c' * 78}"])
def test_anything_but_the_id_of_a_connection_is_refused(cluster: Cluster, id: str) -> None:
    refused(tried(cluster, pair(vnet1={"connection": {"id": id}})), "spec.vpn.vnet1.connection.id", NOT_A_CONNECTION_ID)


@pytest.mark.parametrize("field", ["publicIP", "publicIP2"])
def test_anything_but_the_id_of_a_public_ip_address_is_refused(cluster: Cluster, field: str) -> None:
    for id in (*not_an_id(ADDRESS).values(), "203.0.113.7", CONNECTION, f"{ADDRESS}{'i' * 78}"):
        answer = tried(cluster, making(activeActive=True, **{field: {"id": id}}))
        refused(answer, below(f"{field}.id"), NOT_AN_ADDRESS_ID)


@pytest.mark.parametrize(
    ("vpn", "field", "sentence"),
    [
        ({"vnet2": {"gateway": {"id": f"{GATEWAY}/"}}}, "vnet2.gateway.id", NOT_A_GATEWAY_ID),
        ({"vnet2": {"connection": {"id": f"{CONNECTION}/"}}}, "vnet2.connection.id", NOT_A_CONNECTION_ID),
        (
            gateways({}, {"create": {"publicIP": {"id": f"{ADDRESS}/"}}}),
            "vnet2.gateway.create.publicIP.id",
            NOT_AN_ADDRESS_ID,
        ),
    ],
)
def test_the_rules_hold_for_the_other_side_too(cluster: Cluster, vpn: Object, field: str, sentence: str) -> None:
    refused(tried(cluster, pair(**vpn)), f"spec.vpn.{field}", sentence)


def test_an_end_is_what_it_is_in_a_peering_pair(cluster: Cluster) -> None:
    refused(tried(cluster, pair(spec={"vnet1": {"id": f"{APP}/"}})), "spec.vnet1.id", NOT_A_VNET_ID)
    refused(tried(cluster, pair(spec={"vnet2": {"id": APP.upper()}})), "spec.vnet2.id", SAME_VNET)


@pytest.mark.parametrize("casing", [str, str.upper, str.lower])
def test_one_thing_cannot_stand_on_both_sides(cluster: Cluster, casing: Any) -> None:
    twice = pair(**gateways({"id": GATEWAY}, {"id": casing(GATEWAY)}))
    refused(tried(cluster, twice), "spec.vpn.vnet2.gateway.id", SAME_GATEWAY)
    twice = pair(vnet1={"connection": {"id": CONNECTION}}, vnet2={"connection": {"id": casing(CONNECTION)}})
    refused(tried(cluster, twice), "spec.vpn.vnet2.connection.id", SAME_CONNECTION)


@pytest.mark.parametrize(("one", "two"), ADDRESS_FIELDS)
def test_one_address_cannot_serve_two_gateways(cluster: Cluster, one: str, two: str) -> None:
    def both(second: str) -> Object:
        creates = ({"activeActive": True, one: {"id": ADDRESS}}, {"activeActive": True, two: {"id": second}})
        return pair(**gateways(*({"create": create} for create in creates)))

    refused(tried(cluster, both(ADDRESS.upper())), below(f"{two}.id", "vnet2"), SAME_ADDRESS)
    assert tried(cluster, both(OTHER_ADDRESS)).returncode == 0


# -- a gateway that is made


@pytest.mark.parametrize(
    ("sku", "sentence"),
    [
        *((f"VpnGw{n}", NO_LONGER.format(f"VpnGw{n}", f"VpnGw{n}AZ")) for n in range(1, 6)),
        ("Standard", NO_LONGER.format("Standard", "VpnGw1AZ")),
        ("HighPerformance", NO_LONGER.format("HighPerformance", "VpnGw2AZ")),
        ("Basic", BASIC),
        *((sku, EXPRESS_ROUTE.format(sku)) for sku in ("ErGw1AZ", "ErGwScale", "UltraPerformance")),
        *((sku, UNKNOWN_SKU) for sku in ("", "VpnGw6AZ", "vpngw1az", "VpnGw1AZ\n", " VpnGw1AZ", "VpnGw1az", "large")),
    ],
)
def test_a_sku_that_azure_does_not_create_is_refused_with_one_that_it_does(
    cluster: Cluster, sku: str, sentence: str
) -> None:
    refused(tried(cluster, making(sku=sku)), below("sku"), sentence)


@both_sides
def test_sku_and_generation_must_go_together(cluster: Cluster, side: str) -> None:
    by_generation = {
        "Generation1": ("VpnGw1AZ", "VpnGw2AZ", "VpnGw3AZ"),
        "Generation2": ("VpnGw2AZ", "VpnGw3AZ", "VpnGw4AZ", "VpnGw5AZ"),
    }
    for generation, skus in by_generation.items():
        for sku in skus:
            answer = tried(cluster, making(side, sku=sku, vpnGatewayGeneration=generation))
            assert answer.returncode == 0, answer.stderr
    for sku in ("VpnGw4AZ", "VpnGw5AZ"):
        refused(tried(cluster, making(side, sku=sku)), below("sku", side), GENERATION_2.format(sku))
    refused(tried(cluster, making(side, vpnGatewayGeneration="Generation2")), below("sku", side), GENERATION_1)


@pytest.mark.parametrize(
    "asn", [8074, 8075, 12076, 23456, 64496, 64511, 65516, 65517, 65518, 65519, 65520, 65535, 65551]
)
def test_an_asn_that_is_reserved_is_refused(cluster: Cluster, asn: int) -> None:
    refused(tried(cluster, making(asn=asn)), below("asn"), RESERVED_ASN)


@pytest.mark.parametrize("asn", [1, 64495, 64512, 65010, 65514, 65515, 65521, 65534, 65552, 4294967294])
def test_any_other_asn_is_accepted_and_so_is_the_one_that_gateways_have_anyway(cluster: Cluster, asn: int) -> None:
    answer = tried(cluster, making(asn=asn))
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    ("one", "two"), [({}, {}), ({"asn": 65010}, {"asn": 65010}), ({"asn": 65515}, {}), ({}, {"asn": 65515})]
)
def test_two_gateways_with_one_asn_can_be_made_but_not_for_bgp(cluster: Cluster, one: Object, two: Object) -> None:
    both = gateways({"create": one}, {"create": two})
    refused(tried(cluster, pair(enableBgp=True, **both)), below("asn", "vnet2"), EQUAL_ASNS)
    assert tried(cluster, pair(enableBgp=False, **both)).returncode == 0


@pytest.mark.parametrize(
    "both",
    [
        gateways(),
        gateways({"create": {}}, {}),
        gateways({"create": {"asn": 65010}}, {"create": {"asn": 65020}}),
        gateways({"create": {"asn": 65010}}, {"create": {}}),
    ],
)
def test_bgp_between_different_or_unknown_asns_is_accepted(cluster: Cluster, both: Object) -> None:
    answer = tried(cluster, pair(enableBgp=True, **both))
    assert answer.returncode == 0, answer.stderr


@both_sides
def test_a_second_address_is_one_of_an_active_active_gateway(cluster: Cluster, side: str) -> None:
    second: Object
    for second in ({}, {"id": ADDRESS}):
        refused(tried(cluster, making(side, publicIP2=second)), below("publicIP2", side), ONE_ADDRESS)
        assert tried(cluster, making(side, activeActive=True, publicIP2=second)).returncode == 0
    twice = making(side, activeActive=True, publicIP={"id": ADDRESS}, publicIP2={"id": ADDRESS.upper()})
    refused(tried(cluster, twice), below("publicIP2.id", side), SAME_TWO_ADDRESSES)
    different = making(side, activeActive=True, publicIP={"id": ADDRESS}, publicIP2={"id": OTHER_ADDRESS})
    assert tried(cluster, different).returncode == 0


@pytest.mark.parametrize(
    ("prefix", "sentence"),
    [
        *((p, NOT_A_RANGE) for p in ("", "10.0.0.0", "10.0.0.1/27", "10.0.0.0/33", "fd00::/64", "10.0.0.0/27\n", "a")),
        ("10.0.0.0/30", SMALL_RANGE),
        ("10.0.0.1/32", SMALL_RANGE),
    ],
)
def test_a_range_that_cannot_be_a_gateway_subnet_is_refused(cluster: Cluster, prefix: str, sentence: str) -> None:
    field = below("gatewaySubnet.addressPrefix")
    refused(tried(cluster, making(gatewaySubnet={"addressPrefix": prefix})), field, sentence)


@pytest.mark.parametrize("prefix", ["10.0.255.0/27", "10.0.0.0/27", "10.0.0.32/27", "192.168.0.0/16"])
def test_a_range_that_can_be_a_gateway_subnet_is_accepted(cluster: Cluster, prefix: str) -> None:
    answer = tried(cluster, making(gatewaySubnet={"addressPrefix": prefix}))
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    ("tags", "sentence"),
    [
        *(({name: "v"}, TAG_NAME) for name in ("", *(f"a{sign}b" for sign in "<>%&\\?/"), "n" * 513)),
        *(({name: "v"}, OUR_TAGS) for name in (*sorted(OURS), "Managed-By", "VNETLINK-OWNER")),
        ({"Team": "a", "team": "b"}, TAGS_TWICE),
    ],
)
def test_tags_that_azure_or_the_operator_cannot_take_are_refused(cluster: Cluster, tags: Object, sentence: str) -> None:
    refused(tried(cluster, making(tags=tags)), below("tags"), sentence)


def test_thirteen_tags_leave_room_for_two(cluster: Cluster) -> None:
    many = {f"{n}{'n' * 500}-é .:": "v" * 256 for n in range(14)}
    answer = tried(cluster, making(tags=dict(list(many.items())[:13])))
    assert answer.returncode == 0, answer.stderr
    answer = tried(cluster, making(tags=many))
    assert f"{below('tags')}: Too many: 14: must have at most 13 items" in answer.stderr
    answer = tried(cluster, making(tags={"a": "v" * 257}))
    assert f"{below('tags.a')}: Too long: may not be more than 256" in answer.stderr


# -- the shared key and the connections


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"vpn": None}, "spec.vpn: Required value"),
        ({"vpn": {}}, "spec.vpn.sharedKey: Required value"),
        ({"vpn": {"sharedKey": {}}}, "spec.vpn.sharedKey.secretRef: Required value"),
        ({"vpn": {"sharedKey": {"generate": True}}}, "spec.vpn.sharedKey.secretRef: Required value"),
        ({"vpn": {"sharedKey": {"secretRef": {}}}}, "spec.vpn.sharedKey.secretRef.name: Required value"),
    ],
)
def test_the_secret_must_be_named(cluster: Cluster, spec: Object, words: str) -> None:
    answer = tried(cluster, pair(spec=spec))
    assert answer.returncode == 1
    assert words in answer.stderr


@pytest.mark.parametrize("field", ["value", "key", "psk", "sharedKey"])
def test_there_is_no_place_for_the_key_itself(cluster: Cluster, field: str) -> None:
    answer = tried(cluster, pair(sharedKey=KEY | {field: "s3cret"}))
    assert answer.returncode == 1
    assert f'unknown field "spec.vpn.sharedKey.{field}"' in answer.stderr
    assert "s3cret" not in answer.stderr + answer.stdout


def test_a_key_where_the_reference_belongs_is_refused_and_not_repeated(cluster: Cluster) -> None:
    for key in ("s3cret", ["s3cret"]):
        answer = tried(cluster, pair(sharedKey=key))
        assert "spec.vpn.sharedKey in body must be of type object" in answer.stderr
        assert "s3cret" not in answer.stderr + answer.stdout


@pytest.mark.parametrize(
    ("vpn", "field", "sentence"),
    [
        *(
            ({"sharedKey": {"secretRef": {"name": name}}}, "sharedKey.secretRef.name", SECRET_NAME)
            for name in ("", "A", "-a", "a/b", "a\n")
        ),
        *(
            ({"sharedKey": {"secretRef": {"name": "a", "key": key}}}, "sharedKey.secretRef.key", SECRET_KEY)
            for key in ("", "a/b", "a b", "a\n")
        ),
        *(
            (
                {"sharedKey": KEY | {"rotation": {"verifyTimeout": text}}},
                "sharedKey.rotation.verifyTimeout",
                TIMEOUT,
            )
            for text in ("", "0s", "10", "1 week", "24h1s", "10m\n", "1500ms")
        ),
        *(
            (
                {"ipsecPolicies": [POLICY | {"saDataSizeKilobytes": size}]},
                "ipsecPolicies[0].saDataSizeKilobytes",
                DATA_SIZE,
            )
            for size in (1, 1023)
        ),
        *(
            (
                {"ipsecPolicies": [POLICY | {"ipsecEncryption": gcm, "ipsecIntegrity": other}]},
                "ipsecPolicies[0].ipsecIntegrity",
                INTEGRITY.format(gcm),
            )
            for gcm, other in (("GCMAES128", "SHA256"), ("GCMAES192", "GCMAES256"), ("GCMAES256", "GCMAES192"))
        ),
    ],
)
def test_a_wrong_value_is_refused_in_a_sentence_that_names_the_fix(
    cluster: Cluster, vpn: Object, field: str, sentence: str
) -> None:
    refused(tried(cluster, pair(**vpn)), f"spec.vpn.{field}", sentence)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (pair(connectionProtocol="IKEv3"), 'supported values: "IKEv2", "IKEv1"'),
        (pair(connectionMode="Both"), 'supported values: "Default", "InitiatorOnly", "ResponderOnly"'),
        (pair(sharedKey=KEY | {"rotation": {"onFailure": "Ignore"}}), 'supported values: "Rollback", "Hold"'),
        (pair(dpdTimeoutSeconds=8), "spec.vpn.dpdTimeoutSeconds in body should be greater than or equal to 9"),
        (pair(dpdTimeoutSeconds=3601), "spec.vpn.dpdTimeoutSeconds in body should be less than or equal to 3600"),
        (pair(routingWeight=-1), "spec.vpn.routingWeight in body should be greater than or equal to 0"),
        (pair(routingWeight=32001), "spec.vpn.routingWeight in body should be less than or equal to 32000"),
        (pair(ipsecPolicies=[POLICY, POLICY]), "spec.vpn.ipsecPolicies: Too many: 2: must have at most 1 item"),
        (one_policy(saLifeTimeSeconds=299), "saLifeTimeSeconds in body should be greater than or equal to 300"),
        (one_policy(saLifeTimeSeconds=172800), "saLifeTimeSeconds in body should be less than or equal to 172799"),
        (
            one_policy(saDataSizeKilobytes=2**31),
            "saDataSizeKilobytes in body should be less than or equal to 2147483647",
        ),
        (making(vpnGatewayGeneration="None"), 'supported values: "Generation1", "Generation2"'),
        (making(asn=0), "asn in body should be greater than or equal to 1"),
        (making(asn=4294967295), "asn in body should be less than or equal to 4294967294"),
        (making(gatewaySubnet={"prefixLength": 23}), "prefixLength in body should be greater than or equal to 24"),
        (making(gatewaySubnet={"prefixLength": 30}), "prefixLength in body should be less than or equal to 27"),
        (making(enableBgp=True), 'unknown field "spec.vpn.vnet1.gateway.create.enableBgp"'),
        (pair(spec={"peering": {}}), 'unknown field "spec.peering"'),
        (pair(spec={"vnet1": {"id": APP, "create": {}}}), 'unknown field "spec.vnet1.create"'),
    ],
)
def test_a_value_outside_the_schema_is_refused_by_name(cluster: Cluster, document: Object, words: str) -> None:
    answer = tried(cluster, document)
    assert answer.returncode == 1
    assert words in answer.stderr


@pytest.mark.parametrize("field", POLICY)
def test_a_custom_policy_has_all_eight_fields_with_azures_values(cluster: Cluster, field: str) -> None:
    partial = {name: value for name, value in POLICY.items() if name != field}
    assert f"spec.vpn.ipsecPolicies[0].{field}: Required value" in tried(cluster, pair(ipsecPolicies=[partial])).stderr
    if isinstance(POLICY[field], str):
        assert f'{field}: Unsupported value: "AES512"' in tried(cluster, one_policy(**{field: "AES512"})).stderr


@pytest.mark.parametrize(
    "document",
    [
        pair(sharedKey={"secretRef": {"name": "a.b-c", "key": "_psk.2-a"}, "generate": True}),
        pair(sharedKey=KEY | {"rotation": {"verifyTimeout": "24h", "onFailure": "Hold"}}),
        pair(sharedKey=KEY | {"rotation": {"verifyTimeout": "1s"}}),
        pair(connectionProtocol="IKEv1", connectionMode="ResponderOnly", dpdTimeoutSeconds=9, routingWeight=32000),
        pair(connectionMode="InitiatorOnly", dpdTimeoutSeconds=3600, routingWeight=0),
        one_policy(),
        one_policy(saLifeTimeSeconds=300, saDataSizeKilobytes=1024, ipsecEncryption="AES256", ipsecIntegrity="SHA256"),
        one_policy(saLifeTimeSeconds=172799, saDataSizeKilobytes=0, ikeEncryption="GCMAES256", dhGroup="None"),
        making(gatewaySubnet={"prefixLength": 24}),
        making(gatewaySubnet={"prefixLength": 27}),
        pair(**gateways({"id": GATEWAY, "create": {"tags": {"team": "net"}}}, {"id": OTHER_GATEWAY})),
        pair(vnet1={"connection": {"id": CONNECTION}}, vnet2={"connection": {"id": OTHER_CONNECTION}}),
        pair(spec={"vnet2": {"id": DATA, "managementPolicy": "Observe"}, "interval": "30s", "suspend": True}),
    ],
)
def test_what_the_rules_allow_is_accepted(cluster: Cluster, document: Object) -> None:
    answer = tried(cluster, document)
    assert answer.returncode == 0, answer.stderr


def test_a_name_of_more_than_63_characters_is_refused(cluster: Cluster) -> None:
    assert tried(cluster, pair("a" * 63)).returncode == 0
    answer = tried(cluster, pair("a" * 64))
    assert "metadata.name has more than 63 characters; choose a shorter one" in answer.stderr


# -- identity


def settled() -> Object:
    """A pair with every optional part of its identity, on both sides."""

    def side(gateway: str, connection: str, address: str, number: int) -> Object:
        wanted = {
            "sku": "VpnGw2AZ",
            "activeActive": True,
            "asn": 65010 + number,
            "publicIP": {"id": f"{address}-a"},
            "publicIP2": {"id": f"{address}-b"},
            "gatewaySubnet": {"addressPrefix": f"10.{number}.255.0/27"},
        }
        return {"gateway": {"id": gateway, "create": wanted}, "connection": {"id": connection}}

    return pair(
        vnet1=side(GATEWAY, CONNECTION, ADDRESS, 1), vnet2=side(OTHER_GATEWAY, OTHER_CONNECTION, OTHER_ADDRESS, 2)
    )


def create(**changed: Any) -> Object:
    return {"gateway": {"create": changed}}


GONE: Object = {"id": None}


@both_sides
def test_a_change_of_identity_is_refused(cluster: Cluster, namespace: str, side: str) -> None:
    pairs: list[tuple[Object, str, str]] = [
        ({"gateway": {"id": ELSEWHERE}}, "gateway.id", GATEWAY_STAYS),
        ({"gateway": GONE}, "gateway.id", GATEWAY_STAYS),
        ({"gateway": {"create": None}}, "gateway.create", CREATE_STAYS),
        ({"connection": {"id": f"{CONNECTION}-3"}}, "connection.id", CONNECTION_STAYS),
        ({"connection": GONE}, "connection.id", CONNECTION_STAYS),
        ({"connection": None}, "connection.id", CONNECTION_STAYS),
        (create(vpnGatewayGeneration="Generation2"), "gateway.create.vpnGatewayGeneration", GENERATION_STAYS),
        (create(publicIP={"id": f"{ADDRESS}-c"}), "gateway.create.publicIP.id", ADDRESS_STAYS),
        (create(publicIP=GONE), "gateway.create.publicIP.id", ADDRESS_STAYS),
        (create(publicIP=None), "gateway.create.publicIP.id", ADDRESS_STAYS),
        (create(publicIP2={"id": f"{ADDRESS}-c"}), "gateway.create.publicIP2.id", SECOND_ADDRESS_STAYS),
        (create(publicIP2=GONE), "gateway.create.publicIP2.id", SECOND_ADDRESS_STAYS),
        (create(publicIP2=None), "gateway.create.publicIP2.id", SECOND_ADDRESS_STAYS),
        (
            create(gatewaySubnet={"addressPrefix": "10.9.0.0/27"}),
            "gateway.create.gatewaySubnet.addressPrefix",
            SUBNET_STAYS,
        ),
        (create(gatewaySubnet={"addressPrefix": None}), "gateway.create.gatewaySubnet.addressPrefix", SUBNET_STAYS),
        (create(gatewaySubnet=None), "gateway.create.gatewaySubnet.addressPrefix", SUBNET_STAYS),
    ]
    before = stored(cluster, namespace, settled())
    for change, field, sentence in pairs:
        refused(patched(cluster, namespace, before, {"vpn": {side: change}}), f"spec.vpn.{side}.{field}", sentence)
    other = {side: {"id": f"{VNETS}/other"}}
    refused(patched(cluster, namespace, before, other), f"spec.{side}.id", OTHER_VNET)


@both_sides
def test_nothing_of_the_identity_can_be_added_later(cluster: Cluster, namespace: str, side: str) -> None:
    bare = stored(cluster, namespace, pair())
    bare_create = stored(cluster, namespace, making(side, activeActive=True) | {"metadata": {"name": "made"}})
    for before, change, field, sentence in (
        (bare, {"gateway": {"id": GATEWAY}}, "gateway.id", GATEWAY_STAYS),
        (bare, {"connection": {"id": CONNECTION}}, "connection.id", CONNECTION_STAYS),
        (bare_create, create(publicIP={"id": ADDRESS}), "gateway.create.publicIP.id", ADDRESS_STAYS),
        (bare_create, create(publicIP2={"id": ADDRESS}), "gateway.create.publicIP2.id", SECOND_ADDRESS_STAYS),
    ):
        refused(patched(cluster, namespace, before, {"vpn": {side: change}}), f"spec.vpn.{side}.{field}", sentence)


@both_sides
def test_what_a_refusal_asks_for_can_be_added_later(cluster: Cluster, namespace: str, side: str) -> None:
    """GatewayMissing asks for `create`, NoFreePrefix for another range."""
    before = stored(cluster, namespace, pair())
    for change in ({"gateway": {"create": {}}}, create(gatewaySubnet={"addressPrefix": "10.9.0.0/27"})):
        answer = patched(cluster, namespace, before, {"vpn": {side: change}})
        assert answer.returncode == 0, answer.stderr


@both_sides
def test_dropping_a_whole_side_does_not_step_round_identity(cluster: Cluster, namespace: str, side: str) -> None:
    before = stored(cluster, namespace, settled())
    dropped: Object
    for dropped in ({side: None}, {side: {"gateway": None}}):
        answer = patched(cluster, namespace, before, {"vpn": dropped})
        assert answer.returncode == 1
        assert GATEWAY_STAYS in answer.stderr
        assert CREATE_STAYS in answer.stderr
    assert CONNECTION_STAYS in patched(cluster, namespace, before, {"vpn": {side: None}}).stderr
    assert "spec.vpn: Required value" in patched(cluster, namespace, before, {"vpn": None}).stderr


def test_the_protocol_cannot_be_changed(cluster: Cluster, namespace: str) -> None:
    before = stored(cluster, namespace, pair())
    refused(
        patched(cluster, namespace, before, {"vpn": {"connectionProtocol": "IKEv1"}}),
        "spec.vpn.connectionProtocol",
        PROTOCOL_STAYS,
    )
    before = stored(cluster, namespace, pair("older", connectionProtocol="IKEv1"))
    dropped = patched(cluster, namespace, before, {"vpn": {"connectionProtocol": None}})
    refused(dropped, "spec.vpn.connectionProtocol", PROTOCOL_STAYS)


@pytest.mark.parametrize(
    "change",
    [
        {"vnet1": {"id": APP.upper()}, "vnet2": {"id": DATA.lower()}},
        {"vpn": {"vnet1": {"gateway": {"id": GATEWAY.upper()}, "connection": {"id": CONNECTION.lower()}}}},
        {"vpn": {"vnet1": create(publicIP={"id": f"{ADDRESS}-A"}, publicIP2={"id": f"{ADDRESS}-B"})}},
        {"vpn": {"vnet2": create(sku="VpnGw3AZ", asn=65099, tags={"team": "net"}, gatewaySubnet={"prefixLength": 26})}},
        {"vpn": {"vnet1": create(activeActive=False, publicIP2=None)}},
        {"vpn": {"sharedKey": {"secretRef": {"name": "next", "key": "psk"}, "generate": True}}},
        {"vpn": {"enableBgp": True, "routingWeight": 20, "dpdTimeoutSeconds": 30, "connectionMode": "InitiatorOnly"}},
        {"vpn": {"ipsecPolicies": [POLICY]}},
        {"suspend": True, "deletionPolicy": "Orphan", "interval": "1m"},
    ],
)
def test_casing_and_everything_that_is_no_identity_can_be_changed(
    cluster: Cluster, namespace: str, change: Object
) -> None:
    before = stored(cluster, namespace, settled())
    answer = patched(cluster, namespace, before, change)
    assert answer.returncode == 0, answer.stderr


def test_a_gateway_can_become_active_active_with_a_second_address(cluster: Cluster, namespace: str) -> None:
    before = stored(cluster, namespace, making())
    answer = patched(
        cluster, namespace, before, {"vpn": {"vnet1": create(activeActive=True, publicIP2={"id": ADDRESS})}}
    )
    assert answer.returncode == 0, answer.stderr


# -- defaults and apply

PLAIN = {"gateway": {}, "connection": {}}
MADE = {
    "sku": "VpnGw1AZ",
    "vpnGatewayGeneration": "Generation1",
    "activeActive": False,
    "publicIP": {},
    "gatewaySubnet": {"prefixLength": 27},
    "tags": {},
}


def test_the_shortest_object_makes_no_gateway_gets_every_default_and_counts_as_unseen(
    cluster: Cluster, namespace: str
) -> None:
    forged = pair() | {"status": {"observedGeneration": 7, "sharedKey": {"state": "Matching"}}}
    made = stored(cluster, namespace, forged)
    assert made["status"] == {"observedGeneration": -1}
    assert made["spec"] == {
        "vnet1": {"id": APP, "managementPolicy": "Manage"},
        "vnet2": {"id": DATA, "managementPolicy": "Manage"},
        "vpn": {
            "vnet1": PLAIN,
            "vnet2": PLAIN,
            "sharedKey": {
                "secretRef": {"name": "vpn", "key": "sharedKey"},
                "generate": False,
                "rotation": {"verifyTimeout": "10m", "onFailure": "Rollback"},
            },
            "connectionProtocol": "IKEv2",
            "connectionMode": "Default",
            "dpdTimeoutSeconds": 45,
            "routingWeight": 10,
            "enableBgp": False,
            "ipsecPolicies": [],
        },
        "suspend": False,
        "managementPolicy": "Manage",
        "adoptionPolicy": "IfMatching",
        "deletionPolicy": "DeleteCreated",
        "interval": "5m",
    }


@both_sides
def test_defaults_are_filled_in_beside_what_is_given(cluster: Cluster, namespace: str, side: str) -> None:
    pairs: list[tuple[Object, Object]] = [
        ({}, PLAIN),
        ({"connection": {"id": CONNECTION}}, PLAIN | {"connection": {"id": CONNECTION}}),
        ({"gateway": {"id": GATEWAY}}, PLAIN | {"gateway": {"id": GATEWAY}}),
        (create(), PLAIN | {"gateway": {"create": MADE}}),
        (create(gatewaySubnet={}, tags={"a": "b"}), PLAIN | {"gateway": {"create": MADE | {"tags": {"a": "b"}}}}),
    ]
    for number, (given, shown) in enumerate(pairs):
        assert stored(cluster, namespace, pair(f"pair-{number}", **{side: given}))["spec"]["vpn"][side] == shown
    shared = KEY | {"rotation": {"onFailure": "Hold"}}
    vpn = stored(cluster, namespace, pair(sharedKey=shared))["spec"]["vpn"]
    assert vpn["sharedKey"]["rotation"] == {"verifyTimeout": "10m", "onFailure": "Hold"}


@pytest.mark.parametrize("mode", ["--server-side=true", "--server-side=false"])
def test_the_same_file_applied_again_changes_nothing(cluster: Cluster, namespace: str, mode: str) -> None:
    document = settled()
    first, unseen = (applied(cluster, namespace, document, mode) for _ in range(2))
    # The API server does not store the default of status on create; the first write without a change does.
    for version in (first, unseen):
        version["metadata"].pop("resourceVersion")
    assert unseen == first
    assert unseen["metadata"]["generation"] == 1


def test_a_status_in_full_is_stored_and_shown_in_the_columns(cluster: Cluster, namespace: str) -> None:
    made = stored(cluster, namespace, pair())
    gateway = {
        "id": GATEWAY,
        "name": "one",
        "state": "Succeeded",
        "sku": "VpnGw1AZ",
        "vpnGatewayGeneration": "Generation1",
        "activeActive": True,
        "asn": 65515,
        "origin": "Created",
        "publicIPAddresses": ["203.0.113.7", "203.0.113.8"],
    }
    direction = {
        "id": CONNECTION,
        "name": "app-data",
        "state": "Connected",
        "provisioningState": "Succeeded",
        "connectionStatus": "Connected",
        "origin": "Adopted",
    }
    condition = {"type": "Ready", "status": "False", "reason": "Creating", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    status = {
        "observedGeneration": 1,
        "conditions": [condition | {"message": "Be patient."}],
        "vnet1": {
            "id": APP,
            "name": "app",
            "location": "westeurope",
            "addressPrefixes": ["10.0.0.0/16"],
            "origin": "Selected",
            "gateway": gateway,
        },
        "vnet2": {"id": DATA, "name": "data", "origin": "Selected", "gateway": {"state": "Creating"}},
        "vnet1ToVnet2": direction,
        "vnet2ToVnet1": {"state": "Missing"},
        "sharedKey": {
            "state": "Matching",
            "secretResourceVersion": "227",
            "lastRotationTime": "2026-01-01T00:00:00Z",
            "rotation": "Idle",
        },
        "encryption": {"type": "IPsec", "protocol": "IKEv2", "policy": "Default"},
        "resources": [
            {"role": "Gateway", "id": GATEWAY, "origin": "Created", "state": "Succeeded", "onDelete": "Delete"}
        ],
        "findings": [{"code": "EqualAsn", "severity": "Info", "id": "", "message": "m", "remediation": "r"}],
        "plannedActions": [
            {"action": "CreateGateway", "id": GATEWAY, "detail": "d", "billable": True, "outage": False}
        ],
        "lastHandledReconcileAt": "now",
    }
    target = ("vpnconnectionpair", "weu-to-neu", "-n", namespace)
    patch = json.dumps({"status": copy.deepcopy(status)})
    cluster.kubectl("patch", *target, "--subresource=status", "--type=merge", "-p", patch)
    seen = json.loads(cluster.kubectl("get", *target, "-o", "json").stdout)
    assert seen["status"] == status
    assert seen["metadata"]["generation"] == made["metadata"]["generation"]
    header, row = cluster.kubectl("get", *target, "-o", "wide").stdout.splitlines()
    narrow = ["NAME", "GW1", "GW2", "1->2", "2->1", "READY", "REASON", "AGE"]
    assert header.split() == [*narrow, "VNET1", "VNET2", "KEY", "MESSAGE"]
    assert cluster.kubectl("get", *target).stdout.splitlines()[0].split() == narrow
    cells = row.split()
    assert cells[:7] == ["weu-to-neu", "Succeeded", "Creating", "Connected", "Missing", "False", "Creating"]
    assert cells[8:] == ["app", "data", "Matching", "Be", "patient."]


@pytest.mark.parametrize(
    ("status", "field", "allowed"),
    [
        (
            {"vnet1": {"gateway": {"state": "?"}}},
            "status.vnet1.gateway.state",
            ["Missing", "Creating", "Updating", "Succeeded", "Failed", "Deleting", "Unknown"],
        ),
        (
            {"sharedKey": {"rotation": "?"}},
            "status.sharedKey.rotation",
            ["Idle", "Vnet1Updated", "Vnet2Updated", "Verifying", "RolledBack", "Held"],
        ),
        ({"sharedKey": {"state": "?"}}, "status.sharedKey.state", ["Matching", "Differing", "Unknown"]),
    ],
)
def test_a_state_is_one_of_a_closed_list(
    cluster: Cluster, namespace: str, status: Object, field: str, allowed: list[str]
) -> None:
    stored(cluster, namespace, pair())
    target = ("vpnconnectionpair", "weu-to-neu", "-n", namespace, "--subresource=status", "--type=merge")
    answer = cluster.kubectl("patch", *target, "-p", json.dumps({"status": status}), check=False)
    values = ", ".join(f'"{word}"' for word in allowed)
    assert f'{field}: Unsupported value: "?": supported values: {values}' in answer.stderr
