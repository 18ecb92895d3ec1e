"""The simulated world as frozen values in keyed tables. Every change goes through put and drop; no rule of Azure here."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import arm_ids

Props = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Group:
    subscription: str
    name: str
    location: str
    tags: Props | None = None
    managed_by: str = ""
    state: str = "Succeeded"

    @property
    def id(self) -> str:
        return arm_ids.group_id(self.subscription, self.name)

    @property
    def key(self) -> str:
        return self.id.lower()


@dataclass(frozen=True, slots=True)
class Subnet:
    """`props` are the properties echoed as they were sent."""

    name: str
    prefixes: tuple[str, ...]
    props: Props = field(default_factory=dict)
    state: str = "Succeeded"
    operation: str = ""
    plural: bool = False


@dataclass(frozen=True, slots=True)
class Peering:
    """`remote_space` is this side's copy of the remote address space, as of the last create or sync."""

    name: str
    remote: str
    guid: str
    status: str
    remote_space: tuple[str, ...]
    access: bool = True
    forwarded: bool = False
    transit: bool = False
    use_remote: bool = False
    do_not_verify: bool = False
    complete: bool = True
    local_subnets: tuple[str, ...] = ()
    remote_subnets: tuple[str, ...] = ()
    only_ipv6: bool = False
    state: str = "Succeeded"
    operation: str = ""

    @property
    def remote_key(self) -> str:
        return self.remote.lower()


@dataclass(frozen=True, slots=True)
class Vnet:
    subscription: str
    group: str
    name: str
    location: str
    guid: str
    etag: str
    prefixes: tuple[str, ...]
    tags: Props | None = None
    dhcp: Props | None = None
    props: Props = field(default_factory=dict)
    subnets: tuple[Subnet, ...] = ()
    peerings: tuple[Peering, ...] = ()
    state: str = "Succeeded"
    operation: str = ""

    @property
    def id(self) -> str:
        return arm_ids.network_id(self.subscription, self.group, "virtualNetworks", self.name)

    @property
    def key(self) -> str:
        return self.id.lower()

    def subnet(self, name: str) -> Subnet | None:
        return next((one for one in self.subnets if one.name.lower() == name.lower()), None)

    def peering(self, name: str) -> Peering | None:
        return next((one for one in self.peerings if one.name.lower() == name.lower()), None)

    def peering_to(self, remote_key: str) -> Peering | None:
        return next((one for one in self.peerings if one.remote_key == remote_key), None)


@dataclass(frozen=True, slots=True)
class Address:
    """A public IP address."""

    subscription: str
    group: str
    name: str
    location: str
    guid: str
    etag: str
    ip: str
    props: Props = field(default_factory=dict)
    sku: Props = field(default_factory=dict)
    tags: Props | None = None
    zones: tuple[str, ...] = ()
    state: str = "Succeeded"
    operation: str = ""

    @property
    def id(self) -> str:
        return arm_ids.network_id(self.subscription, self.group, "publicIPAddresses", self.name)

    @property
    def key(self) -> str:
        return self.id.lower()


@dataclass(frozen=True, slots=True)
class GatewayIp:
    name: str
    subnet: str
    address: str
    allocation: str = "Dynamic"


@dataclass(frozen=True, slots=True)
class Gateway:
    """A virtual network gateway. `born` is False until its first operation has succeeded."""

    subscription: str
    group: str
    name: str
    location: str
    guid: str
    etag: str
    ips: tuple[GatewayIp, ...]
    props: Props = field(default_factory=dict)
    tags: Props | None = None
    born: bool = False
    state: str = "Succeeded"
    operation: str = ""

    @property
    def id(self) -> str:
        return arm_ids.network_id(self.subscription, self.group, "virtualNetworkGateways", self.name)

    @property
    def key(self) -> str:
        return self.id.lower()

    @property
    def vnet_key(self) -> str:
        return self.ips[0].subnet.lower().rpartition("/subnets/")[0] if self.ips else ""


@dataclass(frozen=True, slots=True)
class Operation:
    """A long-running operation. `ends` is virtual time; `doom` is the error it will end with, None for success."""

    id: str
    subscription: str
    location: str
    name: str
    target: str
    ends: float
    status: str = "InProgress"
    doom: Props | None = None

    @property
    def key(self) -> str:
        return self.id

    @property
    def deletes(self) -> bool:
        return self.name.startswith("Delete")


Entity = Group | Vnet | Address | Gateway | Operation
TABLES: dict[type[Any], str] = {
    Group: "groups",
    Vnet: "vnets",
    Address: "addresses",
    Gateway: "gateways",
    Operation: "operations",
}


class World:
    """Tables by lower-cased id. `changed` collects what must be written to disk since it was last
    cleared; `replaced` says that this is not enough, since the whole world was cleared."""

    def __init__(self, seed: int = 0) -> None:
        self.groups: dict[str, Group] = {}
        self.vnets: dict[str, Vnet] = {}
        self.addresses: dict[str, Address] = {}
        self.gateways: dict[str, Gateway] = {}
        self.operations: dict[str, Operation] = {}
        self.changed: set[tuple[str, str]] = set()
        self.referrers: dict[str, set[str]] = {}
        self.written: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.replaced = False
        self._random = random.Random(seed)

    def table(self, name: str) -> dict[str, Any]:
        table: dict[str, Any] = getattr(self, name)
        return table

    def put(self, entity: Entity) -> None:
        name = TABLES[type(entity)]
        if isinstance(entity, Vnet):
            self._relink(entity.key, entity)
        self.table(name)[entity.key] = entity
        self.changed.add((name, entity.key))

    def drop(self, entity: Entity) -> None:
        name = TABLES[type(entity)]
        if isinstance(entity, Vnet):
            self._relink(entity.key, None)
        self.table(name).pop(entity.key, None)
        self.changed.add((name, entity.key))

    def _relink(self, key: str, new: Vnet | None) -> None:
        old = self.vnets.get(key)
        before = {one.remote_key for one in old.peerings} if old else set()
        after = {one.remote_key for one in new.peerings} if new else set()
        for remote in before - after:
            self.referrers.get(remote, set()).discard(key)
        for remote in after - before:
            self.referrers.setdefault(remote, set()).add(key)

    def peered_with(self, vnet_key: str) -> Iterator[tuple[Vnet, Peering]]:
        """Every peering of another VNet that refers to this one, with its VNet."""
        for key in sorted(self.referrers.get(vnet_key, ())):
            vnet = self.vnets[key]
            for peering in vnet.peerings:
                if peering.remote_key == vnet_key:
                    yield vnet, peering

    def referrers_of_all(self) -> dict[str, set[str]]:
        return {key: set(value) for key, value in self.referrers.items() if value}

    def mix(self, text: str) -> None:
        """Another series of guids, so that an imported world never meets its own ids again."""
        self._random.seed(f"{self._random.getrandbits(64)} {text}")

    def guid(self) -> str:
        text = f"{self._random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def etag(self) -> str:
        return f'W/"{self.guid()}"'

    def snapshot(self) -> World:
        """A second world that shares the frozen values; for stale reads."""
        copy = World(self._random.getrandbits(32))
        for name in TABLES.values():
            copy.table(name).update(self.table(name))
        copy.referrers = self.referrers_of_all()
        return copy

    def clear(self) -> None:
        for name in TABLES.values():
            self.table(name).clear()
        self.referrers.clear()
        self.changed.clear()
        self.written.clear()
        self.replaced = True
