"""The two sides of a pair, and one value for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")


class Side(Enum):
    """One end of the pair; the direction that starts there has its peering in that VNet."""

    VNET1 = "vnet1"
    VNET2 = "vnet2"

    @property
    def other(self) -> Side:
        """The far side."""
        return Side.VNET2 if self is Side.VNET1 else Side.VNET1

    @property
    def direction(self) -> str:
        """The direction that starts here, as status and the ownership record spell it."""
        return "vnet1ToVnet2" if self is Side.VNET1 else "vnet2ToVnet1"


@dataclass(frozen=True, slots=True)
class PerSide(Generic[T]):
    """A value for each side."""

    vnet1: T
    vnet2: T

    def __getitem__(self, side: Side) -> T:
        return self.vnet1 if side is Side.VNET1 else self.vnet2

    def __iter__(self) -> Iterator[T]:
        return iter((self.vnet1, self.vnet2))

    @classmethod
    def of(cls, make: Callable[[Side], T]) -> PerSide[T]:
        """What `make` gives for each side, vnet1 first."""
        return cls(make(Side.VNET1), make(Side.VNET2))

    def map(self, change: Callable[[T], U]) -> PerSide[U]:
        """`change` of each value."""
        return PerSide(change(self.vnet1), change(self.vnet2))

    def put(self, side: Side, value: T) -> PerSide[T]:
        """The same with another value on `side`."""
        return replace(self, **{side.value: value})
