"""arm.md section 10: private DNS zones and their virtual network links."""

from __future__ import annotations

from typing import Any

import pytest

from simulated_azure import GROUP, Azure, code

ZONE = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/corp.example"
LINK = f"{ZONE}/virtualNetworkLinks/net"
GLOBAL = {"location": "global"}


@pytest.fixture
def azure() -> Azure:
    return Azure()


@pytest.fixture
def vnet(azure: Azure) -> str:
    return azure.vnet("net", "10.0.0.0/16")


@pytest.fixture
def zone(azure: Azure, vnet: str) -> str:
    done(azure, azure.send("PUT", ZONE, GLOBAL))
    return ZONE


def done(azure: Azure, accepted: Any) -> Any:
    """Waits for the operation of a 202 and gives its end."""
    assert accepted.status == 202, accepted.body
    azure.wait(31)
    return azure.get(accepted.headers["Azure-AsyncOperation"])


def link(vnet: str, **properties: Any) -> dict[str, Any]:
    return {**GLOBAL, "properties": {"virtualNetwork": {"id": vnet}, **properties}}


def test_a_write_is_accepted_with_an_empty_object_and_both_headers(azure: Azure, vnet: str) -> None:
    accepted = azure.send("PUT", ZONE, GLOBAL)
    assert (accepted.status, accepted.data) == (202, {})
    assert "/privateDnsOperationStatuses/" in accepted.headers["Azure-AsyncOperation"]
    assert "/privateDnsOperationResults/" in accepted.headers["Location"]
    assert accepted.headers["Retry-After"] == "10"
    polled = azure.send("GET", accepted.headers["Azure-AsyncOperation"])
    assert (polled.status, polled.data) == (202, {"status": "InProgress"})
    assert azure.send("GET", accepted.headers["Location"]).status == 202
    azure.wait(31)
    assert azure.get(accepted.headers["Azure-AsyncOperation"]) == {"status": "Succeeded"}


def test_a_zone_counts_its_links_and_moves_with_them(azure: Azure, zone: str, vnet: str) -> None:
    before = azure.get(zone)["etag"]
    azure.send("PUT", f"{LINK}0", link(azure.vnet("more", "10.8.0.0/16")))
    assert azure.get(zone)["etag"] != before
    azure.wait(31)
    done(azure, azure.send("DELETE", f"{LINK}0"))
    done(azure, azure.send("PUT", LINK, link(vnet, registrationEnabled=True)))
    shown = azure.properties(zone)
    assert shown["numberOfVirtualNetworkLinks"] == 1
    assert shown["numberOfVirtualNetworkLinksWithRegistration"] == 1


def test_a_link_is_completed_at_the_end(azure: Azure, zone: str, vnet: str) -> None:
    accepted = azure.send("PUT", LINK, link(vnet))
    assert azure.properties(LINK)["virtualNetworkLinkState"] == "InProgress"
    done(azure, accepted)
    assert azure.properties(LINK)["virtualNetworkLinkState"] == "Completed"
    assert azure.properties(LINK)["virtualNetwork"] == {"id": vnet}


def test_etags_have_no_weak_mark_and_a_links_has_quotes(azure: Azure, zone: str, vnet: str) -> None:
    done(azure, azure.send("PUT", LINK, link(vnet)))
    of_zone, of_link = azure.get(zone)["etag"], azure.get(LINK)["etag"]
    assert of_zone.count("-") == 4
    assert '"' not in of_zone
    assert of_link.startswith('"')
    assert azure.send("GET", LINK).headers["ETag"] == of_link


def test_creating_what_exists_ends_failed(azure: Azure, zone: str, vnet: str) -> None:
    before = azure.get(zone)
    end = done(azure, azure.send("PUT", zone, {**GLOBAL, "tags": {"a": "b"}}, headers={"if-none-match": "*"}))
    assert list(end) == ["error", "status"]
    assert end["error"]["code"] == "PreconditionFailed"
    assert end["error"]["message"].endswith("exists already and hence cannot be created again.")
    assert azure.get(zone) == before


