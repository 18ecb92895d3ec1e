"""Each line of what people get wrong: refused before any write, with the reason, and with what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from armsim_process import ArmsimProcess
from controlplane.cluster import Cluster
from vpn_estate import LABEL, VpnEstate, vpn_estate
from vpn_scenes import PAIR, rest

FOUND: dict[str, Any] = {"gateway": {}}


def refuse(
    vpn: VpnEstate, reason: str, *words: str, secret: bool = True, ends: tuple[str, str] | None = None, **pair: Any
) -> str:
    """Apply the pair, wait for the refusal, and hold that nothing is ever written; returns the message."""
    app, data = ends or vpn.two_vnets()
    if secret:
        vpn.secret()
    vpn.start()
    vpn.vpn(PAIR, app, data, **pair)
    message: str = vpn.wait_reason(PAIR, reason)["message"]
    for word in words:
        assert word in message, message
    assert vpn.condition(PAIR, "Stalled")["status"] == "True"
    rest(vpn, f"virtualNetworks/{app.rpartition('/')[2]}")
    assert vpn.writes() == []
    assert vpn.status(PAIR)["findings"][0]["remediation"]
    return message


def create(**gateway: Any) -> dict[str, Any]:
    """A side that makes a gateway like this."""
    return {"gateway": {"create": gateway}}


@pytest.mark.parametrize(
    ("sku", "words"),
    [
        ("VpnGw1", "Azure no longer creates gateways of SKU VpnGw1: use VpnGw1AZ"),
        ("HighPerformance", "use VpnGw2AZ"),
        ("ErGw1AZ", "one of ExpressRoute gateways"),
        ("VpnGw9AZ", "must be a SKU that Azure creates VPN gateways of"),
    ],
)
def test_a_sku_that_is_unknown_or_retired_is_refused_by_kubectl(vpn: VpnEstate, sku: str, words: str) -> None:
    assert words in not_admitted(vpn, side1=create(sku=sku))


def not_admitted(vpn: VpnEstate, **pair: Any) -> str:
    """What kubectl says to an object that the API server does not take."""
    app = f"{vpn.azure.group('rg')}/providers/Microsoft.Network/virtualNetworks/app"
    with pytest.raises(Exception, match="returned non-zero") as answer:
        vpn.vpn(PAIR, app, app.replace("/app", "/data"), **pair)
    return " ".join(" ".join(answer.value.__notes__).split())


def test_the_same_gateway_on_both_sides_is_refused_by_kubectl(vpn: VpnEstate) -> None:
    gateway = f"{vpn.azure.group('rg')}/providers/Microsoft.Network/virtualNetworkGateways/gw"
    said = not_admitted(vpn, side1={"gateway": {"id": gateway}}, side2={"gateway": {"id": gateway.upper()}})
    assert "vnet1 and vnet2 have the same gateway" in said


@pytest.mark.parametrize(
    ("subnet", "reason", "words"),
    [
        ({"addressPrefix": "192.168.0.0/27"}, "NoFreePrefix", "192.168.0.0/27 lies outside the VNet's 10.1.0.0/16"),
        ({"addressPrefix": "10.1.0.0/27"}, "NoFreePrefix", "10.1.0.0/27 overlaps with the subnet 10.1.0.0/24"),
    ],
)
def test_a_gateway_subnet_that_cannot_be_is_refused(
    vpn: VpnEstate, subnet: dict[str, Any], reason: str, words: str
) -> None:
    ends = vpn.azure.vnet("app", "10.1.0.0/16", subnets={"web": "10.1.0.0/24"}), vpn.azure.vnet("data", "10.2.0.0/16")
    refuse(vpn, reason, words, ends=ends, side1=create(gatewaySubnet=subnet))


def test_a_vnet_without_room_is_refused_until_a_range_is_added(vpn: VpnEstate) -> None:
    full = vpn.azure.vnet("app", "10.1.0.0/24", subnets={"web": "10.1.0.0/24"})
    ends = full, vpn.azure.vnet("data", "10.2.0.0/16")
    refuse(vpn, "NoFreePrefix", "no /27 is free for GatewaySubnet", "az network vnet update --ids", ends=ends)
    vpn.azure.vnet("app", "10.1.0.0/24", "10.1.1.0/24", subnets={"web": "10.1.0.0/24"})
    vpn.wait_ready(PAIR)


def test_a_gateway_subnet_that_is_too_small_is_refused(vpn: VpnEstate) -> None:
    small = vpn.azure.vnet("app", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.255.0/28"})
    words = ("is a /28; a gateway needs /27 or larger", "az network vnet subnet update --ids")
    refuse(vpn, "GatewaySubnetTooSmall", *words, ends=(small, vpn.azure.vnet("data", "10.2.0.0/16")))


def test_a_security_group_on_the_gateway_subnet_is_refused_until_it_is_gone(vpn: VpnEstate) -> None:
    guarded = vpn.azure.vnet("app", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.255.0/27"})
    nsg = f"{vpn.azure.group('rg')}/providers/Microsoft.Network/networkSecurityGroups/nsg"
    vpn.azure.put(nsg, {"location": "westeurope", "properties": {}})
    guard(vpn, nsg)
    words = (nsg, "--remove networkSecurityGroup")
    refuse(vpn, "GatewaySubnetHasNsg", *words, ends=(guarded, vpn.azure.vnet("data", "10.2.0.0/16")))
    guard(vpn, None)
    vpn.wait_ready(PAIR)


def guard(vpn: VpnEstate, nsg: str | None) -> None:
    """Put a security group on the GatewaySubnet of app, which no PUT of ARM would (docs/armsim.md), or take it off."""
    state = vpn.azure.state(keys=True)
    (subnet,) = _subnets(state)
    if nsg is None:
        subnet["props"].pop("networkSecurityGroup")
    else:
        subnet["props"]["networkSecurityGroup"] = {"id": nsg}
    vpn.azure.replace_state(state)


def _subnets(found: Any) -> list[dict[str, Any]]:
    """Every GatewaySubnet, wherever the state keeps it."""
    if isinstance(found, dict):
        mine = [found] if found.get("name") == "GatewaySubnet" and "props" in found else []
        return mine + [one for inner in found.values() for one in _subnets(inner)]
    return [one for inner in found for one in _subnets(inner)] if isinstance(found, list) else []


def test_overlapping_vnets_are_refused_with_both_ranges(vpn: VpnEstate) -> None:
    ends = vpn.azure.vnet("app", "10.1.0.0/16"), vpn.azure.vnet("data", "10.1.128.0/17")
    words = (f"10.1.0.0/16 of {ends[0]} with 10.1.128.0/17 of {ends[1]}", "az network vnet update --ids")
    refuse(vpn, "AddressSpacesOverlap", *words, ends=ends)


def test_a_gateway_of_another_vnet_is_refused(vpn: VpnEstate) -> None:
    other = vpn.azure.vnet("other", "10.3.0.0/16", subnets={"GatewaySubnet": "10.3.255.0/27"})
    gateway = vpn.azure.gateway(other, "other-gw")
    refuse(
        vpn,
        "InvalidSpec",
        f"Gateway {gateway} lives in VNet {other}",
        "in a new object",
        side1={"gateway": {"id": gateway}},
    )


def express_route(vpn: VpnEstate, vnet: str) -> str:
    """An ExpressRoute gateway in a VNet that has a GatewaySubnet; returns its id."""
    gateway = vpn.azure.gateway(vnet, "circuit")
    vpn.azure.delete(gateway)
    body = {
        "ipConfigurations": [
            {
                "name": "default",
                "properties": {
                    "subnet": {"id": f"{vnet}/subnets/GatewaySubnet"},
                    "publicIPAddress": {
                        "id": gateway.replace("virtualNetworkGateways/circuit", "publicIPAddresses/circuit-ip")
                    },
                },
            }
        ],
        "gatewayType": "ExpressRoute",
        "sku": {"name": "ErGw1AZ", "tier": "ErGw1AZ"},
    }
    vpn.azure.put(gateway, {"location": "westeurope", "properties": body})
    return gateway


@pytest.mark.parametrize("named", [True, False])
def test_an_expressroute_gateway_is_refused_whether_named_or_found(vpn: VpnEstate, named: bool) -> None:
    app = vpn.azure.vnet("app", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.255.0/26"})
    gateway = express_route(vpn, app)
    side = {"gateway": {"id": gateway}} if named else FOUND
    words = (f"Gateway {gateway} is of type ExpressRoute, not Vpn", "az network vnet-gateway list")
    refuse(vpn, "GatewayTypeMismatch", *words, ends=(app, vpn.azure.vnet("data", "10.2.0.0/16")), side1=side)


def test_a_named_gateway_that_does_not_exist_is_refused(vpn: VpnEstate) -> None:
    gateway = f"{vpn.azure.group('rg')}/providers/Microsoft.Network/virtualNetworkGateways/none"
    refuse(
        vpn, "GatewayMissing", f"Gateway {gateway} does not exist", "gateway.create", side1={"gateway": {"id": gateway}}
    )


@pytest.mark.parametrize(
    ("secret", "reason", "words"),
    [
        (None, "SharedKeyMissing", "Secret default/vpn does not exist. kubectl create secret generic -n default vpn"),
        ({"field": "other"}, "SharedKeyMissing", "Secret default/vpn has no value under 'sharedKey'"),
        ({"key": ""}, "SharedKeyInvalid", "The key 'sharedKey' in Secret default/vpn is empty"),
        ({"key": "k" * 129}, "SharedKeyInvalid", "1 to 128 printable ASCII characters"),
        ({"key": "schlüssel-1"}, "SharedKeyInvalid", "1 to 128 printable ASCII characters"),
        ({"labels": {}}, "SecretNotLabelled", "kubectl label secret -n default vpn vnetlink.dev/shared-key=true"),
        ({"labels": {"vnetlink.dev/shared-key": "false"}}, "SecretNotLabelled", "vnetlink.dev/shared-key=true"),
    ],
)
def test_a_secret_that_cannot_be_used_is_refused_and_its_key_never_told(
    vpn: VpnEstate, secret: dict[str, Any] | None, reason: str, words: str
) -> None:
    if secret is not None:
        vpn.secret(**{"labels": LABEL, **secret})
    message = refuse(vpn, reason, words, secret=False)
    assert not any(key in message for key in ("kkkk", "schlüssel", "129"))
    vpn.secret()
    vpn.wait_ready(PAIR)


def test_a_secret_in_another_namespace_does_not_count(vpn: VpnEstate) -> None:
    vpn.cluster.kubectl("create", "namespace", "elsewhere", check=False)
    here, vpn.namespace = vpn.namespace, "elsewhere"
    vpn.secret()
    vpn.namespace = here
    refuse(vpn, "SharedKeyMissing", "Secret default/vpn does not exist", secret=False)


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        (
            {"zones": ["1", "2", "3"], "properties": {"publicIPAllocationMethod": "Static"}, "attach": True},
            "NameTaken",
            "is attached to",
        ),
        ({"properties": {"publicIPAllocationMethod": "Static"}}, "UnsupportedSku", "has no zones"),
        (
            {"sku": {"name": "Basic"}, "properties": {"publicIPAllocationMethod": "Dynamic"}},
            "UnsupportedSku",
            "is Basic and Dynamic; a gateway needs Standard and Static",
        ),
    ],
)
def test_an_address_that_a_gateway_cannot_have_is_refused(
    cluster: Cluster, tmp_path: Path, body: dict[str, Any], reason: str, words: str
) -> None:
    with ArmsimProcess(tmp_path / "armsim", {"era": 2023}) as azure, vpn_estate(cluster, azure, tmp_path) as vpn:
        ends = vpn.two_vnets()
        address = f"{vpn.azure.group('rg')}/providers/Microsoft.Network/publicIPAddresses/pip"
        azure.put(
            address,
            {"location": "westeurope", "sku": {"name": "Standard"}, **{k: v for k, v in body.items() if k != "attach"}},
        )
        if body.get("attach"):
            attach(vpn, address)
        refuse(
            vpn,
            reason,
            words,
            f"Public IP {address}",
            "spec.vpn.vnet1.gateway.create.publicIP",
            ends=ends,
            side1=create(publicIP={"id": address}),
        )


def attach(vpn: VpnEstate, address: str) -> None:
    """Give the address to the gateway of a third VNet."""
    other = vpn.azure.vnet("other", "10.3.0.0/16", subnets={"GatewaySubnet": "10.3.255.0/27"})
    where = {"subnet": {"id": f"{other}/subnets/GatewaySubnet"}, "publicIPAddress": {"id": address}}
    properties = {
        "ipConfigurations": [{"name": "default", "properties": where}],
        "gatewayType": "Vpn",
        "vpnType": "RouteBased",
        "sku": {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
    }
    gateway = f"{vpn.azure.group('rg')}/providers/Microsoft.Network/virtualNetworkGateways/other"
    vpn.azure.put(gateway, {"location": "westeurope", "properties": properties})


def test_everything_that_is_wrong_is_told_at_once(vpn: VpnEstate) -> None:
    ends = vpn.azure.vnet("app", "10.1.0.0/16"), vpn.azure.vnet("data", "10.1.0.0/17")
    refuse(vpn, "AddressSpacesOverlap", secret=False, ends=ends, side2=FOUND)
    codes = [one["code"] for one in vpn.status(PAIR)["findings"]]
    assert codes == ["AddressSpacesOverlap", "GatewayMissing", "SharedKeyMissing"]
