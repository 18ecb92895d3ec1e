"""Peerings that people made by hand: adopted, refused or brought in line as adoptionPolicy says, never deleted unasked."""

from __future__ import annotations

import pytest

from estate import Estate, eventually
from stories import direction, looks_again, merged, owned, snippets, told, two_vnets

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
    left = told(estate, name, "LeftInAzure")
    assert len(left) == 2
    assert f"az network vnet peering delete --ids {app}/virtualNetworkPeerings/{names[0]}" in " ".join(left)


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

    estate.patch(name, **merged(snippets(ready["message"])))
    estate.wait_ready(name)
    assert estate.writes() == []
    assert direction(estate, name)["origin"] == "Adopted"


def test_differences_on_both_sides_are_all_told_at_once(estate: Estate) -> None:
    app, data = two_vnets(estate)
    estate.azure.peering(app, "by-hand", data, allowForwardedTraffic=True)
    estate.azure.peering(data, "also-by-hand", app, allowGatewayTransit=True)
    estate.start()
    estate.pair("both-differ", app, data, interval="1s")

    estate.wait_reason("both-differ", "AdoptionRefused")
    found = estate.read("both-differ")["status"]["findings"]
    assert [one["code"] for one in found] == ["AdoptionRefused", "AdoptionRefused"]

    estate.patch("both-differ", **merged([piece for one in found for piece in snippets(one["remediation"])]))
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
