"""Recorded exchanges of Azure, replayed: status, error code, long-running headers and body fields must be the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from armsim.messages import Response
from simulated_azure import Azure, network

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"
# Values that differ from run to run, and the times and addresses Azure hands out.
VOLATILE = frozenset(("etag", "resourceGuid", "ipAddress", "ETag"))
HEADERS = ("Azure-AsyncOperation", "Azure-AsyncNotification", "Location", "ETag", "x-ms-failure-cause")
LEAST_FIELDS = 0.99
LONGEST = 1000.0

# Field path (indices as []) → why it differs.
KNOWN: Mapping[str, str] = {
    "tags": "request bodies of this recorder are not recorded, so tags cannot be sent (2019)",
    "properties.dhcpOptions": "as above",
    "header:Azure-AsyncNotification": "sent only from about 2022 on; armsim always sends it",
    "properties.vpnClientConfiguration": "the default that only a gateway's PUT answer shows (arm.md 6) is not simulated",
    "header:ETag": "some recorders drop it",
}


@dataclass
class Session:
    """One replay: recorded operation ids mapped to ours, differences collected."""

    azure: Azure
    operations: dict[str, str] = field(default_factory=dict)
    compared: int = 0
    differences: list[str] = field(default_factory=list)

    def play(self, exchange: Mapping[str, Any]) -> None:
        request, recorded = exchange["request"], exchange["response"]
        path = self.translated(request["path"])
        if _is_poll(path) and _finished(recorded):
            self.azure.wait(LONGEST)
        response = self.azure.send(request["method"], path, self.body(exchange))
        if request["method"] == "GET" and not _is_poll(path):
            response = self.settled(response, recorded, path)
        where = f"{exchange['index']} {request['method']} {path[-70:]}"
        self.same(f"{where} status", recorded["status"], response.status)
        self.headers(where, recorded, response)
        if recorded.get("body") is not None and response.body:
            self.fields(where, "", recorded["body"], response.data)

    def settled(self, response: Response, recorded: Mapping[str, Any], path: str) -> Response:
        """Recorders drop polls, so an operation may have ended unseen."""
        if _state(response.data if response.body else None) == _state(recorded.get("body")):
            return response
        self.azure.wait(LONGEST)
        return self.azure.send("GET", path)

    def translated(self, path: str) -> str:
        for theirs, ours in self.operations.items():
            path = path.replace(theirs, ours)
        return re.sub(r"&t=.*", "", path)

    def body(self, exchange: Mapping[str, Any]) -> Any:
        """As recorded, or built from the recorded answer when the recorder kept no bodies."""
        request, answer = exchange["request"], exchange["response"].get("body") or {}
        if request["method"] not in ("PUT", "PATCH"):
            return None
        if request.get("body"):
            return request["body"]
        return {
            name: value for name, value in answer.items() if name in ("location", "tags", "properties", "sku", "zones")
        }

    def headers(self, where: str, recorded: Mapping[str, Any], response: Response) -> None:
        theirs, ours = recorded["headers"], response.headers
        for name in ("Azure-AsyncOperation", "Location"):
            if name in theirs and name in ours:
                self.operations[_identity(theirs[name])] = _identity(ours[name])
        for name in HEADERS:
            self.same(f"{where} header:{name}", name in theirs, name in ours)

    def fields(self, where: str, path: str, theirs: Any, ours: Any) -> None:
        if isinstance(theirs, dict) and isinstance(ours, dict):
            for name in sorted({*theirs, *ours} - VOLATILE):
                inner = f"{path}.{name}" if path else name
                self.fields(where, inner, theirs.get(name, "(absent)"), ours.get(name, "(absent)"))
        elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
            for one, other in zip(theirs, ours, strict=True):
                self.fields(where, f"{path}[]", one, other)
        else:
            self.same(f"{where} {path}", theirs, ours)

    def same(self, where: str, theirs: Any, ours: Any) -> None:
        known = where.rpartition(" ")[2]
        if theirs != ours and any(known.startswith(one) for one in KNOWN):
            return
        self.compared += 1
        if theirs != ours:
            self.differences.append(f"{where}: recorded {json.dumps(theirs)[:160]}, ours {json.dumps(ours)[:160]}")


def _is_poll(path: str) -> bool:
    return re.search(r"/operations/|/operationresults/", path, re.IGNORECASE) is not None


def _finished(recorded: Mapping[str, Any]) -> bool:
    body = recorded.get("body") or {}
    return recorded["status"] in (200, 204) and body.get("status") != "InProgress"


def _state(body: Any) -> Any:
    if not isinstance(body, dict):
        return None
    properties = body.get("properties")
    return properties.get("provisioningState") if isinstance(properties, dict) else body.get("error", {}).get("code")


def _identity(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def recording(name: str) -> list[Any]:
    path = RECORDINGS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    found: list[Any] = json.loads(path.read_text())["exchanges"]
    return found


def groups(exchanges: list[Any]) -> Iterator[str]:
    seen = {re.sub(r"(?i)(resourcegroups/[^/?]+).*", r"\1", one["request"]["path"]) for one in exchanges}
    return (one for one in seen if "resourcegroups/" in one.lower())


SESSIONS = (
    "peering-create-update-delete-disconnected",
    "peering-sync-after-address-space-change",
    "peering-sync-when-already-in-sync",
    "vnet-and-subnet-lifecycle",
    "vnet-create-2024-signed-operation-url",
    "resource-group-delete-states",
    "public-ip-standard-zonal",
)


@pytest.mark.parametrize("name", SESSIONS)
def test_a_recorded_session_goes_the_same_here(name: str) -> None:
    exchanges = recording(name)
    session = Session(Azure(era=2023))
    lay_what_was_there(session.azure, exchanges)
    for exchange in exchanges:
        session.play(exchange)
    share = 1 - len(session.differences) / session.compared
    report = "\n".join(session.differences)
    print(f"{name}: {session.compared} compared, {len(session.differences)} differ\n{report}")
    assert share >= LEAST_FIELDS, report


def lay_what_was_there(azure: Azure, exchanges: list[Any]) -> None:
    """The groups that the recorder's test framework had made before the first exchange, with their tags."""
    for path in groups(exchanges):
        first = exchanges[0]["request"]
        if first["method"] == "PUT" and first["path"].lower().startswith(f"{path.lower()}?"):
            continue
        shown = [one["response"]["body"] for one in exchanges if _is_group(one, path)]
        body = {"location": "westus", **({"tags": shown[0]["tags"]} if shown and "tags" in shown[0] else {})}
        location = shown[0]["location"] if shown else _location(exchanges)
        azure.send("PUT", path, {**body, "location": location})


