"""What only the spec of a VNetLink has: `create` of an end, DNS zones, required flows. Pure; raises Wrong (kube/fields.py)."""

from __future__ import annotations

import re
from ipaddress import ip_network

from vnetlink.domain.address_space import within
from vnetlink.domain.arm_id import PrivateDnsZoneId, valid_child_name
from vnetlink.domain.sides import Side
from vnetlink.domain.vnet_link import Direction, RequiredFlow, VnetCreation, WantedZone
from vnetlink.kube.fields import (
    Body,
    Wrong,
    arm_id,
    choice,
    credential_ref,
    flag,
    mapping,
    number,
    rows,
    string,
    tags,
    texts,
)

MOST_PREFIXES, MOST_SUBNETS, MOST_ZONES, MOST_FLOWS = 16, 64, 16, 16
LINKED = {"Both": tuple(Side), "Vnet1": (Side.VNET1,), "Vnet2": (Side.VNET2,)}
PROTOCOLS = ("Tcp", "Udp", "Icmp", "Any")
PORTS = range(1, 65536)

_LOCATION = re.compile(r"[a-z][a-z0-9]{0,63}")


def creation(end: Body, path: str) -> VnetCreation | None:
    """How to make the VNet of an end, None when it is not to be made."""
    path = f"{path}.create"
    if end.get("create") is None:
        return None
    create = mapping(end, "create", path)
    prefixes = tuple(_prefix(text, f"{path}.addressPrefixes") for text in texts(create, "addressPrefixes", path))
    if not 1 <= len(prefixes) <= MOST_PREFIXES:
        raise Wrong(f"{path}.addressPrefixes: has {len(prefixes)} ranges; give 1 to {MOST_PREFIXES}")
    return VnetCreation(
        location=_location(create, path),
        prefixes=prefixes,
        subnets=_subnets(create, prefixes, f"{path}.subnets"),
        create_resource_group=flag(create, "createResourceGroup", False, path),
        tags=tags(mapping(create, "tags", f"{path}.tags", required=False), f"{path}.tags"),
    )


def _location(create: Body, path: str) -> str:
    location = string(create, "location", path)
    if _LOCATION.fullmatch(location) is None:
        raise Wrong(f"{path}.location: {location[:64]!r} is not the name of a region; write one like westeurope")
    return location


def _prefix(text: str, path: str) -> str:
    """In the form in which Azure shows it, or it would seem to differ for ever."""
    try:
        known = str(ip_network(text)) == text
    except ValueError:
        known = False
    if not known:
        raise Wrong(f"{path}: {text[:43]!r} is not a range in its shortest form; write one like 10.0.0.0/16")
    return text


def _subnets(create: Body, prefixes: tuple[str, ...], path: str) -> tuple[tuple[str, str], ...]:
    found = tuple(_subnet(row, prefixes, place) for place, row in rows(create, "subnets", path))
    if len(found) > MOST_SUBNETS or len({name.lower() for name, _ in found}) < len(found):
        raise Wrong(f"{path}: must be at most {MOST_SUBNETS} subnets, each with a name of its own")
    return found


def _subnet(row: Body, prefixes: tuple[str, ...], path: str) -> tuple[str, str]:
    name, prefix = _name(string(row, "name", path), f"{path}.name"), string(row, "addressPrefix", path)
    if not within(_prefix(prefix, f"{path}.addressPrefix"), prefixes):
        raise Wrong(f"{path}.addressPrefix: {prefix} lies outside addressPrefixes; give a range inside one of them")
    return name, prefix


def _name(text: str, path: str) -> str:
    if not valid_child_name(text):
        raise Wrong(f"{path}: {text[:90]!r} is no name of a subnet; use 1 to 80 letters, digits, _ . -")
    return text


def zones(spec: Body) -> tuple[WantedZone, ...]:
    """`dns.privateDnsZones`."""
    path = "spec.dns.privateDnsZones"
    dns = mapping(spec, "dns", "spec.dns", required=False)
    found = tuple(_zone(row, place) for place, row in rows(dns, "privateDnsZones", path))
    if len(found) > MOST_ZONES or len({zone.zone.key for zone in found}) < len(found):
        raise Wrong(f"{path}: must be at most {MOST_ZONES} zones, none of them twice")
    return found


def _zone(row: Body, path: str) -> WantedZone:
    link_to = string(row, "linkTo", path, "Both")
    if link_to not in LINKED:
        raise Wrong(f"{path}.linkTo: {link_to[:40]!r} is not one of {', '.join(LINKED)}")
    return WantedZone(
        zone=arm_id(row, "id", path, PrivateDnsZoneId),
        sides=LINKED[link_to],
        registration_enabled=flag(row, "registrationEnabled", False, path),
        credential=credential_ref(row, path),
    )


def flows(spec: Body) -> tuple[RequiredFlow, ...]:
    """`requiredFlows`."""
    path = "spec.requiredFlows"
    found = tuple(_flow(row, place) for place, row in rows(spec, "requiredFlows", path))
    if len(found) > MOST_FLOWS:
        raise Wrong(f"{path}: has {len(found)} items; give at most {MOST_FLOWS}")
    return found


def _flow(row: Body, path: str) -> RequiredFlow:
    protocol = string(row, "protocol", path, "Any")
    if protocol not in PROTOCOLS:
        raise Wrong(f"{path}.protocol: {protocol[:40]!r} is not one of {', '.join(PROTOCOLS)}")
    return RequiredFlow(
        direction=choice(row, "direction", Direction.BOTH, path),
        protocol=protocol,
        port=_port(row, protocol, path),
        from_subnet=_subnet_name(row, "fromSubnet", path),
        to_subnet=_subnet_name(row, "toSubnet", path),
    )


def _port(row: Body, protocol: str, path: str) -> int | None:
    if row.get("destinationPort") is None:
        return None
    port = number(row, "destinationPort", path)
    if port not in PORTS or protocol == "Icmp":
        raise Wrong(f"{path}.destinationPort: must be from 1 to 65535, and left out with Icmp, which has no ports")
    return port


def _subnet_name(row: Body, field: str, path: str) -> str | None:
    return None if row.get(field) is None else _name(string(row, field, path), f"{path}.{field}")
