"""When a tunnel stands (arm.md 7, status transitions): what two directions are to each other, and since when.

`tie` is "alone" (no reverse direction), "differ" (another key there) or "equal". It is written down when something
happens (retie), and the status is what virtual time has made of it since. Nothing but the gateway ids links them.
"""

from __future__ import annotations

from dataclasses import replace

from .. import tunnels
from ..store import Connection, World

UNKNOWN, CONNECTING, CONNECTED, NOT_CONNECTED = "Unknown", "Connecting", "Connected", "NotConnected"
FIRST_BYTES = 416
BYTES_A_MINUTE = 32


def reverse(world: World, one: Connection) -> Connection | None:
    """The connection of the other direction, while it is there; a failed one carries no tunnel (chosen)."""
    near, far = one.near.lower(), one.far.lower()
    for other in world.connections.values():
        if other.near.lower() == far and other.far.lower() == near and other.key != one.key and _stands(other):
            return other
    return None


def _stands(one: Connection) -> bool:
    return bool(one.props.get("made")) and one.state != "Deleting"


def tie(world: World, one: Connection) -> str:
    other = reverse(world, one)
    if other is None or not _stands(one):
        return "alone"
    return "equal" if one.key_value and one.key_value == other.key_value else "differ"


def retie(world: World, one: Connection, virtual: float, *, cut: bool = False) -> None:
    """Writes down what has become of a connection and its reverse; `cut` starts the tunnel anew (reset)."""
    current = world.connections.get(one.key)
    other = reverse(world, one)
    for each in (current, other):
        if each is None:
            continue
        new = tie(world, each)
        if new != each.tie or cut:
            up = status(each, virtual) == CONNECTED and not cut
            tunnels.note(world, each, virtual)
            world.put(replace(each, tie=new, since=virtual, up=up))


def status(one: Connection, virtual: float) -> str:
    """Unknown, then Connecting, then what the tie leads to. Alone it stays Connecting (arm.md 7)."""
    passed = virtual - one.since
    match one.tie:
        case "equal" if one.up or passed >= one.rises:
            return CONNECTED
        case "differ" if one.up and passed < one.falls:
            return CONNECTED
        case "differ" if passed >= one.falls:
            return NOT_CONNECTED
        case "alone" if one.up and passed < one.falls:
            return CONNECTED
        case "alone" if one.up:
            return NOT_CONNECTED
        case _:
            return CONNECTING if passed >= one.rises / 2 and one.rises else UNKNOWN


def transferred(one: Connection, virtual: float) -> int:
    """Small and equal in both directions, as only keep-alives pass (arm.md 7: 416/416); none without a tunnel."""
    if status(one, virtual) != CONNECTED:
        return 0
    began = one.since if one.up else one.since + one.rises
    return FIRST_BYTES + BYTES_A_MINUTE * int(max(0.0, virtual - began) // 60)
