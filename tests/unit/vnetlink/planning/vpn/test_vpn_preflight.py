"""Each question asked before the first write: what stands in the way, and that nothing is written then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from properties.vpn_azure_model import FORBIDDEN, address_id, gateway_id, link_id, vnet_id
from properties.vpn_turns import FOUND, MADE, pair_of, two_vnets
from vnetlink.domain.arm_id import SubnetId
from vnetlink.domain.observed import ObservedPublicIp, ObservedSubnet, Provisioning
from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.secrets import ObservedSecret
from vnetlink.domain.shared_key import CheckedKey, KeyFault, SharedKey
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import AdoptionPolicy, Lifecycle, ManagementPolicy, VpnConnectionPair
from vnetlink.domain.vpn import GATEWAY_SUBNET, ConnectionOptions, GatewayCreation, WantedVpnSide
from vnetlink.planning.plan import Truth
from vnetlink.planning.vpn.pair import plan_pair
from vnetlink.planning.vpn.preflight import blockers
from vnetlink.planning.vpn.world import VpnWorld
from vpn_worlds import KEY, both_of, fresh_run, with_gateway, with_side, with_vnet

Change = Callable[[VpnWorld], VpnWorld]


def subnet(prefix: str, **different: object) -> Change:
    """GatewaySubnet is there already."""
    return lambda world: with_vnet(world, subnets=(ObservedSubnet(GATEWAY_SUBNET, (prefix,), **different),))  # type: ignore[arg-type]


def address(**different: object) -> Change:
    there = ObservedPublicIp(
        address_id("one-gateway-ip"), "westeurope", Provisioning.SUCCEEDED, "Standard", "Static", ("1", "2", "3")
    )
    return lambda world: with_side(world, addresses=((there.id, Present(replace(there, **different))),))  # type: ignore[arg-type]


def gateway(**different: object) -> Change:
    azure = two_vnets().with_gateway("gw", vnet_id("one"))
    there = replace(azure.gateways[gateway_id("gw")], **different)  # type: ignore[arg-type]
    return lambda world: with_side(world, gateway_id=there.id, gateway=Present(there))


def secret(key: CheckedKey | KeyFault | None = None, labelled: bool = True) -> Change:
    return lambda world: replace(world, secret=Present(ObservedSecret("1", labelled, key)))


def create(**different: object) -> VpnConnectionPair:
    return pair_of(WantedVpnSide(creation=GatewayCreation(**different)))  # type: ignore[arg-type]


def observing() -> VpnConnectionPair:
    pair = create()
    return replace(pair, spec=replace(pair.spec, lifecycle=Lifecycle(management=ManagementPolicy.OBSERVE)))


def test_an_observing_pair_without_gateways_says_so_and_what_stands_in_the_way() -> None:
    world = fresh_run().world()
    plan = plan_pair(observing(), world)
    assert (plan.verdict.reason, bool(plan.planned)) == (Reason.GATEWAY_MISSING, True)
    failed = plan_pair(observing(), subnet("10.1.0.0/27", provisioning=Provisioning.FAILED)(world))
    assert (failed.verdict.reason, failed.planned) == (Reason.GATEWAY_FAILED, ())
    assert "is in provisioningState Failed" in failed.verdict.message


def as_it_is(world: VpnWorld) -> VpnWorld:
    return world


CASES: dict[str, tuple[VpnConnectionPair, Change, Reason]] = {
    "VNets overlap": (pair_of(), lambda w: with_vnet(w, prefixes=("10.2.128.0/17",)), Reason.ADDRESS_SPACES_OVERLAP),
    "no gateway, none to be made": (pair_of(FOUND), as_it_is, Reason.GATEWAY_MISSING),
    "the named gateway is not there": (
        pair_of(WantedVpnSide(gateway=gateway_id("gone"))),
        as_it_is,
        Reason.GATEWAY_MISSING,
    ),
    "gateway of another VNet": (
        pair_of(FOUND),
        gateway(subnets=(SubnetId(vnet_id("three"), GATEWAY_SUBNET),)),
        Reason.INVALID_SPEC,
    ),
    "ExpressRoute gateway": (pair_of(FOUND), gateway(gateway_type="ExpressRoute"), Reason.GATEWAY_TYPE_MISMATCH),
    "policy-based gateway": (pair_of(FOUND), gateway(vpn_type="PolicyBased"), Reason.GATEWAY_TYPE_MISMATCH),
    "another gateway lives there": (
        pair_of(),
        lambda w: with_side(w, rivals=(gateway_id("other"),)),
        Reason.LOCAL_GATEWAY_EXISTS,
    ),
    "SKU that is retired": (create(sku="VpnGw1"), as_it_is, Reason.UNSUPPORTED_SKU),
    "SKU of the other generation": (create(sku="VpnGw1AZ", generation="Generation2"), as_it_is, Reason.UNSUPPORTED_SKU),
    "subnet with an NSG": (
        pair_of(),
        subnet("10.1.0.0/27", network_security_group="nsg"),
        Reason.GATEWAY_SUBNET_HAS_NSG,
    ),
    "subnet too small": (pair_of(), subnet("10.1.0.0/28"), Reason.GATEWAY_SUBNET_TOO_SMALL),
    "asked prefix outside": (create(subnet_prefix="10.7.0.0/27"), as_it_is, Reason.NO_FREE_PREFIX),
    "asked prefix taken": (
        create(subnet_prefix="10.1.0.0/27"),
        lambda w: with_vnet(w, subnets=(ObservedSubnet("apps", ("10.1.0.0/24",)),)),
        Reason.NO_FREE_PREFIX,
    ),
    "asked prefix too small": (create(subnet_prefix="10.1.0.0/28"), as_it_is, Reason.GATEWAY_SUBNET_TOO_SMALL),
    "no room": (
        pair_of(),
        lambda w: with_vnet(w, subnets=(ObservedSubnet("apps", ("10.1.0.0/16",)),)),
        Reason.NO_FREE_PREFIX,
    ),
    "Failed address": (pair_of(), address(provisioning=Provisioning.FAILED), Reason.GATEWAY_FAILED),
    "Failed subnet": (
        pair_of(),
        subnet("10.1.0.0/27", provisioning=Provisioning.FAILED),
        Reason.GATEWAY_FAILED,
    ),
    "Basic address": (pair_of(), address(sku="Basic"), Reason.UNSUPPORTED_SKU),
    "dynamic address": (pair_of(), address(allocation="Dynamic"), Reason.UNSUPPORTED_SKU),
    "address in use": (pair_of(), address(attached_to="/nic/ipConfigurations/x"), Reason.NAME_TAKEN),
    "address without zones": (pair_of(), address(zones=()), Reason.UNSUPPORTED_SKU),
    "Secret missing": (pair_of(), lambda w: replace(w, secret=Absent()), Reason.SHARED_KEY_MISSING),
    "Secret that may not be made": (
        pair_of(generate=True),
        lambda w: replace(w, secret=Absent()),
        Reason.SHARED_KEY_MISSING,
    ),
    "Secret without label": (pair_of(), secret(labelled=False), Reason.SECRET_NOT_LABELLED),
    "Secret without the value": (pair_of(), secret(None), Reason.SHARED_KEY_MISSING),
    "key empty": (pair_of(), secret(KeyFault.EMPTY), Reason.SHARED_KEY_INVALID),
    "key too long": (pair_of(), secret(KeyFault.TOO_LONG), Reason.SHARED_KEY_INVALID),
    "key with other characters": (pair_of(), secret(KeyFault.CHARACTERS), Reason.SHARED_KEY_INVALID),
    "Secret that may not be read": (
        pair_of(),
        lambda w: replace(w, secret=Unreadable(Reason.AUTHORIZATION_FAILED, "forbidden", transient=False)),
        Reason.AUTHORIZATION_FAILED,
    ),
}


@pytest.mark.parametrize(("pair", "change", "reason"), CASES.values(), ids=CASES)
def test_what_stands_in_the_way_is_named_with_a_remedy_and_costs_no_write(
    pair: VpnConnectionPair, change: Change, reason: Reason
) -> None:
    run = fresh_run()
    run.pair = pair
    world = change(run.world())
    found = blockers(pair, world, both_of(pair, world))
    assert [finding.reason for finding in found] == [reason]
    assert found[0].message
    assert found[0].remediation
    plan = plan_pair(pair, world)
    assert plan.actions == ()
    assert (plan.verdict.ready, plan.verdict.reason, plan.verdict.stalled) == (Truth.FALSE, reason, True)
    assert KEY not in repr(plan)


@pytest.mark.parametrize(
    ("pair", "change"),
    [
        (pair_of(), as_it_is),
        (pair_of(), subnet("10.1.0.0/27")),
        (pair_of(), subnet("10.1.0.0/26")),
        (create(subnet_prefix="10.1.0.0/27"), as_it_is),
        (create(sku="VpnGw5AZ", generation="Generation2"), as_it_is),
        (pair_of(), address()),
        (pair_of(), address(attached_to=f"{gateway_id('ONE-gateway')}/ipConfigurations/x")),
        (pair_of(FOUND), gateway(gateway_type="vpn", vpn_type="ROUTEBASED")),
        (pair_of(), lambda w: replace(w, secret=Unreadable(Reason.AZURE_UNREACHABLE, "no answer", transient=True))),
        (pair_of(), secret(CheckedKey(SharedKey("a"), weak=True))),
    ],
)
def test_what_azure_accepts_is_let_through(pair: VpnConnectionPair, change: Change) -> None:
    run = fresh_run()
    run.pair = pair
    world = change(run.world())
    assert blockers(pair, world, both_of(pair, world)) == ()


@pytest.mark.parametrize(("asns", "bgp", "refused"), [((65010, 65010), True, True), ((65010, 65010), False, False)])
def test_equal_asns_are_refused_only_where_bgp_is_spoken(asns: tuple[int, int], bgp: bool, refused: bool) -> None:
    run = fresh_run(
        one=WantedVpnSide(creation=GatewayCreation(asn=asns[0])),
        two=WantedVpnSide(creation=GatewayCreation(asn=asns[1])),
    )
    pair = replace(run.pair, spec=replace(run.pair.spec, options=ConnectionOptions(enable_bgp=bgp)))
    found = [finding.reason for finding in blockers(pair, run.world(), both_of(pair, run.world()))]
    assert found == ([Reason.EQUAL_ASN] if refused else [])


def test_the_default_asn_counts_and_that_of_a_gateway_in_the_making_is_not_known_yet() -> None:
    run = fresh_run(one=MADE, two=WantedVpnSide(creation=GatewayCreation(asn=65515)))
    pair = replace(run.pair, spec=replace(run.pair.spec, options=ConnectionOptions(enable_bgp=True)))
    world = run.world()
    assert [f.reason for f in blockers(pair, world, both_of(pair, world))] == [Reason.EQUAL_ASN]
    making = with_gateway(gateway()(world), asn=0)
    assert blockers(pair, making, both_of(pair, making)) == ()


ONE, TWO = gateway_id("gw-one"), gateway_id("gw-two")
STANDING = two_vnets().with_gateway("gw-one", vnet_id("one")).with_gateway("gw-two", vnet_id("two"))


@pytest.mark.parametrize(
    ("policy", "key", "options", "reason"),
    [
        (AdoptionPolicy.NEVER, KEY, ConnectionOptions(), Reason.ADOPTION_REFUSED),
        (AdoptionPolicy.IF_MATCHING, KEY, ConnectionOptions(), None),
        (AdoptionPolicy.IF_MATCHING, "another.key", ConnectionOptions(), Reason.ADOPTION_REFUSED),
        (AdoptionPolicy.IF_MATCHING, KEY, ConnectionOptions(routing_weight=7), Reason.ADOPTION_REFUSED),
        (AdoptionPolicy.ALWAYS, "another.key", ConnectionOptions(routing_weight=7), None),
    ],
)
def test_a_connection_that_stands_there_is_adopted_as_the_policy_says(
    policy: AdoptionPolicy, key: str, options: ConnectionOptions, reason: Reason | None
) -> None:
    run = fresh_run(one=FOUND, two=FOUND, lifecycle=Lifecycle(adoption=policy))
    run.place.azure = STANDING.with_link("theirs", ONE, TWO, key, options)
    plan = plan_pair(run.pair, run.world())
    if reason is None:
        assert plan.actions
    else:
        assert (plan.actions, plan.verdict.reason) == ((), reason)
    assert "another.key" not in repr(plan)
    assert KEY not in repr(plan)


def test_without_the_right_to_read_keys_a_connection_is_judged_by_its_options() -> None:
    run = fresh_run(one=FOUND, two=FOUND)
    run.place.azure = STANDING.with_link("theirs", ONE, TWO, "another.key")
    world = with_side(run.world(), Side.VNET1, key=FORBIDDEN)
    assert plan_pair(run.pair, world).verdict.reason is not Reason.ADOPTION_REFUSED


@pytest.mark.parametrize(
    ("different", "reason"),
    [({"kind": "IPsec"}, Reason.CONNECTION_TYPE_MISMATCH), ({"far": gateway_id("elsewhere")}, Reason.NAME_TAKEN)],
)
def test_a_connection_of_our_name_that_is_something_else_refuses_the_pair(
    different: dict[str, object], reason: Reason
) -> None:
    run = fresh_run(one=WantedVpnSide(connection=link_id("mine")), two=FOUND)
    azure = STANDING.with_link("mine", ONE, TWO, KEY)
    link = azure.links[link_id("mine")]
    seen = replace(link.seen, **different)  # type: ignore[arg-type]
    run.place.azure = replace(azure, links={link_id("mine"): replace(link, seen=seen)})
    plan = plan_pair(run.pair, run.world())
    assert (plan.actions, plan.verdict.reason) == ((), reason)
