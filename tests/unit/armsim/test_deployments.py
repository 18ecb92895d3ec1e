"""arm.md section 9 and ecosystem.md 10.2: the one deployment that `az network vpn-connection create` sends."""

from __future__ import annotations

from typing import Any

import pytest

from armsim.settings import Policy
from simulated_azure import GROUP, Azure, code, connection_path, gateway

PATH = f"{GROUP}/providers/Microsoft.Resources/deployments/vpn_connection_deploy_x"
GATEWAYS = f"{GROUP}/providers/Microsoft.Network/virtualNetworkGateways"
TARGET = connection_path("c1")


@pytest.fixture
def azure() -> Azure:
    azure = Azure()
    for number in (1, 2):
        space = f"10.{number}.0.0/16"
        vnet = azure.vnet(f"net{number}", space, subnets={"GatewaySubnet": f"10.{number}.255.0/27"})
        azure.gateway(vnet, f"gw{number}")
    return azure


def template(**changes: Any) -> dict[str, Any]:
    """As azure-cli sends it."""
    properties = {
        "virtualNetworkGateway1": {"id": f"{GATEWAYS}/gw1"},
        "virtualNetworkGateway2": {"id": f"{GATEWAYS}/gw2"},
        "enableBgp": False,
        "connectionType": "Vnet2Vnet",
        "routingWeight": 10,
        "expressRouteGatewayBypass": None,
        "sharedKey": "[parameters('sharedKey')]",
    }
    resource = {
        "type": "Microsoft.Network/connections",
        "name": "c1",
        "location": "westeurope",
        "tags": {"a": "b"},
        "apiVersion": "2015-06-15",
        "dependsOn": [],
        "properties": properties,
    }
    return {
        "parameters": {"sharedKey": {"type": "securestring"}},
        "variables": {},
        "resources": [resource],
        "outputs": {"resource": {"type": "object", "value": "[reference('c1')]"}},
        **changes,
    }


def body(key: str = "abc123", **changes: Any) -> dict[str, Any]:
    parameters = {"sharedKey": {"value": key}}
    return {"properties": {"template": template(**changes), "parameters": parameters, "mode": "incremental"}}


def test_a_deployment_makes_the_connection(azure: Azure) -> None:
    accepted = azure.send("PUT", PATH, body())
    assert (accepted.status, accepted.data["properties"]["provisioningState"]) == (201, "Accepted")
    assert f"{PATH}/operationStatuses/" in accepted.headers["Azure-AsyncOperation"]
    assert azure.get(accepted.headers["Azure-AsyncOperation"]) == {"status": "Accepted"}
    azure.wait(2)
    assert azure.get(accepted.headers["Azure-AsyncOperation"]) == {"status": "Running"}
    assert azure.properties(TARGET)["provisioningState"] == "Updating"
    azure.wait(35.5)
    assert azure.get(accepted.headers["Azure-AsyncOperation"]) == {"status": "Running"}
    azure.wait(0.5)
    assert azure.get(accepted.headers["Azure-AsyncOperation"]) == {"status": "Succeeded"}
    shown = azure.properties(PATH)
    assert shown["outputResources"] == [{"id": TARGET}]
    assert shown["outputs"]["resource"]["value"]["sharedKey"] == "abc123"
    assert shown["parameters"] == {"sharedKey": {"type": "SecureString"}}
    assert (azure.get(TARGET)["tags"], azure.properties(TARGET)["routingWeight"]) == ({"a": "b"}, 10)
    assert azure.get(f"{TARGET}/sharedkey") == {"value": "abc123"}


def test_a_deployment_waits_for_a_gateway_that_is_being_updated(azure: Azure) -> None:
    assert azure.send("PATCH", f"{GATEWAYS}/gw1", {"tags": {"a": "b"}}).status == 200
    accepted = azure.send("PUT", PATH, body())
    azure.wait(60)
    assert azure.get(accepted.headers["Azure-AsyncOperation"]) == {"status": "Running"}
    assert azure.send("GET", TARGET).status == 404
    azure.wait(41)
    assert azure.properties(PATH)["provisioningState"] == "Succeeded"


