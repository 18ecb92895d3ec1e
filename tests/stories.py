"""Words that several user stories share: two VNets, looks that change nothing, what was told, what a person pastes."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from estate import Estate, eventually

QUICK = "1s"


def two_vnets(estate: Estate, one: str = "app", two: str = "data") -> tuple[str, str]:
    """Two VNets that can be peered."""
    return estate.azure.vnet(one, "10.1.0.0/16"), estate.azure.vnet(two, "10.2.0.0/16")


def connected(estate: Estate, name: str, one: str = "app", two: str = "data", **spec: Any) -> tuple[str, str]:
    """Two VNets, the operator running, and a Ready PeeringPair between them."""
    ends = two_vnets(estate, one, two)
    if not estate.operator.alive:
        estate.start()
    estate.pair(name, *ends, **{"interval": QUICK, **spec})
    estate.wait_ready(name)
    return ends


def looks_again(estate: Estate, vnet: str, times: int = 3) -> None:
    """Until the operator has read this VNet a few more times, so that what it would write has been written."""
    since = estate.azure.last_request()
    pattern = f"{re.escape(vnet)}(\\?|$)"
    eventually(f"{times} more looks at {vnet}", lambda: len(estate.azure.requests(since, "GET", pattern)) >= times)


def told(estate: Estate, name: str, reason: str) -> list[str]:
    """The notes of an object's events with this reason, one for each time it was told."""
    text = estate.kubectl("get", "events.events.k8s.io", "--output", "json")
    mine = [e for e in json.loads(text)["items"] if e["regarding"].get("name") == name and e["reason"] == reason]
    return [event["note"] for event in mine for _ in range((event.get("series") or {}).get("count", 1))]


def direction(estate: Estate, name: str, which: str = "vnet1ToVnet2") -> dict[str, Any]:
    """One direction in status."""
    return dict(estate.read(name).get("status", {}).get(which, {}))


def owned(estate: Estate, name: str) -> dict[str, Any]:
    """The ownership record on the object, {} when there is none."""
    notes = estate.read(name)["metadata"].get("annotations", {})
    return dict(json.loads(notes.get("vnetlink.dev/owned", "{}")))


def annotate(estate: Estate, name: str, record: dict[str, Any] | None) -> None:
    """Put this ownership record on the object, or take it off."""
    value = None if record is None else json.dumps(record)
    patch = {"metadata": {"annotations": {"vnetlink.dev/owned": value}}}
    estate.kubectl("patch", estate.kind, name, "--type", "merge", "--patch", json.dumps(patch))


def write_status(estate: Estate, name: str, status: dict[str, Any]) -> None:
    """Write status behind the operator's back."""
    patch = json.dumps({"status": status})
    estate.kubectl("patch", estate.kind, name, "--subresource=status", "--type", "merge", "--patch", patch)


def snippet(message: str) -> dict[str, Any]:
    """The piece of spec that a message gives to paste."""
    (found,) = re.findall(r"(?:Paste into spec|this in spec): (.+?), or set", message)
    return dict(yaml.safe_load(found))
