"""What a VNetLink does next: what Azure refused is told, and its pair looks when there is something to see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from link_worlds import ENDS, NOW, OPERATOR, OWNER, ZONE, link_of, pair_that_says, peered, world_of
from properties.azure_model import IDS, Azure
from vnetlink.domain.arm_id import ZoneLinkId
from vnetlink.domain.kinds import PEERING_PAIRS, VPN_CONNECTION_PAIRS
from vnetlink.domain.observed import ObservedSubnet, ObservedZoneLink, Provisioning
from vnetlink.domain.outcome import Absent, Present, Refused, Seen, Unreadable
from vnetlink.domain.ownership import Origin, Part, Role, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import End, ManagementPolicy, VNetLink
from vnetlink.domain.vnet_link import Encryption, Method, VnetCreation, WantedZone
from vnetlink.planning.actions import AskChild, ChangePrefixes, DeletePart, PutChild, PutVnet, PutZoneLink, Record
from vnetlink.planning.link import dns
from vnetlink.planning.link.deletion import needs_azure
from vnetlink.planning.link.guards import allow
from vnetlink.planning.link.plan_link import contested, plan_link
from vnetlink.planning.link.seen_status import conditions, seen, states
from vnetlink.planning.link.world import LinkWorld, SeenZone
from vnetlink.planning.plan import Plan, Truth

MADE = VnetCreation("westeurope", ("10.1.0.0/16",), create_resource_group=True)


def making(**meta: Any) -> VNetLink:
    """A link that makes VNet 1."""
    link = link_of(ENDS.put(Side.VNET1, End(IDS.vnet1, creation=MADE)), meta=meta)
    made = Part(IDS.vnet1, Origin.CREATED)
    return replace(link, record=link.record.with_part(Slot(Side.VNET1, Role.VNET), made))


def asking(*prefixes: str, **spec: Any) -> VNetLink:
    """A link that made VNet 1, which is to have this address space now; `spec` are further fields."""
    link = making()
    ends = link.spec.ends.put(Side.VNET1, End(IDS.vnet1, creation=replace(MADE, prefixes=prefixes)))
    return replace(link, spec=replace(link.spec, ends=ends, **spec))


def said_no(role: Role, reason: Reason) -> dict[Slot, Refused]:
    return {Slot(Side.VNET1, role): Refused(reason, "Code", "ARM says why.")}


def nothing_there(**changes: Any) -> LinkWorld:
    """VNet 1 does not exist."""
    there = world_of()
    return replace(there, vnets=there.vnets.put(Side.VNET1, Absent()), **changes)


def planned(link: VNetLink, world: LinkWorld) -> Plan:
    plan = plan_link(link, world)
    assert allow(plan, link, world) == plan, "the guards have nothing to object"
    return plan


def asked(plan: Plan) -> list[str]:
    return [action.at for action in plan.actions if isinstance(action, AskChild)]


@pytest.mark.parametrize("reason", [Reason.AUTHORIZATION_FAILED, Reason.POLICY_DENIED, Reason.QUOTA_EXCEEDED])
def test_a_vnet_that_may_not_be_made_is_told_with_arms_reason(reason: Reason) -> None:
    plan = planned(making(), nothing_there(refusals=said_no(Role.VNET, reason)))
    assert (plan.verdict.ready, plan.verdict.reason, plan.verdict.stalled) == (Truth.FALSE, reason, True)
    assert plan.verdict.message.startswith(f"Azure refused to make VNet {IDS.vnet1}: ARM says why. ")
    assert [(found.reason, found.id) for found in plan.findings] == [(reason, str(IDS.vnet1))]
    assert not any(isinstance(action, PutVnet) for action in plan.actions)


def test_a_resource_group_that_may_not_be_made_is_told_with_its_own_id() -> None:
    refused = nothing_there(refusals=said_no(Role.RESOURCE_GROUP, Reason.AUTHORIZATION_FAILED))
    plan = planned(making(), replace(refused, groups=refused.groups.put(Side.VNET1, Absent())))
    assert (plan.verdict.reason, plan.findings[0].id) == (Reason.AUTHORIZATION_FAILED, str(IDS.vnet1.group))
    assert "refused to make resource group" in plan.verdict.message


def test_one_vnet_that_may_not_be_made_keeps_the_other_from_nothing() -> None:
    link = making()
    ends = link.spec.ends.put(Side.VNET2, End(IDS.vnet2, creation=replace(MADE, prefixes=("10.2.0.0/16",))))
    link = replace(link, spec=replace(link.spec, ends=ends))
    world = replace(nothing_there(refusals=said_no(Role.VNET, Reason.POLICY_DENIED)), vnets=PerSide(Absent(), Absent()))
    plan = planned(link, world)
    assert [action.slot.side for action in plan.actions if isinstance(action, PutVnet)] == [Side.VNET2]
    assert [found.reason for found in plan.findings] == [Reason.POLICY_DENIED]


def test_a_vnet_that_may_not_grow_is_not_as_asked_for_though_it_is_connected() -> None:
    link, stands = asking("10.1.0.0/16", "10.9.0.0/16"), world_of(peered(), pair_that_says())
    growing = planned(link, stands)
    assert any(isinstance(action, ChangePrefixes) for action in growing.actions)
    assert growing.verdict.reason is Reason.UPDATING
    assert growing.verdict.message.startswith(
        "Under way: change the address space to 10.1.0.0/16, 10.9.0.0/16 of VNet /"
    )
    plan = planned(link, replace(stands, refusals=said_no(Role.VNET, Reason.POLICY_DENIED)))
    assert (plan.verdict.ready, plan.verdict.reason, plan.verdict.stalled) == (
        Truth.FALSE,
        Reason.POLICY_DENIED,
        True,
    )
    assert "refused to change VNet" in plan.verdict.message


def changed(plan: Plan) -> list[tuple[str, ...]]:
    return [action.prefixes for action in plan.actions if isinstance(action, ChangePrefixes)]


OWN_PEER, FAR_PEER = (peered().third(side, "10.3.0.0/16") for side in Side)
VPN: dict[str, Any] = {"method": Method.VPN}
CHOSEN: dict[str, Any] = {"peering": {"subnetPeering": {"vnet1SubnetNames": ["front"], "vnet2SubnetNames": ["back"]}}}


@pytest.mark.parametrize(
    ("azure", "prefix", "spec", "reason"),
    [
        (peered(), "10.2.8.0/24", {}, Reason.ADDRESS_SPACES_OVERLAP),
        (peered(), "10.2.8.0/24", VPN, Reason.ADDRESS_SPACES_OVERLAP),
        (OWN_PEER, "10.3.8.0/24", {}, Reason.OVERLAPS_WITH_PEERED_VNET),
        (OWN_PEER, "10.3.8.0/24", VPN, Reason.OVERLAPS_WITH_PEERED_VNET),
        (FAR_PEER, "10.3.8.0/24", {}, Reason.OVERLAPS_WITH_PEERED_VNET),
    ],
    ids=["the other's", "the other's, by VPN", "a peer's", "a peer's, by VPN", "a peer's of the other"],
)
def test_a_vnet_does_not_grow_into_a_range_that_is_in_use_beside_it(
    azure: Azure, prefix: str, spec: dict[str, Any], reason: Reason
) -> None:
    kind = VPN_CONNECTION_PAIRS if spec else PEERING_PAIRS
    plan = planned(asking("10.1.0.0/16", prefix, **spec), world_of(azure, pair_that_says(kind=kind)))
    assert plan.actions == ()
    assert (plan.verdict.ready, plan.verdict.reason, plan.verdict.stalled) == (Truth.FALSE, reason, True)
    (found,) = plan.findings
    assert f"{prefix} of {IDS.vnet1} with " in found.message


@pytest.mark.parametrize(
    ("azure", "prefix", "spec"),
    [(FAR_PEER, "10.3.8.0/24", VPN), (peered(), "10.2.8.0/24", CHOSEN)],
    ids=["a peer's of the other, by VPN", "the other's, of which chosen subnets are peered"],
)
def test_a_vnet_grows_into_a_range_that_azure_allows_it(azure: Azure, prefix: str, spec: dict[str, Any]) -> None:
    kind = VPN_CONNECTION_PAIRS if spec is VPN else PEERING_PAIRS
    plan = planned(asking("10.1.0.0/16", prefix, **spec), world_of(azure, pair_that_says(kind=kind)))
    assert changed(plan) == [("10.1.0.0/16", prefix)]


def test_no_vnet_is_made_that_a_peer_of_the_other_has_the_range_of() -> None:
    far = Azure.new().third(Side.VNET2, "10.1.8.0/24").vnets.vnet2
    plan = planned(making(), replace(nothing_there(), vnets=PerSide(Absent(), Present(far))))
    assert plan.actions == ()
    assert plan.verdict.reason is Reason.OVERLAPS_WITH_PEERED_VNET


def test_a_range_that_somebody_added_by_hand_and_that_overlaps_is_taken_away() -> None:
    by_hand = world_of(peered().grow(Side.VNET1, "10.2.8.0/24"), pair_that_says())
    assert changed(planned(asking("10.1.0.0/16"), by_hand)) == [("10.1.0.0/16",)]


FRONT = replace(Azure.new().vnets.vnet1, subnets=(ObservedSubnet("front", ("10.1.1.0/24",)),))


def test_an_address_space_is_not_taken_from_under_a_subnet() -> None:
    world = world_of(peered(), pair_that_says())
    world = replace(world, vnets=world.vnets.put(Side.VNET1, Present(FRONT)))
    plan = planned(asking("10.9.0.0/16"), world)
    assert plan.actions == ()
    (found,) = plan.findings
    assert (plan.verdict.ready, plan.verdict.reason, found.id) == (Truth.FALSE, Reason.INVALID_SPEC, str(IDS.vnet1))
    assert found.message.endswith("that subnets use: 10.1.1.0/24.")


def test_a_vnet_that_exists_is_selected_and_left_as_it_is_whatever_create_says() -> None:
    other = replace(MADE, prefixes=("10.9.0.0/16",), subnets=(("front", "10.9.1.0/24"),))
    link = link_of(ENDS.put(Side.VNET1, End(IDS.vnet1, creation=other)))
    world = world_of(peered(), pair_that_says())
    plan = planned(link, world)
    assert (plan.actions, plan.verdict.ready) == ((), Truth.TRUE)
    shown: dict[str, Any] = seen(link, world)
    assert shown["vnet1"]["origin"] == "Selected"
    assert [row["onDelete"] for row in shown["resources"] if row["id"] == str(IDS.vnet1)] == ["Keep"]
    assert not needs_azure(link)


def test_without_its_group_and_leave_to_make_that_no_vnet_is_made() -> None:
    alone = replace(MADE, create_resource_group=False)
    link = link_of(ENDS.put(Side.VNET1, End(IDS.vnet1, creation=alone)))
    world = nothing_there()
    plan = planned(link, replace(world, groups=world.groups.put(Side.VNET1, Absent())))
    assert plan.actions == ()
    (found,) = plan.findings
    assert (plan.verdict.reason, found.id) == (Reason.VNET_NOT_FOUND, str(IDS.vnet1.group))
    assert found.remediation.startswith("az group create ")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({}, "Peering, because no encryption is required: "),
        ({"method": Method.PEERING}, "Peering, because spec.method is Peering."),
        ({"method": Method.VPN}, "Vpn, because spec.method is Vpn."),
        ({"encryption": Encryption.IPSEC}, "Vpn, because spec.encryption is IPsec."),
    ],
)
def test_the_method_is_told_with_the_reason_for_the_choice(spec: dict[str, Any], why: str) -> None:
    link = link_of(**spec)
    rows = {name: (truth, reason, text) for name, truth, reason, text in conditions(link, world_of())}
    truth, reason, text = rows["MethodSelected"]
    assert (truth, reason) == (Truth.TRUE, Reason.SELECTED)
    assert text.startswith(why)
    other = PEERING_PAIRS if why.startswith("Vpn") else VPN_CONNECTION_PAIRS
    meanwhile = {row[0]: row[2] for row in conditions(link, world_of(peered(), pair_that_says(kind=other)))}
    assert meanwhile["MethodSelected"] is Reason.SWITCHING_METHOD


def test_a_look_that_a_person_asks_of_the_link_is_asked_of_its_pair_once() -> None:
    link = link_of(meta={"reconcile_requested_at": "monday"})
    assert asked(planned(link, world_of(peered(), pair_that_says()))) == ["monday"]
    assert asked(planned(link, world_of(peered(), pair_that_says(requested_at="sunday")))) == ["monday"]
    assert asked(planned(link, world_of(peered(), pair_that_says(requested_at="monday")))) == []


def test_what_a_person_asks_the_pair_itself_later_is_not_overwritten() -> None:
    link = link_of(meta={"reconcile_requested_at": "monday"})
    since = pair_that_says(status={"lastHandledReconcileAt": "monday"}, requested_at="tuesday")
    assert asked(planned(link, world_of(peered(), since))) == []


GROWN = peered().grow(Side.VNET1, "10.9.0.0/16")
IN_SYNC = {"syncLevel": "InSync"}


def test_a_pair_that_has_not_noticed_that_a_vnet_grew_is_woken() -> None:
    asleep = pair_that_says(status=IN_SYNC)
    assert asked(planned(link_of(), world_of(peered(), asleep))) == []
    (at,) = asked(planned(link_of(), world_of(GROWN, asleep)))
    assert NOW.strftime("%Y-%m-%dT%H:%M:%SZ") in at


def test_a_pair_is_not_woken_twice_before_it_has_looked_nor_when_it_knows() -> None:
    (at,) = asked(planned(link_of(), world_of(GROWN, pair_that_says(status=IN_SYNC))))
    not_yet = pair_that_says(status=IN_SYNC, requested_at=at)
    knows = pair_that_says(status={"syncLevel": "OutOfSync", "lastHandledReconcileAt": at}, requested_at=at)
    assert asked(planned(link_of(), world_of(GROWN, not_yet))) == []
    assert asked(planned(link_of(), world_of(GROWN, knows))) == []


def test_growth_does_not_make_a_request_of_a_person_count_again() -> None:
    link = link_of(meta={"reconcile_requested_at": "monday"})
    handled = {**IN_SYNC, "lastHandledReconcileAt": "monday"}
    (at,) = asked(planned(link, world_of(GROWN, pair_that_says(status=handled, requested_at="monday"))))
    assert asked(planned(link, world_of(peered(), pair_that_says(requested_at=at)))) == []


@pytest.mark.parametrize("other", [{"ours": False}, {"deleting": True}, {"in_line": False}])
def test_only_a_pair_that_is_ours_stays_and_is_as_asked_for_is_woken(other: dict[str, bool]) -> None:
    link = link_of(meta={"reconcile_requested_at": "monday"})
    plan = planned(link, world_of(peered(), pair_that_says(**other)))
    assert asked(plan) == []
    assert any(isinstance(action, PutChild) for action in plan.actions) is (other == {"in_line": False})


def registering(tags: dict[str, str], origin: Origin = Origin.CREATED) -> tuple[VNetLink, LinkWorld]:
    """The zone's link to VNet 1 stands, registers nothing, and is asked to register."""
    id = ZoneLinkId(ZONE, "one")
    link = link_of(zones=(WantedZone(ZONE, (Side.VNET1,), registration_enabled=True),))
    link = replace(link, record=link.record.with_part(Slot(Side.VNET1, Role.DNS_LINK, ZONE.key), Part(id, origin)))
    there = ObservedZoneLink(id, IDS.vnet1, False, Provisioning.SUCCEEDED, tuple(tags.items()))
    return link, world_of(peered(), pair_that_says(), zones=(SeenZone(ZONE, Present((there,)), OPERATOR),))


