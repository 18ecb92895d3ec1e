"""A shared key is read through ARM only: no log, no page, no error and no export tells it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulated_azure import GROUP, Azure, connection, connection_path

KEY, NEXT = "Pre5haredSecret1", "Pre5haredSecret2"
THERE, BACK = connection_path("there"), connection_path("back")
DEPLOYMENT = f"{GROUP}/providers/Microsoft.Resources/deployments/d"
SHOWN = ("", "numbers", "live", "requests?since=0", "faults", "clock", "state", "tunnels", "roles")


@pytest.fixture
def azure() -> Azure:
    azure = Azure()
    azure.connected(key=KEY)
    return azure


def ends(azure: Azure, path: str) -> list[str]:
    return [azure.properties(path)[f"virtualNetworkGateway{end}"]["id"] for end in (1, 2)]


def told(azure: Azure) -> str:
    return "\n".join(azure.control("GET", path).body.decode() for path in SHOWN)


def deployed(azure: Azure, kind: str) -> dict[str, Any]:
    near, far = ends(azure, THERE)
    inner = {**connection(near, far, "")["properties"], "sharedKey": "[parameters('sharedKey')]"}
    resource = {"type": "Microsoft.Network/connections", "name": "there", "location": "westeurope", "properties": inner}
    template = {
        "parameters": {"sharedKey": {"type": kind}},
        "resources": [resource],
        "outputs": {"resource": {"type": "object", "value": "[reference('there')]"}},
    }
    given = {"sharedKey": {"value": KEY}}
    return {"properties": {"mode": "Incremental", "template": template, "parameters": given}}


@pytest.mark.parametrize("kind", ["SecureString", "String"])
def test_the_control_api_never_tells_a_key(azure: Azure, kind: str) -> None:
    azure.send("PUT", DEPLOYMENT, deployed(azure, kind))
    azure.wait()
    azure.send("PUT", f"{BACK}/sharedkey", {"value": NEXT})
    azure.send("PUT", f"{BACK}/sharedkey", {"value": NEXT})
    azure.wait()
    azure.send("POST", f"{THERE}/sharedkey/reset", {"keyLength": 60})
    azure.wait()
    random = azure.get(f"{THERE}/sharedkey")["value"]
    assert azure.get(f"{BACK}/sharedkey") == {"value": NEXT}
    text = told(azure)
    assert [key for key in (KEY, NEXT, random) if key in text] == []
    whole = azure.control("GET", "state?keys=true").body.decode()
    assert NEXT in whole
    assert random in whole


def test_no_list_and_no_newer_version_tells_a_key(azure: Azure) -> None:
    gateway = ends(azure, THERE)[0]
    collection = THERE.rpartition("/")[0]
    for version in ("2017-10-01", "2022-01-01", "2024-03-01", "2024-10-01", "2026-03-01"):
        for path in (collection, f"{gateway}/connections", gateway, f"{gateway.rpartition('/')[0]}"):
            assert KEY not in azure.send("GET", path, version=version).body.decode()
        alone = azure.send("GET", THERE, version=version).body.decode()
        patched = azure.send("PATCH", THERE, {"tags": {"v": version}}, version=version).body.decode()
        azure.wait()
        put = azure.send("PUT", THERE, connection(*ends(azure, THERE), KEY), version=version).body.decode()
        azure.wait()
        assert [KEY in one for one in (alone, patched, put)] == [version < "2024-10-01"] * 3


BAD: tuple[Any, ...] = (
    {"properties": {"sharedKey": {"a": KEY}}},
    {"properties": {"sharedKey": [KEY]}},
    {"properties": [{"sharedKey": KEY}]},
    {"properties": {"sharedKey": f"{KEY} with a space"}},
    {"properties": {"sharedKey": KEY * 20}},
    {"properties": {"sharedKey": KEY, "virtualNetworkGateway1": {"id": "/none"}}},
    {"properties": {"sharedKey": KEY, "routingWeight": "x"}},
    {"value": [KEY]},
    {"value": {"x": KEY}},
    {"value": f"{KEY} "},
    {"value": f"{KEY}~"},
)


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
def test_a_refusal_never_repeats_a_key(azure: Azure, body: dict[str, Any]) -> None:
    path = f"{THERE}/sharedkey" if "value" in body else THERE
    if isinstance(body.get("properties"), dict):
        body = {"location": "westeurope", "properties": {"connectionType": "Vnet2Vnet", **body["properties"]}}
    else:
        body = {"location": "westeurope", **body}
    refused = azure.send("PUT", path, body)
    assert refused.status == 400
    assert KEY not in refused.body.decode()


@pytest.mark.parametrize(
    "raw", [b'{"value": "%s"', b'{"value": "%s"}]', b'["%s"]', b'"%s"', b'{"value": 123456789012345}']
)
def test_a_broken_body_is_not_repeated(azure: Azure, raw: bytes) -> None:
    refused = azure.send("PUT", f"{THERE}/sharedkey", raw.replace(b"%s", KEY.encode()))
    assert refused.status == 400
    assert KEY not in refused.body.decode()
    assert "123456789012345" not in refused.body.decode()


def test_a_template_expression_that_might_be_a_key_is_not_repeated(azure: Azure) -> None:
    body = deployed(azure, "String")
    body["properties"]["template"]["resources"][0]["properties"]["sharedKey"] = f"[{KEY}"
    refused = azure.send("PUT", DEPLOYMENT, body)
    assert refused.status == 400
    assert KEY not in refused.body.decode()


def test_a_fault_that_fails_a_key_operation_does_not_tell_it(azure: Azure) -> None:
    azure.control("POST", "faults", {"kind": "fail", "method": "PUT", "path": "/sharedkey"})
    answer = azure.send("PUT", f"{THERE}/sharedkey", {"value": NEXT})
    azure.wait()
    ended = azure.send("GET", answer.headers["Azure-AsyncOperation"]).body.decode()
    assert "Failed" in ended
    assert NEXT not in ended + told(azure)


def test_a_state_without_keys_is_taken_back_where_the_keys_are(azure: Azure) -> None:
    azure.send("PUT", DEPLOYMENT, deployed(azure, "String"))
    azure.wait()
    hidden = azure.control("GET", "state").data
    azure.send("PUT", f"{THERE}/sharedkey", {"value": NEXT})
    azure.wait()
    assert azure.control("PUT", "state", hidden).status == 200
    assert azure.get(f"{THERE}/sharedkey") == {"value": NEXT}
    assert json.loads(azure.control("GET", "state").body)["deployments"] == hidden["deployments"]


def test_a_state_without_keys_is_refused_where_they_are_not(azure: Azure) -> None:
    hidden = azure.control("GET", "state").data
    other = Azure()
    refused = other.control("PUT", "state", hidden)
    assert refused.status == 400
    assert "state?keys=true" in refused.data["error"]
    assert other.core.world.connections == {}
