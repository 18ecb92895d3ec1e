"""Whatever is read or found, the API server takes the status that tells it: no list and no text is longer than its schema allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from link_worlds import NOW, link_of, pair_that_says, peered, world_of
from properties.test_peering_pair import Run as PeeringRun
from properties.test_peering_pair import pair_of
from properties.test_peering_pair import seen as peering_world
from vnetlink.domain.arm_id import PrivateDnsZoneId, ZoneLinkId
from vnetlink.domain.outcome import Present
from vnetlink.domain.ownership import Origin, Part, Role, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import Owner, PeeringPairSpec
from vnetlink.planning import conditions
from vnetlink.planning.conditions import Shown
from vnetlink.planning.diagnosis.traffic import TrafficVerdict
from vnetlink.planning.link import seen_status as link_status
from vnetlink.planning.peering import seen_status
from vnetlink.planning.plan import Finding, Plan, PlannedAction, Truth, Verdict, Wake
from vnetlink.planning.vpn import seen_status as vpn_status
from vpn_worlds import standing_run, with_connection, with_gateway, with_vnet

CRDS = Path(__file__).resolve().parents[4] / "crds"
RANGES = tuple(f"fd00::{number:x}/128" for number in range(2000))


@cache
def schema_of(plural: str) -> dict[str, Any]:
    """The schema of status."""
    document = yaml.safe_load((CRDS / f"{plural}.yaml").read_text())
    schema: dict[str, Any] = document["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
    return schema


def complaints(schema: dict[str, Any], value: Any, path: str = "status") -> Iterator[str]:
    """What the API server would refuse of `value`, and what it would drop in silence."""
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is not in the enum"
    if isinstance(value, str):
        if len(value) > schema.get("maxLength", 64):  # an enum has none
            yield f"{path}: {len(value)} characters"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{path}: {value!r} does not match"
    elif isinstance(value, list):
        if len(value) > schema["maxItems"]:
            yield f"{path}: {len(value)} items"
        for item in value:
            yield from complaints(schema["items"], item, f"{path}[]")
    elif isinstance(value, dict):
        yield from (f"{path}.{name} is required" for name in schema.get("required", ()) if name not in value)
        for name, inner in value.items():
            if name in schema["properties"]:
                yield from complaints(schema["properties"][name], inner, f"{path}.{name}")
            else:
                yield f"{path}.{name} is not in the schema"


def told(owner: Owner, shown: Shown, much: int) -> dict[str, Any]:
    """The status of a plan that has `much` of everything to say."""
    found = Finding(Reason.AZURE_ERROR, "m" * much * 100, f"/{'i' * much * 10}", "r" * much * 100)
    plan = Plan(
        Verdict(Truth.FALSE, Reason.AZURE_ERROR, "m" * much * 500, stalled=True),
        Wake(timedelta(0)),
        findings=(found,) * much,
        planned=(PlannedAction("CreatePeering" * much, "/i" * much * 5, "d" * much * 100),) * much,
    )
    meta = replace(owner.meta, reconcile_requested_at="now" * much * 10)
    made = conditions.status(replace(owner, meta=meta), plan, shown, {}, NOW)
    assert made is not None
    return made


def of_a_peering_pair(much: int) -> dict[str, Any]:
    run = PeeringRun(peered(), pair_of(PeeringPairSpec(link_of().spec.ends)))
    world = peering_world(run.azure)
    wide = (Present(replace(vnet, prefixes=RANGES[: much * 20])) for vnet in run.azure.vnets)
    return told(run.pair, seen_status.shown(run.pair, replace(world, vnets=type(world.vnets)(*wide))), much)


def of_a_vpn_connection_pair(much: int) -> dict[str, Any]:
    run = standing_run()
    world = with_vnet(run.world(), prefixes=RANGES[: much * 20])
    world = with_connection(with_gateway(world, sku="s" * much * 2, generation="g" * much), status="s" * much * 2)
    return told(run.pair, Shown(vpn_status.seen(run.pair, world), vpn_status.states(run.pair, world)), much)


def of_a_link(much: int) -> dict[str, Any]:
    """With a pair that a later version wrote, and more links of DNS zones than anybody has."""
    link, azure = link_of(), peered()
    group = f"{link.spec.ends.vnet1.id.group}/providers/Microsoft.Network/privateDnsZones"
    zones = [PrivateDnsZoneId.parse(f"{group}/{'z' * 60}.{'z' * 60}.{number}") for number in range(much)]
    record = link.record
    for zone in zones:
        part = Part(ZoneLinkId(zone, "l" * 80), Origin.CREATED)
        record = record.with_part(Slot(Side.VNET1, Role.DNS_LINK, zone.key), part)
    link = replace(link, record=record)
    row = {"role": "Peering" * much, "id": "/i" * much * 5, "state": "Connected" * much, "onDelete": "Keep"}
    direction = {
        "state": "Connected",
        "name": "n" * much,
        "syncLevel": "s" * much,
        "remoteAddressPrefixes": list(RANGES),
    }
    finding = {"code": "C" * much, "severity": "Error", "id": "/i" * much * 5, "message": "m" * much * 50}
    mirrored = {
        "resources": [row] * much,
        "findings": [finding] * much,
        "vnet1": {
            "gateway": {"state": "Succeeded", "sku": "s" * much, "publicIPAddresses": ["203.0.113.7" * much] * much}
        },
        **{side.direction: direction for side in Side},
    }
    says = ("True", "Connected", "m" * much * 500)
    traffic = TrafficVerdict(Truth.FALSE, Reason.NETWORK_SECURITY_BLOCKS, "m" * much * 500)
    wide = azure.vnets.map(lambda vnet: Present(replace(vnet, prefixes=RANGES[: much * 20])))
    world = world_of(azure, pair_that_says(says, status=mirrored), vnets=wide, traffic=traffic)
    rows = link_status.conditions(link, world)
    shown = Shown(link_status.seen(link, world), link_status.states(link, world), conditions=rows)
    return told(link, shown, much)


@pytest.mark.parametrize(
    ("plural", "status_of"),
    [
        ("peeringpairs", of_a_peering_pair),
        ("vpnconnectionpairs", of_a_vpn_connection_pair),
        ("vnetlinks", of_a_link),
    ],
)
@settings(max_examples=10, deadline=None)
@given(much=st.integers(0, 100))
def test_a_status_keeps_within_its_schema_however_much_there_is_to_say(
    plural: str, status_of: Callable[[int], dict[str, Any]], much: int
) -> None:
    assert list(complaints(schema_of(plural), status_of(much))) == []


def test_what_matters_most_is_what_is_kept() -> None:
    link = link_of()
    note, fault = Finding(Reason.NOT_TRANSITIVE, "note", "id"), Finding(Reason.SCOPE_LOCKED, "fault", "id")
    verdict = Verdict(Truth.FALSE, Reason.SCOPE_LOCKED, "fault", stalled=True)
    plan = Plan(verdict, Wake(timedelta(0)), findings=(note,) * 20 + (fault,))
    made = conditions.status(link, plan, None, {}, NOW) or {}
    rows: Any = made["findings"]
    assert (len(rows), rows[0]["message"]) == (16, "fault")
