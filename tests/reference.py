"""docs/reference as the CRDs, the command line, the chart and the list of reasons have it: `make reference`."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from vnetlink import config
from vnetlink.domain.reasons import Reason, Retry

REPO = Path(__file__).resolve().parents[1]
REFERENCE = REPO / "docs" / "reference"
CHART = REPO / "deploy" / "chart"
KINDS = ("vnetlinks", "peeringpairs", "vpnconnectionpairs", "azurecredentials")
WRITTEN = "<!-- Written by `make reference` from {}; change that instead. -->\n\n"

Schema = Mapping[str, Any]
Row = tuple[str, ...]


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    kinds = {f"{name}.md": _kind_page(REPO / "crds" / f"{name}.yaml") for name in KINDS}
    return kinds | {"command-line.md": _command_line(), "chart-values.md": _chart_values(), "reasons.md": _reasons()}


def _table(head: Row, rows: Iterator[Row]) -> str:
    cells = [head, ("---",) * len(head), *((_cell(text) for text in row) for row in rows)]
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def _cell(text: str) -> str:
    """One line; `|` and `<` would end the cell or begin a tag, but not between backticks."""
    parts = " ".join(text.split()).replace("|", "\\|").split("`")
    return "`".join(part if number % 2 else part.replace("<", "&lt;") for number, part in enumerate(parts))


# --- kinds


def _kind_page(path: Path) -> str:
    crd = yaml.load(path.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    names, version = crd["spec"]["names"], crd["spec"]["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    columns = ((f"`{each['name']}`", each["description"]) for each in version["additionalPrinterColumns"])
    rules = dict.fromkeys(_rules(schema))
    return (
        f"# {names['kind']}\n\n{WRITTEN.format(f'crds/{path.name}')}{_prose(schema['description'])}\n\n"
        f"`apiVersion: {crd['spec']['group']}/{version['name']}`, `kind: {names['kind']}`; for kubectl "
        f"`{names['plural']}` or {', '.join(f'`{short}`' for short in names['shortNames'])}. `*` marks what is required.\n\n"
        + "".join(
            f"## {part}\n\n{_table(('field', 'type', 'default', 'meaning'), _fields(schema['properties'][part], part))}\n"
            for part in ("spec", "status")
        )
        + f"## Columns of kubectl get\n\n{_table(('column', 'meaning'), columns)}\n"
        + "## Refused at once by the API server\n\n"
        + "".join(f"- {_prose(rule)}\n" for rule in rules)
    )


def _prose(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;")


def _fields(schema: Schema, path: str) -> Iterator[Row]:
    """Rows of everything below, depth first, in the CRD's order; names as in kubectl explain, `[]` for items of a list."""
    for name, field in schema.get("properties", {}).items():
        mark = " *" if name in schema.get("required", ()) else ""
        default = f"`{json.dumps(field['default'])}`" if "default" in field else ""
        yield f"`{path}.{name}`{mark}", _type(field), default, field.get("description", "")
        yield from _fields(field, f"{path}.{name}")
        yield from _fields(field.get("items", {}), f"{path}.{name}[]")
        yield from _fields(_values(field), f"{path}.{name}.*")


def _values(field: Schema) -> Schema:
    values = field.get("additionalProperties")
    return values if isinstance(values, dict) else {}


def _type(field: Schema) -> str:
    if field.get("x-kubernetes-int-or-string"):
        return "integer or string"
    if isinstance(field["type"], list):
        return " or ".join(field["type"])
    if field["type"] == "array":
        return f"list of {_type(field['items'])}"
    if values := _values(field):
        return f"map to {_type(values)}"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    bounds = [field.get("minimum"), field.get("maximum")]
    if bounds != [None, None]:
        return f"{field['type']}, {' to '.join('…' if bound is None else str(bound) for bound in bounds)}"
    return str(field["type"])


def _rules(schema: Schema) -> Iterator[str]:
    """The messages of all CEL rules, each with the field that it speaks of."""
    yield from _rules_at(schema, "")


