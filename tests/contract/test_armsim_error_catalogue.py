"""The recorded error catalogue, code by code: what can be caused here is said in the same words, by the same service."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from armsim.messages import Response
from armsim.settings import Settings
from recorded_sessions import HINT, recording
from simulated_azure import STANDARD_ADDRESS, Azure, connection, gateway, network

NETWORK = "Microsoft.Network/"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DYNAMIC = {"location": "westus"}


def entries(code: str, kind: str) -> list[Mapping[str, Any]]:
    every = recording("errors-catalogue")
    return [one for one in every if one.get("code") == code and one["resourceType"] == kind]


class Stage:
    """A simulator of 2023 with the group of a recorded path; `above` is the path of the collection's parent."""

    def __init__(self, entry: Mapping[str, Any], settings: Settings | None = None) -> None:
        self.entry = entry
        self.azure = Azure(replace(settings or Settings(), era=2023))
        self.path, _, query = entry["request"]["path"].partition("?")
        self.version = query.rpartition("api-version=")[2] or "2022-01-01"
        parts = self.path.split("/")
        self.group = "/".join(parts[:5])
        self.root = f"{self.group}/providers/Microsoft.Network"
        self.top = "/".join(parts[:9])
        self.azure.send("PUT", self.group, DYNAMIC)

    def send(self, body: Any = None, method: str = "") -> Response:
        request = self.entry["request"]
        sent = request.get("body") if body is None else body
        return self.azure.send(method or request["method"], request["path"], sent)

    def vnet(self, name: str, **subnets: str) -> str:
        path = f"{self.root}/virtualNetworks/{name}"
        self.azure.put(path, network("10.0.0.0/8", subnets=subnets, location="westus"))
        return path

    def put(self, kind: str, name: str, **properties: Any) -> str:
        path = f"{self.root}/{kind}/{name}"
        self.azure.put(path, {"location": "westus", "properties": properties})
        return path

    def interface(self, vnet: str, subnet: str, **properties: Any) -> str:
        inner = {"subnet": {"id": f"{vnet}/subnets/{subnet}"}, **properties.pop("inner", {})}
        configurations = [{"name": "ipconfigcli-test-vm000002", "properties": inner}]
        return self.put("networkInterfaces", "cli-test-vm000002VMNic", ipConfigurations=configurations, **properties)

    def gateways(self, *names: str) -> None:
        for number, name in enumerate(names):
            vnet = f"{self.root}/virtualNetworks/net{number}"
            space = f"10.{number}.0.0/16"
            subnets = {"GatewaySubnet": f"10.{number}.255.0/27"}
            self.azure.put(vnet, network(space, subnets=subnets, location="westus"))
            address = self.azure.address(vnet, location="westus", zones=[])
            self.azure.put(f"{self.root}/virtualNetworkGateways/{name}", {**gateway(vnet, address), **DYNAMIC})


def nothing_but_the_request(stage: Stage) -> Response:
    return stage.send()


def in_an_empty_world(stage: Stage) -> Response:
    stage.azure = Azure(era=2023)
    return stage.send()


def of_a_vnet(stage: Stage) -> Response:
    stage.azure.put(stage.top, network("10.0.0.0/16", location="westus"))
    return stage.send()


def outside_its_vnet(stage: Stage) -> Response:
    stage.azure.put(stage.top, network("10.0.0.0/16", location="westus"))
    return stage.send({"properties": {"addressPrefix": "11.0.0.0/24"}})


def with_a_bad_dns_server(stage: Stage) -> Response:
    return stage.send(network("10.0.0.0/16", location="westus", dhcpOptions={"dnsServers": ["0"]}))


def of_a_group_that_an_interface_uses(stage: Stage) -> Response:
    group = stage.put("networkSecurityGroups", "cli-test-vm000002NSG")
    stage.interface(stage.vnet("v", s="10.0.0.0/24"), "s", networkSecurityGroup={"id": group})
    return stage.send()


def of_a_vnet_with_an_interface(stage: Stage) -> Response:
    name = stage.path.rpartition("/")[2]
    vnet = stage.vnet(name, **{"cli-test-vm000002Subnet": "10.0.0.0/24"})
    stage.interface(vnet, "cli-test-vm000002Subnet")
    return stage.send()


def of_an_address_with_an_interface(stage: Stage) -> Response:
    address = stage.put("publicIPAddresses", "cli-test-vm000002PublicIP")
    stage.interface(stage.vnet("v", s="10.0.0.0/24"), "s", inner={"publicIPAddress": {"id": address}})
    return stage.send()


def with_a_prefix_that_is_none(stage: Stage) -> Response:
    space = {"addressPrefixes": ["192.168.0.0"]}
    return stage.send({**DYNAMIC, "properties": {"gatewayIpAddress": "1.2.3.4", "localNetworkAddressSpace": space}})


