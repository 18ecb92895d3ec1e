"""What to do next for a VNetLink that is to exist, and what to say. Questions in order of urgency; no I/O.

The pair does the connecting; the link makes VNets where asked, one pair, DNS zone links, and mirrors what the pair says.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from vnetlink.domain.kinds import KINDS, PEERING_PAIRS, VPN_CONNECTION_PAIRS
from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.reasons import Reason, Severity
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import ManagementPolicy, ObjectKey, VNetLink
from vnetlink.domain.times import stamp
from vnetlink.domain.vnet_link import ReplacePolicy
from vnetlink.planning import blocked
from vnetlink.planning.actions import (
    Action,
    AskChild,
    AzureAction,
    ChildAction,
    DeleteChild,
    DeletePart,
    LinkAction,
    PutChild,
    PutSubnet,
    Record,
    ReleaseFinalizer,
)
from vnetlink.planning.blocked import dispute, quiet, stalled, unreadable
from vnetlink.planning.link import child, dns, vnets
from vnetlink.planning.link.words import describe, planned
from vnetlink.planning.link.world import Child, LinkWorld, own
from vnetlink.planning.ownership import before, recording
from vnetlink.planning.plan import SOON, Finding, Plan, PlannedAction, Truth, Verdict, Wake

POLL = timedelta(seconds=30)  # a change of the pair wakes its link anyway


def plan_link(link: VNetLink, world: LinkWorld) -> Plan:
    """The next step towards two connected VNets, or how it stands and why nothing is done."""
    if plan := _unread(link, world):
        return plan
    refused = (*vnets.blockers(link, world), *vnets.overlapping(link, world), *foreign_children(link, world))
    if refused:
        return _held(link, replace(stalled(link, refused), actions=_handed_down(link, world)))
    if link.spec.lifecycle.writes:
        return _held(link, _manage(link, world))
    plan = Plan(
        standing(link, world),
        quiet(link.spec.lifecycle),
        children(link, world),
        findings(link, world),
        _owed(link, world),
    )
    return replace(plan, actions=(*plan.actions, ReleaseFinalizer())) if link.meta.finalizer else plan


def contested(link: VNetLink, world: LinkWorld, plan: Plan, write: AzureAction) -> tuple[Plan, LinkWorld]:
    """The plan without a part that somebody else keeps changing back: the rest of the link goes on, or waits if it cannot."""
    if write.slot in world.refusals:
        return blocked.contested(link, plan, str(write.id)), world
    without = replace(world, refusals={**world.refusals, write.slot: dispute(str(write.id))})
    return plan_link(link, without), without


def _unread(link: VNetLink, world: LinkWorld) -> Plan | None:
    """A VNet or a pair that cannot be read. Someone else's VNet may stay unread; an absent one may be one to make."""
    for side in Side:
        end, seen = link.spec.ends[side], world.vnets[side]
        theirs = end.management is ManagementPolicy.OBSERVE and not isinstance(world.vnets[side.other], Unreadable)
        if isinstance(seen, Unreadable) and not theirs:
            return unreadable(link, seen, str(end.id))
        if isinstance(seen, Absent) and end.creation is None:
            text = f"VNet {end.id} was not found, or is not visible to {world.identities[side].described}."
            how = f"Make it, correct the id, or set spec.{side.value}.create in a new object."
            return _held(link, stalled(link, (Finding(Reason.VNET_NOT_FOUND, text, str(end.id), how),)))
        group = world.groups[side]
        if isinstance(group, Unreadable):
            return unreadable(link, group, str(end.id.group))
    unread = next((seen for seen in world.children.values() if isinstance(seen, Unreadable)), None)
    return unreadable(link, unread, link.meta.key.described) if unread is not None else None


def _held(link: VNetLink, plan: Plan) -> Plan:
    """A link holds the finalizer as soon as it may have a pair: whoever waits for its deletion waits for Azure."""
    recording = any(isinstance(action, Record) for action in plan.actions)
    if recording or link.meta.finalizer or not link.spec.lifecycle.writes:
        return plan
    return replace(plan, actions=(Record(link.record), *plan.actions))


def _manage(link: VNetLink, world: LinkWorld) -> Plan:
    since = stamp(world.now)
    making = next(vnets.steps(link, world), None)
    if making is not None:  # a subnet of a VNet that we made goes with the VNet
        record = link.record if isinstance(making, PutSubnet) else before(link.record, making, since)
        return Plan(_doing(making), Wake(timedelta(0)), (*recording(link, record), making), findings(link, world))
    refused = tuple(vnets.refused(link, world))
    if any(
        not isinstance(seen, Present)
        for side, seen in zip(Side, world.vnets, strict=True)
        if link.spec.ends[side].creation
    ):
        if refused:
            return replace(stalled(link, refused), findings=findings(link, world))
        return Plan(
            standing(link, world), Wake(SOON, backoff=True, at_most=POLL), findings=findings(link, world), waiting=True
        )
    pairs = children(link, world)
    linking, record = _zones(link, world)[:1], dns.known(link, world)
    for step in linking:
        record = before(record, step, since)
    actions: tuple[Action, ...] = (*pairs, *recording(link, record), *linking)
    verdict = _doing(linking[0]) if linking and not pairs else standing(link, world)
    moving = bool(actions) or verdict.progressing or _settling(link, world)
    wake = (
        Wake(timedelta(0))
        if linking
        else Wake(SOON, backoff=True, at_most=POLL)
        if moving
        else quiet(link.spec.lifecycle)
    )
    return Plan(verdict, wake, actions, findings(link, world))


