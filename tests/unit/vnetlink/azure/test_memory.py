"""Which readings count."""

from vnetlink.azure.memory import KEPT_FOR, SETTLES_WITHIN, Memory, Reading
from vnetlink.domain.arm_id import VnetId
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
        reading = Reading(sent, order, Present(ObservedVnet(vnet, "x", (), Provisioning.SUCCEEDED, etag=etag)), {})
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
    seen = world.memory.judged(HUB, stale)
    assert isinstance(seen, Present)
    assert seen.value.settling
    assert world.memory.fresh(WHO, HUB, ALWAYS) is None


def test_a_read_with_another_etag_has_settled() -> None:
    world = World()
    world.read("e1")
    world.memory.accepted(HUB, world.memory.etags(HUB), new_etag="e2")
    seen = world.memory.judged(HUB, world.read("e3"))
    assert isinstance(seen, Present)
    assert not seen.value.settling


def test_a_write_that_left_the_etag_alone_does_not_wait_for_another() -> None:
    world = World()
    world.read("e1")
    world.memory.accepted(HUB, world.memory.etags(HUB), new_etag="e1")
    seen = world.memory.judged(HUB, world.read("e1"))
    assert isinstance(seen, Present)
    assert not seen.value.settling


def test_a_read_that_came_while_our_write_was_on_its_way_is_not_taken_for_an_old_one() -> None:
    world = World()
    world.read("e1")
    before = world.memory.etags(HUB)
    world.read("e2", identity=OTHER)
    world.memory.accepted(HUB, before, new_etag="")
    seen = world.memory.judged(HUB, world.read("e2"))
    assert isinstance(seen, Present)
    assert not seen.value.settling


def test_settling_ends_after_two_minutes() -> None:
    world = World()
    world.read("e1")
    world.memory.accepted(HUB, world.memory.etags(HUB), new_etag="")
    world.now += SETTLES_WITHIN
    seen = world.memory.judged(HUB, world.read("e1"))
    assert isinstance(seen, Present)
    assert not seen.value.settling


def test_another_identitys_stale_answer_is_recognised_too() -> None:
    world = World()
    world.read("e1")
    world.memory.accepted(HUB, world.memory.etags(HUB), new_etag="e2")
    seen = world.memory.judged(HUB, world.read("e1", identity=OTHER))
    assert isinstance(seen, Present)
    assert seen.value.settling


def test_an_absence_never_settles() -> None:
    world = World()
    world.memory.accepted(HUB, world.memory.etags(HUB), new_etag="")
    assert world.memory.judged(HUB, Reading(0, 99, Absent(), {})) == Absent()


def test_what_nobody_asks_for_is_forgotten() -> None:
    world = World()
    world.read("e1")
    world.now += KEPT_FOR + 1
    world.read("e1", SPOKE)
    assert world.memory.last(WHO, HUB) is None
