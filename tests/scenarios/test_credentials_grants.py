"""Who may use whose identity (design/faults.md F63, F64, T1 to T4). Without a grant: no request to Azure, none for a token."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from credential_estate import (
    OPERATOR,
    TEAM_A,
    TEAM_B,
    Team,
    arm_requests,
    directory,
    token_requests,
    writes,
)
from estate import Estate, eventually
from stories import looks_again, two_vnets

OWN = {"credentialRef": {"name": "ours"}}
THEIRS = {"credentialRef": {"name": "ours", "namespace": "team-a"}}


@pytest.fixture
def azure(cluster: Cluster, tmp_path: Path) -> Iterator[ArmsimProcess]:
    with ArmsimProcess(tmp_path / "armsim", directory(cluster, tmp_path)) as process:
        yield process


@pytest.fixture
def a(estate: Estate) -> Team:
    """team-a, whose credential `ours` is about to be wanted by others."""
    return Team.of(estate, "team-a")


@pytest.fixture
def b(estate: Estate) -> Team:
    """team-b, which wants it."""
    return Team.of(estate, "team-b", tier="production")


def asked(estate: Estate, since: int) -> list[str]:
    """Everything that was asked of Azure and of Entra ID, by whomever."""
    told = estate.azure.requests(since)
    return [one["path"] for one in told if "_armsim" not in one["path"] and one["principal"] != "armsim-test"]


def test_a_reference_without_a_grant_makes_no_request_with_the_foreign_id(estate: Estate, a: Team, b: Team) -> None:
    app, data = two_vnets(estate)
    estate.start("--log-level", "INFO")
    a.credential("ours")
    a.credentials().wait_ready("ours")
    since = estate.azure.last_request()
    b.pair("deputy", app, data, end1=THEIRS, end2=THEIRS, interval="1s")

    ready = b.wait_reason("deputy", "ReferenceNotGranted")
    assert "spec.allowedNamespaces" in ready["message"]
    assert "finalizers" not in b.read("deputy")["metadata"]
    b.delete("deputy")
    assert asked(estate, since) == []


def test_it_is_not_told_whether_what_one_may_not_use_exists(estate: Estate, a: Team, b: Team) -> None:
    app, data = two_vnets(estate)
    estate.start("--log-level", "INFO")
    a.credential("ours")
    a.credentials().wait_ready("ours")
    b.pair("probing", app, data, end1=THEIRS, end2=THEIRS, interval="1s")
    there = b.wait_reason("probing", "ReferenceNotGranted")["message"]

    a.credentials().delete("ours")
    b.pair("probing-again", app, data, end1=THEIRS, end2=THEIRS, interval="1s")
    assert b.wait_reason("probing-again", "ReferenceNotGranted")["message"] == there


def test_a_namespace_that_names_another_teams_client_id_gets_no_token_for_it(estate: Estate, a: Team, b: Team) -> None:
    """Whoever knows a client id is nobody yet: the only proof is a token of a ServiceAccount of one's own namespace."""
    app, data = two_vnets(estate)
    since = estate.azure.last_request()
    estate.start("--log-level", "INFO")
    for type in ("ManagedIdentity", "Default"):
        b.credential("default", type, clientId=OPERATOR)
        b.pair("pretender", app, data, interval="1s")
        assert "--identity-namespaces" in b.wait_reason("pretender", "ReferenceNotGranted")["message"]
        b.credentials().wait_reason("default", "ReferenceNotGranted")
        b.delete("pretender")
        b.credentials().delete("default")
    assert asked(estate, since) == []

    b.credential("default", clientId=TEAM_A)
    b.pair("pretender", app, data, interval="1s")
    assert "system:serviceaccount:team-b:network" in b.wait_reason("pretender", "CredentialInvalid")["message"]
    assert arm_requests(estate.azure, since) == []


def test_the_operators_own_identity_stands_behind_no_reference_even_where_it_may_be_used(
    estate: Estate, a: Team, b: Team
) -> None:
    app, data = two_vnets(estate)
    estate.start("--identity-namespaces", "*")
    since = estate.azure.last_request()
    b.pair("not-there", app, data, end1=OWN, interval="1s")
    assert "team-b/ours" in b.wait_reason("not-there", "CredentialMissing")["message"]
    assert asked(estate, since) == []


@pytest.mark.parametrize("allowed", [None, {}, {"names": []}], ids=["absent", "empty", "no names"])
def test_no_allowed_namespaces_or_empty_ones_mean_the_own_namespace_only(
    estate: Estate, a: Team, b: Team, allowed: object
) -> None:
    app, data = two_vnets(estate)
    estate.start("--log-level", "INFO")
    a.credential("ours", **({} if allowed is None else {"allowedNamespaces": allowed}))
    b.pair("theirs", app, data, end1=THEIRS, end2=THEIRS, interval="1s")
    b.wait_reason("theirs", "ReferenceNotGranted")
    a.pair("own", app, data, end1=OWN, end2=OWN, interval="1s")
    a.wait_ready("own")


