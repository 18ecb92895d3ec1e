"""Peerings that people made by hand: adopted, refused or brought in line as adoptionPolicy says, never deleted unasked."""

from __future__ import annotations

import pytest

from estate import Estate, eventually
from stories import direction, looks_again, owned, snippet, told, two_vnets

NAMES = [("by-hand", "also-by-hand"), ("app-data", "data-app")]  # any name, our default names included


def made_by_hand(estate: Estate, names: tuple[str, str] = NAMES[0], **flags: bool) -> tuple[str, str]:
    """Two VNets and both peerings between them; `flags` on the one in app."""
    app, data = two_vnets(estate)
    estate.azure.peering(app, names[0], data, **flags)
    estate.azure.peering(data, names[1], app)
    estate.start()
    return app, data


@pytest.mark.parametrize("names", NAMES, ids=["any-name", "default-name"])
def test_matching_peerings_are_adopted_without_a_write_and_named(estate: Estate, names: tuple[str, str]) -> None:
    app, data = made_by_hand(estate, names)
    name = f"adopt-{names[0]}"

    estate.pair(name, app, data, interval="1s")
    estate.wait_ready(name)
    looks_again(estate, app)

    assert estate.writes() == []
    for which, vnet, peering in (("vnet1ToVnet2", app, names[0]), ("vnet2ToVnet1", data, names[1])):
        shown = direction(estate, name, which)
        assert (shown["name"], shown["origin"]) == (peering, "Adopted")
        assert sum(f"{vnet}/virtualNetworkPeerings/{peering}" in note for note in told(estate, name, "Adopted")) == 1
    kept = [r["onDelete"] for r in estate.read(name)["status"]["resources"]]
    assert kept == ["Keep"] * 4

    estate.delete(name)
    assert estate.writes() == []
    eventually("both named", lambda: len(told(estate, name, "LeftInAzure")) == 2)
    command = f"az network vnet peering delete --ids {app}/virtualNetworkPeerings/{names[0]}"
    assert any(command in note for note in told(estate, name, "LeftInAzure"))


def test_an_adopted_peering_is_kept_in_line_and_repaired_under_its_own_name(estate: Estate) -> None:
    app, data = made_by_hand(estate)
    estate.pair("kept", app, data, interval="1s")
    estate.wait_ready("kept")

    since = estate.azure.last_request()
    estate.azure.peering(app, "by-hand", data, allowForwardedTraffic=True)
    looks_again(estate, app)
    assert estate.writes(since) == ["PUT by-hand"]

    since = estate.azure.last_request()
    estate.azure.delete(f"{data}/virtualNetworkPeerings/also-by-hand")
    eventually("the repair", lambda: len(estate.writes(since)) == 3)
    estate.wait_ready("kept")
    assert estate.writes(since) == ["DELETE by-hand", "PUT by-hand", "PUT also-by-hand"]
    assert direction(estate, "kept", "vnet2ToVnet1")["origin"] == "Adopted"

    estate.delete("kept")
    assert estate.writes(since)[3:] == []


@pytest.mark.parametrize("names", NAMES, ids=["any-name", "default-name"])
def test_a_differing_peering_is_refused_with_a_snippet_that_makes_it_adopted(
    estate: Estate, names: tuple[str, str]
) -> None:
    app, data = made_by_hand(estate, names, allowForwardedTraffic=True, allowVirtualNetworkAccess=False)
    name = f"differing-{names[0]}"
    estate.pair(name, app, data, interval="1s")

    ready = estate.wait_reason(name, "AdoptionRefused")
    looks_again(estate, app)

    assert estate.writes() == []
    assert owned(estate, name) == {}, "one refused side refuses the pair"
    assert direction(estate, name, "vnet2ToVnet1")["origin"] == "Foreign"
    assert f"{app}/virtualNetworkPeerings/{names[0]}" in ready["message"]
    assert "allowForwardedTraffic" in ready["message"]

    estate.patch(name, **snippet(ready["message"]))
    estate.wait_ready(name)
    assert estate.writes() == []
    assert direction(estate, name)["origin"] == "Adopted"


