"""How many of our objects are being deleted, as the API server lists them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ports_in_memory import Outside
from vnetlink.domain.outcome import Present, Unreadable
from vnetlink.kube.objects import collection_path
from vnetlink.planning.brake import Fleet


def body(
    kind: str, name: str, *, gone: bool = True, notes: dict[str, str] | None = None, **meta: Any
) -> dict[str, Any]:
    """An object with our finalizer that is being deleted unless told otherwise."""
    deleted = {"deletionTimestamp": "2026-01-02T00:00:00Z"} if gone else {}
    fixed = {"namespace": "team", "name": name, "uid": f"uid-{name}", "creationTimestamp": "2026-01-01T00:00:00Z"}
    held = {"finalizers": ["vnetlink.dev/azure"], "annotations": notes or {}}
    return {"kind": kind, "metadata": {**fixed, **held, **deleted, **meta}}


def of(link: str, uid: str = "") -> list[dict[str, Any]]:
    owner = {"apiVersion": "vnetlink.dev/v1alpha1", "kind": "VNetLink", "name": link, "uid": uid or f"uid-{link}"}
    return [{**owner, "controller": True}]


class World:
    def __init__(self) -> None:
        self.outside = Outside()
        self.deletions = self.outside.ports.deletions

    def lists(self, plural: str, *items: dict[str, Any]) -> None:
        self.outside.server.bodies[collection_path(plural)] = {"items": list(items)}

    async def fleet(self, after: float = 10.0) -> Fleet:
        self.outside.seconds += after
        seen = await self.deletions.fleet()
        assert isinstance(seen, Present)
        return seen.value


async def test_a_pair_counts_as_its_link_and_as_itself_where_that_link_is_gone() -> None:
    world = World()
    world.lists("vnetlinks", body("VNetLink", "link"), body("VNetLink", "stays", gone=False))
    pairs = [
        body("PeeringPair", name, ownerReferences=owner)
        for name, owner in (("one", of("link")), ("two", of("stays")), ("old", of("link", "another")), ("own", []))
    ]
    world.lists("peeringpairs", *pairs)
    fleet = await world.fleet()
    assert {(one.key.name, one.root.name) for one in fleet.leaving} == {
        ("link", "link"),
        ("one", "link"),
        ("two", "stays"),
        ("old", "old"),
        ("own", "own"),
    }
    assert fleet.size == 4


async def test_what_is_confirmed_or_without_our_finalizer_is_not_counted_as_leaving() -> None:
    world = World()
    confirmed = body("PeeringPair", "confirmed", notes={"vnetlink.dev/confirm-deletion": "true"})
    doubtful = body("PeeringPair", "doubtful", notes={"vnetlink.dev/confirm-deletion": "no"})
    world.lists("peeringpairs", confirmed, doubtful, body("PeeringPair", "bare", finalizers=["someone/else"]))
    fleet = await world.fleet()
    assert [one.key.name for one in fleet.leaving] == ["doubtful"]
    assert fleet.size == 2


async def test_it_is_quiet_since_the_last_one_joined_and_a_look_serves_for_two_seconds() -> None:
    world = World()
    world.lists("peeringpairs", body("PeeringPair", "one"))
    assert (await world.fleet()).quiet_for == timedelta(0)
    assert (await world.fleet(4)).quiet_for == timedelta(seconds=4)
    world.lists("peeringpairs", body("PeeringPair", "one"), body("PeeringPair", "two"))
    assert len((await world.fleet(1)).leaving) == 1
    assert (await world.fleet(4)).quiet_for == timedelta(0)
    world.lists("peeringpairs", body("PeeringPair", "two"))
    assert (await world.fleet(6)).quiet_for == timedelta(seconds=6)


async def test_one_kind_that_cannot_be_listed_makes_the_number_unknown() -> None:
    world = World()
    world.lists("peeringpairs", body("PeeringPair", "one"))
    world.outside.server.unreadable.add(collection_path("vpnconnectionpairs"))
    assert isinstance(await world.deletions.fleet(), Unreadable)
