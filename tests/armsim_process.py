"""A real `python -m armsim` for tests: starts, stops, kills it, drives its control API, and speaks ARM to it."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from controlplane import guard

API_VERSION = "2026-03-01"
TENANT_A = "aaaaaaaa-0000-0000-0000-000000000001"
TENANT_B = "bbbbbbbb-0000-0000-0000-000000000002"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
SUBSCRIPTION_2 = "00000000-0000-0000-0000-000000000001"
SUBSCRIPTION_B = "00000000-0000-0000-0000-000000000002"
START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have lower-case names; `body` is parsed JSON, None when empty, text when it is no JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The ARM error code, empty for a success."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return str(error.get("code", "")) if isinstance(error, dict) else ""

    @property
    def message(self) -> str:
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return str(error.get("message", "")) if isinstance(error, dict) else ""


class ArmError(AssertionError):
    """An answer, or the end of an operation, that a caller of put, get or delete did not want."""

    def __init__(self, what: str, answer: Answer) -> None:
        super().__init__(f"{what}: {answer.status} {answer.body}")
        self.answer = answer


class ArmsimProcess:
    """One simulator on one directory. A restart keeps its port, certificates and state."""

    def __init__(
        self,
        dir: Path | str,
        config: Path | str | Mapping[str, Any] | None = None,
        speed: str = "inf",
        port: int = 0,
        program: Sequence[str] = (sys.executable, "-m", "armsim"),
    ) -> None:
        self.dir = Path(dir)
        self.speed = speed
        self.port = port
        self.endpoint = ""
        self.env: dict[str, str] = {}
        self.process: subprocess.Popen[str] | None = None
        self._config = config
        self._program = program
        self._tokens: dict[tuple[str, str], str] = {}
        self._tls: ssl.SSLContext | None = None

    # --- life

    def start(self) -> ArmsimProcess:
        self.dir.mkdir(parents=True, exist_ok=True)
        command = [*self._program, "--dir", str(self.dir), "--port", str(self.port)]
        command += ["--speed", self.speed]
        config = self._config_path()
        if config:
            command += ["--config", str(config)]
        log = (self.dir / "armsim.log").open("ab")
        group = guard.shared().leader  # it ends with us at the latest
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=_environment(), process_group=group
        )
        log.close()
        self._ready()
        return self

    def _config_path(self) -> Path | None:
        if self._config is None or isinstance(self._config, str | Path):
            return Path(self._config) if self._config else None
        path = self.dir / "config.yaml"
        path.write_text(yaml.safe_dump(dict(self._config)))
        return path

    def _ready(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(START_SECONDS)
            raise RuntimeError(f"armsim did not start: {(self.dir / 'armsim.log').read_text()[-2000:]}")
        self.endpoint = json.loads(line)["endpoint"]
        self.port = urlsplit(self.endpoint).port or 0
        self.env = read_env(self.dir / "env")
        self._tls = ssl.create_default_context(cafile=str(self.dir / "ca.pem"))

    def stop(self) -> None:
        """SIGTERM, and waits for the end."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(number)
        self.process.wait(START_SECONDS)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None

    def restart(self) -> ArmsimProcess:
        """Stop, then start on the same port."""
        self.stop()
        return self.start()

    def __enter__(self) -> ArmsimProcess:
        return self if self.process else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- control API

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Raises ArmError for anything but 200."""
        answer = self.send(method, f"/_armsim/{path}", body)
        if answer.status != 200:
            raise ArmError(f"{method} /_armsim/{path}", answer)
        return answer.body

    def requests(self, since: int = 0, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """The log after sequence number `since`, filtered by method and by a regular expression on the path."""
        found: list[dict[str, Any]] = self.control("GET", f"requests?since={since}")["requests"]
        return [
            one
            for one in found
            if (not method or one["method"] == method) and re.search(path, one["path"], re.IGNORECASE)
        ]

    def last_request(self) -> int:
        """Sequence number of the newest request, to be used as `since`."""
        return int(self.control("GET", "requests?since=999999999")["last"])

    def counts(self) -> dict[str, dict[str, int]]:
        """{"PUT": {"201": 2}}; status "0" is a request that got no answer."""
        table: dict[str, dict[str, int]] = self.control("GET", "requests?since=999999999")["counts"]
        return table

    def clear_requests(self) -> None:
        self.control("DELETE", "requests")

    def fault(self, **spec: Any) -> str:
        """Adds a fault and returns its id; keys as in POST /_armsim/faults."""
        return str(self.control("POST", "faults", spec)["ids"][0])

    def faults(self) -> dict[str, Any]:
        """{"faults": […], "holding": […]}."""
        found: dict[str, Any] = self.control("GET", "faults")
        return found

    def holding(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.faults()["holding"]
        return found

    def release(self, fault: str = "") -> int:
        """Lets held requests go on; returns how many."""
        return int(self.control("POST", "faults/release", {"id": fault})["released"])

    def clear_faults(self, fault: str = "") -> None:
        self.control("DELETE", f"faults/{fault}" if fault else "faults")

    def advance(self, seconds: float) -> None:
        """Moves the virtual clock forward, in virtual seconds."""
        self.control("POST", "clock", {"advance": seconds})

    def state(self, keys: bool = False) -> dict[str, Any]:
        """Shared keys are hidden unless `keys`; replace_state takes a hidden key for the one that is there."""
        found: dict[str, Any] = self.control("GET", "state?keys=true" if keys else "state")
        return found

    def replace_state(self, state: Mapping[str, Any]) -> None:
        self.control("PUT", "state", state)

    def virtual(self) -> float:
        """The virtual time, in seconds since the epoch."""
        return float(self.control("GET", "clock")["virtual"])

    def tunnels(self) -> dict[str, dict[str, Any]]:
        """By the connection's name: up, since, downSeconds, outages …, in virtual seconds."""
        found = self.control("GET", "tunnels")["tunnels"]
        return {one["connection"].rpartition("/")[2]: one for one in found}

    def forget_tunnels(self) -> None:
        """Down time is counted anew from now on."""
        self.control("DELETE", "tunnels")

    def reset(self) -> None:
        self.control("POST", "reset", {})

    def roles(self, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """{client id: [{"scope", "actions" | "role"}] | None}; None gives the default back. Without changes: reads."""
        found: dict[str, Any] = self.control("PUT", "roles", changes) if changes else self.control("GET", "roles")
        return found

    # --- ARM

    def token(self, tenant: str = TENANT_A, client_id: str = "armsim-test") -> str:
        key = (tenant, client_id)
        if key not in self._tokens:
            form = {
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": "any",
                "scope": f"{self.endpoint}/.default",
            }
            url = f"{self.endpoint}/{tenant}/oauth2/v2.0/token"
            answer = self._open("POST", url, urlencode(form).encode(), {})
            if answer.status != 200:
                raise ArmError("token", answer)
            self._tokens[key] = answer.body["access_token"]
        return self._tokens[key]

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        tenant: str = TENANT_A,
        client_id: str = "armsim-test",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, its answer as it is. Adds api-version and a token for paths of ARM."""
        sent = dict(headers or {})
        url = path if path.startswith("https://") else self.endpoint + path
        if "/_armsim" not in url:
            sent.setdefault("Authorization", f"Bearer {self.token(tenant, client_id)}")
            if "api-version=" not in url:
                url += ("&" if "?" in url else "?") + f"api-version={API_VERSION}"
        return self._open(method, url, None if body is None else json.dumps(body).encode(), sent)

    def put(self, path: str, body: Any, **who: Any) -> Any:
        """PUT, waits for the operation's end, returns the resource as it then is. Raises ArmError."""
        answer = self.send("PUT", path, body, **who)
        if answer.status not in (200, 201):
            raise ArmError(f"PUT {path}", answer)
        self.wait(answer, **who)
        return self.get(path, **who)

    def get(self, path: str, **who: Any) -> Any:
        """The body of a 200, None for 404. Raises ArmError for anything else."""
        answer = self.send("GET", path, **who)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise ArmError(f"GET {path}", answer)
        return answer.body

    def delete(self, path: str, **who: Any) -> None:
        """DELETE and wait for the end; a missing resource is fine. Raises ArmError."""
        answer = self.send("DELETE", path, **who)
        if answer.status not in (202, 204) and answer.code != "ResourceGroupNotFound":
            raise ArmError(f"DELETE {path}", answer)
        self.wait(answer, **who)

    def wait(self, answer: Answer, deadline: float = 60.0, **who: Any) -> None:
        """Polls the operation of an answer until it ends. Raises ArmError when it fails."""
        status_url, job_url = answer.headers.get("azure-asyncoperation"), answer.headers.get("location")
        end = time.monotonic() + deadline
        while status_url or job_url:
            polled = self.send("GET", status_url or job_url or "", **who)
            if polled.status == 200 and not polled.body:
                return
            if polled.status not in (200, 202):
                raise ArmError("operation", polled)
            state = (polled.body or {}).get("status", "InProgress")
            if state == "Succeeded":
                return
            if state != "InProgress" or time.monotonic() > end:
                raise ArmError("operation", polled)
            time.sleep(_pause(polled))

    def _open(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        request = urllib.request.Request(url, body, dict(headers), method=method)
        if body is not None and "/oauth2/" not in url:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60, context=self._tls) as reply:
                return _answer(reply.status, dict(reply.headers), reply.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return _answer(refused.code, dict(refused.headers), refused.read())

    # --- what most scenarios need

    def group(self, name: str, subscription: str = SUBSCRIPTION, location: str = "westeurope", **who: Any) -> str:
        """Makes a resource group and returns its id."""
        path = f"/subscriptions/{subscription}/resourceGroups/{name}"
        answer = self.send("PUT", path, {"location": location}, **who)
        if answer.status not in (200, 201):
            raise ArmError(f"PUT {path}", answer)
        return path

    def vnet(
        self,
        name: str,
        *prefixes: str,
        group: str = "rg",
        subscription: str = SUBSCRIPTION,
        location: str = "westeurope",
        subnets: Mapping[str, str] | None = None,
        **who: Any,
    ) -> str:
        """Makes a VNet, and its group when it is missing; returns the VNet's id."""
        parent = self.group(group, subscription, **who)
        path = f"{parent}/providers/Microsoft.Network/virtualNetworks/{name}"
        inner = [{"name": one, "properties": {"addressPrefix": prefix}} for one, prefix in (subnets or {}).items()]
        properties = {"addressSpace": {"addressPrefixes": list(prefixes)}, "subnets": inner}
        self.put(path, {"location": location, "properties": properties}, **who)
        return path

    def peering(self, vnet: str, name: str, remote: str, **flags: Any) -> str:
        """Makes or updates one side with the given properties; returns the peering's id."""
        path = f"{vnet}/virtualNetworkPeerings/{name}"
        self.put(path, {"properties": {"remoteVirtualNetwork": {"id": remote}, **flags}})
        return path

    def gateway(self, vnet: str, name: str = "gw") -> str:
        """Makes a gateway in a VNet that has a GatewaySubnet; returns its id."""
        parent = vnet.partition("/providers/")[0]
        path = f"{parent}/providers/Microsoft.Network/virtualNetworkGateways/{name}"
        address = f"{parent}/providers/Microsoft.Network/publicIPAddresses/{name}-ip"
        ip = {"subnet": {"id": f"{vnet}/subnets/GatewaySubnet"}, "publicIPAddress": {"id": address}}
        properties = {
            "ipConfigurations": [{"name": "default", "properties": ip}],
            "gatewayType": "Vpn",
            "vpnType": "RouteBased",
            "sku": {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
        }
        location = self.get(vnet)["location"]
        static = {"location": location, "sku": {"name": "Standard"}, "zones": ["1", "2", "3"]}
        self.put(address, {**static, "properties": {"publicIPAllocationMethod": "Static"}})
        self.put(path, {"location": location, "properties": properties})
        return path

    def vnet_with_gateway(self, name: str, n: int, **where: Any) -> str:
        """Makes VNet `name` (10.n.0.0/16) and gateway gw-NAME in it; `where` as for vnet(). Returns the gateway's id."""
        vnet = self.vnet(name, f"10.{n}.0.0/16", subnets={"GatewaySubnet": f"10.{n}.255.0/27"}, **where)
        return self.gateway(vnet, f"gw-{name}")

    def connection(self, name: str, near: str, far: str, key: str, **properties: Any) -> str:
        """Makes one direction between two gateways, beside the near one; returns its id."""
        path = f"{near.partition('/virtualNetworkGateways')[0]}/connections/{name}"
        ends = {"virtualNetworkGateway1": {"id": near}, "virtualNetworkGateway2": {"id": far}}
        given = {"connectionType": "Vnet2Vnet", "sharedKey": key, **ends, **properties}
        self.put(path, {"location": self.get(near)["location"], "properties": given})
        return path


def read_env(path: Path) -> dict[str, str]:
    """`export NAME='value'` lines as a dict."""
    words = (shlex.split(line) for line in path.read_text().splitlines() if line.startswith("export "))
    return {name: value for word in words for name, _, value in [word[1].partition("=")]}


def _answer(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        parsed = json.loads(body) if body else None
    except ValueError:
        parsed = body.decode("utf-8", "replace")
    return Answer(status, lowered, parsed)


def _pause(polled: Answer) -> float:
    """As the server asks, at most a second."""
    if "x-ms-retry-after-ms" in polled.headers:
        return min(1.0, int(polled.headers["x-ms-retry-after-ms"]) / 1000)
    return min(1.0, float(polled.headers.get("retry-after", "0.05")))


def _environment() -> dict[str, str]:
    source = str(Path(__file__).resolve().parents[1] / "operator")
    return {**os.environ, "PYTHONPATH": source, "PYTHONUNBUFFERED": "1"}
