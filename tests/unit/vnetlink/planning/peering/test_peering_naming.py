"""Names of peerings that we make."""

from __future__ import annotations

from dataclasses import replace

from properties.azure_model import GROUP, IDS, Azure
from properties.test_peering_pair import pair_of, seen
from vnetlink.domain.arm_id import VnetId, valid_child_name
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import End, PeeringPairSpec, WantedPeering
from vnetlink.planning.naming import hashed
from vnetlink.planning.peering.naming import peering_name
from vnetlink.planning.peering.world import Half, halves

SPEC = PeeringPairSpec(PerSide(End(IDS.vnet1), End(IDS.vnet2)))


def half(azure: Azure, name: str | None = None) -> Half:
    """VNet 1's half, with an explicit name or without."""
    spec = replace(SPEC, peerings=SPEC.peerings.put(Side.VNET1, WantedPeering(name=name)))
    return halves(pair_of(spec), seen(azure)).vnet1


def test_the_name_says_from_where_to_where() -> None:
    assert peering_name(half(Azure.new())) == "one-two"


def test_a_name_that_leads_elsewhere_is_told_apart_by_the_remote_vnet() -> None:
    taken = Azure.new().third(Side.VNET1, "10.9.0.0/16")
    vnet = taken.vnets.vnet1
    elsewhere = replace(vnet.peerings[0], id=half(taken).id_named("ONE-two"))
    crowded = Azure(taken.vnets.put(Side.VNET1, replace(vnet, peerings=(elsewhere,))))
    name = peering_name(half(crowded))
    assert name == hashed("one-two", IDS.vnet2)
    assert peering_name(half(crowded, name="one-two")) is None


def test_forty_remotes_of_one_name_get_forty_names_that_arm_takes() -> None:
    remotes = [VnetId.parse(GROUP.replace("/rg/", f"/rg{n}/") + "m" * 64) for n in range(40)]
    names = {hashed("h" * 64 + "-" + "m" * 64, remote) for remote in remotes}
    assert len(names) == 40
    assert all(valid_child_name(name) and len(name) <= 80 for name in names)


def test_a_name_does_not_depend_on_the_casing_of_the_remote_id() -> None:
    assert hashed("a", IDS.vnet2) == hashed("a", VnetId.parse(str(IDS.vnet2).upper()))
