"""Gateways that are there are selected, shared and left alone; what a connection can be asked for reaches both ends."""

from __future__ import annotations

from typing import Any

import pytest

from armsim_process import SUBSCRIPTION_2
from estate import eventually
from interruptions import own, taken
from vpn_estate import KEY, VpnEstate
from vpn_scenes import PAIR, made, properties, ready, rest, unchanged

FOUND: dict[str, Any] = {"gateway": {}}
POLICY = {
    "saLifeTimeSeconds": 27000,
    "saDataSizeKilobytes": 102400000,
    "ipsecEncryption": "GCMAES256",
    "ipsecIntegrity": "GCMAES256",
    "ikeEncryption": "AES256",
    "ikeIntegrity": "SHA384",
    "dhGroup": "DHGroup24",
    "pfsGroup": "PFS24",
}


def standing(vpn: VpnEstate, name: str, space: str, *, gateway: str = "", **where: Any) -> str:
    """A VNet with a gateway that somebody made; returns the VNet's id."""
    network = space.rpartition(".0.0/")[0]
    vnet = vpn.azure.vnet(name, space, subnets={"GatewaySubnet": f"{network}.255.0/27"}, **where)
    vpn.azure.gateway(vnet, gateway or f"{name}-gw")
    return vnet


def around(vpn: VpnEstate, vnet: str, gateway: str) -> dict[str, Any]:
    """Gateway, address and subnet as ARM shows them."""
    net = vnet.partition("/virtualNetworks/")[0]
    return {
        "gateway": vpn.azure.get(f"{net}/virtualNetworkGateways/{gateway}"),
        "address": vpn.azure.get(f"{net}/publicIPAddresses/{gateway}-ip"),
        "subnet": vpn.azure.get(f"{vnet}/subnets/GatewaySubnet"),
    }


def both(vpn: VpnEstate, *names: str) -> list[dict[str, Any]]:
    """The properties of the connections app-data and data-app."""
    return [properties(vpn, "connections", name) for name in names or ("app-data", "data-app")]


def test_gateways_that_are_there_are_used_by_id_or_found_and_not_touched(vpn: VpnEstate) -> None:
    app, data = standing(vpn, "app", "10.1.0.0/16"), standing(vpn, "data", "10.2.0.0/16")
    before = around(vpn, app, "app-gw"), around(vpn, data, "data-gw")
    ready(vpn, PAIR, app, data, side1={"gateway": {"id": before[0]["gateway"]["id"]}}, side2=FOUND)

    assert sorted(taken(vpn)) == ["PUT app-data", "PUT data-app"]
    assert unchanged(before, (around(vpn, app, "app-gw"), around(vpn, data, "data-gw")))
    kept = {one["id"]: (one["origin"], one["onDelete"]) for one in vpn.status(PAIR)["resources"]}
    assert [kept[one["gateway"]["id"]] for one in before] == [("Selected", "Keep")] * 2
    vpn.delete(PAIR)
    assert vpn.names("connections") == []
    assert unchanged(before, (around(vpn, app, "app-gw"), around(vpn, data, "data-gw")))


def test_create_makes_nothing_where_a_gateway_stands_already(vpn: VpnEstate) -> None:
    app, data = standing(vpn, "app", "10.1.0.0/16"), standing(vpn, "data", "10.2.0.0/16")
    ready(vpn, PAIR, app, data)
    assert sorted(taken(vpn)) == ["PUT app-data", "PUT data-app"]
    assert vpn.status(PAIR)["vnet1"]["gateway"]["origin"] == "Selected"


def test_without_create_a_missing_gateway_is_named_and_made_as_soon_as_it_is_asked_for(vpn: VpnEstate) -> None:
    ends = vpn.two_vnets()
    vpn.secret()
    vpn.start()
    vpn.vpn(PAIR, *ends, side1=FOUND, side2=FOUND)
    message = vpn.wait_reason(PAIR, "GatewayMissing")["message"]
    assert message.startswith(f"VNet {ends[0]} has no VPN gateway, and spec.vpn.vnet1.gateway.create is not set")
    rest(vpn, "virtualNetworks/app")
    assert vpn.writes() == []

    vpn.patch(PAIR, vpn={side: {"gateway": {"create": {}}} for side in ("vnet1", "vnet2")})
    vpn.wait_ready(PAIR)


