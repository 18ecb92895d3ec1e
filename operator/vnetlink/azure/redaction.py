"""Keeps shared keys out of everything that is logged, raised, remembered or shown."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import re
import secrets
from collections import deque
from collections.abc import Mapping
from urllib.parse import quote

from vnetlink.domain.arm_id import ConnectionId
from vnetlink.domain.shared_key import SharedKey

HIDDEN = "…"
WITHHELD = "Azure Resource Manager's message is not shown: the shared key may be in it"
KEYS_KNOWN = 3  # of a connection: the previous one, the new one, and one set by hand
TELLING = 8  # characters: a shorter key may be part of any word, so a gap in a sentence would tell it

_SALT = secrets.token_bytes(32)


def mark(key: SharedKey) -> str:
    """Tells two keys of this process apart, and nothing else about them."""
    return hmac.new(_SALT, key.reveal().encode(), hashlib.sha256).hexdigest()


class Redactor:
    """Takes keys out of a text, also as they are written in JSON, HTML and URLs, in any casing, and parts of them."""

    def __init__(self, *keys: SharedKey | None) -> None:
        plain = {key.reveal() for key in keys if key}
        self._whole = _any_of({form for key in plain if len(key) >= TELLING for form in _forms(key)})
        self._part = _any_of({part for key in plain for form in _forms(key) for part in _parts(form)})

    def __call__(self, text: str) -> str:
        """`text` without the keys; nothing of it where more than a few characters of one would stay."""
        without = self._whole.sub(HIDDEN, text)
        return WITHHELD if self._part.search(without) else without


class KnownKeys:
    """The last keys of each connection that were read or sent, to be kept out of what ARM answers about it."""

    def __init__(self) -> None:
        self._of: dict[str, deque[SharedKey]] = {}

    def note(self, connection: ConnectionId, key: SharedKey | None) -> None:
        """Azure has this key of the connection, or is about to get it."""
        known = self._of.setdefault(connection.key, deque(maxlen=KEYS_KNOWN))
        if key is not None and key not in known:
            known.append(key)

    def of(self, connection: ConnectionId) -> tuple[SharedKey, ...]:
        """Those that may stand in an answer about the connection."""
        return tuple(self._of.get(connection.key, ()))


def _forms(plain: str) -> set[str]:
    return {plain, json.dumps(plain)[1:-1], html.escape(plain), quote(plain), quote(plain, safe="")} - {""}


def _parts(form: str) -> set[str]:
    return {form[at : at + TELLING] for at in range(max(1, len(form) - TELLING + 1))}


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
