"""A shared key as a value that tells nothing of itself, and the rules for its shape. Must never print a key, nor its length."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import Enum

LONGEST = 128
WEAK_BELOW = 16


class SharedKey:
    """Compared in constant time; repr and str say nothing, and it can be neither pickled nor hashed."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The key itself: for the body of a request and the data of a Secret, and for nothing else."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SharedKey) and hmac.compare_digest(self._text.encode(), other._text.encode())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "SharedKey(…)"

    def __reduce__(self) -> str:
        raise TypeError("a shared key is not to be pickled")


class KeyFault(Enum):
    """What is wrong with the text that should be a key; `.value` completes "the key …"."""

    EMPTY = "is empty"
    TOO_LONG = f"is longer than {LONGEST} characters"
    CHARACTERS = "has characters other than printable ASCII without space, hyphen and tilde"


@dataclass(frozen=True, slots=True)
class CheckedKey:
    """A usable key. `trimmed`: a trailing newline was taken off. `weak`: it can be guessed."""

    key: SharedKey
    trimmed: bool = False
    weak: bool = False


def check(raw: bytes) -> CheckedKey | KeyFault:
    """The key in a Secret's value, or why Azure would not take it.

    Azure takes 1 to 128 printable ASCII characters except space, hyphen and tilde (VPN Gateway FAQ, pre-shared keys).
    """
    kept = raw.rstrip(b"\r\n")
    if not kept:
        return KeyFault.EMPTY
    if not all(0x21 <= byte <= 0x7D and byte != 0x2D for byte in kept):
        return KeyFault.CHARACTERS
    if len(kept) > LONGEST:
        return KeyFault.TOO_LONG
    return CheckedKey(SharedKey(kept.decode("ascii")), trimmed=kept != raw, weak=_weak(kept))


def _weak(key: bytes) -> bool:
    return len(key) < WEAK_BELOW or len(set(key)) < WEAK_BELOW // 2
