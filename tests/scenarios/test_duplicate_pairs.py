"""Two objects want the same two VNets: the oldest holds them, the other says so and waits."""

from __future__ import annotations

import pytest

from estate import Estate, eventually
from link_estate import LinkEstate
from stories import connected, direction, looks_again, owned


def test_the_oldest_wins_and_the_other_names_it_and_touches_nothing(estate: Estate) -> None:
    app, data = connected(estate, "a-first")
    since = estate.azure.last_request()

    estate.pair("b-second", data, app, interval="1s", peering={"vnet1": {"allowForwardedTraffic": True}})
    ready = estate.wait_reason("b-second", "DuplicateLink")
    looks_again(estate, app)

    assert ready["status"] == "False"
    assert "PeeringPair default/a-first" in ready["message"]
    assert "kubectl get peeringpairs -n default a-first" in ready["message"]
    assert owned(estate, "b-second") == {}
    estate.delete("b-second")
    assert estate.writes(since) == []
    assert estate.condition("a-first")["status"] == "True"


@pytest.mark.parametrize("swapped", [False, True], ids=["same-ends", "swapped-ends"])
def test_the_other_takes_over_when_the_winner_goes(estate: Estate, swapped: bool) -> None:
    app, data = connected(estate, "winner")
    ends = (data, app) if swapped else (app, data)
    estate.pair("x-heir", *ends, interval="5m")
    estate.wait_reason("x-heir", "DuplicateLink")
    since = estate.azure.last_request()

    estate.delete("winner")
    estate.wait_ready("x-heir")

    made = ["PUT data-app", "PUT app-data"] if swapped else ["PUT app-data", "PUT data-app"]
    assert estate.writes(since) == ["DELETE app-data", "DELETE data-app", *made]
    assert direction(estate, "x-heir")["origin"] == "Created"


def test_an_object_in_another_namespace_is_a_rival_too_and_suspending_the_winner_frees_the_pair(estate: Estate) -> None:
    app, data = connected(estate, "held")
    estate.cluster.kubectl("create", "namespace", "team-b", check=False)
    theirs = Estate(estate.cluster, estate.azure, estate.dir, "team-b")
    theirs.pair("wanted", app, data, interval="1s")
    ready = theirs.wait_reason("wanted", "DuplicateLink")
    assert "default/held" in ready["message"]
    since = estate.azure.last_request()

    estate.patch("held", suspend=True)
    theirs.wait_ready("wanted")
    assert direction(theirs, "wanted")["origin"] == "Adopted"

    estate.patch("held", suspend=False)
    theirs.wait_reason("wanted", "DuplicateLink")
    estate.wait_reason("held", "Connected")
    assert direction(estate, "held")["origin"] == "Created"
    theirs.delete("wanted")
    assert estate.writes(since) == []


def test_a_link_with_both_of_its_pairs_is_one_claim_against_other_links_and_pairs(links: LinkEstate) -> None:
    app, data = links.two_vnets()
    links.secret()
    links.start()
    links.link("first", app, data)
    links.wait_ready("first")
    links.link("second", app, data)
    pairs = Estate(links.cluster, links.azure, links.dir)
    pairs.pair("third", app, data)
    assert "VNetLink default/first" in links.wait_reason("second", "DuplicateLink")["message"]
    assert "VNetLink default/first" in pairs.wait_reason("third", "DuplicateLink")["message"]

    policy = {"status": 403, "code": "RequestDisallowedByPolicy"}
    links.azure.fault(kind="answer", method="PUT", path="/virtualNetworkGateways/", **policy)
    made = {"gateway": {"create": {}}}
    vpn = {"vnet1": made, "vnet2": made, "sharedKey": {"secretRef": {"name": "vpn"}}}
    links.link("first", app, data, encryption="IPsec", vpn=vpn)
    told = "The new one says: PolicyDenied"
    eventually("both its pairs are there", lambda: told in links.condition("first")["message"])
    since = links.azure.last_request()
    looks_again(links, app)
    assert links.writes(since, accepted=True) == []
    assert links.condition("first")["reason"] == "SwitchingMethod"
    assert links.condition("second")["reason"] == pairs.condition("third")["reason"] == "DuplicateLink"

    links.delete("first")
    links.wait_ready("second")
    eventually("told of the next one", lambda: "VNetLink default/second" in pairs.condition("third")["message"])
    assert pairs.read("first-peering") == {}
