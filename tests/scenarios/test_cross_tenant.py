"""Two subscriptions in two tenants, a credential for each: every write that names the other side proves both (arm.md 1.6)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from armsim_process import SUBSCRIPTION, SUBSCRIPTION_B, TENANT_A, TENANT_B, ArmsimProcess
from controlplane.cluster import Cluster
from credential_estate import MULTI_TENANT, Team, directory, token_requests, writes
from estate import Estate, eventually
from vpn_estate import KEY, LABEL, OTHER_KEY, VpnEstate

HERE, THERE = {"credentialRef": {"name": "here"}}, {"credentialRef": {"name": "there"}}
PEERINGS = "Microsoft.Network/virtualNetworks"


@pytest.fixture
def azure(cluster: Cluster, tmp_path: Path) -> Iterator[ArmsimProcess]:
    with ArmsimProcess(tmp_path / "armsim", directory(cluster, tmp_path)) as process:
        yield process


@pytest.fixture
def team(estate: Estate) -> Team:
    """A namespace with a credential for each tenant, of an app that is in both."""
    team = Team.of(estate, "team-b")
    team.secret()
    for name, tenant in (("here", TENANT_A), ("there", TENANT_B)):
        team.credential(name, "ServicePrincipalSecret", tenantId=tenant, clientId=MULTI_TENANT)
    return team


def ends(azure: ArmsimProcess) -> tuple[str, str]:
    """A VNet in each tenant."""
    far = {"subscription": SUBSCRIPTION_B, "tenant": TENANT_B}
    return azure.vnet("app", "10.1.0.0/16"), azure.vnet("data", "10.2.0.0/16", **far)


def lonely(sent: list[dict[str, Any]], *parts: str) -> list[str]:
    """Writes to these types of resources that carry no second token."""
    mine = [one for one in sent if any(part in one["path"] for part in parts)]
    assert mine
    return [f"{one['method']} {one['path']}" for one in mine if not one["auxiliary"]]


def test_every_write_of_a_peering_carries_both_tenants_tokens_sync_and_deletion_included(
    estate: Estate, team: Team
) -> None:
    app, data = ends(estate.azure)
    since = estate.azure.last_request()
    estate.start("--log-level", "INFO")
    team.pair("across", app, data, end1=HERE, end2=THERE, interval="1s")
    team.wait_ready("across")
    estate.azure.vnet("data", "10.2.0.0/16", "10.3.0.0/16", subscription=SUBSCRIPTION_B, tenant=TENANT_B)
    eventually("the sync", lambda: len(writes(estate.azure, since, MULTI_TENANT)) >= 3)
    team.wait_ready("across")
    team.patch("across", peering={"vnet2": {"allowForwardedTraffic": True}})
    eventually("the update", lambda: len(writes(estate.azure, since, MULTI_TENANT)) >= 4)
    team.wait_ready("across")
    team.delete("across")

    sent = writes(estate.azure, since, MULTI_TENANT)
    assert lonely(sent, "virtualNetworkPeerings") == []
    assert [one["method"] for one in sent] == ["PUT", "PUT", "PUT", "PUT", "DELETE", "DELETE"]
    assert [one["path"] for one in sent if "syncremoteaddressspace=true" in one["path"].lower()]
    tenants = {one["subscription"]: one["tenant"] for one in sent}
    assert tenants == {SUBSCRIPTION: TENANT_A, SUBSCRIPTION_B: TENANT_B}
    asked = token_requests(estate.azure, since)
    assert {path.split("/")[1] for path in asked if path.endswith("/token")} == {TENANT_A, TENANT_B}


def test_a_peering_that_the_other_tenant_consents_to_no_more_is_told_with_scope_and_action(
    estate: Estate, team: Team
) -> None:
    app, data = ends(estate.azure)
    reader = {"scope": data, "actions": ["*/read", f"{PEERINGS}/virtualNetworkPeerings/*"]}
    estate.azure.roles({MULTI_TENANT: [{"scope": app, "actions": ["*"]}, reader]})
    since = estate.azure.last_request()
    estate.start("--log-level", "INFO")
    team.pair("unwanted", app, data, end1=HERE, end2=THERE, interval="1s")

    def said() -> str:
        message = str(team.condition("unwanted").get("message", ""))
        return message if f"{PEERINGS}/peer/action" in message else ""

    assert data in eventually("what ARM said", said)
    refused = [one for one in writes(estate.azure, since, MULTI_TENANT) if one["status"] == 403]
    assert refused
    assert all(one["auxiliary"] for one in refused)

    estate.azure.roles({MULTI_TENANT: [{"scope": "/", "role": "Owner"}]})
    team.wait_ready("unwanted", within=60)


def test_with_one_tenants_identity_for_both_ends_nothing_is_written(estate: Estate, team: Team) -> None:
    app, data = ends(estate.azure)
    since = estate.azure.last_request()
    estate.start("--log-level", "INFO")
    team.pair("one-sided", app, data, end1=HERE, end2=HERE, interval="1s")
    ready = team.wait_reason("one-sided", "CredentialInvalid")
    assert ready["status"] == "Unknown"
    assert writes(estate.azure, since, MULTI_TENANT) == []


def test_connections_and_their_keys_carry_both_tenants_tokens_too(estate: Estate, team: Team, tmp_path: Path) -> None:
    app, data = ends(estate.azure)
    vpn = VpnEstate(estate.cluster, estate.azure, tmp_path, "team-b")
    vpn.secret()
    since = estate.azure.last_request()
    estate.start("--log-level", "INFO")
    vpn.vpn("tunnel", app, data, end1=HERE, end2=THERE)
    vpn.wait_ready("tunnel", within=90)
    vpn.secret(key=OTHER_KEY, labels=LABEL)
    eventually("the rotation", lambda: _keys(estate.azure, since) >= 2)
    vpn.wait_ready("tunnel", within=90)
    vpn.delete("tunnel", wait=False)
    vpn.wait_gone("tunnel", within=90)

    sent = writes(estate.azure, since, MULTI_TENANT)
    assert lonely(sent, "/connections/") == []
    methods = {(one["method"], "sharedkey" in one["path"].lower()) for one in sent if "/connections/" in one["path"]}
    assert methods == {("PUT", False), ("PUT", True), ("DELETE", False)}
    assert KEY not in estate.operator.log()


def _keys(azure: ArmsimProcess, since: int) -> int:
    return sum("sharedkey" in one["path"].lower() for one in writes(azure, since, MULTI_TENANT))
