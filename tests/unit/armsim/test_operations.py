"""arm.md sections 1.3 and 1.4: long-running operations, their URLs and waits, and what they forbid meanwhile."""

from __future__ import annotations

from math import inf

import pytest

from simulated_azure import GROUP, SUB, Azure, code, gateway, network, peering, side

VNETS = f"{GROUP}/providers/Microsoft.Network/virtualNetworks"


@pytest.fixture
def azure() -> Azure:
    return Azure()


def test_a_put_gives_an_operation_in_the_region_and_no_location(azure: Azure) -> None:
    azure.group()
    response = azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16", location="West US"), version="2022-01-01")
    guid = response.headers["x-ms-request-id"]
    url = f"/subscriptions/{SUB}/providers/Microsoft.Network/locations/westus/operations/{guid}?api-version=2022-01-01"
    assert response.headers["Azure-AsyncOperation"] == f"https://localhost{url}"
    assert response.headers["Azure-AsyncNotification"] == "Enabled"
    assert response.headers["Retry-After"] == "3"
    assert "Location" not in response.headers


def test_a_delete_gives_an_operation_and_a_location_of_the_same_id(azure: Azure) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16")
    response = azure.send("DELETE", vnet, version="2022-01-01")
    operation, location = response.headers["Azure-AsyncOperation"], response.headers["Location"]
    assert location == operation.replace("/operations/", "/operationResults/")
    assert (response.headers["Retry-After"], response.body) == ("10", b"")


def test_an_operation_is_in_progress_with_a_wait_then_succeeded_without(azure: Azure) -> None:
    vnet = azure.vnet("v", "10.0.0.0/16")
    headers = azure.send("DELETE", vnet).headers
    status = azure.send("GET", headers["Azure-AsyncOperation"])
    assert (status.data, status.headers["Retry-After"]) == ({"status": "InProgress"}, "10")
    waiting = azure.send("GET", headers["Location"])
    assert (waiting.status, waiting.headers["Location"]) == (202, headers["Location"])
    azure.wait(10)
    status = azure.send("GET", headers["Azure-AsyncOperation"])
    assert status.data == {"status": "Succeeded"}
    assert "Retry-After" not in status.headers
    result = azure.send("GET", headers["Location"])
    assert (result.status, result.body, result.headers["Location"]) == (204, b"", headers["Location"])


def test_operation_urls_are_signed_since_2024(azure: Azure) -> None:
    azure.group()
    url = azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16"), version="2024-05-01").headers["Azure-AsyncOperation"]
    assert all(f"&{name}=" in url for name in "tcsh")
    assert azure.send("GET", url).data == {"status": "InProgress"}


def test_a_peering_waits_ten_seconds(azure: Azure) -> None:
    one, two = azure.vnet("one", "10.1.0.0/16"), azure.vnet("two", "10.2.0.0/16")
    response = azure.send("PUT", side(one, two), peering(two))
    assert response.headers["Retry-After"] == "10"
    azure.wait(9)
    assert azure.properties(side(one, two))["provisioningState"] == "Updating"
    azure.wait(1)
    assert azure.properties(side(one, two))["provisioningState"] == "Succeeded"


@pytest.mark.parametrize(
    ("speed", "name", "value"),
    [
        (1.0, "Retry-After", "10"),
        (4.0, "Retry-After", "3"),
        (60.0, "x-ms-retry-after-ms", "167"),
        (inf, "x-ms-retry-after-ms", "10"),
    ],
)
def test_waits_are_scaled_by_speed(speed: float, name: str, value: str) -> None:
    azure = Azure(speed=speed)
    headers = azure.send("DELETE", azure.vnet("v", "10.0.0.0/16")).headers
    assert headers[name] == value
    assert len({"Retry-After", "x-ms-retry-after-ms"} & set(headers)) == 1


def test_speed_makes_operations_end_sooner() -> None:
    azure = Azure(speed=10.0)
    azure.group()
    azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16"))
    azure.wait(0.29)
    assert azure.properties(f"{VNETS}/v")["provisioningState"] == "Updating"
    azure.wait(0.02)
    assert azure.properties(f"{VNETS}/v")["provisioningState"] == "Succeeded"


def test_without_a_wait_operations_have_ended_at_the_next_request() -> None:
    azure = Azure(speed=inf)
    azure.group()
    assert azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16")).data["properties"]["provisioningState"] == "Updating"
    assert azure.properties(f"{VNETS}/v")["provisioningState"] == "Succeeded"


def test_a_failed_operation_stays_200_with_its_error(azure: Azure) -> None:
    azure.group()
    azure.control("POST", "faults", {"kind": "fail", "method": "PUT", "code": "Broken", "message": "It broke."})
    response = azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16"))
    assert response.status == 201
    azure.wait()
    status = azure.send("GET", response.headers["Azure-AsyncOperation"])
    expected = {"status": "Failed", "error": {"code": "Broken", "message": "It broke.", "details": []}}
    assert (status.status, status.data) == (200, expected)
    assert azure.properties(f"{VNETS}/v")["provisioningState"] == "Failed"


