"""What an object may change and delete is the same after a crash, a restored backup, a forged status or a copied record.

Each story is lived twice, by an object that it happened to and by one that it did not; both cost Azure the same writes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from estate import Estate
from stories import annotate, direction, looks_again, owned, write_status

Story = Callable[[Estate, str], None]


def standing(estate: Estate, name: str, net: int, by_hand: bool) -> tuple[str, str]:
    """A Ready object `name` between two VNets of its own, whose peerings a person made, or the operator did."""
    one = estate.azure.vnet(f"{name}-1", f"10.{net}.0.0/16")
    two = estate.azure.vnet(f"{name}-2", f"10.{net + 1}.0.0/16")
    if by_hand:
        estate.azure.peering(one, f"{name}-1-{name}-2", two)
        estate.azure.peering(two, f"{name}-2-{name}-1", one)
    estate.pair(name, one, two, interval="1s")
    estate.wait_ready(name)
    return one, two


def edited_and_deleted(estate: Estate, lives: dict[str, str]) -> None:
    """What follows in the life of every object; `lives` are their names and their first VNets."""
    for vnet in lives.values():
        looks_again(estate, vnet, 1)
    for name in lives:
        estate.patch(name, peering={"vnet1": {"allowForwardedTraffic": True}})
    for name in lives:
        estate.wait_ready(name)
        estate.delete(name, wait=False)
    for name in lives:
        estate.wait_gone(name)


def writes_of(estate: Estate, name: str, since: int) -> list[str]:
    """The writes that one object cost, its name taken out."""
    return [write.replace(name, "x") for write in estate.writes(since) if name in write]


def nothing(estate: Estate, name: str) -> None:
    """The life of the object that is compared with."""


def without_record(estate: Estate, name: str) -> None:
    """Compared with where a record is put in place of the object's own."""
    annotate(estate, name, None)


def killed(estate: Estate, name: str) -> None:
    estate.operator.restart().wait_ready()


def restored_backup(estate: Estate, name: str) -> None:
    """Removed while nobody looked, and laid back as a backup tool does: same spec, record, finalizer, status; another uid."""
    estate.operator.kill()
    saved = estate.read(name)
    estate.kubectl("patch", "peeringpair", name, "--type=merge", "--patch", '{"metadata":{"finalizers":null}}')
    estate.kubectl("delete", "peeringpair", name)
    kept = {key: saved["metadata"][key] for key in ("name", "annotations", "finalizers")}
    estate.kubectl("create", "--filename", "-", input=json.dumps({**saved, "metadata": kept}))
    write_status(estate, name, saved["status"])
    estate.operator.start().wait_ready()


def forged_status(estate: Estate, name: str) -> None:
    """Says that everything was made by us and goes with the object, another object's peering included."""
    status = estate.read(name)["status"]
    for which in ("vnet1ToVnet2", "vnet2ToVnet1"):
        status[which]["origin"] = "Created"
    bait = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network"
    status["vnet1ToVnet2"]["id"] = f"{bait}/virtualNetworks/bait-1/virtualNetworkPeerings/bait-1-bait-2"
    status["resources"] = [{**one, "origin": "Created", "onDelete": "Delete"} for one in status["resources"]]
    write_status(estate, name, {**status, "conditions": None, "observedGeneration": 99})


def record_of_another_object(estate: Estate, name: str) -> None:
    """kubectl annotate with what stands on an object that made its peerings itself."""
    annotate(estate, name, owned(estate, "bait"))


def record_of_another_installation(estate: Estate, name: str) -> None:
    """Says that both peerings were made by this very object, under an operator elsewhere."""
    annotate(estate, name, _all_created({**owned(estate, name), "installation": "another"}))


def record_under_another_name(estate: Estate, name: str) -> None:
    annotate(estate, name, _all_created({**owned(estate, name), "object": "default/another"}))


def _all_created(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "parts": {which: {**part, "origin": "Created"} for which, part in record["parts"].items()}}


@pytest.mark.parametrize("by_hand", [True, False], ids=["adopted", "created"])
@pytest.mark.parametrize(
    ("story", "compared"),
    [
        (killed, nothing),
        (restored_backup, nothing),
        (forged_status, nothing),
        (record_of_another_object, without_record),
        (record_of_another_installation, without_record),
        (record_under_another_name, without_record),
    ],
)
def test_the_same_writes_follow_as_without_it(estate: Estate, story: Story, compared: Story, by_hand: bool) -> None:
    estate.start()
    bait_1, bait_2 = standing(estate, "bait", 100, by_hand=False)
    plain, touched = standing(estate, "plain", 10, by_hand), standing(estate, "touched", 20, by_hand)
    since = estate.azure.last_request()

    compared(estate, "plain")
    story(estate, "touched")
    edited_and_deleted(estate, {"plain": plain[0], "touched": touched[0]})

    expected = ["PUT x-1-x-2"]
    if not by_hand and compared is nothing:
        expected += ["DELETE x-1-x-2", "DELETE x-2-x-1"]
    assert writes_of(estate, "plain", since) == writes_of(estate, "touched", since) == expected
    assert writes_of(estate, "bait", since) == []
    assert direction(estate, "bait")["origin"] == "Created"
    assert [list(estate.peerings(vnet)) for vnet in (bait_1, bait_2)] == [["bait-1-bait-2"], ["bait-2-bait-1"]]


@pytest.mark.parametrize("story", [record_of_another_object, forged_status, nothing])
def test_a_peering_that_was_refused_stays_refused_and_untouched(estate: Estate, story: Story) -> None:
    estate.start()
    standing(estate, "bait", 100, by_hand=False)
    one, two = estate.azure.vnet("one", "10.1.0.0/16"), estate.azure.vnet("two", "10.2.0.0/16")
    estate.azure.peering(one, "by-hand", two, allowForwardedTraffic=True)
    estate.azure.peering(two, "also-by-hand", one)
    estate.pair("refused", one, two, interval="1s")
    estate.wait_reason("refused", "AdoptionRefused")
    since = estate.azure.last_request()

    story(estate, "refused")
    estate.patch("refused", peering={"vnet2": {"allowGatewayTransit": True}})
    estate.wait_reason("refused", "AdoptionRefused")
    looks_again(estate, one)
    estate.delete("refused")

    assert estate.writes(since) == []
