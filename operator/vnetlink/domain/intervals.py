"""Sets of whole numbers as intervals, and address prefixes as such sets: exact algebra, nothing is enumerated.

IPv4 and IPv6 lie on one line, so that one set holds both and they never meet.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network, summarize_address_range
from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]
Intervals: TypeAlias = tuple[Interval, ...]  # first and last, both within; sorted, apart from each other

V6 = 1 << 128  # where IPv6 begins on the line
IPV4: Intervals = ((0, (1 << 32) - 1),)
IPV6: Intervals = ((V6, V6 + (1 << 128) - 1),)
EVERYWHERE: Intervals = IPV4 + IPV6


def union(*sets: Iterable[Interval]) -> Intervals:
    """Everything in any of `sets`; intervals that touch become one."""
    merged: list[Interval] = []
    for first, last in sorted(interval for one in sets for interval in one):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def intersect(few: Intervals, many: Intervals) -> Intervals:
    """What both hold; quick where `few` is short."""
    return tuple(_common(few, many))


def subtract(whole: Intervals, part: Intervals) -> Intervals:
    """What `whole` holds and `part` does not."""
    left: list[Interval] = []
    for first, last in whole:
        start = first
        for low, high in intersect(((first, last),), part):
            if start < low:
                left.append((start, low - 1))
            start = high + 1
        if start <= last:
            left.append((start, last))
    return tuple(left)


def meet(one: Intervals, other: Intervals) -> bool:
    """Whether they have anything in common."""
    return next(_common(one, other), None) is not None


def covers(whole: Intervals, part: Intervals) -> bool:
    """Whether `whole` holds all of `part`."""
    if part and whole and whole[0][0] <= part[0][0] and part[-1][1] <= whole[0][1]:
        return True  # the usual case: one interval does
    return not subtract(part, whole)


def addresses(prefixes: Iterable[str]) -> Intervals:
    """The addresses of CIDR prefixes and single addresses; what does not parse holds none: ARM is the judge of its form."""
    return _addresses(tuple(prefixes))


@lru_cache(maxsize=4096)
def _addresses(prefixes: tuple[str, ...]) -> Intervals:
    return union(*(span(prefix) for prefix in prefixes))


@lru_cache(maxsize=65536)
def span(prefix: str) -> Intervals:
    """The addresses of one prefix; empty when it does not parse."""
    try:
        network = ip_network(prefix.strip(), strict=False)
    except ValueError:
        return ()
    base = V6 if network.version == 6 else 0
    return ((base + int(network.network_address), base + int(network.broadcast_address)),)


def prefixes(held: Intervals) -> tuple[str, ...]:
    """The fewest prefixes that hold exactly these addresses; `held` must not span the two families."""
    return tuple(str(network) for first, last in held for network in summarize_address_range(*_ends(first, last)))


def _ends(first: int, last: int) -> tuple[IPv4Address, IPv4Address] | tuple[IPv6Address, IPv6Address]:
    if first >= V6:
        return IPv6Address(first - V6), IPv6Address(last - V6)
    return IPv4Address(first), IPv4Address(last)


def _common(few: Intervals, many: Intervals) -> Iterator[Interval]:
    for first, last in few:
        at = bisect_left(many, (first,))
        if at and many[at - 1][1] >= first:
            at -= 1
        while at < len(many) and many[at][0] <= last:
            yield max(first, many[at][0]), min(last, many[at][1])
            at += 1
