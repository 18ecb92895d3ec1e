"""Logging: one line an event, JSON or text, each with the object, its generation and its turn. No secrets."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime

_QUIET = {
    "kopf": logging.WARNING,
    "kopf._core.reactor.running": logging.ERROR,  # warns that it gets no signals: the main thread does
    "aiohttp.access": logging.WARNING,
    "azure": logging.WARNING,
    "kubernetes": logging.WARNING,
    "asyncio": logging.WARNING,
}


@dataclass(frozen=True, slots=True)
class Turn:
    """What log lines of a turn carry."""

    kind: str
    object: str
    reconcile_id: str
    generation: int | None = None


_turn: ContextVar[Turn | None] = ContextVar("vnetlink_turn", default=None)


@contextmanager
def turn(context: Turn) -> Iterator[None]:
    """Every log line of this task, and of tasks it starts, carries `context` until the block ends."""
    token = _turn.set(context)
    try:
        yield
    finally:
        _turn.reset(token)


def turn_generation(generation: int) -> None:
    """Add the generation, known once the object was read."""
    current = _turn.get()
    if current is not None:
        _turn.set(replace(current, generation=generation))


def set_up(log_format: str, level: str) -> None:
    """Log to stderr in `json` or `text`. Libraries are heard from WARNING on, or at DEBUG when that is the level."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if log_format == "json" else _Text())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, quiet in _QUIET.items():
        # azure stays quiet even at DEBUG: its policies print headers and bodies
        logging.getLogger(name).setLevel(logging.INFO if level == "DEBUG" and name != "azure" else quiet)


def _fields() -> dict[str, object]:
    current = _turn.get()
    if current is None:
        return {}
    fields = {
        "kind": current.kind,
        "object": current.object,
        "generation": current.generation,
        "reconcile": current.reconcile_id,
    }
    return {name: value for name, value in fields.items() if value is not None}


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= _fields()
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        fields = "".join(f" {name}={value}" for name, value in _fields().items())
        trace = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return f"{moment} {record.levelname:7} {record.name}: {record.getMessage()}{fields}{trace}"
