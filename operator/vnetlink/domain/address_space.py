"""Address prefixes and where two sets of them overlap."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network


def overlaps(ours: Iterable[str], theirs: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Every pair (one of ours, one of theirs) of CIDR prefixes that share an address.

    A prefix that does not parse overlaps with nothing: ARM is the judge of its form.
    """
    mine, others = tuple(_networks(ours)), tuple(_networks(theirs))
    return tuple((str(a), str(b)) for a in mine for b in others if a.version == b.version and a.overlaps(b))


def same_prefixes(left: Iterable[str], right: Iterable[str]) -> bool:
    """Whether both name the same prefixes, in any order."""
    return {str(network) for network in _networks(left)} == {str(network) for network in _networks(right)}


def _networks(prefixes: Iterable[str]) -> Iterable[Network]:
    for prefix in prefixes:
        try:
            yield ip_network(prefix, strict=False)
        except ValueError:
            continue