def test_differences_on_both_sides_are_all_told_at_once(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.azure.peering(app, "by-hand", data, allowForwardedTraffic=True)
    estate.azure.peering(data, "also-by-hand", app, allowGatewayTransit=True)
    estate.start()
    estate.pair("both-differ", app, data, interval="1s")

    ready = estate.wait_reason("both-differ", "AdoptionRefused")
    found = estate.read("both-differ")["status"]["findings"]
    assert [one["id"].rsplit("/", 1)[-1] for one in found] == ["by-hand", "also-by-hand"]

    estate.patch("both-differ", **snippet(ready["message"]))
    estate.wait_ready("both-differ")
    assert estate.writes() == []


def test_one_differing_half_alone_is_refused_and_the_other_half_is_not_made(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.azure.peering(data, "half", app, allowForwardedTraffic=True)
    estate.start()
    estate.pair("one-half", app, data, interval="1s")

    estate.wait_reason("one-half", "AdoptionRefused")
    looks_again(estate, app)

    assert estate.writes() == []
    assert estate.peerings(app) == {}


def test_one_matching_half_is_adopted_and_the_other_is_made(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.azure.peering(data, "half", app)
    estate.start()
    estate.pair("completed", app, data, interval="1s")
    estate.wait_ready("completed")

    assert estate.writes() == ["PUT app-data"]
    origins = [direction(estate, "completed", which)["origin"] for which in ("vnet1ToVnet2", "vnet2ToVnet1")]
    assert origins == ["Created", "Adopted"]
    estate.delete("completed")
    assert estate.writes() == ["PUT app-data", "DELETE app-data"]
    assert list(estate.peerings(data)) == ["half"]


def test_never_refuses_even_what_matches(estate: Estate) -> None:
    app, data = made_by_hand(estate)
    estate.pair("never", app, data, interval="1s", adoptionPolicy="Never")

    ready = estate.wait_reason("never", "AdoptionRefused")
    looks_again(estate, app)

    assert estate.writes() == []
    assert "adoptionPolicy is Never" in ready["message"]
    assert owned(estate, "never") == {}
    estate.delete("never")
    assert estate.writes() == []


def test_always_brings_it_in_line_and_only_delete_all_takes_it(estate: Estate) -> None:
    app, data = made_by_hand(estate, allowForwardedTraffic=True)
    estate.pair("always", app, data, interval="1s", adoptionPolicy="Always")
    estate.wait_ready("always")
    assert estate.writes() == ["PUT by-hand"]
    assert estate.peerings(app)["by-hand"]["allowForwardedTraffic"] is False

    estate.patch("always", deletionPolicy="DeleteAll")
    estate.delete("always")

    assert estate.writes() == ["PUT by-hand", "DELETE by-hand", "DELETE also-by-hand"]
    assert estate.peerings(app) == estate.peerings(data) == {}
    assert told(estate, "always", "LeftInAzure") == []


def test_a_gateway_that_is_in_use_already_is_adopted_with_one_snippet_for_both_sides(estate: Estate) -> None:
    hub = estate.azure.vnet("hub", "10.1.0.0/16", subnets={"GatewaySubnet": "10.1.255.0/27"})
    spoke = estate.azure.vnet("spoke", "10.2.0.0/16")
    estate.azure.gateway(hub)
    estate.azure.peering(hub, "out", spoke, allowGatewayTransit=True)
    estate.azure.peering(spoke, "in", hub, useRemoteGateways=True)
    estate.start()
    estate.pair("adopt-transit", hub, spoke, interval="1s")

    ready = estate.wait_reason("adopt-transit", "AdoptionRefused")
    estate.patch("adopt-transit", **snippet(ready["message"]))
    estate.wait_reason("adopt-transit", "Connected")
    assert estate.writes() == []


def test_a_subnet_peering_is_adopted_by_an_object_made_again_with_the_snippet_then_with_other_subnets(
    estate: Estate,
) -> None:
    subnets = ({"a": "10.1.1.0/24", "b": "10.1.2.0/24"}, {"c": "10.2.1.0/24"})
    app = estate.azure.vnet("app", "10.1.0.0/16", subnets=subnets[0])
    data = estate.azure.vnet("data", "10.2.0.0/16", subnets=subnets[1])
    scope = {"peerCompleteVnets": False}
    estate.azure.peering(app, "out", data, localSubnetNames=["a"], remoteSubnetNames=["c"], **scope)
    estate.azure.peering(data, "in", app, localSubnetNames=["c"], remoteSubnetNames=["a"], **scope)
    estate.start()
    estate.pair("whole", app, data, interval="1s")

    ready = estate.wait_reason("whole", "AdoptionRefused")
    assert "Make this object again with" in ready["message"]
    estate.delete("whole")
    estate.pair("part", app, data, interval="1s", **snippet(ready["message"]))
    estate.wait_ready("part")
    estate.delete("part")

    other = {"subnetPeering": {"vnet1SubnetNames": ["b"], "vnet2SubnetNames": ["c"]}}
    estate.pair("other-part", app, data, interval="1s", peering=other)
    ready = estate.wait_reason("other-part", "AdoptionRefused")
    estate.patch("other-part", **snippet(ready["message"]))
    estate.wait_ready("other-part")
    assert estate.writes() == []


def test_a_peering_of_ours_that_a_person_made_again_under_another_name_is_theirs(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.start()
    estate.pair("replaced", app, data, interval="1s")
    estate.wait_ready("replaced")
    estate.operator.kill()
    estate.azure.delete(f"{app}/virtualNetworkPeerings/app-data")
    estate.azure.delete(f"{data}/virtualNetworkPeerings/data-app")
    estate.azure.peering(app, "by-hand", data)
    estate.azure.peering(data, "also-by-hand", app)
    since = estate.azure.last_request()

    estate.operator.start().wait_ready()
    eventually("adopted", lambda: direction(estate, "replaced").get("origin") == "Adopted")
    estate.delete("replaced")
    assert estate.writes(since) == []
