"""What files would have written to Azure, in words: a table, JSON, Markdown. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from vnetlink.cli.table import table
from vnetlink.planning.plan import Finding, PlannedAction

COLUMNS = ("ACTION", "BILLABLE", "OUTAGE", "ID", "DETAIL")
NOTHING = "Nothing would be written to Azure."
NOT_KNOWN = "What would be written is not known."


@dataclass(frozen=True, slots=True)
class Planned:
    """One object. `blockers`: what keeps it from being done. `unread`: why nobody knows. `notes`: what is left out."""

    object: str
    actions: tuple[PlannedAction, ...] = ()
    blockers: tuple[Finding, ...] = ()
    unread: str = ""
    notes: tuple[str, ...] = field(default=())

    def and_then(self, other: Planned) -> Planned:
        """The same object with what comes after."""
        return Planned(
            self.object,
            (*self.actions, *other.actions),
            tuple(dict.fromkeys((*self.blockers, *other.blockers))),
            self.unread or other.unread,
            tuple(dict.fromkeys((*self.notes, *other.notes))),
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """All objects in the order of the files."""

    objects: tuple[Planned, ...]

    @property
    def answer(self) -> int:
        """The exit code: 0 nothing, 1 something, 2 nobody knows, 3 blocked."""
        if any(one.unread for one in self.objects):
            return 2
        if any(one.blockers for one in self.objects):
            return 3
        return 1 if any(one.actions for one in self.objects) else 0

    def shown(self, output: str) -> str:
        """The sheet as `table`, `json` or `markdown`."""
        return {"json": self.as_json, "markdown": self.as_markdown}.get(output, self.as_table)()

    def as_table(self) -> str:
        """For people: the writes, then what stands in the way, then what is left out."""
        rows = self._rows()
        lines = [table(COLUMNS, rows) if rows else self._empty]
        for one, finding in self._blockers():
            lines += ["", f"{one.object}: {finding.reason.value}: {finding.message}", f"  {finding.advice}"]
        notes = [f"{object}: {note}" for object, note in self._notes()]
        return "\n".join([*lines, *([""] if notes else []), *notes])

    def as_markdown(self) -> str:
        """For a pull request."""
        rows = self._rows()
        head = [_cells(COLUMNS), "|---" * len(COLUMNS) + "|"]
        lines = [*head, *map(_cells, rows)] if rows else [self._empty]
        findings = [
            f"- **{one.object}: {finding.reason.value}**: {finding.message} {finding.advice}"
            for one, finding in self._blockers()
        ]
        notes = [f"- {object}: {note}" for object, note in self._notes()]
        told = [*findings, *notes]
        return "\n".join([*lines, *([""] if told else []), *told])

    def as_json(self) -> str:
        """For programs; actions as in status.plannedActions, findings as in status.findings."""
        actions = [
            {
                "object": one.object,
                "action": action.action,
                "billable": action.billable,
                "outage": action.outage,
                "id": action.id,
                "detail": action.detail,
            }
            for one in self.objects
            for action in one.actions
        ]
        findings = [{"object": one.object, **finding.as_row()} for one, finding in self._blockers()]
        notes = [{"object": one.object, "message": note} for one in self.objects for note in one.notes]
        unread = [{"object": one.object, "message": one.unread} for one in self.objects if one.unread]
        return json.dumps({"actions": actions, "findings": findings, "notes": notes, "unread": unread}, indent=2)

    def _blockers(self) -> Iterator[tuple[Planned, Finding]]:
        return ((one, finding) for one in self.objects for finding in one.blockers)

    @property
    def _empty(self) -> str:
        return NOT_KNOWN if any(one.unread for one in self.objects) else NOTHING

    def _notes(self) -> Iterator[tuple[str, str]]:
        for one in self.objects:
            yield from ((one.object, note) for note in (*([one.unread] if one.unread else []), *one.notes))

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (action.action, _word(action.billable), _word(action.outage), action.id, action.detail)
            for one in self.objects
            for action in one.actions
        ]


def _word(marked: bool) -> str:
    return "yes" if marked else "-"


def _cells(row: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
