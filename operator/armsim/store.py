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
    custom: tuple[str, ...] = ()


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
class Connection:
    """A connection between two gateways, one direction. `far` is the second gateway, virtual or local.

    `tie` is what the two directions are to each other since virtual time `since` (rules: connection_status);
    `up` tells whether the tunnel stood at that moment. `rises` and `falls` are the seconds that it takes.
    """

    subscription: str
    group: str
    name: str
    location: str
    guid: str
    etag: str
    kind: str
    near: str
    far: str
    key_value: str = ""
    props: Props = field(default_factory=dict)
    tags: Props | None = None
    tie: str = "alone"
    since: float = 0.0
    up: bool = False
    rises: float = 0.0
    falls: float = 0.0
    state: str = "Succeeded"
    operation: str = ""

    @property
    def id(self) -> str:
        return arm_ids.network_id(self.subscription, self.group, "connections", self.name)

    @property
    def key(self) -> str:
        return self.id.lower()


@dataclass(frozen=True, slots=True)
class Tunnel:
    """When a connection's tunnel rose and fell, until virtual time `noted` (rules: tunnels). Outlives the connection.

    `changes` are the times at which it rose, fell, rose, …; `first` is when it first stood (0: never). Down time is
    counted from `counted` on, `past` being what was counted of changes that are no longer kept.
    """

    id: str
    changes: tuple[float, ...] = ()
    first: float = 0.0
    counted: float = 0.0
    noted: float = 0.0
    past: float = 0.0
    ended: float = 0.0

    @property
    def key(self) -> str:
        return self.id.lower()

    @property
    def up(self) -> bool:
        return len(self.changes) % 2 == 1


