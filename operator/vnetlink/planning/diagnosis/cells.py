"""Splits a space of traffic into cells in which the same rules match. Exact, and nothing is enumerated.

A space is a box: one set of numbers for each axis (source, destination, service, source port). A rule is a box, too. Which
rules match a cell is a bit mask, bit n for rule n, so that the lowest bit is the first match.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

from vnetlink.domain.intervals import Interval, Intervals, covers, intersect, union

Box: TypeAlias = tuple[Intervals, ...]


class TooManyCells(Exception):
    """The rules cut the space into more cells than anybody should compute; nothing can be said then."""


MOST_CELLS = 50_000


def cells(rules: Sequence[Box], space: Box, sure: int) -> Iterator[tuple[Box, int]]:
    """Every cell of `space` with the mask of the rules that match in it, rules after one that ends the matter left out.

    `sure`: the mask of the rules that certainly match where they match; only these end it. Raises TooManyCells.
    """
    if all(space):
        yield from _Split(rules, space, sure).cells()


def common(one: Box, other: Box) -> Box | None:
    """What both boxes hold; None when that is nothing."""
    shared: list[Intervals] = []
    for mine, yours in zip(one, other, strict=True):
        both = mine if mine == yours else intersect(mine, yours)
        if not both:
            return None
        shared.append(both)
    return tuple(shared)


class _Axis:
    """One axis of the space, cut into parts where other rules match. `covering`: the rules that match all of it."""

    def __init__(self, sides: Sequence[Intervals], within: Intervals) -> None:
        self._sides, self._within = sides, within
        self._hull = ((within[0][0], within[-1][1]),)
        self._known: dict[int, dict[int, Intervals]] = {}
        matching = [covers(side, within) for side in sides]
        self.covering = sum(1 << bit for bit, whole in enumerate(matching) if whole)

    def split(self, mask: int) -> dict[int, Intervals]:
        """What of the axis each combination of the rules of `mask` matches; together all of it."""
        if not mask & ~self.covering:
            return {mask: self._within}
        if mask not in self._known:
            found: dict[int, list[Interval]] = {}
            for part, matching in self._atoms(mask):
                found.setdefault(matching, []).extend(part)
            self._known[mask] = {matching: union(parts) for matching, parts in found.items()}
        return self._known[mask]

    def _atoms(self, mask: int) -> Iterator[tuple[Intervals, int]]:
        flips = {self._hull[0][0]: 0, self._hull[0][1] + 1: 0}  # where, going up, rules begin or cease to match
        for bit in _bits(mask & ~self.covering):
            for first, last in intersect(self._hull, self._sides[bit.bit_length() - 1]):
                flips[first] = flips.get(first, 0) ^ bit
                flips[last + 1] = flips.get(last + 1, 0) ^ bit
        matching = mask & self.covering
        for start, end in pairwise(sorted(flips)):
            matching ^= flips[start]
            part = intersect(((start, end - 1),), self._within)
            if part:
                yield part, matching


def _bits(mask: int) -> Iterator[int]:
    while mask:
        yield mask & -mask
        mask &= mask - 1


class _Split:
    def __init__(self, rules: Sequence[Box], space: Box, sure: int) -> None:
        self._axes = [_Axis([rule[axis] for rule in rules], space[axis]) for axis in range(len(space))]
        self._everyone = (1 << len(rules)) - 1
        self._ending = [sure] * (
            len(space) + 1
        )  # by axis: sure rules that match all that is left of the box from there
        for axis in reversed(range(len(space))):
            self._ending[axis] = self._ending[axis + 1] & self._axes[axis].covering
        self._left = MOST_CELLS

    def cells(self, axis: int = 0, mask: int | None = None, done: Box = ()) -> Iterator[tuple[Box, int]]:
        mask = self._until_end(self._everyone if mask is None else mask, axis)
        if axis == len(self._axes):
            yield done, mask
            return
        for matching, part in self._axes[axis].split(mask).items():
            self._left -= 1
            if self._left < 0:
                raise TooManyCells
            yield from self.cells(axis + 1, matching, (*done, part))

    def _until_end(self, mask: int, axis: int) -> int:
        """Without the rules that come after one that matches whatever is left."""
        ending = mask & self._ending[axis]
        return mask & ((ending & -ending) * 2 - 1) if ending else mask
