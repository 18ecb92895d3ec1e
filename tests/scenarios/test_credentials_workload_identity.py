"""Workload identity: the token of a ServiceAccount of the credential's namespace, by TokenRequest, on a real API server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from credential_estate import OPERATOR, TEAM_A, Credentials, Team, arm_requests, directory, token_requests, writes
from estate import Estate, eventually
from service_accounts import as_service_account
from stories import two_vnets


@pytest.fixture
def azure(cluster: Cluster, tmp_path: Path) -> Iterator[ArmsimProcess]:
    """Where team-a's app takes tokens of team-a's ServiceAccount `network` and of nobody else."""
    with ArmsimProcess(tmp_path / "armsim", directory(cluster, tmp_path)) as process:
        yield process


@pytest.fixture
def team(estate: Estate) -> Team:
    return Team.of(estate, "team-a")


@pytest.fixture
def credentials(team: Team) -> Credentials:
    return team.credentials()


def test_the_credential_named_default_serves_its_namespace_with_its_service_accounts_token(
    estate: Estate, team: Team, credentials: Credentials
) -> None:
    app, data = two_vnets(estate)
    since = estate.azure.last_request()
    estate.start("--log-level", "INFO")
    team.credential()
    team.pair("federated", app, data)

    team.wait_ready("federated")
    assert [one["method"] for one in writes(estate.azure, since, TEAM_A)] == ["PUT", "PUT"]
    assert arm_requests(estate.azure, since, OPERATOR) == []
    told = credentials.wait_ready("default")["status"]["conditions"]
    assert [(row["type"], row["status"], row["reason"]) for row in told] == [("Ready", "True", "Succeeded")]
    shown = credentials.kubectl("get", "azcred", "default", "--no-headers").split()
    assert shown[:2] == ["default", "WorkloadIdentity"]
    assert shown[3:5] == ["True", "Succeeded"]


def test_one_token_serves_many_objects_and_is_not_asked_for_again(estate: Estate, team: Team) -> None:
    app, data = two_vnets(estate)
    estate.start("--log-level", "INFO")
    team.credential()
    since = estate.azure.last_request()
    team.pair("long", app, data, interval="1s")
    team.wait_ready("long")
    looks = estate.azure.last_request()
    eventually("more looks", lambda: len(arm_requests(estate.azure, looks, TEAM_A)) >= 4)
    assert len([path for path in token_requests(estate.azure, since) if "/token" in path]) <= 1


def test_a_service_account_that_azure_does_not_trust_is_told_on_both_and_an_edit_heals_both(
    estate: Estate, team: Team, credentials: Credentials
) -> None:
    app, data = two_vnets(estate)
    since = estate.azure.last_request()
    team.service_account("stranger")
    estate.start("--log-level", "INFO")
    team.credential(serviceAccountRef={"name": "stranger"})
    team.pair("distrusted", app, data)

    message = team.wait_reason("distrusted", "CredentialInvalid")["message"]
    assert "system:serviceaccount:team-a:stranger" in message
    assert TEAM_A in message
    assert credentials.wait_reason("default", "CredentialInvalid")["status"] == "False"
    assert arm_requests(estate.azure, since) == []
    eventually("the event", lambda: "CredentialInvalid" in credentials.events("default"))

    team.credential()
    team.wait_ready("distrusted")
    credentials.wait_ready("default")


def test_a_service_account_that_is_missing_is_named_and_needs_no_edit_once_it_is_there(
    estate: Estate, team: Team, credentials: Credentials
) -> None:
    app, data = two_vnets(estate)
    team.kubectl("delete", "serviceaccount", "later", "--ignore-not-found")
    estate.start("--log-level", "INFO")
    team.credential(serviceAccountRef={"name": "later"})
    team.pair("early", app, data)

    assert "team-a/later" in team.wait_reason("early", "ServiceAccountMissing")["message"]
    credentials.wait_reason("default", "ServiceAccountMissing")
    team.service_account("later")
    team.wait_reason("early", "CredentialInvalid", within=60)  # its token is had, and not trusted
    credentials.wait_reason("default", "CredentialInvalid")


def test_an_operator_without_the_right_to_ask_for_tokens_says_which_verb_it_lacks(
    estate: Estate, team: Team, tmp_path: Path
) -> None:
    may_all_but_tokens(estate.cluster, "team-a", "operator")
    weak = as_service_account(estate.cluster, tmp_path, "team-a", "operator")
    app, data = two_vnets(estate)
    estate.operator = estate.new_operator("--kubeconfig", str(weak), "--log-level", "INFO")
    estate.operator.start().wait_ready()
    team.credential()
    team.pair("unproven", app, data)

    message = team.wait_reason("unproven", "ServiceAccountMissing")["message"]
    assert "'create' on 'serviceaccounts/token'" in message
    assert "namespace team-a" in message


def may_all_but_tokens(cluster: Cluster, namespace: str, account: str) -> None:
    """A ServiceAccount that has every right of the operator except to speak for others."""
    cluster.kubectl("-n", namespace, "create", "serviceaccount", account, check=False)
    rules = [
        {"apiGroups": ["vnetlink.dev"], "resources": ["*"], "verbs": ["*"]},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "create"]},
    ]
    kind = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "no-tokens"}}
    cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump({**kind, "rules": rules}))
    binding = ("no-tokens", "--clusterrole=no-tokens", f"--serviceaccount={namespace}:{account}")
    cluster.kubectl("create", "clusterrolebinding", *binding, check=False)
