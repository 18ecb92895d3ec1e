"""Texts that stay the same as long as the cause does."""

import pytest

from vnetlink.azure.sentences import LIMIT, lasting

GUID = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (
            f"AADSTS7000215: Invalid client secret provided. Trace ID: {GUID} Correlation ID: {GUID} Timestamp: 2026-11-21 09:00:00Z",
            "AADSTS7000215: Invalid client secret provided.",
        ),
        (
            f"Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: {GUID}.",
            "Another operation on this or dependent resource is in progress.",
        ),
        (
            f"Operation PutX ({GUID}) is updating resource /a/b. The call can be retried in 12 seconds.",
            "Operation PutX is updating resource /a/b.",
        ),
        (
            f"Encountered internal server error. Diagnostic information: timestamp '2026', tracking id '{GUID}'.",
            "Encountered internal server error.",
        ),
        (
            "Number of requests exceeded the limit. Please try again after '17' seconds.",
            "Number of requests exceeded the limit.",
        ),
        ("two\r\n lines\x07", "two lines"),
    ],
)
def test_request_ids_time_stamps_and_countdowns_are_cut(said: str, kept: str) -> None:
    assert lasting(said) == kept


def test_the_client_action_and_scope_of_a_403_are_kept() -> None:
    said = (
        f"The client '{GUID}' with object id '{GUID}' does not have authorization to perform action "
        f"'Microsoft.Network/virtualNetworks/read' over scope '/subscriptions/{GUID}' or the scope is invalid."
    )
    assert lasting(said) == said


def test_a_text_without_end_is_cut() -> None:
    assert len(lasting("x" * 5000)) == LIMIT
