"""ARM's JSON read tolerantly and written back without loss."""

from typing import Any

import pytest

from vnetlink.azure import codecs
from vnetlink.azure.shapes import Unintelligible
from vnetlink.domain.arm_id import PeeringId, VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedSubnet, PeeringState, Provisioning, SyncLevel
from vnetlink.domain.ownership import Slot
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.sides import Side
from vnetlink.domain.vnet_link import VnetCreation
from vnetlink.planning.actions import ChangePrefixes, PutPeering, PutVnet

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
HUB, SPOKE = (VnetId(SUBSCRIPTION, "net", name) for name in ("hub", "spoke"))


def shown_peering(**changes: Any) -> dict[str, Any]:
    properties = {
        "provisioningState": "Succeeded",
        "resourceGuid": "5",
        "peeringState": "Connected",
        "peeringSyncLevel": "FullyInSync",
        "remoteVirtualNetwork": {"id": str(SPOKE)},
        "allowVirtualNetworkAccess": True,
        "allowForwardedTraffic": True,
        "allowGatewayTransit": False,
        "useRemoteGateways": False,
        "doNotVerifyRemoteGateways": False,
        "peerCompleteVnets": True,
        "remoteAddressSpace": {"addressPrefixes": ["10.2.0.0/16"]},
        "remoteVirtualNetworkAddressSpace": {"addressPrefixes": ["10.2.0.0/16", "10.3.0.0/16"]},
        "routeServiceVips": {},
    } | changes
    return {"id": f"{HUB}/virtualNetworkPeerings/to-spoke", "name": "to-spoke", "etag": "e1", "properties": properties}


def shown_vnet(*peerings: object, **changes: Any) -> dict[str, Any]:
    properties = {
        "provisioningState": "Succeeded",
        "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
        "subnets": [
            {"name": "default", "properties": {"addressPrefix": "10.1.0.0/24"}},
            {"name": "dual", "properties": {"addressPrefixes": ["10.1.1.0/24", "fd00::/64"]}},
        ],
        "virtualNetworkPeerings": list(peerings),
    } | changes
    return {"id": str(HUB), "name": "hub", "etag": "e1", "location": "westeurope", "properties": properties}


def only_peering(**changes: Any) -> Any:
    (peering,) = codecs.vnet(shown_vnet(shown_peering(**changes)), HUB).peerings
    return peering


def put(options: PeeringOptions, creates: bool = False) -> PutPeering:
    return PutPeering(Side.VNET1, PeeringId(HUB, "to-spoke"), SPOKE, options, creates, False, Identity("operator", "t"))


def test_a_vnet_is_read_with_prefixes_subnets_and_etag() -> None:
    vnet = codecs.vnet(shown_vnet(), HUB)
    assert (vnet.id, vnet.location, vnet.prefixes, vnet.etag) == (HUB, "westeurope", ("10.1.0.0/16",), "e1")
    assert vnet.subnets == (
        ObservedSubnet("default", ("10.1.0.0/24",)),
        ObservedSubnet("dual", ("10.1.1.0/24", "fd00::/64")),
    )
    assert vnet.provisioning is Provisioning.SUCCEEDED
    assert not vnet.has_gateway


def test_a_peering_is_read_with_state_options_and_the_copied_prefixes() -> None:
    peering = only_peering()
    assert (peering.id, peering.remote) == (PeeringId(HUB, "to-spoke"), SPOKE)
    assert (peering.state, peering.sync_level) == (PeeringState.CONNECTED, SyncLevel.FULLY_IN_SYNC)
    assert peering.options == PeeringOptions(allow_forwarded_traffic=True)
    assert peering.remote_prefixes == ("10.2.0.0/16",)


def test_ids_in_any_casing_are_the_same_vnet() -> None:
    document = shown_vnet(shown_peering(remoteVirtualNetwork={"id": str(SPOKE).upper()}))
    document["id"] = str(HUB).replace("resourceGroups", "resourcegroups").upper()
    assert codecs.vnet(document, HUB).peering_to(SPOKE) is not None


