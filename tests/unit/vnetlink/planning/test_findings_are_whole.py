"""Every row and every check that tells something says what, about which resource, and one thing to do next."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest

from link_worlds import ENDS, OPERATOR, link_of, pair_that_says, peered, world_of
from properties.azure_model import IDS, THIRD, Azure
from properties.test_peering_pair import pair_of, seen
from properties.vpn_azure_model import FORBIDDEN, gateway_id
from unit.vnetlink.planning.diagnosis import test_traffic as between
from unit.vnetlink.planning.vpn import test_vpn_preflight as vpn_checks
from unit.vnetlink.planning.vpn import test_vpn_standing as vpn_rows
from vnetlink.domain.arm_id import PeeringId, PrivateDnsZoneId, ZoneLinkId
from vnetlink.domain.identity import NotGranted
from vnetlink.domain.observed import ObservedSubnet, ObservedZoneLink, PeeringState, Provisioning, SyncLevel
from vnetlink.domain.outcome import Absent, Present, Refused, Unreadable
from vnetlink.domain.ownership import Origin, Part, Role, Rotation, Slot
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason, Severity
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import (
    AdoptionPolicy,
    End,
    GatewayTransitPolicy,
    Lifecycle,
    ManagementPolicy,
    ObjectKey,
    PeeringPair,
    PeeringPairSpec,
    VpnConnectionPair,
    WantedPeering,
)
from vnetlink.domain.vnet_link import VnetCreation, WantedZone
from vnetlink.domain.vpn import ConnectionOptions, OnFailure
from vnetlink.planning import blocked, guards
from vnetlink.planning.actions import DeletePeering
from vnetlink.planning.diagnosis.names import one_sided
from vnetlink.planning.diagnosis.traffic import judge
from vnetlink.planning.link import dns, plan_link, vnets
from vnetlink.planning.link.world import LinkWorld, SeenZone
from vnetlink.planning.peering import adoption, preflight, standing
from vnetlink.planning.peering.world import Half, halves
from vnetlink.planning.plan import Finding, Plan, Truth, Verdict, Wake
from vnetlink.planning.vpn import preflight as vpn_preflight
from vnetlink.planning.vpn import standing as vpn_standing
from vnetlink.planning.vpn.world import VpnHalf, VpnWorld
from vpn_worlds import both_of, fresh_run, standing_run, with_connection, with_side

ID = re.compile(r"/subscriptions/[^ ]+|(?:Secret|VNetLink|PeeringPair|VpnConnectionPair) [^ /]+/[^ /]+")
COMMAND = re.compile(r"(?<![\w/.-])(?:az|kubectl|openssl) [a-z]")
OBSERVING = Lifecycle(management=ManagementPolicy.OBSERVE)
PLAIN = PeeringOptions()
HUB, SPOKE = replace(PLAIN, allow_gateway_transit=True), replace(PLAIN, use_remote_gateways=True)
NO = Refused(Reason.POLICY_DENIED, "RequestDisallowedByPolicy", "policy says no.")


FIELD = re.compile(r"spec[.:]|\b[a-z]+[A-Z]\w*: ")
NOTHING_TO_TYPE = {  # to wait, or to talk to somebody
    Reason.SYNCING,
    Reason.WAITING_FOR_GATEWAY,
    Reason.ROTATING_SHARED_KEY,
    Reason.POLICY_DENIED,
    Reason.MANAGED_BY_NETWORK_MANAGER,
    Reason.INVALID_SPEC,  # a guard's: a bug of ours
}


def whole(finding: Finding) -> None:
    """One sentence, about what, and one thing to do next: a command, or where there is none a field to set."""
    assert finding.weight in Severity
    assert ID.fullmatch(finding.id), finding
    assert re.fullmatch(r"[^\n]+", finding.message), finding
    assert not re.search(r"[.!?] [A-Z]", finding.message), f"more than one sentence: {finding}"
    assert re.fullmatch(r"[^\n]+", finding.advice), finding
    commands = len(COMMAND.findall(finding.advice.replace("&& kubectl", "&&")))
    assert commands == 1 or (commands == 0 and (FIELD.search(finding.advice) or finding.reason in NOTHING_TO_TYPE)), (
        finding
    )


# --- PeeringPair


def pair(one: WantedPeering | None = None, two: WantedPeering | None = None, **spec: Any) -> PeeringPair:
    ends = PerSide(End(IDS.vnet1), End(IDS.vnet2))
    wanted = PerSide(one or WantedPeering(), two or WantedPeering())
    return pair_of(PeeringPairSpec(**{"ends": ends, "peerings": wanted, **spec}))


def standing_between(one: PeeringOptions = PLAIN, two: PeeringOptions = PLAIN, name: str = "by-hand") -> Azure:
    azure = Azure.new().gateway(Side.VNET1, there=two.use_remote_gateways)
    for side, options in ((Side.VNET1, one), (Side.VNET2, two)):
        azure, _ = azure.put(side, name, options)
    return azure


def changed(azure: Azure, **changes: Any) -> Azure:
    """With another VNet 1."""
    return Azure(azure.vnets.put(Side.VNET1, replace(azure.vnets.vnet1, **changes)))


def with_state(azure: Azure, **changes: Any) -> Azure:
    """With another peering of VNet 1."""
    (mine, *others) = azure.vnets.vnet1.peerings
    return changed(azure, peerings=(replace(mine, **changes), *others))


def peering_worlds() -> Iterator[tuple[PeeringPair, PerSide[Half]]]:
    plain, bare = standing_between(), Azure.new()
    hub, spoke = WantedPeering(HUB), WantedPeering(SPOKE)
    theirs = PerSide(End(IDS.vnet1), End(IDS.vnet2, ManagementPolicy.OBSERVE))
    a_subnet = replace(PLAIN, peer_complete_vnets=False, local_subnet_names=("gone",), remote_subnet_names=("gone",))
    third = bare.third(Side.VNET1, "10.9.0.0/16")
    (first,) = third.vnets.vnet1.peerings
    uses = replace(first, options=SPOKE)
    many = tuple(replace(first, id=PeeringId(IDS.vnet1, f"p{n}")) for n in range(preflight.MOST_PEERINGS))
    required = {"gateway_transit": GatewayTransitPolicy.REQUIRED}
    nothing_may_be_made = Refused(Reason.LINKED_AUTHORIZATION_FAILED, "LinkedAuthorizationFailed", "no right.")
    for one, azure, refusals in (
        (pair(), plain, {}),
        (pair(), plain, {Slot(Side.VNET1): NO}),
        (pair(), standing_between().delete(Side.VNET2), {Slot(Side.VNET2): nothing_may_be_made}),
        (pair(), plain.delete(Side.VNET2), {}),
        (pair(ends=theirs), plain.delete(Side.VNET1), {}),
        (pair(ends=theirs), plain.delete(Side.VNET2), {}),
        (pair(), bare, {}),
        (pair(), plain.grow(Side.VNET2, "10.3.0.0/16"), {}),
        (pair(ends=theirs), plain.grow(Side.VNET1, "10.3.0.0/16"), {}),
        (pair(), with_state(plain, sync_level=SyncLevel.REMOTE_NOT_IN_SYNC), {}),
        (pair(), with_state(plain, state=PeeringState.INITIATED), {}),
        (pair(WantedPeering(replace(PLAIN, allow_forwarded_traffic=True))), plain, {}),
        (pair(hub, spoke), standing_between(HUB), {}),
        (pair(hub, spoke, **required), standing_between(HUB), {}),
        (pair(hub, spoke), changed(standing_between(HUB, SPOKE), has_gateway=False), {}),
        (pair(spoke, hub), changed(bare, has_gateway=True), {}),
        (pair(spoke, hub), changed(bare, peerings=(uses,)), {}),
        (pair(), changed(bare, peerings=many), {}),
        (pair(), standing_between(name="ANM_x"), {}),
        (pair(), changed(bare, prefixes=("10.2.0.0/16",)), {}),
        (pair(), changed(bare, peerings=(replace(first, remote_prefixes=("10.2.0.0/16",)),)), {}),
        (pair(WantedPeering(a_subnet)), bare, {}),
        (pair(WantedPeering(name=first.id.name)), third, {}),
        (pair(lifecycle=Lifecycle(adoption=AdoptionPolicy.NEVER)), plain, {}),
        (pair(WantedPeering(HUB)), plain, {}),
    ):
        yield one, halves(one, seen(azure, refusals))


def of_peerings() -> Iterator[tuple[str, Callable[[], Iterable[Finding]]]]:
    def asked(row: standing.Row) -> Iterator[Finding]:
        told = (row(*world, side) for world in peering_worlds() for side in Side)
        return (one for one in told if one is not None)

    for row in (*standing.ROWS, *standing.NOTES):
        yield row.__name__, lambda row=row: asked(row)
    checks = (*preflight._ADDRESS_CHECKS, *preflight._GATEWAY_CHECKS, preflight.network_manager, adoption.not_adoptable)
    for check in checks:
        yield check.__name__, lambda check=check: chain.from_iterable(check(*world) for world in peering_worlds())
    spokes = Azure.new().third(Side.VNET1, "10.9.0.0/16").third(Side.VNET2, "10.9.0.0/16")
    yield "not_transitive", lambda: standing.findings(pair(), halves(pair(), seen(spokes)))


# --- VpnConnectionPair


def vpn_worlds() -> Iterator[tuple[VpnConnectionPair, VpnWorld, PerSide[VpnHalf]]]:
    fresh, run = fresh_run(), standing_run()
    for one, change, _ in vpn_checks.CASES.values():
        fresh.pair = one
        world = change(fresh.world())
        yield one, world, both_of(one, world)
    same_asn = replace(fresh.pair.spec, options=ConnectionOptions(enable_bgp=True))
    fresh.pair = replace(vpn_checks.create(), spec=same_asn)
    yield fresh.pair, fresh.world(), both_of(fresh.pair, fresh.world())
    there, mine = run.world(), run.pair
    for change, _, _ in vpn_rows.ROWS.values():
        yield mine, change(there), both_of(mine, change(there))
    ends = mine.spec.ends.put(Side.VNET2, End(mine.spec.ends.vnet2.id, ManagementPolicy.OBSERVE))
    theirs = replace(mine, spec=replace(mine.spec, ends=ends))
    rotating, overdue = (
        replace(mine, record=replace(mine.record, rotation=Rotation("v1", "2020-01-01T00:00:00Z", verifying)))
        for verifying in ("", "2020-01-01T00:01:00Z")
    )
    hold = replace(mine.spec, shared_key=replace(mine.spec.shared_key, on_failure=OnFailure.HOLD))
    unrecorded = replace(mine, record=replace(mine.record, parts={}))
    for one, world in (
        (theirs, with_side(there, Side.VNET2, connection=Absent(), key=None)),
        (theirs, with_side(vpn_rows.down(there), Side.VNET2, gateway=FORBIDDEN, connection=FORBIDDEN)),
        (rotating, there),
        (rotating, with_side(there, key=FORBIDDEN)),
        (replace(overdue, spec=hold), replace(vpn_rows.down(there), busy_for=timedelta(minutes=11))),
        (mine, with_connection(there, far=gateway_id("elsewhere"))),
        (replace(unrecorded, spec=replace(mine.spec, lifecycle=Lifecycle(adoption=AdoptionPolicy.NEVER))), there),
        (unrecorded, with_connection(there, options=ConnectionOptions(routing_weight=7))),
    ):
        yield one, world, both_of(one, world)


def of_vpns() -> Iterator[tuple[str, Callable[[], Iterable[Finding]]]]:
    known = list(vpn_worlds())
    adopting = (vpn_preflight.wrong_connections, vpn_preflight.not_adoptable)
    for row in dict.fromkeys((*vpn_standing.ROWS, *vpn_preflight.CHECKS, *adopting)):
        yield f"vpn {row.__name__}", lambda row=row: chain.from_iterable(row(*world) for world in known)


# --- VNetLink


def of_links() -> Iterator[tuple[str, Callable[[], Iterable[Finding]]]]:
    creation = VnetCreation("westeurope", ("10.1.0.0/24",))
    makes = link_of(ENDS.put(Side.VNET1, End(IDS.vnet1, creation=creation)))
    made = replace(makes, record=makes.record.with_part(Slot(Side.VNET1, Role.VNET), Part(IDS.vnet1, Origin.CREATED)))
    nothing = replace(world_of(), vnets=PerSide(Absent(), Absent()), groups=PerSide(Absent(), Absent()))
    used = changed(Azure.new(), subnets=(ObservedSubnet("apps", ("10.1.8.0/24",)),))
    refusals = {Slot(Side.VNET1, role): NO for role in (Role.VNET, Role.RESOURCE_GROUP)}
    yield "link vnets.blockers", lambda: (*vnets.blockers(makes, nothing), *vnets.blockers(made, world_of(used)))
    yield "link vnets.refused", lambda: vnets.refused(made, replace(nothing, refusals=refusals))
    same = changed(Azure.new(), prefixes=("10.2.0.0/16",))
    yield "link vnets.overlapping", lambda: vnets.overlapping(link_of(), world_of(same))
    foreign = world_of(peered(), pair_that_says(ours=False))
    yield "link foreign_children", lambda: plan_link.foreign_children(link_of(), foreign)
    yield "link missing VNet", lambda: plan_link.plan_link(link_of(), nothing).findings

    zone = PrivateDnsZoneId.parse(f"{IDS.vnet1.group}/providers/Microsoft.Network/privateDnsZones/corp.example")
    wants = link_of(zones=(WantedZone(zone),))
    place = dns.slot(WantedZone(zone), Side.VNET1)
    one = ObservedZoneLink(ZoneLinkId(zone, "one"), IDS.vnet1, True, Provisioning.SUCCEEDED)
    gone = replace(link_of(), record=link_of().record.with_part(place, Part(one.id, Origin.CREATED)))

    def zones(links: Any, **changes: Any) -> LinkWorld:
        return world_of(peered(), zones=(SeenZone(zone, links, OPERATOR),), **changes)

    yield (
        "link dns.findings",
        lambda: (
            *dns.findings(wants, zones(Absent())),
            *dns.findings(wants, zones(FORBIDDEN)),
            *dns.findings(wants, zones(Present(()), refusals={place: NO})),
            *dns.findings(wants, zones(Present((one,)))),
            *dns.findings(gone, zones(Present((one,)), refusals={place: NO})),
        ),
    )
    yield "names.one_sided", lambda: one_sided(IDS, (one,))
    alone = link_of(zones=(WantedZone(zone, (Side.VNET1,)),))
    looks = link_of(zones=(WantedZone(zone),), lifecycle=OBSERVING)
    yield (
        "link dns.one_sided",
        lambda: (f for link in (alone, looks) for f in dns.one_sided(link, zones(Present((one,))))),
    )


# --- traffic, and what every kind has


def of_all() -> Iterator[tuple[str, Callable[[], Iterable[Finding]]]]:
    world, flow = between.WORLD, between.WEB
    shut = world.put(
        Side.VNET1,
        replace(world.vnet1, peered=(between.peering(between.ONE, between.TWO, "10.2.0.0/16", access=False),)),
    )
    routes = between.table("t", between.Route("hole", "10.2.0.0/16", between.NextHop.NONE))
    traffic = (
        (between.changed(Side.VNET2, "b0", nsg=between.nsg("n", between.DENY_IN)), ()),
        (between.changed(Side.VNET2, "b0", nsg=between.nsg("n", between.DENY_IN)), (flow,)),
        (between.changed(Side.VNET1, "a0", routes=routes), (flow,)),
        (world, (replace(flow, from_subnet="nope"),)),
        (shut, ()),
    )
    yield (
        "traffic",
        lambda: chain.from_iterable(judge(*one, each=each).findings for one in traffic for each in (True, False)),
    )
    mine, both = pair(), seen(standing_between())
    older = ObjectKey("vnetlinks", "team", "older")
    plan = Plan(Verdict(Truth.TRUE, Reason.CONNECTED, ""), Wake(timedelta(0)))
    bad = DeletePeering(Side.VNET1, PeeringId(THIRD, "x"), IDS.vnet2, OPERATOR)
    forbidden = Unreadable(Reason.SCOPE_LOCKED, "not to be read", transient=False)
    yield "duplicate", lambda: blocked.duplicate(mine, older).findings
    yield "contested", lambda: blocked.contested(mine, plan, str(IDS.vnet1)).findings
    yield "unseen", lambda: blocked.unseen(mine, replace(both, vnets=PerSide(Absent(), Absent()))).findings  # type: ignore[union-attr]
    yield "unreadable", lambda: blocked.unreadable(mine, forbidden, str(IDS.vnet1)).findings
    yield (
        "not_granted",
        lambda: blocked.not_granted(mine, NotGranted(Reason.CREDENTIAL_MISSING, "No credential.")).findings,
    )
    yield "guards.safe", lambda: guards.safe(replace(plan, actions=(bad,)), lambda action: "it is not ours").findings


ASKED = dict(chain(of_peerings(), of_vpns(), of_links(), of_all()))


@pytest.mark.parametrize("row", ASKED)
def test_what_is_told_has_a_severity_a_resource_one_sentence_and_one_thing_to_do(row: str) -> None:
    found = list(ASKED[row]())
    assert found, "nothing is known that makes it speak"
    for finding in found:
        whole(finding)
