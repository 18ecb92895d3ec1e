"""As a platform engineer I am told in a sentence what is wrong with my VNetLink, before anything is made or billed."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from admission import (
    APP,
    DATA,
    GROUP,
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

ZONE = f"{NETWORK}/privateDnsZones/corp.example"
NOT_A_VNET_ID = (
    "must be exactly the id of a virtual network, "
    "/subscriptions/<guid>/resourceGroups/<group>/providers/Microsoft.Network/virtualNetworks/<name>, with nothing after "
    "the name; copy it from: az network vnet show --resource-group <group> --name <name> --query id --output tsv"
)
NOT_A_ZONE_ID = (
    "must be exactly the id of a private DNS zone, "
    "/subscriptions/<guid>/resourceGroups/<group>/providers/Microsoft.Network/privateDnsZones/<name>, with nothing after "
    "the name; copy it from: az network private-dns zone show --resource-group <group> --name <name> --query id --output tsv"
)
SAME_VNET = "vnet1 and vnet2 are the same virtual network (casing does not count); give the id of another one"
OTHER_VNET = (
    "cannot be changed to another virtual network: create a second object for the other pair and delete this one when it is "
    "no longer wanted"
)
NOT_ENCRYPTED = "a peering cannot be encrypted with IPsec: set method to Auto or Vpn, or encryption to NotRequired"
NEEDS_VPN = (
    "a VPN link needs a `vpn` block: add vpn.sharedKey.secretRef.name, and vpn.vnet1.gateway.create or "
    "vpn.vnet2.gateway.create where a gateway is to be made (and billed)"
)
OVERLAP = (
    "the ranges of vnet1 and vnet2 overlap, and virtual networks with overlapping ranges cannot be connected: give one of them "
    "other addressPrefixes"
)
CREATE_STAYS = (
    "create can be neither added nor removed later, because it decides whose the virtual network is: delete this object, with "
    "deletionPolicy Orphan if everything is to stay, and create it anew"
)
CREATE_OR_OBSERVE = (
    "create makes a virtual network, and Observe leaves everything on this side to someone else: set managementPolicy to "
    "Manage, or leave create out"
)
LOCATION = (
    "must be the name of an Azure region in lower-case letters and digits, such as westeurope; see: az account "
    "list-locations --output table"
)
RANGE = (
    "must be a range in CIDR notation whose address is the first of the range, in its shortest form, such as 10.0.0.0/16 or "
    "fd00:10::/48"
)
ONLY_IPV6 = "a virtual network cannot have IPv6 ranges alone: add an IPv4 range, such as 10.0.0.0/16"
ONE_INSIDE = "one range lies inside another: leave the smaller one out"
SUBNET_NAME = (
    "must be the name of a subnet, not its id: 1 to 80 letters, digits, underscores, dots and dashes, beginning and ending "
    "with a letter, digit or underscore"
)
SUBNET_RANGE = (
    "must be a range in CIDR notation whose address is the first of the range, in its shortest form, such as 10.0.1.0/24 or "
    "fd00:10:0:1::/64"
)
SUBNET_SIZE = "Azure takes subnets of a /29 or larger in IPv4 and of exactly a /64 in IPv6: give another range"
SUBNETS_OVERLAP = "the ranges of two subnets overlap: give one of them another range"
SUBNETS_NAMED_ALIKE = (
    "two subnets have the same name but for casing, which Azure does not tell apart: rename one of them"
)
OUTSIDE = (
    "a subnet lies outside addressPrefixes: give it a range inside one of them, or add the range to addressPrefixes"
)
OUR_TAGS = (
    "managed-by, vnetlink-owner, vnetlink-handed-over, vnetlink-gateway-subnet and vnetlink-public-ips are written by the "
    "operator: leave them out or choose other names"
)
ZONES_TWICE = "two zones are the same but for the casing of their ids: leave one of them out"
TWO_REGISTRATIONS = (
    "Azure registers names of a virtual network in one zone only: leave registrationEnabled to one zone for each virtual "
    "network"
)
NO_PORTS = "Icmp has no ports: leave destinationPort out, or set protocol to Tcp, Udp or Any"
NAME_STAYS = (
    "name cannot be added, changed or removed later, because Azure can only delete and make the peering again: delete this "
    "object and create it with the other name"
)
VNET2_MUST_ALLOW = (
    "vnet1 can use the gateway of vnet2 only when vnet2 allows it; set peering.vnet2.allowGatewayTransit to true"
)
LONG_NAME = "metadata.name has more than 55 characters; choose a shorter one, because the pair is named after it"

VPN: Object = {"sharedKey": {"secretRef": {"name": "psk"}}}
sides = pytest.mark.parametrize(("side", "id"), [("vnet1", APP), ("vnet2", DATA)])


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    with own_namespace(cluster) as name:
        yield name


def link(**spec: Any) -> Object:
    ends = {"vnet1": {"id": APP}, "vnet2": {"id": DATA}}
    return {
        "apiVersion": "vnetlink.dev/v1alpha1",
        "kind": "VNetLink",
        "metadata": {"name": "app-to-data"},
        "spec": {**ends, **spec},
    }


def create(number: int = 1, **changed: Any) -> Object:
    return {"location": "westeurope", "addressPrefixes": [f"10.{number}.0.0/16"], **changed}


def making(side: str = "vnet1", **changed: Any) -> Object:
    """A link that makes the VNet of one side."""
    id = {"vnet1": APP, "vnet2": DATA}[side]
    return link(**{side: {"id": id, "create": create(**changed)}})


def subnet(name: str, range: str) -> Object:
    return {"name": name, "addressPrefix": range}


# -- ids


@pytest.mark.parametrize("id", not_an_id(APP).items(), ids=lambda item: item[0])
def test_anything_but_the_id_of_a_virtual_network_is_refused(cluster: Cluster, id: tuple[str, str]) -> None:
    refused(tried(cluster, link(vnet2={"id": id[1]})), "spec.vnet2.id", NOT_A_VNET_ID)


@pytest.mark.parametrize(
    "id",
    {
        **not_an_id(ZONE),
        "a link of the zone": f"{ZONE}/virtualNetworkLinks/x",
        "name of 254": f"{ZONE}{'x' * 242}",
    }.items(),
    ids=lambda item: item[0],
)
def test_anything_but_the_id_of_a_private_dns_zone_is_refused(cluster: Cluster, id: tuple[str, str]) -> None:
    zones = {"privateDnsZones": [{"id": ZONE.replace("corp", "other")}, {"id": id[1]}]}
    refused(tried(cluster, link(dns=zones)), "spec.dns.privateDnsZones[1].id", NOT_A_ZONE_ID)


def test_both_ends_the_same_virtual_network_in_any_casing_is_refused(cluster: Cluster) -> None:
    refused(tried(cluster, link(vnet2={"id": APP.upper()})), "spec.vnet2.id", SAME_VNET)


# -- the method


@pytest.mark.parametrize(
    ("spec", "field", "sentence"),
    [
        ({"method": "Peering", "encryption": "IPsec"}, "spec.encryption", NOT_ENCRYPTED),
        ({"method": "Peering", "encryption": "IPsec", "vpn": VPN}, "spec.encryption", NOT_ENCRYPTED),
        ({"method": "Vpn"}, "spec.vpn", NEEDS_VPN),
        ({"encryption": "IPsec"}, "spec.vpn", NEEDS_VPN),
        ({"method": "Vpn", "encryption": "IPsec"}, "spec.vpn", NEEDS_VPN),
    ],
)
def test_a_method_that_cannot_be_had_is_refused_with_what_is_missing(
    cluster: Cluster, spec: Object, field: str, sentence: str
) -> None:
    refused(tried(cluster, link(**spec)), field, sentence)


@pytest.mark.parametrize(
    "spec",
    [
        {"method": "Peering"},
        {"method": "Peering", "vpn": VPN},
        {"method": "Vpn", "vpn": VPN},
        {"encryption": "IPsec", "vpn": VPN, "replacePolicy": "BreakBeforeMake"},
        {"method": "Vpn", "encryption": "IPsec", "vpn": VPN},
    ],
)
def test_every_method_that_can_be_had_is_accepted(cluster: Cluster, spec: Object) -> None:
    answer = tried(cluster, link(**spec))
    assert answer.returncode == 0, answer.stderr


def test_a_vpn_link_that_becomes_a_peering_may_drop_its_vpn_block_and_the_other_way_round_needs_one(
    cluster: Cluster, namespace: str
) -> None:
    made = stored(cluster, namespace, link(method="Vpn", vpn=VPN))
    refused(patched(cluster, namespace, made, {"vpn": None}), "spec.vpn", NEEDS_VPN)
    assert patched(cluster, namespace, made, {"vpn": None, "method": "Auto"}).returncode == 0
    refused(patched(cluster, namespace, made, {"encryption": "IPsec"}), "spec.vpn", NEEDS_VPN)
    assert patched(cluster, namespace, made, {"vpn": VPN, "encryption": "IPsec"}).returncode == 0


def test_the_blocks_have_the_rules_that_they_have_in_the_pairs(cluster: Cluster, namespace: str) -> None:
    answer = tried(cluster, link(peering={"vnet1": {"useRemoteGateways": True}}))
    refused(answer, "spec.peering.vnet1.useRemoteGateways", VNET2_MUST_ALLOW)
    made = stored(cluster, namespace, link(peering={"vnet1": {"name": "named"}}))
    refused(patched(cluster, namespace, made, {"peering": None}), "spec.peering.vnet1.name", NAME_STAYS)
    gateway = {"vnet1": {"gateway": {"create": {"sku": "VpnGw1"}}}}
    answer = tried(cluster, link(method="Vpn", vpn=VPN | gateway))
    sentence = "Azure no longer creates gateways of SKU VpnGw1: use VpnGw1AZ"
    refused(answer, "spec.vpn.vnet1.gateway.create.sku", sentence)


# -- a VNet to make


@sides
@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        *(({"location": text}, "location", LOCATION) for text in ("", "West Europe", "westeurope/x", "9", "a\n")),
        *(
            ({"addressPrefixes": ["10.9.0.0/16", text]}, "addressPrefixes[1]", RANGE)
            for text in ("10.0.0.1/16", "10.0.0.0", "10.0.0.0/33", "FD00:10::/48", "fd00:10:0::/48", "", "any")
        ),
        ({"addressPrefixes": ["fd00:10::/48"]}, "addressPrefixes", ONLY_IPV6),
        ({"addressPrefixes": ["10.0.0.0/8", "10.1.0.0/16"]}, "addressPrefixes", ONE_INSIDE),
        ({"addressPrefixes": ["10.1.0.0/16", "10.0.0.0/8"]}, "addressPrefixes", ONE_INSIDE),
        ({"subnets": [subnet("a/b", "10.1.1.0/24")]}, "subnets[0].name", SUBNET_NAME),
        ({"subnets": [subnet("", "10.1.1.0/24")]}, "subnets[0].name", SUBNET_NAME),
        ({"subnets": [subnet("a", "10.1.1.1/24")]}, "subnets[0].addressPrefix", SUBNET_RANGE),
        ({"subnets": [subnet("a", "10.1.1.0/30")]}, "subnets[0].addressPrefix", SUBNET_SIZE),
        ({"subnets": [subnet("a", "10.2.1.0/24")]}, "subnets", OUTSIDE),
        ({"subnets": [subnet("a", "10.0.0.0/8")]}, "subnets", OUTSIDE),
        ({"subnets": [subnet("a", "10.1.1.0/24"), subnet("b", "fd00::/64")]}, "subnets", OUTSIDE),
        ({"subnets": [subnet("a", "10.1.1.0/24"), subnet("b", "10.1.0.0/23")]}, "subnets", SUBNETS_OVERLAP),
        ({"subnets": [subnet("a", "10.1.1.0/24"), subnet("b", "10.1.1.0/24")]}, "subnets", SUBNETS_OVERLAP),
        ({"subnets": [subnet("a", "10.1.1.0/24"), subnet("A", "10.1.2.0/24")]}, "subnets", SUBNETS_NAMED_ALIKE),
        *(({"tags": {name: "me"}}, "tags", OUR_TAGS) for name in (*sorted(OURS), "Managed-By")),
    ],
)
def test_a_virtual_network_that_cannot_be_made_so_is_refused_in_a_sentence(
    cluster: Cluster, side: str, id: str, changed: Object, field: str, sentence: str
) -> None:
    del id
    refused(tried(cluster, making(side, **changed)), f"spec.{side}.create.{field}", sentence)


def test_a_subnet_of_ipv6_has_exactly_64_bits(cluster: Cluster) -> None:
    both = ["10.1.0.0/16", "fd00:10::/48"]
    assert tried(cluster, making(addressPrefixes=both, subnets=[subnet("a", "fd00:10::/64")])).returncode == 0
    answer = tried(cluster, making(addressPrefixes=both, subnets=[subnet("a", "fd00:10::/65")]))
    refused(answer, "spec.vnet1.create.subnets[0].addressPrefix", SUBNET_SIZE)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["10.1.0.0/16"], ["10.1.0.0/16"]),
        (["10.0.0.0/8"], ["10.1.0.0/16"]),
        (["10.1.0.0/16"], ["10.0.0.0/8"]),
        (["192.168.0.0/24", "10.1.0.0/16"], ["172.16.0.0/12", "10.1.255.0/24"]),
        (["10.1.0.0/16", "fd00:10::/48"], ["10.2.0.0/16", "fd00:10:0:7::/64"]),
    ],
)
def test_two_virtual_networks_to_make_whose_ranges_overlap_are_refused(
    cluster: Cluster, first: list[str], second: list[str]
) -> None:
    ends = ({"id": id, "create": create(addressPrefixes=ranges)} for id, ranges in ((APP, first), (DATA, second)))
    refused(
        tried(cluster, link(**dict(zip(("vnet1", "vnet2"), ends, strict=True)))),
        "spec.vnet2.create.addressPrefixes",
        OVERLAP,
    )


def test_as_much_as_is_allowed_is_accepted_and_one_more_is_not(cluster: Cluster) -> None:
    def full(prefixes: int, subnets: int, zones: int, flows: int) -> Object:
        ends = {
            side: {
                "id": id,
                "create": create(
                    addressPrefixes=[f"10.{first + n}.0.0/16" for n in range(prefixes)],
                    subnets=[subnet(f"s{n}", f"10.{first}.{n}.0/24") for n in range(subnets)],
                    tags={f"t{n}": "v" for n in range(13)},
                    createResourceGroup=True,
                ),
            }
            for side, id, first in (("vnet1", APP, 0), ("vnet2", DATA, 100))
        }
        dns = {"privateDnsZones": [{"id": ZONE.replace("corp", f"z{n}")} for n in range(zones)]}
        return link(**ends, dns=dns, requiredFlows=[{}] * flows)

    answer = tried(cluster, full(16, 64, 16, 16))
    assert answer.returncode == 0, answer.stderr
    for too_much in ((17, 1, 1, 1), (1, 65, 1, 1), (1, 1, 17, 1), (1, 1, 1, 17)):
        assert "Too many: " in tried(cluster, full(*too_much)).stderr


@sides
def test_someone_elses_side_is_not_made(cluster: Cluster, side: str, id: str) -> None:
    end = {"id": id, "create": create(), "managementPolicy": "Observe"}
    refused(tried(cluster, link(**{side: end})), f"spec.{side}.create", CREATE_OR_OBSERVE)


@sides
def test_create_is_neither_added_nor_removed_later(cluster: Cluster, namespace: str, side: str, id: str) -> None:
    selecting = stored(cluster, namespace, link())
    answer = patched(cluster, namespace, selecting, {side: {"create": create()}})
    refused(answer, f"spec.{side}.create", CREATE_STAYS)
    maker = stored(cluster, namespace, making(side) | {"metadata": {"name": "maker"}})
    refused(patched(cluster, namespace, maker, {side: {"create": None}}), f"spec.{side}.create", CREATE_STAYS)
    refused(patched(cluster, namespace, maker, {side: {"id": f"{VNETS}/other"}}), f"spec.{side}.id", OTHER_VNET)


@pytest.mark.parametrize(
    "change",
    [
        {"vnet1": {"id": APP.upper(), "create": {"addressPrefixes": ["10.1.0.0/16", "10.7.0.0/16"]}}},
        {"vnet1": {"create": {"location": "northeurope", "subnets": [subnet("a", "10.1.1.0/24")], "tags": {"a": "b"}}}},
        {"dns": {"privateDnsZones": [{"id": ZONE}]}, "requiredFlows": [{"protocol": "Icmp"}]},
        {"suspend": True, "deletionPolicy": "Orphan", "interval": "1m", "replacePolicy": "BreakBeforeMake"},
    ],
)
def test_casing_and_everything_that_is_no_identity_can_be_changed(
    cluster: Cluster, namespace: str, change: Object
) -> None:
    answer = patched(cluster, namespace, stored(cluster, namespace, making()), change)
    assert answer.returncode == 0, answer.stderr


# -- zones, flows and the rest


def registering(*zones: tuple[str, str]) -> Object:
    rows = [
        {"id": ZONE.replace("corp", name), "linkTo": link_to, "registrationEnabled": True} for name, link_to in zones
    ]
    return {"dns": {"privateDnsZones": rows}}


@pytest.mark.parametrize(
    ("spec", "field", "sentence"),
    [
        ({"dns": {"privateDnsZones": [{"id": ZONE}, {"id": ZONE.upper()}]}}, "spec.dns.privateDnsZones", ZONES_TWICE),
        (registering(("a", "Both"), ("b", "Vnet1")), "spec.dns.privateDnsZones", TWO_REGISTRATIONS),
        (registering(("a", "Vnet2"), ("b", "Vnet2")), "spec.dns.privateDnsZones", TWO_REGISTRATIONS),
        (
            {"requiredFlows": [{}, {"protocol": "Icmp", "destinationPort": 1}]},
            "spec.requiredFlows[1].destinationPort",
            NO_PORTS,
        ),
        ({"requiredFlows": [{"fromSubnet": "a/b"}]}, "spec.requiredFlows[0].fromSubnet", SUBNET_NAME),
        ({"requiredFlows": [{"toSubnet": ""}]}, "spec.requiredFlows[0].toSubnet", SUBNET_NAME),
    ],
)
def test_a_wrong_value_is_refused_in_a_sentence_that_names_the_fix(
    cluster: Cluster, spec: Object, field: str, sentence: str
) -> None:
    refused(tried(cluster, link(**spec)), field, sentence)


def test_each_virtual_network_may_register_in_a_zone_of_its_own(cluster: Cluster) -> None:
    answer = tried(cluster, link(**registering(("a", "Vnet1"), ("b", "Vnet2"))))
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"method": "Bridge"}, 'supported values: "Auto", "Peering", "Vpn"'),
        ({"encryption": "MACsec"}, 'supported values: "NotRequired", "IPsec"'),
        ({"replacePolicy": "Never"}, 'supported values: "MakeBeforeBreak", "BreakBeforeMake"'),
        ({"vnet1": {"id": APP, "create": {"location": "x"}}}, "spec.vnet1.create.addressPrefixes: Required value"),
        ({"vnet1": {"id": APP, "create": create(addressPrefixes=[])}}, "should have at least 1 items"),
        ({"vnet1": {"id": APP, "create": create(addressPrefixes=["10.0.0.0/8"] * 2)}}, "Duplicate value"),
        ({"vpn": {}}, "spec.vpn.sharedKey: Required value"),
        ({"requiredFlows": [{"destinationPort": 0}]}, "greater than or equal to 1"),
        ({"dns": {"privateDnsZones": [{"id": ZONE, "linkTo": "All"}]}}, 'supported values: "Both", "Vnet1", "Vnet2"'),
    ],
)
def test_a_value_outside_the_schema_is_refused_by_name(cluster: Cluster, spec: Object, words: str) -> None:
    answer = tried(cluster, link(**spec))
    assert answer.returncode == 1
    assert words in answer.stderr


def test_a_name_that_leaves_no_room_for_its_pairs_is_refused(cluster: Cluster) -> None:
    assert tried(cluster, link() | {"metadata": {"name": "a" * 55}}).returncode == 0
    assert LONG_NAME in tried(cluster, link() | {"metadata": {"name": "a" * 56}}).stderr


# -- defaults and apply


def test_two_ids_are_enough_get_every_default_and_count_as_unseen(cluster: Cluster, namespace: str) -> None:
    side = {
        "allowVirtualNetworkAccess": True,
        "allowForwardedTraffic": False,
        "allowGatewayTransit": False,
        "useRemoteGateways": False,
    }
    made = stored(cluster, namespace, link() | {"status": {"observedGeneration": 7, "method": "Vpn"}})
    assert made["status"] == {"observedGeneration": -1}
    assert made["spec"] == {
        "method": "Auto",
        "encryption": "NotRequired",
        "replacePolicy": "MakeBeforeBreak",
        "vnet1": {"id": APP, "managementPolicy": "Manage"},
        "vnet2": {"id": DATA, "managementPolicy": "Manage"},
        "peering": {
            "vnet1": side,
            "vnet2": side,
            "gatewayTransitPolicy": "WhenAvailable",
            "addressSpaceSync": "Automatic",
            "repairDisconnected": "OwnedOrAdopted",
        },
        "requiredFlows": [],
        "suspend": False,
        "managementPolicy": "Manage",
        "adoptionPolicy": "IfMatching",
        "deletionPolicy": "DeleteCreated",
        "interval": "5m",
    }


def test_defaults_are_filled_in_beside_what_is_given(cluster: Cluster, namespace: str) -> None:
    ends = {"vnet1": {"id": APP, "create": create()}}
    asked = link(**ends, dns={"privateDnsZones": [{"id": ZONE}]}, requiredFlows=[{"destinationPort": 443}])
    spec = stored(cluster, namespace, asked)["spec"]
    assert spec["vnet1"]["create"] == create(subnets=[], createResourceGroup=False, tags={})
    assert spec["dns"]["privateDnsZones"] == asked["spec"]["dns"]["privateDnsZones"], "in a list it would be OutOfSync"
    assert spec["requiredFlows"] == asked["spec"]["requiredFlows"], "in Argo CD"


@pytest.mark.parametrize("mode", ["--server-side=true", "--server-side=false"])
def test_the_same_file_applied_again_changes_nothing(cluster: Cluster, namespace: str, mode: str) -> None:
    document = making(subnets=[subnet("a", "10.1.1.0/24"), subnet("b", "10.1.2.0/24")], tags={"team": "net"})
    document["spec"] |= {"dns": {"privateDnsZones": [{"id": ZONE}]}, "requiredFlows": [{"protocol": "Tcp"}], "vpn": VPN}
    first, unseen = (applied(cluster, namespace, document, mode) for _ in range(2))
    # The API server does not store the default of status on create; the first write without a change does.
    for version in (first, unseen):
        version["metadata"].pop("resourceVersion")
    assert unseen == first
    assert unseen["metadata"]["generation"] == 1


def test_a_status_in_full_is_stored_and_shown_in_the_columns(cluster: Cluster, namespace: str) -> None:
    made = stored(cluster, namespace, link())
    condition = {
        "status": "True",
        "reason": "Connected",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
        "message": "Fine.",
    }
    types = (
        *("Ready", "Connected", "MethodSelected", "VNetsReady", "AddressSpacesCompatible", "PairReady"),
        *("DnsLinked", "TrafficAllowed"),
    )
    direction = {"state": "Connected", "id": APP, "name": "p", "origin": "Created", "provisioningState": "Succeeded"}
    status = {
        "observedGeneration": 1,
        "conditions": [condition | {"type": type, "observedGeneration": 1} for type in types],
        "method": "Peering",
        "pair": {"kind": "peeringpairs", "name": "app-to-data-peering"},
        "vnet1": {
            "id": APP,
            "name": "app",
            "location": "westeurope",
            "addressPrefixes": ["10.0.0.0/16"],
            "origin": "Created",
            "gateway": {"state": "Succeeded", "asn": 65515, "publicIPAddresses": ["203.0.113.7"]},
        },
        "vnet2": {"id": DATA, "name": "data", "location": "northeurope", "origin": "Selected"},
        "vnet1ToVnet2": direction | {"syncLevel": "FullyInSync", "remoteAddressPrefixes": ["10.1.0.0/16"]},
        "vnet2ToVnet1": direction | {"connectionStatus": "Connected"},
        "syncLevel": "InSync",
        "sharedKey": {"state": "Matching", "rotation": "Idle"},
        "encryption": {"type": "IPsec", "protocol": "IKEv2", "policy": "Default"},
        "resources": [
            {"role": "ResourceGroup", "id": GROUP, "origin": "Created", "state": "Succeeded", "onDelete": "Keep"}
        ],
        "findings": [{"code": "NotTransitive", "severity": "Info", "id": "", "message": "m", "remediation": "r"}],
        "plannedActions": [{"action": "CreateVNet", "id": APP, "detail": "d", "billable": False, "outage": False}],
        "lastHandledReconcileAt": "now",
    }
    target = ("vnetlink", "app-to-data", "-n", namespace)
    patch = json.dumps({"status": copy.deepcopy(status)})
    cluster.kubectl("patch", *target, "--subresource=status", "--type=merge", "-p", patch)
    seen = json.loads(cluster.kubectl("get", *target, "-o", "json").stdout)
    assert seen["status"] == status
    assert seen["metadata"]["generation"] == made["metadata"]["generation"]
    header, row = cluster.kubectl("get", *target, "-o", "wide").stdout.splitlines()
    narrow = ["NAME", "METHOD", "1->2", "2->1", "READY", "REASON", "AGE"]
    assert header.split() == [*narrow, "VNET1", "VNET2", "SYNC", "LOCATION1", "LOCATION2", "MESSAGE"]
    assert cluster.kubectl("get", *target).stdout.splitlines()[0].split() == narrow
    cells = row.split()
    assert cells[:6] == ["app-to-data", "Peering", "Connected", "Connected", "True", "Connected"]
    assert cells[7:] == ["app", "data", "InSync", "westeurope", "northeurope", "Fine."]
