"""The tags that say whose a resource is."""

from vnetlink.domain.specs import ObjectKey
from vnetlink.planning.tags import owner_tag


def test_the_owner_tag_says_installation_kind_namespace_and_name() -> None:
    key = ObjectKey("vpnconnectionpairs", "team", "pair")
    assert owner_tag("here", key) == "here/VpnConnectionPair/team/pair"
