"""When an InternalServerError means a right that is missing."""

from vnetlink.azure.answers import Answer, ArmError, NoAnswer, Trouble
from vnetlink.azure.doubts import IN_A_ROW, OVER, Doubts
from vnetlink.azure.memory import Memory, Reading
from vnetlink.domain.arm_id import ConnectionId
from vnetlink.domain.identity import Identity
from vnetlink.domain.outcome import Absent, Present

WHO, OTHER = Identity("operator", "t"), Identity("other", "t")
CONNECTION = ConnectionId("00000000-0000-0000-0000-000000000000", "net", "conn")
FAILS = ArmError(500, ("InternalServerError",), "Encountered internal server error.")


class World:
    """Doubts on a clock that the test turns."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.memory = Memory(lambda: self.now)
        self.doubts = Doubts(self.memory, lambda: self.now)

    def sees(self, identity: Identity = WHO, seen: Present[object] | Absent | None = None) -> None:
        sent, order = self.memory.begin()
        self.memory.keep(identity, CONNECTION, Reading(sent, order, seen or Present(7), {}))

    def asks(self, *answers: Answer | Trouble, every: float = OVER) -> Answer | Trouble:
        """The last of the answers, weighed."""
        weighed: Answer | Trouble = NoAnswer("nothing was asked")
        for answer in answers:
            weighed = self.doubts.weighed(WHO, CONNECTION, answer)
            self.now += every
            self.sees()
        return weighed


def test_an_error_that_comes_back_while_the_connection_can_be_read_is_a_missing_right() -> None:
    weighed = World().asks(*[FAILS] * IN_A_ROW)
    assert isinstance(weighed, ArmError)
    assert (weighed.status, weighed.codes[0]) == (403, "AuthorizationFailed")
    assert "Microsoft.Network/connections/sharedKey/action" in weighed.message


def test_fewer_errors_or_errors_within_a_moment_are_no_proof() -> None:
    assert World().asks(*[FAILS] * (IN_A_ROW - 1)) is FAILS
    assert World().asks(*[FAILS] * IN_A_ROW, every=OVER / IN_A_ROW) is FAILS


def test_anything_else_in_between_begins_anew() -> None:
    for other in (Answer(200, {}), NoAnswer("cut"), ArmError(500, ("SomethingElse",), "?"), ArmError(404, ("X",), "?")):
        assert World().asks(FAILS, FAILS, other, FAILS) is FAILS
        assert World().asks(FAILS, FAILS, other) is other


def test_an_azure_that_shows_the_connection_to_nobody_proves_nothing() -> None:
    for seen in (None, Absent()):
        world = World()
        world.sees()
        for _ in range(IN_A_ROW + 1):
            world.now += OVER
            assert world.doubts.weighed(WHO, CONNECTION, FAILS) is FAILS
            world.sees(OTHER)
            if seen:
                world.sees(WHO, seen)


def test_the_conclusion_ends_with_the_next_answer() -> None:
    world = World()
    world.asks(*[FAILS] * IN_A_ROW)
    answer = Answer(200, {})
    assert world.asks(answer) is answer
    assert world.asks(FAILS) is FAILS
