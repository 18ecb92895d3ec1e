"""What was seen of a VNetLink, as fields of status: the method, both VNets, and the pair's own state, mirrored."""

from __future__ import annotations

from typing import Any

from vnetlink.domain.arm_id import ZoneLinkId
from vnetlink.domain.kinds import PEERING_PAIRS
from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.ownership import Role, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import VNetLink
from vnetlink.planning.json_value import Json, Status
from vnetlink.planning.link import child, dns, vnets
from vnetlink.planning.link.deletion import to_delete
from vnetlink.planning.link.plan_link import active, mirrored_ready, switching
from vnetlink.planning.link.world import LinkWorld
from vnetlink.planning.plan import Truth
from vnetlink.planning.seen_vnet import SELECTED, vnet, vnet_resource

MIRRORED = ("syncLevel", "encryption", "sharedKey")
Condition = tuple[str, Truth, Reason, str]


def seen(link: VNetLink, world: LinkWorld) -> Status:
    """Everything that status shows of Azure and of the pair."""
    shown = active(link, world)
    mirrored: dict[str, Any] = dict(shown.status) if shown is not None else {}
    return {
        "method": child.method(link)[0].value,
        **{side.value: _vnet(link, world, side, mirrored.get(side.value)) for side in Side},
        **{side.direction: mirrored.get(side.direction) or {"state": _unpaired(link, world, side)} for side in Side},
        **{name: mirrored[name] for name in MIRRORED if name in mirrored},
        **({"pair": {"kind": shown.kind, "name": shown.name}} if shown is not None else {}),
        "resources": [*_vnets(link, world), *_pairs_resources(mirrored), *_recorded(link, world)],
    }


def states(link: VNetLink, world: LinkWorld) -> PerSide[str]:
    """The state of each direction, as its column shows it."""
    shown = active(link, world)
    status: dict[str, Any] = dict(shown.status) if shown is not None else {}

    def state(side: Side) -> str:
        direction = status.get(side.direction)
        told = direction.get("state", "Unknown") if isinstance(direction, dict) else _unpaired(link, world, side)
        return str(told)

    return PerSide.of(state)


def _unpaired(link: VNetLink, world: LinkWorld, side: Side) -> str:
    """The state of a direction that no pair of this link tells: as the VNet shows it, which another object may have peered."""
    seen = world.vnets[side]
    if isinstance(seen, Unreadable):
        return "Unknown"
    peering = seen.value.peering_to(link.spec.ends[side.other].id) if isinstance(seen, Present) else None
    if peering is None or child.kind(link) != PEERING_PAIRS:
        return "Missing"
    return peering.state.value


def conditions(link: VNetLink, world: LinkWorld) -> tuple[Condition, ...]:
    """The conditions that only a link has, in their fixed order."""
    return tuple(
        row
        for row in (
            ("MethodSelected", Truth.TRUE, _method_reason(link, world), child.method(link)[1]),
            _vnets_ready(link, world),
            _compatible(link, world),
            _pair_ready(link, world),
            _dns_linked(link, world),
            _traffic(world),
        )
        if row is not None
    )


def _method_reason(link: VNetLink, world: LinkWorld) -> Reason:
    return Reason.SWITCHING_METHOD if switching(link, world) else Reason.SELECTED


def _vnets_ready(link: VNetLink, world: LinkWorld) -> Condition:
    missing = [link.spec.ends[side].id.name for side in Side if isinstance(world.vnets[side], Absent)]
    if missing:
        making = all(link.spec.ends[side].creation for side in Side if isinstance(world.vnets[side], Absent))
        why = next((found.reason for found in vnets.refused(link, world)), Reason.CREATING)
        reason = why if making else Reason.VNET_NOT_FOUND
        return "VNetsReady", Truth.FALSE, reason, f"Not there: {', '.join(missing)}."
    for side in Side:
        if isinstance(seen := world.vnets[side], Unreadable):
            return "VNetsReady", Truth.UNKNOWN, seen.reason, f"{link.spec.ends[side].id.name}: {seen.message}"
    return "VNetsReady", Truth.TRUE, Reason.SUCCEEDED, "Both VNets are there."


