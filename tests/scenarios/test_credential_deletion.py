"""Deleting a credential: held while objects need it, with their names; and what happens when its Secret goes first (F41)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from credential_estate import TEAM_B, Credentials, Team, arm_requests, directory, writes
from estate import Estate, eventually
from link_estate import LinkEstate
from stories import told, two_vnets

MESSAGE = "jsonpath={.status.conditions[?(@.type=='Ready')].message}"
OURS = {"credentialRef": {"name": "ours"}}


@pytest.fixture
def azure(cluster: Cluster, tmp_path: Path) -> Iterator[ArmsimProcess]:
    with ArmsimProcess(tmp_path / "armsim", directory(cluster, tmp_path)) as process:
        yield process


@pytest.fixture
def team(estate: Estate) -> Team:
    """A namespace with the credential `ours`."""
    team = Team.of(estate, "team-b")
    team.secret()
    team.credential("ours", "ServicePrincipalSecret")
    return team


@pytest.fixture
def credentials(team: Team) -> Credentials:
    return team.credentials()


def test_it_is_held_with_the_names_of_those_that_need_it_and_goes_when_they_are_gone(
    estate: Estate, team: Team, credentials: Credentials
) -> None:
    app, data = two_vnets(estate)
    estate.start("--log-level", "INFO")
    team.pair("first", app, data, end1=OURS, end2=OURS)
    team.wait_ready("first")
    eventually("the finalizer", lambda: credentials.finalizers("ours") == ["vnetlink.dev/azure"])

    credentials.delete("ours", wait=False)
    message = credentials.wait_reason("ours", "DeletionHeld")["message"]
    assert "PeeringPair team-b/first" in message
    eventually("the event", lambda: len(told(credentials, "ours", "DeletionHeld")) == 1)
    team.delete("first")
    credentials.wait_gone("ours")
    assert estate.peerings(app) == estate.peerings(data) == {}
    assert len(told(credentials, "ours", "DeletionHeld")) == 1


def test_that_of_a_link_and_that_of_its_dns_zone_are_held_until_the_link_is_gone(
    estate: Estate, team: Team, credentials: Credentials
) -> None:
    app, data = two_vnets(estate)
    zone = f"{estate.azure.group('rg')}/providers/Microsoft.Network/privateDnsZones/corp.example"
    estate.azure.send("PUT", zone, {"location": "global"})
    links = LinkEstate(team.cluster, team.azure, team.dir, team.namespace)
    team.credential("zones", "ServicePrincipalSecret")
    estate.start("--log-level", "INFO")
    zones = [{"id": zone, "credentialRef": {"name": "zones"}}]
    links.link("app-to-data", app, data, end1=OURS, end2=OURS, dns={"privateDnsZones": zones})
    eventually("linked", lambda: links.condition("app-to-data", "DnsLinked").get("status") == "True")
    links.wait_ready("app-to-data")
    eventually("both needed", lambda: credentials.finalizers("ours") and credentials.finalizers("zones"))

    for name, needing in (("ours", "PeeringPair team-b/app-to-data-peering"), ("zones", "VNetLink team-b/app-to-data")):
        credentials.delete(name, wait=False)
        assert needing in credentials.wait_reason(name, "DeletionHeld")["message"]
    links.delete("app-to-data")
    credentials.wait_gone("ours")
    credentials.wait_gone("zones")
    assert estate.azure.get(f"{zone}/virtualNetworkLinks")["value"] == []
    assert estate.peerings(app) == estate.peerings(data) == {}


def test_it_goes_when_the_last_one_has_been_given_another(estate: Estate, team: Team, credentials: Credentials) -> None:
    app, data = two_vnets(estate)
    estate.start("--log-level", "INFO")
    team.credential("next", "ServicePrincipalSecret")
    team.pair("moving", app, data, end1=OURS, end2=OURS)
    team.wait_ready("moving")
    credentials.delete("ours", wait=False)
    credentials.wait_reason("ours", "DeletionHeld")

    other = {"credentialRef": {"name": "next"}}
    team.patch("moving", vnet1=other, vnet2=other)
    credentials.wait_gone("ours")
    team.wait_ready("moving")
    eventually("the finalizer", lambda: credentials.finalizers("next") == ["vnetlink.dev/azure"])


def test_one_that_nobody_needs_or_may_use_goes_at_once(estate: Estate, team: Team, credentials: Credentials) -> None:
    app, data = two_vnets(estate)
    other = Team.of(estate, "team-a")
    estate.start("--log-level", "INFO")
    credentials.wait_ready("ours")
    ref = {"credentialRef": {"name": "ours", "namespace": "team-b"}}
    other.pair("ungranted", app, data, end1=ref, end2=ref)
    other.wait_reason("ungranted", "ReferenceNotGranted")
    assert credentials.finalizers("ours") == []
    credentials.delete("ours")


def test_a_deletion_that_lacks_its_secret_is_held_naming_it_and_goes_on_when_it_is_back(
    estate: Estate, team: Team, credentials: Credentials
) -> None:
    app, data = two_vnets(estate)
    estate.start("--log-level", "INFO")
    team.pair("keyless", app, data, end1=OURS, end2=OURS)
    team.wait_ready("keyless")
    estate.operator.kill()
    team.kubectl("delete", "secret", "app")
    team.delete("keyless", wait=False)
    since = estate.azure.last_request()
    estate.operator.start().wait_ready()

    held = team.wait_reason("keyless", "DeletionHeld")
    assert "There is no Secret team-b/app" in held["message"]
    assert "Orphan" in held["message"]
    assert [one["code"] for one in team.read("keyless")["status"]["findings"]] == ["CredentialMissing"]
    credentials.wait_reason("ours", "CredentialMissing")
    assert arm_requests(estate.azure, since, TEAM_B) == []

    team.secret()
    team.wait_gone("keyless")
    assert estate.peerings(app) == {}


def test_orphan_releases_a_deletion_that_lacks_its_secret_without_a_request_and_then_the_credential(
    estate: Estate, team: Team, credentials: Credentials
) -> None:
    app, data = two_vnets(estate)
    estate.start("--log-level", "INFO")
    team.pair("let-go", app, data, end1=OURS, end2=OURS)
    team.wait_ready("let-go")
    estate.operator.kill()
    team.kubectl("delete", "secret", "app")
    team.delete("let-go", wait=False)
    credentials.delete("ours", wait=False)
    since = estate.azure.last_request()
    estate.operator.start().wait_ready()
    team.wait_reason("let-go", "DeletionHeld")
    credentials.wait_reason("ours", "DeletionHeld")

    team.patch("let-go", deletionPolicy="Orphan")
    team.wait_gone("let-go")
    credentials.wait_gone("ours")
    assert writes(estate.azure, since, TEAM_B) == []
    assert list(estate.peerings(app)) == ["app-data"]


def test_a_namespace_that_is_deleted_with_its_credential_takes_its_peerings_from_azure_first(
    estate: Estate, team: Team
) -> None:
    app, data = two_vnets(estate)
    doomed = Team.of(estate, "doomed")
    estate.start("--log-level", "INFO")
    doomed.secret()
    doomed.credential("default", "ServicePrincipalSecret")
    doomed.pair("goes", app, data)
    doomed.wait_ready("goes")
    estate.cluster.kubectl("delete", "namespace", "doomed", "--timeout=60s")
    assert estate.peerings(app) == estate.peerings(data) == {}


def test_a_namespace_that_is_held_until_its_secret_is_lost_goes_by_a_credential_of_another_once_it_is_confirmed(
    estate: Estate, team: Team
) -> None:
    ends = [estate.azure.vnet(f"vnet{n}", f"10.{n}.0.0/16") for n in range(4)]
    doomed = Team.of(estate, "doomed")
    estate.start("--deletion-threshold", "1")
    doomed.secret()
    doomed.credential("default", "ServicePrincipalSecret")
    link = {**doomed.manifest("link", *ends[:2]), "kind": "VNetLink"}
    doomed.apply(link, doomed.manifest("pair", *ends[2:]))
    held = ("vnetlink/link", "peeringpair/pair")
    doomed.kubectl("wait", "--for=condition=Ready", *held, "--timeout=30s")

    def all_say(words: str) -> bool:
        shown = (doomed.kubectl("get", one, "--output", MESSAGE) for one in held)
        return all(words in message for message in shown)

    since = estate.azure.last_request()
    estate.cluster.kubectl("delete", "namespace", "doomed", "--wait=false")
    eventually("the brake", lambda: all_say("2 objects were deleted at once"))
    eventually("the Secret's end", lambda: not doomed.kubectl("get", "secret", "app", "--ignore-not-found"))
    estate.operator.restart().wait_ready()  # the token was in memory
    for one in held:
        doomed.kubectl("annotate", one, "vnetlink.dev/confirm-deletion=true")
    eventually("no identity", lambda: all_say("There is no Secret doomed/app."))
    assert all_say("If its namespace is being deleted, set credentialRef to an AzureCredential of another namespace")
    assert writes(estate.azure, since, TEAM_B) == []

    team.credential("ours", "ServicePrincipalSecret", allowedNamespaces={"names": ["doomed"]})
    other = {"credentialRef": {"name": "ours", "namespace": "team-b"}}
    for one in held:
        patch = json.dumps({"spec": {"vnet1": other, "vnet2": other}})
        doomed.kubectl("patch", one, "--type=merge", "--patch", patch)
    estate.cluster.kubectl("wait", "--for=delete", "namespace/doomed", "--timeout=60s")
    assert [estate.peerings(vnet) for vnet in ends] == [{}] * 4
