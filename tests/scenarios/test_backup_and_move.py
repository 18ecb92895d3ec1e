"""A backup, restored as documented, owns what it owned; without the installation id nothing is ever deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from estate import OPERATOR_NAMESPACE, control_plane, eventually
from how_to import paste
from link_estate import LinkEstate, link_estate
from one_of_each import EVERYTHING, KINDS, NOTHING, all_ready, deployed, in_azure, one_of_each, written
from stories import looks_again, two_vnets

PAGE = "backup-and-move.md"
STOP, LEAVE = "To move, stop the operator first", "After a move, leave the old cluster"
INSTALLATION = ("-n", OPERATOR_NAMESPACE, "get", "configmap", "vnetlink-installation", "--output=jsonpath={.data.id}")


@pytest.fixture
def elsewhere(links: LinkEstate, tmp_path: Path) -> Iterator[LinkEstate]:
    """Another cluster that has our CRDs, and the same Azure."""
    with control_plane(tmp_path / "elsewhere") as cluster, link_estate(cluster, links.azure, links.dir) as estate:
        yield estate


def uids(links: LinkEstate) -> set[str]:
    return set(links.kubectl("get", KINDS, "--output=jsonpath={.items[*].metadata.uid}").split())


def keys(links: LinkEstate) -> set[str]:
    return {links.shared_key(connection) for connection in ("vnet4-vnet5", "vnet6-vnet7")}


def test_what_moves_to_another_cluster_is_owned_there_without_a_write_and_left_in_the_old_one(
    links: LinkEstate, elsewhere: LinkEstate
) -> None:
    with deployed(links):
        one_of_each(links)
        with pytest.raises(AssertionError):
            paste(links, PAGE, LEAVE)
        assert links.kubectl(*INSTALLATION)
        paste(links, PAGE, STOP)
        links.operator.stop()  # its pod
        paste(links, PAGE, "Back up")

        before, since = uids(links), links.azure.last_request()
        paste(elsewhere, PAGE, "Restore, or move")
        elsewhere.start()
        all_ready(elsewhere)
        paste(links, PAGE, LEAVE)
    assert links.kubectl("get", KINDS, "--all-namespaces", "--output=name") == ""
    looks_again(elsewhere, elsewhere.read("link")["spec"]["vnet1"]["id"])
    assert written(elsewhere, since) == []
    assert in_azure(elsewhere) == EVERYTHING
    assert not uids(elsewhere) & before

    old = keys(elsewhere)
    paste(elsewhere, "rotate-keys.md", "Your own key", SECRET="vpn", NAME="tunnel")
    paste(elsewhere, "rotate-keys.md", "A generated key", NAME="encrypted-vpn")
    eventually("both rotated", lambda: not keys(elsewhere) & old)
    all_ready(elsewhere)
    told = ("vpnconnectionpair/tunnel", "vnetlink/encrypted")
    eventually("told", lambda: all(one in paste(elsewhere, "rotate-keys.md", "How it goes") for one in told))

    elsewhere.kubectl("delete", KINDS, "--all", "--timeout=60s")
    assert in_azure(elsewhere) == NOTHING


def test_what_is_restored_with_another_installation_id_is_served_and_left_in_azure_for_ever(links: LinkEstate) -> None:
    links.start()
    app, data = two_vnets(links)
    north, south = links.azure.vnet("north", "10.3.0.0/16"), links.azure.vnet("south", "10.4.0.0/16")
    links.link("link", app, data)
    links.pair("pair", north, south)
    links.wait_ready("link")
    links.kubectl("wait", "--for=condition=Ready", "peeringpair/pair", "--timeout=30s")

    paste(links, PAGE, "Back up")
    links.clean()  # the cluster is lost: no object, no id
    links.kubectl("-n", OPERATOR_NAMESPACE, "delete", "configmap", "vnetlink-installation")
    installation = links.dir / "vnetlink-backup" / "installation.yaml"
    installation.write_text(installation.read_text().replace("  id: ", "  id: another-"))
    since = links.azure.last_request()
    paste(links, PAGE, "Restore, or move")
    links.start()
    links.wait_ready("link")
    links.kubectl("wait", "--for=condition=Ready", "peeringpair", "--all", "--timeout=30s")
    looks_again(links, app)
    links.kubectl("delete", "vnetlinks,peeringpairs", "--all", "--timeout=30s")
    assert links.writes(since) == []
