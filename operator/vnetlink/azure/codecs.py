"""ARM's JSON to domain values and back. Tolerates what it does not know; must never invent what ARM did not say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vnetlink.domain.arm_id import InvalidId, PeeringId, VnetId, valid_child_name
from vnetlink.domain.observed import (
    ObservedPeering,
    ObservedSubnet,
    ObservedVnet,
    PeeringState,
    Provisioning,
    SyncLevel,
)
from vnetlink.domain.peering import PeeringOptions
from vnetlink.planning.actions import PutPeering

Json = Mapping[str, Any]

_GATEWAY_SUBNETS = ("gatewaysubnet", "routeserversubnet")
_PROVISIONING = {
    "succeeded": Provisioning.SUCCEEDED,
    "failed": Provisioning.FAILED,
    "canceled": Provisioning.FAILED,
    "deleting": Provisioning.DELETING,
}
# Written by ARM alone; sending them back is at best ignored.
_ARMS_OWN = (
    "provisioningState",
    "resourceGuid",
    "remoteGateways",
    "routeServiceVips",
    "remoteVirtualNetworkEncryption",
)


class Unintelligible(ValueError):
    """JSON, but not the virtual network that was asked for."""


def vnet(document: Json, asked: VnetId) -> ObservedVnet:
    """The virtual network in `document`; raises Unintelligible when that is something else."""
    found = vnet_id(document)
    if found != asked or not isinstance(document.get("properties"), Mapping):
        raise Unintelligible(f"the answer is not {asked}")
    properties = document["properties"]
    subnets = tuple(_objects(properties.get("subnets")))
    return ObservedVnet(
        id=found,
        location=str(document.get("location") or ""),
        prefixes=_prefixes(properties.get("addressSpace")),
        provisioning=_provisioning(properties),
        peerings=tuple(_peerings(properties, found)),
        subnets=tuple(_subnet(subnet) for subnet in subnets),
        has_gateway=any(_houses_gateway(subnet) for subnet in subnets),
        etag=str(document.get("etag") or ""),
    )


def vnet_id(document: Json) -> VnetId | None:
    """The id of the virtual network in `document`, None when it has none."""
    return _id(document)


def listed(page: Json) -> Iterator[Json]:
    """The objects on a page of a list."""
    return _objects(page.get("value"))


def shown_peering(document: Json, name: str) -> Json | None:
    """A peering just as ARM showed it inside its virtual network."""
    shown = _objects(_properties(document).get("virtualNetworkPeerings"))
    return next((peering for peering in shown if str(peering.get("name")).lower() == name.lower()), None)


def peering_body(action: PutPeering, shown: Json | None) -> dict[str, Any]:
    """The body of a PUT: only what is wanted for a new peering, everything ARM showed with our fields changed otherwise."""
    wanted = {**_flags(action.options), "remoteVirtualNetwork": {"id": str(action.remote)}}
    if shown is None:
        return {"properties": {**wanted, **_subnet_peering(action.options, always=False)}}
    kept = {name: value for name, value in _properties(shown).items() if name not in _ARMS_OWN}
    subnet_peering = _subnet_peering(action.options, always="peerCompleteVnets" in kept)
    return {**shown, "properties": {**kept, **wanted, **subnet_peering}}


def _peerings(properties: Json, home: VnetId) -> Iterator[ObservedPeering]:
    """Peerings without a usable name, or to what is no VNet of this kind, are left out: they can be neither matched nor
    repaired. A PUT onto such a name is ARM's to refuse (ChangingRemoteVirtualNetworkNotAllowed). One that does not say where
    it leads may be ours, and no list at all is no absence: every recorded answer has both."""
    listed = properties.get("virtualNetworkPeerings")
    for shown in listed if isinstance(listed, list) else (None,):
        inner = _properties(shown) if isinstance(shown, Mapping) else {}
        leads = inner.get("remoteVirtualNetwork")
        if not isinstance(shown, Mapping) or not isinstance(leads, Mapping) or not isinstance(leads.get("id"), str):
            raise Unintelligible(f"the answer does not tell all peerings of {home}")
        name, remote = str(shown.get("name") or ""), _id(leads)
        if remote is not None and valid_child_name(name):
            yield _peering(PeeringId(home, name), remote, inner)


def _peering(peering: PeeringId, remote: VnetId, inner: Json) -> ObservedPeering:
    state = next((s for s in PeeringState if s.value.lower() == _word(inner, "peeringState")), None)
    sync = (level for level in SyncLevel if level.value.lower() == _word(inner, "peeringSyncLevel"))
    return ObservedPeering(
        id=peering,
        remote=remote,
        # A state nobody knows yet: something goes on there, so nothing is done.
        state=state or PeeringState.INITIATED,
        # Missing before 2021-02-01, and unknown ones: no reason to sync.
        sync_level=next(sync, SyncLevel.FULLY_IN_SYNC),
        provisioning=_provisioning(inner) if state else Provisioning.UPDATING,
        options=_options(inner),
        remote_prefixes=_prefixes(inner.get("remoteAddressSpace")),
    )


def _options(inner: Json) -> PeeringOptions:
    """A property that ARM leaves out (older API versions) has its default."""
    default = PeeringOptions()
    return PeeringOptions(
        allow_virtual_network_access=_flag(inner, "allowVirtualNetworkAccess", default.allow_virtual_network_access),
        allow_forwarded_traffic=_flag(inner, "allowForwardedTraffic", default.allow_forwarded_traffic),
        allow_gateway_transit=_flag(inner, "allowGatewayTransit", default.allow_gateway_transit),
        use_remote_gateways=_flag(inner, "useRemoteGateways", default.use_remote_gateways),
        peer_complete_vnets=_flag(inner, "peerCompleteVnets", default.peer_complete_vnets),
        local_subnet_names=_texts(inner.get("localSubnetNames")),
        remote_subnet_names=_texts(inner.get("remoteSubnetNames")),
        enable_only_ipv6_peering=_flag(inner, "enableOnlyIPv6Peering", default.enable_only_ipv6_peering),
    )


def _flags(options: PeeringOptions) -> dict[str, Any]:
    return {
        "allowVirtualNetworkAccess": options.allow_virtual_network_access,
        "allowForwardedTraffic": options.allow_forwarded_traffic,
        "allowGatewayTransit": options.allow_gateway_transit,
        "useRemoteGateways": options.use_remote_gateways,
    }


def _subnet_peering(options: PeeringOptions, *, always: bool) -> dict[str, Any]:
    """Sent only where used or shown: older API versions and clouds do not know these properties."""
    if options.peer_complete_vnets and not options.enable_only_ipv6_peering and not always:
        return {}
    return {
        "peerCompleteVnets": options.peer_complete_vnets,
        "localSubnetNames": list(options.local_subnet_names),
        "remoteSubnetNames": list(options.remote_subnet_names),
        "enableOnlyIPv6Peering": options.enable_only_ipv6_peering,
    }


def _houses_gateway(subnet: Json) -> bool:
    return _word(subnet, "name") in _GATEWAY_SUBNETS and bool(_properties(subnet).get("ipConfigurations"))


def _subnet(shown: Json) -> ObservedSubnet:
    inner = _properties(shown)
    return ObservedSubnet(
        name=str(shown.get("name") or ""),
        prefixes=_subnet_prefixes(shown),
        provisioning=_provisioning(inner),
        network_security_group=_reference(inner.get("networkSecurityGroup")),
        route_table=_reference(inner.get("routeTable")),
        used_by=tuple(_reference(used) for used in _objects(inner.get("ipConfigurations"))),
    )


def _reference(holder: object) -> str:
    return str(holder.get("id") or "") if isinstance(holder, Mapping) else ""


def _subnet_prefixes(subnet: Json) -> tuple[str, ...]:
    inner = _properties(subnet)
    return _texts(inner.get("addressPrefixes")) or _texts(
        [inner["addressPrefix"]] if inner.get("addressPrefix") else []
    )


def _provisioning(properties: Json) -> Provisioning:
    """Missing means that ARM has nothing to say; a word nobody knows means that something runs."""
    return _PROVISIONING.get(_word(properties, "provisioningState") or "succeeded", Provisioning.UPDATING)


def _prefixes(address_space: object) -> tuple[str, ...]:
    return _texts(address_space.get("addressPrefixes")) if isinstance(address_space, Mapping) else ()


def _id(holder: object) -> VnetId | None:
    try:
        return VnetId.parse(str(holder.get("id"))) if isinstance(holder, Mapping) else None
    except InvalidId:
        return None


def _properties(holder: Json) -> Json:
    inner = holder.get("properties")
    return inner if isinstance(inner, Mapping) else {}


def _objects(value: object) -> Iterator[Json]:
    return (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else iter(())


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _flag(inner: Json, name: str, default: bool) -> bool:
    value = inner.get(name)
    return value if isinstance(value, bool) else default


def _word(holder: Json, name: str) -> str:
    return str(holder.get(name) or "").lower()
