"""As a platform engineer I am told in a sentence what is wrong with my PeeringPair, before anything happens in Azure."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from admission import (
    APP,
    DATA,
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

NOT_A_VNET_ID = (
    "must be exactly the id of a virtual network, "
    "/subscriptions/<guid>/resourceGroups/<group>/providers/Microsoft.Network/virtualNetworks/<name>, with nothing after "
    "the name; copy it from: az network vnet show --resource-group <group> --name <name> --query id --output tsv"
)
SAME_VNET = "vnet1 and vnet2 are the same virtual network (casing does not count); give the id of another one"
OTHER_VNET = (
    "cannot be changed to another virtual network: create a second object for the other pair and delete this one when it is "
    "no longer wanted"
)
BOTH_USE = (
    "useRemoteGateways cannot be true on both sides: leave it on the side without a gateway, and set allowGatewayTransit on "
    "the other"
)
VNET2_MUST_ALLOW = (
    "vnet1 can use the gateway of vnet2 only when vnet2 allows it; set peering.vnet2.allowGatewayTransit to true"
)
VNET1_MUST_ALLOW = (
    "vnet2 can use the gateway of vnet1 only when vnet1 allows it; set peering.vnet1.allowGatewayTransit to true"
)
PEERING_NAME = (
    "must be a name that Azure takes for a peering: 1 to 80 letters, digits, underscores, dots and dashes, beginning and "
    "ending with a letter, digit or underscore"
)
SUBNET_NAME = (
    "must be the name of a subnet, not its id: 1 to 80 letters, digits, underscores, dots and dashes, beginning and ending "
    "with a letter, digit or underscore"
)
CREDENTIAL_NAME = (
    "must be the name of an AzureCredential: lower-case letters, digits, dots and dashes, beginning and ending with a letter "
    "or digit"
)
NAMESPACE_NAME = (
    "must be the name of a namespace: lower-case letters, digits and dashes, beginning and ending with a letter or digit; "
    "leave it out for an AzureCredential in this object's namespace"
)
INTERVAL = "must be at least 1s, in hours, minutes and seconds such as 30s, 5m or 1h30m"
NAME_STAYS = (
    "name cannot be added, changed or removed later, because Azure can only delete and make the peering again: delete this "
    "object and create it with the other name"
)
SUBNET_PEERING_STAYS = (
    "subnetPeering can be neither added nor removed later, because Azure can only delete and make the peerings again: delete "
    "this object and create it with the other kind of peering"
)


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    with own_namespace(cluster) as name:
        yield name


def pair(name: str = "app-to-data", **spec: Any) -> Object:
    ends = {"vnet1": {"id": APP}, "vnet2": {"id": DATA}}
    return {
        "apiVersion": "vnetlink.dev/v1alpha1",
        "kind": "PeeringPair",
        "metadata": {"name": name},
        "spec": {**ends, **spec},
    }


# -- ids


@pytest.mark.parametrize(
    "id",
    [
        APP,
        APP.lower(),
        APP.upper(),
        f"{VNETS}/ab",
        f"{VNETS}/a{'b' * 63}",
        f"{VNETS}/a-._b",
        APP.replace("rg1", "rg.(1)-_"),
        APP.replace("rg1", "g" * 90),
    ],
)
def test_the_id_of_a_virtual_network_is_accepted_in_any_casing(cluster: Cluster, id: str) -> None:
    assert tried(cluster, pair(vnet1={"id": id})).returncode == 0


@pytest.mark.parametrize(
    "id",
    {
        **not_an_id(APP),
        "peering": f"{APP}/virtualNetworkPeerings/app-data",
        "gateway": APP.replace("virtualNetworks", "virtualNetworkGateways"),
        "name of one letter": f"{VNETS}/a",
        "name of 65": f"{VNETS}/a{'b' * 64}",
    }.items(),
    ids=lambda item: item[0],
)
def test_anything_but_the_id_of_a_virtual_network_is_refused(cluster: Cluster, id: tuple[str, str]) -> None:
    refused(tried(cluster, pair(vnet1={"id": id[1]})), "spec.vnet1.id", NOT_A_VNET_ID)


def test_the_rule_holds_for_the_other_end_too(cluster: Cluster) -> None:
    refused(tried(cluster, pair(vnet2={"id": f"{DATA}/"})), "spec.vnet2.id", NOT_A_VNET_ID)


def test_ten_kilobytes_are_no_id(cluster: Cluster) -> None:
    answer = tried(cluster, pair(vnet1={"id": APP + "x" * 10_240}))
    assert answer.returncode == 1
    assert "spec.vnet1.id: Too long: may not be more than 320 bytes" in answer.stderr


@pytest.mark.parametrize("second", [APP, APP.upper(), APP.lower(), APP.replace("rg1", "RG1")])
def test_both_ends_the_same_virtual_network_in_any_casing_is_refused(cluster: Cluster, second: str) -> None:
    refused(tried(cluster, pair(vnet2={"id": second})), "spec.vnet2.id", SAME_VNET)


# -- everything else that is typed

USE, ALLOW = {"useRemoteGateways": True}, {"allowGatewayTransit": True}


@pytest.mark.parametrize(
    ("spec", "field", "sentence"),
    [
        ({"peering": {"vnet1": USE, "vnet2": USE}}, "spec.peering.vnet2.useRemoteGateways", BOTH_USE),
        ({"peering": {"vnet1": USE | ALLOW, "vnet2": USE | ALLOW}}, "spec.peering.vnet2.useRemoteGateways", BOTH_USE),
        ({"peering": {"vnet1": USE}}, "spec.peering.vnet1.useRemoteGateways", VNET2_MUST_ALLOW),
        ({"peering": {"vnet2": USE}}, "spec.peering.vnet2.useRemoteGateways", VNET1_MUST_ALLOW),
        ({"peering": {"vnet1": USE | ALLOW}}, "spec.peering.vnet1.useRemoteGateways", VNET2_MUST_ALLOW),
        ({"peering": {"vnet1": {"name": ""}}}, "spec.peering.vnet1.name", PEERING_NAME),
        ({"peering": {"vnet2": {"name": "-a"}}}, "spec.peering.vnet2.name", PEERING_NAME),
        ({"peering": {"vnet1": {"name": "a."}}}, "spec.peering.vnet1.name", PEERING_NAME),
        ({"peering": {"vnet1": {"name": "a/b"}}}, "spec.peering.vnet1.name", PEERING_NAME),
        ({"peering": {"vnet1": {"name": "a\n"}}}, "spec.peering.vnet1.name", PEERING_NAME),
        (
            {"peering": {"subnetPeering": {"vnet1SubnetNames": ["ok", f"{APP}/s"[-40:]]}}},
            "spec.peering.subnetPeering.vnet1SubnetNames[1]",
            SUBNET_NAME,
        ),
        (
            {"peering": {"subnetPeering": {"vnet2SubnetNames": [""]}}},
            "spec.peering.subnetPeering.vnet2SubnetNames[0]",
            SUBNET_NAME,
        ),
        ({"vnet1": {"id": APP, "credentialRef": {"name": "A"}}}, "spec.vnet1.credentialRef.name", CREDENTIAL_NAME),
        ({"vnet2": {"id": DATA, "credentialRef": {"name": ""}}}, "spec.vnet2.credentialRef.name", CREDENTIAL_NAME),
        (
            {"vnet1": {"id": APP, "credentialRef": {"name": "a", "namespace": "x.y"}}},
            "spec.vnet1.credentialRef.namespace",
            NAMESPACE_NAME,
        ),
        *(
            ({"interval": text}, "spec.interval", INTERVAL)
            for text in ("", "0s", "5", "-5m", "1 week", "5m\n", "1.5h", "10ms")
        ),
    ],
)
def test_a_wrong_value_is_refused_in_a_sentence_that_names_the_fix(
    cluster: Cluster, spec: Object, field: str, sentence: str
) -> None:
    refused(tried(cluster, pair(**spec)), field, sentence)


@pytest.mark.parametrize(
    "spec",
    [
        {"peering": {"vnet1": USE, "vnet2": ALLOW}},
        {"peering": {"vnet1": ALLOW, "vnet2": USE}},
        {"peering": {"vnet1": {"name": "a"}, "vnet2": {"name": f"_{'b' * 78}_"}}},
        {"peering": {"subnetPeering": {}}},
        {"peering": {"subnetPeering": {"vnet1SubnetNames": ["a"], "vnet2SubnetNames": ["b", "c"]}}},
        {"interval": "1s"},
        {"interval": "1h30m"},
        {"vnet1": {"id": APP, "managementPolicy": "Observe", "credentialRef": {"name": "a.b-c", "namespace": "n-1"}}},
    ],
)
def test_what_the_rules_allow_is_accepted(cluster: Cluster, spec: Object) -> None:
    answer = tried(cluster, pair(**spec))
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"managementPolicy": "Watch"}, 'supported values: "Manage", "Observe"'),
        ({"deletionPolicy": "Delete"}, 'supported values: "DeleteCreated", "DeleteAll", "Orphan"'),
        ({"adoptionPolicy": "Yes"}, 'supported values: "Never", "IfMatching", "Always"'),
        ({"vnet1": {}}, "spec.vnet1.id: Required value"),
        ({"vnet1": {"id": APP, "create": {}}}, 'unknown field "spec.vnet1.create"'),
        ({"peering": {"vnet1": {"name": "a" * 81}}}, "spec.peering.vnet1.name: Too long"),
    ],
)
def test_a_value_outside_the_schema_is_refused_by_name(cluster: Cluster, spec: Object, words: str) -> None:
    answer = tried(cluster, pair(**spec))
    assert answer.returncode == 1
    assert words in answer.stderr


def test_a_name_of_more_than_63_characters_is_refused(cluster: Cluster) -> None:
    assert tried(cluster, pair("a" * 63)).returncode == 0
    answer = tried(cluster, pair("a" * 64))
    assert "metadata.name has more than 63 characters; choose a shorter one" in answer.stderr


# -- identity


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"vnet1": {"id": f"{VNETS}/other"}}, "spec.vnet1.id", OTHER_VNET),
        ({"vnet2": {"id": f"{VNETS}/other"}}, "spec.vnet2.id", OTHER_VNET),
        ({"peering": {"vnet1": {"name": "other"}}}, "spec.peering.vnet1.name", NAME_STAYS),
        ({"peering": {"vnet1": {"name": "NAMED"}}}, "spec.peering.vnet1.name", NAME_STAYS),
        ({"peering": {"vnet1": {"name": None}}}, "spec.peering.vnet1.name", NAME_STAYS),
        ({"peering": {"vnet1": None}}, "spec.peering.vnet1.name", NAME_STAYS),
        ({"peering": {"vnet2": {"name": "added"}}}, "spec.peering.vnet2.name", NAME_STAYS),
        ({"peering": {"subnetPeering": None}}, "spec.peering.subnetPeering", SUBNET_PEERING_STAYS),
    ],
)
def test_a_change_of_identity_is_refused(
    cluster: Cluster, namespace: str, change: Object, field: str, sentence: str
) -> None:
    made = stored(cluster, namespace, pair(peering={"vnet1": {"name": "named"}, "subnetPeering": {}}))
    refused(patched(cluster, namespace, made, change), field, sentence)


def test_dropping_the_whole_peering_block_does_not_step_round_identity(cluster: Cluster, namespace: str) -> None:
    made = stored(cluster, namespace, pair(peering={"vnet1": {"name": "named"}, "subnetPeering": {}}))
    answer = patched(cluster, namespace, made, {"peering": None})
    assert answer.returncode == 1
    assert NAME_STAYS in answer.stderr
    assert SUBNET_PEERING_STAYS in answer.stderr


def test_subnet_peering_cannot_be_added_later(cluster: Cluster, namespace: str) -> None:
    made = stored(cluster, namespace, pair())
    refused(
        patched(cluster, namespace, made, {"peering": {"subnetPeering": {}}}),
        "spec.peering.subnetPeering",
        SUBNET_PEERING_STAYS,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"vnet1": {"id": APP.upper()}},
        {"vnet1": {"id": APP.lower()}, "vnet2": {"id": DATA.upper()}},
        {"peering": {"vnet1": {"allowForwardedTraffic": True}, "vnet2": ALLOW}},
        {"peering": {"subnetPeering": {"vnet1SubnetNames": ["a", "b"], "enableOnlyIPv6Peering": True}}},
        {"suspend": True, "deletionPolicy": "Orphan", "interval": "1m"},
    ],
)
def test_casing_and_everything_that_is_no_identity_can_be_changed(
    cluster: Cluster, namespace: str, change: Object
) -> None:
    made = stored(
        cluster, namespace, pair(peering={"vnet1": {"name": "named"}, "subnetPeering": {"vnet1SubnetNames": ["a"]}})
    )
    answer = patched(cluster, namespace, made, change)
    assert answer.returncode == 0, answer.stderr


# -- defaults and apply


def test_the_shortest_object_gets_every_default_and_counts_as_unseen(cluster: Cluster, namespace: str) -> None:
    side = {
        "allowVirtualNetworkAccess": True,
        "allowForwardedTraffic": False,
        "allowGatewayTransit": False,
        "useRemoteGateways": False,
    }
    forged = pair() | {"status": {"observedGeneration": 7, "syncLevel": "InSync"}}
    made = stored(cluster, namespace, forged)
    assert made["status"] == {"observedGeneration": -1}
    assert made["spec"] == {
        "vnet1": {"id": APP, "managementPolicy": "Manage"},
        "vnet2": {"id": DATA, "managementPolicy": "Manage"},
        "peering": {
            "vnet1": side,
            "vnet2": side,
            "gatewayTransitPolicy": "WhenAvailable",
            "addressSpaceSync": "Automatic",
            "repairDisconnected": "OwnedOrAdopted",
        },
        "suspend": False,
        "managementPolicy": "Manage",
        "adoptionPolicy": "IfMatching",
        "deletionPolicy": "DeleteCreated",
        "interval": "5m",
    }


def test_defaults_are_filled_in_beside_what_is_given(cluster: Cluster, namespace: str) -> None:
    made = stored(cluster, namespace, pair(peering={"vnet1": {"allowForwardedTraffic": True}, "subnetPeering": {}}))
    peering = made["spec"]["peering"]
    assert peering["vnet1"] == peering["vnet2"] | {"allowForwardedTraffic": True}
    assert peering["subnetPeering"] == {"vnet1SubnetNames": [], "vnet2SubnetNames": [], "enableOnlyIPv6Peering": False}


@pytest.mark.parametrize("mode", ["--server-side=true", "--server-side=false"])
def test_the_same_file_applied_again_changes_nothing(cluster: Cluster, namespace: str, mode: str) -> None:
    document = pair(peering={"vnet1": ALLOW, "subnetPeering": {"vnet1SubnetNames": ["a", "b"]}})
    first, unseen = (applied(cluster, namespace, document, mode) for _ in range(2))
    # The API server does not store the default of status on create; the first write without a change does.
    for version in (first, unseen):
        version["metadata"].pop("resourceVersion")
    assert unseen == first
    seen = {"status": {"observedGeneration": 1, "syncLevel": "InSync"}}
    target = ("peeringpair", "app-to-data", "-n", namespace)
    cluster.kubectl("patch", *target, "--subresource=status", "--type=merge", "-p", json.dumps(seen))
    written = cluster.kubectl("get", *target, "-o", "json", "--show-managed-fields").stdout
    again = applied(cluster, namespace, document, mode)
    assert again == json.loads(written)
    assert again["metadata"]["generation"] == 1
    assert again["status"] == seen["status"]


def test_a_status_in_full_is_stored_and_shown_in_the_columns(cluster: Cluster, namespace: str) -> None:
    made = stored(cluster, namespace, pair())
    direction = {
        "state": "Connected",
        "id": APP,
        "name": "p",
        "origin": "Created",
        "remoteAddressPrefixes": ["10.0.0.0/16"],
    }
    condition = {"type": "Ready", "status": "True", "reason": "Connected", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    status = {
        "observedGeneration": 1,
        "conditions": [condition | {"message": "All is well."}],
        "vnet1": {
            "id": APP,
            "name": "app",
            "location": "westeurope",
            "addressPrefixes": ["10.0.0.0/16"],
            "origin": "Selected",
        },
        "vnet2": {"id": DATA, "name": "data", "origin": "Selected"},
        "vnet1ToVnet2": direction | {"syncLevel": "FullyInSync", "provisioningState": "Succeeded"},
        "vnet2ToVnet1": {"state": "Missing"},
        "syncLevel": "InSync",
        "resources": [{"role": "Peering", "id": APP, "origin": "Created", "state": "Connected", "onDelete": "Delete"}],
        "findings": [{"code": "NotTransitive", "severity": "Info", "id": "", "message": "m", "remediation": "r"}],
        "plannedActions": [{"action": "CreatePeering", "id": APP, "detail": "d", "billable": False, "outage": True}],
        "lastHandledReconcileAt": "now",
    }
    target = ("peeringpair", "app-to-data", "-n", namespace)
    patch = json.dumps({"status": copy.deepcopy(status)})
    cluster.kubectl("patch", *target, "--subresource=status", "--type=merge", "-p", patch)
    seen = json.loads(cluster.kubectl("get", *target, "-o", "json").stdout)
    assert seen["status"] == status
    assert seen["metadata"]["generation"] == made["metadata"]["generation"]
    header, row = cluster.kubectl("get", *target, "-o", "wide").stdout.splitlines()
    assert header.split() == ["NAME", "1->2", "2->1", "SYNC", "READY", "REASON", "AGE", "VNET1", "VNET2", "MESSAGE"]
    cells = row.split()
    assert cells[:6] == ["app-to-data", "Connected", "Missing", "InSync", "True", "Connected"]
    assert cells[7:] == ["app", "data", "All", "is", "well."]
