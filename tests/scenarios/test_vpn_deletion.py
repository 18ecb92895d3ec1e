"""What goes and what stays in Azure when a VpnConnectionPair is deleted, and that every deletion ends."""

from __future__ import annotations

import pytest

from estate import eventually
from stories import annotate, owned, told
from vpn_by_hand import (
    MADE,
    PAIR,
    SELECT,
    by_hand,
    connect,
    connection,
    gateway,
    goes,
    network,
    origins,
    retag,
    there,
    tunnel,
)
from vpn_estate import VpnEstate

BILLED = {"app-gateway", "data-gateway", "app-gateway-ip", "data-gateway-ip"}
POLICIES = {
    "Orphan": ([], ["half", "app-data"]),
    "DeleteCreated": (["DELETE app-data"], ["half"]),
    "DeleteAll": (["DELETE app-data", "DELETE half"], []),
}


def left(vpn: VpnEstate, name: str, count: int) -> list[str]:
    """The notes of LeftInAzure, as soon as there are so many."""
    eventually(f"{count} times LeftInAzure", lambda: len(told(vpn, name, "LeftInAzure")) >= count)
    return told(vpn, name, "LeftInAzure")


def noted(notes: list[str], id: str) -> str:
    """The one note that says how to remove `id`."""
    (found,) = [note for note in notes if f"--ids {id}" in note]
    return found


# --- what goes


def test_all_that_the_object_made_goes_in_the_order_that_azure_asks_for(vpn: VpnEstate) -> None:
    tunnel(vpn)
    shown, since = goes(vpn, PAIR), vpn.azure.last_request()
    assert {name for name, fate in shown.items() if fate == "Delete"} == there(vpn) == MADE
    assert {name for name, origin in origins(vpn, PAIR).items() if origin == "Created"} == MADE

    vpn.delete(PAIR)

    assert there(vpn) == set()
    writes = vpn.writes(since)
    assert len(writes) == 8
    assert set(writes[:2]) == {"DELETE app-data", "DELETE data-app"}
    for side in ("app", "data"):
        assert writes.index(f"DELETE {side}-gateway") < writes.index(f"DELETE {side}-gateway-ip")
    assert told(vpn, PAIR, "LeftInAzure") == []
    eventually("told", lambda: len(told(vpn, PAIR, "DeletedInAzure")) == 8)
    assert vpn.kubernetes_secret("vpn"), "the user's Secret is the user's"


@pytest.mark.parametrize("policy", POLICIES)
def test_what_was_selected_stays_and_what_was_adopted_goes_with_delete_all_only(vpn: VpnEstate, policy: str) -> None:
    app, data = by_hand(vpn)
    half = connect(vpn, "half", "gw-data", "gw-app")
    vpn.secret()
    vpn.start()
    name = f"goes-{policy.lower()}"
    vpn.vpn(name, app, data, side1=SELECT, side2=SELECT, deletionPolicy=policy)
    vpn.wait_ready(name)
    since, (gone, stays) = vpn.azure.last_request(), POLICIES[policy]
    assert origins(vpn, name)["half"] == "Adopted"
    assert origins(vpn, name)["gw-app"] == origins(vpn, name)["gw-data"] == "Selected"
    shown = {one: fate for one, fate in goes(vpn, name).items() if one in ("half", "app-data")}
    assert shown == {one: "Keep" if one in stays else "Delete" for one in ("half", "app-data")}
    assert {fate for one, fate in goes(vpn, name).items() if one not in shown} == {"Keep"}

    vpn.delete(name)

    assert vpn.writes(since) == gone
    selected = {"gw-app", "gw-data", "gw-app-ip", "gw-data-ip", "app/GatewaySubnet", "data/GatewaySubnet"}
    assert there(vpn) == {*stays, *selected}
    notes = left(vpn, name, len(stays))
    assert len(notes) == len(stays)
    for one in stays:
        id = half if one == "half" else connection(vpn, one)
        assert noted(notes, id).endswith(f"To remove it: az network vpn-connection delete --ids {id}")


def test_orphan_leaves_everything_names_it_and_says_what_is_billed(vpn: VpnEstate) -> None:
    tunnel(vpn, deletionPolicy="Orphan")
    assert set(goes(vpn, PAIR).values()) == {"Keep"}
    since = vpn.azure.last_request()

    vpn.delete(PAIR)

    assert vpn.writes(since) == []
    assert there(vpn) == MADE
    notes = left(vpn, PAIR, len(MADE))
    assert len(notes) == len(MADE)
    assert {one for one in MADE for note in notes if f"/{one} in Azure. It is billed." in note} == BILLED


# --- shared gateways


