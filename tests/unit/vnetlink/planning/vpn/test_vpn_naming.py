"""Which gateway, addresses and connection a side has or gets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from properties.vpn_azure_model import address_id, gateway_id, link_id, vnet_id
from properties.vpn_turns import FOUND, MADE, pair_of, two_vnets
from vnetlink.domain.arm_id import ConnectionId, GatewayId, PublicIpId, VnetId
from vnetlink.domain.observed import ListedConnection, ObservedGateway
from vnetlink.domain.outcome import Absent, Present, Seen, Unreadable
from vnetlink.domain.ownership import Origin, Part, Role, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import End, VpnConnectionPair
from vnetlink.domain.vpn import VNET2VNET, GatewayCreation, WantedVpnSide
from vnetlink.planning.vpn import naming

ONE, TWO, THREE = gateway_id("gw-one"), gateway_id("gw-two"), gateway_id("gw-three")
UNREAD = Unreadable(Reason.AZURE_UNREACHABLE, "no answer", transient=True)
AZURE = two_vnets().with_gateway("gw-one", vnet_id("one")).with_gateway("gw-two", vnet_id("two"))
HERE = AZURE.vnets[vnet_id("one")]
EMPTY = two_vnets().vnets[vnet_id("one")]


def recorded(pair: VpnConnectionPair, role: Role, id: GatewayId | PublicIpId | ConnectionId) -> VpnConnectionPair:
    return replace(pair, record=pair.record.with_part(Slot(Side.VNET1, role), Part(id, Origin.CREATED)))


def chosen(pair: VpnConnectionPair, seen: dict[GatewayId, Seen[ObservedGateway]], vnet=HERE) -> GatewayId | None:  # type: ignore[no-untyped-def]
    return naming.chosen_gateway(pair, Side.VNET1, vnet, seen)


def there(id: GatewayId, kind: str = "Vpn") -> Present[ObservedGateway]:
    return Present(replace(AZURE.gateways[ONE], id=id, gateway_type=kind))


@pytest.mark.parametrize(
    ("pair", "seen", "vnet", "choice"),
    [
        (pair_of(WantedVpnSide(gateway=THREE)), {ONE: there(ONE), THREE: Absent()}, HERE, THREE),
        (recorded(pair_of(FOUND), Role.GATEWAY, THREE), {THREE: there(THREE), ONE: there(ONE)}, HERE, THREE),
        (recorded(pair_of(FOUND), Role.GATEWAY, THREE), {THREE: Absent(), ONE: there(ONE)}, HERE, ONE),
        (pair_of(FOUND), {ONE: there(ONE)}, HERE, ONE),
        (pair_of(FOUND), {ONE: there(ONE, "ExpressRoute")}, HERE, ONE),
        (pair_of(FOUND), {ONE: UNREAD}, HERE, ONE),
        (pair_of(FOUND), {ONE: Absent()}, EMPTY, None),
        (pair_of(MADE), {}, EMPTY, gateway_id("one-gateway")),
        (recorded(pair_of(MADE), Role.GATEWAY, THREE), {THREE: Absent()}, EMPTY, THREE),
    ],
    ids=[
        "named, even when it is not there",
        "recorded",
        "recorded and gone: the one that lives there",
        "lives in GatewaySubnet",
        "of another type, when there is no other",
        "lives there and cannot be read",
        "none, and none to be made",
        "to be made",
        "made once and gone: made again under its name",
    ],
)
def test_a_side_has_the_gateway(pair, seen, vnet, choice) -> None:  # type: ignore[no-untyped-def]
    assert chosen(pair, seen, vnet) == choice


def test_of_two_gateways_in_the_subnet_the_vpn_one_is_chosen() -> None:
    uses = (f"{THREE}/ipConfigurations/x", f"{ONE}/ipConfigurations/x")
    subnet = replace(HERE.subnets[0], used_by=uses)
    seen: dict[GatewayId, Seen[ObservedGateway]] = {THREE: there(THREE, "ExpressRoute"), ONE: there(ONE)}
    assert chosen(pair_of(FOUND), seen, replace(HERE, subnets=(subnet,))) == ONE


def test_what_may_be_the_gateway_is_read_each_once() -> None:
    pair = recorded(pair_of(MADE), Role.GATEWAY, ONE)
    assert naming.candidates(pair, Side.VNET1, HERE) == (ONE, gateway_id("one-gateway"))
    assert naming.candidates(pair, Side.VNET1, None) == (ONE, gateway_id("one-gateway"))


@pytest.mark.parametrize(
    ("creation", "kept", "ids"),
    [
        (GatewayCreation(), (), ("gw-one-ip",)),
        (GatewayCreation(public_ips=(None, None)), (), ("gw-one-ip", "gw-one-ip2")),
        (GatewayCreation(public_ips=(address_id("mine"), None)), (), ("mine", "gw-one-ip2")),
        (GatewayCreation(), ("kept",), ("kept",)),
        (GatewayCreation(public_ips=(address_id("mine"),)), ("kept",), ("kept",)),
        (GatewayCreation(), ("kept", "inherited"), ("kept", "inherited")),
        (None, ("kept", "inherited"), ("kept", "inherited")),
        (None, (), ()),
    ],
)
def test_addresses_are_recorded_named_or_called_after_the_gateway(
    creation: GatewayCreation | None, kept: tuple[str, ...], ids: tuple[str, ...]
) -> None:
    pair = pair_of(WantedVpnSide(creation=creation))
    for role, name in zip((Role.PUBLIC_IP, Role.PUBLIC_IP_2), kept, strict=False):
        pair = recorded(pair, role, address_id(name))
    assert naming.address_ids(pair, Side.VNET1, ONE) == tuple(address_id(name) for name in ids)


def listed(name: str, far: GatewayId = TWO) -> ListedConnection:
    return ListedConnection(link_id(name), VNET2VNET, ONE, far)


@pytest.mark.parametrize(
    ("record", "named", "there", "name"),
    [
        (None, None, (), "one-two"),
        (None, None, (listed("theirs"),), "theirs"),
        (None, None, (listed("elsewhere", THREE),), "one-two"),
        (None, "named", (), "named"),
        (None, "named", (listed("theirs"),), "theirs"),
        (None, "named", (listed("theirs"), listed("named")), "named"),
        ("ours", "named", (), "ours"),
        ("ours", None, (listed("theirs"), listed("ours")), "ours"),
        ("ours", None, (listed("theirs"),), "theirs"),
    ],
)
def test_a_connection_is_found_by_where_it_leads_before_it_is_named(
    record: str | None, named: str | None, there: tuple[ListedConnection, ...], name: str
) -> None:
    pair = pair_of(WantedVpnSide(connection=link_id(named) if named else None))
    pair = recorded(pair, Role.LINK, link_id(record)) if record else pair
    assert naming.connection_id(pair, Side.VNET1, ONE, TWO, there) == link_id(name)


def test_a_default_name_that_leads_elsewhere_or_is_too_long_gets_a_hash_of_where_it_leads() -> None:
    taken = naming.connection_id(pair_of(), Side.VNET1, ONE, TWO, (listed("one-two", THREE),))
    assert taken is not None
    assert taken.name.startswith("one-two-")
    assert len(taken.name) == len("one-two-") + 8

    ends = PerSide(*(End(VnetId(ONE.subscription, "rg", letter * 60)) for letter in "ab"))
    long = replace(pair_of(), spec=replace(pair_of().spec, ends=ends))
    id = naming.connection_id(long, Side.VNET1, ONE, TWO, ())
    assert id is not None
    assert len(id.name) == naming.LONGEST


def test_without_a_gateway_there_is_no_connection_to_speak_of() -> None:
    assert naming.connection_id(pair_of(), Side.VNET1, None, TWO, ()) is None
