"""Keeps shared keys out of everything that is logged, raised, remembered or shown."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import re
import secrets
from collections.abc import Mapping
from urllib.parse import quote

from vnetlink.domain.shared_key import SharedKey

HIDDEN = "…"
WITHHELD = "Azure Resource Manager's message is not shown: the shared key may be in it"
TELLING = 8  # characters: a shorter key may be part of any word, so a gap in a sentence would tell it

_SALT = secrets.token_bytes(32)


def mark(key: SharedKey) -> str:
    """Tells two keys of this process apart, and nothing else about them."""
    return hmac.new(_SALT, key.reveal().encode(), hashlib.sha256).hexdigest()


class Redactor:
    """Takes a key out of a text, also as it is written in JSON, HTML and URLs, in any casing, and a part of it."""

    def __init__(self, key: SharedKey | None = None) -> None:
        plain = key.reveal() if key else ""
        forms = {plain, json.dumps(plain)[1:-1], html.escape(plain), quote(plain), quote(plain, safe="")} - {""}
        parts = {form[at : at + TELLING] for form in forms for at in range(max(1, len(form) - TELLING + 1))}
        self._whole = _any_of(forms if len(plain) >= TELLING else set())
        self._part = _any_of(parts)

    def __call__(self, text: str) -> str:
        """`text` without the key; nothing of it where more than a few characters of the key would stay."""
        without = self._whole.sub(HIDDEN, text)
        return WITHHELD if self._part.search(without) else without


def _any_of(words: set[str]) -> re.Pattern[str]:
    """Finds each of `words`, the longest first; nothing where there are none."""
    ordered = sorted(words, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered)) or r"(?!)", re.IGNORECASE)


def keyless(document: object) -> object:
    """JSON without any `sharedKey`, however deep and in any casing: API versions before 2024-10-01 show it (arm.md 7)."""
    if isinstance(document, Mapping):
        kept = ((name, value) for name, value in document.items() if str(name).lower() != "sharedkey")
        return {name: keyless(value) for name, value in kept}
    return [keyless(one) for one in document] if isinstance(document, list) else document
