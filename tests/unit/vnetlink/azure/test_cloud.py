"""Which URLs belong to a cloud."""

import pytest

from vnetlink.azure.cloud import Cloud, InvalidCloud

STACK = Cloud.custom("https://localhost:8443/", "https://localhost:8443")


@pytest.mark.parametrize("name", ["AzurePublic", "azurepublic", "AzureUSGovernment", "AzureChina"])
def test_microsofts_clouds_are_known_by_name_in_any_casing(name: str) -> None:
    cloud = Cloud.named(name)
    assert cloud.known
    assert cloud.scope == f"{cloud.arm_endpoint}/.default"


def test_an_unknown_name_is_refused_with_the_names_to_choose_from() -> None:
    with pytest.raises(InvalidCloud, match="AzurePublic, AzureUSGovernment, AzureChina"):
        Cloud.named("AzureMoon")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://localhost:1",
        "localhost:1",
        "https://",
        "https://user@localhost",
        "https://localhost/path",
        "https://localhost?x=1",
        "https://localhost:port",
        "",
    ],
)
def test_an_endpoint_that_is_not_a_plain_https_origin_is_refused(endpoint: str) -> None:
    with pytest.raises(InvalidCloud):
        Cloud.custom(endpoint, "https://localhost")
    with pytest.raises(InvalidCloud):
        Cloud.custom("https://localhost", endpoint)


@pytest.mark.parametrize("url", ["https://localhost:8443/subscriptions", "HTTPS://LOCALHOST:8443/x?y=z"])
def test_a_cloud_owns_urls_of_its_own_host_and_port(url: str) -> None:
    assert STACK.owns(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8443/",
        "https://localhost/",
        "https://localhost:8444/",
        "https://evil.example:8443/",
        "https://localhost:8443@evil.example/",
        "https://x@localhost:8443/",
        "https://localhost.evil.example:8443/",
        "https://[::1/",
        "https://localhost:99999/",
        "//localhost:8443/",
        "",
    ],
)
def test_a_cloud_does_not_own_other_hosts_ports_schemes_or_disguises(url: str) -> None:
    assert not STACK.owns(url)


def test_the_default_port_is_the_same_written_or_not() -> None:
    assert Cloud.named("AzurePublic").owns("https://management.azure.com:443/subscriptions")
