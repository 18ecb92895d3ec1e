"""Links driven by Git: a commit is Ready when Azure is, failed when somebody has to act, and what leaves Git leaves Azure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import flux
from controlplane.cluster import Cluster
from estate import eventually
from flux import Flux
from link_estate import LinkEstate
from vpn_estate import VpnEstate
from vpn_scenes import ask, azure_at_a_pace

LINKS, GATEWAYS = "network-links", "network-gateways"
OTHER = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "something-else"}}
GATEWAY_SECONDS = 45 * 60.0


@pytest.fixture(scope="module")
def git(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flux]:
    """Flux and its repository, for all tests here."""
    with flux.flux(cluster, tmp_path_factory.mktemp("flux")) as running:
        yield running


@pytest.fixture
def gateways(cluster: Cluster, tmp_path: Path) -> Iterator[VpnEstate]:
    """An Azure in which a gateway takes 45 minutes, of its own clock."""
    with azure_at_a_pace(cluster, tmp_path, {"virtualNetworkGateways.create": GATEWAY_SECONDS}) as estate:
        yield estate


def told(git: Flux, name: str, revision: str, status: str, says: str = "", kind: str = "Ready") -> None:
    """Until this condition of the Kustomization has this status, and says this, of this commit."""

    def shown() -> bool:
        now, attempted = git.condition(name, kind), git.kustomization(name).get("lastAttemptedRevision")
        return now.get("status") == status and says in now["message"] and attempted == revision

    try:
        eventually(f"{name} {kind}={status} {says}", shown, within=60, every=0.2)
    except AssertionError as error:
        raise AssertionError(f"{error}; {git.kustomization(name)}\n{git.tail()}") from None


def waited_for(git: Flux, name: str, revision: str, timeout: str) -> None:
    """Until what the commit applied is neither healthy nor failed."""
    says = f"Running health checks for revision {revision} with a timeout of {timeout}"
    told(git, name, revision, "Unknown", says, kind="Healthy")


def test_a_commit_is_ready_when_both_peerings_are_and_what_leaves_git_leaves_azure(
    git: Flux, links: LinkEstate
) -> None:
    app, data = links.two_vnets()
    link = links.link_manifest("app-to-data", app, data)
    git.apply("links.yaml")
    first = git.commit(link, folder="links")
    waited_for(git, LINKS, first, "5m0s")  # no operator has seen it: not taken for healthy
    links.start()
    told(git, LINKS, first, "True")
    assert links.peerings(app)["app-data"]["peeringState"] == "Connected"
    assert links.peerings(data)["data-app"]["peeringState"] == "Connected"

    before = links.read("app-to-data")["metadata"]
    assert before["annotations"]["vnetlink.dev/owned"], "the operator has written to what Git has"
    second = git.commit(link, OTHER, folder="links")
    told(git, LINKS, second, "True")
    assert links.read("app-to-data")["metadata"]["resourceVersion"] == before["resourceVersion"]

    told(git, LINKS, git.commit(OTHER, folder="links"), "True")
    links.wait_gone("app-to-data")
    assert links.peerings(app) == links.peerings(data) == {}


def test_a_broken_commit_is_failed_and_a_kustomization_that_goes_takes_its_links_along(
    git: Flux, links: LinkEstate
) -> None:
    app, data = links.two_vnets()
    links.start()
    git.apply("links.yaml")
    broken = links.link_manifest("broken", app, f"{data}-2")
    told(git, LINKS, git.commit(broken, folder="links"), "False", "VNetLink/default/broken status: 'Failed'")
    assert git.condition(LINKS)["reason"] == "HealthCheckFailed"

    mended = links.link_manifest("mended", app, data)
    told(git, LINKS, git.commit(mended, folder="links"), "True")
    links.wait_gone("broken")
    assert links.peerings(app)["app-data"]["peeringState"] == "Connected"

    git.delete(LINKS)
    links.wait_gone("mended")
    assert links.peerings(app) == links.peerings(data) == {}


def test_a_gateway_of_45_minutes_is_waited_for_with_the_timeout_of_the_example(git: Flux, gateways: VpnEstate) -> None:
    gateways.secret()
    gateways.start()
    git.apply("gateways.yaml")
    pair = gateways.vpn_manifest("weu-to-neu", *gateways.two_vnets())
    revision = git.commit(pair, folder="gateways")
    waited_for(git, GATEWAYS, revision, "1h0m0s")
    both = ["app-gateway", "data-gateway"]
    eventually("both gateways begun", lambda: gateways.names("virtualNetworkGateways") == both)
    gateways.azure.advance(GATEWAY_SECONDS)
    ask(gateways, "weu-to-neu")
    gateways.wait_reason("weu-to-neu", "Connected", within=60)
    told(git, GATEWAYS, revision, "True")
    assert gateways.names("connections") == ["app-data", "data-app"]
