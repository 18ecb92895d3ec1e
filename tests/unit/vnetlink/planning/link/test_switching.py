"""A link changes its method: which pair is made, kept and taken away when, and what a peering asks for meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from link_worlds import link_of, pair_that_says, peered, world_of
from properties.azure_model import Azure
from vnetlink.domain.kinds import PEERING_PAIRS, VPN_CONNECTION_PAIRS
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.sides import Side
from vnetlink.domain.specs import Lifecycle, ManagementPolicy, VNetLink
from vnetlink.domain.vnet_link import Method, ReplacePolicy
from vnetlink.planning.actions import ChildAction, PutChild
from vnetlink.planning.link import child
from vnetlink.planning.link.plan_link import children, plan_link
from vnetlink.planning.link.world import Child, LinkWorld

TRANSIT = {"vnet1": {"allowGatewayTransit": True}, "vnet2": {"useRemoteGateways": True}}
VPN_BLOCK = {
    "vnet1": {"gateway": {}},
    "vnet2": {"gateway": {"create": {}}},
    "sharedKey": {"secretRef": {"name": "vpn"}},
}
BREAK = {"replace": ReplacePolicy.BREAK_BEFORE_MAKE}
WAITS = ("False", "Creating", "The peerings are being made.")
OVERLAPS = ("False", "OverlapsWithPeeredVNet", "10.1.0.0/16 is used by a third VNet.")


def to_peering(**spec: Any) -> VNetLink:
    return link_of(method=Method.PEERING, peering=TRANSIT, vpn=VPN_BLOCK, **spec)


def to_vpn(**spec: Any) -> VNetLink:
    return link_of(method=Method.VPN, peering=TRANSIT, vpn=VPN_BLOCK, **spec)


def old(**changes: Any) -> Child:
    return pair_that_says(kind=VPN_CONNECTION_PAIRS, spec={"vpn": VPN_BLOCK}, **changes)


def new(**changes: Any) -> Child:
    return pair_that_says(**changes)


def using_the_hubs_gateway() -> Azure:
    """VNet 2 uses the gateway of VNet 1."""
    azure, _ = (
        peered().gateway(Side.VNET1, there=True).put(Side.VNET1, "one-two", PeeringOptions(allow_gateway_transit=True))
    )
    azure, _ = azure.put(Side.VNET2, "two-one", PeeringOptions(use_remote_gateways=True))
    return azure


def said(actions: tuple[ChildAction, ...]) -> list[str]:
    return [f"{type(action).__name__} {action.kind}" for action in actions]


MADE, TAKEN = f"PutChild {PEERING_PAIRS}", f"DeleteChild {VPN_CONNECTION_PAIRS}"


@pytest.mark.parametrize(
    ("pairs", "spec", "expected"),
    [
        pytest.param((old(),), {}, [MADE], id="make"),
        pytest.param((old(), new(ready=("", "", ""))), {}, [], id="made, and not looked at yet"),
        pytest.param((old(), new(ready=WAITS)), {}, [], id="not Ready"),
        pytest.param((old(), new(ready=OVERLAPS, shown="Stalled")), {}, [], id="refused"),
        pytest.param((old(), new(in_line=False)), {}, [MADE], id="Ready with what was asked for before"),
        pytest.param((old(), new()), {}, [TAKEN], id="Ready"),
        pytest.param((old(deleting=True), new()), {}, [], id="going"),
        pytest.param((old(ours=False), new()), {}, [], id="not ours to take"),
        pytest.param((new(),), {}, [], id="gone"),
        pytest.param((old(),), BREAK, [TAKEN], id="break first"),
        pytest.param((old(deleting=True),), BREAK, [], id="breaking"),
        pytest.param((), BREAK, [MADE], id="broken"),
    ],
)
def test_the_old_pair_goes_when_the_new_one_is_ready_or_first_where_spec_says_so(
    pairs: tuple[Child, ...], spec: dict[str, Any], expected: list[str]
) -> None:
    assert said(children(to_peering(**spec), world_of(peered(), *pairs))) == expected


def test_a_new_pair_that_overlaps_with_a_third_vnet_is_told_and_the_old_one_stays() -> None:
    plan = plan_link(to_peering(), world_of(peered(), old(), new(ready=OVERLAPS, shown="Stalled")))
    assert plan.verdict.stalled
    assert plan.verdict.message.endswith(f"The new one says: {OVERLAPS[1]}: {OVERLAPS[2]}")
    assert plan.actions == ()


def asked_of_peering(link: VNetLink, world: LinkWorld) -> Any:
    """useRemoteGateways of VNet 2, as the link asks its PeeringPair for it now."""
    (action,) = (one for one in children(link, world) if one.kind == PEERING_PAIRS)
    assert isinstance(action, PutChild)
    return action.spec["peering"]["vnet2"]["useRemoteGateways"]


def test_a_peering_uses_no_remote_gateway_while_the_vpn_with_its_gateways_stands_and_does_when_it_is_gone() -> None:
    out_of_line = new(in_line=False)
    assert asked_of_peering(to_peering(), world_of(peered(), old())) is False
    assert asked_of_peering(to_peering(), world_of(peered(), old(deleting=True), out_of_line)) is False
    assert asked_of_peering(to_peering(), world_of(peered(), out_of_line)) is True
    assert asked_of_peering(to_peering(), world_of(peered())) is True
    assert asked_of_peering(to_peering(), world_of(peered(), old(ours=False))) is True


def test_the_vpn_is_made_when_the_leaving_peering_uses_no_remote_gateway_any_more() -> None:
    leaving = new(spec={"peering": TRANSIT}, in_line=False)
    assert asked_of_peering(to_vpn(), world_of(using_the_hubs_gateway(), leaving)) is False
    assert said(children(to_vpn(), world_of(using_the_hubs_gateway(), leaving))) == [MADE]
    told = replace(leaving, in_line=True)
    assert said(children(to_vpn(), world_of(using_the_hubs_gateway(), told))) == []
    assert said(children(to_vpn(), world_of(peered(), told))) == [f"PutChild {VPN_CONNECTION_PAIRS}"]


def test_a_link_that_only_looks_does_not_wait_for_what_nobody_will_write() -> None:
    looks = to_vpn(lifecycle=Lifecycle(management=ManagementPolicy.OBSERVE))
    assert said(children(looks, world_of(using_the_hubs_gateway(), new()))) == [f"PutChild {VPN_CONNECTION_PAIRS}"]


def test_a_leaving_pair_keeps_its_block_where_the_link_has_none() -> None:
    link = link_of(method=Method.PEERING)
    assert child.spec(link, VPN_CONNECTION_PAIRS, child.specs((old(),)))["vpn"] == VPN_BLOCK
    leaving = child.spec(link_of(method=Method.VPN), PEERING_PAIRS, {PEERING_PAIRS: {"peering": TRANSIT}})
    assert leaving["peering"]["vnet1"]["allowGatewayTransit"] is True
