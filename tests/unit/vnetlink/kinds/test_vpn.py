"""What a turn of a VpnConnectionPair asks of Azure and of Kubernetes, and what it leaves out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ports_in_memory import NOW, OPERATOR, Outside
from vnetlink.domain.arm_id import ArmId, ConnectionId, GatewayId, PublicIpId, VnetId
from vnetlink.domain.observed import (
    ListedConnection,
    ObservedConnection,
    ObservedGateway,
    ObservedSubnet,
    ObservedVnet,
    Provisioning,
)
from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.ownership import Origin, OwnershipRecord, Part, Role, Rotation, Slot
from vnetlink.domain.reasons import Reason
from vnetlink.domain.secrets import ObservedSecret
from vnetlink.domain.shared_key import CheckedKey, SharedKey
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import End, ObjectKey, ObjectMeta, VpnConnectionPair, VpnConnectionPairSpec
from vnetlink.domain.vpn import ConnectionOptions, GatewayCreation, SecretKeyRef, WantedSharedKey, WantedVpnSide
from vnetlink.kinds.vpn import VPN
from vnetlink.kube.decode import decode
from vnetlink.memory import Memories
from vnetlink.planning.ages import Ages
from vnetlink.planning.vpn.world import VpnWorld

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network"
ONE, TWO = (VnetId.parse(f"{GROUP}/virtualNetworks/{name}") for name in ("one", "two"))
GW1, GW2 = (GatewayId.parse(f"{GROUP}/virtualNetworkGateways/{name}-gateway") for name in ("one", "two"))
THERE, BACK = (ConnectionId.parse(f"{GROUP}/connections/{name}") for name in ("one-two", "two-one"))
CALM, FRESH = 30.0, 1.0
META = ObjectMeta(ObjectKey("vpnconnectionpairs", "team", "vpn"), "u", 1, "1", NOW, finalizer=True)
KEY = SharedKey("aUsableKey4Tests")


CREATION = GatewayCreation()


def pair(creation: GatewayCreation | None = CREATION, **changes: Any) -> VpnConnectionPair:
    side = WantedVpnSide(creation=creation)
    spec = VpnConnectionPairSpec(
        PerSide(End(ONE), End(TWO)), PerSide(side, side), WantedSharedKey(SecretKeyRef("vpn")), ConnectionOptions()
    )
    made = VpnConnectionPair(META, spec, OwnershipRecord("here", "team/vpn"))
    return replace(made, **changes)


def vnet(id: VnetId, gateway: GatewayId | None = None) -> ObservedVnet:
    used = (f"{gateway}/ipConfigurations/default",) if gateway else ()
    subnet = ObservedSubnet("GatewaySubnet", ("10.0.0.0/27",), used_by=used)
    return ObservedVnet(id, "westeurope", ("10.0.0.0/16",), Provisioning.SUCCEEDED, subnets=(subnet,))


def gateway(id: GatewayId, provisioning: Provisioning = Provisioning.SUCCEEDED, asn: int = 65515) -> ObservedGateway:
    return ObservedGateway(
        id, "westeurope", provisioning, "Vpn", "RouteBased", "VpnGw1AZ", "Generation1", False, False, asn
    )


def connection(id: ConnectionId, near: GatewayId, far: GatewayId, status: str = "Connected") -> ObservedConnection:
    return ObservedConnection(
        id, "westeurope", Provisioning.SUCCEEDED, "Vnet2Vnet", near, far, ConnectionOptions(), status
    )


def nothing() -> Outside:
    """Two VNets without gateways."""
    outside = Outside()
    outside.cloud.there |= {ONE: replace(vnet(ONE), subnets=()), TWO: replace(vnet(TWO), subnets=())}
    return outside


def connected(status: str = "Connected") -> Outside:
    """Everything stands, and both ends have the key of the Secret."""
    outside = Outside()
    there: dict[ArmId, object] = {ONE: vnet(ONE, GW1), TWO: vnet(TWO, GW2), GW1: gateway(GW1), GW2: gateway(GW2)}
    there |= {THERE: connection(THERE, GW1, GW2, status), BACK: connection(BACK, GW2, GW1, status)}
    outside.cloud.there |= there
    outside.cloud.listed = {
        GW1: (ListedConnection(THERE, "Vnet2Vnet", GW1, GW2),),
        GW2: (ListedConnection(BACK, "Vnet2Vnet", GW2, GW1),),
    }
    outside.cloud.keys = {THERE: Present(KEY), BACK: Present(KEY)}
    outside.vault.secret = Present(ObservedSecret("1", True, CheckedKey(KEY)))
    return outside


async def read(outside: Outside, of: VpnConnectionPair, exact: frozenset[str] = frozenset()) -> VpnWorld:
    memory = Memories().of(of.meta, outside.seconds)
    return await VPN.read(outside.ports, of, PerSide(OPERATOR, OPERATOR), memory, Ages(timedelta(seconds=CALM), exact))


async def test_at_rest_everything_is_read_once_and_nothing_that_nobody_needs() -> None:
    outside = connected()
    world = await read(outside, pair(None))
    assert sorted(outside.cloud.asked) == [
        (what, CALM)
        for what in (
            *("connections of one-gateway", "connections of two-gateway", "key of one-two", "key of two-one"),
            *("one", "one-gateway", "one-two", "two", "two-gateway", "two-one"),
        )
    ]
    assert outside.diary == ["read secret"], "no rights are asked for"
    assert (world.manages_secrets, world.asked_for_secrets) == (False, False)
    assert [side.connection_id for side in world.sides] == [THERE, BACK]


async def test_from_nothing_addresses_and_zones_are_read_and_no_key() -> None:
    outside = nothing()
    world = await read(outside, pair())
    asked = {what for what, _ in outside.cloud.asked}
    assert asked >= {"one-gateway", "two-gateway", "one-gateway-ip", "two-gateway-ip", "zones of westeurope"}
    assert not [what for what in asked if what.startswith(("key", "connections of"))]
    assert [side.gateway_id for side in world.sides] == [GW1, GW2]
    assert world.sides.vnet1.zones == Present(("1",))


async def test_what_is_in_motion_is_read_again_afresh_and_nothing_else_is() -> None:
    outside = connected("Connecting")
    outside.cloud.there[GW2] = gateway(GW2, Provisioning.UPDATING)
    await read(outside, pair(None))
    again = {what for what, age in outside.cloud.asked if age == FRESH}
    assert again == {"two-gateway", "one-two", "two-one"}


async def test_what_a_write_concerns_is_read_afresh() -> None:
    outside = connected()
    await read(outside, pair(None), frozenset({THERE.key, ONE.key, TWO.key}))
    assert {what for what, age in outside.cloud.asked if age == FRESH} == {"one", "two", "one-two", "key of one-two"}


async def test_while_a_key_is_on_its_way_nothing_old_counts() -> None:
    outside, rotating = connected(), pair(None)
    rotating = replace(rotating, record=replace(rotating.record, rotation=Rotation("2", "2026-01-01T00:00:00Z")))
    world = await read(outside, rotating)
    assert {age for _, age in outside.cloud.asked} == {FRESH}
    assert world.asked_for_secrets


async def test_a_gateway_that_is_being_made_is_not_asked_for_connections() -> None:
    outside = connected()
    outside.cloud.there[GW1] = gateway(GW1, Provisioning.UPDATING, asn=0)
    world = await read(outside, pair())
    assert "connections of one-gateway" not in [what for what, _ in outside.cloud.asked]
    assert world.sides.vnet1.connections == Present(())


@pytest.mark.parametrize("theirs", [Present(SharedKey("another")), Unreadable(Reason.AUTHORIZATION_FAILED, "", False)])
async def test_rights_on_secrets_are_asked_for_when_a_key_is_about_to_be_set(theirs: Any) -> None:
    outside, of = connected(), pair(None)
    of = replace(of, record=of.record.with_part(Slot(Side.VNET2), Part(BACK, Origin.ADOPTED, key_version="0")))
    outside.cloud.keys[BACK] = theirs
    world = await read(outside, of)
    assert (world.manages_secrets, world.asked_for_secrets) == (True, True)


async def test_a_gateway_nobody_could_look_for_is_not_absent() -> None:
    outside = connected()
    outside.cloud.there[ONE] = Unreadable(Reason.AUTHORIZATION_FAILED, "403", False)
    world = await read(outside, pair(None))
    assert isinstance(world.sides.vnet1.gateway, Unreadable)
    assert isinstance(world.sides.vnet1.connections, Unreadable)


async def test_another_gateway_in_the_vnet_is_told_while_the_named_one_is_not_there() -> None:
    outside, named = connected(), GatewayId.parse(f"{GROUP}/virtualNetworkGateways/named")
    of = pair()
    side = WantedVpnSide(gateway=named, creation=GatewayCreation())
    world = await read(outside, replace(of, spec=replace(of.spec, vpn=PerSide(side, of.spec.vpn.vnet2))))
    assert (world.sides.vnet1.gateway, world.sides.vnet1.rivals) == (Absent(), (GW1,))
    assert world.sides.vnet2.rivals == ()


# -- deletion


def going() -> VpnConnectionPair:
    of = pair()
    record = of.record.with_part(Slot(Side.VNET1, Role.GATEWAY), Part(GW1, Origin.CREATED))
    record = record.with_part(
        Slot(Side.VNET1, Role.PUBLIC_IP), Part(PublicIpId.parse(f"{GROUP}/publicIPAddresses/ip"), Origin.CREATED)
    )
    return replace(of, meta=replace(META, deleting=True), record=record)


def other(
    name: str, created: str = "2026-01-02", gateway1: dict[str, Any] | None = None, **spec: Any
) -> dict[str, Any]:
    return {
        "kind": "VpnConnectionPair",
        "metadata": {
            "namespace": "team",
            "name": name,
            "uid": name,
            "resourceVersion": "1",
            "creationTimestamp": f"{created}T00:00:00Z",
        },
        "spec": {
            "vnet1": {"id": str(ONE)},
            "vnet2": {"id": f"{GROUP}/virtualNetworks/{name}"},
            "vpn": {
                "vnet1": {"gateway": gateway1 or {}},
                "vnet2": {"gateway": {}},
                "sharedKey": {"secretRef": {"name": "k"}},
            },
            **spec,
        },
    }


def apply(outside: Outside, *bodies: dict[str, Any]) -> None:
    for body in bodies:
        outside.server.put("vpnconnectionpairs", body)
        outside.claims.update(decode(body, "here"))


async def heirs(outside: Outside, of: VpnConnectionPair) -> list[str]:
    return [side.heir for side in (await read(outside, of)).sides]


async def test_a_deletion_reads_everything_afresh_and_no_secret() -> None:
    outside = connected()
    world = await read(outside, going())
    assert {age for _, age in outside.cloud.asked} == {FRESH}
    assert (world.secret, world.sides.vnet1.key, outside.diary) == (None, None, [])
    assert [id.name for id, _ in world.sides.vnet1.addresses] == ["ip"]


async def test_the_oldest_other_object_at_our_gateway_inherits_it() -> None:
    outside = connected()
    apply(
        outside,
        other("suspended", "2025-01-01", suspend=True),
        other("elsewhere", "2025-01-02", {"id": f"{GROUP}/virtualNetworkGateways/named"}),
        other("younger", "2026-01-03"),
        other("older", "2026-01-02"),
    )
    assert await heirs(outside, going()) == ["here/VpnConnectionPair/team/older", ""]
    assert await heirs(outside, pair()) == ["", ""], "asked for only in a deletion"


async def test_a_claim_whose_object_is_gone_or_going_inherits_nothing() -> None:
    outside = connected()
    apply(outside, other("gone"), other("going"))
    for name in ("gone", "going"):
        path = f"/apis/vnetlink.dev/v1alpha1/namespaces/team/vpnconnectionpairs/{name}"
        body = outside.server.bodies.pop(path)
        if name == "going":
            metadata = {**body["metadata"], "deletionTimestamp": "2026-01-05T00:00:00Z"}
            outside.server.bodies[path] = {**body, "metadata": metadata}
    assert await heirs(outside, going()) == ["", ""]


async def test_while_nobody_knows_whether_there_is_an_heir_the_gateway_cannot_be_judged() -> None:
    outside = connected()
    apply(outside, other("older"))
    outside.server.unreadable.add("/apis/vnetlink.dev/v1alpha1/namespaces/team/vpnconnectionpairs/older")
    assert isinstance((await read(outside, going())).sides.vnet1.gateway, Unreadable)
