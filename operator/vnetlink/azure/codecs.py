"""ARM's JSON of virtual networks to domain values and back. Tolerates what it does not know; must never invent what ARM did not say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vnetlink.azure.shapes import (
    Json,
    Unintelligible,
    flag,
    identify,
    mapping,
    objects,
    properties,
    provisioning,
    reference,
    tags,
    texts,
    word,
)
from vnetlink.domain.arm_id import PeeringId, VnetId, valid_child_name
from vnetlink.domain.observed import (
    ObservedPeering,
    ObservedSubnet,
    ObservedVnet,
    PeeringState,
    Provisioning,
    SyncLevel,
)
from vnetlink.domain.peering import PeeringOptions
from vnetlink.planning.actions import ChangePrefixes, PutPeering, PutSubnet, PutVnet

_GATEWAY_SUBNETS = ("gatewaysubnet", "routeserversubnet")
# Written by ARM alone; sending them back is at best ignored.
_ARMS_OWN = (
    "provisioningState",
    "resourceGuid",
    "remoteGateways",
    "routeServiceVips",
    "remoteVirtualNetworkEncryption",
)


def vnet(document: Json, asked: VnetId) -> ObservedVnet:
    """The virtual network in `document`; raises Unintelligible when that is something else."""
    found = vnet_id(document)
    if found != asked or not isinstance(document.get("properties"), Mapping):
        raise Unintelligible(f"the answer is not {asked}")
    inner = properties(document)
    subnets = tuple(objects(inner.get("subnets")))
    return ObservedVnet(
        id=found,
        location=str(document.get("location") or ""),
        prefixes=_prefixes(inner.get("addressSpace")),
        provisioning=provisioning(inner),
        peerings=tuple(_peerings(inner, found)),
        subnets=tuple(_subnet(subnet) for subnet in subnets),
        has_gateway=any(_houses_gateway(subnet) for subnet in subnets),
        etag=str(document.get("etag") or ""),
        tags=tags(document),
    )


def vnet_id(document: Json) -> VnetId | None:
    """The id of the virtual network in `document`, None when it has none."""
    return identify(VnetId, document)


def listed(page: Json) -> Iterator[Json]:
    """The objects on a page of a list."""
    return objects(page.get("value"))


def shown_peering(document: Json, name: str) -> Json | None:
    """A peering just as ARM showed it inside its virtual network."""
    shown = objects(properties(document).get("virtualNetworkPeerings"))
    return next((peering for peering in shown if str(peering.get("name")).lower() == name.lower()), None)


def peering_body(action: PutPeering, shown: Json | None) -> dict[str, Any]:
    """The body of a PUT: only what is wanted for a new peering, everything ARM showed with our fields changed otherwise."""
    wanted = {**_flags(action.options), "remoteVirtualNetwork": {"id": str(action.remote)}}
    if shown is None:
        return {"properties": {**wanted, **_subnet_peering(action.options, always=False)}}
    kept = {name: value for name, value in properties(shown).items() if name not in _ARMS_OWN}
    subnet_peering = _subnet_peering(action.options, always="peerCompleteVnets" in kept)
    return {**shown, "properties": {**kept, **wanted, **subnet_peering}}


def subnet_body(action: PutSubnet) -> dict[str, Any]:
    """The body of a PUT of a new subnet."""
    return {"properties": {"addressPrefix": action.prefix}}


def vnet_body(action: PutVnet) -> dict[str, Any]:
    """The body of a PUT of a new virtual network."""
    creation = action.creation
    subnets = [{"name": name, "properties": {"addressPrefix": prefix}} for name, prefix in creation.subnets]
    return {
        "location": creation.location,
        "tags": dict(action.tags),
        "properties": {"addressSpace": {"addressPrefixes": list(creation.prefixes)}, "subnets": subnets},
    }


def prefixes_body(action: ChangePrefixes, shown: Json) -> dict[str, Any]:
    """Everything ARM showed, subnets as they are, with another address space.

    Peerings are left out: a PUT of the virtual network changes none of them (arm.md 3), and naming them would need the right
    to peer with each of the others (Azure/azure-powershell issue 13544), across tenants their tokens, too.
    """
    left_out = (*_ARMS_OWN, "virtualNetworkPeerings")
    kept = {name: value for name, value in properties(shown).items() if name not in left_out}
    space = {**mapping(kept, "addressSpace"), "addressPrefixes": list(action.prefixes)}
    return {**shown, "properties": {**kept, "addressSpace": space}}


def _peerings(shown_vnet: Json, home: VnetId) -> Iterator[ObservedPeering]:
    """Peerings without a usable name, or to what is no VNet of this kind, are left out: they can be neither matched nor
    repaired. A PUT onto such a name is ARM's to refuse (ChangingRemoteVirtualNetworkNotAllowed). One that does not say where
    it leads may be ours, and no list at all is no absence: every recorded answer has both."""
    listed = shown_vnet.get("virtualNetworkPeerings")
    for shown in listed if isinstance(listed, list) else (None,):
        inner = properties(shown) if isinstance(shown, Mapping) else {}
        leads = inner.get("remoteVirtualNetwork")
        if not isinstance(shown, Mapping) or not isinstance(leads, Mapping) or not isinstance(leads.get("id"), str):
            raise Unintelligible(f"the answer does not tell all peerings of {home}")
        name, remote = str(shown.get("name") or ""), identify(VnetId, leads)
        if remote is not None and valid_child_name(name):
            yield _peering(PeeringId(home, name), remote, inner)


def _peering(peering: PeeringId, remote: VnetId, inner: Json) -> ObservedPeering:
    state = next((s for s in PeeringState if s.value.lower() == word(inner, "peeringState")), None)
    sync = (level for level in SyncLevel if level.value.lower() == word(inner, "peeringSyncLevel"))
    return ObservedPeering(
        id=peering,
        remote=remote,
        # A state nobody knows yet: something goes on there, so nothing is done.
        state=state or PeeringState.INITIATED,
        # Missing before 2021-02-01, and unknown ones: no reason to sync.
        sync_level=next(sync, SyncLevel.FULLY_IN_SYNC),
        provisioning=provisioning(inner) if state else Provisioning.UPDATING,
        options=_options(inner),
        remote_prefixes=_prefixes(inner.get("remoteAddressSpace")),
    )


def _options(inner: Json) -> PeeringOptions:
    """A property that ARM leaves out (older API versions) has its default."""
    default = PeeringOptions()
    return PeeringOptions(
        allow_virtual_network_access=flag(inner, "allowVirtualNetworkAccess", default.allow_virtual_network_access),
        allow_forwarded_traffic=flag(inner, "allowForwardedTraffic", default.allow_forwarded_traffic),
        allow_gateway_transit=flag(inner, "allowGatewayTransit", default.allow_gateway_transit),
        use_remote_gateways=flag(inner, "useRemoteGateways", default.use_remote_gateways),
        peer_complete_vnets=flag(inner, "peerCompleteVnets", default.peer_complete_vnets),
        local_subnet_names=texts(inner.get("localSubnetNames")),
        remote_subnet_names=texts(inner.get("remoteSubnetNames")),
        enable_only_ipv6_peering=flag(inner, "enableOnlyIPv6Peering", default.enable_only_ipv6_peering),
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
    return word(subnet, "name") in _GATEWAY_SUBNETS and bool(properties(subnet).get("ipConfigurations"))


def _subnet(shown: Json) -> ObservedSubnet:
    inner = properties(shown)
    return ObservedSubnet(
        name=str(shown.get("name") or ""),
        prefixes=_subnet_prefixes(shown),
        provisioning=provisioning(inner),
        network_security_group=reference(inner.get("networkSecurityGroup")),
        route_table=reference(inner.get("routeTable")),
        used_by=tuple(reference(used) for used in objects(inner.get("ipConfigurations"))),
    )


def _subnet_prefixes(subnet: Json) -> tuple[str, ...]:
    inner = properties(subnet)
    return texts(inner.get("addressPrefixes")) or texts([inner["addressPrefix"]] if inner.get("addressPrefix") else [])


def _prefixes(address_space: object) -> tuple[str, ...]:
    return texts(address_space.get("addressPrefixes")) if isinstance(address_space, Mapping) else ()
