"""One VNetLink and what was seen for it, to be changed in one place by each test."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from properties.azure_model import IDS, Azure
from vnetlink.domain.arm_id import PrivateDnsZoneId
from vnetlink.domain.identity import Identity
from vnetlink.domain.kinds import PEERING_PAIRS, VPN_CONNECTION_PAIRS
from vnetlink.domain.outcome import Absent, Present, Seen
from vnetlink.domain.ownership import OwnershipRecord
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.sides import PerSide, Side
from vnetlink.domain.specs import End, ObjectKey, ObjectMeta, VNetLink, VNetLinkSpec
from vnetlink.planning.link.world import Child, LinkWorld

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OPERATOR = Identity("operator", "tenant", client="vnetlink")
ENDS = PerSide(End(IDS.vnet1), End(IDS.vnet2))
ZONE = PrivateDnsZoneId.parse(f"{IDS.vnet1.group!s}/providers/Microsoft.Network/privateDnsZones/corp.example")
OWNER = {"vnetlink-owner": "here/VNetLink/team/app-to-data"}
SUFFIX = {PEERING_PAIRS: "peering", VPN_CONNECTION_PAIRS: "vpn"}


def link_of(
    ends: PerSide[End] = ENDS, name: str = "app-to-data", meta: dict[str, Any] | None = None, **spec: Any
) -> VNetLink:
    """A link without a record; `meta` and `spec` are further fields."""
    key = ObjectKey("vnetlinks", "team", name)
    whole = {"finalizer": True, **(meta or {})}
    return VNetLink(
        ObjectMeta(key, "uid", 1, "1", NOW, **whole), VNetLinkSpec(ends, **spec), OwnershipRecord("here", str(key))
    )


def peered() -> Azure:
    """Two VNets with both peerings Connected."""
    azure = Azure.new()
    for side, name in ((Side.VNET1, "one-two"), (Side.VNET2, "two-one")):
        azure, _ = azure.put(side, name, PeeringOptions())
    return azure


def pair_that_says(
    ready: tuple[str, str, str] = ("True", "Connected", "Both peerings are Connected and in sync."),
    states: tuple[str, str] = ("Connected", "Connected"),
    *,
    kind: str = PEERING_PAIRS,
    shown: str = "",
    status: dict[str, Any] | None = None,
    **changes: Any,
) -> Child:
    """The pair of `link_of()`. `ready`: status, reason, message; `shown`: Reconciling or Stalled; `status`: further fields."""
    rows = [{"type": kind_of, "status": "True"} for kind_of in (shown,) if kind_of]
    told = {
        "conditions": rows,
        **{side.direction: {"state": state} for side, state in zip(Side, states, strict=True)},
        **(status or {}),
    }
    whole = {"ours": True, "deleting": False, "in_line": True, **changes}
    return Child(kind, f"app-to-data-{SUFFIX[kind]}", "child", "7", status=told, ready=ready, **whole)


def world_of(azure: Azure | None = None, *pairs: Child, **changes: Any) -> LinkWorld:
    """What was read: both VNets of `azure`, and these pairs."""
    children: dict[str, Seen[Child]] = dict.fromkeys(SUFFIX, Absent())
    children |= {pair.kind: Present(pair) for pair in pairs}
    whole = {
        "vnets": (azure or peered()).vnets.map(Present),
        "identities": PerSide(OPERATOR, OPERATOR),
        "groups": PerSide(Present(value=True), Present(value=True)),
        "children": children,
        "zones": (),
        "now": NOW,
    }
    return LinkWorld(**{**whole, **changes})
