"""VNetLink: its VNets, the pairs that it made, the zones that it links, and what the diagnosis finds between the two."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from vnetlink.domain.arm_id import PrivateDnsZoneId
from vnetlink.domain.events import Event
from vnetlink.domain.identity import Identity, NotGranted
from vnetlink.domain.kinds import PAIRS, VPN_CONNECTION_PAIRS
from vnetlink.domain.observed import ObservedVnet
from vnetlink.domain.outcome import Absent, Outcome, Present, Seen, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import DeletionPolicy, ObjectKey, ObjectMeta, SpecError, VNetLink
from vnetlink.kinds.diagnosis import diagnose
from vnetlink.kinds.kind import Kind
from vnetlink.kube.api import Body
from vnetlink.kube.decode import decode, metadata
from vnetlink.memory import Memory
from vnetlink.planning.actions import AzureAction, DeleteChild, LinkAction, PutChild
from vnetlink.planning.ages import Ages, of_traffic
from vnetlink.planning.conditions import Shown
from vnetlink.planning.grants import Known, zone_identity
from vnetlink.planning.letting_go import release
from vnetlink.planning.link import child, deletion, events, guards, seen_status
from vnetlink.planning.link.plan_link import contested, plan_link
from vnetlink.planning.link.words import describe
from vnetlink.planning.link.world import Child, LinkWorld, SeenZone
from vnetlink.planning.plan import Finding, Plan
from vnetlink.ports import Ports


async def _read(ports: Ports, link: VNetLink, granted: PerSide[Identity], memory: Memory, ages: Ages) -> LinkWorld:
    now, ends = ports.monotonic(), link.spec.ends
    reads = (ports.azure.read_vnet(granted[side], ends[side].id, ages.of(ends[side].id)) for side in Side)
    vnets = PerSide(*await gather(*reads))
    groups = PerSide(*await gather(*(_group(ports, link, granted, side, vnets[side], ages) for side in Side)))
    children, zones = await gather(_children(ports, link), _zones(ports, link, granted, ages))
    memory.note_read((*vnets, *groups, *(zone.links for zone in zones)), now)
    return LinkWorld(
        vnets=vnets,
        identities=granted,
        groups=groups,
        children=children,
        zones=zones,
        now=ports.now(),
        traffic=memory.judged[1] if memory.judged and _joined(link, vnets, children) else None,
        refusals=memory.refusals_at(now),
        busy_for=memory.busy_for(now),
        unread_for=memory.unread_for(now),
    )


async def _group(
    ports: Ports, link: VNetLink, granted: PerSide[Identity], side: Side, vnet: Seen[ObservedVnet], ages: Ages
) -> Seen[bool]:
    """Asked only where the VNet is to be made: then it decides whether its group must be made first."""
    end = link.spec.ends[side]
    if end.creation is None or not isinstance(vnet, Absent):
        return Present(value=True)
    return await ports.azure.resource_group(granted[side], end.id.group, ages.of(end.id.group))


def _joined(
    link: VNetLink, vnets: PerSide[Seen[ObservedVnet]], children: Mapping[str, Seen[Child]]
) -> tuple[PerSide[ObservedVnet], str] | None:
    """The two VNets of a link that stands, and the kind of its pair. Before, what keeps it from standing is what people need to hear."""
    one, two = vnets
    pair = children.get(child.kind(link))
    if not isinstance(one, Present) or not isinstance(two, Present) or not isinstance(pair, Present):
        return None
    if link.meta.deleting or not pair.value.is_connected:
        return None
    return PerSide(one.value, two.value), pair.value.kind


async def _diagnose(
    ports: Ports, link: VNetLink, world: LinkWorld, memory: Memory, ages: Ages
) -> tuple[LinkWorld, tuple[Finding, ...]]:
    joined = _joined(link, world.vnets, world.children)
    if joined is None:
        return world, ()
    age = of_traffic(link.spec.lifecycle, ages)
    both, kind = joined
    tunnelled = kind == VPN_CONNECTION_PAIRS
    traffic = await diagnose(ports.azure, memory, world.identities, both, link.spec.flows, age, tunnelled)
    return replace(world, traffic=traffic), ()


async def _zones(ports: Ports, link: VNetLink, granted: PerSide[Identity], ages: Ages) -> tuple[SeenZone, ...]:
    """Zones of spec, and of the record: what is no longer asked for is unlinked."""
    zones = dict.fromkeys((*(zone.zone for zone in link.spec.zones), *deletion.recorded_zones(link)))
    known = await ports.credentials.known(link) if zones else Known()

    async def seen(zone: PrivateDnsZoneId) -> SeenZone:
        match zone_identity(link, zone, granted, known, ports.settings.law):
            case Identity() as identity:
                return SeenZone(zone, await ports.azure.zone_links(identity, zone, ages.of(zone)), identity)
            case NotGranted(reason, message):
                return SeenZone(zone, Unreadable(reason, message, transient=False), granted.vnet1)
            case Unreadable() as unread:
                return SeenZone(zone, unread, granted.vnet1)

    return tuple(await gather(*(seen(zone) for zone in zones)))


async def _children(ports: Ports, link: VNetLink) -> dict[str, Seen[Child]]:
    keys = {kind: ObjectKey(kind, link.meta.key.namespace, child.name(link.meta.key, kind)) for kind in PAIRS}
    bodies = dict(zip(keys, await gather(*(ports.objects.get(key) for key in keys.values())), strict=True))
    pairs = {
        kind: seen.value["spec"]
        for kind, seen in bodies.items()
        if isinstance(seen, Present) and _controls(link.meta.uid, seen.value)
    }
    return {kind: _child(ports, link, kind, seen, pairs) for kind, seen in bodies.items()}


def _child(ports: Ports, link: VNetLink, kind: str, seen: Seen[Body], pairs: child.Specs) -> Seen[Child]:
    if not isinstance(seen, Present):
        return seen
    body, meta = seen.value, seen.value["metadata"]
    status = body.get("status") or {}
    ready: Body = next((row for row in status.get("conditions") or () if row.get("type") == "Ready"), {})
    current = ready.get("observedGeneration") == meta.get("generation")
    told = (str(ready.get(name) or "") for name in ("status", "reason", "message")) if current else ("", "", "")
    first, reason, message = told
    return Present(
        Child(
            kind=kind,
            name=meta["name"],
            uid=meta["uid"],
            version=meta["resourceVersion"],
            ours=_controls(link.meta.uid, body),
            deleting=bool(meta.get("deletionTimestamp")),
            in_line=_in_line(ports, link, kind, body, pairs),
            status=status,
            ready=(first, reason, message),
            requested_at=metadata(body).reconcile_requested_at,
            confirmed=metadata(body).deletion_confirmed,
            spec=body["spec"],
        )
    )


def _in_line(ports: Ports, link: VNetLink, kind: str, body: Body, pairs: child.Specs) -> bool:
    """Whether the pair's spec means what the link asks for; what differs only in a default does not differ."""
    wanted = {**body, "spec": child.spec(link, kind, pairs)}
    here, there = (decode(one, ports.settings.installation) for one in (body, wanted))
    return not isinstance(here, SpecError) and not isinstance(there, SpecError) and here.spec == there.spec


