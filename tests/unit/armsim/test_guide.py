"""docs/armsim.md says what is so: its configuration is accepted, its faults too, and no key or address is left out."""

from __future__ import annotations

import json
import re
from pathlib import Path

from armsim import config
from armsim.control import ACTIONS
from armsim.faults import MATCH_KEYS, Faults
from armsim.store import World

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "armsim.md").read_text()


def test_the_configuration_in_the_guide_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "armsim.yaml"
    path.write_text(GUIDE.partition("```yaml\n")[2].partition("```")[0])
    made = config.read(path)
    assert (made.speed, made.throttled, made.limits.global_factor, len(made.seed)) == (60, True, 15, 1)


def test_every_key_of_the_configuration_is_in_the_guide() -> None:
    section = GUIDE.partition("## Configuration")[2].partition("## Control API")[0]
    assert set(config.READERS) <= set(re.findall(r"\b\w+\b", section))


def test_every_address_of_the_control_api_is_in_the_guide() -> None:
    section = GUIDE.partition("## Control API")[2].partition("## When something")[0]
    assert {path for _, path in ACTIONS if path} <= set(re.findall(r"/_armsim/([\w/]+)", section))


def test_the_fault_in_the_guide_is_one() -> None:
    spec = re.search(r"faults \\\n  -d '(.*)'", GUIDE)
    assert spec is not None
    made = Faults().add(json.loads(spec[1]), World(), 0.0)
    assert (made.kind, made.count) == ("answer", 3)


def test_the_guide_names_every_way_to_match_and_every_kind_of_fault() -> None:
    named = set(re.findall(r"`(\w+)`", GUIDE.partition("A fault is a match")[2]))
    assert set(MATCH_KEYS) - {"id", "kind", "when"} <= named
    assert {"answer", "delay", "hang", "cut", "hold", "truncate", "html", "stale", "fail", "stall"} <= named
