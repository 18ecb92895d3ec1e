"""The ownership record: which parts in Azure an object made or adopted. It lies in the annotation vnetlink.dev/owned.

Only a record of this installation, namespace and name counts; whatever else stands there is no record (design/api.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType

from vnetlink.domain.arm_id import InvalidId, PeeringId
from vnetlink.domain.sides import Side


class Origin(Enum):
    """How a part came to be ours. Adopted never becomes Created."""

    CREATED = "Created"
    ADOPTED = "Adopted"


@dataclass(frozen=True, slots=True)
class Part:
    """One recorded part."""

    id: PeeringId
    origin: Origin


@dataclass(frozen=True, slots=True)
class OwnershipRecord:
    """The recorded parts of the object `owner` (namespace/name) under this installation."""

    installation: str
    owner: str
    parts: Mapping[Side, Part] = field(default_factory=lambda: MappingProxyType({}))

    def part(self, side: Side) -> Part | None:
        """The part recorded for a side."""
        return self.parts.get(side)

    def with_part(self, side: Side, part: Part) -> OwnershipRecord:
        """The record with one part more, or another one in its place."""
        return replace(self, parts=MappingProxyType({**self.parts, side: part}))

    def without_part(self, side: Side) -> OwnershipRecord:
        """The record with nothing on `side`."""
        return replace(self, parts=MappingProxyType({s: part for s, part in self.parts.items() if s is not side}))

    def dump(self) -> str:
        """The annotation's value: JSON with sorted keys, so that equal records are equal text."""
        parts = {s.direction: {"id": str(part.id), "origin": part.origin.value} for s, part in self.parts.items()}
        return json.dumps({"installation": self.installation, "object": self.owner, "parts": parts}, sort_keys=True)

    @classmethod
    def load(cls, text: str, installation: str, owner: str) -> OwnershipRecord:
        """The record in `text`, or an empty one when it is another object's, another installation's, or unreadable."""
        empty = cls(installation, owner)
        try:
            document = json.loads(text) if text else {}
            if document.get("installation") != installation or document.get("object") != owner:
                return empty
            parts = {
                side: _part(document["parts"][side.direction]) for side in Side if side.direction in document["parts"]
            }
        except (ValueError, KeyError, TypeError, AttributeError, InvalidId, RecursionError):
            return empty  # RecursionError: brackets by the thousand, which must not end the process that lists them
        return replace(empty, parts=MappingProxyType(parts))


def _part(document: Mapping[str, str]) -> Part:
    return Part(PeeringId.parse(document["id"]), Origin(document["origin"]))
