"""What happens on the long way to a tunnel: kills at every write, stale reads, gateways that fail, refusals, things that vanish."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controlplane.cluster import Cluster
from estate import eventually
from interruptions import own, taken
from vpn_estate import VpnEstate
from vpn_scenes import (
    EVERY_WRITE,
    HOURS,
    PAIR,
    STANDING,
    apply,
    azure_at_a_pace,
    begin,
    end,
    events,
    ready,
    rest,
)


@pytest.fixture
def patient(cluster: Cluster, tmp_path: Path) -> Iterator[VpnEstate]:
    """An Azure whose gateways are made for as long as the clock is not moved; all else takes no time."""
    with azure_at_a_pace(cluster, tmp_path, {"virtualNetworkGateways.create": 30_000_000}, speed="10000") as vpn:
        yield vpn


def test_a_kill_while_gateways_are_being_made_makes_neither_a_second_time(patient: VpnEstate) -> None:
    ends = patient.two_vnets()
    patient.secret()
    patient.start()
    patient.vpn(PAIR, *ends)
    eventually("both begun", lambda: sorted(taken(patient)) == sorted(STANDING))
    message = eventually("told", lambda: _told(patient))

    for _ in range(3):
        patient.operator.restart().wait_ready()
        rest(patient, "virtualNetworkGateways/app-gateway", reads=1)
    assert sorted(taken(patient)) == sorted(STANDING)
    assert patient.condition(PAIR)["message"] == message, "since when is not forgotten"
    patient.azure.advance(HOURS)
    patient.operator.restart()
    patient.wait_ready(PAIR)
    assert sorted(taken(patient)) == EVERY_WRITE


def _told(vpn: VpnEstate) -> str:
    message = str(vpn.condition(PAIR).get("message", ""))
    return message if message.count("is being created since") == 2 else ""


@pytest.mark.parametrize(
    "path", ["GatewaySubnet", "app-gateway-ip", "virtualNetworkGateways/app-gateway", "connections/app-data"]
)
def test_stale_reads_after_a_put_cause_no_second_one(vpn: VpnEstate, path: str) -> None:
    ends = begin(vpn)
    me = vpn.azure.env["AZURE_CLIENT_ID"]
    held = vpn.azure.fault(kind="hold", method="PUT", path=f"{path}\\?", principal=me)
    apply(vpn, ends)
    eventually("the write", lambda: any(one["fault"] == held for one in vpn.azure.holding()))
    vpn.azure.fault(kind="stale", path="/(app|app-gateway|app-gateway-ip|app-data)(/connections)?\\?", principal=me)
    since = vpn.azure.last_request()
    vpn.azure.release(held)
    eventually(
        "stale answers", lambda: sum(bool(one["fault"]) for one in own(vpn, since) if one["method"] == "GET") >= 4
    )
    assert [
        one["path"]
        for one in own(vpn, since)
        if one["method"] == "PUT" and path in one["path"] and "/app" in one["path"]
    ][1:] == []

    vpn.azure.clear_faults()
    assert end(vpn) == EVERY_WRITE


def test_a_gateway_that_fails_is_written_again_once_and_then_stands(vpn: VpnEstate) -> None:
    ends = begin(vpn)
    vpn.azure.fault(kind="fail", method="PUT", path="virtualNetworkGateways/app-gateway", count=1)
    apply(vpn, ends)
    assert end(vpn) == sorted([*EVERY_WRITE, "PUT app-gateway"])
    assert len(events(vpn, "DriftRepaired")) == 1


def test_a_gateway_that_fails_again_is_told_with_the_command_and_left_alone(vpn: VpnEstate) -> None:
    ends = begin(vpn)
    broken = vpn.azure.fault(kind="fail", method="PUT", path="virtualNetworkGateways/app-gateway")
    apply(vpn, ends)
    message = vpn.wait_reason(PAIR, "GatewayFailed")["message"]
    gateway = f"{vpn.azure.group('rg')}/providers/Microsoft.Network/virtualNetworkGateways/app-gateway"
    assert message == (
        f"Gateway {gateway} is in provisioningState Failed. Run: az network vnet-gateway reset --ids '{gateway}'"
    )
    rest(vpn, "virtualNetworkGateways/app-gateway", reads=3)
    assert taken(vpn).count("PUT app-gateway") == 2
    assert vpn.names("connections") == []

    vpn.azure.clear_faults(broken)
    shown = vpn.azure.get(gateway)
    vpn.azure.put(gateway, {name: shown[name] for name in ("location", "tags", "properties")})
    vpn.wait_ready(PAIR)
    assert taken(vpn).count("PUT app-gateway") == 2


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "quota": (
        {
            "status": 400,
            "code": "PublicIPCountLimitReached",
            "message": "Cannot create more than 10 public IP addresses.",
        },
        "QuotaExceeded",
    ),
    "rights": (
        {
            "status": 403,
            "code": "AuthorizationFailed",
            "message": "The client 'x' with object id 'y' does not have authorization to perform action "
            "'Microsoft.Network/publicIPAddresses/write' over scope '/subscriptions/s' or the scope is invalid.",
        },
        "AuthorizationFailed",
    ),
    "policy": (
        {"status": 403, "code": "RequestDisallowedByPolicy", "message": "Resource was disallowed by policy 'no-ips'."},
        "PolicyDenied",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("side", ["app", "data"])
def test_while_one_side_is_refused_no_gateway_is_billed_on_the_other(vpn: VpnEstate, name: str, side: str) -> None:
    answer, reason = REFUSALS[name]
    ends = begin(vpn)
    refusal = vpn.azure.fault(method="PUT", path=f"publicIPAddresses/{side}-gateway-ip", **answer)
    apply(vpn, ends)
    message = vpn.wait_reason(PAIR, reason)["message"]
    assert message.startswith(f"Azure refused the PublicIP of {ends[0] if side == 'app' else ends[1]}")
    rest(vpn, "virtualNetworks/app", reads=4)
    assert vpn.names("virtualNetworkGateways") == []

    vpn.azure.clear_faults(refusal)
    assert end(vpn) == EVERY_WRITE


def test_a_refused_gateway_keeps_the_other_sides_from_being_made(vpn: VpnEstate) -> None:
    ends = begin(vpn)
    refusal = vpn.azure.fault(
        method="PUT",
        path="virtualNetworkGateways/app-gateway",
        status=400,
        code="VirtualNetworkGatewayCountLimitReached",
        message="Cannot create more gateways.",
    )
    apply(vpn, ends)
    eventually("refused", lambda: any(one["status"] == 400 for one in own(vpn)))
    eventually("told", lambda: vpn.condition(PAIR).get("status") == "False" and vpn.condition(PAIR, "Stalled"))
    rest(vpn, "virtualNetworks/app", reads=4)
    assert vpn.names("virtualNetworkGateways") == []
    vpn.azure.clear_faults(refusal)
    assert end(vpn) == EVERY_WRITE


def test_a_gateway_deleted_behind_our_back_is_made_again(vpn: VpnEstate) -> None:
    ready(vpn, interval="1s")
    vpn.operator.kill()
    net = f"{vpn.azure.group('rg')}/providers/Microsoft.Network"
    for path in ("connections/app-data", "connections/data-app", "virtualNetworkGateways/app-gateway"):
        vpn.azure.delete(f"{net}/{path}")
    since = vpn.azure.last_request()
    vpn.operator.start()
    eventually("all again", lambda: len(taken(vpn, since)) == 3)
    end(vpn)
    assert sorted(taken(vpn, since)) == ["PUT app-data", "PUT app-gateway", "PUT data-app"], "with its old address"


def test_a_storm_of_429_is_waited_out_without_a_lost_or_doubled_write(vpn: VpnEstate) -> None:
    ends = begin(vpn)
    for path in ("publicIPAddresses", "virtualNetworkGateways", "connections"):
        vpn.azure.fault(
            method="PUT",
            path=path,
            status=429,
            code="SubscriptionRequestsThrottled",
            message="Slow.",
            retryAfter=1,
            count=1,
        )
    apply(vpn, ends)
    assert end(vpn) == EVERY_WRITE
    assert not events(vpn, "Throttled"), "a short storm is no warning"