def _compatible(link: VNetLink, world: LinkWorld) -> Condition:
    clash = next(vnets.overlapping(link, world), None)
    if clash is not None:
        return "AddressSpacesCompatible", Truth.FALSE, clash.reason, clash.message
    if not all(isinstance(seen, Present) for seen in world.vnets):
        return "AddressSpacesCompatible", Truth.UNKNOWN, _vnets_ready(link, world)[2], "Not both VNets were read."
    return "AddressSpacesCompatible", Truth.TRUE, Reason.SUCCEEDED, "The address spaces do not overlap."


def _pair_ready(link: VNetLink, world: LinkWorld) -> Condition:
    shown = active(link, world)
    if shown is None or not shown.ready[0]:
        return (
            "PairReady",
            Truth.FALSE,
            Reason.CREATING,
            f"{child.name(link.meta.key, child.kind(link))} is not there yet.",
        )
    said = mirrored_ready(shown)
    return "PairReady", said.ready, said.reason, said.message


def _dns_linked(link: VNetLink, world: LinkWorld) -> Condition | None:
    there = dns.linked(link, world)
    if there is None:
        return None
    wrong = next(dns.findings(link, world), None)
    if wrong is not None:
        return "DnsLinked", Truth.FALSE, wrong.reason, wrong.message
    if not there:
        return "DnsLinked", Truth.FALSE, Reason.CREATING, "The zones are being linked."
    return "DnsLinked", Truth.TRUE, Reason.SUCCEEDED, "Every zone is linked."


def _traffic(world: LinkWorld) -> Condition | None:
    if world.traffic is None:
        return None
    return "TrafficAllowed", world.traffic.allowed, world.traffic.reason, world.traffic.message


def _vnet(link: VNetLink, world: LinkWorld, side: Side, mirrored: object) -> Json:
    id, found = link.spec.ends[side].id, world.vnets[side]
    part = link.record.parts.get(Slot(side, Role.VNET))
    origin = part.origin.value if part is not None and part.id == id else SELECTED
    gateway = {"gateway": mirrored["gateway"]} if isinstance(mirrored, dict) and "gateway" in mirrored else {}
    return vnet(id, found, origin) | gateway


def _vnets(link: VNetLink, world: LinkWorld) -> list[Json]:
    rows: list[Json] = []
    for side in Side:
        slot = Slot(side, Role.VNET)
        part, deletes = link.record.parts.get(slot), to_delete(link, slot) is not None
        origin = part.origin.value if part is not None else SELECTED
        rows.append(vnet_resource(link.spec.ends[side].id, world.vnets[side], origin, deletes=deletes))
    return rows


def _recorded(link: VNetLink, world: LinkWorld) -> list[Json]:
    """Groups that the link made, and links of DNS zones."""
    links = {one.id: one for zone in world.zones if isinstance(zone.links, Present) for one in zone.links.value}
    rows: list[Json] = []
    for slot, part in link.record.parts.items():
        if slot.role in (Role.RESOURCE_GROUP, Role.DNS_LINK):
            there = links.get(part.id) if isinstance(part.id, ZoneLinkId) else None
            state: Status = {"state": there.provisioning.value} if there is not None else {}
            rows.append(
                {
                    "role": "DnsZoneLink" if slot.role is Role.DNS_LINK else "ResourceGroup",
                    "id": str(part.id),
                    "origin": part.origin.value,
                    **state,
                    "onDelete": "Delete" if to_delete(link, slot) is not None else "Keep",
                }
            )
    return rows


def _pairs_resources(mirrored: dict[str, Any]) -> list[Json]:
    rows = mirrored.get("resources")
    return (
        [row for row in rows if isinstance(row, dict) and row.get("role") != "VirtualNetwork"]
        if isinstance(rows, list)
        else []
    )
