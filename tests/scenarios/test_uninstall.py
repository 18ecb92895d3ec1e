"""Uninstalling is one documented command, whether Azure stays as it is or is cleaned up, however many objects there are."""

from __future__ import annotations

import pytest

from estate import OPERATOR_NAMESPACE
from how_to import paste
from link_estate import LinkEstate
from one_of_each import EVERYTHING, KINDS, NOTHING, deployed, in_azure, one_of_each, written

PAGE = "uninstall.md"


@pytest.mark.parametrize(
    ("heading", "left"), [("Leave Azure as it is", EVERYTHING), ("Remove what the operator made", NOTHING)]
)
def test_every_object_then_the_operator_then_the_crds_go_as_documented(
    links: LinkEstate, heading: str, left: dict[str, int]
) -> None:
    with deployed(links, "--identity-namespaces", "*", "--deletion-threshold", "1"):
        one_of_each(links)
        since = links.azure.last_request()
        paste(links, PAGE, heading)
        assert links.kubectl("get", KINDS, "-A", "-o", "name") == ""
        assert in_azure(links) == left
        assert bool(written(links, since)) == (left == NOTHING)
        links.operator.stop()
    try:
        paste(links, PAGE, "Last the CRDs")
        there = links.cluster.kubectl("-n", OPERATOR_NAMESPACE, "get", "deployments,configmaps", "--output=name").stdout
        assert there.split() == ["configmap/kube-root-ca.crt", "configmap/vnetlink-installation"]
    finally:
        links.cluster.apply_crds()
