"""arm.md sections 1.1, 1.5, 2: what is missing, who says so; resource groups; headers."""

from __future__ import annotations

import pytest

from simulated_azure import GROUP, SUB, SUB_B, Azure, code, network, peering

VNETS = f"{GROUP}/providers/Microsoft.Network/virtualNetworks"


@pytest.fixture
def azure() -> Azure:
    made = Azure()
    made.group()
    return made


@pytest.mark.parametrize("kind", ["virtualNetworks", "virtualNetworkGateways", "publicIPAddresses"])
def test_a_missing_top_level_resource_is_said_by_the_gateway(azure: Azure, kind: str) -> None:
    refused = azure.send("GET", f"{GROUP}/providers/Microsoft.Network/{kind}/x")
    assert (refused.status, code(refused)) == (404, "ResourceNotFound")
    assert refused.data["error"]["message"] == (
        f"The Resource 'Microsoft.Network/{kind}/x' under resource group 'rg' was not found. For more details please "
        "go to https://aka.ms/ARMResourceNotFoundFix"
    )
    assert refused.headers["x-ms-failure-cause"] == "gateway"
    assert "details" not in refused.data["error"]


@pytest.mark.parametrize("kind", ["subnets", "virtualNetworkPeerings"])
def test_a_missing_child_is_said_by_the_provider(azure: Azure, kind: str) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16")
    refused = azure.send("GET", f"{vnet}/{kind}/x")
    expected = {"error": {"code": "NotFound", "message": f"Resource {vnet}/{kind}/x not found.", "details": []}}
    assert (refused.status, refused.data) == (404, expected)
    assert "x-ms-failure-cause" not in refused.headers
    assert "x-ms-arm-service-request-id" in refused.headers


@pytest.mark.parametrize("kind", ["subnets", "virtualNetworkPeerings"])
def test_a_child_of_a_missing_vnet_names_the_vnet(azure: Azure, kind: str) -> None:
    refused = azure.send("GET", f"{VNETS}/none/{kind}/x")
    assert code(refused) == "ResourceNotFound"
    assert "'Microsoft.Network/virtualNetworks/none'" in refused.data["error"]["message"]


def test_a_put_under_a_missing_parent_is_parent_resource_not_found(azure: Azure) -> None:
    refused = azure.send("PUT", f"{VNETS}/none/virtualNetworkPeerings/x", peering(f"{VNETS}/other"))
    assert (refused.status, code(refused)) == (404, "ParentResourceNotFound")
    assert refused.data["error"]["message"].endswith("Parent resource 'none' not found.")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_missing_group_is_said_for_every_call_inside_it(azure: Azure, method: str) -> None:
    path = VNETS.replace("/rg/", "/none/")
    refused = azure.send(method, f"{path}/v", network("10.0.0.0/16") if method == "PUT" else None)
    assert (refused.status, code(refused)) == (404, "ResourceGroupNotFound")
    assert refused.data["error"]["message"] == "Resource group 'none' could not be found."


def test_a_missing_group_has_no_body_for_head(azure: Azure) -> None:
    missing = azure.send("HEAD", GROUP.replace("/rg", "/none"))
    assert (missing.status, missing.body) == (404, b"")
    assert azure.send("HEAD", GROUP).status == 204


def test_an_unknown_subscription_is_not_found(azure: Azure) -> None:
    unknown = "99999999-0000-0000-0000-000000000000"
    refused = azure.send("GET", f"/subscriptions/{unknown}/resourceGroups/rg")
    assert (refused.status, code(refused)) == (404, "SubscriptionNotFound")
    assert refused.data["error"]["message"] == f"The subscription '{unknown}' could not be found."


def test_a_subscription_of_another_tenant_is_401(azure: Azure) -> None:
    refused = azure.send("GET", f"/subscriptions/{SUB_B}/resourceGroups/rg")
    assert (refused.status, code(refused)) == (401, "InvalidAuthenticationTokenTenant")
    assert "WWW-Authenticate" in refused.headers


def test_unknown_types_and_namespaces_are_said_by_the_gateway(azure: Azure) -> None:
    refused = azure.send("GET", f"{GROUP}/providers/Microsoft.Network/loadBalancers/x")
    assert (refused.status, code(refused)) == (404, "InvalidResourceType")
    assert code(azure.send("GET", f"{GROUP}/providers/Microsoft.Compute/disks/x")) == "InvalidResourceNamespace"


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", "MissingApiVersionParameter"), ("?api-version=", "MissingApiVersionParameter")]
    + [(f"?api-version={bad}", "InvalidApiVersionParameter") for bad in ("x", "2022", "2022-1-1", "22-01-01")]
    + [("?api-version=2001-01-01", "NoRegisteredProviderFound")],
)
def test_the_api_version_must_be_a_date(azure: Azure, query: str, expected: str) -> None:
    from armsim.messages import Request

    request = Request("GET", f"{VNETS}{query}", {"authorization": f"Bearer {azure.token()}"})
    refused = azure.core.handle(request, azure.now)
    assert (refused.status, code(refused)) == (400, expected)