def with_an_address_that_is_none(stage: Stage) -> Response:
    return stage.send({**DYNAMIC, "properties": {"gatewayIpAddress": "10.0.0.257"}})


def with_asn_zero(stage: Stage) -> Response:
    bgp = {"asn": 0, "bgpPeeringAddress": "10.0.0.1"}
    return stage.send({**DYNAMIC, "properties": {"gatewayIpAddress": "1.2.3.4", "bgpSettings": bgp}})


def with_host_bits(stage: Stage) -> Response:
    stage.azure.put(stage.top, DYNAMIC)
    return stage.send({"properties": {"addressPrefix": "10.11.12.13/8", "nextHopType": "None"}})


def with_a_bad_label(stage: Stage) -> Response:
    return stage.send({**DYNAMIC, "properties": {"dnsSettings": {"domainNameLabel": "l-a_b-1-e"}}})


def with_a_long_idle_timeout(stage: Stage) -> Response:
    return stage.send({**DYNAMIC, "properties": {"idleTimeoutInMinutes": 31}})


def with_express_route_and_basic(stage: Stage) -> Response:
    stage.vnet("myvnet1", GatewaySubnet="10.0.0.0/24")
    stage.put("publicIPAddresses", "pubip1")
    return stage.send()


def with_a_bad_client_pool(stage: Stage) -> Response:
    vnet = stage.vnet("v", GatewaySubnet="10.0.0.0/24")
    body = gateway(vnet, stage.azure.address(vnet, location="westus", zones=[]))
    pool = {"vpnClientAddressPool": {"addressPrefixes": ["10.0.0.0"]}}
    return stage.send({**DYNAMIC, "properties": {**body["properties"], "vpnClientConfiguration": pool}})


def with_a_rule(**changes: Any) -> Callable[[Stage], Response]:
    def caused(stage: Stage) -> Response:
        stage.azure.put(stage.top, DYNAMIC)
        rule = {"protocol": "Tcp", "access": "Allow", "direction": "Inbound", "priority": 100}
        ends = {f"{end}AddressPrefix": "*" for end in ("source", "destination")}
        ports = {f"{end}PortRange": "*" for end in ("source", "destination")}
        return stage.send({"properties": {**rule, **ends, **ports, **changes}})

    return caused


def of_its_parent_only(stage: Stage) -> Response:
    kind = stage.top.split("/")[-2]
    body = network("10.0.0.0/16", location="westus") if kind == "virtualNetworks" else DYNAMIC
    stage.azure.put(stage.top, body)
    return stage.send()


def outside_every_subnet(stage: Stage) -> Response:
    stage.azure.put(stage.top, network("10.0.0.0/16", location="westus", subnets={"s": "10.0.0.0/24"}))
    return stage.send()


def while_its_key_is_being_set(stage: Stage) -> Response:
    stage.gateways("one", "two")
    ends = [f"{stage.root}/virtualNetworkGateways/{name}" for name in ("one", "two")]
    stage.azure.put(stage.path, {**connection(*ends), **DYNAMIC})
    assert stage.azure.send("PUT", f"{stage.path}/sharedkey", {"value": "a1b2c3"}).status == 200
    return stage.send()


def twice(stage: Stage) -> Response:
    stage.vnet("vnet", GatewaySubnet="10.0.0.0/24")
    stage.put("publicIPAddresses", "ip-name")
    assert stage.send().status == 201
    return stage.send()


def under_a_lock(stage: Stage) -> Response:
    lock = f"{stage.path}/providers/Microsoft.Storage/storageAccounts/acliautomationlab1471"
    return Stage(stage.entry, Settings(locks=(lock,))).send()


