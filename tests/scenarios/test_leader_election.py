"""Several replicas, one of which works: it crashes, is stopped, is paused, loses the API server, is upgraded in the middle of work."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controlplane.cluster import Cluster
from estate import Estate, eventually
from failing_apiserver import FailingApiServer
from interruptions import taken
from operator_process import OperatorProcess
from replicas import QUICK, replicas
from vpn_estate import VpnEstate
from vpn_scenes import EVERY_WRITE, HOURS, PAIR, STANDING, azure_at_a_pace

CRASHED, STOPPED = 20.0, 5.0  # seconds from the signal to the next leader, as issue 7 has them
PAUSED = timedelta(seconds=60)


def test_of_three_replicas_one_works_and_another_takes_over_from_one_that_crashes_or_is_stopped(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    with replicas(estate, "three") as three:
        first = three.start(3).leader()
        estate.pair("held", app, data)
        estate.wait_ready("held")
        assert set(three.writers()) == {f"replica-{first}"}

        three.processes[first].kill()
        second = three.leader(CRASHED)
        since = estate.azure.last_request()
        estate.patch("held", peering={"vnet1": {"allowForwardedTraffic": True}})
        eventually("the edit is written", lambda: three.writers(since) == [f"replica-{second}"])

        third = three.hand_over(STOPPED)
        since = estate.azure.last_request()
        estate.patch("held", peering={"vnet1": {"allowForwardedTraffic": False}})
        eventually("the edit is written", lambda: three.writers(since) == [f"replica-{third}"])
        assert estate.wait_ready("held")


def test_a_leader_that_was_paused_for_a_minute_writes_nothing_when_it_goes_on_and_ends(estate: Estate) -> None:
    vnets = [estate.azure.vnet(f"vnet{n}", f"10.{n}.0.0/16") for n in range(24)]
    with replicas(estate, "paused") as two:
        old = two.start(1).leader()
        two.start(1)
        held = estate.azure.fault(kind="hold", method="PUT", when="after", principal=f"replica-{old}")
        estate.apply(*(estate.manifest(f"pair{n}", vnets[2 * n], vnets[2 * n + 1]) for n in range(12)))
        eventually("writes on their way, and others that wait for them", lambda: len(estate.azure.holding()) >= 4)

        paused = two.processes[old]
        paused.signal(signal.SIGSTOP)
        stopped_at = datetime.now(UTC)
        new = two.leader(CRASHED, but=old)
        for n in range(12):
            estate.wait_ready(f"pair{n}")
        eventually("a minute of the other's renewals", lambda: two.renewed() - stopped_at >= PAUSED, 90, every=1)
        estate.azure.fault(kind="hold", method="PUT", when="before", principal=f"replica-{new}")
        for n in range(12):
            estate.azure.peering(
                vnets[2 * n], f"vnet{2 * n}-vnet{2 * n + 1}", vnets[2 * n + 1], allowForwardedTraffic=True
            )
        eventually("work for whoever leads", lambda: any(one["when"] == "before" for one in estate.azure.holding()))
        since = estate.azure.last_request()
        estate.azure.release(held)
        paused.signal(signal.SIGCONT)
        assert paused.ended() == 1
        assert "no longer the leader" in paused.log()
        assert f"replica-{old}" not in two.writers(since)


def test_a_leader_that_cannot_reach_the_api_server_ends_and_leads_again_later(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    args = ("--identity-namespaces=*", "--leader-elect", "--leader-elect-resource-name=cut-off", *QUICK)
    with (
        FailingApiServer(estate.cluster, estate.dir) as door,
        OperatorProcess(estate.dir / "cut.log", door.kubeconfig, estate.azure.env, args) as operator,
    ):
        operator.wait_ready()
        estate.pair("before", app, data)
        estate.wait_ready("before")
        door.fail(503)
        assert operator.ended() == 1
        since = estate.azure.last_request()
        operator.start()
        eventually("waiting", lambda: "not ready" in operator.log())
        assert not taken(estate, since)

        door.mend()
        estate.patch("before", peering={"vnet1": {"allowForwardedTraffic": True}})
        eventually("written", lambda: taken(estate, since) == ["PUT app-data"])


@pytest.fixture
def patient(cluster: Cluster, tmp_path: Path) -> Iterator[VpnEstate]:
    """An Azure whose gateways are made for as long as the clock is not moved; all else takes no time."""
    with azure_at_a_pace(cluster, tmp_path, {"virtualNetworkGateways.create": 30_000_000}, speed="10000") as vpn:
        yield vpn


def test_an_upgrade_in_the_middle_of_a_gateways_creation_makes_nothing_twice(patient: VpnEstate) -> None:
    patient.secret()
    ends = patient.two_vnets()
    with replicas(patient, "upgraded") as versions:
        old = versions.start(1).leader()
        patient.vpn(PAIR, *ends)
        eventually("both begun", lambda: len(versions.writers()) == len(STANDING))
        new = versions.start(1).hand_over(STOPPED)
        patient.azure.advance(HOURS)
        patient.wait_ready(PAIR)
        assert versions.writers() == [f"replica-{old}"] * 6 + [f"replica-{new}"] * (len(EVERY_WRITE) - 6)
