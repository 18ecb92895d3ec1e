"""Custom resources decoded into domain values."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vnetlink.domain.arm_id import PeeringId, VnetId
from vnetlink.domain.ownership import Origin, OwnershipRecord, Part, Slot
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import (
    AddressSpaceSync,
    AdoptionPolicy,
    CredentialRef,
    DeletionPolicy,
    End,
    GatewayTransitPolicy,
    Lifecycle,
    ManagementPolicy,
    ObjectKey,
    PeeringPair,
    PeeringPairSpec,
    RepairDisconnected,
    SpecError,
)
from vnetlink.kube.decode import FINALIZER, OWNED, RECONCILE_REQUESTED, peering_pair
from vnetlink.kube.fields import duration

HERE = "11111111-1111-1111-1111-111111111111"
ROOT = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
A, B = (f"{ROOT}/providers/Microsoft.Network/virtualNetworks/{name}" for name in ("app", "data"))


def body(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "vnetlink.dev/v1alpha1",
        "kind": "PeeringPair",
        "metadata": {
            "name": "app-to-data",
            "namespace": "team",
            "uid": "u-1",
            "generation": 3,
            "resourceVersion": "42",
            "creationTimestamp": "2026-01-02T03:04:05Z",
        },
        "spec": {"vnet1": {"id": A}, "vnet2": {"id": B}, **spec},
    }


def decoded(document: dict[str, Any]) -> PeeringPair:
    found = peering_pair(document, HERE)
    assert isinstance(found, PeeringPair), found
    return found


def test_the_shortest_object_means_the_schemas_defaults() -> None:
    assert decoded(body()).spec == PeeringPairSpec(PerSide(End(VnetId.parse(A)), End(VnetId.parse(B))))


def test_null_means_absent_everywhere() -> None:
    nulls = dict.fromkeys(("peering", "interval", "suspend", "managementPolicy", "adoptionPolicy", "deletionPolicy"))
    assert decoded(body(**nulls)).spec == decoded(body()).spec


def test_metadata_is_taken_over() -> None:
    document = body()
    document["metadata"] |= {
        "finalizers": ["other/one", FINALIZER],
        "deletionTimestamp": "2026-01-03T00:00:00Z",
        "annotations": {RECONCILE_REQUESTED: "now"},
    }
    meta = decoded(document).meta
    assert meta.key == ObjectKey("peeringpairs", "team", "app-to-data")
    assert (meta.uid, meta.generation, meta.resource_version) == ("u-1", 3, "42")
    assert meta.created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (meta.deleting, meta.finalizer, meta.reconcile_requested_at) == (True, True, "now")


def test_options_stand_by_the_side_they_live_in() -> None:
    peering = {
        "vnet1": {"allowGatewayTransit": True, "name": "hub-to-spoke"},
        "vnet2": {"useRemoteGateways": True, "allowVirtualNetworkAccess": False, "allowForwardedTraffic": True},
    }
    wanted = decoded(body(peering=peering)).spec.peerings
    assert wanted.vnet1.name == "hub-to-spoke"
    assert wanted.vnet1.options == PeeringOptions(allow_gateway_transit=True)
    assert wanted.vnet2.options == PeeringOptions(
        allow_virtual_network_access=False, allow_forwarded_traffic=True, use_remote_gateways=True
    )


def test_subnet_peering_sees_the_names_from_each_side() -> None:
    block = {"vnet1SubnetNames": ["a1"], "vnet2SubnetNames": ["b1", "b2"], "enableOnlyIPv6Peering": True}
    wanted = decoded(body(peering={"subnetPeering": block})).spec.peerings
    assert wanted.vnet1.options == PeeringOptions(
        peer_complete_vnets=False,
        local_subnet_names=("a1",),
        remote_subnet_names=("b1", "b2"),
        enable_only_ipv6_peering=True,
    )
    assert wanted.vnet2.options.local_subnet_names == ("b1", "b2")


def test_an_empty_subnet_block_still_means_subnet_peering() -> None:
    assert not decoded(body(peering={"subnetPeering": {}})).spec.peerings.vnet1.options.peer_complete_vnets


def test_policies_are_read_from_their_blocks() -> None:
    spec = decoded(
        body(
            suspend=True,
            managementPolicy="Observe",
            adoptionPolicy="Always",
            deletionPolicy="Orphan",
            interval="1h30m",
            peering={
                "gatewayTransitPolicy": "Required",
                "addressSpaceSync": "Off",
                "repairDisconnected": "Never",
            },
        )
    ).spec
    assert spec.lifecycle == Lifecycle(
        True, ManagementPolicy.OBSERVE, AdoptionPolicy.ALWAYS, DeletionPolicy.ORPHAN, timedelta(minutes=90)
    )
    assert spec.gateway_transit is GatewayTransitPolicy.REQUIRED
    assert spec.sync is AddressSpaceSync.OFF
    assert spec.repair is RepairDisconnected.NEVER


def test_an_end_may_be_someone_elses_and_name_a_credential() -> None:
    ends = {"vnet2": {"id": B, "managementPolicy": "Observe", "credentialRef": {"name": "c", "namespace": "n"}}}
    assert decoded(body(**ends)).spec.ends.vnet2 == End(
        VnetId.parse(B), ManagementPolicy.OBSERVE, CredentialRef("c", "n")
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("5m", 300), ("1h30m", 5400), ("90s", 90), ("1m1m", 120), ("2h0m1s", 7201)]
)
def test_durations_add_up_their_parts(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("text", "seconds"), [("0s", 1), ("99999h", 86400)])
def test_the_interval_is_clamped(text: str, seconds: int) -> None:
    assert decoded(body(interval=text)).spec.lifecycle.interval == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"vnet1": {"id": A + "/"}}, "spec.vnet1.id: "),
        ({"vnet1": {"id": A.replace("app", "..%2fapp")}}, "spec.vnet1.id: "),
        ({"vnet1": {"id": A.replace("k", "\u212a")}}, "spec.vnet1.id: "),
        ({"vnet1": {"id": 5}}, "spec.vnet1.id: must be a string"),
        ({"vnet1": {}}, "spec.vnet1.id: is missing"),
        ({"vnet2": None}, "spec.vnet2: is missing"),
        ({"vnet2": {"id": A.upper().replace("/SUBSCRIPTIONS", "/subscriptions")}}, "both ends are the same"),
        ({"interval": "1 week"}, "spec.interval: '1 week' is not a duration"),
        ({"interval": "5m\n"}, "spec.interval: "),
        ({"interval": "٥m"}, "spec.interval: "),
        ({"adoptionPolicy": "Sometimes"}, "spec.adoptionPolicy: 'Sometimes' is not one of Never, IfMatching, Always"),
        ({"adoptionPolicy": ["Never"]}, "spec.adoptionPolicy: "),
        ({"suspend": "true"}, "spec.suspend: must be true or false"),
        ({"peering": []}, "spec.peering: must be an object"),
        ({"peering": {"vnet1": {"name": "a/b"}}}, "spec.peering.vnet1.name: "),
        ({"peering": {"vnet2": {"allowGatewayTransit": 1}}}, "spec.peering.vnet2.allowGatewayTransit: "),
        ({"peering": {"subnetPeering": {"vnet1SubnetNames": "a"}}}, "vnet1SubnetNames: must be a list"),
    ],
)
def test_what_admission_should_have_refused_names_the_field(spec: dict[str, Any], told: str) -> None:
    found = peering_pair(body(**spec), HERE)
    assert isinstance(found, SpecError)
    assert told in found.message
    assert found.meta.generation == 3


def test_an_object_without_spec_is_a_spec_error() -> None:
    document = body()
    del document["spec"]
    assert isinstance(peering_pair(document, HERE), SpecError)


def record(installation: str = HERE, owner: str = "team/app-to-data") -> OwnershipRecord:
    part = Part(PeeringId.parse(f"{A}/virtualNetworkPeerings/app-data"), Origin.CREATED)
    return OwnershipRecord(installation, owner).with_part(Slot(Side.VNET1), part)


def owned(text: str) -> OwnershipRecord:
    document = copy.deepcopy(body())
    document["metadata"]["annotations"] = {OWNED: text}
    return decoded(document).record


def test_the_objects_own_record_counts() -> None:
    assert owned(record().dump()) == record()


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", record(owner="other/app-to-data").dump(), record(installation="elsewhere").dump()]
)
def test_any_other_record_counts_as_none(text: str) -> None:
    assert owned(text) == OwnershipRecord(HERE, "team/app-to-data")
