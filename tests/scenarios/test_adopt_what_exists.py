"""docs/how-to/adopt-what-exists.md as people do it: scan, apply, look, take over; and nothing is written to Azure."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import yaml

from armsim_process import SUBSCRIPTION
from estate import eventually
from how_to import paste, shell
from vpn_by_hand import by_hand, connect
from vpn_estate import KEY, VpnEstate

PAGE = "adopt-what-exists.md"


def test_what_scan_writes_is_applied_owes_nothing_and_is_taken_over_without_a_write(vpn: VpnEstate) -> None:
    _, data = by_hand(vpn)
    connect(vpn, "there", "gw-app", "gw-data", routingWeight=7)
    connect(vpn, "back", "gw-data", "gw-app", routingWeight=7)
    hub = vpn.azure.vnet("hub", "10.9.0.0/16")
    vpn.azure.peering(hub, "down", data, allowGatewayTransit=True)
    vpn.azure.peering(data, "up", hub, allowVirtualNetworkAccess=False)
    me = vpn.azure.env["AZURE_CLIENT_ID"]

    vpn.azure.roles({me: [{"scope": f"/subscriptions/{SUBSCRIPTION}", "role": "Reader"}]})
    paste(vpn, PAGE, "See what there is", ID=SUBSCRIPTION)
    vpn.azure.roles({me: None})

    text = (vpn.dir / "estate.yaml").read_text()
    names = {one["kind"]: one["metadata"]["name"] for one in yaml.safe_load_all(text)}
    assert set(names) == {"PeeringPair", "VpnConnectionPair"}
    (comment,) = [line for line in text.splitlines() if line.startswith("#")]
    (vpn.dir / "key").write_text(KEY)
    shell(vpn, comment.partition(": ")[2].replace("NAMESPACE", vpn.namespace).replace("FILE", "key"))

    vpn.start()
    paste(vpn, PAGE, "Watch it")
    for kind, name in names.items():
        body = eventually(f"{kind} Ready", partial(ready, vpn, kind, name))
        assert body["status"].get("plannedActions", []) == []

    for kind, name in names.items():
        paste(vpn, PAGE, "Take over", peeringpair=kind.lower(), NAME=name)
        body = eventually(f"{kind} adopted", partial(ready, vpn, kind, name))
        record = json.loads(body["metadata"]["annotations"]["vnetlink.dev/owned"])
        assert {part["origin"] for part in record["parts"].values()} == {"Adopted"}
        assert len(record["parts"]) == 2
    assert [one for one in vpn.writes() if not one.startswith("POST")] == []


def ready(vpn: VpnEstate, kind: str, name: str) -> dict[str, Any]:
    """The object when it says Ready of its present spec, without a reservation; else {}."""
    body: dict[str, Any] = json.loads(vpn.kubectl("get", kind, name, "--output", "json"))
    rows = body.get("status", {}).get("conditions", [])
    row: dict[str, Any] = next((row for row in rows if row["type"] == "Ready"), {})
    current = row.get("observedGeneration") == body["metadata"]["generation"]
    return body if current and (row["status"], row["reason"]) == ("True", "Connected") else {}