def _settling(link: VNetLink, world: LinkWorld) -> bool:
    return dns.linked(link, world) is False


def _zones(link: VNetLink, world: LinkWorld) -> tuple[LinkAction, ...]:
    return (*_unlinking(link, world), *dns.steps(link, world))


def _unlinking(link: VNetLink, world: LinkWorld) -> tuple[DeletePart, ...]:
    """Zone links that we made and spec no longer asks for; adopted ones stay, and those of a side that is only observed."""
    going = []
    for slot, part in dns.unwanted(link):
        if slot in world.refusals or link.spec.ends[slot.side].management is ManagementPolicy.OBSERVE:
            continue
        seen = world.zone(slot.zone)
        links = seen.links.value if seen is not None and isinstance(seen.links, Present) else ()
        there = next((one for one in links if one.id == part.id), None)
        if seen is not None and there is not None and not there.busy and dns.made(link, slot, there):
            going.append(DeletePart(slot, there.id, seen.identity))
    return tuple(going)


def children(link: VNetLink, world: LinkWorld) -> tuple[ChildAction, ...]:
    """The pair of the chosen method; the other one goes when the new one is Ready, or before it is made."""
    wanted, other = child.kind(link), _other(child.kind(link))
    new, old = _child(world, wanted), _child(world, other)
    there = child.specs(own(world.children))
    breaking = link.spec.replace is ReplacePolicy.BREAK_BEFORE_MAKE
    actions: list[ChildAction] = []
    if old is not None and old.ours and not old.deleting:
        if breaking or (new is not None and new.is_ready and new.in_line):
            return (DeleteChild(other, old.name, old.uid),)
        if not old.in_line:
            actions.append(PutChild(other, old.name, child.spec(link, other, there), old.version))
    if old is not None and old.ours and breaking:
        return tuple(actions)
    if new is None:
        if not (other in there and _to_be_freed(link, world)):
            actions.append(PutChild(wanted, child.name(link.meta.key, wanted), child.spec(link, wanted, there)))
    elif new.ours and not new.deleting and not new.in_line:
        actions.append(PutChild(wanted, new.name, child.spec(link, wanted, there), new.version))
    elif new.ours and not new.deleting and (asking := child.ask(link, world, new)):
        actions.append(asking)
    return tuple(actions)


def _handed_down(link: VNetLink, world: LinkWorld) -> tuple[ChildAction, ...]:
    """What the pairs that are there have to know, whatever keeps the link from more: above all suspend and the policies."""
    there = (action for action in children(link, world) if isinstance(action, PutChild | AskChild))
    return tuple(action for action in there if action.version)


def _to_be_freed(link: VNetLink, world: LinkWorld) -> bool:
    """Whether the leaving peering still uses the remote gateways, so that Azure would make no gateway there."""
    uses = any(peering.options.use_remote_gateways for peering in child.peerings(link, world))
    return uses and link.spec.lifecycle.writes and child.kind(link) == VPN_CONNECTION_PAIRS


def foreign_children(link: VNetLink, world: LinkWorld) -> tuple[Finding, ...]:
    """A pair of the name that is this link's to give, and that somebody else made."""
    seen = _child(world, child.kind(link))
    if seen is None or seen.ours:
        return ()
    key = ObjectKey(seen.kind, link.meta.key.namespace, seen.name)
    text = f"{key.described} exists and was not made by this link, which needs that name."
    how = f"Delete it, or give this link another name: kubectl get -n {key.namespace} {key.kind} {key.name}"
    return (Finding(Reason.NAME_TAKEN, text, key.described, how),)


def _child(world: LinkWorld, kind: str) -> Child | None:
    seen = world.children.get(kind, Absent())
    return seen.value if isinstance(seen, Present) else None


def _other(kind: str) -> str:
    return VPN_CONNECTION_PAIRS if kind == PEERING_PAIRS else PEERING_PAIRS


def active(link: VNetLink, world: LinkWorld) -> Child | None:
    """The pair whose state the link shows: the chosen one, or during a switch the old one while it is all that stands."""
    new, old = _child(world, child.kind(link)), _child(world, _other(child.kind(link)))
    if old is not None and old.ours and (new is None or not new.is_ready):
        return old
    return new if new is not None and new.ours else None


def switching(link: VNetLink, world: LinkWorld) -> bool:
    """Whether a pair of the other method is still there."""
    old = _child(world, _other(child.kind(link)))
    return old is not None and old.ours