def test_a_zone_link_that_record_and_tag_call_ours_is_changed() -> None:
    link, world = registering(OWNER)
    assert [action.registration_enabled for action in planned(link, world).actions if isinstance(action, PutZoneLink)]
    assert list(dns.findings(link, world)) == []


@pytest.mark.parametrize(("tags", "origin"), [({}, Origin.CREATED), (OWNER, Origin.ADOPTED)])
def test_a_zone_link_that_is_not_ours_is_told_and_left_alone(tags: dict[str, str], origin: Origin) -> None:
    link, world = registering(tags, origin)
    plan = planned(link, world)
    assert not any(isinstance(action, PutZoneLink) for action in plan.actions)
    assert (plan.verdict.ready, plan.verdict.reason) == (Truth.TRUE, Reason.DRIFTED)
    assert "--registration-enabled true" in plan.findings[0].remediation


def dropped(tags: dict[str, str], **who: Any) -> tuple[VNetLink, LinkWorld]:
    """The zone's link to VNet 1, which the record calls ours, stands; spec no longer names the zone."""
    link, world = registering(tags)
    ends = ENDS.put(Side.VNET1, replace(ENDS.vnet1, **who))
    return replace(link, spec=replace(link.spec, zones=(), ends=ends)), world


def unlinked(plan: Plan) -> list[str]:
    return [str(action.id) for action in plan.actions if isinstance(action, DeletePart)]


