"""The VNet pairs of an estate, what is wrong with each, and both in words: a table, JSON, manifests. Pure.

A pair is two VNets of which at least one has a peering to the other, or else whose VPN gateways have a connection.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vnetlink.cli.explain import as_found, observing
from vnetlink.cli.manifests import Manifest, peering_manifest
from vnetlink.cli.table import table
from vnetlink.domain.arm_id import VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.vnet_link import Method
from vnetlink.planning.peering.preflight import overlap_with_peered, overlapping_ranges
from vnetlink.planning.peering.seen_status import state
from vnetlink.planning.peering.standing import findings
from vnetlink.planning.peering.world import Half, PairWorld, halves
from vnetlink.planning.plan import Finding

Vnets = Mapping[VnetId, Seen[ObservedVnet]]

UNKNOWN, MISSING = "Unknown", "Missing"
HALF_MADE, DISCONNECTED, OUT_OF_SYNC, OVERLAPPING = "half-made", "Disconnected", "out of sync", "overlapping"
NOT_CONNECTED = "NotConnected"
SAID_BY = {HALF_MADE: DISCONNECTED, NOT_CONNECTED: HALF_MADE}  # its reverse was deleted; one end is no tunnel
FAULTS = {
    Reason.PEERING_DISCONNECTED: DISCONNECTED,
    Reason.REVERSE_PEERING_MISSING: HALF_MADE,
    Reason.WAITING_FOR_OTHER_SIDE: HALF_MADE,
    Reason.ADDRESS_SPACE_OUT_OF_SYNC: OUT_OF_SYNC,
    Reason.SYNCING: OUT_OF_SYNC,
    Reason.ADDRESS_SPACES_OVERLAP: OVERLAPPING,
    Reason.OVERLAPS_WITH_PEERED_VNET: OVERLAPPING,
    Reason.CONNECTION_MISSING: HALF_MADE,
    Reason.TUNNEL_NOT_CONNECTED: NOT_CONNECTED,
    Reason.GATEWAY_FAILED: "gateway failed",
    Reason.IPSEC_POLICY_MISMATCH: "IPsec policies differ",
    Reason.EQUAL_ASN: "equal ASN",
}


@dataclass(frozen=True, slots=True)
class EstatePair:
    """Two VNets, with the ids in ARM's own casing where they were read.

    `states` in the words of the columns 1->2 and 2->1, Unknown where the VNet could not be read.
    """

    ids: PerSide[VnetId]
    method: Method
    states: PerSide[str]
    findings: tuple[Finding, ...]
    manifest: Manifest

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong, in one or two words each; empty when all is well."""
        told = dict.fromkeys(FAULTS[one.reason] for one in self.findings)
        return tuple(one for one in told if SAID_BY.get(one) not in told)


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
            (*(_label(id, one) for id in pair.ids), pair.method.value, *pair.states, ", ".join(pair.faults) or "-")
            for pair in self.pairs
        ]
        lines = [table(("VNET1", "VNET2", "METHOD", "1->2", "2->1", "FAULT"), rows)]
        for finding in (finding for pair in self.pairs for finding in pair.findings):
            lines += ["", f"{FAULTS[finding.reason]}: {finding.message}", f"  {finding.advice}"]
        return "\n".join(lines)

    def as_json(self) -> str:
        """For programs; findings as in status.findings."""
        unread = [{"id": id, "code": one.reason.value, "message": one.message} for id, one in self.unread]
        return json.dumps({"pairs": [_document(pair) for pair in self.pairs], "unread": unread}, indent=2)

    def as_manifests(self) -> str:
        """A pair for each, that observes it as it stands."""
        return "---\n".join(str(pair.manifest) for pair in self.pairs)


def remotes(vnets: Vnets) -> tuple[VnetId, ...]:
    """The VNets that peerings lead to and that are not in `vnets`, sorted."""
    led_to = {peering.remote for vnet in _read(vnets) for peering in vnet.peerings}
    return tuple(sorted(led_to - set(vnets), key=lambda id: id.key))


def pairs(vnets: Vnets, identity: Identity) -> tuple[EstatePair, ...]:
    """Every pair once, sorted by its ids. `vnets` holds every VNet that a peering leads to."""
    ends = {tuple(sorted((vnet.id, peering.remote), key=_key)) for vnet in _read(vnets) for peering in vnet.peerings}
    found = sorted(ends, key=lambda pair: (pair[0].key, pair[1].key))
    return tuple(_judged(PerSide(*pair), vnets, identity) for pair in found)


def with_faults(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that an estate tells of, each once."""
    return tuple(dict.fromkeys(one for one in findings if one.reason in FAULTS))


def shown_ids(ids: PerSide[VnetId], vnets: PerSide[Seen[ObservedVnet]]) -> PerSide[VnetId]:
    """In ARM's own casing where they were read."""
    return PerSide.of(lambda side: seen.value.id if isinstance(seen := vnets[side], Present) else ids[side])


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
    states, ids = PerSide.of(lambda side: _state(both, world, side)), shown_ids(ids, world.vnets)
    return EstatePair(ids, Method.PEERING, states, with_faults(found), peering_manifest(ids, both))


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
    rows = [one.as_row() for one in pair.findings]
    return {
        **{side.value: str(pair.ids[side]) for side in Side},
        "method": pair.method.value,
        **{side.direction: pair.states[side] for side in Side},
        "faults": list(pair.faults),
        "findings": rows,
    }


def unread(vnets: Vnets) -> tuple[tuple[str, Unreadable], ...]:
    """The VNets that could not be read, sorted."""
    found = ((str(id), one) for id, one in vnets.items() if isinstance(one, Unreadable))
    return tuple(sorted(found, key=lambda row: row[0].lower()))
