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
TELLING = 8  # characters; a shorter key may be part of any word, so a gap in a sentence would tell it

_SALT = secrets.token_bytes(32)


def mark(key: SharedKey) -> str:
    """Tells two keys of this process apart, and nothing else about them."""
    return hmac.new(_SALT, key.reveal().encode(), hashlib.sha256).hexdigest()


class Redactor:
    """Takes a key out of a text, also as it is written in JSON, HTML and URLs and in any casing."""

    def __init__(self, key: SharedKey | None = None) -> None:
        plain = key.reveal() if key else ""
        forms = {plain, json.dumps(plain)[1:-1], html.escape(plain), quote(plain), quote(plain, safe="")} - {""}
        longest = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest)), re.IGNORECASE) if longest else None
        self._telling = len(plain) < TELLING

    def __call__(self, text: str) -> str:
        """`text` without the key."""
        if self._pattern is None or self._pattern.search(text) is None:
            return text
        return WITHHELD if self._telling else self._pattern.sub(HIDDEN, text)


def keyless(document: object) -> object:
    """JSON without any `sharedKey`, however deep and in any casing: API versions before 2024-10-01 show it (arm.md 7)."""
    if isinstance(document, Mapping):
        kept = ((name, value) for name, value in document.items() if str(name).lower() != "sharedkey")
        return {name: keyless(value) for name, value in kept}
    return [keyless(one) for one in document] if isinstance(document, list) else document
