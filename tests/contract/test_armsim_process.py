"""A real `python -m armsim`: what it prints and writes, restart and kill -9, faults on the connection."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from armsim.config import READERS
from armsim_process import SUBSCRIPTION, SUBSCRIPTION_B, TENANT_B, Answer, ArmError, ArmsimProcess

SOURCE = Path(__file__).resolve().parents[2] / "operator"
VNET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v"
BODY = {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}


@pytest.fixture
def armsim(tmp_path: Path) -> Iterator[ArmsimProcess]:
    with ArmsimProcess(tmp_path / "armsim") as process:
        process.group("rg")
        yield process


def until(condition: Callable[[], object], deadline: float = 10.0) -> None:
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, "condition not met in time"
        threading.Event().wait(0.01)


class Background:
    """A request in a thread of its own, for answers that do not come at once."""

    def __init__(self, armsim: ArmsimProcess, method: str, path: str, body: object = None) -> None:
        self.answer: Answer | None = None
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(armsim, method, path, body))
        armsim.token()
        self._thread.start()

    def _run(self, armsim: ArmsimProcess, method: str, path: str, body: object) -> None:
        try:
            self.answer = armsim.send(method, path, body)
        except (urllib.error.URLError, ConnectionError) as cut:
            self.error = cut

    def join(self) -> Background:
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self


def test_it_says_where_it_is_and_writes_ca_and_env(armsim: ArmsimProcess) -> None:
    assert armsim.endpoint == f"https://localhost:{armsim.port}"
    ca = str(armsim.dir / "ca.pem")
    assert armsim.env == {
        "AZURE_AUTHORITY_HOST": armsim.endpoint,
        "AZURE_TENANT_ID": "aaaaaaaa-0000-0000-0000-000000000001",
        "AZURE_CLIENT_ID": armsim.env["AZURE_CLIENT_ID"],
        "AZURE_CLIENT_SECRET": armsim.env["AZURE_CLIENT_SECRET"],
        "SSL_CERT_FILE": ca,
        "REQUESTS_CA_BUNDLE": ca,
        "NODE_EXTRA_CA_CERTS": ca,
        "ARM_ENDPOINT": armsim.endpoint,
        "VNETLINK_ARM_ENDPOINT": armsim.endpoint,
        "VNETLINK_AUTHORITY_HOST": armsim.endpoint,
        "AZURE_CONFIG_DIR": str(armsim.dir / "azure-cli"),
    }
    sourced = subprocess.run(["sh", "-c", f". {armsim.dir}/env; echo $ARM_ENDPOINT"], capture_output=True, text=True)
    assert sourced.stdout.strip() == armsim.endpoint


def test_the_certificate_is_good_for_localhost_and_127_0_0_1(armsim: ArmsimProcess) -> None:
    context = ssl.create_default_context(cafile=str(armsim.dir / "ca.pem"))
    for name in ("localhost", "127.0.0.1"):
        with (
            socket.create_connection(("127.0.0.1", armsim.port)) as raw,
            context.wrap_socket(raw, server_hostname=name) as tls,
        ):
            assert tls.version() in ("TLSv1.2", "TLSv1.3")


def test_a_restart_is_transparent(armsim: ArmsimProcess) -> None:
    armsim.put(VNET, BODY)
    armsim.roles({"someone": [{"scope": "/", "role": "Reader"}]})
    ca, endpoint, before = (armsim.dir / "ca.pem").read_bytes(), armsim.endpoint, armsim.get(VNET)
    armsim.restart()
    assert ((armsim.dir / "ca.pem").read_bytes(), armsim.endpoint) == (ca, endpoint)
    assert armsim.get(VNET) == before
    assert "someone" in armsim.roles()


def test_kill_9_loses_nothing_that_was_answered(armsim: ArmsimProcess) -> None:
    for number in range(20):
        assert armsim.send("PUT", f"{VNET}{number}", BODY).status == 201
    armsim.send("DELETE", f"{VNET}0")
    armsim.get(f"{VNET}0")
    armsim.kill()
    armsim.start()
    assert armsim.get(f"{VNET}0") is None
    assert all(armsim.get(f"{VNET}{number}") for number in range(1, 20))


def test_a_torn_last_line_of_the_log_is_dropped(armsim: ArmsimProcess) -> None:
    armsim.put(VNET, BODY)
    armsim.kill()
    with (armsim.dir / "state.log").open("ab") as log:
        log.write(b'{"table":"vnets","key":"x","val')
    armsim.start()
    assert armsim.get(VNET)


def test_running_operations_go_on_after_a_restart(tmp_path: Path) -> None:
    with ArmsimProcess(tmp_path, speed="0.001") as armsim:
        armsim.group("rg")
        answer = armsim.send("PUT", VNET, BODY)
        armsim.restart()
        assert armsim.get(VNET)["properties"]["provisioningState"] == "Updating"
        armsim.advance(3)
        assert armsim.send("GET", answer.headers["azure-asyncoperation"]).body == {"status": "Succeeded"}
        assert armsim.get(VNET)["properties"]["provisioningState"] == "Succeeded"


def test_replaced_and_reset_state_is_on_disk_too(armsim: ArmsimProcess) -> None:
    armsim.put(VNET, BODY)
    state = armsim.state()
    armsim.reset()
    armsim.kill()
    armsim.start()
    assert armsim.state()["vnets"] == []
    armsim.replace_state(state)
    armsim.kill()
    armsim.start()
    assert armsim.state()["vnets"] == state["vnets"]


def test_sigterm_ends_it_with_0_even_while_a_request_hangs(armsim: ArmsimProcess) -> None:
    armsim.fault(kind="hang", method="GET", path="/virtualNetworks/v")
    hung = Background(armsim, "GET", VNET)
    until(lambda: armsim.requests(path="/virtualNetworks/v"))
    assert armsim.process is not None
    process = armsim.process
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert hung.join().error


def test_a_request_held_before_its_write_is_not_done_by_a_stop(armsim: ArmsimProcess) -> None:
    armsim.fault(kind="hold", method="PUT", when="before")
    held = Background(armsim, "PUT", VNET, BODY)
    until(armsim.holding)
    armsim.stop()
    assert held.join().error
    armsim.start()
    assert armsim.get(VNET) is None


def test_config_errors_go_to_stderr_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("speed: 1\nspeeed: 2\n")
    command = [sys.executable, "-m", "armsim", "--dir", str(tmp_path / "d"), "--config", str(tmp_path / "bad.yaml")]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert ended.returncode == 2
    assert "line 2: speeed" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_config_seeds_resources_and_names_principals(tmp_path: Path) -> None:
    config = {
        "principals": {"team-a": {"secret": "any", "roles": [{"scope": VNET, "role": "Reader"}]}},
        "resources": [
            {"id": VNET.partition("/providers/")[0], "location": "westeurope"},
            {"id": VNET, **BODY},
        ],
    }
    with ArmsimProcess(tmp_path, config=config) as armsim:
        assert armsim.env["AZURE_CLIENT_ID"] == "team-a"
        assert armsim.get(VNET, client_id="team-a")["properties"]["provisioningState"] == "Succeeded"
        assert armsim.send("PUT", VNET, BODY, client_id="team-a").code == "AuthorizationFailed"
        with pytest.raises(ArmError):
            armsim.get(VNET)


def armsim_says(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What a start that must end at once prints."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-m", "armsim", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)


def test_help_explains_itself() -> None:
    shown = armsim_says("--help")
    assert shown.returncode == 0
    assert "--speed inf, or 0, ends them at once" in shown.stdout
    assert ". ./azure/env && az group create" in shown.stdout
    told = set(re.findall(r"\b\w+\b", shown.stdout.partition("a configuration file")[2]))
    assert set(READERS) <= told


def test_a_resource_that_arm_refuses_is_a_complaint_with_its_line(tmp_path: Path) -> None:
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
    lines = (
        "resources:",
        f"  - id: {group}",
        "    location: westeurope",
        f"  - id: {group}/providers/Microsoft.Network/virtualNetworks/v",
        "    location: westeurope",
        "    properties: {addressSpace: {addressPrefixes: [10.0.0.1/8]}}",
    )
    config = tmp_path / "armsim.yaml"
    config.write_text("\n".join(lines))
    said = armsim_says("--dir", str(tmp_path / "dir"), "--config", str(config))
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith(f"armsim: {config}, line 4: {group}/providers")
    assert "InvalidCIDRNotation" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_port_or_directory_that_cannot_be_had_is_said_in_one_line(armsim: ArmsimProcess, tmp_path: Path) -> None:
    taken = armsim_says("--dir", str(tmp_path / "other"), "--port", str(armsim.port))
    (tmp_path / "file").write_text("")
    no_directory = armsim_says("--dir", str(tmp_path / "file" / "dir"))
    assert (taken.returncode, no_directory.returncode) == (2, 2)
    assert str(armsim.port) in taken.stderr
    assert str(tmp_path / "file" / "dir") in no_directory.stderr
    assert [len(one.stderr.splitlines()) for one in (taken, no_directory)] == [1, 1]


def test_the_directory_for_az_knows_a_named_app_where_it_exists(tmp_path: Path) -> None:
    config = {"principals": {"my-app": {"tenants": [TENANT_B], "secret": "it's"}}}
    with ArmsimProcess(tmp_path / "armsim", config=config) as named:
        cli = named.dir / "azure-cli"
        logins = json.loads((cli / "service_principal_entries.json").read_text())
        assert logins == [{"client_id": "my-app", "tenant": TENANT_B, "client_secret": "it's"}]
        seen = json.loads((cli / "azureProfile.json").read_text())["subscriptions"]
        assert [(one["id"], one["tenantId"], one["isDefault"]) for one in seen] == [(SUBSCRIPTION_B, TENANT_B, True)]
        assert (named.env["AZURE_TENANT_ID"], named.env["AZURE_CLIENT_SECRET"]) == (TENANT_B, "it's")
        assert f"endpoint_resource_manager = {named.endpoint}\n" in (cli / "clouds.config").read_text()
        assert (cli / "service_principal_entries.json").stat().st_mode & 0o077 == 0


def test_quotas_go_over_the_wire_with_their_headers(tmp_path: Path) -> None:
    config = {"throttling": True, "buckets": {"writes": {"size": 3, "rate": 0.01}}, "limits": {"globalFactor": 2}}
    with ArmsimProcess(tmp_path / "armsim", config=config) as strict:
        strict.group("rg")
        first = strict.send("PUT", VNET, BODY)
        assert first.headers["x-ms-ratelimit-remaining-subscription-writes"] == "1"
        assert first.headers["x-ms-ratelimit-remaining-subscription-global-writes"] == "4"
        strict.send("PUT", VNET, BODY)
        refused = strict.send("PUT", VNET, BODY)
        assert (refused.status, refused.code) == (429, "SubscriptionRequestsThrottled")
        assert 90 <= int(refused.headers["retry-after"]) <= 100
        assert strict.send("GET", VNET).status == 200


# --- faults that need a connection


def test_a_cut_before_leaves_no_write_and_a_cut_after_leaves_it(armsim: ArmsimProcess) -> None:
    for when, found in (("before", False), ("after", True)):
        armsim.fault(kind="cut", method="PUT", when=when)
        with pytest.raises((urllib.error.URLError, ConnectionError)):
            armsim.send("PUT", VNET, BODY)
        armsim.clear_faults()
        assert bool(armsim.get(VNET)) is found
    entries = armsim.requests(method="PUT", path="virtualNetworks")
    assert [(one["status"], one["applied"]) for one in entries] == [(0, False), (0, True)]


def test_a_delay_answers_late(armsim: ArmsimProcess) -> None:
    armsim.fault(kind="delay", delay=0.3, method="PUT")
    began = time.monotonic()
    assert armsim.send("PUT", VNET, BODY).status == 201
    assert time.monotonic() - began >= 0.3
    assert armsim.requests(method="PUT", path="virtualNetworks")[-1]["durationMs"] >= 300


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_hung_answer_never_comes_and_others_do(armsim: ArmsimProcess, when: str) -> None:
    armsim.fault(kind="hang", method="PUT", when=when)
    hung = Background(armsim, "PUT", VNET, BODY)
    until(lambda: armsim.requests(method="PUT", path="virtualNetworks"))
    assert bool(armsim.get(VNET)) is (when == "after")
    armsim.clear_faults()
    assert hung.join().error
    assert bool(armsim.get(VNET)) is (when == "after")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_held_request_waits_for_its_release(armsim: ArmsimProcess, when: str) -> None:
    name = armsim.fault(kind="hold", method="PUT", when=when, nth=1)
    held = Background(armsim, "PUT", VNET, BODY)
    until(armsim.holding)
    assert armsim.holding()[0]["fault"] == name
    assert armsim.holding()[0]["when"] == when
    assert bool(armsim.get(VNET)) is (when == "after")
    assert armsim.release() == 1
    assert armsim.faults() == {"faults": [], "holding": []}
    answer = held.join().answer
    assert answer is not None
    assert answer.status == 201
    assert armsim.get(VNET)
    entry = armsim.requests(method="PUT", path="virtualNetworks")
    assert [(one["status"], one["applied"]) for one in entry] == [(201, True)]


def test_a_client_killed_while_held_before_the_write_leaves_none(armsim: ArmsimProcess) -> None:
    armsim.fault(kind="hold", method="PUT", when="before")
    script = (
        "import json, ssl, sys, urllib.request as u;"
        "r = u.Request(sys.argv[1], sys.argv[2].encode(), {'Authorization': 'Bearer ' + sys.argv[3]}, method='PUT');"
        "u.urlopen(r, context=ssl.create_default_context(cafile=sys.argv[4]))"
    )
    url = f"{armsim.endpoint}{VNET}?api-version=2022-01-01"
    arguments = [url, json.dumps(BODY), armsim.token(), str(armsim.dir / "ca.pem")]
    client = subprocess.Popen([sys.executable, "-c", script, *arguments])
    until(armsim.holding)
    client.kill()
    client.wait()
    armsim.release()
    armsim.clear_faults()
    assert armsim.get(VNET) is None


def test_html_truncation_and_a_bare_429_arrive_as_sent(armsim: ArmsimProcess) -> None:
    armsim.fault(kind="html", nth=1)
    assert "<html>" in armsim.send("GET", VNET).body
    armsim.clear_faults()
    armsim.put(VNET, BODY)
    armsim.fault(kind="truncate", nth=1)
    assert isinstance(armsim.send("GET", VNET).body, str)
    armsim.clear_faults()
    armsim.fault(status=429, retryAfter=300, code="SubscriptionRequestsThrottled", nth=1)
    throttled = armsim.send("GET", VNET)
    assert (throttled.status, throttled.headers["retry-after"]) == (429, "300")


def test_ten_megabytes_get_an_answer(armsim: ArmsimProcess) -> None:
    answer = armsim.send("PUT", VNET, {"location": "x" * 10_000_000})
    assert (answer.status, answer.code) == (413, "RequestContentTooLarge")


def test_bytes_that_are_no_http_do_not_hurt(armsim: ArmsimProcess) -> None:
    context = ssl.create_default_context(cafile=str(armsim.dir / "ca.pem"))
    for sent in (b"\x00\xff\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"GET " + b"/" * 20_000 + b" HTTP/1.1\r\n\r\n"):
        with (
            socket.create_connection(("127.0.0.1", armsim.port)) as raw,
            context.wrap_socket(raw, server_hostname="localhost") as tls,
        ):
            tls.sendall(sent)
            assert b"Traceback" not in tls.recv(65536)
    assert armsim.control("GET", "numbers")["name"] == "armsim"


def test_its_own_log_stays_empty(armsim: ArmsimProcess) -> None:
    armsim.put(VNET, BODY)
    armsim.stop()
    assert (armsim.dir / "armsim.log").read_text() == ""
