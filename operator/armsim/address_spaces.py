"""CIDR arithmetic for virtual networks: parse, contain, overlap. Never looks at the world."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from . import errors

Network = IPv4Network | IPv6Network


@lru_cache(maxsize=65536)
def network(prefix: str) -> Network:
    return ip_network(prefix)


def check(prefixes: Iterable[str], owner: str) -> None:
    """Raises InvalidAddressPrefixFormat or InvalidCIDRNotation (arm.md 3) for the first bad prefix."""
    for prefix in prefixes:
        if "/" not in prefix or not prefix.isascii() or prefix != prefix.strip():
            raise errors.bad_prefix(prefix, owner)
        try:
            fixed = ip_network(prefix, strict=False)
        except ValueError:
            raise errors.bad_prefix(prefix, owner) from None
        if not prefix.rpartition("/")[2].isdigit():
            raise errors.bad_prefix(prefix, owner)
        if str(ip_network(fixed).network_address) != str(_address(prefix)):
            raise errors.host_bits(prefix, owner, str(fixed))


def _address(prefix: str) -> object:
    return ip_network(prefix.rpartition("/")[0]).network_address


def overlapping(first: Iterable[str], second: Iterable[str]) -> list[str]:
    """Prefixes of either list that meet one of the other, without doubles, in order."""
    others = [(text, network(text)) for text in second]
    found: dict[str, None] = {}
    for mine in first:
        for text, other in others:
            if _meet(network(mine), other):
                found.setdefault(mine)
                found.setdefault(text)
    return list(found)


def _meet(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def inside(prefix: str, space: Iterable[str]) -> bool:
    wanted = network(prefix)
    for text in space:
        other = network(text)
        if isinstance(wanted, IPv4Network) and isinstance(other, IPv4Network) and wanted.subnet_of(other):
            return True
        if isinstance(wanted, IPv6Network) and isinstance(other, IPv6Network) and wanted.subnet_of(other):
            return True
    return False


def only_ipv6(prefixes: Iterable[str]) -> tuple[str, ...]:
    return tuple(one for one in prefixes if network(one).version == 6)
