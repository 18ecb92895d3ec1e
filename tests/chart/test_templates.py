"""What each value of the chart does, as the real helm renders it, and what it refuses."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from helm import chart
from helm.chart import config, container, one, pod, without_crds
from helm.values import CLIENT, EVERYTHING, IDENTITY, PRINCIPAL, TENANT
from vnetlink.config import Config

REPO = Path(__file__).resolve().parents[2]


def environment(objects: list[chart.Object]) -> dict[str, Any]:
    return {row["name"]: row.get("value", row.get("valueFrom")) for row in container(objects)["env"]}


def granted(objects: list[chart.Object], resource: str) -> dict[str, set[str]]:
    """The verbs on a resource by namespace, "*": in all."""
    found: dict[str, set[str]] = {}
    for role in objects:
        if role["kind"] in ("Role", "ClusterRole") and not role["metadata"]["name"].endswith(
            ("-view", "-edit", "-admin")
        ):
            verbs = {verb for rule in role["rules"] if resource in rule["resources"] for verb in rule["verbs"]}
            if verbs:
                found.setdefault(role["metadata"].get("namespace", "*"), set()).update(verbs)
    return found


# --- what is refused


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"replicaCount": 2}, "replicaCount"),
        ({"crds": {"install": True}}, "install"),
        ({"image": {"tags": "1"}}, "tags"),
        ({"metrics": {"serviceMonitor": {"enable": True}}}, "enable"),
        ({"watchNamespaces": ["Team_A"]}, "watchNamespaces"),
        ({"azure": {"armEndpoint": "http://arm.example"}}, "armEndpoint"),
        ({"workloadIdentity": {"enabled": True}}, "clientId"),
        ({"servicePrincipal": IDENTITY}, "secretRef"),
        ({"workloadIdentity": IDENTITY, "servicePrincipal": PRINCIPAL}, "one Azure identity"),
        ({"workloadIdentity": {**IDENTITY, "tokenExpirationSeconds": 600}}, "tokenExpirationSeconds"),
        ({"replicas": 2, "leaderElection": {"enabled": False}}, "replicas above 1 need leaderElection"),
        ({"watchNamespaces": ["a"], "secrets": {"namespaces": ["b"]}}, "b is not one of watchNamespaces"),
        ({"leaderElection": {"leaseDuration": 10}}, "leaseDuration must be greater than renewDeadline"),
        ({"leaderElection": {"retryPeriod": 5}}, "greater than twice retryPeriod"),
        ({"fullnameOverride": "a.b"}, "fullnameOverride"),
        ({"extraLabels": {"app.kubernetes.io/name": "a"}}, "/extraLabels/app.kubernetes.io~1name"),
        ({"podLabels": {"app.kubernetes.io/instance": "a"}}, "/podLabels/app.kubernetes.io~1instance"),
        ({"serviceAccount": {"create": False}}, "serviceAccount.name"),
        ({"terminationGracePeriodSeconds": 5}, "terminationGracePeriodSeconds"),
        ({"securityContext": {"readOnlyRootFileSystem": True}}, "readOnlyRootFileSystem"),
        ({"podSecurityContext": {"seccompProfile": {"typ": "Unconfined"}}}, "typ"),
        ({"tolerations": [{"efect": "NoSchedule"}]}, "efect"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(values: Mapping[str, Any], words: str) -> None:
    with pytest.raises(chart.Rejected, match=re.escape(words)):
        without_crds(values)


def test_a_cluster_below_the_floor_is_refused() -> None:
    with pytest.raises(chart.Rejected, match=r">=1\.31"):
        without_crds(None, "--kube-version", "1.30.9")
    assert without_crds(None, "--kube-version", "1.31.0-eks-1")


def test_the_schema_knows_every_value_and_no_other_at_any_depth() -> None:
    schema = json.loads((chart.CHART / "values.schema.json").read_text())
    defaults = yaml.safe_load((chart.CHART / "values.yaml").read_text())
    optional = {"global", "initialDelaySeconds", "successThreshold", "claims"}

    def compare(schema: Mapping[str, Any], values: Mapping[str, Any], place: str) -> None:
        if "properties" not in schema:
            return  # Kubernetes' own type, or labels
        assert schema["additionalProperties"] is False, place
        assert schema["properties"].keys() - optional == values.keys(), place
        for name, value in values.items():
            if isinstance(value, dict):
                compare(schema["properties"][name], value, f"{place}.{name}")

    compare(schema, defaults, "")


# --- one version


def test_pyproject_has_the_only_version() -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["version"]
    described = yaml.safe_load((chart.CHART / "Chart.yaml").read_text())
    assert (described["version"], described["appVersion"]) == (project, project), "change deploy/chart/Chart.yaml, too"
    assert container(without_crds())["image"].endswith(f":{project}")


# --- names


def test_a_long_name_with_dots_leaves_a_services_name_that_kubernetes_takes() -> None:
    objects = without_crds({"nameOverride": f"a.{'b' * 60}"})
    name = one(objects, "Service")["metadata"]["name"]
    assert re.fullmatch(r"vnetlink-a-b+-metrics", name)
    assert len(name) <= 63


# --- the operator's command line


def test_the_defaults_are_the_operators_own_defaults() -> None:
    assert config(without_crds()) == Config()


def test_every_flag_that_values_set_is_understood() -> None:
    found = config(
        without_crds(
            {**EVERYTHING, "watchNamespaces": ["a", "b"], "workers": 8, "logLevel": "DEBUG", "deletionThreshold": 0}
        )
    )
    assert found.namespaces == ("a", "b")
    assert (found.identity_namespaces, found.dry_run, found.workers, found.deletion_threshold) == ({"*"}, True, 8, 0)
    assert (found.cloud, found.arm_endpoint) == ("AzureChina", "https://arm.example")
    assert (found.authority_host, found.log_level) == ("https://login.example", "DEBUG")


def test_a_release_of_another_name_has_a_lease_of_its_own() -> None:
    objects = without_crds({"fullnameOverride": "blue", "leaderElection": {"leaseDuration": 30}})
    found = config(objects)
    assert (found.leader_elect_resource_name, found.leader_elect_lease_duration) == ("blue", 30)


def test_without_election_there_is_never_a_second_process_and_no_right_on_leases() -> None:
    objects = without_crds({"leaderElection": {"enabled": False}})
    assert one(objects, "Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    assert (config(objects).leader_elect, granted(objects, "leases")) == (False, {})


# --- who it is


def test_the_token_is_mounted_by_the_chart_itself_unless_the_webhook_shall_do_it() -> None:
    objects = without_crds({"workloadIdentity": IDENTITY})
    spec = pod(objects)["spec"]
    (volume,) = [row for row in spec["volumes"] if "projected" in row]
    (source,) = volume["projected"]["sources"]
    (mount,) = [row for row in container(objects)["volumeMounts"] if row["name"] == volume["name"]]
    token = source["serviceAccountToken"]
    assert (token["audience"], token["expirationSeconds"]) == ("api://AzureADTokenExchange", 3600)
    found = environment(objects)
    assert found["AZURE_FEDERATED_TOKEN_FILE"] == f"{mount['mountPath']}/{token['path']}"
    assert (found["AZURE_CLIENT_ID"], found["AZURE_TENANT_ID"]) == (CLIENT, TENANT)
    assert "azure.workload.identity/use" not in pod(objects)["metadata"]["labels"]


def test_with_the_webhook_there_are_its_label_and_annotations_and_nothing_else() -> None:
    objects = without_crds({"workloadIdentity": {**IDENTITY, "webhook": True}})
    assert pod(objects)["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    assert one(objects, "ServiceAccount")["metadata"]["annotations"] == {
        "azure.workload.identity/client-id": CLIENT,
        "azure.workload.identity/tenant-id": TENANT,
        "azure.workload.identity/service-account-token-expiration": "3600",
    }
    assert environment(objects).keys() == {"POD_NAMESPACE"}
    assert [row["name"] for row in pod(objects)["spec"]["volumes"]] == ["tmp"]


def test_a_service_principals_secret_is_named_and_never_rendered() -> None:
    objects = without_crds({"servicePrincipal": PRINCIPAL})
    secret = {"secretKeyRef": {"name": "azure", "key": "clientSecret"}}
    assert environment(objects)["AZURE_CLIENT_SECRET"] == secret
    assert "Secret" not in {item["kind"] for item in objects}


# --- what it may do


def test_named_namespaces_need_no_cluster_role() -> None:
    objects = without_crds({"watchNamespaces": ["a", "b"]})
    assert not [item for item in objects if item["kind"].startswith("Cluster")]
    assert granted(objects, "vnetlinks").keys() == granted(objects, "secrets").keys() == {"a", "b"}
    bound = {item["metadata"]["namespace"] for item in objects if item["kind"] == "RoleBinding"}
    assert bound == {"a", "b", "vnetlink-system"}


@pytest.mark.parametrize(
    ("values", "secrets", "tokens"),
    [
        ({}, {"*": {"get"}}, {}),
        ({"sharedKeys": {"manage": True}}, {"*": {"get", "create", "update", "delete"}}, {}),
        ({"secrets": {"namespaces": ["a"]}}, {"a": {"get"}}, {}),
        ({"secrets": {"namespaces": []}, "serviceAccountTokens": {"namespaces": ["a"]}}, {}, {"a": {"create"}}),
        (
            {"watchNamespaces": ["a", "b"], "serviceAccountTokens": {"namespaces": ["*"]}},
            {"a": {"get"}, "b": {"get"}},
            {"a": {"create"}, "b": {"create"}},
        ),
        ({"rbac": {"create": False}}, {}, {}),
    ],
)
def test_rights_on_secrets_and_tokens_are_where_values_say(
    values: Mapping[str, Any], secrets: object, tokens: object
) -> None:
    objects = without_crds(values)
    assert (granted(objects, "secrets"), granted(objects, "serviceaccounts/token")) == (secrets, tokens)


def test_azure_credentials_are_for_a_namespaces_admin_only() -> None:
    found = {}
    for role in without_crds():
        for label in role["metadata"]["labels"]:
            if "/aggregate-to-" in label:
                (rule,) = role["rules"]
                found[label.partition("/aggregate-to-")[2]] = (
                    "azurecredentials" in rule["resources"],
                    set(rule["verbs"]),
                )
    read, write = {"get", "list", "watch"}, {"create", "update", "patch", "delete", "deletecollection"}
    assert found == {"view": (False, read), "edit": (False, write), "admin": (True, read | write)}


# --- how it runs


def test_a_disruption_budget_and_a_spread_over_nodes_come_with_the_second_replica_only() -> None:
    single, double = without_crds(), without_crds({"replicas": 2})
    assert "PodDisruptionBudget" not in {item["kind"] for item in single}
    assert one(double, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert "topologySpreadConstraints" not in pod(single)["spec"]
    (spread,) = pod(double)["spec"]["topologySpreadConstraints"]
    assert spread["topologyKey"] == "kubernetes.io/hostname"
    assert spread["labelSelector"]["matchLabels"].items() <= pod(double)["metadata"]["labels"].items()


def test_the_root_is_read_only_and_tmp_is_not() -> None:
    objects = without_crds()
    assert container(objects)["securityContext"]["readOnlyRootFilesystem"] is True
    assert {"name": "tmp", "mountPath": "/tmp"} in container(objects)["volumeMounts"]
    assert {"name": "tmp", "emptyDir": {}} in pod(objects)["spec"]["volumes"]


def test_extra_labels_stand_on_every_object_and_on_the_pods_but_in_no_selector() -> None:
    objects = chart.rendered(EVERYTHING)
    assert {item["metadata"]["labels"].get("team") for item in [*objects, pod(objects)]} == {"network"}
    selector = {"app.kubernetes.io/name": "vnetlink", "app.kubernetes.io/instance": "vnetlink"}
    assert one(objects, "Deployment")["spec"]["selector"]["matchLabels"] == selector


# --- what is seen of it


def test_monitors_rules_and_policies_select_the_pods_and_the_port_that_exist() -> None:
    objects = without_crds(EVERYTHING)
    (port,) = container(objects)["ports"]
    (served,) = one(objects, "Service")["spec"]["ports"]
    (scraped,) = one(objects, "ServiceMonitor")["spec"]["endpoints"]
    (opened,) = one(objects, "NetworkPolicy")["spec"]["ingress"]
    assert served["targetPort"] == port["name"] == opened["ports"][0]["port"]
    assert scraped["port"] == served["name"]
    labels = pod(objects)["metadata"]["labels"].items()
    assert one(objects, "Service")["spec"]["selector"].items() <= labels
    assert one(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items() <= labels
    assert one(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"].items() <= labels
    monitored = one(objects, "ServiceMonitor")["spec"]["selector"]["matchLabels"].items()
    assert monitored <= one(objects, "Service")["metadata"]["labels"].items()


def test_alerts_and_dashboard_are_the_files_untouched() -> None:
    objects = without_crds(EVERYTHING)
    (group,) = one(objects, "PrometheusRule")["spec"]["groups"]
    assert group["rules"] == yaml.safe_load((chart.CHART / "files" / "alerts.yaml").read_text())
    dashboard = one(objects, "ConfigMap")
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    shipped = json.loads((chart.CHART / "files" / "dashboard.json").read_text())
    assert json.loads(dashboard["data"]["vnetlink.json"]) == shipped


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "set identityNamespaces"),
        ({"identityNamespaces": ["a"]}, "the managed identity that it finds"),
        ({"workloadIdentity": IDENTITY}, "--subject system:serviceaccount:vnetlink-system:vnetlink"),
        ({"watchNamespaces": ["a", "b"]}, "serves a, b."),
        ({"crds": {"keep": False}}, "WARNING: crds.keep is false"),
        ({"dryRun": True}, "WARNING: dryRun is true"),
    ],
)
def test_notes_tell_what_is_to_be_done_next(values: Mapping[str, Any], words: str) -> None:
    place = ("vnetlink", str(chart.CHART), "--namespace", "vnetlink-system")
    text = chart.run(
        "install", *place, "--dry-run=client", values={"crds": {"enabled": "keep" in str(values)}} | dict(values)
    )
    assert words in text.partition("\nNOTES:\n")[2]