@dataclass(frozen=True, slots=True)
class Child:
    """A part of a resource with operations of its own: a security rule, a route."""

    name: str
    props: Props = field(default_factory=dict)
    state: str = "Succeeded"
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """A network resource whose rules need no fields of their own: NSG, route table, local gateway, interface."""

    subscription: str
    group: str
    kind: str
    name: str
    location: str
    guid: str
    etag: str
    props: Props = field(default_factory=dict)
    children: tuple[Child, ...] = ()
    tags: Props | None = None
    state: str = "Succeeded"
    operation: str = ""

    @property
    def id(self) -> str:
        return arm_ids.network_id(self.subscription, self.group, self.kind, self.name)

    @property
    def key(self) -> str:
        return self.id.lower()

    def child(self, name: str) -> Child | None:
        return next((one for one in self.children if one.name.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Link:
    """A virtual network link of a private DNS zone, with an etag of its own."""

    name: str
    etag: str
    network: str
    registration: bool = False
    tags: Props | None = None
    state: str = "Succeeded"
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Zone:
    """A private DNS zone and its links."""

    subscription: str
    group: str
    name: str
    etag: str
    links: tuple[Link, ...] = ()
    tags: Props | None = None
    state: str = "Succeeded"
    operation: str = ""

    @property
    def id(self) -> str:
        return arm_ids.network_id(self.subscription, self.group, "privateDnsZones", self.name)

    @property
    def key(self) -> str:
        return self.id.lower()

    def link(self, name: str) -> Link | None:
        return next((one for one in self.links if one.name.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A template with one connection. `wanted` is that resource, its parameters filled in; `begun` once it was made."""

    subscription: str
    group: str
    name: str
    guid: str
    hash: str
    parameters: Props
    wanted: Props
    outputs: Props
    started: float
    seconds: float
    rises: float = 0.0
    falls: float = 0.0
    begun: bool = False
    ended: float = 0.0
    shown: Props | None = None
    state: str = "Accepted"
    operation: str = ""

    @property
    def id(self) -> str:
        return (
            f"{arm_ids.group_id(self.subscription, self.group)}/providers/Microsoft.Resources/deployments/{self.name}"
        )

    @property
    def key(self) -> str:
        return self.id.lower()


@dataclass(frozen=True, slots=True)
class Operation:
    """A long-running operation. `ends` is virtual time; `doom` is the error it will end with, None for success.

    `result` is what operationResults answers at the end of an action; an action that answers nothing has none.
    """

    id: str
    subscription: str
    location: str
    name: str
    target: str
    ends: float
    status: str = "InProgress"
    doom: Props | None = None
    began: float = 0.0
    result: Any = None

    @property
    def key(self) -> str:
        return self.id

    @property
    def deletes(self) -> bool:
        return self.name.startswith("Delete")

    @property
    def acts(self) -> bool:
        """Whether it was begun by a POST."""
        return self.name.startswith("Post")


Entity = Group | Vnet | Address | Gateway | Connection | Tunnel | Resource | Zone | Deployment | Operation
TABLES: dict[type[Any], str] = {
    Group: "groups",
    Vnet: "vnets",
    Address: "addresses",
    Gateway: "gateways",
    Connection: "connections",
    Tunnel: "tunnels",
    Resource: "resources",
    Zone: "zones",
    Deployment: "deployments",
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
        self.connections: dict[str, Connection] = {}
        self.tunnels: dict[str, Tunnel] = {}
        self.resources: dict[str, Resource] = {}
        self.zones: dict[str, Zone] = {}
        self.deployments: dict[str, Deployment] = {}
        self.operations: dict[str, Operation] = {}
        self.changed: set[tuple[str, str]] = set()
        self.referrers: dict[str, set[str]] = {}
        self.holders: dict[str, set[str]] = {}
        self.interfaces: dict[str, Resource] = {}
        self.users: dict[str, set[str]] = {}
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
        if isinstance(entity, Gateway | Resource):
            self._reuse(self.table(name).get(entity.key), entity)
        if isinstance(entity, Resource) and entity.kind == "networkInterfaces":
            self.interfaces[entity.key] = entity
        self.table(name)[entity.key] = entity
        self.changed.add((name, entity.key))

    def drop(self, entity: Entity) -> None:
        name = TABLES[type(entity)]
        if isinstance(entity, Vnet):
            self._relink(entity.key, None)
        if isinstance(entity, Gateway | Resource):
            self._reuse(self.table(name).get(entity.key), None)
            self.interfaces.pop(entity.key, None)
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
        held_before, held_after = _references(old), _references(new)
        for resource in held_before - held_after:
            self.holders.get(resource, set()).discard(key)
        for resource in held_after - held_before:
            self.holders.setdefault(resource, set()).add(key)

    def _reuse(self, old: Gateway | Resource | None, new: Gateway | Resource | None) -> None:
        before, after = _used(old), _used(new)
        for used, key in before - after:
            self.users.get(used, set()).discard(key)
        for used, key in after - before:
            self.users.setdefault(used, set()).add(key)

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
        copy.holders = {key: set(value) for key, value in self.holders.items()}
        copy.interfaces = dict(self.interfaces)
        copy.users = {key: set(value) for key, value in self.users.items()}
        return copy

    def clear(self) -> None:
        for name in TABLES.values():
            self.table(name).clear()
        self.referrers.clear()
        self.holders.clear()
        self.interfaces.clear()
        self.users.clear()
        self.changed.clear()
        self.written.clear()
        self.replaced = True


def _references(vnet: Vnet | None) -> set[str]:
    """Keys of the security groups and route tables of a VNet's subnets."""
    found = set()
    for subnet in vnet.subnets if vnet else ():
        for name in ("networkSecurityGroup", "routeTable"):
            given = subnet.props.get(name)
            if given:
                found.add(str(given.get("id", "")).lower())
    return found


def _used(one: Gateway | Resource | None) -> set[tuple[str, str]]:
    """(id of a subnet or an address in lower case, key of its user)."""
    if isinstance(one, Gateway):
        return {(used.lower(), one.key) for ip in one.ips for used in (ip.subnet, ip.address)}
    if one is None or one.kind != "networkInterfaces":
        return set()
    links = [inner.get(name) for inner in one.props["ipConfigurations"] for name in ("subnet", "publicIPAddress")]
    return {(link["id"].lower(), one.key) for link in links if link}