def hub_and_two_spokes(vpn: VpnEstate) -> tuple[str, str, str]:
    """`first` made the hub's gateway, `second` uses it; both are Ready."""
    hub, one, two = (vpn.azure.vnet(name, f"10.{n}.0.0/16") for n, name in enumerate(("hub", "one", "two"), 1))
    vpn.secret()
    vpn.start()
    vpn.vpn("first", hub, one, interval="1s")
    vpn.wait_ready("first")
    vpn.vpn("second", hub, two, side1=SELECT, interval="1s")
    vpn.wait_ready("second")
    return hub, one, two


def test_a_gateway_that_another_of_our_objects_uses_is_passed_on_and_goes_with_that_one(vpn: VpnEstate) -> None:
    hub_and_two_spokes(vpn)
    eventually("the first sees the other's connection", lambda: goes(vpn, "first")["hub-gateway"] == "Keep")
    assert origins(vpn, "second")["hub-gateway"] == "Selected"
    since = vpn.azure.last_request()

    vpn.delete("first")

    of_two = {"hub-two", "two-hub", "two-gateway", "two-gateway-ip", "two/GatewaySubnet"}
    of_hub = {"hub-gateway", "hub-gateway-ip", "hub/GatewaySubnet"}
    assert there(vpn) == of_two | of_hub
    assert sum(write.startswith("PATCH") for write in vpn.writes(since)) == 2
    notes = left(vpn, "first", 4)
    assert any("Passed gateway" in note and "VpnConnectionPair/default/second" in note for note in notes)
    taken_over = ("hub-gateway", "hub-gateway-ip", "hub/GatewaySubnet")
    eventually("taken over", lambda: [origins(vpn, "second").get(one) for one in taken_over] == ["Created"] * 3)
    assert [goes(vpn, "second")[one] for one in taken_over] == ["Delete"] * 3
    eventually("told", lambda: len(told(vpn, "second", "Adopted")) == 1)
    vpn.wait_ready("second")
    assert not any(write.startswith("PUT") for write in vpn.writes(since)), "the tunnel has not noticed"

    vpn.delete("second")
    assert there(vpn) == set()


def test_the_duplicate_of_a_deleted_object_takes_over_its_gateways(vpn: VpnEstate) -> None:
    app, data = tunnel(vpn, "winner")
    vpn.vpn("x-heir", data, app, interval="1s")
    vpn.wait_reason("x-heir", "DuplicateLink")
    since = vpn.azure.last_request()

    vpn.delete("winner")
    vpn.wait_ready("x-heir")

    assert there(vpn) == MADE
    assert not any("gateway" in write for write in vpn.writes(since) if write.startswith(("PUT", "DELETE")))
    eventually("taken over", lambda: set(origins(vpn, "x-heir").values()) == {"Created", "Selected"})
    eventually("all goes", lambda: {one for one, fate in goes(vpn, "x-heir").items() if fate == "Delete"} == MADE)
    vpn.delete("x-heir")
    assert there(vpn) == set()


@pytest.mark.parametrize("leads", ["from-ours", "to-ours"])
def test_a_gateway_that_strangers_use_is_left_with_what_it_needs_and_told_as_billed(vpn: VpnEstate, leads: str) -> None:
    tunnel(vpn)
    other = vpn.azure.vnet("other", "10.9.0.0/16", subnets={"GatewaySubnet": "10.9.255.0/27"})
    vpn.azure.gateway(other, "theirs")
    ends = ("app-gateway", "theirs") if leads == "from-ours" else ("theirs", "app-gateway")
    connect(vpn, "stranger", *ends)
    since = vpn.azure.last_request()

    vpn.delete(PAIR)

    needed = {"app-gateway", "app-gateway-ip", "app/GatewaySubnet"}
    assert there(vpn) == {"stranger", "theirs", "theirs-ip", "other/GatewaySubnet", *needed}
    assert sum(write == "DELETE app-gateway" for write in vpn.writes(since)) <= 1
    notes = left(vpn, PAIR, 3)
    assert len(notes) == 3
    assert "It is billed." in noted(notes, gateway(vpn, "app-gateway"))
    assert "az network vnet-gateway delete" in noted(notes, gateway(vpn, "app-gateway"))
    assert "It is billed." in noted(notes, network(vpn, "publicIPAddresses", "app-gateway-ip"))


def test_a_gateway_subnet_with_an_express_route_gateway_stays_and_is_named(vpn: VpnEstate) -> None:
    app, _ = tunnel(vpn)
    ip = {"subnet": {"id": f"{app}/subnets/GatewaySubnet"}}
    properties = {"gatewayType": "ExpressRoute", "sku": {"name": "ErGw1AZ", "tier": "ErGw1AZ"}}
    inner = {"ipConfigurations": [{"name": "default", "properties": ip}], "vpnType": "RouteBased", **properties}
    vpn.azure.put(gateway(vpn, "circuit"), {"location": "westeurope", "properties": inner})
    eventually("told beforehand", lambda: goes(vpn, PAIR)["app/GatewaySubnet"] == "Keep")

    vpn.delete(PAIR)

    assert there(vpn) == {"circuit", "app/GatewaySubnet"}
    (note,) = left(vpn, PAIR, 1)
    assert f"--ids {app}/subnets/GatewaySubnet" in note