def test_a_stale_if_match_fails_the_operation(azure: Azure, zone: str, vnet: str) -> None:
    done(azure, azure.send("PUT", LINK, link(vnet)))
    before = azure.get(LINK)
    for method, body in (("PATCH", {"tags": {"a": "b"}}), ("PUT", link(vnet)), ("DELETE", None)):
        end = done(azure, azure.send(method, LINK, body, headers={"if-match": '"stale"'}))
        assert end["error"]["message"].endswith("has been modified (etag mismatch).")
        assert azure.get(LINK) == before
    good = azure.send("PATCH", LINK, {"tags": {"a": "b"}}, headers={"if-match": before["etag"]})
    assert done(azure, good) == {"status": "Succeeded"}
    assert azure.get(LINK)["tags"] == {"a": "b"}


def test_what_is_missing_is_deleted_with_204(azure: Azure, zone: str, vnet: str) -> None:
    assert azure.send("DELETE", LINK).status == 204
    assert azure.send("DELETE", LINK.replace("corp.example", "none.example")).status == 204
    assert azure.send("DELETE", ZONE.replace("corp.example", "none.example")).status == 204


def test_a_zone_with_links_stays(azure: Azure, zone: str, vnet: str) -> None:
    done(azure, azure.send("PUT", LINK, link(vnet)))
    assert code(azure.send("DELETE", zone)) == "CannotDeleteResource"
    assert done(azure, azure.send("DELETE", LINK)) == {"status": "Succeeded"}
    assert done(azure, azure.send("DELETE", zone)) == {"status": "Succeeded"}
    assert azure.send("GET", zone).status == 404


def test_a_vnet_is_linked_once_and_must_exist(azure: Azure, zone: str, vnet: str) -> None:
    done(azure, azure.send("PUT", LINK, link(vnet)))
    assert code(azure.send("PUT", f"{LINK}2", link(vnet))) == "Conflict"
    assert code(azure.send("PUT", f"{LINK}2", link(f"{vnet}2"))) == "InvalidResourceReference"
    assert code(azure.send("PUT", f"{LINK}2", link("net"))) == "LinkedInvalidPropertyId"


def test_links_and_registrations_are_limited(vnet: str) -> None:
    azure = Azure(quotas={"virtualNetworkLinks": 2, "registrationLinks": 1, "virtualNetworks": 9, "subnets": 9})
    nets = [azure.vnet(f"net{number}", f"10.{number}.0.0/16") for number in range(3)]
    done(azure, azure.send("PUT", ZONE, GLOBAL))
    done(azure, azure.send("PUT", f"{LINK}0", link(nets[0], registrationEnabled=True)))
    more = azure.send("PUT", f"{LINK}1", link(nets[1], registrationEnabled=True))
    assert code(more) == "RegistrationVirtualNetworkLinksCountLimitReached"
    done(azure, azure.send("PUT", f"{LINK}1", link(nets[1])))
    assert code(azure.send("PUT", f"{LINK}2", link(nets[2]))) == "VirtualNetworkLinksCountLimitReached"


def test_a_zone_is_global_and_has_a_domain_name(azure: Azure, vnet: str) -> None:
    assert code(azure.send("PUT", ZONE, {"location": "westeurope"})) == "LocationNotAvailableForResourceType"
    for name in ("single", "-a.example", "a..example"):
        assert code(azure.send("PUT", ZONE.replace("corp.example", name), GLOBAL)) == "BadRequest"


def test_a_running_operation_refuses_the_next(azure: Azure, zone: str, vnet: str) -> None:
    azure.send("PUT", LINK, link(vnet))
    assert azure.send("PUT", LINK, link(vnet)).status == 429
    assert azure.send("DELETE", LINK).status == 409


def test_zones_are_listed_in_group_and_subscription(azure: Azure, zone: str) -> None:
    shown = azure.get(zone)
    collection = zone.rpartition("/")[0]
    assert azure.get(collection)["value"] == [shown]
    assert azure.get(collection.replace("/resourceGroups/rg", ""))["value"] == [shown]
