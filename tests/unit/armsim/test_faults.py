"""The control API: faults without a socket, the log, the clock, the state. Those with a socket: tests/contract."""

from __future__ import annotations

from typing import Any

import pytest

from simulated_azure import GROUP, Azure, code, network, peering, side

VNETS = f"{GROUP}/providers/Microsoft.Network/virtualNetworks"


@pytest.fixture
def azure() -> Azure:
    made = Azure()
    made.group()
    return made


def fault(azure: Azure, **spec: Any) -> str:
    response = azure.control("POST", "faults", spec)
    assert response.status == 200, response.body
    return str(response.data["ids"][0])


def test_an_answer_is_dictated_with_status_code_and_headers(azure: Azure) -> None:
    fault(azure, method="GET", path="virtualNetworks", status=429, code="Slow", message="Slower.", retryAfter=17)
    response = azure.send("GET", VNETS)
    assert (response.status, code(response), response.headers["Retry-After"]) == (429, "Slow", "17")
    assert azure.send("GET", GROUP).status == 200
    azure.control("DELETE", "faults")
    assert azure.send("GET", VNETS).status == 200


def test_the_nth_match_or_a_count_of_them_is_met(azure: Azure) -> None:
    fault(azure, path="virtualNetworks", nth=2)
    assert [azure.send("GET", VNETS).status for _ in range(3)] == [200, 500, 200]
    azure.control("DELETE", "faults")
    fault(azure, path="virtualNetworks", skip=1, count=2)
    assert [azure.send("GET", VNETS).status for _ in range(4)] == [200, 500, 500, 200]


def test_a_fault_ends_after_its_seconds(azure: Azure) -> None:
    fault(azure, path="virtualNetworks", seconds=5)
    assert azure.send("GET", VNETS).status == 500
    azure.wait(5)
    assert azure.send("GET", VNETS).status == 200


def test_a_fault_can_be_for_one_principal(azure: Azure) -> None:
    fault(azure, principal="app")
    assert azure.send("GET", VNETS).status == 500
    assert azure.send("GET", VNETS, client="other").status == 200


def test_an_answer_after_the_write_leaves_the_write(azure: Azure) -> None:
    fault(azure, method="PUT", when="after", status=503, code="ServerTimeout")
    assert azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16")).status == 503
    assert azure.send("GET", f"{VNETS}/v").status == 200


def test_html_and_truncated_bodies_are_no_json(azure: Azure) -> None:
    fault(azure, kind="html", nth=1)
    response = azure.send("GET", VNETS)
    assert (response.status, response.headers["Content-Type"]) == (503, "text/html")
    azure.control("DELETE", "faults")
    fault(azure, kind="html", status=200, nth=1)
    assert azure.send("GET", VNETS).status == 200
    azure.control("DELETE", "faults")
    fault(azure, kind="truncate", nth=1)
    response = azure.send("GET", VNETS)
    with pytest.raises(ValueError):
        assert response.data


def test_stale_reads_show_the_state_at_the_fault_for_their_seconds(azure: Azure) -> None:
    one, _, first, second = azure.pair()
    fault(azure, kind="stale", seconds=60)
    azure.send("DELETE", second)
    azure.wait(30)
    assert azure.send("GET", second).status == 200
    assert azure.properties(first)["peeringState"] == "Connected"
    assert azure.properties(one)["virtualNetworkPeerings"][0]["properties"]["peeringState"] == "Connected"
    azure.wait(30)
    assert azure.send("GET", second).status == 404
    assert azure.properties(first)["peeringState"] == "Disconnected"


def test_a_stalled_operation_stays_updating(azure: Azure) -> None:
    one, two = azure.vnet("one", "10.1.0.0/16"), azure.vnet("two", "10.2.0.0/16")
    fault(azure, kind="stall", path="Peerings", seconds=7200)
    azure.send("PUT", side(one, two), peering(two))
    azure.wait(7200)
    assert azure.properties(side(one, two))["provisioningState"] == "Updating"
    azure.wait(11)
    assert azure.properties(side(one, two))["provisioningState"] == "Succeeded"


def test_an_operation_can_be_canceled(azure: Azure) -> None:
    fault(azure, kind="fail", code="Canceled")
    url = azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16")).headers["Azure-AsyncOperation"]
    azure.wait()
    assert azure.get(url)["status"] == "Canceled"


