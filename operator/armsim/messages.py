"""The two values that cross the simulator's border: Request and Response. Never a socket, never a clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

Json = Mapping[str, Any]
Trouble = Literal["delay", "hang", "cut", "hold"]


@dataclass(frozen=True, slots=True)
class Request:
    """`target` is path and query as on the wire; header names are in lower case; `base` is the client's view of us."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base: str = "https://localhost"

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """Keys in lower case, as ARM ignores their case."""
        pairs = parse_qsl(self.target.partition("?")[2], keep_blank_values=True)
        return {key.lower(): value for key, value in pairs}


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What the server must do to the connection. `applied` tells whether the request has been worked on already."""

    kind: Trouble
    fault: str
    applied: bool
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    disturbance: Disturbance | None = None

    @property
    def data(self) -> Any:
        """The body as JSON, for callers in the same process."""
        return json.loads(self.body) if self.body else None


def compact(value: Any) -> bytes:
    """Bodies as ARM writes them since 2024: no white space (arm.md 1.1). ASCII, so that any text can be written."""
    return json.dumps(value, separators=(",", ":")).encode()


def answer(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
    return written(status, compact(value), headers)


def written(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """An answer whose JSON has been written already."""
    return Response(status, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, body)


def empty(status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, headers or {})