def test_a_zone_link_of_ours_that_spec_no_longer_names_is_deleted() -> None:
    link, world = dropped(OWNER)
    assert unlinked(planned(link, world)) == [str(ZoneLinkId(ZONE, "one"))]


@pytest.mark.parametrize(("tags", "who"), [({}, {}), (OWNER, {"management": ManagementPolicy.OBSERVE})])
def test_one_made_again_by_hand_or_of_a_side_that_is_only_observed_stays_and_the_link_rests(
    tags: dict[str, str], who: dict[str, Any]
) -> None:
    plan = planned(*dropped(tags, **who))
    assert unlinked(plan) == []
    assert plan.verdict.ready is Truth.TRUE
    assert plan.wake.after


def test_a_zone_link_that_azure_refuses_to_delete_is_told_and_holds_up_no_other() -> None:
    link, world = dropped(OWNER)
    place = Slot(Side.VNET1, Role.DNS_LINK, ZONE.key)
    world = replace(world, refusals={place: Refused(Reason.SCOPE_LOCKED, "Code", "ARM says why.")})
    plan = planned(link, world)
    assert unlinked(plan) == []
    assert [one.reason for one in plan.findings] == [Reason.SCOPE_LOCKED]


@pytest.mark.parametrize("links", [Absent(), Present(())], ids=["no zone", "no link"])
def test_a_zone_link_that_is_no_longer_asked_for_and_gone_leaves_the_record(
    links: Seen[tuple[ObservedZoneLink, ...]],
) -> None:
    link, world = dropped(OWNER)
    plan = planned(link, replace(world, zones=(SeenZone(ZONE, links, OPERATOR),)))
    (record,) = [action.record for action in plan.actions if isinstance(action, Record)]
    assert record.parts == {}


