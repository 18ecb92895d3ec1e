"""Tells a missing right to read shared keys from an Azure that fails: ARM says InternalServerError to both (arm.md 1.6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vnetlink.azure.answers import Answer, ArmError, Trouble
from vnetlink.azure.memory import Memory
from vnetlink.domain.arm_id import ConnectionId
from vnetlink.domain.identity import Identity
from vnetlink.domain.outcome import Present

IN_A_ROW = 3
OVER = 10.0  # seconds from the first to the last of them: what fails for a moment has answered by then
CODE = "internalservererror"
ACTION = "Microsoft.Network/connections/sharedKey/action"


@dataclass(slots=True)
class Row:
    """Refusals without anything else in between."""

    since: float
    count: int = 0


class Doubts:
    """Weighs the answers to GETs of keys. A conclusion is no more than a reason: the next answer may end it."""

    def __init__(self, memory: Memory, clock: Callable[[], float]) -> None:
        self._memory, self._clock = memory, clock
        self._rows: dict[tuple[Identity, str], Row] = {}

    def weighed(self, identity: Identity, connection: ConnectionId, answer: Answer | Trouble) -> Answer | Trouble:
        """The answer, or AuthorizationFailed in its place when the same error came again and again.

        Meanwhile the same identity must have been shown the connection itself: then Azure works, and the key alone fails.
        """
        place = (identity, connection.key)
        if not isinstance(answer, ArmError) or (answer.status, answer.codes[0].lower()) != (500, CODE):
            self._rows.pop(place, None)
            return answer
        row = self._rows.setdefault(place, Row(self._clock()))
        row.count += 1
        if not self._concluded(row, identity, connection):
            return answer
        message = f"Azure keeps answering InternalServerError, as it does to those who lack the action {ACTION}"
        return ArmError(403, ("AuthorizationFailed", *answer.codes), message)

    def _concluded(self, row: Row, identity: Identity, connection: ConnectionId) -> bool:
        reading = self._memory.last(identity, connection)
        works = reading is not None and isinstance(reading.seen, Present) and reading.sent >= row.since
        return works and row.count >= IN_A_ROW and self._clock() - row.since >= OVER
