"""A person says which two VNets are connected, and nothing else."""

from __future__ import annotations

import json
from typing import Any

from estate import eventually
from link_estate import LinkEstate
from stories import told
from traffic_words import DENY_ALL, security_group, subnet

MADE = {"gateway": {"create": {}}}
VPN = {"vnet1": MADE, "vnet2": MADE, "sharedKey": {"secretRef": {"name": "vpn"}}}


def test_two_ids_are_enough_and_delete_takes_everything(links: LinkEstate) -> None:
    app, data = links.two_vnets()
    links.start()

    links.link("app-to-data", app, data)
    links.kubectl("wait", "--for=condition=Ready", "vnetlink/app-to-data", "--timeout=60s")

    assert links.row("app-to-data")[:6] == ["app-to-data", "Peering", "Connected", "Connected", "True", "Connected"]
    child = json.loads(links.kubectl("get", "peeringpair", "app-to-data-peering", "--output", "json"))
    assert child["metadata"]["ownerReferences"][0]["name"] == "app-to-data"
    assert set(child["metadata"]["labels"]) == {"vnetlink.dev/link"}
    assert links.condition("app-to-data", "MethodSelected")["status"] == "True"
    told = ["Connected", "MethodSelected", "PeeringCreated", "PeeringCreated"]
    eventually("all told on the link", lambda: sorted(links.events("app-to-data")) == told)
    assert links.events("app-to-data-peering") == []
    links.delete("app-to-data")
    assert links.peerings(app) == links.peerings(data) == {}


def test_a_pair_edited_or_deleted_by_hand_is_as_before(links: LinkEstate) -> None:
    app, data = links.two_vnets()
    links.start()
    links.link("app-to-data", app, data)
    links.wait_ready("app-to-data")
    name = "app-to-data-peering"
    edit = {"spec": {"peering": {"vnet1": {"allowForwardedTraffic": True}}}}

    links.kubectl("patch", "peeringpair", name, "--type", "merge", "--patch", json.dumps(edit))
    path = "jsonpath={.spec.peering.vnet1.allowForwardedTraffic}"
    eventually("put back", lambda: links.kubectl("get", "peeringpair", name, "--output", path) == "false")
    uid = links.kubectl("get", "peeringpair", name, "--output", "jsonpath={.metadata.uid}")
    links.kubectl("delete", "peeringpair", name)

    def made_again() -> bool:
        now = links.kubectl("get", "peeringpair", name, "--ignore-not-found", "--output", "jsonpath={.metadata.uid}")
        return now not in ("", uid)

    eventually("made again", made_again)
    links.wait_ready("app-to-data")
    assert links.peerings(app)["app-data"]["peeringState"] == "Connected"


def test_a_rule_that_blocks_is_named_though_the_link_stands(links: LinkEstate) -> None:
    closed = security_group(links.azure, DENY_ALL)
    app, data = links.two_vnets()
    for vnet, prefix in ((app, "10.1.1.0/24"), (data, "10.2.1.0/24")):
        subnet(links.azure, vnet, prefix, **closed)
    links.start()

    links.link("app-to-data", app, data)
    links.wait_reason("app-to-data", "NetworkSecurityBlocks")

    assert links.row("app-to-data")[4:6] == ["True", "NetworkSecurityBlocks"]
    traffic = links.condition("app-to-data", "TrafficAllowed")
    assert traffic["status"] == "False"
    assert "deny-all" in json.dumps(links.status("app-to-data")["findings"])

    links.azure.delete(f"{closed['networkSecurityGroup']['id']}/securityRules/deny-all")
    links.kubectl("annotate", "vnetlink", "app-to-data", "vnetlink.dev/reconcile-requested-at=now")
    links.wait_reason("app-to-data", "Connected", within=15)  # what is remembered of a group is older than that


def test_vnets_are_made_as_soon_as_they_may_be_grow_and_go_with_the_link_when_they_are_empty(links: LinkEstate) -> None:
    """The interval is long: what happens, happens because somebody was told, not because it was time to look."""
    group = links.azure.group("rg")
    app, data = (f"{group}/providers/Microsoft.Network/virtualNetworks/{name}" for name in ("app", "data"))
    links.start()

    def ends(*more: str) -> dict[str, Any]:
        first: dict[str, Any] = {"location": "westeurope", "addressPrefixes": ["10.1.0.0/16", *more]}
        first["subnets"] = [{"name": "front", "addressPrefix": "10.1.1.0/24"}]
        second = {"location": "northeurope", "addressPrefixes": ["10.2.0.0/16"]}
        return {"end1": {"create": first}, "end2": {"create": second}, "interval": "5m"}

    def look(value: str) -> None:
        links.kubectl("annotate", "vnetlink", "made", "--overwrite", f"vnetlink.dev/reconcile-requested-at={value}")

    policy = {"status": 403, "code": "RequestDisallowedByPolicy", "message": "Disallowed by policy 'no-vnets'."}
    links.azure.fault(kind="answer", method="PUT", path="/virtualNetworks/app", **policy)
    links.link("made", app, data, **ends())
    refused = links.wait_reason("made", "PolicyDenied")
    assert (refused["status"], "no-vnets" in refused["message"]) == ("False", True)
    (finding,) = links.status("made")["findings"]
    assert (finding["code"], finding["id"]) == ("PolicyDenied", app)
    links.azure.clear_faults()

    look("once")
    links.wait_ready("made")
    assert [one["name"] for one in links.azure.get(app)["properties"]["subnets"]] == ["front"]

    links.link("made", app, data, **ends("10.9.0.0/16"))
    eventually(
        "grown and in sync", lambda: "10.9.0.0/16" in str(links.peerings(data)["data-app"]["remoteAddressSpace"])
    )
    assert list(links.peerings(app)) == ["app-data"]

    look("twice")
    echo = "jsonpath={.status.lastHandledReconcileAt}"
    eventually("the pair looked", lambda: links.kubectl("get", "peeringpair", "made-peering", "-o", echo) == "twice")
    third = links.azure.vnet("third", "10.3.0.0/16")
    links.azure.peering(data, "by-hand", third)
    links.delete("made")
    assert links.azure.get(app) is None
    assert list(links.peerings(data)) == ["by-hand"], "it is not empty, so it stays"
    eventually("told", lambda: [data in note for note in told(links, "made", "LeftInAzure")] == [True])


