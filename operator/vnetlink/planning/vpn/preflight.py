"""Questions asked before the first write of a VpnConnectionPair, all of them: a refusal here costs zero writes.

Each answers with what stands in the way, on which resource, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_network
from itertools import chain

from vnetlink.domain.address_space import free_block, overlaps, within
from vnetlink.domain.arm_id import PublicIpId, SubnetId
from vnetlink.domain.observed import ObservedGateway, ObservedPublicIp, ObservedVnet, Provisioning
from vnetlink.domain.outcome import Absent, Present, Unreadable
from vnetlink.domain.ownership import Role
from vnetlink.domain.reasons import Reason
from vnetlink.domain.shared_key import CheckedKey, KeyFault
from vnetlink.domain.sides import PerSide
from vnetlink.domain.specs import AdoptionPolicy, VpnConnectionPair
from vnetlink.domain.vpn import DEFAULT_ASN, GATEWAY_SUBNET, VNET2VNET
from vnetlink.planning import az
from vnetlink.planning.overlaps import of_each_other
from vnetlink.planning.plan import Finding
from vnetlink.planning.vpn.world import VpnHalf, VpnWorld

SMALLEST_SUBNET = 27  # all SKUs but Basic: azure-docs vpn-gateway-about-vpn-gateway-settings, "Gateway subnet"
SKUS = {
    **{f"VpnGw{number}AZ": frozenset({"Generation1"}) for number in (1,)},
    **{f"VpnGw{number}AZ": frozenset({"Generation1", "Generation2"}) for number in (2, 3)},
    **{f"VpnGw{number}AZ": frozenset({"Generation2"}) for number in (4, 5)},
}  # arm.md 6

Check = Callable[[VpnConnectionPair, VpnWorld, PerSide[VpnHalf]], Iterator[Finding]]


def blockers(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> tuple[Finding, ...]:
    """Everything that stands in the way of making gateways and connections."""
    return tuple(chain.from_iterable(check(pair, world, both) for check in CHECKS))


def adoption_blockers(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> tuple[Finding, ...]:
    """Why a connection that exists may not become ours; one refused side refuses the pair."""
    return tuple(chain.from_iterable(check(pair, world, both) for check in (wrong_connections, not_adoptable)))


def overlapping_vnets(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """Traffic between equal ranges would never reach the tunnel."""
    one, two = both.vnet1.vnet, both.vnet2.vnet
    if one is not None and two is not None:
        yield from of_each_other(PerSide(one.id, two.id), PerSide(one.prefixes, two.prefixes))


def missing_gateways(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """A gateway is only ever made, and billed, where spec says `create`."""
    for half in both:
        if half.seen.gateway_id is None and isinstance(half.seen.gateway, Unreadable):
            yield Finding(
                Reason.GATEWAY_MISSING,
                f"The gateway of VNet {half.end.id} is not named and cannot be looked for: {half.seen.gateway.message}",
                str(half.end.id),
                f"Name it in spec.vpn.{half.side.value}.gateway.id of a new object.",
            )
        if not isinstance(half.seen.gateway, Absent) or half.to_make:
            continue
        named = half.seen.gateway_id
        what = f"Gateway {named} does not exist" if named else f"VNet {half.end.id} has no VPN gateway"
        yield Finding(
            Reason.GATEWAY_MISSING,
            f"{what}, and spec.vpn.{half.side.value}.gateway.create is not set, so none is made.",
            str(named or half.end.id),
            f"Set spec.vpn.{half.side.value}.gateway.create (it is billed and takes 20 to 45 minutes), or name an existing one.",
        )


def unusable_gateways(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """Only a route-based VPN gateway of this very VNet can be an end of a Vnet2Vnet connection."""
    for half in both:
        gateway = half.gateway
        if gateway is None:
            continue
        id = str(gateway.id)
        elsewhere = next((subnet.vnet for subnet in gateway.subnets if subnet.vnet != half.end.id), None)
        if elsewhere is not None:
            yield Finding(
                Reason.INVALID_SPEC,
                f"Gateway {id} lives in VNet {elsewhere}, not in {half.end.id}.",
                id,
                f"Correct spec.vpn.{half.side.value}.gateway.id in a new object.",
            )
        elif gateway.gateway_type.lower() != "vpn":
            yield _wrong_type(half, gateway, f"of type {gateway.gateway_type}, not Vpn")
        elif gateway.vpn_type.lower() != "routebased":
            yield _wrong_type(half, gateway, f"{gateway.vpn_type}, not RouteBased")


def _wrong_type(half: VpnHalf, gateway: ObservedGateway, what: str) -> Finding:
    return Finding(
        Reason.GATEWAY_TYPE_MISMATCH,
        f"Gateway {gateway.id} is {what}.",
        str(gateway.id),
        f"Name a route-based VPN gateway: az network vnet-gateway list --subscription {gateway.id.subscription} "
        f"--resource-group '{gateway.id.resource_group}' --output table",
    )


def second_gateway(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """Azure allows one VPN gateway in a VNet."""
    for half in both:
        other = next(iter(half.seen.rivals), None)
        if half.to_make and other is not None:
            yield Finding(
                Reason.LOCAL_GATEWAY_EXISTS,
                f"VNet {half.end.id} has the VPN gateway {other} already, so {half.seen.gateway_id} cannot be made.",
                str(other),
                f"Name it in spec.vpn.{half.side.value}.gateway.id of a new object, or delete it: {az.delete(other)}",
            )


def unsupported_skus(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """Admission refuses these, too; objects stored before it did are asked here."""
    for half in both:
        creation = half.wanted.creation
        if not half.to_make or creation is None or creation.generation in SKUS.get(creation.sku, ()):
            continue
        yield Finding(
            Reason.UNSUPPORTED_SKU,
            f"Azure makes no gateway of SKU {creation.sku} in {creation.generation}.",
            str(half.seen.gateway_id),
            f"Set spec.vpn.{half.side.value}.gateway.create.sku to one of {', '.join(sorted(SKUS))}.",
        )


def gateway_subnets(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """A gateway that is to be made needs a GatewaySubnet that Azure accepts, or room for one."""
    for half in both:
        if half.to_make and half.vnet is not None:
            yield from (
                _existing_subnet(half, half.vnet) if half.vnet.subnet(GATEWAY_SUBNET) else _new_subnet(half, half.vnet)
            )


def _existing_subnet(half: VpnHalf, vnet: ObservedVnet) -> Iterator[Finding]:
    subnet = vnet.subnet(GATEWAY_SUBNET)
    id = f"{vnet.id}/subnets/{GATEWAY_SUBNET}"
    if subnet is None:
        return
    if subnet.network_security_group:
        yield Finding(
            Reason.GATEWAY_SUBNET_HAS_NSG,
            f"Subnet {id} carries the network security group {subnet.network_security_group}; Azure makes no gateway there.",
            id,
            f"Run: az network vnet subnet update --ids '{id}' --remove networkSecurityGroup",
        )
    lengths = [ip_network(prefix, strict=False).prefixlen for prefix in subnet.prefixes if ":" not in prefix]
    if lengths and min(lengths) > SMALLEST_SUBNET:
        yield Finding(
            Reason.GATEWAY_SUBNET_TOO_SMALL,
            f"Subnet {id} is a /{min(lengths)}; a gateway needs /{SMALLEST_SUBNET} or larger.",
            id,
            f"Run: az network vnet subnet update --ids '{id}' --address-prefixes '<prefix>'",
        )


def _new_subnet(half: VpnHalf, vnet: ObservedVnet) -> Iterator[Finding]:
    creation = half.wanted.creation
    asked = creation.subnet_prefix if creation else None
    field = f"spec.vpn.{half.side.value}.gateway.create.gatewaySubnet"
    used = [prefix for subnet in vnet.subnets for prefix in subnet.prefixes]
    if asked is not None and not within(asked, vnet.prefixes):
        yield _no_room(vnet, f"{field}.addressPrefix {asked} lies outside the VNet's {', '.join(vnet.prefixes)}")
    elif asked is not None and overlaps((asked,), used):
        taken = overlaps((asked,), used)[0][1]
        yield _no_room(vnet, f"{field}.addressPrefix {asked} overlaps with the subnet {taken}")
    elif asked is not None and ip_network(asked, strict=False).prefixlen > SMALLEST_SUBNET:
        yield Finding(
            Reason.GATEWAY_SUBNET_TOO_SMALL,
            f"{field}.addressPrefix {asked} is too small; a gateway needs /{SMALLEST_SUBNET} or larger.",
            str(vnet.id),
            f"Set {field}.prefixLength instead, to have free space chosen.",
        )
    elif asked is None and creation is not None and creation.subnet_prefix_length > SMALLEST_SUBNET:
        yield Finding(
            Reason.GATEWAY_SUBNET_TOO_SMALL,
            f"{field}.prefixLength {creation.subnet_prefix_length} is too small; a gateway needs /{SMALLEST_SUBNET} or larger.",
            str(vnet.id),
            f"Set {field}.prefixLength to {SMALLEST_SUBNET} or less.",
        )
    elif subnet_prefix(half) is None:
        length = creation.subnet_prefix_length if creation else SMALLEST_SUBNET
        yield _no_room(vnet, f"no /{length} is free for {GATEWAY_SUBNET}")


def _no_room(vnet: ObservedVnet, why: str) -> Finding:
    return Finding(
        Reason.NO_FREE_PREFIX,
        f"VNet {vnet.id}: {why}.",
        str(vnet.id),
        f"Choose a free range, or add one to the VNet: {az.change_prefixes(vnet.id)}",
    )


def subnet_prefix(half: VpnHalf) -> str | None:
    """The prefix for a GatewaySubnet that is to be made: the one asked for, or the highest free block."""
    creation = half.wanted.creation
    if creation is None or half.vnet is None:
        return None
    used = [prefix for subnet in half.vnet.subnets for prefix in subnet.prefixes]
    return creation.subnet_prefix or free_block(half.vnet.prefixes, used, creation.subnet_prefix_length)


def unusable_addresses(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """An address that is there already must be free, Standard and Static, and have zones where the region has some."""
    for half in both:
        ours = {part.id for role, part in half.parts.items() if half.made_by_us(role, part.id)}
        for id, seen in half.seen.addresses if half.to_make else ():
            if isinstance(seen, Present) and id not in ours:  # ours has what the region has
                yield from _unusable(half, seen.value)


def _unusable(half: VpnHalf, address: ObservedPublicIp) -> Iterator[Finding]:
    id, where = str(address.id), f"spec.vpn.{half.side.value}.gateway.create.publicIP"
    zoned = isinstance(half.seen.zones, Present) and half.seen.zones.value
    if address.sku.lower() != "standard" or address.allocation.lower() != "static":
        what = f"is {address.sku} and {address.allocation}; a gateway needs Standard and Static"
        yield Finding(
            Reason.UNSUPPORTED_SKU, f"Public IP {id} {what}.", id, f"Name another one in {where} of a new object."
        )
    elif address.attached_to and not _of_gateway(half, address.attached_to):
        yield Finding(
            Reason.NAME_TAKEN,
            f"Public IP {id} is attached to {address.attached_to}.",
            id,
            f"Name another one in {where} of a new object, or free this one.",
        )
    elif zoned and not address.zones:
        what = (
            "has no zones, and Azure makes a gateway with an AZ SKU in this region with zone-redundant addresses only"
        )
        yield Finding(
            Reason.UNSUPPORTED_SKU, f"Public IP {id} {what}.", id, f"Name another one in {where} of a new object."
        )


def _of_gateway(half: VpnHalf, configuration: str) -> bool:
    return configuration.lower().startswith(f"{half.seen.gateway_id}/".lower())


def failed_parts(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """A Failed address or GatewaySubnet stays so until somebody removes it, and Azure makes no gateway with it."""
    for half in (half for half in both if half.to_make):
        for id, seen in half.seen.addresses:
            if isinstance(seen, Present) and seen.value.provisioning is Provisioning.FAILED:
                yield _failed(half, "Public IP", id)
        subnet = half.vnet.subnet(GATEWAY_SUBNET) if half.vnet is not None else None
        if half.vnet is not None and subnet is not None and subnet.provisioning is Provisioning.FAILED:
            yield _failed(half, "Subnet", SubnetId(half.vnet.id, GATEWAY_SUBNET))


def _failed(half: VpnHalf, what: str, id: PublicIpId | SubnetId) -> Finding:
    text = f"{what} {id} is in provisioningState Failed, so gateway {half.seen.gateway_id} is not made."
    return Finding(Reason.GATEWAY_FAILED, text, str(id), f"Delete it, and it is made again: {az.delete(id)}")


def equal_asns(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """Two gateways that speak BGP with each other need different autonomous systems."""
    if not pair.spec.options.enable_bgp:
        return
    one, two = both.map(_asn)
    if one is not None and one == two:
        yield Finding(
            Reason.EQUAL_ASN,
            f"Both gateways have the ASN {one}: {both.vnet1.seen.gateway_id} and {both.vnet2.seen.gateway_id}.",
            str(both.vnet1.seen.gateway_id),
            "Set spec.vpn.vnet1.gateway.create.asn and spec.vpn.vnet2.gateway.create.asn to different ones, or enableBgp: false.",
        )


def _asn(half: VpnHalf) -> int | None:
    if half.gateway is not None:
        return half.gateway.asn or None
    return (half.wanted.creation.asn or DEFAULT_ASN) if half.to_make and half.wanted.creation else None


def wrong_connections(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """What stands where our connection would: of another type, or leading elsewhere."""
    for half in both:
        connection = half.connection
        far = both[half.side.other].seen.gateway_id
        if connection is None or not half.manages:
            continue
        if connection.kind.lower() != VNET2VNET.lower():
            yield Finding(
                Reason.CONNECTION_TYPE_MISMATCH,
                f"Connection {connection.id} is of type {connection.kind}, not {VNET2VNET}.",
                str(connection.id),
                f"Delete it, or name another one in spec.vpn.{half.side.value}.connection.id: {az.delete(connection.id)}",
            )
        elif (connection.near, connection.far) != (half.seen.gateway_id, far):
            yield Finding(
                Reason.NAME_TAKEN,
                f"Connection {connection.id} leads from {connection.near} to {connection.far}, not to {far}.",
                str(connection.id),
                f"Name another one in spec.vpn.{half.side.value}.connection.id, or delete it: {az.delete(connection.id)}",
            )


def not_adoptable(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """A connection of this pair stands there, is not recorded as ours, and adoptionPolicy does not allow to take it over."""
    policy = pair.spec.lifecycle.adoption
    for half in both:
        connection = half.connection
        if connection is None or not half.manages or half.recorded(Role.LINK, connection.id):
            continue
        differing = (*pair.spec.options_of(half.side).differences(connection.options), *_other_key(world, half))
        if policy is AdoptionPolicy.NEVER:
            why, how = (
                "adoptionPolicy is Never",
                f"Set adoptionPolicy: IfMatching, or delete it: {az.delete(connection.id)}",
            )
        elif policy is AdoptionPolicy.IF_MATCHING and differing:
            why = f"it differs in {', '.join(differing)}"
            how = f"Make spec.vpn like it ({_as_found(pair, half, differing)}), or set adoptionPolicy: Always"
        else:
            continue
        yield Finding(
            Reason.ADOPTION_REFUSED,
            f"Connection {connection.id} exists, was not made by this object, and is not adopted: {why}.",
            str(connection.id),
            how,
        )


def _other_key(world: VpnWorld, half: VpnHalf) -> tuple[str, ...]:
    secret = world.secret.value if isinstance(world.secret, Present) else None
    wanted = secret.key.key if secret is not None and isinstance(secret.key, CheckedKey) else None
    shown = half.seen.key.value if isinstance(half.seen.key, Present) else None
    return ("the shared key",) if wanted is not None and shown is not None and wanted != shown else ()


def _as_found(pair: VpnConnectionPair, half: VpnHalf, differing: tuple[str, ...]) -> str:
    """The differing options as they are in Azure, as a piece of spec; never a key."""
    shown = half.connection.options if half.connection else pair.spec.options_of(half.side)
    values = {
        "connectionProtocol": shown.protocol,
        "connectionMode": shown.mode,
        "dpdTimeoutSeconds": shown.dpd_timeout_seconds,
        "routingWeight": shown.routing_weight,
        "enableBgp": str(shown.enable_bgp).lower(),
    }
    return ", ".join(f"{name}: {values[name]}" for name in differing if name in values) or "see the connection"


def secrets(pair: VpnConnectionPair, world: VpnWorld, both: PerSide[VpnHalf]) -> Iterator[Finding]:
    """The key must be there before anything is made that would wait for it."""
    ref, namespace, name = pair.spec.shared_key.secret, pair.meta.key.namespace, secret_of(pair)
    match world.secret:
        case Unreadable(reason, message, False):
            yield Finding(reason, message, name, f"Grant it: kubectl auth can-i get secret/{ref.name} -n {namespace}")
        case Absent() if not pair.spec.shared_key.generate:
            yield Finding(
                Reason.SHARED_KEY_MISSING, f"{name} does not exist.", name, make_secret(namespace, ref.name, ref.key)
            )
        case Absent() if not world.manages_secrets:
            why = "spec.vpn.sharedKey.generate needs create, update and delete on Secrets, which the operator was not granted"
            yield Finding(
                Reason.SHARED_KEY_MISSING,
                f"{name} does not exist, and {why} in namespace {namespace}.",
                name,
                f"{make_secret(namespace, ref.name, ref.key)}; or have the administrator grant the right.",
            )
        case Present(secret) if not secret.labelled:
            yield Finding(
                Reason.SECRET_NOT_LABELLED,
                f'{name} does not carry the label vnetlink.dev/shared-key: "true", so it is not read.',
                name,
                f"kubectl label secret -n {namespace} {ref.name} vnetlink.dev/shared-key=true",
            )
        case Present(secret) if secret.key is None:
            text = f"{name} has no value under {ref.key!r}."
            yield Finding(Reason.SHARED_KEY_MISSING, text, name, make_secret(namespace, ref.name, ref.key))
        case Present(secret) if isinstance(secret.key, KeyFault):
            yield Finding(
                Reason.SHARED_KEY_INVALID,
                f"The key {ref.key!r} in {name} {secret.key.value}.",
                name,
                f"{Reason.SHARED_KEY_INVALID.facts.remedy.rstrip('.')}: kubectl edit secret -n {namespace} {ref.name}",
            )
        case _:
            return


def secret_of(pair: VpnConnectionPair) -> str:
    """`Secret team/psk`: the one that spec names, for people."""
    return f"Secret {pair.meta.key.namespace}/{pair.spec.shared_key.secret.name}"


def make_secret(namespace: str, name: str, key: str) -> str:
    """The commands that put a key into a Secret which the operator may read."""
    make = f"kubectl create secret generic -n {namespace} {name} --from-file={key}=FILE"
    return f"{make} && kubectl label secret -n {namespace} {name} vnetlink.dev/shared-key=true"


def unread(half: VpnHalf) -> Unreadable | None:
    """What of this side could not be read and must be known before anything is done; a key that may not be read is no such thing.

    An address keeps the zones that it was made with, so they are not guessed.
    """
    listed = half.seen.connections if half.gateway is not None else Absent()
    addresses = tuple(seen for _, seen in half.seen.addresses)
    makes = half.manages and any(isinstance(seen, Absent) for seen in addresses)
    zones = half.seen.zones if makes else Absent()
    for seen in (half.seen.gateway, listed, half.seen.connection, *addresses, zones):
        if isinstance(seen, Unreadable):
            return seen
    return half.seen.key if isinstance(half.seen.key, Unreadable) and half.seen.key.transient else None


CHECKS: tuple[Check, ...] = (
    overlapping_vnets,
    unusable_gateways,
    missing_gateways,
    second_gateway,
    unsupported_skus,
    gateway_subnets,
    unusable_addresses,
    failed_parts,
    equal_asns,
    secrets,
)
