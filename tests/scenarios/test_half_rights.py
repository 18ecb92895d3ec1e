"""The operator may do one half only: that half stands, the other is named with what is missing, a grant heals it."""

from __future__ import annotations

import pytest

from estate import Estate, eventually
from interruptions import Watched, own, rest, taken

PEER = "Microsoft.Network/virtualNetworks/peer/action"
PEERINGS = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
SEE, CONSENT = ("*/read",), ("*/read", PEER)


@pytest.fixture
def ends(estate: Estate) -> tuple[str, str]:
    """Two VNets and an operator that serves."""
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.start()
    return app, data


def allow(estate: Estate, app: str, *on_data: str, data: str) -> None:
    """Everything on app, `on_data` on data."""
    rights = [{"scope": app, "actions": ["*"]}, {"scope": data, "actions": list(on_data)}]
    estate.azure.roles({estate.azure.env["AZURE_CLIENT_ID"]: rights})


def refused(estate: Estate, since: int = 0) -> int:
    return sum(one["status"] == 403 for one in own(estate, since))


def test_our_half_is_kept_and_the_message_has_action_scope_and_the_command_for_the_other(
    estate: Estate, ends: tuple[str, str]
) -> None:
    app, data = ends
    allow(estate, app, *CONSENT, data=data)
    estate.pair("half", app, data)

    message = estate.wait_reason("half", "ReversePeeringMissing")["message"]
    group, subscription = data.split("/")[4], data.split("/")[2]
    assert f"'{PEERINGS}/write'" in message
    assert f"scope '{data}/virtualNetworkPeerings/data-app'" in message
    assert (
        f"az network vnet peering create --subscription {subscription} --resource-group {group} --vnet-name data"
        f" --name data-app --remote-vnet {app} --allow-vnet-access" in message
    )
    eventually("three tries", lambda: refused(estate) >= 3)
    assert taken(estate) == ["PUT app-data"]
    assert estate.peerings(app)["app-data"]["peeringState"] == "Initiated"


def test_trying_a_refused_half_again_does_not_move_the_status(estate: Estate, ends: tuple[str, str]) -> None:
    app, data = ends
    allow(estate, app, *CONSENT, data=data)
    estate.pair("tried-again", app, data, interval="1s")
    estate.wait_reason("tried-again", "ReversePeeringMissing")
    since = estate.azure.last_request()

    with Watched(estate, "tried-again") as seen:
        eventually("three tries more", lambda: refused(estate, since) >= 3)
    assert set(seen.versions) == {"False ReversePeeringMissing"}
    assert estate.events("tried-again").count("ReversePeeringMissing") == 1


def test_granting_the_role_heals_without_an_edit(estate: Estate, ends: tuple[str, str]) -> None:
    app, data = ends
    allow(estate, app, *CONSENT, data=data)
    estate.pair("half", app, data)
    estate.wait_reason("half", "ReversePeeringMissing")

    allow(estate, app, "*", data=data)
    estate.wait_ready("half")
    assert taken(estate) == ["PUT app-data", "PUT data-app"]


def test_the_half_made_by_its_owner_by_hand_heals_and_stays_theirs(estate: Estate, ends: tuple[str, str]) -> None:
    app, data = ends
    allow(estate, app, *CONSENT, data=data)
    estate.pair("half", app, data)
    estate.wait_reason("half", "ReversePeeringMissing")

    estate.azure.peering(data, "data-app", app, allowVirtualNetworkAccess=True)
    estate.wait_ready("half")
    estate.delete("half")
    assert estate.peerings(app) == {}
    assert list(estate.peerings(data)) == ["data-app"]


def test_without_consent_of_the_other_vnet_its_half_is_made_and_ours_is_linked_authorization_failed(
    estate: Estate, ends: tuple[str, str]
) -> None:
    app, data = ends
    allow(estate, app, *SEE, f"{PEERINGS}/*", data=data)
    estate.pair("half", app, data)

    message = eventually("what ARM said", lambda: _said(estate, "half", PEER))
    assert data in message
    rest(estate, data)
    assert taken(estate) == ["PUT data-app"]

    allow(estate, app, *CONSENT, f"{PEERINGS}/*", data=data)
    estate.wait_ready("half")


def test_a_vnet_that_may_not_be_read_leaves_ready_unknown_and_costs_no_write(
    estate: Estate, ends: tuple[str, str]
) -> None:
    app, data = ends
    allow(estate, app, data=data)
    estate.pair("half", app, data)

    condition = estate.wait_reason("half", "AuthorizationFailed")
    assert condition["status"] == "Unknown"
    assert "'Microsoft.Network/virtualNetworks/read'" in condition["message"]
    assert f"scope '{data}'" in condition["message"]
    rest(estate, data)
    assert [one for one in own(estate) if one["method"] != "GET"] == []

    allow(estate, app, "*", data=data)
    estate.wait_ready("half")


def test_deletion_without_the_right_takes_the_other_side_and_holds_naming_orphan(
    estate: Estate, ends: tuple[str, str]
) -> None:
    app, data = ends
    estate.pair("half", app, data, interval="1s")
    estate.wait_ready("half")
    allow(estate, app, *CONSENT, data=data)

    estate.delete("half", wait=False)
    message = estate.wait_reason("half", "DeletionHeld")["message"]
    assert f"'{PEERINGS}/delete'" in message
    assert f"scope '{data}/virtualNetworkPeerings/data-app'" in message
    assert "spec.deletionPolicy: Orphan" in message
    assert estate.peerings(app) == {}
    since = estate.azure.last_request()
    with Watched(estate, "half") as seen:
        eventually("three tries more", lambda: refused(estate, since) >= 3)
    assert set(seen.versions) == {"False DeletionHeld"}

    allow(estate, app, "*", data=data)
    estate.wait_gone("half")
    assert estate.peerings(data) == {}


def test_orphan_releases_a_stuck_deletion_without_a_request(estate: Estate, ends: tuple[str, str]) -> None:
    app, data = ends
    estate.pair("orphaned", app, data, interval="5m")
    estate.wait_ready("orphaned")
    allow(estate, app, *CONSENT, data=data)
    estate.delete("orphaned", wait=False)
    estate.wait_reason("orphaned", "DeletionHeld")
    since = estate.azure.last_request()

    estate.patch("orphaned", deletionPolicy="Orphan")
    estate.wait_gone("orphaned")
    assert own(estate, since) == []
    assert list(estate.peerings(data)) == ["data-app"]
    eventually("the event", lambda: "LeftInAzure" in estate.events("orphaned"))


def test_an_edit_during_a_refused_write_leaves_no_claim_to_what_was_not_made(
    estate: Estate, ends: tuple[str, str]
) -> None:
    app, data = ends
    allow(estate, app, *CONSENT, data=data)
    estate.azure.fault(kind="hold", method="PUT", path="data-app")
    estate.pair("half", app, data, interval="5m")
    eventually("the write", estate.azure.holding)
    assert "data-app" in estate.read("half")["metadata"]["annotations"]["vnetlink.dev/owned"]

    estate.kubectl("label", "peeringpair", "half", "edited=meanwhile")
    estate.azure.release()
    estate.wait_reason("half", "ReversePeeringMissing")
    assert "data-app" not in estate.read("half")["metadata"]["annotations"]["vnetlink.dev/owned"]


def _said(estate: Estate, name: str, text: str) -> str:
    message = str(estate.condition(name).get("message", ""))
    return message if text in message else ""
