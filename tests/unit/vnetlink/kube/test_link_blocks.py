"""A VNetLink decoded: blocks handed down as they stand, VNets to make, zones, flows; and who made a pair."""

from __future__ import annotations

from typing import Any

import pytest

from vnetlink.domain.arm_id import PrivateDnsZoneId, ResourceGroupId, VnetId
from vnetlink.domain.ownership import Origin, OwnershipRecord, Part, Role, Slot
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import End, ObjectKey, SpecError, VNetLink, VNetLinkSpec
from vnetlink.domain.vnet_link import (
    Direction,
    Encryption,
    Method,
    ReplacePolicy,
    RequiredFlow,
    VnetCreation,
    WantedZone,
)
from vnetlink.kube.decode import OWNED, decode, metadata, vnet_link

HERE = "11111111-1111-1111-1111-111111111111"
ROOT = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
NETWORK = f"{ROOT}/providers/Microsoft.Network"
A, B = (f"{NETWORK}/virtualNetworks/{name}" for name in ("app", "data"))
ZONE = f"{NETWORK}/privateDnsZones/corp.example"
VPN = {"sharedKey": {"secretRef": {"name": "psk"}}}
CREATE = {"location": "westeurope", "addressPrefixes": ["10.0.0.0/16"]}


def body(**spec: Any) -> dict[str, Any]:
    meta = {"name": "app-to-data", "namespace": "team", "uid": "u-1", "generation": 3, "resourceVersion": "42"}
    return {
        "apiVersion": "vnetlink.dev/v1alpha1",
        "kind": "VNetLink",
        "metadata": meta | {"creationTimestamp": "2026-01-02T03:04:05Z"},
        "spec": {"vnet1": {"id": A}, "vnet2": {"id": B}, **spec},
    }


def decoded(document: dict[str, Any]) -> VNetLink:
    found = decode(document, HERE)
    assert isinstance(found, VNetLink), found
    return found


def made(**create: Any) -> VnetCreation | None:
    return decoded(body(vnet1={"id": A, "create": CREATE | create})).spec.ends.vnet1.creation


def test_two_ids_are_enough_and_mean_the_schemas_defaults() -> None:
    link = decoded(body())
    assert link.meta.key == ObjectKey("vnetlinks", "team", "app-to-data")
    assert link.spec == VNetLinkSpec(PerSide(End(VnetId.parse(A)), End(VnetId.parse(B))))


def test_null_means_absent_everywhere() -> None:
    names = ("method", "encryption", "replacePolicy", "peering", "vpn", "dns", "requiredFlows", "interval")
    end = {"id": A, "create": None, "credentialRef": None}
    assert decoded(body(**dict.fromkeys(names), vnet1=end)).spec == decoded(body()).spec


def test_method_encryption_and_replace_policy_are_read() -> None:
    spec = decoded(body(method="Vpn", encryption="IPsec", replacePolicy="BreakBeforeMake", vpn=VPN)).spec
    assert (spec.method, spec.encryption) == (Method.VPN, Encryption.IPSEC)
    assert spec.replace is ReplacePolicy.BREAK_BEFORE_MAKE


def test_both_blocks_are_kept_as_they_stand() -> None:
    peering = {"vnet1": {"allowForwardedTraffic": True}, "addressSpaceSync": "Off"}
    spec = decoded(body(peering=peering, vpn=VPN)).spec
    assert (spec.peering, spec.vpn) == (peering, VPN)


def test_a_vnet_to_make_is_read_with_its_subnets_and_tags() -> None:
    subnets = [{"name": "a", "addressPrefix": "10.0.1.0/24"}, {"name": "b", "addressPrefix": "fd00:10::/64"}]
    ranges = ["10.0.0.0/16", "fd00:10::/48"]
    assert made(addressPrefixes=ranges, subnets=subnets, createResourceGroup=True, tags={"z": "1", "b": "2"}) == (
        VnetCreation(
            "westeurope",
            ("10.0.0.0/16", "fd00:10::/48"),
            (("a", "10.0.1.0/24"), ("b", "fd00:10::/64")),
            create_resource_group=True,
            tags=(("b", "2"), ("z", "1")),
        )
    )
    assert made() == VnetCreation("westeurope", ("10.0.0.0/16",))


