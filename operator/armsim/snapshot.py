"""The whole state as plain JSON and back, also entity by entity for the file on disk. Knows shapes, no rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from .operations import Clock
from .store import TABLES, Child, Connection, Deployment, Entity, GatewayIp, Link, Peering, Subnet

if TYPE_CHECKING:
    from .core import Core

FORMAT = 1
NESTED: Mapping[str, type[Any]] = {
    "subnets": Subnet,
    "peerings": Peering,
    "ips": GatewayIp,
    "children": Child,
    "links": Link,
}
HIDDEN = "not shown"
KEYS = ("key_value", "sharedKey")
CLASSES: Mapping[str, type[Any]] = {name: kind for kind, name in TABLES.items()}
FIELDS: dict[type[Any], tuple[str, ...]] = {}
TUPLES = frozenset(("changes", "prefixes", "remote_space", "local_subnets", "remote_subnets", "zones", "custom"))


def _names(kind: type[Any]) -> tuple[str, ...]:
    """Of its fields; remembered, as dataclasses.fields works them out anew each time."""
    found = FIELDS.get(kind)
    if found is None:
        found = FIELDS[kind] = tuple(one.name for one in fields(kind))
    return found


def shallow(value: Any) -> dict[str, Any]:
    """One level of an entity, for a JSON encoder that asks again for what is inside: faster than encode."""
    return {name: getattr(value, name) for name in _names(type(value))}


def encode(value: Any) -> Any:
    if is_dataclass(value):
        return {name: encode(getattr(value, name)) for name in _names(type(value))}
    if isinstance(value, tuple):
        return [encode(one) for one in value]
    return value


def decode(table: str, data: Mapping[str, Any]) -> Entity:
    """Raises ValueError for data of another shape."""
    found: Entity = _decode(CLASSES[table], data)
    return found


def _decode(kind: type[Any], data: Any) -> Any:
    if not isinstance(data, Mapping):
        raise ValueError(f"{kind.__name__} must be an object")
    known = {one.name for one in fields(kind)}
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name not in known:
            raise ValueError(f"{kind.__name__} has no field {name!r}")
        if name in NESTED:
            values[name] = tuple(_decode(NESTED[name], one) for one in value)
        else:
            values[name] = tuple(value) if name in TUPLES else value
    try:
        return kind(**values)
    except TypeError as missing:
        raise ValueError(f"{kind.__name__}: {missing}") from None


def frame(core: Core) -> dict[str, Any]:
    """Everything that is not in a table."""
    clock = core.clock
    return {
        "format": FORMAT,
        "clock": {"wall": clock.wall, "virtual": clock.virtual, "speed": clock.speed},
        "roles": core.roles.export(),
    }


def export(core: Core) -> dict[str, Any]:
    tables = {name: [encode(one) for one in core.world.table(name).values()] for name in CLASSES}
    return {**frame(core), **tables}


def without_keys(data: Any) -> Any:
    """An export that may be shown: HIDDEN in the place of every shared key. A space is in no key, so it is none."""
    if isinstance(data, list):
        return [without_keys(one) for one in data]
    if not isinstance(data, dict):
        return data
    key = (data.get("wanted") or {}).get("properties", {}).get("sharedKey") if "wanted" in data else None
    shown = {name: HIDDEN if name in KEYS and value else without_keys(value) for name, value in data.items()}
    if key and "parameters" in shown:
        shown["parameters"] = _masked(shown["parameters"], key)
    return shown


def _masked(data: Any, key: str) -> Any:
    """A deployment may have been given its key as a parameter that is not secure."""
    if isinstance(data, dict):
        return {name: _masked(value, key) for name, value in data.items()}
    return HIDDEN if data == key else data


def _with_keys(core: Core, entity: Entity) -> Entity:
    """A hidden key is the one that is here. Raises ValueError when it is not."""
    if isinstance(entity, Connection) and entity.key_value == HIDDEN:
        here = core.world.connections.get(entity.key)
        if here is None:
            raise ValueError(f"the key of {entity.id} was not exported: GET state?keys=true exports it")
        return replace(entity, key_value=here.key_value)
    if isinstance(entity, Deployment) and HIDDEN in str(encode(entity)):
        deployed = core.world.deployments.get(entity.key)
        if deployed is None and not entity.operation:
            return entity
        if deployed is None:
            raise ValueError(f"the key of {entity.id} was not exported: GET state?keys=true exports it")
        return replace(entity, wanted=deployed.wanted, shown=deployed.shown, parameters=deployed.parameters)
    return entity


def whole(core: Core) -> dict[str, Any]:
    """For the disk: with the secret that signs tokens, so that they outlive a restart."""
    return {**export(core), "secret": core.secret}


def restore(core: Core, data: Any) -> None:
    """Replaces the world. Raises ValueError, before any change, when the data has another shape."""
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise ValueError(f"not a state of format {FORMAT}")
    entities = [_with_keys(core, decode(name, one)) for name in CLASSES for one in data.get(name, [])]
    core.roles.update(data.get("roles", {}))
    core.world.clear()
    for entity in entities:
        core.world.put(entity)
    core.world.mix(" ".join((*core.world.operations, *(one.etag for one in core.world.vnets.values()))))
    core.schedule.rebuild(core.world)


def resume(core: Core, data: Mapping[str, Any], now: float) -> None:
    """The clock of an imported state: virtual time goes on from the moment of the export."""
    core.clock = Clock(now, float(data["clock"]["virtual"]), core.clock.speed)


def restore_frame(core: Core, data: Mapping[str, Any], now: float) -> None:
    """Clock and roles of an earlier run; virtual time has gone on meanwhile, at the speed of that run."""
    clock = data["clock"]
    before = Clock(clock["wall"], clock["virtual"], clock["speed"])
    core.clock = Clock(now, before.at(now), core.clock.speed)
    core.roles.update(data["roles"])