CAUSES: Mapping[tuple[str, str], Callable[[Stage], Response]] = {
    ("GlobalPublicIPAddressNotSupportedForBasicPublicIpAddress", "publicIPAddresses"): nothing_but_the_request,
    ("InUseNetworkSecurityGroupCannotBeDeleted", "networkSecurityGroups"): of_a_group_that_an_interface_uses,
    ("InUseSubnetCannotBeDeleted", "virtualNetworks"): of_a_vnet_with_an_interface,
    ("InvalidAddressPrefixFormat", "localNetworkGateways"): with_a_prefix_that_is_none,
    ("InvalidAddressPrefixFormat", "virtualNetworks/subnets"): of_a_vnet,
    ("InvalidCIDRNotation", "routeTables/routes"): with_host_bits,
    ("InvalidDomainNameLabel", "publicIPAddresses"): with_a_bad_label,
    ("InvalidGatewaySkuSpecifiedForGatewayDeploymentType", "virtualNetworkGateways"): with_express_route_and_basic,
    ("InvalidIpAddress", "localNetworkGateways"): with_an_address_that_is_none,
    ("InvalidVpnClientAddressPrefixOrCidr", "virtualNetworkGateways"): with_a_bad_client_pool,
    ("LocalNetworkGatewayCannotHaveZeroAsn", "localNetworkGateways"): with_asn_zero,
    ("MustSpecifyBothEncryptionIntentAndEnforcementPolicy", "virtualNetworks"): nothing_but_the_request,
    ("NetcfgInvalidDnsServer", "virtualNetworks"): with_a_bad_dns_server,
    ("NetcfgInvalidSubnet", "virtualNetworks/subnets"): outside_its_vnet,
    ("PrivateIPAddressNotInAnySubnet", "virtualNetworks/CheckIPAddressAvailability"): outside_every_subnet,
    ("PublicIPAddressCannotBeDeleted", "publicIPAddresses"): of_an_address_with_an_interface,
    ("PublicIPIdleTimeoutIsOutOfRange", "publicIPAddresses"): with_a_long_idle_timeout,
    ("SecurityRuleInvalidPortRange", "networkSecurityGroups/securityRules"): with_a_rule(destinationPortRange="66600"),
    ("SecurityRuleInvalidPriority", "networkSecurityGroups/securityRules"): with_a_rule(priority=4097),
    ("AnotherOperationInProgress", "connections"): while_its_key_is_being_set,
    ("RetryableError", "virtualNetworkGateways"): twice,
    ("NotFound", "routeTables/routes"): of_its_parent_only,
    ("NotFound", "virtualNetworks/subnets"): of_its_parent_only,
    ("NotFound", "virtualNetworks/virtualNetworkPeerings"): of_its_parent_only,
    ("ResourceGroupNotFound", "routeTables"): in_an_empty_world,
    **{
        ("ResourceNotFound", kind): nothing_but_the_request
        for kind in (
            "connections",
            "networkSecurityGroups",
            "privateDnsZones",
            "privateDnsZones/virtualNetworkLinks",
            "publicIPAddresses",
            "virtualNetworkGateways",
            "virtualNetworks",
            "virtualNetworks/subnets",
        )
    },
}
# Codes of Microsoft.Network that no request can cause here.
NOT_CAUSED: Mapping[tuple[str, str], str] = {
    (
        "InitiatingCircuitNotProvisioned",
        "locations/operations",
    ): "no ExpressRoute circuits; shape: any failed operation",
    (
        "PreconditionFailed",
        "privateDnsOperationStatuses",
    ): "an operation's end: test_a_stale_if_match_fails_the_operation",
    (
        "InvalidRequestFormat",
        "loadBalancers",
    ): "no load balancers; the code itself: tests/unit/armsim/test_bad_input.py",
    ("NetworkWatcherCountLimitReached", "networkWatchers"): "no network watchers",
    ("NicInUse", "networkInterfaces"): "no virtual machines",
    (
        "ParentResourceIsInFailedState",
        "expressRouteCircuits/peerings/connections",
    ): "no circuits; a VNet's child has it",
    ("ResourceAvailabilityZonesCannotBeModified", "loadBalancers"): "no load balancers; a public IP has it",
    ("SubscriptionNotRegisteredForFeature", "loadBalancers"): "no features",
    ("NotFound", "virtualNetworkGateways"): "the index lags in Azure; here it does not, and arm.md 1.5 accepts both",
    **{
        ("PreconditionFailed", kind): "no record sets, no public DNS"
        for kind in (
            *("dnsZones", "dnsZones/A", "dnsZones/AAAA", "dnsZones/CNAME"),
            *("privateDnsZones/A", "privateDnsZones/AAAA", "privateDnsZones/CNAME", "privateDnsZones/a"),
        )
    },
}


def same_words(text: str) -> str:
    """Without the guids and the sentence that older answers lack (arm.md 1.5)."""
    return GUID.sub("…", text.removesuffix(HINT))


@pytest.mark.parametrize(("code", "kind"), CAUSES, ids=lambda value: value)
def test_a_recorded_refusal_is_said_in_the_same_words(code: str, kind: str) -> None:
    found = entries(code, f"{NETWORK}{kind}")
    assert found
    for entry in found:
        response, theirs = CAUSES[code, kind](Stage(entry)), entry["response"]
        assert response.status == theirs["status"], response.body
        ours, recorded = response.data["error"], theirs["body"]["error"]
        assert (ours["code"], same_words(ours["message"])) == (recorded["code"], same_words(recorded["message"]))
        assert response.headers.get("x-ms-failure-cause") == theirs["headers"].get("x-ms-failure-cause")
        assert [one["code"] for one in ours.get("details", [])] == [one["code"] for one in recorded.get("details", [])]
        assert ("details" in ours) == ("details" in recorded)
        for one, other in zip(ours.get("details", []), recorded.get("details", []), strict=True):
            assert same_words(one["message"]) == same_words(other["message"])


