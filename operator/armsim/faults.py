"""Faults on demand: which request meets which fault. Decides only; core and server carry it out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from .messages import Json, Request
from .store import World

Kind = Literal["answer", "delay", "hang", "cut", "hold", "truncate", "html", "stale", "fail", "stall"]
TROUBLES = ("delay", "hang", "cut", "hold")
MATCH_KEYS = ("id", "kind", "method", "path", "principal", "nth", "skip", "count", "seconds", "when")
EFFECT_KEYS = ("status", "code", "message", "headers", "retryAfter", "body", "delay")
KEYS = frozenset((*MATCH_KEYS, *EFFECT_KEYS))


@dataclass(slots=True)
class Fault:
    """`nth` picks one match, else `skip` and `count` bound them; `seconds` is its life, counted from POST."""

    id: str
    kind: Kind
    method: re.Pattern[str]
    path: re.Pattern[str]
    spec: Json
    principal: str = ""
    nth: int = 0
    skip: int = 0
    count: int = 0
    until: float | None = None
    after: bool = False
    snapshot: World | None = None
    seen: int = 0
    hits: int = 0

    def wants(self, request: Request, principal: str, now: float) -> bool:
        """Counts the match."""
        if self.until is not None and now >= self.until:
            return False
        if not self.method.fullmatch(request.method) or not self.path.search(request.target):
            return False
        if (self.principal and self.principal != principal.lower()) or (
            self.kind == "stale" and request.method != "GET"
        ):
            return False
        self.seen += 1
        if self.nth:
            return self.seen == self.nth
        return self.seen > self.skip and (not self.count or self.seen <= self.skip + self.count)

    def export(self) -> dict[str, Any]:
        return {**self.spec, "id": self.id, "kind": self.kind, "seen": self.seen, "hits": self.hits}


@dataclass(slots=True)
class Faults:
    """Active faults in the order of their POST, and the requests that are being held."""

    active: dict[str, Fault] = field(default_factory=dict)
    held: dict[int, dict[str, Any]] = field(default_factory=dict)
    _serial: int = 0

    def add(self, spec: Any, world: World, now: float) -> Fault:
        """Raises ValueError, in words for the caller, when the spec is wrong."""
        self._serial += 1
        fault = _parse(spec, f"fault-{self._serial}", now)
        if fault.kind == "stale":
            fault.snapshot = world.snapshot()
        self.active[fault.id] = fault
        return fault

    def match(self, request: Request, principal: str, now: float) -> Fault | None:
        chosen: Fault | None = None
        for fault in self.active.values():
            if fault.wants(request, principal, now) and chosen is None:
                chosen = fault
        if chosen is not None:
            chosen.hits += 1
        return chosen

    def hold(self, fault: str, request: Request, when: str) -> int:
        self._serial += 1
        self.held[self._serial] = {"fault": fault, "method": request.method, "path": request.target, "when": when}
        return self._serial

    def release(self, fault: str = "") -> int:
        """Lets held requests go on, of one fault or of all; the fault itself ends, too."""
        freed = [ticket for ticket, one in self.held.items() if not fault or one["fault"] == fault]
        for ticket in freed:
            self.active.pop(self.held.pop(ticket)["fault"], None)
        return len(freed)

    def remove(self, fault: str = "") -> None:
        self.release(fault)
        if fault:
            self.active.pop(fault, None)
        else:
            self.active.clear()

    def export(self) -> dict[str, Any]:
        return {"faults": [one.export() for one in self.active.values()], "holding": list(self.held.values())}


def _parse(spec: Any, fallback: str, now: float) -> Fault:
    if not isinstance(spec, Mapping):
        raise ValueError("a fault is a JSON object")
    unknown = sorted(set(spec) - KEYS)
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}, known are {', '.join(sorted(KEYS))}")
    kind = spec.get("kind", "answer")
    if kind not in get_args(Kind):
        raise ValueError(f"unknown kind {kind!r}, known are {', '.join(get_args(Kind))}")
    if spec.get("when", "before") not in ("before", "after"):
        raise ValueError("when is 'before' or 'after'")
    _check_effect(spec)
    seconds = _number(spec, "seconds", None)
    lives = seconds is not None and kind != "stall"
    return Fault(
        id=str(spec.get("id") or fallback),
        kind=kind,
        method=_regex(spec, "method", ".*"),
        path=_regex(spec, "path", ""),
        spec={key: value for key, value in spec.items() if key != "id"},
        principal=str(spec.get("principal", "")).lower(),
        nth=int(_number(spec, "nth", 0) or 0),
        skip=int(_number(spec, "skip", 0) or 0),
        count=int(_number(spec, "count", 0) or 0),
        until=now + (seconds or 0) if lives else None,
        after=spec.get("when", "before") == "after",
    )


def _check_effect(spec: Json) -> None:
    _number(spec, "delay", None)
    status = _number(spec, "status", 500)
    if not isinstance(status, int) or not 100 <= status <= 599:
        raise ValueError("status must be an HTTP status")
    headers = spec.get("headers") or {}
    if not isinstance(headers, Mapping) or not all(isinstance(one, str | int) for one in headers.values()):
        raise ValueError("headers must be an object of texts")
    if any(one in f"{name}{value}" for name, value in headers.items() for one in "\r\n\0"):
        raise ValueError("headers must be of one line")


def _regex(spec: Json, name: str, default: str) -> re.Pattern[str]:
    try:
        return re.compile(str(spec.get(name) or default), re.IGNORECASE)
    except re.error as broken:
        raise ValueError(f"{name} is no regular expression: {broken}") from None


def _number(spec: Json, name: str, default: float | None) -> float | None:
    value = spec.get(name, default)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
        raise ValueError(f"{name} must be a number, 0 or more")
    return value
