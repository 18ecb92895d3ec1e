"""Which readings count."""

from vnetlink.azure.memory import KEPT_FOR, SETTLES_WITHIN, Memory, Reading
from vnetlink.domain.arm_id import GatewayId, VnetId
from vnetlink.domain.identity import Identity
from vnetlink.domain.observed import ObservedVnet, Provisioning
from vnetlink.domain.outcome import Absent, Present

ALWAYS = float("-inf")
WHO, OTHER = Identity("operator", "t"), Identity("other", "t")
HUB, SPOKE = (VnetId("00000000-0000-0000-0000-000000000000", "net", name) for name in ("hub", "spoke"))


class World:
    """A memory on a clock that the test turns."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.memory = Memory(lambda: self.now)

    def read(self, etag: str, vnet: VnetId = HUB, identity: Identity = WHO) -> Reading:
        sent, order = self.memory.begin()
        return self.keep(etag, sent, order, vnet, identity)

    def keep(self, etag: str, sent: float, order: int, vnet: VnetId = HUB, identity: Identity = WHO) -> Reading:
        seen = ObservedVnet(vnet, "x", (), Provisioning.SUCCEEDED)
        reading = Reading(sent, order, Present(seen), {"etag": etag})
        self.memory.keep(identity, vnet, reading)
        return reading


def test_a_reading_counts_until_it_is_too_old() -> None:
    world = World()
    reading = world.read("e1")
    world.now += 10
    assert world.memory.fresh(WHO, HUB, since=world.now - 10) is reading
    assert world.memory.fresh(WHO, HUB, since=world.now - 9) is None


def test_a_reading_of_one_identity_is_not_anothers() -> None:
    world = World()
    world.read("e1")
    assert world.memory.fresh(OTHER, HUB, ALWAYS) is None


def test_after_our_own_write_earlier_readings_of_both_vnets_count_no_longer() -> None:
    world = World()
    world.read("e1", HUB)
    world.read("e1", SPOKE, OTHER)
    world.memory.wrote(HUB, SPOKE)
    assert world.memory.fresh(WHO, HUB, ALWAYS) is None
    assert world.memory.fresh(OTHER, SPOKE, ALWAYS) is None
    assert world.memory.fresh(WHO, HUB, ALWAYS) is None
    assert world.read("e2") is world.memory.fresh(WHO, HUB, ALWAYS)


def test_a_read_that_was_sent_before_our_write_ended_does_not_count() -> None:
    world = World()
    sent, order = world.memory.begin()
    world.memory.wrote(HUB)
    world.keep("e1", sent, order)
    assert world.memory.fresh(WHO, HUB, ALWAYS) is None


def test_an_answer_that_comes_late_does_not_replace_a_later_reading() -> None:
    world = World()
    sent, order = world.memory.begin()
    later = world.read("e2")
    world.keep("e1", sent, order)
    assert world.memory.last(WHO, HUB) is later


def test_a_read_with_the_etag_from_before_our_write_is_settling() -> None:
    world = World()
    world.read("e1")
    world.memory.wrote(HUB)
    world.memory.accepted(HUB, world.memory.etags(HUB), new_etag="e2")
    stale = world.read("e1")
    assert world.memory.stale(HUB, stale)
    assert world.memory.fresh(WHO, HUB, ALWAYS) is None


def test_a_read_with_another_etag_has_settled() -> None:
    world = World()
    world.read("e1")
    world.memory.accepted(HUB, world.memory.etags(HUB), new_etag="e2")
    assert not world.memory.stale(HUB, world.read("e3"))


def test_a_write_that_left_the_etag_alone_does_not_wait_for_another() -> None:
    world = World()
    world.read("e1")
    world.memory.accepted(HUB, world.memory.etags(HUB), new_etag="e1")
    assert not world.memory.stale(HUB, world.read("e1"))


def test_a_read_that_came_while_our_write_was_on_its_way_is_not_taken_for_an_old_one() -> None:
    world = World()
    world.read("e1")
    before = world.memory.etags(HUB)
    world.read("e2", identity=OTHER)
    world.memory.accepted(HUB, before, new_etag="")
    assert not world.memory.stale(HUB, world.read("e2"))


def test_what_we_set_back_to_what_it_was_is_not_taken_for_old_news() -> None:
    world = World()
    for before, after in (("key-a", "key-b"), ("key-b", "key-a")):
        world.read(before)
        world.memory.accepted(HUB, world.memory.etags(HUB), new_etag=after)
    assert not world.memory.stale(HUB, world.read("key-a"))
    assert world.memory.stale(HUB, world.read("key-b"))


def test_a_list_may_be_as_before_again_when_what_we_made_on_it_was_deleted() -> None:
    world = World()
    world.read("nothing")
    world.memory.accepted(HUB, world.memory.etags(HUB), new_etag="")
    world.read("one")
    world.memory.recurs(HUB)
    assert not world.memory.stale(HUB, world.read("one")), "the deletion runs"
    assert not world.memory.stale(HUB, world.read("nothing"))


def test_settling_ends_after_two_minutes() -> None:
    world = World()
    world.read("e1")
    world.memory.accepted(HUB, world.memory.etags(HUB), new_etag="")
    world.now += SETTLES_WITHIN
    assert not world.memory.stale(HUB, world.read("e1"))


def test_another_identitys_stale_answer_is_recognised_too() -> None:
    world = World()
    world.read("e1")
    world.memory.accepted(HUB, world.memory.etags(HUB), new_etag="e2")
    assert world.memory.stale(HUB, world.read("e1", identity=OTHER))


ABSENCE = Reading(0, 99, Absent(), {})


def test_an_absence_counts_at_once_unless_our_write_made_the_thing() -> None:
    world = World()
    world.memory.accepted(HUB, frozenset(), new_etag="")
    assert not world.memory.stale(HUB, ABSENCE)
    world.memory.accepted(HUB, frozenset(), new_etag="e1", made=True)
    assert world.memory.stale(HUB, ABSENCE)


def test_an_absence_of_what_we_made_counts_after_two_minutes_or_our_deletion() -> None:
    world = World()
    world.memory.accepted(HUB, frozenset(), new_etag="e1", made=True)
    world.memory.accepted(HUB, frozenset(), new_etag="e2")
    assert world.memory.stale(HUB, ABSENCE)
    world.memory.accepted(HUB, frozenset(), new_etag="", made=False)
    assert not world.memory.stale(HUB, ABSENCE)
    world.memory.accepted(HUB, frozenset(), new_etag="e1", made=True)
    world.now += SETTLES_WITHIN
    assert not world.memory.stale(HUB, ABSENCE)


def test_things_of_every_type_are_told_apart_by_their_whole_id() -> None:
    world = World()
    gateway = GatewayId(HUB.subscription, HUB.resource_group, HUB.name)
    world.read("e1")
    world.memory.wrote(gateway)
    assert world.memory.fresh(WHO, HUB, ALWAYS) is not None
    assert world.memory.last(WHO, gateway) is None


def test_what_nobody_asks_for_is_forgotten() -> None:
    world = World()
    world.read("e1")
    world.now += KEPT_FOR + 1
    world.read("e1", SPOKE)
    assert world.memory.last(WHO, HUB) is None
