"""Commands in messages are pasted into a shell."""

from __future__ import annotations

import shlex

from vnetlink.domain.arm_id import PeeringId, VnetId
from vnetlink.domain.peering import PeeringOptions
from vnetlink.planning import az

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
HERE = VnetId.parse(
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg(1)/providers/Microsoft.Network/virtualNetworks/here"
)
THERE = VnetId.parse(
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/there"
)
PEERING = PeeringId(HERE, "v-w")


def test_what_a_shell_would_take_for_its_own_is_quoted() -> None:
    every = [
        az.create_peering(PEERING, THERE, PeeringOptions()),
        az.delete(PEERING),
        az.sync_peering(PeeringId(HERE, "<name>")),
        az.stop_using_gateway(PEERING),
        az.change_prefixes(HERE),
        az.show_vnet(HERE),
        az.list_peerings(HERE),
        az.list_subnets(HERE),
    ]
    for command in every:
        reader = shlex.shlex(command, posix=True, punctuation_chars=True)
        reader.whitespace_split = True
        assert not {"(", ")", "<", ">"} & set(reader), command


def test_a_peering_is_made_with_every_option_that_spec_asks_for() -> None:
    options = PeeringOptions(
        allow_virtual_network_access=False,
        allow_forwarded_traffic=True,
        peer_complete_vnets=False,
        local_subnet_names=("a", "b"),
        remote_subnet_names=("c",),
        enable_only_ipv6_peering=True,
    )
    assert az.create_peering(PeeringId(THERE, "w-v"), HERE, options) == (
        f"az network vnet peering create --subscription {SUBSCRIPTION} --resource-group rg --vnet-name there --name w-v"
        f" --remote-vnet '{HERE}' --allow-forwarded-traffic --peer-complete-vnets false"
        " --local-subnet-names a b --remote-subnet-names c --enable-only-ipv6"
    )
