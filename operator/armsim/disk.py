"""The state on disk: one snapshot and a log of changes after it. A torn last line is dropped; nothing else may be lost."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import snapshot
from .core import Core

WRITTEN = json.JSONEncoder(separators=(",", ":"), default=snapshot.shallow).encode
COMPACT_BYTES = 32 * 1024 * 1024


class Disk:
    """`state.json` is replaced atomically; `state.log` only grows, a line for each changed entity."""

    def __init__(self, directory: Path) -> None:
        self._whole = directory / "state.json"
        self._log_path = directory / "state.log"
        self._log: Any = None
        self._frame: Mapping[str, Any] = {}

    def read(self) -> Mapping[str, Any] | None:
        """The last state as exported, None when there is none."""
        if not self._whole.exists():
            return None
        data: dict[str, Any] = json.loads(self._whole.read_bytes())
        tables: dict[str, dict[str, Any]] = {
            name: {snapshot.decode(name, one).key: one for one in data.get(name, [])} for name in snapshot.CLASSES
        }
        for line in self._lines():
            if line["table"] == "frame":
                data.update(line["value"])
            elif line["value"] is None:
                tables[line["table"]].pop(line["key"], None)
            else:
                tables[line["table"]][line["key"]] = line["value"]
        return {**data, **{name: list(table.values()) for name, table in tables.items()}}

    def _lines(self) -> list[dict[str, Any]]:
        if not self._log_path.exists():
            return []
        found = []
        for raw in self._log_path.read_bytes().split(b"\n"):
            try:
                found.append(json.loads(raw))
            except ValueError:
                break
        return found

    def save(self, core: Core) -> None:
        """Appends what changed since the last call; in the page cache, so it outlives kill -9."""
        if self._log is None or core.world.replaced or self._log.tell() > COMPACT_BYTES:
            self.compact(core)
            return
        lines = [_line(core, table, key) for table, key in sorted(core.world.changed)]
        frame = snapshot.frame(core)
        if frame != self._frame:
            lines.append({"table": "frame", "key": "", "value": frame})
            self._frame = frame
        core.world.changed.clear()
        if lines:
            self._log.write(b"".join(WRITTEN(one).encode() + b"\n" for one in lines))
            self._log.flush()

    def compact(self, core: Core) -> None:
        """A new snapshot and an empty log, in an order that a crash cannot hurt."""
        draft = self._whole.with_suffix(".new")
        draft.touch(mode=0o600)
        with draft.open("wb") as file:
            file.write(json.dumps(snapshot.whole(core), separators=(",", ":")).encode())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._whole)
        if self._log is not None:
            self._log.close()
        self._log_path.touch(mode=0o600)
        self._log = self._log_path.open("wb")
        self._frame = snapshot.frame(core)
        core.world.changed.clear()
        core.world.replaced = False

    def close(self, core: Core) -> None:
        self.compact(core)
        if self._log is not None:
            self._log.close()
            self._log = None


def _line(core: Core, table: str, key: str) -> dict[str, Any]:
    """`value` is None for what is gone."""
    entity = core.world.table(table).get(key)
    return {"table": table, "key": key, "value": entity}
