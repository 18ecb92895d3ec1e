"""Uninstalling is one documented command, whether Azure stays as it is or is cleaned up, however many objects there are."""

from __future__ import annotations

import pytest

from how_to import paste
from link_estate import LinkEstate
from stories import two_vnets


@pytest.mark.parametrize(("heading", "stay"), [("Leave Azure as it is", 1), ("Remove what the operator made", 0)])
def test_every_object_goes_with_the_documented_command(links: LinkEstate, heading: str, stay: int) -> None:
    links.start("--identity-namespaces", "*", "--deletion-threshold", "1")
    app, data = two_vnets(links)
    north, south = links.azure.vnet("north", "10.3.0.0/16"), links.azure.vnet("south", "10.4.0.0/16")
    links.link("link", app, data)
    links.pair("pair", north, south)
    links.wait_ready("link")
    links.kubectl("wait", "--for=condition=Ready", "peeringpair/pair", "--timeout=30s")
    since = links.azure.last_request()

    paste(links, "uninstall.md", heading)

    assert links.kubectl("get", "vnetlinks,peeringpairs", "-A", "-o", "name") == ""
    assert [len(links.peerings(vnet)) for vnet in (app, data, north, south)] == [stay] * 4
    assert len(links.writes(since)) == 4 * (1 - stay)
