"""Events of a PeeringPair: one a transition, told on the object the person wrote. Worked out from what changed, never from retries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vnetlink.domain.events import Event
from vnetlink.domain.outcome import Accepted, Outcome
from vnetlink.domain.ownership import Origin, OwnershipRecord
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import PeeringPair
from vnetlink.planning.actions import DeletePeering, PeeringAction, PutPeering
from vnetlink.planning.json_value import Json, Status
from vnetlink.planning.peering.deletion import stays
from vnetlink.planning.plan import Verdict
from vnetlink.planning.transitions import direction_of, left, normal, ready_turned, warning


def after_write(pair: PeeringPair, action: PeeringAction, outcome: Outcome, drifted: bool) -> Iterator[Event]:
    """What an accepted write means to the owner. `drifted`: this spec stood once, so a difference was made in Azure."""
    if not isinstance(outcome, Accepted):
        return
    match action:
        case PutPeering(creates=True):
            yield normal(pair, "PeeringCreated", "CreatePeering", f"Created peering {action.id} to {action.remote}.")
        case PutPeering(sync=True):
            yield normal(
                pair,
                "AddressSpaceSynced",
                "SyncPeering",
                f"Synced peering {action.id} with the address space of {action.remote}.",
            )
        case PutPeering():
            what = f": {', '.join(action.changes)}" if action.changes else ""
            if drifted and not gateway_came(action):
                note = f"Brought peering {action.id} back in line with spec{what}."
                yield normal(pair, "DriftRepaired", "UpdatePeering", note)
            else:
                yield normal(pair, "PeeringUpdated", "UpdatePeering", f"Changed peering {action.id}{what}.")
        case DeletePeering() if pair.meta.deleting:
            yield normal(pair, "DeletedInAzure", "DeletePeering", f"Deleted peering {action.id}.")
        case DeletePeering():
            yield normal(
                pair,
                "DriftRepaired",
                "DeletePeering",
                f"Deleted the Disconnected peering {action.id} to make it again.",
            )


def gateway_came(action: PutPeering) -> bool:
    """The second phase of gateway transit: the hub's gateway is there now."""
    only = len(action.changes) == 1 and action.changes[0].startswith("useRemoteGateways")
    return only and action.options.use_remote_gateways


def after_record(pair: PeeringPair, record: OwnershipRecord) -> Iterator[Event]:
    """Which peerings became ours without being made by us."""
    for side in Side:
        part, before = record.part(side), pair.record.part(side)
        if part is not None and part.origin is Origin.ADOPTED and part != before:
            yield normal(pair, "Adopted", "AdoptPeering", f"Adopted the existing peering {part.id}.")


def after_release(pair: PeeringPair) -> Iterator[Event]:
    """What stays in Azure when the object goes, with the command that removes it."""
    for part in stays(pair):
        yield left(pair, "peering", part.id)


def after_status(pair: PeeringPair, verdict: Verdict, previous: Mapping[str, Json], status: Status) -> Iterator[Event]:
    """Transitions of the directions and of Ready."""
    for side in Side:
        turned = direction_of(status, side) == "Disconnected" != direction_of(previous, side)
        if (
            turned and not pair.meta.deleting and pair.meta.controller is None
        ):  # a deletion is our own doing; a link tells it
            vnet = pair.spec.ends[side].id
            message = f"The peering of VNet {vnet} is Disconnected: its reverse, or the other VNet, was deleted."
            yield warning(pair, "Disconnected", "ReadPeering", message)
    yield from ready_turned(pair, verdict, previous, status, "ReadPeering")
