"""Token buckets, the providers' windows and the headers that tell what is left (arm.md 1.7)."""

from __future__ import annotations

import pytest

from armsim.errors import Refusal
from armsim.settings import Bucket, Limits, Settings
from armsim.throttle import Throttle, action

SLOW = {"reads": Bucket(2, 0.1), "writes": Bucket(2, 0.1), "deletes": Bucket(2, 0.1)}
NETWORK = "Microsoft.Network/virtualNetworks/read"
ZONE = "Microsoft.Network/privateDnsZones/read"
READS = "x-ms-ratelimit-remaining-subscription-reads"
GLOBAL_READS = "x-ms-ratelimit-remaining-subscription-global-reads"


def throttle(*, buckets: dict[str, Bucket] | None = None, throttled: bool = True, **limits: object) -> Throttle:
    made = Limits(**limits)  # type: ignore[arg-type]
    settings = Settings(throttled=throttled, limits=made)
    return Throttle(Settings(throttled=throttled, limits=made, buckets=buckets or settings.buckets))


def refusal(made: Throttle, now: float, who: str = "app", subscription: str = "s", what: str = NETWORK) -> Refusal:
    with pytest.raises(Refusal) as refused:
        made.take(who, subscription, "GET", now, what)
    return refused.value


def wait(refused: Refusal) -> int:
    return int(refused.response().headers["Retry-After"])


def test_the_default_sizes_are_those_that_azure_documents() -> None:
    made = throttle()
    read = made.take("app", "s", "GET", 0, NETWORK)
    write = made.take("app", "s", "PUT", 0, NETWORK)
    delete = made.take("app", "s", "DELETE", 0, NETWORK)
    assert (read[READS], read[GLOBAL_READS]) == ("249", "3749")
    assert write["x-ms-ratelimit-remaining-subscription-writes"] == "199"
    assert write["x-ms-ratelimit-remaining-subscription-global-writes"] == "2999"
    assert delete["x-ms-ratelimit-remaining-subscription-deletes"] == "199"


def test_a_bucket_fills_at_its_rate_and_no_further_than_its_size() -> None:
    made = throttle(buckets=SLOW)
    made.take("app", "s", "GET", 0)
    made.take("app", "s", "GET", 0)
    assert made.take("app", "s", "GET", 10)[READS] == "0"
    assert made.take("app", "s", "GET", 1000)[READS] == "1"


def test_an_empty_bucket_tells_the_seconds_to_the_next_token() -> None:
    made = throttle(buckets=SLOW)
    made.take("app", "s", "GET", 0)
    made.take("app", "s", "GET", 0)
    refused = refusal(made, 4)
    assert (refused.status, refused.code, wait(refused)) == (429, "SubscriptionRequestsThrottled", 6)
    made.take("app", "s", "GET", 10)


def test_a_request_inside_the_wait_restarts_it() -> None:
    made = throttle(buckets=SLOW)
    made.take("app", "s", "GET", 0)
    made.take("app", "s", "GET", 0)
    assert wait(refusal(made, 0)) == 10
    assert wait(refusal(made, 9.5)) == 10
    assert wait(refusal(made, 19)) == 10
    made.take("app", "s", "GET", 29)


def test_other_apps_and_subscriptions_have_buckets_of_their_own() -> None:
    made = throttle(buckets=SLOW)
    for _ in range(2):
        made.take("app", "s", "GET", 0)
    refusal(made, 0)
    made.take("other", "s", "GET", 0)
    made.take("app", "t", "GET", 0)
    made.take("app", "s", "PUT", 0)


def test_a_scope_of_subscription_alone_makes_all_apps_share() -> None:
    made = throttle(buckets=SLOW, scope=("subscription",))
    made.take("app", "s", "GET", 0)
    made.take("other", "s", "GET", 0)
    refusal(made, 0, who="third")
    made.take("third", "t", "GET", 0)


def test_a_subscription_as_a_whole_has_fifteen_buckets() -> None:
    made = throttle(buckets=SLOW)
    for number in range(30):
        made.take(f"app{number}", "s", "GET", 0)
    assert refusal(made, 0, who="app30").code == "SubscriptionRequestsThrottled"


def test_the_network_provider_counts_five_minutes_of_its_own() -> None:
    made = throttle(windows={"network.reads": 3})
    for second in range(3):
        made.take("app", "s", "GET", second, NETWORK)
    full = refusal(made, 100)
    assert (full.status, full.code, wait(full)) == (429, "ResourceRequestsThrottled", 200)
    assert full.message == (
        "Number of requests for action 'Microsoft.Network/virtualNetworks/read' exceeded the limit of '3' for time "
        "interval '00:05:00'. Please try again after '200' seconds."
    )
    assert full.response().headers["x-ms-failure-cause"] == "gateway"
    made.take("app", "s", "GET", 100, "Microsoft.Resources/resourceGroups/read")
    made.take("app", "s", "GET", 300, NETWORK)


def test_a_request_inside_a_full_window_restarts_the_wait() -> None:
    made = throttle(windows={"network.reads": 1})
    made.take("app", "s", "GET", 0, NETWORK)
    assert wait(refusal(made, 200)) == 100
    assert wait(refusal(made, 299)) == 100
    refusal(made, 398)
    made.take("app", "s", "GET", 498, NETWORK)


def test_private_dns_says_what_is_left_in_a_header_of_its_own() -> None:
    made = throttle()
    read, write = made.take("app", "s", "GET", 0, ZONE), made.take("app", "s", "PUT", 0, ZONE)
    assert read == {"x-ms-ratelimit-remaining-subscription-resource-requests": "499"}
    assert write == {"x-ms-ratelimit-remaining-subscription-resource-requests": "11999"}


def test_requests_outside_a_subscription_count_for_the_tenant() -> None:
    made = throttle(buckets=SLOW)
    assert made.take("app", "", "GET", 0) == {"x-ms-ratelimit-remaining-tenant-reads": "1"}


def test_nothing_is_refused_unless_throttling_is_on() -> None:
    made = throttle(buckets=SLOW, throttled=False, windows={"network.reads": 1})
    for _ in range(50):
        assert made.take("app", "s", "GET", 0, NETWORK)
    assert made.take("app", "s", "GET", 0, NETWORK)[READS] == "0"


@pytest.mark.parametrize(
    ("method", "name"), [("GET", "read"), ("PATCH", "write"), ("DELETE", "delete"), ("POST", "action")]
)
def test_actions_are_named_as_arm_names_them(method: str, name: str) -> None:
    types = ("virtualNetworks", "subnets")
    assert action(method, "Microsoft.Network", types) == f"Microsoft.Network/virtualNetworks/subnets/{name}"