@pytest.mark.parametrize("kind", ["cut", "hang", "hold", "delay"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_connection_faults_tell_the_server_and_whether_the_write_is_done(azure: Azure, kind: str, when: str) -> None:
    name = fault(azure, kind=kind, when=when, method="PUT", delay=2)
    response = azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16"))
    assert response.disturbance is not None
    assert (response.disturbance.kind, response.disturbance.fault) == (kind, name)
    assert response.disturbance.applied is (when == "after")
    azure.control("DELETE", "faults")
    assert azure.send("GET", f"{VNETS}/v").status == (200 if when == "after" else 404)


@pytest.mark.parametrize(
    "wrong",
    [
        5,
        {"kind": "flood"},
        {"pth": "x"},
        {"path": "("},
        {"nth": "two"},
        {"when": "never"},
        {"status": "many"},
        {"status": 99},
        {"headers": [1]},
        {"delay": True},
        {"seconds": -1},
    ],
)
def test_a_wrong_fault_is_refused_in_words(azure: Azure, wrong: Any) -> None:
    response = azure.control("POST", "faults", wrong)
    assert response.status == 400
    assert response.data["error"]
    assert azure.control("GET", "faults").data["faults"] == []


def test_faults_tell_how_often_they_were_met(azure: Azure) -> None:
    name = fault(azure, path="virtualNetworks", nth=2)
    for _ in range(3):
        azure.send("GET", VNETS)
    shown = azure.control("GET", "faults").data["faults"][0]
    assert (shown["id"], shown["seen"], shown["hits"]) == (name, 3, 1)
    assert azure.control("DELETE", f"faults/{name}").data["faults"] == []


def test_the_log_has_every_request_and_counts(azure: Azure) -> None:
    azure.control("DELETE", "requests")
    azure.send("GET", VNETS, headers={"x-ms-client-request-id": "me"})
    azure.send("GET", f"{VNETS}/none", client="other", auxiliary=("aaaaaaaa-0000-0000-0000-000000000001",))
    log = azure.control("GET", "requests").data
    assert log["counts"] == {"GET": {"200": 1, "404": 1}}
    first, second = log["requests"]
    assert (first["method"], first["status"], first["clientRequestId"]) == ("GET", 200, "me")
    assert first["path"].startswith(VNETS)
    assert (first["principal"], second["principal"]) == ("app", "other")
    assert (first["auxiliary"], second["auxiliary"]) == (False, True)
    assert azure.control("GET", f"requests?since={first['seq']}").data["requests"] == [second]


def test_a_request_without_an_answer_is_logged_as_such(azure: Azure) -> None:
    azure.control("DELETE", "requests")
    fault(azure, kind="cut")
    azure.send("GET", VNETS)
    entry = azure.control("GET", "requests").data["requests"][0]
    assert (entry["status"], entry["applied"], entry["fault"]) == (0, False, "fault-1")


def test_the_clock_moves_forward_only(azure: Azure) -> None:
    azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16"))
    assert azure.control("POST", "clock", {"advance": -1}).status == 400
    assert azure.control("POST", "clock", {"advance": "x"}).status == 400
    assert azure.properties(f"{VNETS}/v")["provisioningState"] == "Updating"
    azure.control("POST", "clock", {"advance": 3})
    assert azure.properties(f"{VNETS}/v")["provisioningState"] == "Succeeded"


def test_state_survives_export_and_import(azure: Azure) -> None:
    _, two, first, _ = azure.pair()
    azure.send("PUT", first, peering(two))
    azure.control("PUT", "roles", {"app": [{"scope": "/", "actions": ["*"]}]})
    state = azure.control("GET", "state").data
    other = Azure()
    assert other.control("PUT", "state", state).status == 200
    assert other.control("GET", "state").data == {**state, "clock": other.control("GET", "state").data["clock"]}
    assert other.get(first) == azure.get(first)
    other.wait()
    assert other.properties(first)["provisioningState"] == "Succeeded"


def test_an_imported_world_makes_new_ids(azure: Azure) -> None:
    other = Azure()
    other.group()
    other.control("PUT", "state", azure.control("GET", "state").data)
    made = [each.send("PUT", f"{VNETS}/new", network("10.9.0.0/16")) for each in (azure, other)]
    assert len({one.headers["x-ms-request-id"] for one in made}) == 2
    assert len({one.data["properties"]["resourceGuid"] for one in made}) == 2


@pytest.mark.parametrize(
    "wrong", [[], {}, {"format": 2}, {"format": 1, "vnets": [{"x": 1}]}, {"format": 1, "vnets": [5]}]
)
def test_a_wrong_state_is_refused_and_changes_nothing(azure: Azure, wrong: Any) -> None:
    before = azure.control("GET", "state").data
    assert azure.control("PUT", "state", wrong).status == 400
    assert azure.control("GET", "state").data == before


def test_reset_gives_back_the_configured_world() -> None:
    seed = ((GROUP, {"location": "westeurope"}), (f"{VNETS}/v", network("10.0.0.0/16")))
    azure = Azure(seed=seed)
    azure.group("other")
    azure.control("PUT", "roles", {"app": []})
    azure.control("POST", "faults", {})
    assert azure.control("POST", "reset").status == 200
    assert azure.properties(f"{VNETS}/v")["provisioningState"] == "Succeeded"
    assert len(azure.core.world.groups) == 1


def test_an_unknown_control_path_lists_the_known_ones(azure: Azure) -> None:
    response = azure.control("GET", "nothing")
    assert response.status == 404
    assert "POST /_armsim/faults" in response.data["known"]