def test_the_method_is_switched_without_a_gap(links: LinkEstate) -> None:
    app, data = links.two_vnets()
    links.secret()
    links.start()
    links.link("app-to-data", app, data)
    links.wait_ready("app-to-data")

    links.link("app-to-data", app, data, encryption="IPsec", vpn=VPN)
    eventually("the peering gone", lambda: links.peerings(app) == {}, within=90)
    links.wait_ready("app-to-data", within=60)

    assert links.row("app-to-data")[1:4] == ["Vpn", "Connected", "Connected"]
    assert links.condition("app-to-data", "MethodSelected")["message"] == "Vpn, because spec.encryption is IPsec."
    writes = links.writes()
    assert writes.index("PUT data-app", 2) < writes.index("DELETE app-data"), "the tunnel stood first"


def test_a_spoke_is_switched_to_the_hubs_gateway_and_back_to_a_tunnel_and_nothing_is_refused(links: LinkEstate) -> None:
    hub = links.azure.vnet("hub", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.255.0/27"})
    spoke = links.azure.vnet("spoke", "10.2.0.0/16")
    links.azure.gateway(hub, "shared")
    links.secret()
    links.start()
    blocks = {
        "peering": {"vnet1": {"allowGatewayTransit": True}, "vnet2": {"useRemoteGateways": True}},
        "vpn": {**VPN, "vnet1": {"gateway": {}}},
    }
    links.link("spoke", hub, spoke, method="Vpn", **blocks)
    links.wait_ready("spoke", within=60)

    links.link("spoke", hub, spoke, method="Peering", **blocks)
    eventually("used", lambda: links.peerings(spoke).get("spoke-hub", {}).get("useRemoteGateways") is True, within=60)
    links.wait_ready("spoke")
    assert links.names("virtualNetworkGateways") == ["shared"]

    links.link("spoke", hub, spoke, method="Vpn", **blocks)
    eventually("the peering gone", lambda: links.peerings(spoke) == {}, within=90)
    links.wait_ready("spoke", within=60)
    assert [one["path"] for one in links.azure.requests(method="PUT") if one["status"] == 400] == []


def test_a_switch_that_dropped_the_vpn_block_and_never_ends_can_still_be_given_up(links: LinkEstate) -> None:
    app, data = links.two_vnets()
    links.secret()
    links.start()
    links.link("app-to-data", app, data, method="Vpn", vpn=VPN)
    links.wait_ready("app-to-data", within=60)
    policy = {"status": 403, "code": "RequestDisallowedByPolicy"}
    links.azure.fault(kind="answer", method="PUT", path="/virtualNetworkPeerings/", **policy)

    links.link("app-to-data", app, data, method="Peering", deletionPolicy="Orphan")
    links.wait_reason("app-to-data", "SwitchingMethod")
    both = links.kubectl("get", "peeringpairs,vpnconnectionpairs", "--output", "name").split()
    assert [one.rpartition("/")[2] for one in both] == ["app-to-data-peering", "app-to-data-vpn"]
    links.delete("app-to-data")

    assert links.names("connections") == ["app-data", "data-app"], "as deletionPolicy said last"


def test_a_private_dns_zone_is_linked_to_both_vnets_and_unlinked_when_it_is_no_longer_asked_for(
    links: LinkEstate,
) -> None:
    app, data = links.two_vnets()
    zone = f"{links.azure.group('rg')}/providers/Microsoft.Network/privateDnsZones/corp.example"
    assert links.azure.send("PUT", zone, {"location": "global"}).status in (201, 202)

    def linked() -> set[str]:
        listed = (links.azure.get(f"{zone}/virtualNetworkLinks") or {"value": []})["value"]
        return {one["properties"]["virtualNetwork"]["id"].rpartition("/")[2] for one in listed}

    links.start()
    links.link("app-to-data", app, data, dns={"privateDnsZones": [{"id": zone}]})
    eventually("linked to both", lambda: linked() == {"app", "data"})
    eventually("told", lambda: links.condition("app-to-data", "DnsLinked").get("status") == "True")

    links.link("app-to-data", app, data, dns={"privateDnsZones": [{"id": zone, "linkTo": "Vnet1"}]})
    eventually("one of them", lambda: linked() == {"app"})

    links.delete("app-to-data")
    assert linked() == set()
