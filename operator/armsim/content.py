"""Typed reading of request bodies. A wrong type is the provider's InvalidRequestFormat; unknown properties are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import errors

SECRETS = ("sharedKey", "value")


@dataclass(frozen=True, slots=True)
class Content:
    """A JSON object and where it stands in the body."""

    value: Mapping[str, Any]
    path: str = ""

    def has(self, name: str) -> bool:
        return self.value.get(name) is not None

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def object(self, name: str) -> Content:
        """An absent or null object reads as an empty one."""
        value = self.value.get(name)
        if value is None:
            return Content({}, self.at(name))
        if not isinstance(value, Mapping):
            raise errors.wrong_type(self.at(name), f"Error converting value to an object: {_short(value)}.")
        return Content(value, self.at(name))

    def objects(self, name: str) -> tuple[Content, ...]:
        values = self._list(name)
        found = []
        for index, value in enumerate(values):
            where = f"{self.at(name)}[{index}]"
            if not isinstance(value, Mapping):
                raise errors.wrong_type(where, f"Error converting value to an object: {_short(value)}.")
            found.append(Content(value, where))
        return tuple(found)

    def text(self, name: str, default: str = "") -> str:
        value = self.value.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            shown = "a value that is not shown" if name in SECRETS else _short(value)
            raise errors.wrong_type(self.at(name), f"Unexpected token when reading a string: {shown}.")
        return value

    def number(self, name: str, default: int) -> int:
        value = self.value.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**31:
            raise errors.wrong_type(self.at(name), f"Could not convert to Int32: {_short(value)}.")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.value.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise errors.wrong_type(self.at(name), f"Could not convert to boolean: {_short(value)}.")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        values = self._list(name)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                where = f"{self.at(name)}[{index}]"
                raise errors.wrong_type(where, f"Unexpected token when reading a string: {_short(value)}.")
        return tuple(values)

    def location(self, kind: str) -> str:
        """As ARM stores it, in lower case without spaces. Raises LocationRequired when absent."""
        given = self.text("location").replace(" ", "").lower()
        if not given:
            raise errors.location_required()
        if not given.isascii() or not given.isalnum():
            raise errors.unknown_location(given, kind)
        return given

    def tags(self) -> Mapping[str, Any] | None:
        if self.value.get("tags") is None:
            return None
        tags = self.object("tags")
        return {name: tags.text(name) for name in tags.value}

    def kept(self, *names: str) -> dict[str, Any]:
        """Properties echoed as they came, in the given order, without nulls."""
        return {name: self.value[name] for name in names if self.value.get(name) is not None}

    def _list(self, name: str) -> list[Any]:
        value = self.value.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise errors.wrong_type(self.at(name), f"Error converting value to a list: {_short(value)}.")
        return value


def _short(value: Any) -> str:
    """Never what an object or a list holds: a shared key might be in it."""
    if isinstance(value, Mapping | list):
        return "an object" if isinstance(value, Mapping) else "a list"
    return repr(value)[:60]
