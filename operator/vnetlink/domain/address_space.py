"""Address prefixes and where two sets of them overlap."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network


def overlaps(ours: Iterable[str], theirs: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Every pair (one of ours, one of theirs) of CIDR prefixes that share an address.

    A prefix that does not parse overlaps with nothing: ARM is the judge of its form. Not every pair is compared: a hub
    has 500 peerings, and each may have a thousand prefixes.
    """
    others = _Index(tuple(_networks(theirs)))
    return tuple((str(a), str(b)) for a in _networks(ours) for b in others.overlapping(a))


def free_block(space: Iterable[str], used: Iterable[str], length: int) -> str | None:
    """The highest free IPv4 block of that prefix length inside one prefix of `space`; None when there is none.

    The highest, because people fill a VNet from below.
    """
    size = 1 << (32 - length)
    taken = sorted(((int(n[0]), int(n[-1])) for n in _networks(used) if n.version == 4), reverse=True)
    for network in _networks(space):
        if network.version == 6 or network.prefixlen > length:
            continue
        start = int(network[-1]) + 1 - size
        for first, last in taken:
            if last >= start and first < start + size:
                start = first - size - (first - size) % size
        if start >= int(network[0]):
            return f"{IPv4Address(start)}/{length}"
    return None


def within(prefix: str, space: Iterable[str]) -> bool:
    """Whether every address of `prefix` lies in one prefix of `space`."""
    return any(_covers(outer, inner) for outer in _networks(space) for inner in _networks((prefix,)))


def _covers(outer: Network, inner: Network) -> bool:
    same = outer.version == inner.version
    return same and int(outer[0]) <= int(inner[0]) and int(inner[-1]) <= int(outer[-1])


class _Index:
    """Prefixes by where they start and by what they cover: of two that overlap, one lies within the other."""

    def __init__(self, networks: tuple[Network, ...]) -> None:
        self._networks = networks
        self._starts = sorted((n.version, int(n.network_address), position) for position, n in enumerate(networks))
        self._places: dict[tuple[int, int, int], list[int]] = {}
        for position, network in enumerate(networks):
            place = (network.version, int(network.network_address), network.prefixlen)
            self._places.setdefault(place, []).append(position)
        self._lengths = sorted({(network.version, network.prefixlen) for network in networks})

    def overlapping(self, network: Network) -> tuple[Network, ...]:
        """All that share an address with `network`, in the order in which they were given."""
        found = {*self._within(network), *self._around(network)}
        return tuple(self._networks[position] for position in sorted(found))

    def _within(self, network: Network) -> Iterator[int]:
        first, last = int(network.network_address), int(network.broadcast_address)
        begin = bisect_left(self._starts, (network.version, first, 0))
        end = bisect_left(self._starts, (network.version, last + 1, 0))
        return (position for _, _, position in self._starts[begin:end])

    def _around(self, network: Network) -> Iterator[int]:
        for version, length in self._lengths:
            if version == network.version and length < network.prefixlen:
                hosts = network.max_prefixlen - length
                start = int(network.network_address) >> hosts << hosts
                yield from self._places.get((version, start, length), ())


def _networks(prefixes: Iterable[str]) -> Iterable[Network]:
    for prefix in prefixes:
        try:
            yield ip_network(prefix, strict=False)
        except ValueError:
            continue
