"""Two VNets and their peerings as a value, with the rules of arm.md 4 and instant operations. For property tests only."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vnetlink.domain.address_space import overlaps
from vnetlink.domain.arm_id import PeeringId, VnetId
from vnetlink.domain.observed import ObservedPeering, ObservedVnet, PeeringState, Provisioning, SyncLevel
from vnetlink.domain.outcome import Accepted, Outcome, Refused
from vnetlink.domain.peering import PeeringOptions
from vnetlink.domain.reasons import Reason
from vnetlink.domain.sides import PerSide, Side
from vnetlink.planning.actions import DeletePeering, PutPeering

GROUP = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/"
)
IDS = PerSide(VnetId.parse(GROUP + "one"), VnetId.parse(GROUP + "two"))
THIRD = VnetId.parse(GROUP + "third")


@dataclass(frozen=True)
class Azure:
    """The state of both VNets; every operation gives the next state and ARM's answer."""

    vnets: PerSide[ObservedVnet]

    @classmethod
    def new(cls) -> Azure:
        def vnet(side: Side) -> ObservedVnet:
            prefix = "10.1.0.0/16" if side is Side.VNET1 else "10.2.0.0/16"
            return ObservedVnet(IDS[side], "westeurope", (prefix,), Provisioning.SUCCEEDED)

        return cls(PerSide.of(vnet))

    def peering(self, side: Side) -> ObservedPeering | None:
        return self.vnets[side].peering_to(IDS[side.other])

    def put(self, side: Side, name: str, options: PeeringOptions, sync: bool = False) -> tuple[Azure, Outcome]:
        here, there = self.vnets[side], self.vnets[side.other]
        mine, reverse = self.peering(side), self.peering(side.other)
        named = here.peering_named(name)
        refusal = self._refusal(side, name, options)
        if refusal:
            return self, refusal
        assert named is None or named.remote == there.id
        if mine is not None:
            state, level, copy = mine.state, mine.sync_level, mine.remote_prefixes
            if mine.state is PeeringState.INITIATED and reverse is not None:
                state, level = PeeringState.CONNECTED, SyncLevel.FULLY_IN_SYNC
            if sync:
                copy = there.prefixes
        else:
            copy = there.prefixes
            state = PeeringState.CONNECTED if reverse else PeeringState.INITIATED
            level = SyncLevel.FULLY_IN_SYNC if reverse else SyncLevel.REMOTE_NOT_IN_SYNC
        made = ObservedPeering(PeeringId(here.id, name), there.id, state, level, Provisioning.SUCCEEDED, options, copy)
        world = self._with(side, made)
        if reverse is not None and made.state is PeeringState.CONNECTED:
            world = world._with(side.other, replace(reverse, state=PeeringState.CONNECTED))
        return world._levelled(), Accepted(created=mine is None)

    def delete(self, side: Side) -> Azure:
        world = self._with(side, None)
        reverse = world.peering(side.other)
        return world._with(side.other, replace(reverse, state=PeeringState.DISCONNECTED)) if reverse else world

    def grow(self, side: Side, prefix: str) -> Azure:
        vnet = self.vnets[side]
        if prefix in vnet.prefixes:
            return self
        return Azure(self.vnets.put(side, replace(vnet, prefixes=(*vnet.prefixes, prefix))))._levelled()

    def recreate(self, side: Side) -> Azure:
        gone = self.delete(side)
        bare = replace(self.vnets[side], peerings=(), has_gateway=False)
        return Azure(gone.vnets.put(side, bare))

    def gateway(self, side: Side, there: bool) -> Azure:
        used = self.peering(side.other)
        if used is not None and used.options.use_remote_gateways:
            return self
        mine = self.peering(side)
        if there and mine is not None and mine.options.use_remote_gateways:
            return self
        return Azure(self.vnets.put(side, replace(self.vnets[side], has_gateway=there)))

    def third(self, side: Side, prefix: str) -> Azure:
        vnet = self.vnets[side]
        if overlaps(vnet.prefixes, (prefix,)) or vnet.peering_to(THIRD):
            return self
        other = ObservedPeering(
            PeeringId(vnet.id, f"{vnet.id.name}-{IDS[side.other].name}-x"),
            THIRD,
            PeeringState.CONNECTED,
            SyncLevel.FULLY_IN_SYNC,
            Provisioning.SUCCEEDED,
            PeeringOptions(),
            (prefix,),
        )
        return Azure(self.vnets.put(side, replace(vnet, peerings=(*vnet.peerings, other))))

    def perform(self, action: PutPeering | DeletePeering) -> tuple[Azure, Outcome]:
        if isinstance(action, DeletePeering):
            assert self.vnets[action.side].peering_named(action.id.name) == self.peering(action.side)
            return self.delete(action.side), Accepted(created=False)
        return self.put(action.side, action.id.name, action.options, action.sync)

    def _refusal(self, side: Side, name: str, options: PeeringOptions) -> Refused | None:
        here, there = self.vnets[side], self.vnets[side.other]
        mine, reverse = self.peering(side), self.peering(side.other)
        taken = here.peering_named(name)
        if taken is not None and taken.remote != there.id:
            return Refused(Reason.NAME_TAKEN, "NameTaken", name)
        if mine is not None and mine.id.name != name:
            return Refused(Reason.CONFLICTING_PEERING, "AnotherPeeringAlreadyReferencesRemoteVnet", name)
        if reverse is not None and reverse.state is PeeringState.DISCONNECTED and mine is None:
            return Refused(Reason.PEERING_DISCONNECTED, "RemotePeeringIsDisconnected", name)
        if overlaps(here.prefixes, there.prefixes):
            return Refused(Reason.ADDRESS_SPACES_OVERLAP, "VnetAddressSpacesOverlap", name)
        if mine is not None and mine.state is PeeringState.DISCONNECTED:
            return Refused(Reason.PEERING_DISCONNECTED, "Disconnected", name)
        if options.use_remote_gateways and not there.has_gateway:
            return Refused(Reason.REMOTE_HAS_NO_GATEWAY, "RemoteVnetHasNoGateways", name)
        if options.use_remote_gateways and (reverse is None or not reverse.options.allow_gateway_transit):
            return Refused(Reason.AZURE_ERROR, "AllowGatewayTransitFalse", name)
        if options.use_remote_gateways and here.has_gateway:
            return Refused(Reason.LOCAL_GATEWAY_EXISTS, "OwnGateway", name)
        if reverse is not None and reverse.options.use_remote_gateways and not options.allow_gateway_transit:
            return Refused(Reason.AZURE_ERROR, "GatewayInUse", name)
        return None

    def _with(self, side: Side, peering: ObservedPeering | None) -> Azure:
        vnet = self.vnets[side]
        others = tuple(p for p in vnet.peerings if p.remote != IDS[side.other])
        peerings = (*others, peering) if peering else others
        return Azure(self.vnets.put(side, replace(vnet, peerings=peerings)))

    def _levelled(self) -> Azure:
        """Sync levels follow from the copies (arm.md 4, fact 5)."""
        world = self
        both = [self.peering(side) for side in Side]
        if any(p is None or p.state is not PeeringState.CONNECTED for p in both):
            return world
        stale = {side: self.peering(side).remote_prefixes != self.vnets[side.other].prefixes for side in Side}  # type: ignore[union-attr]
        for side in Side:
            level = {
                (False, False): SyncLevel.FULLY_IN_SYNC,
                (True, False): SyncLevel.LOCAL_NOT_IN_SYNC,
                (False, True): SyncLevel.REMOTE_NOT_IN_SYNC,
                (True, True): SyncLevel.BOTH_NOT_IN_SYNC,
            }[(stale[side], stale[side.other])]
            world = world._with(side, replace(self.peering(side), sync_level=level))  # type: ignore[type-var]
        return world