def test_an_address_that_somebody_attached_elsewhere_stays_and_is_named(vpn: VpnEstate) -> None:
    tunnel(vpn)
    vpn.operator.kill()
    for one in ("app-data", "data-app"):
        vpn.azure.delete(connection(vpn, one))
    vpn.azure.delete(gateway(vpn, "app-gateway"))
    other = vpn.azure.vnet("other", "10.9.0.0/16", subnets={"vms": "10.9.1.0/24"})
    address, card = network(vpn, "publicIPAddresses", "app-gateway-ip"), network(vpn, "networkInterfaces", "card")
    inner = {"subnet": {"id": f"{other}/subnets/vms"}, "publicIPAddress": {"id": address}}
    body = {"ipConfigurations": [{"name": "default", "properties": inner}]}
    vpn.azure.put(card, {"location": "westeurope", "properties": body})

    vpn.delete(PAIR, wait=False)
    vpn.operator.start()
    vpn.wait_gone(PAIR)

    assert there(vpn) == {"app-gateway-ip"}
    (note,) = left(vpn, PAIR, 1)
    assert f"az network public-ip delete --ids {address}" in note
    assert "It is billed." in note


# --- whose it is


def test_what_carries_the_tag_of_somebody_else_is_not_deleted_but_named(vpn: VpnEstate) -> None:
    tunnel(vpn)
    theirs = {
        gateway(vpn, "app-gateway"): {"vnetlink_owner": "another/VpnConnectionPair/default/x"},
        network(vpn, "publicIPAddresses", "data-gateway-ip"): {"team": "theirs"},
    }
    for id, tags in theirs.items():
        retag(vpn, id, **tags)
    eventually("told beforehand", lambda: goes(vpn, PAIR)["app-gateway"] == "Keep")
    assert {one for one, fate in goes(vpn, PAIR).items() if fate == "Delete"} == MADE - {
        *("app-gateway", "app-gateway-ip", "app/GatewaySubnet", "data-gateway-ip")
    }

    vpn.delete(PAIR)

    assert there(vpn) == {"app-gateway", "app-gateway-ip", "app/GatewaySubnet", "data-gateway-ip"}
    notes = left(vpn, PAIR, 4)
    assert len(notes) == 4
    for id in theirs:
        assert "It is billed." in noted(notes, id)


def test_a_connection_that_a_person_made_again_under_our_name_is_theirs(vpn: VpnEstate) -> None:
    tunnel(vpn)
    vpn.operator.kill()
    vpn.azure.delete(connection(vpn, "app-data"))
    connect(vpn, "app-data", "app-gateway", "data-gateway")
    vpn.delete(PAIR, wait=False)
    vpn.operator.start()
    vpn.wait_gone(PAIR)

    assert "app-data" in there(vpn)
    assert {"app-gateway", "data-gateway"} <= there(vpn), "it begins at the one and leads to the other"
    notes = left(vpn, PAIR, 7)
    assert noted(notes, connection(vpn, "app-data"))


def test_delete_all_takes_no_connection_that_leads_elsewhere_under_an_adopted_name(vpn: VpnEstate) -> None:
    app, data = by_hand(vpn)
    connect(vpn, "half", "gw-data", "gw-app")
    other = vpn.azure.vnet("other", "10.9.0.0/16", subnets={"GatewaySubnet": "10.9.255.0/27"})
    vpn.azure.gateway(other, "gw-other")
    vpn.secret()
    vpn.start()
    vpn.vpn("all", app, data, side1=SELECT, side2=SELECT, deletionPolicy="DeleteAll")
    vpn.wait_ready("all")
    vpn.operator.kill()
    vpn.azure.delete(connection(vpn, "half"))
    connect(vpn, "half", "gw-data", "gw-other")
    since = vpn.azure.last_request()

    vpn.delete("all", wait=False)
    vpn.operator.start()
    vpn.wait_gone("all")

    assert vpn.writes(since) == ["DELETE app-data"]
    assert vpn.names("connections") == ["half"]


@pytest.mark.parametrize("record", ["lost", "of-another-object", "of-another-installation"])
def test_without_a_record_of_its_own_a_deletion_leaks_and_never_destroys(vpn: VpnEstate, record: str) -> None:
    tunnel(vpn)
    vpn.operator.kill()
    own = owned(vpn, PAIR)
    changed = {"of-another-object": {"object": "default/other"}, "of-another-installation": {"installation": "x"}}
    annotate(vpn, PAIR, None if record == "lost" else {**own, **changed[record]})
    since = vpn.azure.last_request()

    vpn.delete(PAIR, wait=False)
    vpn.operator.start()
    vpn.wait_gone(PAIR)

    assert vpn.writes(since) == []
    assert there(vpn) == MADE
