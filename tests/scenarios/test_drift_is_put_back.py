"""Somebody edits a peering by hand in Azure, and the operator puts it back, once and out loud."""

from __future__ import annotations

from typing import Any

import pytest

from estate import Estate
from stories import connected, looks_again, told


@pytest.mark.parametrize(
    ("name", "edited"),
    [
        ("flags", {"allowForwardedTraffic": True, "allowGatewayTransit": True}),
        ("access", {"allowVirtualNetworkAccess": False}),
    ],
)
def test_flags_edited_by_hand_are_put_back_with_one_put_and_one_event(
    estate: Estate, name: str, edited: dict[str, Any]
) -> None:
    app, data = connected(estate, f"drift-{name}")
    as_asked = estate.peerings(app)["app-data"]
    since = estate.azure.last_request()

    estate.azure.peering(app, "app-data", data, **edited)
    looks_again(estate, app, 4)

    assert estate.writes(since) == ["PUT app-data"]
    assert estate.peerings(app)["app-data"] == as_asked
    (note,) = told(estate, f"drift-{name}", "DriftRepaired")
    assert f"{app}/virtualNetworkPeerings/app-data" in note
    for flag in edited:
        assert flag in note
    assert estate.wait_ready(f"drift-{name}")


def test_a_property_that_we_do_not_know_survives_the_repair(estate: Estate) -> None:
    app, data = connected(estate, "drift-unknown")
    since = estate.azure.last_request()

    estate.azure.peering(app, "app-data", data, allowForwardedTraffic=True, doNotVerifyRemoteGateways=True)
    looks_again(estate, app, 3)

    assert estate.writes(since) == ["PUT app-data"]
    assert estate.peerings(app)["app-data"]["doNotVerifyRemoteGateways"] is True


def test_an_edited_spec_is_carried_out_on_the_side_that_it_concerns(estate: Estate) -> None:
    app, _ = connected(estate, "edited", interval="5m")
    since = estate.azure.last_request()

    estate.patch("edited", peering={"vnet2": {"allowForwardedTraffic": True}})
    estate.wait_ready("edited")

    assert estate.writes(since) == ["PUT data-app"]
    assert estate.peerings(app)["app-data"]["allowForwardedTraffic"] is False