def test_zones_and_flows_are_read_with_their_defaults() -> None:
    zones = [{"id": ZONE, "linkTo": "Vnet2", "registrationEnabled": True, "credentialRef": {"name": "dns"}}]
    flows = [
        {},
        {
            "direction": "Vnet2ToVnet1",
            "protocol": "Tcp",
            "destinationPort": 443,
            "fromSubnet": "web",
            "toSubnet": "db",
        },
    ]
    spec = decoded(body(dns={"privateDnsZones": zones}, requiredFlows=flows)).spec
    zone = PrivateDnsZoneId.parse(ZONE)
    assert spec.zones == (WantedZone(zone, (Side.VNET2,), registration_enabled=True, credential=("dns", None)),)
    assert spec.flows == (RequiredFlow(), RequiredFlow(Direction.VNET2_TO_VNET1, "Tcp", 443, "web", "db"))
    assert decoded(body(dns={"privateDnsZones": [{"id": ZONE}]})).spec.zones == (WantedZone(zone),)


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"vnet2": {"id": A.upper()}}, "spec.vnet2.id"),
        ({"method": "Bridge"}, "spec.method"),
        ({"encryption": "Wep"}, "spec.encryption"),
        ({"replacePolicy": "Never"}, "spec.replacePolicy"),
        ({"method": "Peering", "encryption": "IPsec", "vpn": VPN}, "spec.encryption"),
        ({"method": "Vpn"}, "spec.vpn"),
        ({"encryption": "IPsec"}, "spec.vpn"),
        ({"encryption": "IPsec", "vpn": {}}, "spec.vpn.sharedKey"),
        ({"vpn": "psk"}, "spec.vpn"),
        ({"vpn": {"sharedKey": {"secretRef": {"name": "../x"}}}}, "spec.vpn.sharedKey.secretRef.name"),
        ({"peering": {"vnet1": {"name": "a/b"}}}, "spec.peering.vnet1.name"),
        ({"vnet1": {"id": A, "create": []}}, "spec.vnet1.create"),
        ({"vnet1": {"id": A, "create": {"addressPrefixes": ["10.0.0.0/16"]}}}, "spec.vnet1.create.location"),
        ({"vnet1": {"id": A, "create": {"location": "westeurope"}}}, "spec.vnet1.create.addressPrefixes"),
        ({"vnet1": {"id": A, "create": CREATE, "managementPolicy": "Observe"}}, "spec.vnet1.create"),
        ({"dns": []}, "spec.dns"),
        ({"dns": {"privateDnsZones": {}}}, "spec.dns.privateDnsZones"),
        ({"dns": {"privateDnsZones": [{"id": A}]}}, "spec.dns.privateDnsZones[0].id"),
        ({"dns": {"privateDnsZones": [{"id": ZONE, "linkTo": "All"}]}}, "spec.dns.privateDnsZones[0].linkTo"),
        ({"dns": {"privateDnsZones": [{"id": ZONE}, {"id": ZONE.upper()}]}}, "spec.dns.privateDnsZones"),
        (
            {"dns": {"privateDnsZones": [{"id": ZONE, "credentialRef": {}}]}},
            "spec.dns.privateDnsZones[0].credentialRef.name",
        ),
        ({"requiredFlows": {}}, "spec.requiredFlows"),
        ({"requiredFlows": [None]}, "spec.requiredFlows[0]"),
        ({"requiredFlows": [{}] * 17}, "spec.requiredFlows"),
        ({"requiredFlows": [{"direction": "Up"}]}, "spec.requiredFlows[0].direction"),
        ({"requiredFlows": [{}, {"protocol": "Sctp"}]}, "spec.requiredFlows[1].protocol"),
        ({"requiredFlows": [{"destinationPort": 0}]}, "spec.requiredFlows[0].destinationPort"),
        ({"requiredFlows": [{"destinationPort": 65536}]}, "spec.requiredFlows[0].destinationPort"),
        ({"requiredFlows": [{"destinationPort": 1, "protocol": "Icmp"}]}, "spec.requiredFlows[0].destinationPort"),
        ({"requiredFlows": [{"fromSubnet": f"{A}/subnets/x"}]}, "spec.requiredFlows[0].fromSubnet"),
        ({"requiredFlows": [{"toSubnet": ""}]}, "spec.requiredFlows[0].toSubnet"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_field(spec: dict[str, Any], path: str) -> None:
    found = vnet_link(body(**spec), HERE)
    assert isinstance(found, SpecError)
    assert found.message.startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("create", "path"),
    [
        ({"location": "West Europe"}, "location"),
        ({"location": "a/b"}, "location"),
        ({"addressPrefixes": []}, "addressPrefixes"),
        ({"addressPrefixes": "10.0.0.0/16"}, "addressPrefixes"),
        ({"addressPrefixes": [7]}, "addressPrefixes"),
        ({"addressPrefixes": ["10.0.0.1/16"]}, "addressPrefixes"),
        ({"addressPrefixes": ["FD00::/48"]}, "addressPrefixes"),
        ({"addressPrefixes": [f"10.{n}.0.0/16" for n in range(17)]}, "addressPrefixes"),
        ({"subnets": "a"}, "subnets"),
        ({"subnets": [{"addressPrefix": "10.0.1.0/24"}]}, "subnets[0].name"),
        ({"subnets": [{"name": "a/b", "addressPrefix": "10.0.1.0/24"}]}, "subnets[0].name"),
        ({"subnets": [{"name": "a"}]}, "subnets[0].addressPrefix"),
        ({"subnets": [{"name": "a", "addressPrefix": "10.0.1.1/24"}]}, "subnets[0].addressPrefix"),
        ({"subnets": [{"name": "a", "addressPrefix": "10.1.1.0/24"}]}, "subnets[0].addressPrefix"),
        ({"subnets": [{"name": n, "addressPrefix": "10.0.1.0/24"} for n in ("a", "A")]}, "subnets"),
        ({"createResourceGroup": "yes"}, "createResourceGroup"),
        ({"tags": {"Managed-By": "me"}}, "tags"),
        ({"tags": {"a": 1}}, "tags.a"),
    ],
)
def test_a_vnet_that_cannot_be_made_so_is_told_with_its_field(create: dict[str, Any], path: str) -> None:
    found = vnet_link(body(vnet2={"id": B, "create": CREATE | create}), HERE)
    assert isinstance(found, SpecError)
    assert found.message.startswith(f"spec.vnet2.create.{path}: ")