@pytest.mark.parametrize(
    ("said", "folded"),
    [
        ("Succeeded", Provisioning.SUCCEEDED),
        ("Updating", Provisioning.UPDATING),
        ("Creating", Provisioning.UPDATING),
        ("Deleting", Provisioning.DELETING),
        ("Failed", Provisioning.FAILED),
        ("Canceled", Provisioning.FAILED),
        ("Levitating", Provisioning.UPDATING),
        (None, Provisioning.SUCCEEDED),
    ],
)
def test_a_provisioning_state_that_nobody_knows_counts_as_running(said: str | None, folded: Provisioning) -> None:
    assert only_peering(provisioningState=said).provisioning is folded
    assert codecs.vnet(shown_vnet(provisioningState=said), HUB).provisioning is folded


def test_a_peering_state_that_nobody_knows_keeps_hands_off() -> None:
    assert only_peering(peeringState="Entangled").provisioning.busy


def test_an_unknown_or_missing_sync_level_is_no_reason_to_sync() -> None:
    assert only_peering(peeringSyncLevel="Somehow").sync_level is SyncLevel.FULLY_IN_SYNC
    assert only_peering(peeringSyncLevel=None).sync_level is SyncLevel.FULLY_IN_SYNC
    assert only_peering(peeringSyncLevel="LocalNotInSync").sync_level is SyncLevel.LOCAL_NOT_IN_SYNC


@pytest.mark.parametrize(
    "peerings",
    [
        None,
        {},
        "x",
        [None],
        ["x"],
        [{"name": "to-spoke"}],
        *([shown_peering(remoteVirtualNetwork=remote)] for remote in (None, {}, {"id": None}, {"id": 5}, "x")),
    ],
)
def test_an_answer_that_does_not_tell_all_peerings_is_no_proof_that_ours_is_gone(peerings: object) -> None:
    with pytest.raises(Unintelligible):
        codecs.vnet(shown_vnet(virtualNetworkPeerings=peerings), HUB)


@pytest.mark.parametrize("remote", [{"id": "nonsense"}, {"id": f"{SPOKE}/subnets/x"}])
def test_a_peering_to_what_is_no_vnet_is_left_out(remote: object) -> None:
    assert codecs.vnet(shown_vnet(shown_peering(remoteVirtualNetwork=remote), shown_peering()), HUB).peerings == (
        only_peering(),
    )


def test_options_that_arm_leaves_out_have_their_defaults() -> None:
    assert only_peering(peerCompleteVnets=None, allowVirtualNetworkAccess=None).options.peer_complete_vnets
    assert only_peering(allowVirtualNetworkAccess=None).options.allow_virtual_network_access


@pytest.mark.parametrize(
    ("subnet", "gateway"),
    [
        ({"name": "GatewaySubnet", "properties": {"ipConfigurations": [{"id": "x"}]}}, True),
        ({"name": "gatewaysubnet", "properties": {"ipConfigurations": [{"id": "x"}]}}, True),
        ({"name": "RouteServerSubnet", "properties": {"ipConfigurations": [{"id": "x"}]}}, True),
        ({"name": "GatewaySubnet", "properties": {"ipConfigurations": []}}, False),
        ({"name": "GatewaySubnet", "properties": {}}, False),
        ({"name": "default", "properties": {"ipConfigurations": [{"id": "x"}]}}, False),
    ],
)
def test_a_gateway_is_seen_by_the_use_of_its_subnet(subnet: dict[str, Any], gateway: bool) -> None:
    assert codecs.vnet(shown_vnet(subnets=[subnet]), HUB).has_gateway is gateway


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"id": str(HUB)},
        {"id": str(HUB), "properties": None},
        {"id": str(SPOKE), "properties": {}},
        {"properties": {}},
        {"id": 7, "properties": {}},
    ],
)
def test_an_answer_about_something_else_is_unintelligible(document: dict[str, Any]) -> None:
    with pytest.raises(Unintelligible):
        codecs.vnet(document, HUB)


def test_odd_shapes_inside_a_vnet_are_passed_over() -> None:
    vnet = codecs.vnet(shown_vnet(subnets={"a": 1}, addressSpace=[]), HUB)
    assert (vnet.peerings, vnet.subnets, vnet.prefixes) == ((), (), ())


def test_a_new_peering_is_asked_for_with_what_is_wanted_and_nothing_else() -> None:
    assert codecs.peering_body(put(PeeringOptions(), creates=True), None) == {
        "properties": {
            "remoteVirtualNetwork": {"id": str(SPOKE)},
            "allowVirtualNetworkAccess": True,
            "allowForwardedTraffic": False,
            "allowGatewayTransit": False,
            "useRemoteGateways": False,
        }
    }


