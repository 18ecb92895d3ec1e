"""Plays a recorded session of Azure against a simulator and counts what is the same: status, headers, body by field.

Ids and polls are followed, volatile values ignored. It knows no recording by name; what differs and why is the
business of tests/contract/test_armsim_recordings.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from armsim.messages import Response
from simulated_azure import Azure

RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "recordings"
# Values that differ from run to run: guids, moments, addresses and hashes that Azure hands out.
VOLATILE = frozenset(
    (
        *("etag", "resourceGuid", "correlationId", "templateHash"),
        *("timestamp", "duration", "startTime", "endTime"),
        *("ipAddress", "tunnelIpAddresses"),
    )
)
COUNTERS = ("ingressBytesTransferred", "egressBytesTransferred")
HEADERS = ("Azure-AsyncOperation", "Azure-AsyncNotification", "Location", "ETag", "x-ms-failure-cause")
SENT = ("location", "tags", "properties", "sku", "zones")
POLL = re.compile(r"/(operations|operationresults|operationstatuses|privatednsoperation(statuses|results))/", re.I)
STEP, LONGEST = 5.0, 2000.0
LONGEST_KEY = 128
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HINT = " For more details please go to https://aka.ms/ARMResourceNotFoundFix"


@dataclass(frozen=True, slots=True)
class Difference:
    """`what` is a header, "status" or the path of a field, its indices as []."""

    exchange: str
    what: str
    theirs: Any
    ours: Any

    def __str__(self) -> str:
        return f"{self.exchange} {self.what}: {json.dumps(self.theirs)[:160]} → {json.dumps(self.ours)[:160]}"


@dataclass
class Session:
    """One replay: recorded ids and etags mapped to ours, differences collected. `before` is done ahead of an exchange."""

    azure: Azure
    before: Mapping[int, Callable[[Azure], None]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    compared: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def share(self) -> float:
        return 1 - len(self.differences) / self.compared

    def play(self, exchanges: list[Any]) -> None:
        for index, exchange in enumerate(exchanges):
            self._exchange(exchange, exchanges[index + 1 :])

    def _exchange(self, exchange: Mapping[str, Any], later: list[Any]) -> None:
        request, recorded = exchange["request"], exchange["response"]
        if exchange["index"] in self.before:
            self.before[exchange["index"]](self.azure)
        self._follow_name(request, recorded)
        path = self._translated(request["path"])
        body = request_body(exchange, later)
        headers = self._conditions(request)
        response = self.azure.send(request["method"], path, body, headers=headers, version=_version(path))
        response = self._waited(request["method"], path, response, recorded)
        where = f"{exchange['index']} {request['method']} {re.sub('^.*/providers', '', path)[:70]}"
        self._same(where, "status", recorded["status"], response.status)
        self._headers(where, recorded, response)
        if recorded.get("body") is not None or response.body:
            self._fields(where, "", recorded.get("body"), response.data)

    def _waited(self, method: str, path: str, response: Response, recorded: Mapping[str, Any]) -> Response:
        """Time passed between the recorded requests: a read is repeated until it says what was read then."""
        waited = 0.0
        while method == "GET" and _phase(response) != _recorded_phase(recorded) and waited < LONGEST:
            self.azure.wait(STEP)
            waited += STEP
            response = self.azure.send("GET", path, version=_version(path))
        return response

    def _follow_name(self, request: Mapping[str, Any], recorded: Mapping[str, Any]) -> None:
        """Recorders of azure-cli write mock-deployment for a random name that the answer still has."""
        if request["method"] == "PUT" and "/deployments/mock-deployment" in request["path"]:
            self.ids["mock-deployment"] = recorded["body"]["name"]

    def _conditions(self, request: Mapping[str, Any]) -> dict[str, str]:
        sent = {name.lower(): value for name, value in request.get("headers", {}).items() if name.startswith("If-")}
        return {name: self.etags.get(value, value) for name, value in sent.items()}

    def _translated(self, path: str) -> str:
        for theirs, ours in self.ids.items():
            path = path.replace(theirs, ours)
        return re.sub(r"&t=.*", "", path)

    def _headers(self, where: str, recorded: Mapping[str, Any], response: Response) -> None:
        theirs, ours = recorded["headers"], response.headers
        for name in ("Azure-AsyncOperation", "Location"):
            if name in theirs and name in ours:
                self.ids[_identity(theirs[name])] = _identity(ours[name])
        if "ETag" in theirs and "ETag" in ours:
            self.etags[theirs["ETag"]] = ours["ETag"]
        for name in HEADERS:
            self._same(where, f"header:{name}", name in theirs, name in ours)

    def _fields(self, where: str, path: str, theirs: Any, ours: Any) -> None:
        if isinstance(theirs, dict) and isinstance(ours, dict):
            for name in sorted({*theirs, *ours} - VOLATILE):
                inner = f"{path}.{name}" if path else name
                self._fields(where, inner, theirs.get(name, "(absent)"), ours.get(name, "(absent)"))
            for name in sorted(({*theirs} ^ {*ours}) & VOLATILE):
                self._same(where, f"{path}.{name}".strip("."), name in theirs, name in ours)
        elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
            for one, other in zip(theirs, ours, strict=True):
                self._fields(where, f"{path}[]", one, other)
        else:
            self._same(where, path, _pattern(path, theirs), _pattern(path, ours))

    def _same(self, where: str, what: str, theirs: Any, ours: Any) -> None:
        self.compared += 1
        if theirs != ours:
            self.differences.append(Difference(where, what, theirs, ours))


def request_body(exchange: Mapping[str, Any], later: list[Any]) -> Any:
    """As recorded, or built from the recorded answer when the recorder kept no bodies."""
    request, shown = exchange["request"], exchange["response"].get("body") or {}
    if request.get("body"):
        return request["body"]
    if request["method"] == "PUT" and re.search(r"/sharedkey\?", request["path"], re.I):
        read = [one for one in later if one["request"]["path"] == request["path"] and one["request"]["method"] == "GET"]
        return read[0]["response"]["body"] if read else None
    if request["method"] not in ("PUT", "PATCH"):
        return None
    if len((shown.get("properties") or {}).get("sharedKey", "")) > LONGEST_KEY:
        shown = {**shown, "properties": {**shown["properties"], "sharedKey": _key_read_later(request, later)}}
    return {name: value for name, value in shown.items() if name in SENT}


def _key_read_later(request: Mapping[str, Any], later: list[Any]) -> str:
    """In 2017 a PUT's answer had the key encrypted."""
    read = [one["response"]["body"] for one in later if one["request"]["path"] == request["path"]]
    return str(next(one["properties"]["sharedKey"] for one in read if one))


