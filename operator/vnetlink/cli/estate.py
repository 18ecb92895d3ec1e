"""The VNet pairs of an estate, what is wrong with each, and both in words: a table, JSON, manifests. Pure.

A pair is two VNets of which at least one has a peering to the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import yaml

from vnetlink.cli.explain import as_found, observing
from vnetlink.cli.table import table
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.planning.plan import Finding
from vnetlink.planning.preflight import overlap_with_peered, overlapping_ranges
from vnetlink.planning.seen_status import state
from vnetlink.planning.standing import findings
from vnetlink.planning.world import Half, PairWorld, halves

Vnets = Mapping[VnetId, Seen[ObservedVnet]]

LONGEST_NAME = 63  # of an object, as admission has it
UNKNOWN, MISSING = "Unknown", "Missing"
HALF_MADE, DISCONNECTED, OUT_OF_SYNC, OVERLAPPING = "half-made", "Disconnected", "out of sync", "overlapping"
FAULTS = {
    Reason.PEERING_DISCONNECTED: DISCONNECTED,
    Reason.REVERSE_PEERING_MISSING: HALF_MADE,
    Reason.WAITING_FOR_OTHER_SIDE: HALF_MADE,
    Reason.ADDRESS_SPACE_OUT_OF_SYNC: OUT_OF_SYNC,
    Reason.SYNCING: OUT_OF_SYNC,
    Reason.ADDRESS_SPACES_OVERLAP: OVERLAPPING,
    Reason.OVERLAPS_WITH_PEERED_VNET: OVERLAPPING,
}


@dataclass(frozen=True, slots=True)
class EstatePair:
    """Two VNets. `states` in the words of the columns 1->2 and 2->1, Unknown where the VNet could not be read."""

    halves: PerSide[Half]
    states: PerSide[str]
    findings: tuple[Finding, ...]

    @property
    def ids(self) -> PerSide[VnetId]:
        """Both VNets, in ARM's own casing where they were read."""
        return self.halves.map(lambda half: half.vnet.id if half.vnet is not None else half.end.id)

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong, in one or two words each; empty when all is well."""
        told = dict.fromkeys(FAULTS[one.reason] for one in self.findings)
        return tuple(one for one in told if one != HALF_MADE or DISCONNECTED not in told)  # its reverse was deleted


@dataclass(frozen=True, slots=True)
class Estate:
    """All pairs, sorted. `unread`: what could not be read, by id."""

    pairs: tuple[EstatePair, ...]
    unread: tuple[tuple[str, Unreadable], ...]

    @property
    def answer(self) -> int:
        """The exit code: 0 all well, 1 faults, 2 something could not be read."""
        if self.unread:
            return 2
        return 1 if any(pair.faults for pair in self.pairs) else 0

    def shown(self, output: str) -> str:
        """The estate as `table`, `json` or `yaml`."""
        return {"json": self.as_json, "yaml": self.as_manifests}.get(output, self.as_table)()

    def as_table(self) -> str:
        """For people: a line for each pair, then what to do about each fault."""
        one = len({id.subscription.lower() for pair in self.pairs for id in pair.ids}) == 1
        rows = [
            (*(_label(id, one) for id in pair.ids), *pair.states, ", ".join(pair.faults) or "-") for pair in self.pairs
        ]
        lines = [table(("VNET1", "VNET2", "1->2", "2->1", "FAULT"), rows)]
        for finding in (finding for pair in self.pairs for finding in pair.findings):
            lines += ["", f"{FAULTS[finding.reason]}: {finding.message}", f"  {finding.advice}"]
        return "\n".join(lines)

    def as_json(self) -> str:
        """For programs; findings as in status.findings."""
        unread = [{"id": id, "code": one.reason.value, "message": one.message} for id, one in self.unread]
        return json.dumps({"pairs": [_document(pair) for pair in self.pairs], "unread": unread}, indent=2)

    def as_manifests(self) -> str:
        """A PeeringPair for each pair, that observes it as it stands."""
        return yaml.safe_dump_all([manifest(pair) for pair in self.pairs], sort_keys=False) if self.pairs else ""


def remotes(vnets: Vnets) -> tuple[VnetId, ...]:
    """The VNets that peerings lead to and that are not in `vnets`, sorted."""
    led_to = {peering.remote for vnet in _read(vnets) for peering in vnet.peerings}
    return tuple(sorted(led_to - set(vnets), key=lambda id: id.key))


def pairs(vnets: Vnets, identity: Identity) -> tuple[EstatePair, ...]:
    """Every pair once, sorted by its ids. `vnets` holds every VNet that a peering leads to."""
    ends = {tuple(sorted((vnet.id, peering.remote), key=_key)) for vnet in _read(vnets) for peering in vnet.peerings}
    found = sorted(ends, key=lambda pair: (pair[0].key, pair[1].key))
    return tuple(_judged(PerSide(*pair), vnets, identity) for pair in found)


def _key(id: VnetId) -> str:
    return id.key


def _read(vnets: Vnets) -> Iterator[ObservedVnet]:
    return (seen.value for seen in vnets.values() if isinstance(seen, Present))


def _judged(ids: PerSide[VnetId], vnets: Vnets, identity: Identity) -> EstatePair:
    world = PairWorld(ids.map(lambda id: vnets[id]), PerSide(identity, identity))
    pair = as_found(observing(ids), world)
    both = halves(pair, world)
    incomplete = any(half.missing for half in both)  # what stands is proof enough that no third VNet is in the way
    third = overlap_with_peered(pair, both) if incomplete else ()
    found = (*findings(pair, both), *overlapping_ranges(pair, both), *third)
    told = tuple(dict.fromkeys(one for one in found if one.reason in FAULTS))
    return EstatePair(both, PerSide.of(lambda side: _state(both, world, side)), told)


def _state(both: PerSide[Half], world: PairWorld, side: Side) -> str:
    """Unlike a column of the operator, it concludes nothing about a VNet that was not read; one that is gone has no peering."""
    match world.vnets[side]:
        case Present():
            return state(both, side)
        case Absent():
            return MISSING
        case _:
            return UNKNOWN


def _label(id: VnetId, one_subscription: bool) -> str:
    short = f"{id.resource_group}/{id.name}"
    return short if one_subscription else f"{id.subscription}/{short}"


def _document(pair: EstatePair) -> dict[str, Any]:
    rows = [
        {
            "code": one.reason.value,
            "severity": one.weight.value,
            "id": one.id,
            "message": one.message,
            "remediation": one.advice,
        }
        for one in pair.findings
    ]
    return {
        **{side.value: str(pair.ids[side]) for side in Side},
        **{side.direction: pair.states[side] for side in Side},
        "faults": list(pair.faults),
        "findings": rows,
    }


# --- manifests


def manifest(pair: EstatePair) -> dict[str, Any]:
    """A PeeringPair that only looks, with names and options as they stand: adopted as soon as it is told to Manage."""
    blocks = {side.value: _block(pair.halves, side) for side in Side}
    subnets = _subnets(pair)
    return {
        "apiVersion": "vnetlink.dev/v1alpha1",
        "kind": "PeeringPair",
        "metadata": {"name": object_name(pair.ids)},
        "spec": {
            **{side.value: {"id": str(pair.ids[side])} for side in Side},
            "peering": {
                **{side: block for side, block in blocks.items() if block},
                **({"subnetPeering": subnets} if subnets else {}),
            },
            "managementPolicy": "Observe",
        },
    }


def object_name(ids: PerSide[VnetId]) -> str:
    """`<vnet1>-<vnet2>-<8 hex>`: the same in every scan, and another for VNets of the same names in other groups."""
    digest = sha256(f"{ids.vnet1.key} {ids.vnet2.key}".encode()).hexdigest()[:8]
    plain = re.sub(r"[^a-z0-9]+", "-", f"{ids.vnet1.name}-{ids.vnet2.name}".lower()).strip("-")
    return f"{plain[: LONGEST_NAME - 9].strip('-')}-{digest}"


def _block(both: PerSide[Half], side: Side) -> dict[str, Any]:
    """The peering as it stands. For a missing one only what the other needs: admission refuses to use a gateway without it."""
    peering = both[side].peering
    if peering is None:
        return {"allowGatewayTransit": True} if _options(both[side.other]).use_remote_gateways else {}
    return {
        "name": peering.id.name,
        "allowVirtualNetworkAccess": peering.options.allow_virtual_network_access,
        "allowForwardedTraffic": peering.options.allow_forwarded_traffic,
        "allowGatewayTransit": peering.options.allow_gateway_transit,
        "useRemoteGateways": peering.options.use_remote_gateways,
    }


def _options(half: Half) -> PeeringOptions:
    return half.peering.options if half.peering is not None else PeeringOptions()


def _subnets(pair: EstatePair) -> dict[str, Any]:
    """Which subnets take part, where not the whole VNets do. One block for both sides: one side tells of the other's, too."""
    told = [half for half in pair.halves if half.peering is not None and not _options(half).peer_complete_vnets]
    if not told:
        return {}
    names: dict[str, Any] = {}
    for half in reversed(told):
        names[f"{half.side.other.value}SubnetNames"] = list(_options(half).remote_subnet_names)
    for half in told:
        names[f"{half.side.value}SubnetNames"] = list(_options(half).local_subnet_names)
    ipv6 = any(_options(half).enable_only_ipv6_peering for half in told)
    return {**dict(sorted(names.items())), "enableOnlyIPv6Peering": ipv6}


def unread(vnets: Vnets) -> tuple[tuple[str, Unreadable], ...]:
    """The VNets that could not be read, sorted."""
    found = ((str(id), one) for id, one in vnets.items() if isinstance(one, Unreadable))
    return tuple(sorted(found, key=lambda row: row[0].lower()))