def test_subnet_peering_is_asked_for_with_its_subnets() -> None:
    options = PeeringOptions(peer_complete_vnets=False, local_subnet_names=("a",), remote_subnet_names=("b", "c"))
    properties = codecs.peering_body(put(options, creates=True), None)["properties"]
    assert properties["peerCompleteVnets"] is False
    assert (properties["localSubnetNames"], properties["remoteSubnetNames"]) == (["a"], ["b", "c"])


def test_an_update_carries_along_what_arm_showed_known_to_us_or_not() -> None:
    shown = shown_peering(doNotVerifyRemoteGateways=True, inventedIn2030={"x": 1})
    body = codecs.peering_body(put(PeeringOptions(allow_gateway_transit=True)), shown)
    assert body["properties"]["doNotVerifyRemoteGateways"] is True
    assert body["properties"]["inventedIn2030"] == {"x": 1}
    assert body["properties"]["allowGatewayTransit"] is True
    assert body["properties"]["allowForwardedTraffic"] is False
    assert not {"provisioningState", "resourceGuid", "routeServiceVips"} & set(body["properties"])


def test_an_update_back_to_whole_vnets_clears_the_subnets() -> None:
    shown = shown_peering(peerCompleteVnets=False, localSubnetNames=["a"], remoteSubnetNames=["b"])
    properties = codecs.peering_body(put(PeeringOptions()), shown)["properties"]
    assert (properties["peerCompleteVnets"], properties["localSubnetNames"]) == (True, [])


def test_what_was_read_is_not_changed_by_writing() -> None:
    shown = shown_peering()
    codecs.peering_body(put(PeeringOptions(allow_gateway_transit=True)), shown)
    assert shown == shown_peering()


def test_options_survive_the_way_out_and_back() -> None:
    options = PeeringOptions(False, True, True, True, False, ("a",), ("b",), True)
    body = codecs.peering_body(put(options, creates=True), None)
    body["properties"]["peeringState"] = "Connected"
    (peering,) = codecs.vnet(shown_vnet({"name": "to-spoke", **body}), HUB).peerings
    assert peering.options == options


def test_a_vnet_is_read_with_its_tags() -> None:
    assert codecs.vnet({**shown_vnet(), "tags": {"b": "2", "a": "1"}}, HUB).tags == (("a", "1"), ("b", "2"))
    assert codecs.vnet(shown_vnet(), HUB).tags == ()


def test_a_new_vnet_is_asked_for_with_space_subnets_and_tags() -> None:
    creation = VnetCreation("westeurope", ("10.1.0.0/16",), (("app", "10.1.0.0/24"),), tags=(("theirs", "not these"),))
    action = PutVnet(Slot(Side.VNET1), HUB, creation, (("a", "1"),), Identity("operator", "t"))
    assert codecs.vnet_body(action) == {
        "location": "westeurope",
        "tags": {"a": "1"},
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
            "subnets": [{"name": "app", "properties": {"addressPrefix": "10.1.0.0/24"}}],
        },
    }


def test_another_address_space_changes_nothing_else_and_names_no_other_vnet() -> None:
    inner = {"dhcpOptions": {"dnsServers": ["10.1.0.4"]}, "flowTimeoutInMinutes": 7, "newToUs": {"deep": [1]}}
    space = {"addressPrefixes": ["10.1.0.0/16"], "ipamPoolPrefixAllocations": []}
    shown = {**shown_vnet(shown_peering(), addressSpace=space, **inner), "tags": {"a": "1"}, "extendedLocation": {}}
    action = ChangePrefixes(Slot(Side.VNET1), HUB, ("10.1.0.0/16", "10.9.0.0/16"), Identity("operator", "t"))
    body = codecs.prefixes_body(action, shown)
    assert body["properties"]["addressSpace"] == {**space, "addressPrefixes": ["10.1.0.0/16", "10.9.0.0/16"]}
    assert body["properties"]["subnets"] == shown["properties"]["subnets"]
    assert {name: body["properties"][name] for name in inner} == inner
    assert {name: body[name] for name in ("location", "tags", "extendedLocation")} == {
        name: shown[name] for name in ("location", "tags", "extendedLocation")
    }
    assert str(SPOKE) not in str(body)
    assert "provisioningState" not in body["properties"]
    assert space["addressPrefixes"] == ["10.1.0.0/16"]