def test_a_child_of_a_failed_parent_is_refused(azure: Azure) -> None:
    azure.group()
    azure.control("POST", "faults", {"kind": "fail", "nth": 1})
    guid = azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16")).headers["x-ms-request-id"]
    azure.wait()
    refused = azure.send("PUT", f"{VNETS}/v/subnets/a", {"properties": {"addressPrefix": "10.0.0.0/24"}})
    assert (refused.status, code(refused)) == (400, "ParentResourceIsInFailedState")
    assert f"because last operation ({guid}) on parent" in refused.data["error"]["message"]


def test_an_operation_of_another_subscription_or_none_is_not_found(azure: Azure) -> None:
    path = f"/subscriptions/{SUB}/providers/Microsoft.Network/locations/westus/operations/{SUB}"
    assert azure.send("GET", path).status == 404


# --- 1.4 concurrency


def test_a_second_put_on_a_running_operation_is_a_retryable_429(azure: Azure) -> None:
    one, two = azure.vnet("one", "10.1.0.0/16"), azure.vnet("two", "10.2.0.0/16")
    guid = azure.send("PUT", side(one, two), peering(two)).headers["x-ms-request-id"]
    refused = azure.send("PUT", side(one, two), peering(two))
    assert (refused.status, code(refused)) == (429, "RetryableError")
    assert refused.data["error"]["message"] == "A retryable error occurred."
    detail = refused.data["error"]["details"][0]
    assert detail["code"] == "RetryableErrorDueToAnotherOperation"
    assert detail["message"].startswith(f"Operation PutVirtualNetworkPeeringOperation ({guid}) is updating resource ")
    assert "Retry-After" not in refused.headers
    azure.wait()
    assert azure.send("PUT", side(one, two), peering(two)).status == 200


def test_a_second_put_on_a_vnet_or_its_subnet_is_a_retryable_429(azure: Azure) -> None:
    azure.group()
    azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16"))
    assert azure.send("PUT", f"{VNETS}/v", network("10.0.0.0/16")).status == 429
    subnet = {"properties": {"addressPrefix": "10.0.0.0/24"}}
    assert azure.send("PUT", f"{VNETS}/v/subnets/a", subnet).status == 429


@pytest.mark.parametrize("target", ["peering", "vnet"])
def test_a_delete_during_an_operation_of_it_or_a_child_is_409(azure: Azure, target: str) -> None:
    one, two = azure.vnet("one", "10.1.0.0/16"), azure.vnet("two", "10.2.0.0/16")
    guid = azure.send("PUT", side(one, two), peering(two)).headers["x-ms-request-id"]
    refused = azure.send("DELETE", side(one, two) if target == "peering" else one)
    assert (refused.status, code(refused)) == (409, "AnotherOperationInProgress")
    assert refused.data["error"]["message"].endswith(f"of the operation use uri: {guid}.")
    assert "Retry-After" not in refused.headers


def test_a_remote_vnet_with_a_running_subnet_operation_is_not_provisioned(azure: Azure) -> None:
    one, two = azure.vnet("one", "10.1.0.0/16"), azure.vnet("two", "10.2.0.0/16")
    azure.send("PUT", f"{two}/subnets/a", {"properties": {"addressPrefix": "10.2.0.0/24"}})
    refused = azure.send("PUT", side(one, two), peering(two))
    assert (refused.status, code(refused)) == (400, "ReferencedResourceNotProvisioned")
    assert refused.data["error"]["message"] == (
        f"Cannot proceed with operation because resource {two} used by resource {side(one, two)} is not in Succeeded "
        "state. Resource is in Updating state and the last operation that updated/is updating the resource is "
        "PutSubnetOperation."
    )


def test_a_running_peering_operation_leaves_its_vnet_succeeded_unless_strict() -> None:
    for strict, state, status in ((False, "Succeeded", 201), (True, "Updating", 400)):
        azure = Azure(strict=strict)
        one, two = azure.vnet("one", "10.1.0.0/16"), azure.vnet("two", "10.2.0.0/16")
        azure.send("PUT", side(one, two), peering(two))
        assert azure.properties(one)["provisioningState"] == state
        assert azure.send("PUT", side(two, one), peering(one)).status == status
        azure.wait()
        assert azure.properties(one)["provisioningState"] == "Succeeded"


def test_peerings_of_one_vnet_are_made_side_by_side_unless_strict() -> None:
    for strict, status in ((False, 201), (True, 429)):
        azure = Azure(strict=strict)
        hub, one, two = (azure.vnet(name, f"10.{n}.0.0/16") for n, name in enumerate(("hub", "one", "two")))
        assert azure.send("PUT", side(hub, one), peering(one)).status == 201
        assert azure.send("PUT", side(hub, two), peering(two)).status == status


def test_a_second_put_on_a_gateway_is_a_retryable_429(azure: Azure) -> None:
    hub = azure.vnet("hub", "10.0.0.0/16", subnets={"GatewaySubnet": "10.0.0.0/27"})
    azure.address(hub)
    path = f"{GROUP}/providers/Microsoft.Network/virtualNetworkGateways/g"
    assert azure.send("PUT", path, gateway(hub)).status == 201
    refused = azure.send("PUT", path, gateway(hub))
    assert refused.status == 429
    assert "PutVirtualNetworkGatewayOperation (" in refused.data["error"]["details"][0]["message"]
    assert azure.send("DELETE", path).status == 409
