"""From watch events to keys in the queue."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ports_in_memory import OPERATOR, Server
from vnetlink.domain.specs import ObjectKey
from vnetlink.handlers.intake import Intake
from vnetlink.kube.api import ApiServer
from vnetlink.kube.claims import Claims
from vnetlink.kube.credentials import Credentials
from vnetlink.kube.objects import Objects
from vnetlink.kube.versions import Versions
from vnetlink.planning.grants import Law
from vnetlink.planning.plan import SOON, Wake
from vnetlink.queue import Queue

ROOT = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network"


def body(
    name: str, version: str = "1", generation: int = 1, created: str = "2026-01-01", **meta: Any
) -> dict[str, Any]:
    identity = {"name": name, "namespace": "team", "uid": f"u-{name}", "creationTimestamp": f"{created}T00:00:00Z"}
    ends = {side: {"id": f"{ROOT}/virtualNetworks/{side}"} for side in ("vnet1", "vnet2")}
    return {
        "kind": "PeeringPair",
        "metadata": {**identity, "resourceVersion": version, "generation": generation, **meta},
        "spec": ends,
    }


def vpn(name: str, version: str = "1", **meta: Any) -> dict[str, Any]:
    pair = body(name, version, **meta)
    pair["spec"] |= {"vpn": {"sharedKey": {"secretRef": {"name": "psk"}}}}
    return pair | {"kind": "VpnConnectionPair"}


class World:
    def __init__(self) -> None:
        self.queue = Queue(lambda: 0.0, lambda: 0.0)
        self.versions = Versions()
        self.claims = Claims(lambda owner: True, self.queue.wake)
        self.server = Server([])
        law = Law(OPERATOR, frozenset({"*"}))
        self.credentials = Credentials(cast(ApiServer, self.server), law, self.queue.wake, lambda: 0.0)
        objects = Objects(ApiServer(None, None, "test"), self.versions)
        self.intake = Intake(self.queue, self.claims, self.credentials, objects, self.versions, "here")

    def work(self) -> list[str]:
        """Every ready key, each given its turn."""
        names = []
        while (key := self.queue.take_nowait()) is not None:
            names.append(key.name)
            self.queue.done(key, Wake(SOON))
        return names


@pytest.fixture
def world() -> World:
    return World()


def key(name: str) -> ObjectKey:
    return ObjectKey("peeringpairs", "team", name)


def test_an_event_queues_its_object(world: World) -> None:
    world.intake.event("ADDED", body("a"))
    assert world.work() == ["a"]


def test_the_same_version_again_is_no_news(world: World) -> None:
    world.intake.event("ADDED", body("a"))
    world.work()
    world.intake.event(None, body("a"))
    assert world.work() == []


def test_the_echo_of_our_own_write_is_no_news_but_the_next_version_is(world: World) -> None:
    world.intake.event("ADDED", body("a"))
    world.work()
    world.versions.note(body("a", version="2"))
    world.intake.event("MODIFIED", body("a", version="2"))
    assert world.work() == []
    world.intake.event("MODIFIED", body("a", version="3"))
    assert world.work() == ["a"]


def test_a_new_generation_goes_before_a_change_of_metadata(world: World) -> None:
    for name in ("label", "spec"):
        world.intake.event("ADDED", body(name))
    world.work()
    world.intake.event("MODIFIED", body("label", version="2"))
    world.intake.event("MODIFIED", body("spec", version="3", generation=2))
    assert world.work() == ["spec", "label"]


@pytest.mark.parametrize("asked", ["reconcile-requested-at", "rotate-requested-at"])
def test_what_an_annotation_asks_for_goes_before_a_change_of_metadata(world: World, asked: str) -> None:
    for name in ("label", "asked"):
        world.intake.event("ADDED", vpn(name))
    world.work()
    world.intake.event("MODIFIED", vpn("label", version="2"))
    world.intake.event("MODIFIED", vpn("asked", version="3", annotations={f"vnetlink.dev/{asked}": "now"}))
    assert world.work() == ["asked", "label"]
    world.intake.event("MODIFIED", vpn("label", version="4", annotations={"example.com/note": "x"}))
    world.intake.event("MODIFIED", vpn("asked", version="5", annotations={f"vnetlink.dev/{asked}": "again"}))
    assert world.work() == ["asked", "label"]


def test_two_kinds_of_the_same_name_are_two_objects(world: World) -> None:
    world.intake.event("ADDED", body("a"))
    world.intake.event("ADDED", vpn("a"))
    assert world.work() == ["a", "a"]


def test_a_deletion_goes_first(world: World) -> None:
    for name in ("edited", "deleted"):
        world.intake.event("ADDED", body(name))
    world.work()
    world.intake.event("MODIFIED", body("edited", version="2", generation=2))
    world.intake.event("MODIFIED", body("deleted", version="3", generation=2, deletionTimestamp="2026-01-01T00:00:00Z"))
    assert world.work() == ["deleted", "edited"]


def test_one_that_is_gone_gets_a_last_turn_and_wakes_who_waited_for_its_pair(world: World) -> None:
    world.intake.event("ADDED", body("older"))
    world.intake.event("ADDED", body("younger", created="2026-02-01"))
    assert [claim.key for claim in world.claims.rivals(key("younger"))] == [key("older")]
    world.work()
    world.intake.event("DELETED", body("older", version="5"))
    assert sorted(world.work()) == ["older", "younger"]
    assert world.claims.rivals(key("younger")) == ()
    assert not world.versions.known(body("older"))


def test_one_made_again_under_the_same_name_is_new(world: World) -> None:
    world.intake.event("ADDED", body("a"))
    world.intake.event("DELETED", body("a", version="2"))
    world.work()
    world.intake.event("ADDED", body("a", version="3", uid="u-2"))
    assert world.work() == ["a"]


def test_a_spec_that_cannot_be_read_is_queued_like_any_other(world: World) -> None:
    broken = body("a") | {"spec": {"vnet1": {"id": "nonsense"}}}
    world.intake.event("ADDED", broken)
    assert world.work() == ["a"]


def child(version: str = "1", **meta: object) -> dict[str, Any]:
    owner = {"apiVersion": "vnetlink.dev/v1alpha1", "kind": "VNetLink", "name": "link", "uid": "u-link"}
    return body("link-peering", version, ownerReferences=[owner | {"controller": True}], **meta)


def test_an_event_of_a_pair_wakes_the_link_that_made_it(world: World) -> None:
    world.intake.event("ADDED", child())
    assert sorted(world.work()) == ["link", "link-peering"]
    world.intake.event("DELETED", child("2"))
    assert sorted(world.work()) == ["link", "link-peering"]


def test_the_echo_of_our_own_write_to_a_pair_is_news_for_its_link(world: World) -> None:
    """The link shows the pair's status, which is written by us."""
    world.intake.event("ADDED", child())
    world.work()
    world.versions.note(child("2"))
    world.intake.event("MODIFIED", child("2"))
    assert world.work() == ["link"]