def test_segment_names_are_case_insensitive_and_ids_canonical(azure: Azure) -> None:
    azure.put(f"{VNETS}/MyNet".replace("resourceGroups", "RESOURCEGROUPS"), network("10.0.0.0/16"))
    shown = azure.get(f"{VNETS}/mynet".lower())
    assert (shown["id"], shown["name"]) == (f"{VNETS}/MyNet", "MyNet")


def test_every_answer_has_the_common_headers(azure: Azure) -> None:
    for response in (azure.send("GET", VNETS), azure.send("GET", f"{VNETS}/none")):
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        for name in ("Cache-Control", "Pragma", "Expires", "Strict-Transport-Security", "X-Content-Type-Options"):
            assert name in response.headers
        for name in ("x-ms-request-id", "x-ms-correlation-request-id", "x-ms-routing-request-id"):
            assert name in response.headers


# --- section 2


def test_a_group_is_made_and_updated_at_once(azure: Azure) -> None:
    path = f"/subscriptions/{SUB}/resourcegroups/New"
    made = azure.send("PUT", path, {"location": "West US", "managedBy": "me", "tags": {"a": "b"}})
    assert made.status == 201
    assert made.data == {
        "id": f"/subscriptions/{SUB}/resourceGroups/New",
        "name": "New",
        "type": "Microsoft.Resources/resourceGroups",
        "location": "westus",
        "managedBy": "me",
        "tags": {"a": "b"},
        "properties": {"provisioningState": "Succeeded"},
    }
    assert azure.send("PUT", path, {"location": "westus"}).status == 200
    assert azure.send("PUT", path, {"location": "eastus"}).status == 409
    assert azure.send("PUT", path, {}).status == 400
    assert azure.send("PATCH", path, {"tags": {"c": "d"}}).data["tags"] == {"c": "d"}


def test_groups_are_listed_and_filtered_by_tag(azure: Azure) -> None:
    azure.send("PUT", f"/subscriptions/{SUB}/resourceGroups/tagged", {"location": "westus", "tags": {"a": "b"}})
    path = f"/subscriptions/{SUB}/resourcegroups"
    assert [one["name"] for one in azure.get(path)["value"]] == ["rg", "tagged"]
    found = azure.get(f"{path}?$filter=tagname%20eq%20'a'%20and%20tagvalue%20eq%20'b'")
    assert [one["name"] for one in found["value"]] == ["tagged"]


def test_a_group_is_deleted_by_a_job(azure: Azure) -> None:
    azure.vnet("v", "10.0.0.0/16")
    response = azure.send("DELETE", GROUP)
    assert response.status == 202
    assert "/operationresults/" in response.headers["Location"]
    assert response.headers["Retry-After"] == "15"
    assert "Azure-AsyncOperation" not in response.headers
    assert azure.properties(GROUP)["provisioningState"] == "Deleting"
    running = azure.send("GET", response.headers["Location"])
    assert (running.status, running.headers["Location"]) == (202, response.headers["Location"])
    assert code(azure.send("PUT", f"{VNETS}/w", network("10.0.0.0/16"))) == "ResourceGroupBeingDeleted"
    assert code(azure.send("PUT", GROUP, {"location": "westeurope"})) == "ResourceGroupBeingDeleted"
    azure.wait()
    done = azure.send("GET", response.headers["Location"])
    assert (done.status, done.body) == (200, b"")
    assert code(azure.send("GET", GROUP)) == "ResourceGroupNotFound"
    assert code(azure.send("DELETE", GROUP)) == "ResourceGroupNotFound"
    assert azure.core.world.vnets == {}


def test_a_failed_deletion_of_a_group_ends_with_409_and_the_group(azure: Azure) -> None:
    azure.control("POST", "faults", {"kind": "fail", "method": "DELETE", "code": "Stuck", "message": "It is stuck."})
    location = azure.send("DELETE", GROUP).headers["Location"]
    azure.wait()
    failed = azure.send("GET", location)
    assert (failed.status, code(failed)) == (409, "Stuck")
    assert azure.properties(GROUP)["provisioningState"] == "Succeeded"


def test_a_lock_stops_deletions_at_and_above_it() -> None:
    azure = Azure(locks=(f"{VNETS}/v",))
    vnet = azure.vnet("v", "10.0.0.0/16")
    azure.vnet("free", "10.1.0.0/16")
    for path in (vnet, GROUP):
        refused = azure.send("DELETE", path)
        assert (refused.status, code(refused)) == (409, "ScopeLocked")
        assert f"following scope(s) are locked: '{vnet}'" in refused.data["error"]["message"]
    assert azure.send("DELETE", f"{VNETS}/free").status == 202
