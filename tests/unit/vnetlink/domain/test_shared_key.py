"""A key is checked for its shape and tells nothing of itself."""

from __future__ import annotations

import copy
import pickle

import pytest

from vnetlink.domain.shared_key import CheckedKey, KeyFault, SharedKey, check

GOOD = "Never.Tell.This.Key.1"


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", KeyFault.EMPTY),
        (b"\n", KeyFault.EMPTY),
        (b"\r\n\r\n", KeyFault.EMPTY),
        (b"a" * 129, KeyFault.TOO_LONG),
        (b"with space in it", KeyFault.CHARACTERS),
        (b"with-hyphen", KeyFault.CHARACTERS),
        (b"with~tilde", KeyFault.CHARACTERS),
        (b"with\ttab", KeyFault.CHARACTERS),
        (b"line\nbreak", KeyFault.CHARACTERS),
        (b"\nleading", KeyFault.CHARACTERS),
        (b"nul\x00", KeyFault.CHARACTERS),
        (b"del\x7f", KeyFault.CHARACTERS),
        ("Schlüssel".encode(), KeyFault.CHARACTERS),
        (b"\xff\xfe", KeyFault.CHARACTERS),
    ],
)
def test_what_azure_would_not_take_is_a_fault(raw: bytes, fault: KeyFault) -> None:
    assert check(raw) is fault


@pytest.mark.parametrize(
    ("raw", "trimmed", "weak"),
    [
        (GOOD.encode(), False, False),
        (GOOD.encode() + b"\n", True, False),
        (GOOD.encode() + b"\r\n", True, False),
        (b"abc123", False, True),
        (b"a", False, True),
        (b"a" * 128, False, True),
        (b"aaaaaaaabbbbbbbb", False, True),
        (b"!#$%&'()*+,./0123456789:;<=>?@[]^_`{|}", False, False),
    ],
)
def test_a_usable_key_says_what_was_left_out_and_whether_it_can_be_guessed(
    raw: bytes, trimmed: bool, weak: bool
) -> None:
    checked = check(raw)
    assert isinstance(checked, CheckedKey)
    assert checked.key.reveal() == raw.decode().rstrip()
    assert (checked.trimmed, checked.weak) == (trimmed, weak)


def test_a_key_is_in_no_text_and_neither_is_its_length() -> None:
    told = [f"{SharedKey(key)!r} {SharedKey(key)} {CheckedKey(SharedKey(key))}" for key in ("a", GOOD)]
    assert GOOD not in told[1]
    assert told[0] == told[1]


def test_a_key_can_be_compared_and_neither_hashed_nor_copied_out_by_pickle() -> None:
    assert SharedKey(GOOD) == SharedKey(GOOD)
    assert SharedKey(GOOD) != SharedKey(GOOD[:-1])
    assert SharedKey(GOOD) != GOOD
    with pytest.raises(TypeError):
        hash(SharedKey(GOOD))
    with pytest.raises(TypeError):
        pickle.dumps(SharedKey(GOOD))
    with pytest.raises(TypeError):
        copy.copy(SharedKey(GOOD))


def test_a_key_that_azure_shows_and_that_is_not_ascii_is_compared_all_the_same() -> None:
    assert SharedKey("Schlüssel") != SharedKey("Schloss")
