"""The shared key of a connection: get, set, reset (arm.md 7). The connection is Updating meanwhile."""

from __future__ import annotations

import zlib
from dataclasses import replace

from .. import errors, gateway_errors
from ..call import Call
from ..content import Content
from ..messages import Response, answer, empty
from ..store import Connection, Operation, World
from . import connection, connection_status

PUT = "PutVirtualNetworkGatewayConnectionSharedKeyOperation"
RESET = "PostResetVirtualNetworkGatewayConnectionSharedKeyOperation"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


def get(call: Call) -> Response:
    """`null` when there is no key yet. Without sharedKey/action beside sharedKey/read Azure answers 500 (arm.md 1.6)."""
    one = connection.found(call)
    if not call.may(f"{connection.TYPE}/sharedKey/action", one.id):
        raise errors.key_not_readable()
    return answer(200, {"value": one.key_value or None})


def put(call: Call) -> Response:
    """200, empty body; the key is new at once, the connection Updating for a while (R:vpn-connection-sharedkey-set-2017)."""
    one = _idle(call)
    value = Content(call.body).text("value")
    connection.check_key(value)
    operation = _begin(call, one, PUT, value)
    accepted = call.accepted(200, {}, operation, 10)
    return empty(200, {name: text for name, text in accepted.headers.items() if name != "Content-Type"})


def reset(call: Call) -> Response:
    """202 with both headers, and a random key of that many alphanumerics."""
    if call.place.names[1].lower() != "reset":
        kind = f"connections/sharedkey/{call.place.names[1][:80]}"
        raise errors.unknown_type(call.place.namespace, kind, call.version)
    one = _idle(call)
    length = Content(call.body).number("keyLength", 128)
    if not 1 <= length <= 128:
        raise gateway_errors.bad_key_length(length)
    operation = _begin(call, one, RESET, _random(call.world.guid(), length))
    return call.acting(operation, followed=True)


def _idle(call: Call) -> Connection:
    call.writable_group()
    one = connection.found(call)
    connection.check_idle(call.world, one)
    return one


def _begin(call: Call, one: Connection, name: str, value: str) -> Operation:
    operation = call.begin(name, one.key, one.location, "connections.sharedKey")
    new = replace(one, key_value=value, state="Updating", operation=operation.id, etag=call.world.etag())
    call.world.put(new)
    connection_status.retie(call.world, new, call.virtual)
    return operation


def _random(seed: str, length: int) -> str:
    """Repeatable for a world's seed, as its guids are."""
    return "".join(LETTERS[zlib.crc32(f"{seed}{index}".encode()) % len(LETTERS)] for index in range(length))


def finish(world: World, operation: Operation) -> None:
    """A key makes no connection whose creation has failed (chosen)."""
    one = world.connections.get(operation.target)
    if one is not None:
        failed = operation.doom or not one.props["made"]
        connection.settle(world, one, "Failed" if failed else "Succeeded", operation.ends)
