"""What became of each connection's tunnel: up or down now, since when, and for how long it was down. Virtual seconds.

A connection's own fields say what happens until something happens to it; `note` writes that down just before it does.
Nothing here knows a key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .store import Connection, Tunnel, World

KEPT = 200


def course(one: Connection) -> list[tuple[float, bool]]:
    """(time, up) from `since` on, if nothing more happens; connection_status tells the same as a status."""
    rises, falls = one.since + one.rises, one.since + one.falls
    if one.tie == "equal":
        return [(one.since, True)] if one.up or not one.rises else [(one.since, False), (rises, True)]
    return [(one.since, True), (falls, False)] if one.up and one.falls else [(one.since, False)]


def note(world: World, one: Connection, virtual: float) -> None:
    """To be called before a connection's tie, `since` or `up` changes."""
    old = world.tunnels.get(one.key)
    new = _followed(old or Tunnel(one.id), one, virtual)
    if old is not None or new.changes:
        world.put(new)


def end(world: World, one: Connection, virtual: float) -> None:
    """The connection is gone, its tunnel with it."""
    note(world, one, virtual)
    tunnel = world.tunnels.get(one.key)
    if tunnel is not None:
        changes = (*tunnel.changes, virtual) if tunnel.up else tunnel.changes
        world.put(replace(tunnel, changes=changes, ended=virtual))


def _followed(tunnel: Tunnel, one: Connection, virtual: float) -> Tunnel:
    """A connection that was made again goes on where it ended: it was down in between."""
    changes, first = list(tunnel.changes), tunnel.first
    for moment, up in course(one):
        if tunnel.noted <= moment <= virtual and up != (len(changes) % 2 == 1):
            changes.append(moment)
            first = first or moment
    return _short(replace(tunnel, changes=tuple(changes), first=first, noted=virtual, ended=0.0))


def _short(tunnel: Tunnel) -> Tunnel:
    while len(tunnel.changes) > KEPT:
        _, fell, rose, *_ = tunnel.changes
        lost = rose - max(fell, _begin(tunnel))
        changes = tunnel.changes[2:]
        tunnel = replace(tunnel, changes=changes, past=tunnel.past + max(0.0, lost), counted=max(rose, tunnel.counted))
    return tunnel


def _begin(tunnel: Tunnel) -> float:
    return max(tunnel.counted, tunnel.first)


def forget(world: World, virtual: float) -> None:
    """Counts anew from now on; whether a tunnel stands, and since when, is not forgotten."""
    for one in world.connections.values():
        note(world, one, virtual)
    for tunnel in list(world.tunnels.values()):
        if tunnel.ended:
            world.drop(tunnel)
        else:
            changes = tunnel.changes[-1:] if tunnel.up else ()
            world.put(replace(tunnel, changes=changes, counted=virtual, past=0.0))


def export(world: World, virtual: float) -> list[dict[str, Any]]:
    """In the order of the connections' ids; those that are gone, too. Changes nothing."""
    return [_shown(world, key, virtual) for key in sorted({*world.tunnels, *world.connections})]


def _shown(world: World, key: str, virtual: float) -> dict[str, Any]:
    one, tunnel = world.connections.get(key), world.tunnels.get(key)
    if one is not None:
        tunnel = _followed(tunnel or Tunnel(one.id), one, virtual)
    assert tunnel is not None
    breaks = [{"from": begin, "to": finish} for begin, finish in _breaks(tunnel)]
    until = tunnel.ended or virtual
    down = sum((each["to"] or until) - (each["from"] or 0.0) for each in breaks)
    return {
        "connection": tunnel.id,
        "exists": one is not None,
        "tie": one.tie if one is not None else "",
        "up": tunnel.up,
        "since": tunnel.changes[-1] if tunnel.changes else None,
        "firstUp": tunnel.first or None,
        "downSeconds": round(tunnel.past + max(0.0, down), 3),
        "outages": breaks,
    }


def _breaks(tunnel: Tunnel) -> Iterator[tuple[float, float | None]]:
    """(fell, rose again or None) since counting began; before it first stood a tunnel was not down."""
    if not tunnel.first:
        return
    begin = _begin(tunnel)
    down: float | None = begin
    for index, moment in enumerate(tunnel.changes):
        if index % 2:
            down = max(moment, begin)
        elif down is not None:
            if moment > down:
                yield down, moment
            down = None
    if down is not None and down < (tunnel.ended or down + 1):
        yield down, None