def test_a_zone_link_that_is_no_longer_asked_for_and_cannot_be_looked_for_is_told_and_kept_in_mind() -> None:
    link, world = dropped(OWNER)
    lost = Unreadable(Reason.AUTHORIZATION_FAILED, "lacks the right to read it", transient=False)
    plan = planned(link, replace(world, zones=(SeenZone(ZONE, lost, OPERATOR),)))
    assert not any(isinstance(action, Record) for action in plan.actions)
    assert [(one.reason, one.id) for one in plan.findings] == [
        (Reason.AUTHORIZATION_FAILED, str(ZoneLinkId(ZONE, "one")))
    ]


def test_a_link_that_is_blocked_still_tells_its_pair_what_a_person_wants_of_it() -> None:
    azure = peered().grow(Side.VNET1, "10.2.0.0/16")
    plan = planned(link_of(), world_of(azure, pair_that_says(in_line=False)))
    assert (plan.verdict.reason, plan.verdict.stalled) == (Reason.ADDRESS_SPACES_OVERLAP, True)
    assert [type(action) for action in plan.actions] == [PutChild]
    assert planned(link_of(), world_of(azure)).actions == ()


def test_a_vnet_that_another_object_peered_is_not_called_missing() -> None:
    assert states(link_of(), world_of(peered())) == PerSide("Connected", "Connected")
    assert states(link_of(), world_of(Azure.new())) == PerSide("Missing", "Missing")


def test_a_disputed_write_that_is_planned_in_spite_of_the_dispute_makes_the_whole_link_wait() -> None:
    link, world = registering(OWNER)
    plan = planned(link, world)
    (write,) = [action for action in plan.actions if isinstance(action, PutZoneLink)]
    less, without = contested(link, world, plan, write)
    assert not any(isinstance(action, PutZoneLink) for action in less.actions)
    again, same = contested(link, without, plan, write)
    assert (again.actions, again.verdict.reason, again.verdict.stalled) == ((), Reason.CONTESTED, True)
    assert same is without
