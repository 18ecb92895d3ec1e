"""Azure's side of VPNs, and the Secrets with keys, as values with the rules of arm.md 5 to 7. For property tests only.

An operation takes steps: `perform` starts it, `tick` lets time pass, and a tunnel follows from both its ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vnetlink.domain.address_space import overlaps, within
from vnetlink.domain.arm_id import ArmId, ConnectionId, GatewayId, PublicIpId, SubnetId, VnetId
from vnetlink.domain.observed import (
    ListedConnection,
    ObservedConnection,
    ObservedGateway,
    ObservedPublicIp,
    ObservedSubnet,
    ObservedVnet,
    Provisioning,
)
from vnetlink.domain.outcome import Absent, Accepted, Later, Outcome, Present, Refused, Seen, Unreadable
from vnetlink.domain.reasons import Reason
from vnetlink.domain.secrets import ObservedSecret, PreviousKey
from vnetlink.domain.shared_key import SharedKey, check
from vnetlink.domain.vpn import GATEWAY_SUBNET, VNET2VNET, ConnectionOptions
from vnetlink.planning.actions import (
    DeletePart,
    ForgetPreviousKey,
    KeepPreviousKey,
    MakeSharedKey,
    MarkFailedKey,
    PatchTags,
    PutConnection,
    PutGateway,
    PutPublicIp,
    PutSharedKey,
    PutSubnet,
    RenewSharedKey,
    SecretAction,
    VpnAction,
)

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
WHERE = "westeurope"
UP = "Connected"
OPTIONS = ConnectionOptions()
BUSY = Later(Reason.OPERATION_IN_PROGRESS, "AnotherOperationInProgress")
DONE, MADE = Accepted(created=False), Accepted(created=True)
FORBIDDEN = Unreadable(Reason.AUTHORIZATION_FAILED, "no right to read keys", transient=False)

Answer = tuple["VpnAzure", Outcome]


def vnet_id(name: str) -> VnetId:
    return VnetId(SUBSCRIPTION, "rg", name)


def gateway_id(name: str) -> GatewayId:
    return GatewayId(SUBSCRIPTION, "rg", name)


def address_id(name: str) -> PublicIpId:
    return PublicIpId(SUBSCRIPTION, "rg", name)


def link_id(name: str) -> ConnectionId:
    return ConnectionId(SUBSCRIPTION, "rg", name)


@dataclass(frozen=True)
class Link:
    """A connection with its key."""

    seen: ObservedConnection
    key: str


@dataclass(frozen=True)
class VpnAzure:
    """`running`: steps that an operation still takes. `failing`: how often the operation on a gateway ends in Failed.

    `dead`: keys with which no tunnel comes up. `lingers`: an established tunnel survives a new key at one end for a step.
    `occupied_early`: GatewaySubnet shows a gateway while it is being made.
    """

    vnets: Mapping[VnetId, ObservedVnet] = field(default_factory=dict)
    addresses: Mapping[PublicIpId, ObservedPublicIp] = field(default_factory=dict)
    gateways: Mapping[GatewayId, ObservedGateway] = field(default_factory=dict)
    links: Mapping[ConnectionId, Link] = field(default_factory=dict)
    running: Mapping[ArmId, int] = field(default_factory=dict)
    failing: Mapping[GatewayId, int] = field(default_factory=dict)
    dead: frozenset[str] = frozenset()
    zones: tuple[str, ...] = ("1", "2", "3")
    slowness: int = 3
    lingers: bool = False
    occupied_early: bool = False

    # -- what stood there before

    def with_vnet(self, name: str, prefix: str, subnets: tuple[ObservedSubnet, ...] = ()) -> VpnAzure:
        vnet = ObservedVnet(vnet_id(name), WHERE, (prefix,), Provisioning.SUCCEEDED, subnets=subnets)
        return replace(self, vnets={**self.vnets, vnet.id: vnet})

    def with_subnet(self, vnet: VnetId, subnet: ObservedSubnet) -> VpnAzure:
        there = self.vnets[vnet]
        others = tuple(one for one in there.subnets if one.name != subnet.name)
        return replace(self, vnets={**self.vnets, vnet: replace(there, subnets=(*others, subnet))})

    def with_gateway(self, name: str, vnet: VnetId, **different: Any) -> VpnAzure:
        """A gateway that somebody else made, with its subnet and address."""
        prefix = self.vnets[vnet].prefixes[0].replace(".0.0/16", ".255.0/27")
        azure = self
        if azure.vnets[vnet].subnet(GATEWAY_SUBNET) is None:
            azure = azure.with_subnet(vnet, ObservedSubnet(GATEWAY_SUBNET, (prefix,)))
        azure = azure.with_address(f"{name}-address")
        gateway = ObservedGateway(
            id=gateway_id(name),
            location=WHERE,
            provisioning=Provisioning.SUCCEEDED,
            gateway_type="Vpn",
            vpn_type="RouteBased",
            sku="VpnGw1AZ",
            generation="Generation1",
            active_active=False,
            enable_bgp=False,
            asn=65515,
            subnets=(SubnetId(vnet, GATEWAY_SUBNET),),
            public_ips=(address_id(f"{name}-address"),),
        )
        azure = azure._put(replace(gateway, **different))
        return azure._attach(gateway, True)._occupy(gateway, True)

    def with_address(self, name: str, **different: Any) -> VpnAzure:
        made = ObservedPublicIp(
            address_id(name), WHERE, Provisioning.SUCCEEDED, "Standard", "Static", self.zones, "203.0.113.1"
        )
        return self._put(replace(made, **different))

    def with_link(
        self, name: str, near: GatewayId, far: GatewayId, key: str, options: ConnectionOptions = OPTIONS
    ) -> VpnAzure:
        seen = ObservedConnection(
            link_id(name), WHERE, Provisioning.SUCCEEDED, VNET2VNET, near, far, options, status="Unknown"
        )
        return replace(self, links={**self.links, seen.id: Link(seen, key)})

    # -- reading

    def vnet(self, id: VnetId) -> Seen[ObservedVnet]:
        return Present(self.vnets[id]) if id in self.vnets else Absent()

    def gateway(self, id: GatewayId) -> Seen[ObservedGateway]:
        return Present(self.gateways[id]) if id in self.gateways else Absent()

    def address(self, id: PublicIpId) -> Seen[ObservedPublicIp]:
        return Present(self.addresses[id]) if id in self.addresses else Absent()

    def connection(self, id: ConnectionId) -> Seen[ObservedConnection]:
        if id not in self.links:
            return Absent()
        seen = self.links[id].seen
        return Present(replace(seen, status="") if seen.provisioning.busy else seen)

    def key(self, id: ConnectionId) -> Seen[SharedKey]:
        return Present(SharedKey(self.links[id].key)) if id in self.links else Absent()

    def connections_of(self, id: GatewayId) -> Seen[tuple[ListedConnection, ...]]:
        """Those that begin there: ARM does not list those that end there."""
        if id not in self.gateways:
            return Absent()
        seen = (link.seen for link in self.links.values())
        return Present(tuple(ListedConnection(s.id, s.kind, id, s.far, s.tags) for s in seen if s.near == id))

    @property
    def quiet(self) -> bool:
        return not self.running and self.tick() == self

    # -- writing

    def perform(self, action: VpnAction) -> Answer:
        match action:
            case PutSubnet():
                return self._put_subnet(action)
            case PutPublicIp():
                return self._put_address(action)
            case PutGateway():
                return self._put_gateway(action)
            case PutConnection():
                return self._put_connection(action)
            case PutSharedKey():
                return self._put_key(action)
            case PatchTags():
                return self._patch(action)
            case DeletePart(id=ConnectionId() | GatewayId() | PublicIpId() | SubnetId() as id):
                return self.delete(id)
            case _:
                raise AssertionError(f"{action} is no write of a VpnConnectionPair")

    def _put_subnet(self, action: PutSubnet) -> Answer:
        vnet = self.vnets[action.id.vnet]
        if vnet.busy:
            return self, BUSY
        if vnet.subnet(action.id.name) is not None:
            return self, DONE
        used = [prefix for subnet in vnet.subnets for prefix in subnet.prefixes]
        if not within(action.prefix, vnet.prefixes) or overlaps((action.prefix,), used):
            return self, refused("NetcfgInvalidSubnet")
        made = ObservedSubnet(action.id.name, (action.prefix,), Provisioning.UPDATING)
        azure = self.with_subnet(vnet.id, made)
        busy = replace(azure.vnets[vnet.id], provisioning=Provisioning.UPDATING)
        return replace(azure, vnets={**azure.vnets, vnet.id: busy})._run(action.id, 1), MADE

    def _put_address(self, action: PutPublicIp) -> Answer:
        if action.id in self.addresses:
            return self, BUSY if self.addresses[action.id].busy else DONE
        if action.zones != self.zones:
            return self, refused("ResourceAvailabilityZonesNotSupported")
        made = ObservedPublicIp(
            action.id, action.location, Provisioning.UPDATING, "Standard", "Static", action.zones, tags=action.tags
        )
        return self._put(made)._run(action.id, 1), MADE

    def _put_gateway(self, action: PutGateway) -> Answer:
        there = self.gateways.get(action.id)
        if there is not None and there.busy:
            return self, BUSY
        refusal = self._no_gateway(action)
        if refusal:
            return self, refused(refusal)
        made = ObservedGateway(
            id=action.id,
            location=action.location,
            provisioning=Provisioning.UPDATING,
            gateway_type="Vpn",
            vpn_type="RouteBased",
            sku=action.shape.sku,
            generation=action.shape.generation,
            active_active=action.shape.active_active,
            enable_bgp=action.shape.enable_bgp,
            asn=0,
            subnets=(action.subnet,),
            public_ips=action.public_ips,
            tags=action.shape.tags,
        )
        azure = self._put(made)._attach(made, True)._run(action.id, self.slowness)
        azure = azure._occupy(made, True) if self.occupied_early else azure
        return azure, MADE if there is None else DONE

    def _no_gateway(self, action: PutGateway) -> str:
        subnet = self.vnets[action.subnet.vnet].subnet(GATEWAY_SUBNET)
        addresses = [self.addresses.get(id) for id in action.public_ips]
        rivals = [one for one in self.gateways.values() if action.subnet in one.subnets and one.id != action.id]
        if subnet is None or subnet.provisioning is not Provisioning.SUCCEEDED:
            return "ReferencedResourceNotProvisioned"
        if subnet.network_security_group:
            return "NetworkSecurityGroupCannotBeAttachedToGatewaySubnet"
        if any(one.gateway_type == "Vpn" for one in rivals):
            return "OnlyOneVpnGatewayAllowed"
        if not addresses or len(addresses) != (2 if action.shape.active_active else 1):
            return "WrongNumberOfAddresses"
        for address in addresses:
            if address is None or address.provisioning is not Provisioning.SUCCEEDED:
                return "AddressNotProvisioned"
            if (address.sku, address.allocation) != ("Standard", "Static"):
                return "VmssVpnGatewayPublicIpsMustBeStandard"
            if self.zones and not address.zones:
                return "VmssVpnGatewayPublicIpsMustHaveZonesConfigured"
            if address.attached_to and not address.attached_to.startswith(f"{action.id}/"):
                return "PublicIPAddressInUse"
        return ""

    def _put_connection(self, action: PutConnection) -> Answer:
        link = self.links.get(action.id)
        if link is not None and link.seen.provisioning.busy:
            return self, BUSY
        ends = [self.gateways.get(id) for id in (action.near, action.far)]
        if any(end is None or end.provisioning is not Provisioning.SUCCEEDED for end in ends):
            return self, refused("ReferencedResourceNotProvisioned")
        leads = (action.near, action.far)
        if link is not None and (link.seen.near, link.seen.far) != leads:
            return self, refused("VirtualNetworkGatewayCannotBeChanged")
        if any((o.seen.near, o.seen.far) == leads and o.seen.id != action.id for o in self.links.values()):
            return self, refused("ConnectionExists")
        if link is None and action.key is None:
            return self, refused("SharedKeyMissing")
        made = ObservedConnection(
            action.id,
            action.location,
            Provisioning.UPDATING,
            VNET2VNET,
            action.near,
            action.far,
            action.options,
            status="Unknown",
            tags=action.tags,
        )
        key = link.key if link is not None else action.key.reveal() if action.key else ""  # azurerm issue 11673
        azure = replace(self, links={**self.links, action.id: Link(made, key)})
        return azure._run(action.id, 1), MADE if link is None else DONE

    def _put_key(self, action: PutSharedKey) -> Answer:
        link = self.links.get(action.id)
        if link is None:
            return self, refused("ResourceNotFound")
        if link.seen.provisioning.busy:
            return self, BUSY
        return self.with_key(action.id, action.key.reveal()), DONE

    def with_key(self, id: ConnectionId, key: str) -> VpnAzure:
        """An operation runs on the connection meanwhile."""
        seen = self.links[id].seen
        status = seen.status if self.lingers else "Unknown"
        updating = replace(seen, provisioning=Provisioning.UPDATING, status=status)
        return replace(self, links={**self.links, id: Link(updating, key)})._run(id, 1)

    def _patch(self, action: PatchTags) -> Answer:
        match action.id:
            case GatewayId():
                gateway = self.gateways[action.id]
                if gateway.busy:
                    return self, BUSY
                updating = replace(gateway, tags=action.tags, provisioning=Provisioning.UPDATING)
                return self._put(updating)._run(action.id, 1), DONE
            case PublicIpId():
                return self._put(replace(self.addresses[action.id], tags=action.tags)), DONE
            case ConnectionId():
                link = self.links[action.id]
                seen = replace(link.seen, tags=action.tags)
                return replace(self, links={**self.links, action.id: Link(seen, link.key)}), DONE

    def delete(self, id: ConnectionId | GatewayId | PublicIpId | SubnetId) -> Answer:
        match id:
            case ConnectionId():
                return self._delete_link(id)
            case GatewayId():
                return self._delete_gateway(id)
            case PublicIpId():
                if id not in self.addresses:
                    return self, DONE
                if self.addresses[id].attached_to:
                    return self, refused("PublicIPAddressCannotBeDeleted")
                return replace(self, addresses=_without(self.addresses, id)), DONE
            case SubnetId():
                return self._delete_subnet(id)

    def _delete_link(self, id: ConnectionId) -> Answer:
        link = self.links.get(id)
        if link is None:
            return self, DONE
        if link.seen.provisioning.busy:
            return self, BUSY
        going = Link(replace(link.seen, provisioning=Provisioning.DELETING), link.key)
        return replace(self, links={**self.links, id: going})._run(id, 2), DONE

    def _delete_gateway(self, id: GatewayId) -> Answer:
        gateway = self.gateways.get(id)
        if gateway is None:
            return self, DONE
        if gateway.busy:
            return self, BUSY
        if any(id in (link.seen.near, link.seen.far) for link in self.links.values()):
            return self, Refused(Reason.GATEWAY_IN_USE, "VirtualNetworkGatewayCannotBeDeleted", str(id))
        return self._put(replace(gateway, provisioning=Provisioning.DELETING))._run(id, 2), DONE

    def _delete_subnet(self, id: SubnetId) -> Answer:
        vnet = self.vnets[id.vnet]
        subnet = vnet.subnet(id.name)
        if subnet is None:
            return self, DONE
        if vnet.busy:
            return self, BUSY
        if subnet.used_by or any(id in gateway.subnets for gateway in self.gateways.values()):
            return self, refused("InUseSubnetCannotBeDeleted")
        left = tuple(one for one in vnet.subnets if one.name != subnet.name)
        return replace(self, vnets={**self.vnets, vnet.id: replace(vnet, subnets=left)}), DONE

    # -- time

    def tick(self) -> VpnAzure:
        azure = replace(self, running={id: left - 1 for id, left in self.running.items()})
        for id in [id for id, left in azure.running.items() if left <= 0]:
            azure = replace(azure, running=_without(azure.running, id))._ended(id)
        return azure._tunnels()

    def _ended(self, id: ArmId) -> VpnAzure:
        match id:
            case SubnetId():
                vnet = self.vnets[id.vnet]
                ready = tuple(replace(one, provisioning=Provisioning.SUCCEEDED) for one in vnet.subnets)
                vnet = replace(vnet, subnets=ready, provisioning=Provisioning.SUCCEEDED)
                return replace(self, vnets={**self.vnets, id.vnet: vnet})
            case PublicIpId():
                made = replace(self.addresses[id], provisioning=Provisioning.SUCCEEDED, address="203.0.113.2")
                return self._put(made)
            case GatewayId():
                return self._gateway_ended(self.gateways[id])
            case ConnectionId():
                link = self.links[id]
                if link.seen.provisioning is Provisioning.DELETING:
                    return replace(self, links=_without(self.links, id))
                done = Link(replace(link.seen, provisioning=Provisioning.SUCCEEDED), link.key)
                return replace(self, links={**self.links, id: done})
            case _:
                return self

    def _gateway_ended(self, gateway: ObservedGateway) -> VpnAzure:
        if gateway.provisioning is Provisioning.DELETING:
            left = replace(self, gateways=_without(self.gateways, gateway.id))
            return left._attach(gateway, False)._occupy(gateway, False)
        failures = self.failing.get(gateway.id, 0)
        if failures:
            failed = replace(gateway, provisioning=Provisioning.FAILED)
            return replace(self, failing={**self.failing, gateway.id: failures - 1})._put(failed)._occupy(gateway, True)
        ready = replace(gateway, provisioning=Provisioning.SUCCEEDED, asn=gateway.asn or 65515)
        return self._put(ready)._occupy(gateway, True)

    def _tunnels(self) -> VpnAzure:
        links = {}
        for id, link in self.links.items():
            status = link.seen.status if link.seen.provisioning.busy else self._status(link)
            links[id] = Link(replace(link.seen, status=status), link.key)
        return replace(self, links=links)

    def _status(self, link: Link) -> str:
        back = (link.seen.far, link.seen.near)
        far = next((one for one in self.links.values() if (one.seen.near, one.seen.far) == back), None)
        if far is None:
            return "Unknown"
        if far.seen.provisioning.busy:
            return link.seen.status
        same = far.key == link.key and far.seen.options.ipsec_policies == link.seen.options.ipsec_policies
        if not same or link.key in self.dead:
            return "NotConnected"
        return UP if link.seen.status in ("Connecting", UP) else "Connecting"

    # -- the value changed

    def _run(self, id: ArmId, steps: int) -> VpnAzure:
        return replace(self, running={**self.running, id: steps})

    def _put(self, part: ObservedGateway | ObservedPublicIp) -> VpnAzure:
        if isinstance(part, ObservedGateway):
            return replace(self, gateways={**self.gateways, part.id: part})
        return replace(self, addresses={**self.addresses, part.id: part})

    def _attach(self, gateway: ObservedGateway, on: bool) -> VpnAzure:
        azure = self
        for number, id in enumerate(gateway.public_ips):
            where = f"{gateway.id}/ipConfigurations/ip{number}" if on else ""
            azure = azure._put(replace(azure.addresses[id], attached_to=where))
        return azure

    def _occupy(self, gateway: ObservedGateway, on: bool) -> VpnAzure:
        (id,) = gateway.subnets
        subnet = self.vnets[id.vnet].subnet(GATEWAY_SUBNET)
        assert subnet is not None
        others = tuple(used for used in subnet.used_by if not used.startswith(f"{gateway.id}/"))
        mine = (f"{gateway.id}/ipConfigurations/ip0",) if on else ()
        return self.with_subnet(id.vnet, replace(subnet, used_by=(*others, *mine)))


@dataclass(frozen=True)
class Vault:
    """The Secrets of one object's namespace. `manages`: we may create, update and delete them."""

    text: str | None = "first.key.of.all.keys"
    version: int = 1
    previous: PreviousKey | None = None
    manages: bool = True
    generated: bool = False
    renewed_at: str = ""
    labelled: bool = True
    writes: int = 0  # into the Secret that keeps the previous key

    def with_text(self, text: str | None) -> Vault:
        """A person put another key into the Secret, or (None) deleted it."""
        return replace(self, text=text, version=self.version + 1)

    @property
    def secret(self) -> Seen[ObservedSecret]:
        if self.text is None:
            return Absent()
        key = check(self.text.encode())
        return Present(ObservedSecret(f"v{self.version}", self.labelled, key, self.generated, self.renewed_at))

    @property
    def kept(self) -> Seen[PreviousKey]:
        return Present(self.previous) if self.previous is not None else Absent()

    def perform(self, action: SecretAction) -> tuple[Vault, bool]:
        """The Secrets afterwards, and whether they were written: a version that is no longer true changes nothing."""
        if not self.manages:
            return self, False
        version_after, kept_after = self.version + 1, f"p{self.writes + 1}"
        text = f"generated.{version_after:09}"
        match action:
            case MakeSharedKey():
                made = replace(self, text=text, version=version_after, generated=True)
                return (self, False) if self.text is not None else (made, True)
            case RenewSharedKey(_, version, asked):
                if version != f"v{self.version}" or not self.generated:
                    return self, False
                return replace(self, text=text, version=version_after, renewed_at=asked), True
            case KeepPreviousKey(key, rotating_to, version):
                if version != (self.previous.version if self.previous else ""):
                    return self, False
                return self._keeping(PreviousKey(kept_after, key, rotating_to))
            case MarkFailedKey(failed, version):
                if self.previous is None or self.previous.version != version:
                    return self, False
                return self._keeping(replace(self.previous, version=kept_after, failed=failed))
            case ForgetPreviousKey(version):
                if self.previous is None or self.previous.version != version:
                    return self, False
                return replace(self, previous=None), True

    def _keeping(self, previous: PreviousKey) -> tuple[Vault, bool]:
        return replace(self, previous=previous, writes=self.writes + 1), True


def refused(code: str) -> Refused:
    return Refused(Reason.AZURE_ERROR, code, code)


def _without(mapping: Mapping[Any, Any], key: object) -> dict[Any, Any]:
    return {name: value for name, value in mapping.items() if name != key}