@pytest.mark.parametrize(
    "allowed",
    [
        {"names": ["team-b"]},
        {"selector": {"matchLabels": {"tier": "production"}}},
        {"selector": {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["production", "test"]}]}},
    ],
    ids=["name", "label", "expression"],
)
def test_a_grant_by_name_or_by_label_lets_another_namespace_write_as_the_credential(
    estate: Estate, a: Team, b: Team, allowed: object
) -> None:
    app, data = two_vnets(estate)
    since = estate.azure.last_request()
    estate.start("--log-level", "INFO")
    b.pair("borrowed", app, data, end1=THEIRS, end2=THEIRS, interval="5m")
    b.wait_reason("borrowed", "ReferenceNotGranted")
    a.credential("ours", allowedNamespaces=allowed)

    b.wait_ready("borrowed")
    assert len(writes(estate.azure, since, TEAM_A)) == 2
    assert writes(estate.azure, since, TEAM_B, OPERATOR) == []


def test_a_grant_that_is_taken_away_stops_writes_at_once_and_leaves_the_connection(
    estate: Estate, a: Team, b: Team
) -> None:
    app, data = two_vnets(estate)
    estate.start("--log-level", "INFO")
    a.credential("ours", allowedNamespaces={"names": ["team-b"]})
    b.pair("revoked", app, data, end1=THEIRS, end2=THEIRS, interval="1s")
    b.wait_ready("revoked")

    a.credential("ours", allowedNamespaces={"names": []})
    b.wait_reason("revoked", "ReferenceNotGranted")
    since = estate.azure.last_request()
    estate.azure.delete(f"{app}/virtualNetworkPeerings/app-data")
    b.patch("revoked", peering={"vnet1": {"allowForwardedTraffic": True}})
    b.wait_reason("revoked", "ReferenceNotGranted")
    assert asked(estate, since) == []
    assert list(estate.peerings(data)) == ["data-app"]

    b.delete("revoked", wait=False)
    held = b.wait_reason("revoked", "DeletionHeld")["message"]
    assert "spec.allowedNamespaces" in held
    assert "Orphan" in held
    a.credential("ours", allowedNamespaces={"names": ["team-b"]})
    b.wait_gone("revoked")
    assert estate.peerings(data) == {}


def test_a_scope_is_matched_by_whole_segments_ignoring_case_and_beyond_it_nothing_is_asked(
    estate: Estate, a: Team
) -> None:
    app = estate.azure.vnet("app", "10.1.0.0/16", group="rg")
    data = estate.azure.vnet("data", "10.2.0.0/16", group="rg-2")
    estate.start("--log-level", "INFO")
    since = estate.azure.last_request()
    a.credential("ours", allowedScopes=[app.partition("/providers/")[0]])
    a.pair("beyond", app, data, end1=OWN, end2=OWN, interval="1s")
    ready = a.wait_reason("beyond", "ScopeNotAllowed")
    assert data in ready["message"]
    assert arm_requests(estate.azure, since, TEAM_A) == []

    a.credential("ours", allowedScopes=[app.upper().replace("/SUBSCRIPTIONS", "/subscriptions"), data])
    a.wait_ready("beyond")


def test_what_is_not_granted_never_holds_a_pair(estate: Estate, a: Team, b: Team) -> None:
    app, data = two_vnets(estate)
    estate.start("--log-level", "INFO")
    b.pair("squatter", app, data, end1=THEIRS, end2=THEIRS, interval="1s")
    b.wait_reason("squatter", "ReferenceNotGranted")
    made = b.read("squatter")["metadata"]["creationTimestamp"]  # in whole seconds
    eventually("a later second", lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") > made)
    a.credential("ours")
    a.pair("rightful", app, data, end1=OWN, end2=OWN, interval="1s")
    a.wait_ready("rightful")

    a.credential("ours", allowedNamespaces={"names": ["team-b"]})
    b.wait_reason("squatter", "Connected")  # it is older and may write now
    a.wait_reason("rightful", "DuplicateLink")
    looks_again(estate, app)


def test_the_operators_own_identity_is_used_last_and_only_where_the_flag_says_so(estate: Estate, a: Team) -> None:
    app, data = two_vnets(estate)
    estate.start("--identity-namespaces", "team-a")
    since = estate.azure.last_request()
    a.pair("by-the-operator", app, data, interval="1s")
    a.wait_ready("by-the-operator")
    assert len(writes(estate.azure, since, OPERATOR)) == 2

    a.credential()
    a.credentials().wait_ready("default")
    since = estate.azure.last_request()
    estate.azure.delete(f"{app}/virtualNetworkPeerings/app-data")
    looks_again(estate, app)
    a.wait_ready("by-the-operator")
    assert writes(estate.azure, since, OPERATOR) == []
    assert writes(estate.azure, since, TEAM_A) != []
    assert token_requests(estate.azure, since) == []
