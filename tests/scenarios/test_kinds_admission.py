"""What holds for every kind on a real API server: its names, its category and what kubectl explains of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from admission import APP, DATA, Object, names_taken, own_namespace, stored, unexplained
from argocd.customizations import SCRIPTS
from controlplane.cluster import Cluster
from vnetlink.domain.kinds import AZURE_CREDENTIALS, KINDS, PEERING_PAIRS, VNET_LINKS, VPN_CONNECTION_PAIRS

ENDS = {"vnet1": {"id": APP}, "vnet2": {"id": DATA}}
SPECS: dict[str, Object] = {
    AZURE_CREDENTIALS: {"type": "Default"},
    VNET_LINKS: ENDS,
    PEERING_PAIRS: ENDS,
    VPN_CONNECTION_PAIRS: {**ENDS, "vpn": {"sharedKey": {"secretRef": {"name": "psk"}}}},
}
SHORT = {
    AZURE_CREDENTIALS: {"azcred", "azcreds"},
    VNET_LINKS: {"vnl", "vnls"},
    PEERING_PAIRS: {"peerpair", "peerpairs"},
    VPN_CONNECTION_PAIRS: {"vpnpair", "vpnpairs"},
}
FIELDS = {AZURE_CREDENTIALS: 20, VNET_LINKS: 200, PEERING_PAIRS: 90, VPN_CONNECTION_PAIRS: 150}  # at least


def names(plural: str) -> set[str]:
    return {plural, KINDS[plural].lower(), *SHORT[plural]}


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    with own_namespace(cluster) as name:
        yield name


def test_no_name_of_ours_is_taken_by_another_kind_and_the_category_is_no_name(cluster: Cluster) -> None:
    ours, others = names_taken(cluster)
    assert ours == {name for plural in KINDS for name in names(plural)}
    assert "azure" not in ours | others
    assert not ours & others


@pytest.mark.parametrize("plural", KINDS)
def test_every_name_and_the_category_finds_the_object(cluster: Cluster, namespace: str, plural: str) -> None:
    body = {"apiVersion": "vnetlink.dev/v1alpha1", "kind": KINDS[plural], "metadata": {"name": "one"}}
    stored(cluster, namespace, {**body, "spec": SPECS[plural]})
    for word in (*names(plural), "azure"):
        found = cluster.kubectl("get", word, "-n", namespace, "-o", "name").stdout
        assert found == f"{KINDS[plural].lower()}.vnetlink.dev/one\n"


def test_what_argo_cds_scripts_are_tested_with_is_still_as_the_crds_want_it(cluster: Cluster, namespace: str) -> None:
    captured = [yaml.safe_load(path.read_text()) for path in sorted(SCRIPTS.rglob("testdata/*.yaml"))]
    for number, one in enumerate(captured):
        one["metadata"] = {"name": f"captured-{number}"}
    strictly = ("-n", namespace, "--validate=strict", "-f", "-")
    cluster.kubectl("create", *strictly, input=yaml.safe_dump_all(captured))
    with_status = [one for one in captured if "status" in one]
    cluster.kubectl(
        "replace", "--subresource=status", "--dry-run=server", *strictly, input=yaml.safe_dump_all(with_status)
    )


@pytest.mark.parametrize("plural", KINDS)
def test_kubectl_explain_answers_for_every_field(cluster: Cluster, plural: str) -> None:
    fields, silent = unexplained(cluster, plural)
    assert fields > FIELDS[plural]
    assert not silent
