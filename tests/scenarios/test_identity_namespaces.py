"""Who may use the operator's identity. Without a grant: not one request, to Azure or for a token."""

from __future__ import annotations

from estate import Estate, eventually
from stories import two_vnets


def azure_requests(estate: Estate, since: int) -> list[str]:
    """All that the operator sent: ARM, and the login endpoints."""
    told = estate.azure.requests(since)
    mine = estate.azure.env["AZURE_CLIENT_ID"]
    return [r["path"] for r in told if r["principal"] == mine or "/oauth2/" in r["path"] or "openid" in r["path"]]


def test_a_namespace_that_is_not_named_gets_reference_not_granted_and_zero_requests(estate: Estate) -> None:
    app, data = two_vnets(estate)
    since = estate.azure.last_request()
    estate.start("--identity-namespaces", "team-a,team-b")
    estate.pair("ungranted", app, data, interval="1s")

    ready = estate.wait_reason("ungranted", "ReferenceNotGranted")
    assert (ready["status"], "--identity-namespaces" in ready["message"]) == ("False", True)
    assert "default" in ready["message"]
    assert "finalizers" not in estate.read("ungranted")["metadata"]
    estate.delete("ungranted")
    assert azure_requests(estate, since) == []

    estate.operator.stop()
    estate.pair("ungranted", app, data, interval="1s")
    estate.start("--identity-namespaces", "team-a,default")
    estate.wait_ready("ungranted")


def test_the_operator_started_without_the_flag_serves_nobody(estate: Estate) -> None:
    app, data = two_vnets(estate)
    since = estate.azure.last_request()
    estate.start("--log-level", "INFO")
    estate.pair("nobody", app, data, interval="1s")

    estate.wait_reason("nobody", "ReferenceNotGranted")
    assert azure_requests(estate, since) == []


def test_a_credential_ref_is_refused_with_zero_requests_and_never_answered_with_another_identity(
    estate: Estate,
) -> None:
    app, data = two_vnets(estate)
    estate.start()
    since = estate.azure.last_request()
    estate.pair("named-credential", app, data, end2={"credentialRef": {"name": "team-b"}}, interval="1s")

    ready = estate.wait_reason("named-credential", "CredentialMissing")
    assert "team-b" in ready["message"]
    assert azure_requests(estate, since) == []

    estate.pair("named-credential", app, data, end2={"credentialRef": None}, interval="1s")
    estate.wait_ready("named-credential")


def test_an_object_without_a_grant_never_holds_a_pair(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.cluster.kubectl("create", "namespace", "granted", check=False)
    granted = Estate(estate.cluster, estate.azure, estate.dir, "granted")
    estate.pair("a-squatter", app, data)
    estate.start("--identity-namespaces", "granted")
    estate.wait_reason("a-squatter", "ReferenceNotGranted")

    granted.pair("rightful", app, data, interval="1s")
    granted.wait_ready("rightful")
    eventually("told", lambda: granted.condition("rightful")["reason"] == "Connected")
    granted.delete("rightful")