def test_one_that_cannot_be_used_can_still_be_orphaned() -> None:
    found = vnet_link(body(method="Bridge", deletionPolicy="Orphan"), HERE)
    assert isinstance(found, SpecError)
    assert found.orphan


def test_a_record_of_vnets_groups_and_zone_links_is_its_own_only() -> None:
    part = Part(ResourceGroupId.parse(ROOT), Origin.CREATED)
    record = OwnershipRecord(HERE, "team/app-to-data").with_part(Slot(Side.VNET1, Role.RESOURCE_GROUP), part)
    document = body()
    document["metadata"]["annotations"] = {OWNED: record.dump()}
    assert decoded(document).record == record
    document["metadata"]["name"] = "copied"
    assert not decoded(document).record.parts


def owner(**changed: Any) -> dict[str, Any]:
    known = {"apiVersion": "vnetlink.dev/v1alpha1", "kind": "VNetLink", "name": "app-to-data", "uid": "u-1"}
    return known | {"controller": True} | changed


def controller(*owners: dict[str, Any]) -> tuple[ObjectKey, str] | None:
    document = body() | {"kind": "PeeringPair"}
    document["metadata"] |= {"name": "app-to-data-peering", "ownerReferences": list(owners)}
    return metadata(document).controller


def test_the_controller_of_a_pair_is_the_link_that_made_it() -> None:
    known = (ObjectKey("vnetlinks", "team", "app-to-data"), "u-1")
    assert controller(owner(kind="Other", controller=False), owner(apiVersion="vnetlink.dev/v1")) == known


@pytest.mark.parametrize(
    "changed",
    [
        {"controller": False},
        {"kind": "PeeringPair"},
        {"apiVersion": "v1"},
        {"apiVersion": "vnetlink.dev.example/v1"},
    ],
)
def test_no_other_owner_is_a_controller(changed: dict[str, Any]) -> None:
    assert controller(owner(**changed)) is None
    assert controller() is None


def test_what_only_a_link_may_ask_for_is_left_out_of_a_pair() -> None:
    found = decode(body(vnet1={"id": A, "create": CREATE}) | {"kind": "PeeringPair"}, HERE)
    assert not isinstance(found, SpecError)
    assert found.spec.ends.vnet1.creation is None
