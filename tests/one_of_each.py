"""One object of each kind, in use, for what is done to all of them at once: to back up, to move, to uninstall."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from credential_estate import TEAM_B, Team, writes
from how_to import paste
from link_estate import LinkEstate

KINDS = "vnetlinks,peeringpairs,vpnconnectionpairs,azurecredentials"
MADE = {"gateway": {"create": {}}}
GENERATED = {"vnet1": MADE, "vnet2": MADE, "sharedKey": {"secretRef": {"name": "generated"}, "generate": True}}
EVERYTHING = {"virtualNetworkPeerings": 4, "virtualNetworkGateways": 4, "publicIPAddresses": 4, "connections": 4}
NOTHING = dict.fromkeys(EVERYTHING, 0)


@contextmanager
def deployed(links: LinkEstate, *args: str) -> Iterator[LinkEstate]:
    """The operator as its manifests have it, but for its pod, which nobody runs here: a process with `args` is in its place."""
    paste(links, "upgrade.md", "Without Helm")
    links.start(*args)
    try:
        yield links
    finally:
        paste(links, "uninstall.md", "Or without Helm")


def one_of_each(links: LinkEstate) -> None:
    """Ready: a link and a pair of each method. The pair `peered` is an AzureCredential's, the key of `encrypted` is generated."""
    vnets = [links.azure.vnet(f"vnet{n}", f"10.{n}.0.0/16") for n in range(8)]
    team = Team(links.cluster, links.azure, links.dir, links.namespace)
    team.secret()
    team.credential("ours", "ServicePrincipalSecret")
    ours = {"credentialRef": {"name": "ours"}}
    links.secret()
    links.link("link", *vnets[:2])
    links.pair("peered", *vnets[2:4], end1=ours, end2=ours)
    links.vpn("tunnel", *vnets[4:6])
    links.link("encrypted", *vnets[6:], encryption="IPsec", vpn=GENERATED)
    all_ready(links)


def all_ready(links: LinkEstate) -> None:
    """Until every object is, the credential, too."""
    for name in ("link", "encrypted"):
        links.wait_ready(name)
    links.kubectl("wait", "--for=condition=Ready", KINDS, "--all", "--timeout=60s")


def in_azure(links: LinkEstate) -> dict[str, int]:
    """How many there are of what our objects make: EVERYTHING, or NOTHING."""
    vnets = links.azure.get(f"{links.azure.group('rg')}/providers/Microsoft.Network/virtualNetworks")["value"]
    peerings = sum(len(vnet["properties"].get("virtualNetworkPeerings", [])) for vnet in vnets)
    kinds = list(EVERYTHING)[1:]
    return {"virtualNetworkPeerings": peerings, **{kind: len(links.names(kind)) for kind in kinds}}


def written(links: LinkEstate, since: int) -> list[dict[str, Any]]:
    """What the operator wrote in Azure after `since`, as itself or by the credential."""
    return writes(links.azure, since, links.azure.env["AZURE_CLIENT_ID"], TEAM_B)
