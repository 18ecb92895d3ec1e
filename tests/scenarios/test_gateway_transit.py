"""A spoke uses the hub's gateway: connected now, upgraded as soon as the hub has one, taken apart in the safe order."""

from __future__ import annotations

from typing import Any

import pytest

from estate import Estate, eventually
from stories import looks_again, told

TRANSIT: dict[str, Any] = {"vnet1": {"allowGatewayTransit": True}, "vnet2": {"useRemoteGateways": True}}
OFF: dict[str, Any] = {"vnet1": {"allowGatewayTransit": False}, "vnet2": {"useRemoteGateways": False}}


def seen_from(hub_is: str, block: dict[str, Any]) -> dict[str, Any]:
    """The block for a pair whose hub is vnet1 or vnet2."""
    return block if hub_is == "vnet1" else {"vnet1": block["vnet2"], "vnet2": block["vnet1"]}


def hub_and_spoke(estate: Estate) -> tuple[str, str]:
    """A hub with room for a gateway, and a spoke."""
    hub = estate.azure.vnet("hub", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.255.0/27"})
    return hub, estate.azure.vnet("spoke", "10.2.0.0/16")


def test_it_connects_at_once_and_takes_the_gateway_with_one_more_put_when_the_hub_gets_one(estate: Estate) -> None:
    hub, spoke = hub_and_spoke(estate)
    estate.start()
    estate.pair("transit", hub, spoke, interval="1s", peering=TRANSIT)

    waiting = estate.wait_reason("transit", "WaitingForGateway")
    assert (waiting["status"], hub in waiting["message"]) == ("True", True)
    assert estate.writes() == ["PUT hub-spoke", "PUT spoke-hub"]
    looks_again(estate, spoke)
    assert estate.writes() == ["PUT hub-spoke", "PUT spoke-hub"]

    since = estate.azure.last_request()
    estate.azure.gateway(hub)
    estate.wait_reason("transit", "Connected")
    looks_again(estate, spoke)

    assert estate.writes(since) == ["PUT spoke-hub"]
    assert estate.peerings(spoke)["spoke-hub"]["useRemoteGateways"] is True
    assert (len(told(estate, "transit", "PeeringUpdated")), told(estate, "transit", "DriftRepaired")) == (1, [])


@pytest.mark.parametrize("hub_is", ["vnet1", "vnet2"])
def test_turning_it_off_and_deleting_take_the_user_of_the_gateway_first(estate: Estate, hub_is: str) -> None:
    hub, spoke = hub_and_spoke(estate)
    estate.azure.gateway(hub)
    estate.start()
    name, ends = f"transit-off-{hub_is}", (hub, spoke) if hub_is == "vnet1" else (spoke, hub)
    transit, off = seen_from(hub_is, TRANSIT), seen_from(hub_is, OFF)
    estate.pair(name, *ends, interval="1s", peering=transit)
    estate.wait_reason(name, "Connected")
    assert estate.writes() == ["PUT hub-spoke", "PUT spoke-hub"]

    since = estate.azure.last_request()
    estate.patch(name, peering=off)
    eventually("both sides changed", lambda: len(estate.writes(since)) == 2)
    estate.wait_reason(name, "Connected")
    assert estate.writes(since) == ["PUT spoke-hub", "PUT hub-spoke"]

    estate.patch(name, peering=transit)
    eventually("both sides changed back", lambda: len(estate.writes(since)) == 4)
    estate.wait_reason(name, "Connected")
    assert estate.writes(since)[2:] == ["PUT hub-spoke", "PUT spoke-hub"]

    estate.delete(name)
    assert estate.writes(since)[4:] == ["DELETE spoke-hub", "DELETE hub-spoke"]
    refused = [one for one in estate.azure.requests(method="PUT|DELETE") if one["status"] >= 400]
    assert refused == []


def test_required_refuses_with_zero_writes_until_the_hub_has_a_gateway(estate: Estate) -> None:
    hub, spoke = hub_and_spoke(estate)
    estate.start()
    estate.pair("required", hub, spoke, interval="1s", peering={**TRANSIT, "gatewayTransitPolicy": "Required"})

    ready = estate.wait_reason("required", "RemoteHasNoGateway")
    looks_again(estate, spoke)
    assert (ready["status"], hub in ready["message"]) == ("False", True)
    assert "gatewayTransitPolicy: WhenAvailable" in ready["message"]
    assert estate.writes() == []

    estate.azure.gateway(hub)
    estate.wait_reason("required", "Connected")
    assert estate.writes() == ["PUT hub-spoke", "PUT spoke-hub"]


def test_a_spoke_with_a_gateway_of_its_own_is_refused_with_zero_writes(estate: Estate) -> None:
    hub, _ = hub_and_spoke(estate)
    spoke = estate.azure.vnet("spoke", "10.2.0.0/16", subnets={"GatewaySubnet": "10.2.255.0/27"})
    estate.azure.gateway(spoke, "spoke-gw")
    estate.start()
    estate.pair("two-gateways", hub, spoke, interval="1s", peering=TRANSIT)

    ready = estate.wait_reason("two-gateways", "LocalGatewayExists")

    assert spoke in ready["message"]
    assert "spec.peering.vnet2.useRemoteGateways: false" in ready["message"]
    assert estate.writes() == []
