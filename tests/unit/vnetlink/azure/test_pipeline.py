"""The pure parts of what requests pass on their way out."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from azure.core.pipeline import PipelineRequest
from azure.core.rest import HttpRequest

from vnetlink.azure.cloud import Cloud
from vnetlink.azure.limiter import Limiter, Limits
from vnetlink.azure.pipeline import ForeignHost, HostGuard, Throttle, error_codes, error_message, policies, retry_after
from vnetlink.azure.tokens import Tokens
from vnetlink.domain.identity import Identity

CLOUD = Cloud.named("AzurePublic")


def request(url: str) -> PipelineRequest[HttpRequest]:
    return PipelineRequest(HttpRequest("GET", url), None)  # type: ignore[arg-type]


def test_the_host_guard_lets_requests_to_arm_pass() -> None:
    HostGuard(CLOUD).on_request(request("https://management.azure.com/subscriptions?api-version=1"))


@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "http://management.azure.com/x", "https://management.azure.com:8443/x"]
)
def test_the_host_guard_stops_everything_else(url: str) -> None:
    with pytest.raises(ForeignHost):
        HostGuard(CLOUD).on_request(request(url))


def test_the_host_guard_and_the_limits_stand_before_every_token() -> None:
    def never() -> Any:
        raise AssertionError("no token is asked for")

    tokens = Tokens(never, "nobody")
    lane = Limiter(Limits(), lambda: 0.0).lane(Identity("operator", "t"), "s")
    order = policies(CLOUD, lane, tokens, tokens)
    names = [type(policy).__name__ for policy in order]
    first_token = names.index("AsyncARMChallengeAuthenticationPolicy")
    assert names.index("AsyncAuxiliaryAuthenticationPolicy") > first_token
    assert [names.index(t.__name__) < first_token for t in (HostGuard, Throttle)] == [True, True]


def test_no_policy_follows_redirects_retries_registers_providers_or_logs_bodies() -> None:
    tokens = Tokens(lambda: None, "nobody")  # type: ignore[arg-type, return-value]
    lane = Limiter(Limits(), lambda: 0.0).lane(Identity("operator", "t"), "s")
    names = " ".join(type(policy).__name__ for policy in policies(CLOUD, lane, tokens, None))
    assert not any(word in names for word in ("Redirect", "Retry", "Registration", "Logging"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "17", "x-ms-retry-after-ms": "50"}, 0.05),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "99999999999999999999"}, 3600),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)}, 0),
    ],
)
def test_retry_after_is_read_in_every_form_and_nonsense_is_none(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_retry_after_date_is_the_time_until_then() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 90 < (retry_after({"Retry-After": date}) or 0) <= 100


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"error":', b"[]", b'"x"', b'{"error":{}}', b'{"error":null}', b'{"error":"x"}', b"\xff"]
)
def test_a_body_that_is_not_arms_has_no_code(body: bytes) -> None:
    assert error_codes(body) == ()


def test_codes_and_sentences_come_outer_first_and_each_sentence_once() -> None:
    body = b'{"error":{"code":"A","message":"one","details":[{"code":"B","message":"two"},{"code":"C","message":"one"},7]}}'
    assert error_codes(body) == ("A", "B", "C")
    assert error_message(body) == "one two"