def test_every_network_code_of_the_catalogue_is_caused_or_explained() -> None:
    every = [one for one in recording("errors-catalogue") if one["resourceType"].startswith(NETWORK)]
    found = {(one["code"], one["resourceType"].removeprefix(NETWORK)) for one in every if one.get("code")}
    assert found - set(CAUSES) == set(NOT_CAUSED)


def test_a_recorded_missing_group_is_said_in_the_same_words() -> None:
    every = [one for one in recording("errors-catalogue") if one.get("code") == "ResourceGroupNotFound"]
    reads = [one for one in every if one["request"]["method"] == "GET"]
    assert reads
    for entry in reads:
        response = Azure().send("GET", entry["request"]["path"])
        assert response.data == entry["response"]["body"]


def test_a_recorded_lock_is_said_in_the_same_words() -> None:
    (entry,) = [one for one in recording("errors-catalogue") if one.get("code") == "ScopeLocked"]
    response = under_a_lock(Stage(entry))
    assert response.status == 409
    assert json.dumps(response.data).lower() == json.dumps(entry["response"]["body"]).lower()


def test_a_failed_deployment_has_the_recorded_shape() -> None:
    (entry,) = [one for one in recording("errors-catalogue") if one.get("code") == "DeploymentFailed"]
    theirs = entry["response"]["body"]
    stage = Stage(entry)
    deployment = "/".join(stage.path.split("/")[:9])
    resource = {"type": "Microsoft.Network/connections", "name": "c", **DYNAMIC}
    ends = {
        f"virtualNetworkGateway{number}": {"id": f"{stage.root}/virtualNetworkGateways/{number}"} for number in (1, 2)
    }
    template = {"resources": [{**resource, "properties": {**ends, "connectionType": "Vnet2Vnet"}}]}
    body = {"properties": {"mode": "Incremental", "template": template}}
    accepted = stage.azure.send("PUT", deployment, body)
    assert accepted.status == 201, accepted.body
    stage.azure.wait(100)
    ours = stage.azure.get(accepted.headers["Azure-AsyncOperation"])
    assert (ours["status"], ours["error"]["message"]) == ("Failed", theirs["error"]["message"])
    assert ours["error"]["details"][0]["code"] == theirs["error"]["details"][0]["code"] == "BadRequest"
    inner = json.loads(ours["error"]["details"][0]["message"])["error"]
    assert set(inner) == set(json.loads(theirs["error"]["details"][0]["message"])["error"])
    assert inner["code"] == "InvalidResourceReference"


ISSUES: Mapping[str, str] = {
    "StandardAndStandardV2SkuPublicIPAddressesMustBeStatic": "dynamic",
    "IPv4BasicSkuPublicIpCountLimitReached": "basic",
    "NonAzSkusNotAllowedForVPNGateway": "plain",
    "VmssVpnGatewayPublicIpsMustHaveZonesConfigured": "zoneless",
    "NetworkSecurityGroupCannotBeAttachedToGatewaySubnet": "guarded",
}


def of_today(case: str) -> Response:
    azure = Azure()
    vnet = azure.vnet("hub", "10.0.0.0/16", subnets={"GatewaySubnet": "10.0.0.0/24"})
    root = vnet.partition("/virtualNetworks/")[0]
    match case:
        case "dynamic":
            dynamic = {"location": "westeurope", "sku": {"name": "Standard"}}
            return azure.send("PUT", f"{root}/publicIPAddresses/i", dynamic)
        case "basic":
            return azure.send("PUT", f"{root}/publicIPAddresses/i", {"location": "westeurope"})
        case "guarded":
            azure.put(f"{root}/networkSecurityGroups/n", {"location": "westeurope"})
            group = {"id": f"{root}/networkSecurityGroups/n"}
            body = {"properties": {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": group}}
            return azure.send("PUT", f"{vnet}/subnets/GatewaySubnet", body)
        case _:
            zones = [] if case == "zoneless" else STANDARD_ADDRESS["zones"]
            body = gateway(vnet, azure.address(vnet, zones=zones))
            sku = "VpnGw1" if case == "plain" else "VpnGw1AZ"
            body["properties"]["sku"] = {"name": sku, "tier": sku}
            return azure.send("PUT", f"{root}/virtualNetworkGateways/g", body)


@pytest.mark.parametrize("code", ISSUES)
def test_a_refusal_known_from_issues_follows_its_pattern(code: str) -> None:
    (entry,) = [one for one in recording("errors-from-issues") if one["code"] == code]
    response = of_today(ISSUES[code])
    assert response.status == entry["status"]
    assert response.data["error"]["code"] == code
    pattern = "".join(
        ".+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", entry["messagePattern"])
    )
    assert re.fullmatch(pattern, response.data["error"]["message"])
