"""No key in a text, in any of the ways in which an answer can repeat it."""

import html
import json
import logging
from urllib.parse import quote

import pytest

from vnetlink.azure.calls import Caught, CaughtKey, CaughtSilently, outcome
from vnetlink.azure.redaction import HIDDEN, WITHHELD, KnownKeys, Redactor, keyless, mark
from vnetlink.domain.arm_id import ConnectionId
from vnetlink.domain.shared_key import SharedKey

TEXT = 's3cret"Key<>&/of+16%chars'
KEY = SharedKey(TEXT)


@pytest.mark.parametrize(
    "form",
    [TEXT, TEXT.upper(), json.dumps(TEXT)[1:-1], html.escape(TEXT), quote(TEXT), quote(TEXT, safe="")],
)
def test_a_key_is_taken_out_in_whatever_way_it_is_written(form: str) -> None:
    assert Redactor(KEY)(f"The key '{form}' is bad, says ARM.") == f"The key '{HIDDEN}' is bad, says ARM."


def test_a_message_with_a_part_of_the_key_is_withheld() -> None:
    for at in range(len(TEXT) - 7):
        assert Redactor(KEY)(f"cut: {TEXT[at : at + 8]}") == WITHHELD


def test_a_short_key_leaves_no_gap_that_tells_it() -> None:
    assert Redactor(SharedKey("e"))("Says ARM.") == "Says ARM."
    assert Redactor(SharedKey("r"))("Says ARM.") == WITHHELD


def test_without_a_key_nothing_is_taken_out() -> None:
    assert Redactor()("anything at all") == "anything at all"


def test_a_redactor_tells_nothing_of_its_key() -> None:
    assert TEXT not in repr(Redactor(KEY))
    assert TEXT not in str(vars(Caught(KEY)).keys())


def test_a_shared_key_goes_however_deep_it_is_and_whatever_its_casing() -> None:
    document = {"a": [{"properties": {"sharedKey": "x", "SHAREDKEY": "y", "kept": 1}}], "b": {"sharedkey": 2}}
    assert keyless(document) == {"a": [{"properties": {"kept": 1}}], "b": {}}


def test_an_answer_is_read_without_the_keys_in_it() -> None:
    body = json.dumps({"id": "x", "properties": {"sharedKey": TEXT, "kept": 1}}).encode()
    assert Caught().document(body) == {"id": "x", "properties": {"kept": 1}}


def test_a_key_that_was_asked_for_is_a_value_that_prints_nothing() -> None:
    document = CaughtKey().document(json.dumps({"value": TEXT}).encode())
    assert document["key"] == KEY
    assert TEXT not in repr(document)
    assert document["etag"] == mark(KEY) != mark(SharedKey("another"))


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"value":null}', b'{"value":""}'])
def test_no_key_is_none(body: bytes) -> None:
    assert CaughtKey().document(body) == {"key": None, "etag": ""}


@pytest.mark.parametrize("body", [b'{"value":[]}', b'{"value":5}', b"[]", b"0", b'"x"', b"{", b"<html>"])
def test_what_is_no_key_is_an_error_that_does_not_repeat_it(body: bytes) -> None:
    with pytest.raises(ValueError) as caught:
        CaughtKey().document(body)
    assert body.decode() not in str(caught.value)


def test_the_answer_to_a_new_key_is_not_even_looked_at() -> None:
    assert CaughtSilently(KEY).document(json.dumps({"value": TEXT}).encode()) == {}


def test_the_last_keys_of_a_connection_are_known_and_no_other_connections() -> None:
    root = (
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/connections"
    )
    one, other = ConnectionId.parse(f"{root}/one"), ConnectionId.parse(f"{root}/other")
    keys = KnownKeys()
    for number in range(5):
        keys.note(one, SharedKey(f"{TEXT}{number}"))
        keys.note(one, SharedKey(f"{TEXT}{number}"))
    keys.note(one, None)
    assert keys.of(one) == tuple(SharedKey(f"{TEXT}{number}") for number in (2, 3, 4))
    assert keys.of(other) == ()
    assert TEXT not in repr(vars(keys))


async def test_a_failure_of_which_the_words_may_hold_an_unknown_key_is_logged_without_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fails() -> None:
        raise ValueError(f"unreadable: {TEXT}")

    caplog.set_level(logging.DEBUG)
    await outcome(fails(), Caught(quotable=False))
    assert "ValueError" in caplog.text
    assert TEXT not in caplog.text
