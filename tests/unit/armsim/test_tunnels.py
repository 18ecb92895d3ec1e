"""GET and DELETE /_armsim/tunnels: which tunnels stand, since when, and how long each was down."""

from __future__ import annotations

from typing import Any

import pytest

from simulated_azure import Azure, connection, connection_path

THERE, BACK = connection_path("there"), connection_path("back")


@pytest.fixture
def azure() -> Azure:
    """Both directions made, not yet up; clock and waits are virtual seconds."""
    azure = Azure()
    azure.connected()
    return azure


def tunnels(azure: Azure) -> dict[str, dict[str, Any]]:
    found = azure.control("GET", "tunnels").data["tunnels"]
    return {one["connection"].rpartition("/")[2]: one for one in found}


def down(azure: Azure) -> tuple[float, float]:
    shown = tunnels(azure)
    return shown["there"]["downSeconds"], shown["back"]["downSeconds"]


def up(azure: Azure) -> tuple[bool, bool]:
    shown = tunnels(azure)
    return shown["there"]["up"], shown["back"]["up"]


def set_key(azure: Azure, path: str, value: str) -> None:
    assert azure.send("PUT", f"{path}/sharedkey", {"value": value}).status == 200


def test_a_tunnel_that_never_stood_was_not_down(azure: Azure) -> None:
    shown = tunnels(azure)["there"]
    assert (shown["up"], shown["since"], shown["downSeconds"], shown["outages"]) == (False, None, 0, [])
    assert (shown["exists"], shown["tie"]) == (True, "equal")


def test_a_tunnel_says_since_when_it_stands(azure: Azure) -> None:
    azure.wait(500)
    shown = tunnels(azure)["there"]
    assert shown["up"]
    assert shown["since"] == shown["firstUp"] == 1_800_000_000 + (azure.now - 1_800_000_000) - 500 + 120
    assert shown["downSeconds"] == 0


def test_both_ends_rekeyed_within_the_grace_never_fall(azure: Azure) -> None:
    """An established tunnel keeps standing while its keys differ for less than connections.notConnected."""
    azure.wait(500)
    set_key(azure, THERE, "new")
    azure.wait(250)
    set_key(azure, BACK, "new")
    azure.wait(5000)
    assert up(azure) == (True, True)
    assert down(azure) == (0, 0)
    assert azure.properties(THERE)["connectionStatus"] == "Connected"


def test_a_slow_rotation_is_down_from_the_fall_until_it_has_risen_again(azure: Azure) -> None:
    azure.wait(500)
    began = azure.now
    set_key(azure, THERE, "new")
    azure.wait(1000)
    assert (up(azure), down(azure)) == ((False, False), (700, 700))
    assert tunnels(azure)["back"]["tie"] == "differ"
    set_key(azure, BACK, "new")
    azure.wait(119)
    assert (up(azure), down(azure)) == ((False, False), (819, 819))
    azure.wait(1000)
    assert (up(azure), down(azure)) == ((True, True), (820, 820))
    assert tunnels(azure)["there"]["outages"] == [{"from": began + 300, "to": began + 1120}]


def test_two_rotations_are_two_outages(azure: Azure) -> None:
    azure.wait(500)
    for key in ("second", "third"):
        set_key(azure, THERE, key)
        azure.wait(400)
        set_key(azure, BACK, key)
        azure.wait(1000)
    assert down(azure) == (440, 440)
    assert len(tunnels(azure)["there"]["outages"]) == 2


def test_a_reset_of_a_connection_is_an_outage(azure: Azure) -> None:
    azure.wait(500)
    azure.send("POST", f"{THERE}/resetconnection")
    azure.wait(1000)
    assert down(azure) == (120, 120)


def test_a_connection_made_again_was_down_in_between_and_one_deleted_is_not_counted_on(azure: Azure) -> None:
    azure.wait(500)
    body = connection(*[azure.properties(THERE)[f"virtualNetworkGateway{end}"]["id"] for end in (1, 2)])
    azure.send("DELETE", THERE)
    azure.wait(30)
    assert tunnels(azure)["there"]["exists"] is False
    azure.wait(5000)
    assert down(azure)[0] == 0
    azure.send("PUT", THERE, body)
    azure.wait(10 + 120)
    assert up(azure) == (True, True)
    assert down(azure)[0] == 5000 + 10 + 120
    assert down(azure)[1] == 30 + 5000 + 10 + 120 - 300


def test_forgetting_counts_anew_and_keeps_what_stands(azure: Azure) -> None:
    azure.wait(500)
    set_key(azure, THERE, "new")
    azure.wait(400)
    azure.control("DELETE", "tunnels")
    assert (up(azure), down(azure)) == ((False, False), (0, 0))
    azure.wait(50)
    assert down(azure) == (50, 50)
    set_key(azure, BACK, "new")
    azure.wait(200)
    assert down(azure) == (170, 170)
    since = tunnels(azure)["there"]["since"]
    azure.control("DELETE", "tunnels")
    azure.wait(100)
    shown = tunnels(azure)["there"]
    assert (shown["up"], shown["since"], shown["downSeconds"]) == (True, since, 0)


def test_forgetting_forgets_tunnels_that_are_gone(azure: Azure) -> None:
    azure.wait(500)
    azure.delete(THERE)
    azure.control("DELETE", "tunnels")
    assert list(tunnels(azure)) == ["back"]


def test_history_survives_an_export_and_ends_with_a_reset(azure: Azure) -> None:
    azure.wait(500)
    set_key(azure, THERE, "new")
    azure.wait(1000)
    other = Azure()
    other.now = azure.now
    other.control("PUT", "state", azure.control("GET", "state?keys=true").data)
    assert tunnels(other) == tunnels(azure)
    assert down(other) == (700, 700)
    other.control("POST", "reset")
    assert tunnels(other) == {}


def test_a_long_history_is_bounded_and_still_counts_it_all(azure: Azure) -> None:
    azure.wait(500)
    for _ in range(150):
        azure.send("POST", f"{THERE}/resetconnection")
        azure.wait(200)
    assert down(azure) == (150 * 120, 150 * 120)
    assert len(tunnels(azure)["there"]["outages"]) <= 100


def test_the_times_of_a_tunnel_are_settings() -> None:
    azure = Azure(durations={"connections.connecting": 7, "connections.notConnected": 20, "connections.sharedKey": 1})
    azure.connected()
    azure.wait(10)
    assert up(azure) == (True, True)
    set_key(azure, THERE, "new")
    azure.wait(30)
    set_key(azure, BACK, "new")
    azure.wait(50)
    assert down(azure) == (17, 17)
