"""Network security groups and the traffic that they judge, as values.

Azure's documents (MicrosoftDocs/azure-docs, articles/virtual-network): network-security-groups-overview.md for rules and
defaults, application-security-groups.md, service-tags-overview.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from vnetlink.domain.arm_id import NetworkSecurityGroupId

LAST_PORT = 65535
FIRST_DEFAULT_PRIORITY = 65000
VIRTUAL_NETWORK, INTERNET, LOAD_BALANCER = "VirtualNetwork", "Internet", "AzureLoadBalancer"
ANYWHERE = ("*",)


class Access(Enum):
    """What a rule does with traffic that it matches."""

    ALLOW = "Allow"
    DENY = "Deny"


class Way(Enum):
    """Seen from the subnet: traffic that comes in, or goes out. ARM's `direction` of a rule."""

    INBOUND = "Inbound"
    OUTBOUND = "Outbound"


class Protocol(Enum):
    """ARM's protocol. ANY in a rule matches all; ANY of a flow means TCP, UDP and ICMP, as Azure's document has it."""

    TCP = "Tcp"
    UDP = "Udp"
    ICMP = "Icmp"
    ESP = "Esp"
    AH = "Ah"
    ANY = "*"

    @property
    def has_ports(self) -> bool:
        """Whether its packets carry ports."""
        return self in (Protocol.TCP, Protocol.UDP)


@dataclass(frozen=True, slots=True)
class PortRange:
    """Ports from `first` to `last`, both within."""

    first: int = 0
    last: int = LAST_PORT

    @classmethod
    def parse(cls, text: str) -> PortRange:
        """ARM's `*`, `443` or `10000-10005`; raises ValueError for anything else."""
        if text.strip() == "*":
            return cls()
        first, _, last = text.partition("-")
        return cls(int(first), int(last or first))


ANY_PORT = (PortRange(),)
CLIENT_PORTS = PortRange(1024)  # where clients choose their source port: RFC 6056 section 3.2


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """One rule; augmented rules have several prefixes or ports.

    `sources` and `destinations` hold prefixes, addresses, service tags and `*`; `*_groups` the ids of application security
    groups, whose members nobody told us. A side with groups only has no prefixes.
    """

    name: str
    priority: int
    way: Way
    access: Access
    protocol: Protocol = Protocol.ANY
    sources: tuple[str, ...] = ANYWHERE
    destinations: tuple[str, ...] = ANYWHERE
    source_ports: tuple[PortRange, ...] = ANY_PORT
    destination_ports: tuple[PortRange, ...] = ANY_PORT
    source_groups: tuple[str, ...] = ()
    destination_groups: tuple[str, ...] = ()

    @property
    def is_default(self) -> bool:
        """Whether Azure made it: people's own priorities end at 4096."""
        return self.priority >= FIRST_DEFAULT_PRIORITY


def _default(name: str, priority: int, way: Way, sources: str = "*", destinations: str = "*") -> SecurityRule:
    access = Access.DENY if name.startswith("Deny") else Access.ALLOW
    return SecurityRule(name, priority, way, access, sources=(sources,), destinations=(destinations,))


# network-security-groups-overview.md, "Default security rules": they can be overridden, never removed.
DEFAULT_RULES = (
    _default("AllowVnetInBound", 65000, Way.INBOUND, VIRTUAL_NETWORK, VIRTUAL_NETWORK),
    _default("AllowAzureLoadBalancerInBound", 65001, Way.INBOUND, LOAD_BALANCER),
    _default("DenyAllInBound", 65500, Way.INBOUND),
    _default("AllowVnetOutBound", 65000, Way.OUTBOUND, VIRTUAL_NETWORK, VIRTUAL_NETWORK),
    _default("AllowInternetOutBound", 65001, Way.OUTBOUND, destinations=INTERNET),
    _default("DenyAllOutBound", 65500, Way.OUTBOUND),
)


@dataclass(frozen=True, slots=True)
class NetworkSecurityGroup:
    """A group with its rules; `rules` may or may not hold the default ones."""

    id: NetworkSecurityGroupId
    rules: tuple[SecurityRule, ...] = ()

    def rules_for(self, way: Way) -> tuple[SecurityRule, ...]:
        """The rules of one direction, the one that is asked first in front; the default rules where ARM listed none."""
        ours = [rule for rule in self.rules if rule.way is way]
        if not any(rule.is_default for rule in ours):
            ours += [rule for rule in DEFAULT_RULES if rule.way is way]
        return tuple(sorted(ours, key=lambda rule: rule.priority))


@dataclass(frozen=True, slots=True)
class Flow:
    """Traffic that somebody starts: from any of `sources` to any of `destinations` (prefixes).

    `port` is the destination port, None: every port; a flow of ANY protocol with a port is TCP and UDP.
    """

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    protocol: Protocol = Protocol.ANY
    port: int | None = None
    source_ports: PortRange = CLIENT_PORTS