def findings(link: VNetLink, world: LinkWorld) -> tuple[Finding, ...]:
    """The link's own, the pair's, and the diagnosis of what stands between the VNets."""
    shown = active(link, world)
    own = (*vnets.refused(link, world), *dns.findings(link, world))
    pairs = _mirrored(shown) if shown is not None else ()
    traffic = world.traffic.findings if world.traffic is not None else ()
    return tuple(dict.fromkeys((*own, *pairs, *dns.one_sided(link, world), *traffic)))


def _mirrored(shown: Child) -> tuple[Finding, ...]:
    told = shown.status.get("findings")
    return tuple(_finding(row) for row in told if isinstance(row, dict)) if isinstance(told, list) else ()


def _finding(row: dict[str, object]) -> Finding:
    severity = next((one for one in Severity if one.value == row.get("severity")), None)
    message, id, how = (str(row.get(name) or "") for name in ("message", "id", "remediation"))
    return Finding(reason_of(str(row.get("code") or "")), message, id, how, severity)


def reason_of(text: str) -> Reason:
    """The reason of that name; AzureError for one that a later version tells."""
    return next((reason for reason in Reason if reason.value == text), Reason.AZURE_ERROR)


def standing(link: VNetLink, world: LinkWorld) -> Verdict:
    """The pair's Ready, mirrored; what else the link has to say comes in front where it matters more."""
    absent = [str(link.spec.ends[side].id) for side in Side if isinstance(world.vnets[side], Absent)]
    if absent:
        return Verdict(Truth.FALSE, Reason.CREATING, f"Making VNet {' and '.join(absent)}.", progressing=True)
    shown, chosen = active(link, world), child.kind(link)
    if shown is None or not shown.ready[0]:
        return Verdict(
            Truth.FALSE,
            Reason.CREATING,
            f"{KINDS[chosen]} {child.name(link.meta.key, chosen)} is being made.",
            progressing=True,
        )
    if switching(link, world):
        return _switching(link, world, shown)
    verdict = mirrored_ready(shown)
    if verdict.ready is not Truth.TRUE:
        return verdict
    refused = tuple(vnets.refused(link, world))
    return stalled(link, refused).verdict if refused else _attention(link, world, verdict)


def _switching(link: VNetLink, world: LinkWorld, shown: Child) -> Verdict:
    new = _child(world, child.kind(link))
    stuck = "Stalled" in _true_conditions(new or shown)  # the old one may have to make room for the new one first
    who, told = ("The new one", new) if new is not None else ("It", shown)
    said = f" {who} says: {told.ready[1]}: {told.ready[2]}" if (new or stuck) and told.ready[1] else ""
    text = f"Switching to {child.method(link)[0].value}; {KINDS[shown.kind]} {shown.name} stays until the new pair is Ready.{said}"
    return Verdict(Truth.FALSE, Reason.SWITCHING_METHOD, text, progressing=not stuck, stalled=stuck)


def mirrored_ready(shown: Child) -> Verdict:
    """The pair's Ready, in the link's words."""
    status, reason, message = shown.ready
    true = _true_conditions(shown)
    ready = next((truth for truth in Truth if truth.value == status), Truth.UNKNOWN)
    return Verdict(ready, reason_of(reason), message, progressing="Reconciling" in true, stalled="Stalled" in true)


def _true_conditions(shown: Child) -> frozenset[str]:
    rows = shown.status.get("conditions")
    told = (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else iter(())
    return frozenset(str(row.get("type")) for row in told if row.get("status") == "True")


def _attention(link: VNetLink, world: LinkWorld, verdict: Verdict) -> Verdict:
    """The link stands, and something wants attention: a zone that is not linked, traffic that cannot pass."""
    wanting = next(dns.findings(link, world), None)
    if wanting is not None:
        return replace(verdict, reason=wanting.reason, message=f"{wanting.message} {wanting.remediation}".strip())
    zone = next((one for one in dns.one_sided(link, world) if one.weight is Severity.WARNING), None)
    if verdict.reason is Reason.CONNECTED and zone is not None:
        return replace(verdict, reason=zone.reason, message=f"{zone.message} {zone.remediation}")
    if verdict.reason is Reason.CONNECTED and world.traffic is not None and world.traffic.allowed is Truth.FALSE:
        return replace(verdict, reason=world.traffic.reason, message=world.traffic.message)
    return verdict


def _doing(step: LinkAction) -> Verdict:
    reason = Reason.CREATING if step.creates else Reason.UPDATING
    return Verdict(Truth.FALSE, reason, f"Under way: {describe(step)} {step.id}.", progressing=True)


def _owed(link: VNetLink, world: LinkWorld) -> tuple[PlannedAction, ...]:
    """What Manage would write: the link's own, then the pair's, mirrored."""
    shown = active(link, world)
    rows = shown.status.get("plannedActions") if shown is not None else None
    pairs = tuple(_planned(row) for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()
    return (*(planned(step) for step in (*vnets.steps(link, world), *_zones(link, world))), *pairs)


def _planned(row: dict[str, object]) -> PlannedAction:
    action, id, detail = (str(row.get(name) or "") for name in ("action", "id", "detail"))
    return PlannedAction(action, id, detail, row.get("billable") is True, row.get("outage") is True)
