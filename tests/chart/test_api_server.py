"""What the chart renders is accepted by a real API server, and a release lives and goes as Helm says.

Nothing runs a pod here and nothing enforces a NetworkPolicy or a PodDisruptionBudget: accepted is all that is seen of those.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlplane.cluster import Cluster
from helm import build, chart, manifests
from helm.values import EVERYTHING, IDENTITY, PRINCIPAL
from how_to import commands, run

FOREIGN = Path(__file__).with_name("foreign_crds.yaml")
RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
LINK = """
apiVersion: vnetlink.dev/v1alpha1
kind: VNetLink
metadata: {name: kept, namespace: default}
spec:
  vnet1: {id: /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/app}
  vnet2: {id: /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/data}
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A control plane without our CRDs."""
    plane = Cluster(tmp_path_factory.mktemp("bare"))
    plane.start()
    try:
        plane.apply_crds_of(FOREIGN)
        yield plane
    finally:
        plane.stop()


def restricted(cluster: Cluster, namespace: str) -> None:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": RESTRICTED}}
    cluster.kubectl("apply", "-f", "-", input=json.dumps(body))


def as_pod(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """The pod that the Deployment's controller would make."""
    template = deployment["spec"]["template"]
    metadata = {**template["metadata"], "name": "probe", "namespace": deployment["metadata"]["namespace"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


@pytest.mark.parametrize(
    ("namespace", "values"),
    [
        ("defaults", {}),
        ("everything", EVERYTHING),
        ("namespaced", {"watchNamespaces": ["default", "kube-public"], "crds": {"enabled": False}}),
        ("webhook", {"workloadIdentity": {**IDENTITY, "webhook": True}}),
        ("principal", {"servicePrincipal": PRINCIPAL, "crds": {"enabled": False}}),
    ],
)
def test_every_object_and_the_pod_are_accepted_where_pod_security_is_restricted(
    cluster: Cluster, namespace: str, values: Mapping[str, Any]
) -> None:
    restricted(cluster, namespace)
    objects = chart.rendered(values, namespace=namespace)
    done = cluster.kubectl("apply", "--server-side", "-f", "-", "-o", "name", input=yaml.safe_dump_all(objects))
    assert len(done.stdout.split()) == len(objects)
    pod = as_pod(chart.one(objects, "Deployment"))
    made = cluster.kubectl("create", "--dry-run=server", "-f", "-", input=json.dumps(pod))
    assert "Warning" not in done.stderr + made.stderr


def test_the_schema_has_the_api_servers_own_fields_of_the_security_contexts_and_tolerations(cluster: Cluster) -> None:
    """None that it would refuse, and none left out."""
    kinds = json.loads(cluster.kubectl("get", "--raw", "/openapi/v3/api/v1").stdout)["components"]["schemas"]

    def closed(field: Mapping[str, Any]) -> dict[str, Any]:
        """Its types alone, with the kinds that it refers to in place, and no other field allowed."""
        if named := field.get("$ref") or next(iter(field.get("allOf", ())), field).get("$ref"):
            field = kinds[named.rpartition("/")[2]]
        found: dict[str, Any] = {"type": field["type"]}
        if "properties" in field:
            found |= {
                "additionalProperties": False,
                "properties": {name: closed(below) for name, below in field["properties"].items()},
            }
        return found | ({"items": closed(field["items"])} if "items" in field else {})

    shipped = json.loads((chart.CHART / "values.schema.json").read_text())["$defs"]
    assert shipped == {name: closed(kinds[f"io.k8s.api.core.v1.{name}"]) for name in shipped}


def test_a_pod_with_more_rights_than_ours_is_refused_there(cluster: Cluster) -> None:
    """Pod Security is enforced here, so that the test above says something."""
    restricted(cluster, "weakened")
    objects = chart.without_crds(
        {"securityContext": {"allowPrivilegeEscalation": True}, "serviceAccount": {"create": False, "name": "default"}},
        namespace="weakened",
    )
    pod = as_pod(chart.one(objects, "Deployment"))
    done = cluster.kubectl("create", "--dry-run=server", "-f", "-", input=json.dumps(pod), check=False)
    assert "violates PodSecurity" in done.stderr


def names(cluster: Cluster, kinds: str) -> set[str]:
    return set(cluster.kubectl("get", kinds, "-n", chart.NAMESPACE, "-o", "name").stdout.split())


def test_a_release_is_installed_over_kubectls_crds_and_upgraded_and_goes_as_documented_but_for_crds_and_links(
    cluster: Cluster, tmp_path: Path
) -> None:
    """`deploy/chart` is upgraded to itself: there is no earlier release."""

    def paste(page: str, heading: str, **words: str) -> None:
        path = f"{build.helm().parent}:{os.environ['PATH']}"
        run(cluster, tmp_path, commands(page, heading, **words), PATH=path)

    def dry_run() -> bool:
        assert names(cluster, "deployments,poddisruptionbudgets") == both, "the value `replicas` is kept"
        path = "jsonpath={.spec.template.spec.containers[0].args}"
        args = cluster.kubectl("get", "deployment/vnetlink", "-n", chart.NAMESPACE, "-o", path).stdout
        return "--dry-run" in json.loads(args)

    both = {"deployment.apps/vnetlink", "poddisruptionbudget.policy/vnetlink"}
    cluster.apply_crds()
    restricted(cluster, chart.NAMESPACE)
    place = ("vnetlink", str(chart.CHART), "--namespace", chart.NAMESPACE)
    over = ("--take-ownership", "--force-conflicts")
    chart.run("install", *place, *over, kubeconfig=cluster.kubeconfig, values={"replicas": 2})
    cluster.kubectl("apply", "-f", "-", input=LINK)
    assert not dry_run()
    paste("upgrade.md", "Look first")
    assert dry_run()
    paste("upgrade.md", "Back")
    assert not dry_run()
    paste("upgrade.md", "Look first")
    paste("upgrade.md", "Upgrade")
    assert dry_run(), "Helm keeps the value"
    paste("upgrade.md", "Look first", true="false")
    assert not dry_run()

    paste("uninstall.md", "Then the operator, by Helm")
    assert names(cluster, "deployments,poddisruptionbudgets,services,roles") == set()
    assert "vnetlink.vnetlink.dev/kept" in cluster.kubectl("get", "vnetlinks", "-A", "-o", "name").stdout

    chart.run("install", *place, kubeconfig=cluster.kubeconfig)  # what was kept is still the release's own
    assert names(cluster, "deployments") == {"deployment.apps/vnetlink"}


@pytest.mark.parametrize("directory", ["base", "overlays/ha", "overlays/namespaced", "overlays/workload-identity"])
def test_the_base_and_each_overlay_are_applied_with_kubectl_alone(cluster: Cluster, directory: str) -> None:
    assert "deployment.apps/vnetlink" in kustomized(cluster, manifests.DEPLOY / directory)


def test_all_components_together_are_applied_with_kubectl_alone(cluster: Cluster, tmp_path: Path) -> None:
    manifests.together(tmp_path, manifests.components())
    applied = kustomized(cluster, tmp_path)
    assert {"servicemonitor.monitoring.coreos.com/vnetlink", "networkpolicy.networking.k8s.io/vnetlink"} <= applied


def kustomized(cluster: Cluster, directory: Path) -> set[str]:
    """What is applied, and nothing is warned of."""
    done = cluster.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(directory), "-o", "name")
    assert "Warning" not in done.stderr
    return set(done.stdout.split())
