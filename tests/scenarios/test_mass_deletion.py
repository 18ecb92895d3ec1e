"""A namespace or a CRD that goes does not take a fleet along: above the threshold every deletion waits for a person."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from estate import Estate, eventually
from link_estate import LinkEstate
from stories import looks_again

ALL = re.compile(r"`kubectl (annotate [^`]* --all [^`]*)`")


@pytest.fixture
def team(links: LinkEstate) -> Iterator[LinkEstate]:
    """The operator, which asks above two, and a namespace with three Ready links."""
    links.start("--identity-namespaces", "*", "--deletion-threshold", "2")
    links.kubectl("create", "namespace", "team")
    links.namespace = "team"
    vnets = [links.azure.vnet(f"vnet{n}", f"10.{n}.0.0/16") for n in range(6)]
    for n in range(3):
        links.link(f"link{n}", vnets[2 * n], vnets[2 * n + 1])
    for n in range(3):
        links.wait_ready(f"link{n}")
    yield links
    links.clean()
    links.cluster.kubectl("delete", "namespace", "team", "--ignore-not-found", "--timeout=30s")


def peered(estate: Estate) -> int:
    """How many peerings there are in Azure."""
    names = (f"vnet{n}" for n in range(6))
    base = estate.azure.vnet("probe", "10.99.0.0/16").rsplit("/", 1)[0]
    return sum(len(estate.peerings(f"{base}/{name}")) for name in names)


def all_held(estate: Estate, names: list[str]) -> bool:
    rows = [estate.condition(name) for name in names]
    return all(row.get("reason") == "DeletionHeld" and row["message"].count("3 objects") == 1 for row in rows)


LINKS = [f"link{n}" for n in range(3)]


def test_a_namespace_with_more_than_the_threshold_waits_over_a_restart_until_it_is_confirmed(team: LinkEstate) -> None:
    since = team.azure.last_request()
    team.cluster.kubectl("delete", "namespace", "team", "--wait=false")
    eventually("every link held", lambda: all_held(team, LINKS))
    team.operator.restart().wait_ready()
    team.kind = "peeringpair"
    eventually("every pair held, too", lambda: all_held(team, [f"{name}-peering" for name in LINKS]))
    team.kind = "vnetlink"
    assert (team.writes(since), peered(team)) == ([], 6)

    team.patch("link0", deletionPolicy="Orphan")
    team.wait_gone("link0")
    looks_again(team, team.read("link1")["spec"]["vnet1"]["id"])
    assert (team.writes(since), peered(team)) == ([], 6), "who is held stays held when there are fewer"

    (command,) = ALL.findall(team.condition("link1")["message"])
    team.cluster.kubectl(*command.split())
    team.cluster.kubectl("wait", "--for=delete", "namespace/team", "--timeout=30s")
    assert peered(team) == 2


def test_up_to_the_threshold_they_go_unasked_and_so_does_who_is_confirmed_beforehand(team: LinkEstate) -> None:
    team.kubectl("annotate", "vnetlinks", "link2", "vnetlink.dev/confirm-deletion=true")
    team.kubectl("delete", "vnetlinks", "--all", "--timeout=30s")
    assert peered(team) == 0
