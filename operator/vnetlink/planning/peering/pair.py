"""What to do next for a PeeringPair that is to exist, and what to say. Questions in order of urgency; no I/O.

A plan holds at most one write to Azure: every peering write touches both VNets, and Azure refuses a second one meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from vnetlink.domain.observed import ObservedPeering
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import PeeringPair
from vnetlink.planning.actions import DeletePeering, PeeringAction, PutPeering, ReleaseFinalizer
from vnetlink.planning.blocked import holding, quiet, stalled, unseen
from vnetlink.planning.ownership import recording
from vnetlink.planning.peering.preflight import adoption_blockers, write_blockers
from vnetlink.planning.peering.standing import findings, standing
from vnetlink.planning.peering.steps import all_steps, recorded_for, steps
from vnetlink.planning.peering.world import Half, PairWorld, halves
from vnetlink.planning.plan import SOON, Plan, PlannedAction, Truth, Verdict, Wake

STUCK_AFTER = timedelta(hours=1)  # peering operations were seen to take 10 to 32 s (arm.md 1.3)


def plan_pair(pair: PeeringPair, world: PairWorld) -> Plan:
    """The next step towards two Connected peerings, or how it stands and why nothing is done."""
    both = halves(pair, world)
    if pair.spec.lifecycle.writes:
        return holding(pair, unseen(pair, world) or _manage(pair, world, both))
    plan = unseen(pair, world) or _observe(pair, world, both)
    return replace(plan, actions=(ReleaseFinalizer(),)) if pair.meta.finalizer else plan


def _manage(pair: PeeringPair, world: PairWorld, both: PerSide[Half]) -> Plan:
    if refused := adoption_blockers(pair, both):
        return stalled(pair, refused)
    step = next(steps(pair, world, both), None)
    if step is not None and (blockers := write_blockers(pair, both, step)):
        return stalled(pair, blockers)
    record = recorded_for(pair, both, step)
    recorded = recording(pair, record)
    waiting_for = _busy(both) if step else _own_operation(both)
    if waiting_for:
        verdict = _in_progress(world, step, waiting_for)
        return Plan(verdict, Wake(SOON, backoff=True), findings=findings(pair, both), waiting=True)
    if step is None:
        verdict = standing(pair, both)
        wake = Wake(SOON, backoff=True) if verdict.reason is Reason.SYNCING else quiet(pair.spec.lifecycle)
        return Plan(verdict, wake, recorded, findings(pair, both))
    return Plan(_on_the_way(step), Wake(SOON), (*recorded, step), findings(pair, both))


def _observe(pair: PeeringPair, world: PairWorld, both: PerSide[Half]) -> Plan:
    """Tell the truth and what would be written; a suspended or observing object writes nothing and holds nothing."""
    blockers = adoption_blockers(pair, both)
    owed = () if blockers else tuple(all_steps(pair, world, both))
    blockers = blockers or tuple(
        f for step in owed if isinstance(step, PutPeering) for f in write_blockers(pair, both, step)
    )
    verdict = standing(pair, both)
    suspended = pair.spec.lifecycle.suspend and verdict.ready is Truth.TRUE
    reason = Reason.SUSPENDED if suspended else verdict.reason
    message = _observed_message(pair, verdict, bool(owed) and not blockers)
    planned = () if blockers else tuple(planned_action(step) for step in owed)
    told = tuple(dict.fromkeys((*findings(pair, both), *blockers)))
    return Plan(Verdict(verdict.ready, reason, message), quiet(pair.spec.lifecycle), (), told, planned)


def _observed_message(pair: PeeringPair, verdict: Verdict, could_mend: bool) -> str:
    """What to do by hand comes after what we could do ourselves."""
    suspended = pair.spec.lifecycle.suspend
    switch = "spec.suspend: false" if suspended else "spec.managementPolicy: Manage"
    offer = f"Set {switch} to have it mended (status.plannedActions). By hand: " if could_mend else ""
    return f"{'Suspended. ' if suspended else ''}{offer}{verdict.message}"


def planned_action(step: PeeringAction) -> PlannedAction:
    """One would-be write in words. Deleting a Disconnected peering cuts nothing; it carries no traffic."""
    match step:
        case DeletePeering():
            return PlannedAction("DeletePeering", str(step.id), "It is Disconnected and is made again.")
        case PutPeering(creates=True):
            return PlannedAction("CreatePeering", str(step.id), f"To {step.remote}.")
        case PutPeering():
            return PlannedAction("UpdatePeering", str(step.id), _change(step))


def _busy(both: PerSide[Half]) -> str:
    """The id of what an operation runs on, when a write now would be refused; empty when none runs."""
    return next((str(half.vnet.id) for half in both if half.vnet is not None and half.vnet.busy), "")


def _own_operation(both: PerSide[Half]) -> str:
    """The id of a peering of this pair that an operation runs on, or of a VNet whose read is older than our last write."""
    peerings: tuple[ObservedPeering, ...] = tuple(half.peering for half in both if half.peering is not None)
    running = next((str(peering.id) for peering in peerings if peering.provisioning.busy), "")
    return running or next((str(half.vnet.id) for half in both if half.vnet is not None and half.vnet.settling), "")


def _in_progress(world: PairWorld, step: PeeringAction | None, id: str) -> Verdict:
    if world.busy_for > STUCK_AFTER:
        minutes = int(STUCK_AFTER.total_seconds() // 60)
        message = f"An operation on {id} has been running for more than {minutes} minutes."
        return Verdict(Truth.FALSE, Reason.OPERATION_STUCK, message, stalled=True)
    waiting = f"An operation runs on {id}; waiting for its end."
    if step is None:
        return Verdict(Truth.FALSE, Reason.OPERATION_IN_PROGRESS, waiting, progressing=True)
    next_up = _on_the_way(step)
    return replace(next_up, message=f"{waiting} Next: {next_up.message}")


def _on_the_way(step: PeeringAction) -> Verdict:
    match step:
        case DeletePeering():
            message = (
                f"Peering {step.id} is Disconnected, because its reverse was deleted: deleting it to make both again."
            )
            return Verdict(Truth.FALSE, Reason.PEERING_DISCONNECTED, message, progressing=True)
        case PutPeering(creates=True):
            return Verdict(Truth.FALSE, Reason.CREATING, f"Creating peering {step.id}.", progressing=True)
        case PutPeering(sync=True):
            return Verdict(
                Truth.FALSE,
                Reason.SYNCING,
                f"Peering {step.id} takes over the address space of {step.remote}.",
                progressing=True,
            )
        case PutPeering():
            return Verdict(
                Truth.FALSE, Reason.UPDATING, f"Changing peering {step.id}: {_change(step)}", progressing=True
            )


def _change(step: PutPeering) -> str:
    return f"{step.rewrites}." if step.rewrites else "Writing it again as it is."