def test_a_hub_serves_three_spokes_with_the_gateway_that_one_object_made(vpn: VpnEstate) -> None:
    hub = vpn.azure.vnet("hub", "10.0.0.0/16")
    spokes = [vpn.azure.vnet(f"spoke{n}", f"10.{n}.0.0/16") for n in (1, 2, 3)]
    vpn.secret()
    vpn.start()
    for n, spoke in enumerate(spokes, 1):
        vpn.vpn(f"hub-to-spoke{n}", hub, spoke)
    for n in (1, 2, 3):
        vpn.wait_ready(f"hub-to-spoke{n}", within=60)

    assert vpn.names("virtualNetworkGateways") == ["hub-gateway", *(f"spoke{n}-gateway" for n in (1, 2, 3))]
    assert vpn.names("publicIPAddresses") == ["hub-gateway-ip", *(f"spoke{n}-gateway-ip" for n in (1, 2, 3))]
    pairs = sorted(name for n in (1, 2, 3) for name in (f"hub-spoke{n}", f"spoke{n}-hub"))
    assert vpn.names("connections") == pairs
    puts = [one for one in taken(vpn) if one in ("PUT hub-gateway", "PUT hub-gateway-ip")]
    assert sorted(puts) == ["PUT hub-gateway", "PUT hub-gateway-ip"], "one address and one gateway for all"
    origins = [vpn.status(f"hub-to-spoke{n}")["vnet1"]["gateway"]["origin"] for n in (1, 2, 3)]
    assert sorted(origins) == ["Created", "Selected", "Selected"]


def test_active_active_has_two_addresses_and_says_so(vpn: VpnEstate) -> None:
    create = {"gateway": {"create": {"sku": "VpnGw2AZ", "activeActive": True}}}
    ready(vpn, side1=create)

    gateway = properties(vpn, "virtualNetworkGateways", "app-gateway")
    used = [one["properties"]["publicIPAddress"]["id"].rpartition("/")[2] for one in gateway["ipConfigurations"]]
    assert (gateway["activeActive"], gateway["sku"]["name"], used) == (
        True,
        "VpnGw2AZ",
        ["app-gateway-ip", "app-gateway-ip2"],
    )
    assert vpn.names("publicIPAddresses") == ["app-gateway-ip", "app-gateway-ip2", "data-gateway-ip"]
    shown = vpn.status(PAIR)["vnet1"]["gateway"]
    assert (shown["activeActive"], len(shown["publicIPAddresses"])) == (True, 2)
    vpn.delete(PAIR)
    assert vpn.names("publicIPAddresses") == []


def test_bgp_runs_between_the_numbers_that_were_asked_for(vpn: VpnEstate) -> None:
    sides = {f"side{n}": {"gateway": {"create": {"asn": 65000 + 10 * n}}} for n in (1, 2)}
    ready(vpn, options={"enableBgp": True}, **sides)

    shown = [properties(vpn, "virtualNetworkGateways", f"{one}-gateway") for one in ("app", "data")]
    assert [(one["enableBgp"], one["bgpSettings"]["asn"]) for one in shown] == [(True, 65010), (True, 65020)]
    assert [one["enableBgp"] for one in both(vpn)] == [True, True]
    assert [vpn.status(PAIR)[side]["gateway"]["asn"] for side in ("vnet1", "vnet2")] == [65010, 65020]


def test_bgp_between_gateways_of_one_number_is_refused(vpn: VpnEstate) -> None:
    ends = standing(vpn, "app", "10.1.0.0/16"), standing(vpn, "data", "10.2.0.0/16")
    vpn.secret()
    vpn.start()
    vpn.vpn(PAIR, *ends, side1=FOUND, side2=FOUND, options={"enableBgp": True})
    message = vpn.wait_reason(PAIR, "EqualAsn")["message"]
    assert "Both gateways have the ASN 65515" in message
    assert vpn.writes() == []


def test_a_custom_policy_is_the_same_on_both_ends_and_the_rest_is_as_asked(vpn: VpnEstate) -> None:
    asked = {"ipsecPolicies": [POLICY], "routingWeight": 20, "dpdTimeoutSeconds": 30, "connectionMode": "InitiatorOnly"}
    ready(vpn, options=asked)

    one, two = both(vpn)
    assert one["ipsecPolicies"] == two["ipsecPolicies"] == [POLICY]
    assert (
        (one["routingWeight"], one["dpdTimeoutSeconds"]) == (two["routingWeight"], two["dpdTimeoutSeconds"]) == (20, 30)
    )
    assert (one["connectionMode"], two["connectionMode"]) == ("InitiatorOnly", "ResponderOnly"), (
        "one calls, one answers"
    )
    assert vpn.status(PAIR)["encryption"] == {"type": "IPsec", "protocol": "IKEv2", "policy": "Custom"}

    since = vpn.azure.last_request()
    vpn.patch(PAIR, vpn={"ipsecPolicies": [], "routingWeight": 5, "connectionMode": "Default"})
    eventually("the edit", lambda: all(one["ipsecPolicies"] == [] and one["routingWeight"] == 5 for one in both(vpn)))
    vpn.wait_ready(PAIR)
    assert [one["connectionMode"] for one in both(vpn)] == ["Default", "Default"]
    assert sorted(taken(vpn, since)) == ["PUT app-data", "PUT data-app"], "one write each"
    assert vpn.shared_key("app-data") == vpn.shared_key("data-app") == KEY, "and no key was lost on the way"


def test_ikev1_is_asked_for_on_both_ends(vpn: VpnEstate) -> None:
    ready(vpn, options={"connectionProtocol": "IKEv1"})
    assert [one["connectionProtocol"] for one in both(vpn)] == ["IKEv1", "IKEv1"]
    assert vpn.status(PAIR)["encryption"]["protocol"] == "IKEv1"