async def _before_azure(ports: Ports, link: VNetLink) -> Plan | None:
    """Pairs go first, with or without a grant: each of them has what it needs, or says what it lacks."""
    if plan := deletion.pairs_first(link, await _children(ports, link)):
        return plan
    return None if deletion.needs_azure(link) else release(Reason.ORPHANED, "Nothing in Azure goes with this object.")


async def let_pairs_go(ports: Ports, link: ObjectMeta) -> bool:
    """The next step for the pairs of a link whose own spec cannot be read: each is to leave Azure as it is, then it goes.

    True: none is left. The API server would delete them with the link, and each would take what its own deletionPolicy says.
    """
    gone = True
    for kind in PAIRS:
        key = ObjectKey(kind, link.key.namespace, child.name(link.key, kind))
        seen = await ports.objects.get(key)
        if isinstance(seen, Absent) or (isinstance(seen, Present) and not _controls(link.uid, seen.value)):
            continue
        gone = False
        if isinstance(seen, Present):
            meta, spec = seen.value["metadata"], seen.value["spec"]
            orphaned = {**spec, "deletionPolicy": DeletionPolicy.ORPHAN.value}
            put = PutChild(kind, key.name, orphaned, meta["resourceVersion"])
            await ports.children.perform(link, DeleteChild(kind, key.name, meta["uid"]) if spec == orphaned else put)
    return gone


def _controls(uid: str, pair: Body) -> bool:
    owners = pair["metadata"].get("ownerReferences") or ()
    return any(owner.get("controller") and owner.get("uid") == uid for owner in owners)


def _shown(link: VNetLink, world: LinkWorld) -> Shown:
    return Shown(
        seen_status.seen(link, world),
        seen_status.states(link, world),
        unread_for=world.unread_for,
        conditions=seen_status.conditions(link, world),
    )


def _describe(action: AzureAction, drifted: bool) -> str:
    return describe(action) if isinstance(action, LinkAction) else type(action).__name__


def _after_write(link: VNetLink, action: AzureAction, outcome: Outcome, drifted: bool) -> Iterable[Event]:
    return events.after_write(link, action, outcome, drifted) if isinstance(action, LinkAction) else ()


LINK: Kind[VNetLink, LinkWorld] = Kind(
    restless=timedelta(seconds=30),  # the pair does the work, and wakes its link with every change of its status
    exclusive=False,
    read=_read,
    before_azure=_before_azure,
    plan=plan_link,
    plan_deletion=deletion.plan_deletion,
    planned_deletion=deletion.planned,
    allow=guards.allow,
    shown=_shown,
    describe=_describe,
    after_write=_after_write,
    after_record=events.after_record,
    after_release=events.after_release,
    after_status=events.after_status,
    diagnose=_diagnose,
    contested=contested,
    after_child=events.after_child,
)