def _pattern(path: str, value: Any) -> Any:
    """Messages are compared without the guids in them and the hint that only newer ones end with (arm.md 1.5)."""
    if path.rpartition(".")[2] in COUNTERS and isinstance(value, int):
        return value > 0
    if path.rpartition(".")[2] == "message" and isinstance(value, str):
        return GUID.sub("…", value.removesuffix(HINT))
    return value


def _phase(response: Response) -> Any:
    return _told(response.status, response.data if response.body else None)


def _recorded_phase(recorded: Mapping[str, Any]) -> Any:
    return _told(recorded["status"], recorded.get("body"))


def _told(status: int, body: Any) -> Any:
    """What changes by itself with time: whether it is there, its state, its connectionStatus."""
    if not isinstance(body, dict):
        return status
    properties = body.get("properties")
    if not isinstance(properties, dict):
        return (status, body.get("status"))
    return (status, properties.get("provisioningState"), properties.get("connectionStatus"))


def _identity(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _version(path: str) -> str:
    return path.rpartition("api-version=")[2]


def names() -> list[str]:
    """Every recorded session that is there; errors-*.json are catalogues."""
    return sorted(path.stem for path in RECORDINGS.glob("*.json") if not path.stem.startswith("errors-"))


def recording(name: str) -> list[Any]:
    path = RECORDINGS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    data = json.loads(path.read_text())
    found: list[Any] = data.get("exchanges") or data["errors"]
    return found


def lay_groups(azure: Azure, exchanges: list[Any]) -> None:
    """The groups that the recorder's test framework had made before the first exchange, with their tags."""
    for path in _groups(exchanges):
        about = [one for one in exchanges if _asks(one, path)]
        if about and (about[0]["request"]["method"] == "PUT" or about[0]["response"]["status"] == 404):
            continue
        shown = [one["response"]["body"] for one in about if _found(one)]
        body = {"location": shown[0]["location"] if shown else _location(exchanges)}
        azure.send("PUT", path, {**body, **({"tags": shown[0]["tags"]} if shown and "tags" in shown[0] else {})})


def _groups(exchanges: list[Any]) -> Iterator[str]:
    every = {re.sub(r"(?i)(resourcegroups/[^/?]+).*", r"\1", one["request"]["path"]) for one in exchanges}
    distinct = {one.lower(): one for one in sorted(every, reverse=True) if "resourcegroups/" in one.lower()}
    return iter(distinct.values())


def _asks(exchange: Mapping[str, Any], path: str) -> bool:
    return bool(exchange["request"]["path"].lower().startswith(f"{path.lower()}?"))


def _found(exchange: Mapping[str, Any]) -> bool:
    return "location" in (exchange["response"].get("body") or {})


def _location(exchanges: list[Any]) -> str:
    bodies = [one["response"].get("body") or {} for one in exchanges]
    return next((one["location"] for one in bodies if one.get("location", "global") != "global"), "westus")
