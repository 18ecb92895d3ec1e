"""How the process begins and ends: bad flags, an Azure that is away, SIGTERM in the middle of work."""

from __future__ import annotations

import signal
import time
from collections import Counter

import pytest

from estate import Estate, eventually
from interruptions import taken

PAIRS = 12


def test_sigterm_in_the_middle_of_work_ends_with_0_and_cuts_no_write(estate: Estate) -> None:
    vnets = [estate.azure.vnet(f"vnet{n}", f"10.{n}.0.0/16") for n in range(2 * PAIRS)]
    estate.start()
    estate.azure.fault(kind="hold", method="PUT", when="after", path="vnet0-vnet1")
    estate.apply(*(estate.manifest(f"pair{n}", vnets[2 * n], vnets[2 * n + 1]) for n in range(PAIRS)))
    eventually("a write on its way", estate.azure.holding)

    asked = time.monotonic()
    estate.operator.signal(signal.SIGTERM)
    eventually("it has heard", lambda: "SIGTERM" in estate.operator.log())
    assert estate.operator.alive
    estate.azure.release()
    assert estate.operator.ended() == 0
    assert time.monotonic() - asked < 20
    finished = [entry["message"] for entry in estate.operator.entries() if "create peering" in entry["message"]]
    assert any("vnet0-vnet1: accepted" in message for message in finished)
    assert sum(": accepted" in message for message in finished) == len(taken(estate))

    estate.operator.start()
    for n in range(PAIRS):
        estate.wait_ready(f"pair{n}")
    assert set(Counter(taken(estate)).values()) == {1}
    assert len(taken(estate)) == 2 * PAIRS


def test_sigterm_with_an_answer_that_hangs_ends_with_0_in_time(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.azure.fault(kind="hang", method="GET", path="/virtualNetworks/")
    estate.start()
    estate.pair("hung", app, data)
    eventually("a hung read", lambda: estate.azure.faults()["faults"][0]["hits"])

    asked = time.monotonic()
    assert estate.operator.stop() == 0
    assert time.monotonic() - asked < 20


@pytest.mark.parametrize(
    "args",
    [
        ("--workers", "0"),
        ("--arm-endpoint", "http://insecure"),
        ("--identity-namespaces", "Not_A_Name"),
        ("--cloud", "Nephos", "--arm-endpoint", ""),
        ("--nonsense",),
    ],
    ids=lambda args: args[0],
)
def test_a_bad_flag_is_one_sentence_and_exit_code_2(estate: Estate, args: tuple[str, ...]) -> None:
    operator = estate.new_operator(*args, log="refused.log").start()
    assert operator.ended() == 2
    lines = operator.log().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("vnetlink: ")


def test_an_azure_that_is_away_at_the_start_is_told_on_the_object_and_heals(estate: Estate) -> None:
    app, data = estate.azure.vnet("app", "10.1.0.0/16"), estate.azure.vnet("data", "10.2.0.0/16")
    estate.azure.stop()
    estate.start()
    estate.pair("early", app, data)
    assert estate.wait_reason("early", "AzureUnreachable")["status"] == "Unknown"
    assert estate.operator.ready()[0]

    estate.azure.start()
    estate.wait_ready("early")
    assert taken(estate) == ["PUT app-data", "PUT data-app"]
