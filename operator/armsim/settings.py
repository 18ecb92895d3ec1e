"""What one simulator is told to be: tenants, durations, limits. Plain values; reading YAML is config's business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

TENANT_A = "aaaaaaaa-0000-0000-0000-000000000001"
TENANT_B = "bbbbbbbb-0000-0000-0000-000000000002"
DEFAULT_TENANTS: Mapping[str, tuple[str, ...]] = {
    TENANT_A: ("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001"),
    TENANT_B: ("00000000-0000-0000-0000-000000000002",),
}

# Medians from PUT or DELETE to Succeeded, in seconds (arm.md 1.3, last list).
DURATIONS: Mapping[str, float] = {
    "virtualNetworks.create": 3,
    "virtualNetworks.update": 3,
    "virtualNetworks.delete": 10,
    "subnets.create": 4,
    "subnets.update": 4,
    "subnets.delete": 4,
    "virtualNetworkPeerings.create": 10,
    "virtualNetworkPeerings.update": 10,
    "virtualNetworkPeerings.delete": 11,
    "publicIPAddresses.create": 1,
    "publicIPAddresses.update": 1,
    "publicIPAddresses.delete": 10,
    "virtualNetworkGateways.create": 886,
    "virtualNetworkGateways.update": 62,
    "virtualNetworkGateways.delete": 93,
    "virtualNetworkGateways.action": 10,
    "connections.create": 10,
    "connections.update": 42,
    "connections.delete": 30,
    "connections.action": 10,
    "connections.sharedKey": 40,
    "localNetworkGateways.create": 10,
    "localNetworkGateways.update": 10,
    "localNetworkGateways.delete": 10,
    "networkSecurityGroups.create": 3,
    "networkSecurityGroups.update": 3,
    "networkSecurityGroups.delete": 10,
    "routeTables.create": 3,
    "routeTables.update": 3,
    "routeTables.delete": 10,
    "networkInterfaces.create": 3,
    "networkInterfaces.update": 3,
    "networkInterfaces.delete": 10,
    "privateDnsZones.create": 30,
    "privateDnsZones.update": 30,
    "privateDnsZones.delete": 30,
    "virtualNetworkLinks.create": 30,
    "virtualNetworkLinks.update": 30,
    "virtualNetworkLinks.delete": 30,
    "deployments.create": 37,
    "resourceGroups.delete": 30,
    # Not operations: from both directions with equal keys to Connected, from a key mismatch to NotConnected (arm.md 7:
    # "a few minutes after both directions exist"; still Connected about 3 minutes after a mismatch; bounds chosen).
    "connections.connecting": 120,
    "connections.notConnected": 300,
}
QUOTAS: Mapping[str, int] = {
    "peerings": 500,
    "subnets": 3000,
    "virtualNetworks": 1000,
    "virtualNetworkLinks": 1000,
    "registrationLinks": 100,
}


EXCHANGE = "api://AzureADTokenExchange"


@dataclass(frozen=True, slots=True)
class Federated:
    """Whose tokens an app takes for its own proof. `keys`: the issuer's JWKS; without it no signature is looked at."""

    issuer: str
    subject: str
    audience: str = EXCHANGE
    keys: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """An app registration. Empty `tenants` means it exists in all.

    Empty `secret` accepts any, or none where there are `federated` credentials; without these any assertion is accepted.
    """

    client_id: str
    tenants: tuple[str, ...] = ()
    secret: str = ""
    federated: tuple[Federated, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    name: str
    scope: str
    type: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """Token bucket (arm.md 1.7, new model): `size` at most, `rate` a second."""

    size: float
    rate: float


# Requests a window and subscription. Private DNS as its own remaining-quota headers count them.
WINDOWS: Mapping[str, int] = {
    "network.reads": 10_000,
    "network.writes": 1000,
    "privateDns.reads": 500,
    "privateDns.writes": 12_000,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Who shares a bucket, the size of a whole subscription's in buckets, and the providers' windows (0: none)."""

    scope: tuple[str, ...] = ("principal", "subscription")
    global_factor: float = 15
    window_seconds: float = 300
    windows: Mapping[str, int] = field(default_factory=lambda: WINDOWS)


@dataclass(frozen=True, slots=True)
class Settings:
    """`strangers`: client ids that `principals` does not name are accepted, as Owner."""

    tenants: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: DEFAULT_TENANTS)
    principals: Mapping[str, Principal] = field(default_factory=dict)
    roles: Mapping[str, Any] = field(default_factory=dict)
    strangers: bool = True
    speed: float = 1.0
    durations: Mapping[str, float] = field(default_factory=lambda: DURATIONS)
    quotas: Mapping[str, int] = field(default_factory=lambda: QUOTAS)
    page_size: int = 0
    token_seconds: int = 3600
    strict: bool = False
    era: int = 2026
    throttled: bool = False
    buckets: Mapping[str, Bucket] = field(
        default_factory=lambda: {"reads": Bucket(250, 25), "writes": Bucket(200, 10), "deletes": Bucket(200, 10)}
    )
    limits: Limits = field(default_factory=Limits)
    locks: tuple[str, ...] = ()
    policies: tuple[Policy, ...] = ()
    seed: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    @property
    def instant(self) -> bool:
        return self.speed == inf

    def tenant_of(self, subscription: str) -> str | None:
        wanted = subscription.lower()
        return next((tenant for tenant, owned in self.tenants.items() if wanted in owned), None)

    def duration(self, what: str) -> float:
        return 0.0 if self.instant else float(self.durations.get(what, DURATIONS.get(what, 3)))
