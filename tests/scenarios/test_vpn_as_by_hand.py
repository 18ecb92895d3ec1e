"""The way people do it today, with the real az, and our one object end in the same Azure, field by field."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from contract import azure_cli
from contract.az_shell import Az
from vpn_estate import KEY, VpnEstate
from vpn_scenes import PAIR, properties, ready

SIDES = {"app": 1, "data": 2}
KINDS = ("virtualNetworks", "publicIPAddresses", "virtualNetworkGateways", "connections")

# What differs (by hand, by us), and why that is meant.
DIFFERENCES = {
    # az does not send it, and ARM shows 0 for its default of 45 seconds (arm.md 7). We say what we want, so that a drift is seen.
    ("connections", "properties.dpdTimeoutSeconds"): (0, 45),
    # Only a name, of a part inside the gateway. What refers to it is compared without it.
    ("virtualNetworkGateways", "properties.ipConfigurations[0].name"): ("vnetGatewayConfig0", "default"),
}

# Azure's own: another for each resource, or moving by itself. `tags` say whose it is, and are told in the other files.
_OWN = (
    "etag",
    "resourceGuid",
    "ipAddress",
    "tunnelIpAddresses",
    "tags",
    "ingressBytesTransferred",
    "egressBytesTransferred",
)


def by_hand(az: Az) -> None:
    """As documented: GatewaySubnet, address and gateway on each side, then a connection each way."""
    for side, number in SIDES.items():
        az(f"network vnet create -g hand -n {side} --address-prefixes 10.{number}.0.0/16")
        prefix = f"--address-prefixes 10.{number}.255.224/27"
        az(f"network vnet subnet create -g hand --vnet-name {side} -n GatewaySubnet {prefix}")
        az(f"network public-ip create -g hand -n {side}-gateway-ip --sku Standard --zone 1 2 3")
        what = f"--vnet {side} --public-ip-addresses {side}-gateway-ip --gateway-type Vpn --vpn-type RouteBased"
        az(f"network vnet-gateway create -g hand -n {side}-gateway {what} --sku VpnGw1AZ")
    for near, far in (("app", "data"), ("data", "app")):
        ends = f"--vnet-gateway1 {near}-gateway --vnet-gateway2 {far}-gateway --shared-key {KEY}"
        az(f"network vpn-connection create -g hand -n {near}-{far} {ends}")


def fields(shown: Any, path: str = "") -> dict[str, object]:
    """Every leaf by its path. Ids without their group, so that the same place in both groups is equal."""
    if isinstance(shown, dict):
        inner = ((f"{path}.{name}".lstrip("."), value) for name, value in shown.items() if name not in _OWN)
        return {leaf: value for where, one in inner for leaf, value in fields(one, where).items()}
    if isinstance(shown, list):
        leaves = {leaf: value for n, one in enumerate(shown) for leaf, value in fields(one, f"{path}[{n}]").items()}
        return leaves or {path: []}
    return {
        path: re.sub("/resourceGroups/[^/]+/", "/resourceGroups/GROUP/", shown) if isinstance(shown, str) else shown
    }


def everything(vpn: VpnEstate, group: str) -> dict[tuple[str, str, str], object]:
    """Every field of every network resource in a group, from single GETs, since lists leave fields out."""
    return {
        (kind, name, path): _unnamed(value)
        for kind in KINDS
        for name in vpn.names(kind, group)
        for path, value in fields(vpn.resource(kind, name, group)).items()
    }


def _unnamed(value: object) -> object:
    return re.sub("(?<=/ipConfigurations/)[^/]+$", "NAME", value) if isinstance(value, str) else value


@pytest.fixture
def az(vpn: VpnEstate, tmp_path: Path) -> Az:
    """The real az against the same Azure."""
    return Az(azure_cli.az(), vpn.azure, tmp_path)


def test_one_object_ends_in_what_ten_commands_of_az_end_in(vpn: VpnEstate, az: Az) -> None:
    az("group create -n hand -l westeurope")
    by_hand(az)
    ready(vpn, PAIR, *vpn.two_vnets())

    assert vpn.names("virtualNetworkGateways", "hand") == vpn.names("virtualNetworkGateways")
    theirs, ours = everything(vpn, "hand"), everything(vpn, "rg")
    differing = {
        (kind, path, theirs.get((kind, name, path)), ours.get((kind, name, path)))
        for kind, name, path in {*theirs, *ours}
        if theirs.get((kind, name, path)) != ours.get((kind, name, path))
    }
    assert differing == {(*where, *values) for where, values in DIFFERENCES.items()}
    assert len(ours) > 150, "and that was a lot to compare"
    connected = [properties(vpn, "connections", "app-data", group)["connectionStatus"] for group in ("hand", "rg")]
    assert connected == ["Connected", "Connected"]
    keys = {vpn.shared_key(name, group) for name in ("app-data", "data-app") for group in ("hand", "rg")}
    assert keys == {KEY}


def test_what_was_made_by_hand_is_taken_over_without_a_write(vpn: VpnEstate, az: Az) -> None:
    az("group create -n hand -l westeurope")
    by_hand(az)
    before = everything(vpn, "hand")
    net = f"{vpn.azure.group('hand')}/providers/Microsoft.Network/virtualNetworks"
    weight = properties(vpn, "connections", "app-data", "hand")["routingWeight"]
    found: dict[str, Any] = {"gateway": {}}
    since = vpn.azure.last_request()  # az signs in as the operator does
    ready(vpn, PAIR, f"{net}/app", f"{net}/data", side1=found, side2=found, options={"routingWeight": weight})

    assert vpn.writes(since) == []
    assert everything(vpn, "hand") == before
    assert vpn.status(PAIR)["vnet1ToVnet2"]["origin"] == "Adopted"