def _is_group(exchange: Mapping[str, Any], path: str) -> bool:
    body = exchange["response"].get("body") or {}
    request = exchange["request"]
    same = request["path"].lower().startswith(f"{path.lower()}?")
    return same and request["method"] == "GET" and "location" in body


def _location(exchanges: list[Any]) -> str:
    bodies = [one["response"].get("body") or {} for one in exchanges]
    return next((one["location"] for one in bodies if "location" in one), "westus")


# --- the error catalogue, code by code, where these types can cause it


def catalogue(code: str, kind: str = "") -> Mapping[str, Any]:
    found = [one for one in recording("errors-catalogue") if one.get("code") == code and kind in one["resourceType"]]
    entry: Mapping[str, Any] = found[0]
    return entry


def compared(entry: Mapping[str, Any], response: Response) -> None:
    """Status, code and message word for word; who said it. The ids in the message are the recorded ones."""
    theirs = entry["response"]
    assert response.status == theirs["status"]
    assert response.data["error"]["code"] == theirs["body"]["error"]["code"]
    assert response.data["error"]["message"] == theirs["body"]["error"]["message"]
    assert response.headers.get("x-ms-failure-cause") == theirs["headers"].get("x-ms-failure-cause")
    assert ("details" in response.data["error"]) == ("details" in theirs["body"]["error"])


def laid(path: str, *, vnet: bool = False) -> Azure:
    """A simulator with the group of a recorded path, and its VNet."""
    azure = Azure()
    parts = path.split("/")
    azure.send("PUT", "/".join(parts[:5]), {"location": "westus"})
    if vnet:
        azure.put("/".join(parts[:9]), network("10.0.0.0/16", location="westus"))
    return azure


@pytest.mark.parametrize("kind", ["virtualNetworks", "publicIPAddresses", "virtualNetworks/subnets"])
def test_a_recorded_resource_not_found_is_said_in_the_same_words(kind: str) -> None:
    entries = [
        one
        for one in recording("errors-catalogue")
        if one.get("code") == "ResourceNotFound" and one["resourceType"].endswith(f"Microsoft.Network/{kind}")
    ]
    assert entries
    for entry in entries:
        path = entry["request"]["path"]
        compared(entry, laid(path).send("GET", path))


def test_a_recorded_bad_subnet_prefix_is_refused_in_the_same_words() -> None:
    entry = catalogue("InvalidAddressPrefixFormat", "virtualNetworks/subnets")
    path = entry["request"]["path"]
    compared(entry, laid(path, vnet=True).send("PUT", path, entry["request"]["body"]))


def test_a_recorded_subnet_outside_its_vnet_is_refused_in_the_same_words() -> None:
    entry = catalogue("NetcfgInvalidSubnet")
    path = entry["request"]["path"]
    compared(entry, laid(path, vnet=True).send("PUT", path, {"properties": {"addressPrefix": "11.0.0.0/24"}}))


def test_a_recorded_bad_dns_server_is_refused_in_the_same_words() -> None:
    entry = catalogue("NetcfgInvalidDnsServer")
    path = entry["request"]["path"]
    body = network("10.0.0.0/16", dhcpOptions={"dnsServers": ["0"]})
    compared(entry, laid(path).send("PUT", path, body))


def test_a_recorded_missing_group_is_said_in_the_same_words() -> None:
    entries = [
        one
        for one in recording("errors-catalogue")
        if one.get("code") == "ResourceGroupNotFound" and one["request"]["method"] == "GET"
    ]
    assert entries
    for entry in entries:
        compared(entry, Azure().send("GET", entry["request"]["path"]))
