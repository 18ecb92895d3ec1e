"""What a run leaves in logs, objects and events: no secret, no token, nothing of kopf's."""

from __future__ import annotations

import pytest

from estate import Estate, eventually
from interruptions import own
from secrecy import assert_untold, kept, left

SECRET = "Sw0rdf1sh~behind.the_door"


def clean(estate: Estate) -> None:
    assert_untold(left(estate), SECRET)
    assert "kopf" not in kept(estate)


def test_a_whole_life_with_faults_leaves_no_secret_no_token_and_no_kopf(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    me = estate.azure.env["AZURE_CLIENT_ID"]
    estate.operator = estate.new_operator("--identity-namespaces", "*", "--log-level", "DEBUG")
    estate.operator.start(AZURE_CLIENT_SECRET=SECRET).wait_ready()
    for nth, fault in enumerate(({"status": 401, "code": "ExpiredAuthenticationToken"}, {"status": 500}), start=1):
        estate.azure.fault(kind="answer", method="PUT", principal=me, nth=nth, **fault)
    estate.azure.fault(kind="cut", method="PUT", principal=me, nth=3)
    estate.pair("discreet", app, data, interval="1s")
    estate.wait_ready("discreet", within=60)
    assert len([one for one in own(estate) if one["fault"]]) == 3
    clean(estate)

    estate.delete("discreet")
    clean(estate)


@pytest.mark.parametrize("status", [401, 400], ids=["401", "400"])
def test_a_secret_that_the_login_refuses_is_not_quoted(estate: Estate, status: int) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    said = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
    estate.azure.fault(kind="answer", path="/oauth2/v2.0/token", status=status, body=said)
    estate.operator = estate.new_operator("--identity-namespaces", "*", "--log-level", "DEBUG")
    estate.operator.start(AZURE_CLIENT_SECRET=SECRET).wait_ready()
    estate.pair("refused", app, data)

    assert "AADSTS7000215" in estate.wait_reason("refused", "CredentialInvalid")["message"]
    eventually("the event", lambda: "CredentialInvalid" in estate.events("refused"))
    assert own(estate) == []
    clean(estate)
