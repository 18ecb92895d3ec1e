"""What the diagnosis finds stands in status.findings of every kind, with one command each; none of it says that a pair is down."""

from __future__ import annotations

import json
from typing import Any

from estate import eventually
from link_estate import LinkEstate
from traffic_words import DENY_ALL, route_table, security_group, subnet
from vpn_by_hand import SELECT, by_hand


def told(links: LinkEstate, kind: str, name: str) -> dict[str, dict[str, Any]]:
    """Ready and the findings of an object, by code."""
    status = json.loads(links.kubectl("get", kind, name, "--output", "json")).get("status", {})
    ready = [row for row in status.get("conditions", []) if row["type"] == "Ready"]
    return {"Ready": ready[0] if ready else {}} | {one["code"]: one for one in status.get("findings", [])}


def peered(links: LinkEstate, name: str, **spec: Any) -> tuple[str, str]:
    """Two VNets of its own for a PeeringPair, a subnet in each."""
    one = links.azure.vnet(f"{name}1", "10.1.0.0/16", subnets={"all": "10.1.1.0/24"})
    two = links.azure.vnet(f"{name}2", "10.2.0.0/16", subnets={"all": "10.2.1.0/24"})
    links.apply({**links.manifest(name, one, two, **spec), "kind": "PeeringPair"})
    return one, two


def test_every_kind_tells_what_stands_in_the_way(links: LinkEstate) -> None:
    azure = links.azure
    links.secret()
    links.start()

    # pairs written by hand
    blocked = peered(links, "blocked")
    subnet(azure, blocked[1], "10.2.1.0/24", **security_group(azure, DENY_ALL))
    swallowed = peered(links, "swallowed")
    subnet(azure, swallowed[0], "10.1.1.0/24", **route_table(azure, "hole", ("10.2.0.0/16", "None", "")))
    diverted = peered(links, "diverted")
    appliance = route_table(azure, "nva", ("10.2.0.0/16", "VirtualAppliance", "10.1.9.4"))
    subnet(azure, diverted[0], "10.1.1.0/24", **appliance)
    peered(links, "shut", peering={"vnet2": {"allowVirtualNetworkAccess": False}})
    spokes = peered(links, "spokes", managementPolicy="Observe")
    hub = azure.vnet("hub", "10.9.0.0/16")
    for number, spoke in enumerate(spokes):
        azure.peering(hub, f"spoke{number}", spoke)
        azure.peering(spoke, "hub", hub)

    # a tunnel whose subnets do not hear of it
    app, data = by_hand(links)
    unheard = route_table(azure, "deaf", disableBgpRoutePropagation=True)
    for vnet, prefix in ((app, "10.1.1.0/24"), (data, "10.2.1.0/24")):
        subnet(azure, vnet, prefix, **unheard)
    links.vpn("deaf", app, data, side1=SELECT, side2=SELECT)

    # a link that only looks, and a zone that one side cannot resolve
    group = azure.group("rg")
    zone = f"{group}/providers/Microsoft.Network/privateDnsZones/corp.example"
    azure.wait(azure.send("PUT", zone, {"location": "global"}))
    linked = {"virtualNetwork": {"id": spokes[0]}, "registrationEnabled": False}
    azure.wait(azure.send("PUT", f"{zone}/virtualNetworkLinks/one", {"location": "global", "properties": linked}))
    links.link("looks", *spokes, managementPolicy="Observe", dns={"privateDnsZones": [{"id": zone}]})

    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for kind, name, code, says, how in (
        ("peeringpair", "blocked", "NetworkSecurityBlocks", "Rule deny-all (priority 100", "az network nsg rule show"),
        ("peeringpair", "swallowed", "RouteOverrides", "drops it (next hop None)", "route-table route delete"),
        ("peeringpair", "diverted", "RouteOverrides", "does not take forwarded", "--set allowForwardedTraffic=true"),
        ("peeringpair", "shut", "NetworkSecurityBlocks", "is off on peering", "--set allowVirtualNetworkAccess=true"),
        ("peeringpair", "spokes", "NotTransitive", "are both peered with", "VNetLink"),
        ("vpnpair", "deaf", "GatewayRoutesNotPropagated", "keeps the gateway's routes", "propagation false"),
        ("vnetlink", "looks", "DnsZoneNotLinked", "names do not resolve", "az network private-dns link vnet create"),
        ("vnetlink", "looks", "NotTransitive", "are both peered with", "VNetLink"),
    ):
        key = kind, name
        eventually(f"{name} told {code}", lambda key=key, code=code: code in told(links, *key))
        found[key] = told(links, *key)
        finding = found[key][code]
        assert says in finding["message"]
        assert how in finding["remediation"]
        assert finding["id"]
    ready = {name: now["Ready"]["reason"] for (_, name), now in found.items() if now["Ready"]["status"] == "True"}
    assert ready == dict.fromkeys(("blocked", "swallowed", "diverted", "shut", "deaf"), "Connected")

    # and mended
    security_group(azure)
    links.kubectl("annotate", "peeringpair", "blocked", "vnetlink.dev/reconcile-requested-at=now")
    eventually("nothing blocks", lambda: "NetworkSecurityBlocks" not in told(links, "peeringpair", "blocked"))
