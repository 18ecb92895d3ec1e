"""A backup, restored as documented, owns what it owned; without the installation id nothing is ever deleted."""

from __future__ import annotations

import pytest

from estate import OPERATOR_NAMESPACE
from how_to import paste
from link_estate import LinkEstate
from stories import looks_again, two_vnets

PAGE = "backup-and-move.md"


@pytest.mark.parametrize("whole", [True, False], ids=["with the installation id", "with another"])
def test_what_is_restored_is_owned_only_with_the_installation_id(links: LinkEstate, whole: bool) -> None:
    links.start()
    app, data = two_vnets(links)
    north, south = links.azure.vnet("north", "10.3.0.0/16"), links.azure.vnet("south", "10.4.0.0/16")
    links.link("link", app, data)
    links.secret("by-hand")
    links.pair("pair", north, south)
    links.wait_ready("link")
    links.kubectl("wait", "--for=condition=Ready", "peeringpair/pair", "--timeout=30s")

    paste(links, PAGE, "Back up")
    links.clean()  # the cluster is lost: no object, no Secret, no id
    links.kubectl("-n", OPERATOR_NAMESPACE, "delete", "configmap", "vnetlink-installation")
    if not whole:
        installation = links.dir / "vnetlink-backup" / "installation.yaml"
        installation.write_text(installation.read_text().replace("  id: ", "  id: another-"))
    since = links.azure.last_request()
    paste(links, PAGE, "Restore, or move")
    links.start()
    links.wait_ready("link")
    links.kubectl("wait", "--for=condition=Ready", "peeringpair", "--all", "--timeout=30s")
    looks_again(links, app)
    assert links.writes(since) == []
    assert links.kubernetes_secret("by-hand")["data"]

    links.kubectl("delete", "vnetlinks,peeringpairs", "--all", "--timeout=30s")
    assert [len(links.peerings(vnet)) for vnet in (app, data, north, south)] == [0 if whole else 1] * 4