def _rules_at(schema: Schema, path: str) -> Iterator[str]:
    for rule in schema.get("x-kubernetes-validations", ()):
        yield f"`{path}`: {rule['message']}" if path else rule["message"]
    for name, field in schema.get("properties", {}).items():
        yield from _rules_at(field, f"{path}.{name}".lstrip("."))
    if "items" in schema:
        yield from _rules_at(schema["items"], f"{path}[]")
    yield from _rules_at(_values(schema), f"{path}.*") if _values(schema) else ()


# --- command line


def _command_line() -> str:
    parser = config._parser("")
    commands = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction)).choices
    text = (
        f"# Command line\n\n{WRITTEN.format('operator/vnetlink/config.py')}`python -m vnetlink COMMAND …`. A flag goes before its "
        "variable; an empty variable counts as not given. A value that cannot be used is told in one sentence, exit code 2.\n"
    )
    for name, command in commands.items():
        head = ("flag", "variable", "meaning")
        text += f"\n## {name}\n\n{_prose(command.description)}\n\n{_table(head, map(_argument, _arguments(command)))}"
    return text


def _arguments(command: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    return (action for action in command._actions if action.dest != "help")


def _argument(action: argparse.Action) -> Row:
    meaning, _, behind = str(action.help).replace("%%", "%").partition(" [")
    value = "" if action.nargs == 0 else f" {action.metavar or 'FORMAT'}"
    if action.nargs == "?":
        value = f"[={action.metavar}]"
    names = [f"`{option}{value}`" for option in action.option_strings] or [f"`{action.metavar}`"]
    return ", ".join(names), re.sub("([A-Z_]+)", r"`\1`", behind.rstrip("]")), meaning


# --- chart


def _chart_values() -> str:
    text = (CHART / "values.yaml").read_text()
    schema = json.loads((CHART / "values.schema.json").read_text())
    rows = _values_below(yaml.compose(text, yaml.SafeLoader), schema, text.splitlines(), "")
    return (
        f"# Chart values\n\n{WRITTEN.format('deploy/chart/values.yaml and values.schema.json')}How to use them: "
        f"[the chart's page](../../deploy/chart/README.md).\n\n{_table(('value', 'type', 'default', 'meaning'), rows)}"
    )


def _values_below(node: yaml.MappingNode, schema: Schema, lines: list[str], path: str) -> Iterator[Row]:
    for key, value in node.value:
        field, name = schema["properties"][key.value], f"{path}{key.value}"
        told = _comment(key, value, lines)
        if isinstance(value, yaml.MappingNode) and "properties" in field:
            if told:
                yield f"`{name}`", "object", "", told
            yield from _values_below(value, field, lines, f"{name}.")
        else:
            default = json.dumps(yaml.safe_load(yaml.serialize(value)))
            yield f"`{name}`", _value_type(field), f"`{default}`", told


def _comment(key: yaml.Node, value: yaml.Node, lines: list[str]) -> str:
    """What stands directly above the key, and behind it on its line."""
    above: list[str] = []
    line = key.start_mark.line
    while line and lines[line - 1].strip().startswith("#"):
        line -= 1
        above.insert(0, lines[line].strip().lstrip("# "))
    behind = lines[key.start_mark.line]
    ends = value.end_mark.column if value.end_mark.line == key.start_mark.line else key.end_mark.column
    _, found, tail = behind[ends:].partition("# ")
    return " ".join([*above, tail] if found else above)


def _value_type(field: Schema) -> str:
    return _type(field) if "type" in field else "any"


# --- reasons


def _reasons() -> str:
    again = {Retry.SOON: "within seconds", Retry.BACKOFF: "after 1 s to 10 min", Retry.INTERVAL: "at `interval`"}
    rows = (
        (
            f"[`{each.value}`](../../deploy/RUNBOOK.md#{each.value.lower()})",
            each.facts.severity.value,
            again[each.facts.retry],
            each.facts.remedy,
        )
        for each in Reason
    )
    return (
        f"# Reasons\n\n{WRITTEN.format('operator/vnetlink/domain/reasons.py')}The closed list that conditions, events and findings "
        "share. Cause, check and fix of each: the link. No reason is final: the operator looks again by itself.\n\n"
        + _table(("reason", "severity", "looks again", "what to do"), rows)
        + "\nAn Azure error that this list does not know is `AzureError`, with Azure's code in the message.\n"
    )


def main() -> None:
    """All pages anew."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text)


if __name__ == "__main__":
    main()