def test_a_deployment_onto_nothing_fails(azure: Azure) -> None:
    there = template()
    there["resources"][0]["properties"]["virtualNetworkGateway2"] = {"id": f"{GATEWAYS}/none"}
    accepted = azure.send("PUT", PATH, body(resources=there["resources"]))
    azure.wait(2)
    end = azure.get(accepted.headers["Azure-AsyncOperation"])
    assert (end["status"], end["error"]["code"]) == ("Failed", "DeploymentFailed")
    assert "InvalidResourceReference" in end["error"]["details"][0]["message"]
    assert azure.properties(PATH)["provisioningState"] == "Failed"
    assert azure.send("GET", TARGET).status == 404


def test_a_second_deployment_of_the_name_waits_for_the_first(azure: Azure) -> None:
    azure.send("PUT", PATH, body())
    assert code(azure.send("PUT", PATH, body())) == "DeploymentActive"
    azure.wait(60)
    assert azure.send("PUT", PATH, body()).status == 200
    azure.wait(60)
    assert azure.properties(PATH)["provisioningState"] == "Succeeded"


@pytest.mark.parametrize(
    "changes",
    [
        {"resources": []},
        {"resources": [{"type": "Microsoft.Network/virtualNetworks", "name": "v", "location": "westus"}]},
        {"parameters": {"sharedKey": {"type": "securestring"}, "more": {"type": "string"}}},
        {"parameters": {}},
        {"parameters": {"sharedKey": {"type": "secret"}}},
        {"outputs": {"resource": {"type": "object", "value": "[resourceId('c1')]"}}},
    ],
)
def test_any_other_template_is_invalid(azure: Azure, changes: dict[str, Any]) -> None:
    for method, path in (("PUT", PATH), ("POST", f"{PATH}/validate")):
        assert code(azure.send(method, path, body(**changes))) == "InvalidTemplate"
    assert azure.send("GET", PATH).status == 404


def test_an_expression_that_is_not_simulated_is_said(azure: Azure) -> None:
    there = template()
    there["resources"][0]["properties"]["connectionMode"] = "[concat('a', 'b')]"
    refused = azure.send("PUT", PATH, body(resources=there["resources"]))
    assert "concat" in refused.data["error"]["message"]


def test_validate_says_what_put_would_run_into_and_makes_nothing(azure: Azure) -> None:
    assert azure.send("POST", f"{PATH}/validate", body()).status == 200
    there = template()
    there["resources"][0]["properties"]["virtualNetworkGateway2"] = {"id": f"{GATEWAYS}/none"}
    refused = azure.send("POST", f"{PATH}/validate", body(resources=there["resources"]))
    assert code(refused) == "InvalidTemplateDeployment"
    assert refused.data["error"]["details"][0]["code"] == "InvalidResourceReference"
    assert azure.send("GET", PATH).status == 404
    assert azure.send("GET", TARGET).status == 404


def test_who_may_not_write_connections_may_not_deploy_one(azure: Azure) -> None:
    actions = ["Microsoft.Resources/deployments/*", "*/read"]
    azure.control("PUT", "roles", {"app": [{"scope": GROUP, "actions": actions}]})
    refused = azure.send("PUT", PATH, body())
    assert code(refused) == "InvalidTemplateDeployment"
    assert refused.data["error"]["details"][0]["code"] == "AuthorizationFailed"


def test_a_policy_against_connections_holds_for_deployments(azure: Azure) -> None:
    policy = Policy("no-vpn", GROUP, "Microsoft.Network/connections")
    strict = Azure(policies=(policy,))
    assert strict.control("PUT", "state", azure.control("GET", "state").data).status == 200
    refused = strict.send("PUT", PATH, body())
    assert refused.data["error"]["details"][0]["code"] == "RequestDisallowedByPolicy"


def test_a_gateway_in_creation_holds_the_deployment_up(azure: Azure) -> None:
    vnet = azure.vnet("late", "10.3.0.0/16", subnets={"GatewaySubnet": "10.3.255.0/27"})
    assert azure.send("PUT", f"{GATEWAYS}/late", gateway(vnet, azure.address(vnet))).status == 201
    there = template()
    there["resources"][0]["properties"]["virtualNetworkGateway2"] = {"id": f"{GATEWAYS}/late"}
    azure.send("PUT", PATH, body(resources=there["resources"]))
    azure.wait(880)
    assert azure.properties(PATH)["provisioningState"] == "Running"
    azure.wait(60)
    assert azure.properties(PATH)["provisioningState"] == "Succeeded"
