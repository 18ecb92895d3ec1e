"""As a platform engineer I am told in a sentence what is wrong with my AzureCredential, before a token is asked for."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from admission import (
    APP,
    GROUP,
    Object,
    applied,
    own_namespace,
    patched,
    refused,
    stored,
    tried,
)
from controlplane.cluster import Cluster

GUID = "00000000-0000-0000-0000-000000000000"
SUBSCRIPTION = f"/subscriptions/{GUID}"
NOT_A_TENANT = "must be the id of a tenant, a guid; copy it from: az account show --query tenantId --output tsv"
NOT_A_CLIENT = (
    "must be a client id (application id), a guid; copy it from: az ad app list --display-name <name> --query "
    '"*.appId" --output tsv'
)
ACCOUNT_NAME, SECRET_NAME = (
    f"must be the name of a {kind}: lower-case letters, digits, dots and dashes, beginning and ending with a letter or digit"
    for kind in ("ServiceAccount", "Secret")
)
NAMESPACE_NAME = (
    "must be the name of one namespace, without wildcards: lower-case letters, digits and dashes, beginning and ending with a "
    "letter or digit"
)
SCOPE = (
    "must be exactly the id of a subscription, a resource group or a virtual network: /subscriptions/<guid>, or that with "
    "/resourceGroups/<group>, or that with /providers/Microsoft.Network/virtualNetworks/<name>, without a slash at the end"
)
NEEDS_TENANT = "type {} needs the id of the tenant: add tenantId"
NEEDS_CLIENT = "type {} needs the client id of the identity: add clientId"
NEEDS_ACCOUNT = "type WorkloadIdentity needs a ServiceAccount of this namespace: add serviceAccountRef.name"
NEEDS_SECRET = "type {} needs a Secret of this namespace: add secretRef.name"
NO_ACCOUNT = "type {} uses no ServiceAccount: leave serviceAccountRef out, or set type to WorkloadIdentity"
NO_SECRET = (
    "type {} uses no Secret: leave secretRef out, or set type to ServicePrincipalSecret or ServicePrincipalCertificate"
)
EMPTY_SELECTOR = (
    "an empty selector would select every namespace or none, depending on the reader: leave it out, or select every namespace "
    "with key kubernetes.io/metadata.name and operator Exists"
)
VALUES = "In and NotIn need values, Exists and DoesNotExist take none: add or leave out values"
LABEL_NAME = "must be the name of a label, such as team or example.com/team"
LABEL_NAMES = "must have names of labels, such as team or example.com/team"
LABEL_VALUE = "must be the value of a label: letters, digits, dots, dashes and underscores, beginning and ending with a letter or digit"

IDS = {"tenantId": GUID, "clientId": GUID}
ACCOUNT, SECRET = {"serviceAccountRef": {"name": "vnetlink"}}, {"secretRef": {"name": "sp"}}
COMPLETE: dict[str, Object] = {
    "WorkloadIdentity": IDS | ACCOUNT,
    "ServicePrincipalSecret": IDS | SECRET,
    "ServicePrincipalCertificate": IDS | SECRET,
    "ManagedIdentity": {},
    "Default": {},
}
every_type = pytest.mark.parametrize("type", COMPLETE)


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    with own_namespace(cluster) as name:
        yield name


def bare(type: str, **spec: Any) -> Object:
    return {
        "apiVersion": "vnetlink.dev/v1alpha1",
        "kind": "AzureCredential",
        "metadata": {"name": "default"},
        "spec": {"type": type, **spec},
    }


def credential(type: str = "WorkloadIdentity", **spec: Any) -> Object:
    return bare(type, **COMPLETE[type] | spec)


def without(field: str, type: str) -> Object:
    return bare(type, **{name: value for name, value in COMPLETE[type].items() if name != field})


# -- what a type needs


@every_type
def test_each_type_is_accepted_with_what_it_needs(cluster: Cluster, type: str) -> None:
    answer = tried(cluster, credential(type))
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("type", ["ManagedIdentity", "Default"])
def test_an_identity_of_the_machine_may_be_told_by_its_ids(cluster: Cluster, type: str) -> None:
    assert tried(cluster, credential(type, **IDS)).returncode == 0


@pytest.mark.parametrize(
    ("type", "field", "sentence"),
    [
        *((type, "tenantId", NEEDS_TENANT) for type, needed in COMPLETE.items() if needed),
        *((type, "clientId", NEEDS_CLIENT) for type, needed in COMPLETE.items() if needed),
        ("WorkloadIdentity", "serviceAccountRef", NEEDS_ACCOUNT),
        ("ServicePrincipalSecret", "secretRef", NEEDS_SECRET),
        ("ServicePrincipalCertificate", "secretRef", NEEDS_SECRET),
    ],
)
def test_what_a_type_lacks_is_named(cluster: Cluster, type: str, field: str, sentence: str) -> None:
    refused(tried(cluster, without(field, type)), f"spec.{field}", sentence.format(type))


@every_type
def test_what_a_type_has_no_use_for_is_refused(cluster: Cluster, type: str) -> None:
    """Or somebody would believe that it is used."""
    if type != "WorkloadIdentity":
        refused(tried(cluster, credential(type, **ACCOUNT)), "spec.serviceAccountRef", NO_ACCOUNT.format(type))
    if not type.startswith("ServicePrincipal"):
        refused(tried(cluster, credential(type, **SECRET)), "spec.secretRef", NO_SECRET.format(type))


def test_a_type_must_be_chosen_and_be_one_of_the_list(cluster: Cluster) -> None:
    document = credential()
    del document["spec"]["type"]
    assert "spec.type: Required value" in tried(cluster, document).stderr
    answer = tried(cluster, bare("Password"))
    assert 'supported values: "WorkloadIdentity", "ManagedIdentity", "ServicePrincipalSecret"' in answer.stderr


def test_no_secret_fits_into_it(cluster: Cluster) -> None:
    answer = tried(cluster, credential("ServicePrincipalSecret", clientSecret="x"))
    assert 'unknown field "spec.clientSecret"' in answer.stderr


# -- single fields


@pytest.mark.parametrize(
    "guid", ["", "contoso.onmicrosoft.com", GUID[:-1] + "g", f" {GUID}"[:36], GUID.replace("-", "0")]
)
def test_ids_are_guids(cluster: Cluster, guid: str) -> None:
    refused(tried(cluster, credential(tenantId=guid)), "spec.tenantId", NOT_A_TENANT)
    refused(tried(cluster, credential(clientId=guid)), "spec.clientId", NOT_A_CLIENT)


def test_a_guid_may_be_written_in_capitals(cluster: Cluster) -> None:
    guid = "ABCDEF00-0000-0000-0000-00000000000A"
    assert tried(cluster, credential(tenantId=guid, clientId=guid)).returncode == 0


@pytest.mark.parametrize("name", ["", "Upper", "../x", "a/b", "-a", "a\n"])
def test_what_is_referred_to_has_a_name_and_is_in_this_namespace(cluster: Cluster, name: str) -> None:
    answer = tried(cluster, credential(serviceAccountRef={"name": name}))
    refused(answer, "spec.serviceAccountRef.name", ACCOUNT_NAME)
    answer = tried(cluster, credential("ServicePrincipalSecret", secretRef={"name": name}))
    refused(answer, "spec.secretRef.name", SECRET_NAME)


def test_another_namespaces_secret_or_account_cannot_be_named(cluster: Cluster) -> None:
    elsewhere = {"name": "x", "namespace": "kube-system"}
    answer = tried(cluster, credential("ServicePrincipalSecret", secretRef=elsewhere))
    assert 'unknown field "spec.secretRef.namespace"' in answer.stderr
    answer = tried(cluster, credential(serviceAccountRef=elsewhere))
    assert 'unknown field "spec.serviceAccountRef.namespace"' in answer.stderr


@pytest.mark.parametrize("scope", [SUBSCRIPTION, SUBSCRIPTION.upper(), GROUP, APP, APP.lower()])
def test_a_scope_is_a_subscription_a_group_or_a_virtual_network(cluster: Cluster, scope: str) -> None:
    answer = tried(cluster, credential(allowedScopes=[scope]))
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    "scope",
    [
        "",
        "/",
        "*",
        f"{SUBSCRIPTION}/",
        f"{GROUP}/",
        f"{APP}/",
        f"{APP}/subnets/a",
        f"{GROUP}/..",
        f"{GROUP}%2f",
        f"{APP}\n",
        GUID,
        f"{SUBSCRIPTION}/resourceGroups",
        f"{SUBSCRIPTION}x",
        GROUP.replace("resource", "re\u017fource"),
        "/providers/Microsoft.Management/managementGroups/all",
        GROUP.replace("rg1", "rg1/providers/Microsoft.Compute"),
    ],
)
def test_anything_else_is_no_scope(cluster: Cluster, scope: str) -> None:
    refused(tried(cluster, credential(allowedScopes=[GROUP, scope])), "spec.allowedScopes[1]", SCOPE)


# -- who may use it


@pytest.mark.parametrize(
    "allowed",
    [
        {},
        {"names": []},
        {"names": ["team-a", "team-b"]},
        {"selector": {"matchLabels": {"team": "net", "example.com/env": ""}}},
        {"selector": {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}},
        {
            "names": ["team-a"],
            "selector": {
                "matchLabels": {"team": "net"},
                "matchExpressions": [
                    {"key": "env", "operator": "In", "values": ["test", "prod"]},
                    {"key": "off", "operator": "DoesNotExist"},
                    {"key": "tier", "operator": "NotIn", "values": [""]},
                ],
            },
        },
    ],
)
def test_namespaces_are_allowed_by_name_and_by_label(cluster: Cluster, allowed: Object) -> None:
    answer = tried(cluster, credential(allowedNamespaces=allowed))
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    ("allowed", "field", "sentence"),
    [
        ({"names": ["ok", "*"]}, "names[1]", NAMESPACE_NAME),
        ({"names": ["a.b"]}, "names[0]", NAMESPACE_NAME),
        ({"names": [""]}, "names[0]", NAMESPACE_NAME),
        ({"selector": {}}, "selector", EMPTY_SELECTOR),
        ({"selector": {"matchLabels": {}, "matchExpressions": []}}, "selector", EMPTY_SELECTOR),
        ({"selector": {"matchLabels": {"a b": "c"}}}, "selector.matchLabels", LABEL_NAMES),
        ({"selector": {"matchLabels": {"a": "b c"}}}, "selector.matchLabels[a]", LABEL_VALUE),
        *(
            ({"selector": {"matchExpressions": [row]}}, "selector.matchExpressions[0].values", VALUES)
            for row in (
                {"key": "a", "operator": "In"},
                {"key": "a", "operator": "NotIn", "values": []},
                {"key": "a", "operator": "Exists", "values": ["b"]},
                {"key": "a", "operator": "DoesNotExist", "values": ["b"]},
            )
        ),
        (
            {"selector": {"matchExpressions": [{"key": "/a", "operator": "Exists"}]}},
            "selector.matchExpressions[0].key",
            LABEL_NAME,
        ),
        (
            {"selector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "-"]}]}},
            "selector.matchExpressions[0].values[1]",
            LABEL_VALUE,
        ),
    ],
)
def test_who_cannot_be_meant_is_refused_in_a_sentence(
    cluster: Cluster, allowed: Object, field: str, sentence: str
) -> None:
    refused(tried(cluster, credential(allowedNamespaces=allowed)), f"spec.allowedNamespaces.{field}", sentence)


def test_kubectl_says_that_no_namespaces_means_its_own_unlike_cluster_api(cluster: Cluster) -> None:
    said = " ".join(cluster.kubectl("explain", "azurecredentials.spec.allowedNamespaces").stdout.split())
    assert "Absent or {} means its own namespace only, unlike Cluster API, where {} means every namespace." in said


# -- defaults, changes and columns


def test_nothing_is_allowed_by_default_and_it_counts_as_unseen(cluster: Cluster, namespace: str) -> None:
    made = stored(cluster, namespace, credential(allowedNamespaces={}) | {"status": {"observedGeneration": 7}})
    assert made["status"] == {"observedGeneration": -1}
    assert made["spec"] == IDS | ACCOUNT | {
        "type": "WorkloadIdentity",
        "allowedNamespaces": {"names": []},
        "allowedScopes": [],
    }


def test_everything_can_be_changed_as_long_as_it_fits_together(cluster: Cluster, namespace: str) -> None:
    made = stored(cluster, namespace, credential())
    change = {"type": "ServicePrincipalSecret", "clientId": GUID.replace("0", "1"), **SECRET}
    refused(patched(cluster, namespace, made, change), "spec.serviceAccountRef", NO_ACCOUNT.format(change["type"]))
    assert patched(cluster, namespace, made, change | {"serviceAccountRef": None}).returncode == 0


@pytest.mark.parametrize("mode", ["--server-side=true", "--server-side=false"])
def test_the_same_file_applied_again_changes_nothing(cluster: Cluster, namespace: str, mode: str) -> None:
    allowed = {"names": ["a", "b"], "selector": {"matchLabels": {"team": "net"}}}
    document = credential(allowedNamespaces=allowed, allowedScopes=[SUBSCRIPTION, GROUP])
    first, unseen = (applied(cluster, namespace, document, mode) for _ in range(2))
    # The API server does not store the default of status on create; the first write without a change does.
    for version in (first, unseen):
        version["metadata"].pop("resourceVersion")
    assert unseen == first
    assert unseen["metadata"]["generation"] == 1


def test_a_status_is_stored_and_shown_in_the_columns(cluster: Cluster, namespace: str) -> None:
    stored(cluster, namespace, credential())
    ready = {"type": "Ready", "status": "False", "reason": "CredentialInvalid", "message": "AADSTS70021: no match."}
    ready |= {"lastTransitionTime": "2026-01-01T00:00:00Z"}
    status = {"observedGeneration": 1, "conditions": [ready]}
    target = ("azurecredential", "default", "-n", namespace)
    patch = json.dumps({"status": status})
    cluster.kubectl("patch", *target, "--subresource=status", "--type=merge", "-p", patch)
    assert json.loads(cluster.kubectl("get", *target, "-o", "json").stdout)["status"] == status
    header, row = cluster.kubectl("get", *target).stdout.splitlines()
    assert header.split() == ["NAME", "TYPE", "TENANT", "READY", "REASON", "AGE"]
    assert row.split()[:5] == ["default", "WorkloadIdentity", GUID, "False", "CredentialInvalid"]