def test_ends_in_other_groups_regions_and_subscriptions_are_connected(vpn: VpnEstate) -> None:
    app = vpn.azure.vnet("app", "10.1.0.0/16", group="here")
    data = vpn.azure.vnet("data", "10.2.0.0/16", group="there", subscription=SUBSCRIPTION_2, location="northeurope")
    ready(vpn, PAIR, app, data)

    near, far = (vnet.partition("/virtualNetworks/")[0] for vnet in (app, data))
    for place, connection, gateway in ((near, "app-data", "app-gateway"), (far, "data-app", "data-gateway")):
        shown = vpn.azure.get(f"{place}/connections/{connection}")
        assert shown["properties"]["connectionStatus"] == "Connected"
        assert shown["properties"]["virtualNetworkGateway1"]["id"] == f"{place}/virtualNetworkGateways/{gateway}"
        assert shown["location"] == vpn.azure.get(f"{place}/virtualNetworkGateways/{gateway}")["location"]


def back(vpn: VpnEstate, near: str) -> str:
    """What the other side's owner makes: the connection from `near` to our gateway; returns its id."""
    return vpn.azure.connection("data-app", near, made(vpn, "virtualNetworkGateways", "app-gateway")["id"], KEY)


def _may_do_all_in_our_group_alone(vpn: VpnEstate) -> None:
    """And read the subscription's locations: an address is made in zones."""
    ours = {"scope": vpn.azure.group("rg"), "actions": ["*"]}
    places = {"scope": ours["scope"].rpartition("/resourceGroups/")[0], "actions": ["Microsoft.Resources/*"]}
    vpn.azure.roles({vpn.azure.env["AZURE_CLIENT_ID"]: [ours, places]})


@pytest.mark.parametrize("readable", [True, False])
def test_an_end_of_somebody_else_is_waited_for_with_the_command_and_never_written(
    vpn: VpnEstate, readable: bool
) -> None:
    app, data = vpn.azure.vnet("app", "10.1.0.0/16"), standing(vpn, "data", "10.2.0.0/16", group="theirs")
    gateway = f"{data.partition('/virtualNetworks/')[0]}/virtualNetworkGateways/data-gw"
    if not readable:
        _may_do_all_in_our_group_alone(vpn)
    vpn.secret()
    vpn.start()
    vpn.vpn(PAIR, app, data, side2={"gateway": {"id": gateway}}, end2={"managementPolicy": "Observe"})

    row = vpn.wait_reason(PAIR, "WaitingForOtherSide")
    assert row["status"] == "False"
    command = row["message"].partition("Its owner can run: ")[2]
    assert command.startswith("az network vpn-connection create")
    assert "--resource-group theirs --name data-app" in command
    assert f"--vnet-gateway1 {gateway} " in command
    assert vpn.condition(PAIR, "Reconciling")["status"] == "True"

    there = back(vpn, gateway)
    vpn.wait_ready(PAIR)
    assert [one for one in own(vpn) if one["method"] != "GET" and "/theirs/" in one["path"]] == []
    assert vpn.azure.get(there) is not None


def test_a_gateway_of_somebody_else_that_is_neither_named_nor_readable_is_asked_for(vpn: VpnEstate) -> None:
    app, data = vpn.azure.vnet("app", "10.1.0.0/16"), standing(vpn, "data", "10.2.0.0/16", group="theirs")
    _may_do_all_in_our_group_alone(vpn)
    vpn.secret()
    vpn.start()
    vpn.vpn(PAIR, app, data, side2=FOUND, end2={"managementPolicy": "Observe"})
    message = vpn.wait_reason(PAIR, "GatewayMissing")["message"]
    assert message.startswith(f"The gateway of VNet {data} is not named and cannot be looked for")
    assert "spec.vpn.vnet2.gateway.id" in message
    assert vpn.writes() == []


def test_observing_tells_what_would_be_made_and_billed_and_makes_nothing(vpn: VpnEstate) -> None:
    ends = vpn.two_vnets()
    vpn.secret()
    vpn.start()
    vpn.vpn(PAIR, *ends, managementPolicy="Observe")
    planned = eventually("the plan", lambda: vpn.status(PAIR).get("plannedActions"))

    bills = {(one["action"], one["id"].rpartition("/")[2]): one["billable"] for one in planned}
    for side in ("app", "data"):
        assert bills[("CreateSubnet", "GatewaySubnet")] is False
        assert bills[("CreatePublicIP", f"{side}-gateway-ip")] is True
        assert bills[("CreateGateway", f"{side}-gateway")] is True
    assert {action for action, _ in bills} == {"CreateSubnet", "CreatePublicIP", "CreateGateway", "CreateConnection"}
    rest(vpn, "virtualNetworks/app")
    assert vpn.writes() == []
    assert "finalizers" not in vpn.read(PAIR)["metadata"]
    vpn.delete(PAIR)
