"""Everything that a run leaves behind where people may look, and what must be found nowhere in it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping

from estate import Estate

TOKEN = re.compile(r"eyJ[\w-]{10,}|bearer\s+\S{8}", re.IGNORECASE)
TELLING = 10  # characters: so many of a key in a row are no accident


def kept(estate: Estate) -> str:
    """Every object and event that the operator may have written, Secrets apart."""
    kinds = "peeringpairs,vpnconnectionpairs,events.v1.,events.events.k8s.io,configmaps"
    return estate.cluster.kubectl("get", kinds, "--all-namespaces", "--output=yaml", "--show-managed-fields").stdout


def left(estate: Estate) -> Mapping[str, str]:
    """What the operator left in its log and in objects, by place."""
    return {"log": estate.operator.log(), "objects": kept(estate)}


def shown_by_azure(estate: Estate) -> Mapping[str, str]:
    """What the simulator shows of itself and has logged, by place; faults are the test's own and should be gone."""
    places = ("", "numbers", "requests", "state", "tunnels", "faults", "roles")
    answers = {f"/_armsim/{place}": estate.azure.send("GET", f"/_armsim/{place}") for place in places}
    logged = (estate.azure.dir / "armsim.log").read_text()
    return {"armsim.log": logged or "-", **{place: f"{one.headers} {one.body}" for place, one in answers.items()}}


def assert_untold(places: Mapping[str, str], *words: str) -> None:
    """No word stands in any place, and no token: neither plain nor as base64, nor more than a few characters of it."""
    pieces = frozenset(piece for word in words for form in _forms(word) for piece in _pieces(form))
    for place, text in places.items():
        assert text, place
        told = next((piece for piece in pieces if piece in text), None)
        assert told is None, f"{place} tells {told!r}: …{text[max(0, text.find(told) - 200) :][:400]}…"
        assert not TOKEN.search(text), place


def _forms(word: str) -> Iterable[str]:
    return word, base64.b64encode(word.encode()).decode().rstrip("=")


def _pieces(form: str) -> Iterable[str]:
    return (form[at : at + TELLING] for at in range(max(1, len(form) - TELLING + 1)))
