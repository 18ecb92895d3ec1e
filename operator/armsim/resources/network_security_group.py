"""Network security groups with their rules (arm.md 8). They filter nothing: only what clients read is simulated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import errors, filter_errors
from ..content import Content
from ..store import Resource, World
from . import usage
from .kind import Children, Draft, Kind, Part, child_body

PROTOCOLS = {one.lower(): one for one in ("Tcp", "Udp", "Icmp", "Esp", "Ah", "*")}
ACCESS = {one.lower(): one for one in ("Allow", "Deny")}
DIRECTIONS = {one.lower(): one for one in ("Inbound", "Outbound")}
PLURALS = ("sourcePortRanges", "destinationPortRanges", "sourceAddressPrefixes", "destinationAddressPrefixes")
DEFAULTS = (
    ("AllowVnetInBound", "Allow inbound traffic from all VMs in VNET", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", "Allow inbound traffic from azure load balancer", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", "Deny all inbound traffic", "*", "*"),
    ("AllowVnetOutBound", "Allow outbound traffic from all VMs to all VMs in VNET", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", "Allow outbound traffic from all VMs to Internet", "*", "Internet"),
    ("DenyAllOutBound", "Deny all outbound traffic", "*", "*"),
)
PRIORITIES = (65000, 65001, 65500)


def _default_rules(one: Resource) -> list[dict[str, Any]]:
    """Six, as every group has them (R:nsg-create-and-subnet-association)."""
    return [_default_rule(one, index) for index in range(len(DEFAULTS))]


def _default_rule(one: Resource, index: int) -> dict[str, Any]:
    name, description, source, target = DEFAULTS[index]
    properties: dict[str, Any] = {
        "provisioningState": one.state,
        "description": description,
        "protocol": "*",
        "sourcePortRange": "*",
        "destinationPortRange": "*",
        "sourceAddressPrefix": source,
        "destinationAddressPrefix": target,
        "access": "Deny" if name.startswith("Deny") else "Allow",
        "priority": PRIORITIES[index % 3],
        "direction": "Inbound" if index < 3 else "Outbound",
        **{plural: [] for plural in PLURALS},
    }
    return {
        "name": name,
        "id": f"{one.id}/defaultSecurityRules/{name}",
        "etag": one.etag,
        "type": f"{KIND.type}/defaultSecurityRules",
        "properties": properties,
    }


def _look(world: World, one: Resource, version: str) -> dict[str, Any]:
    rules = [_rule_body(one, index) for index in range(len(one.children))]
    shown: dict[str, Any] = {"securityRules": rules, "defaultSecurityRules": _default_rules(one)}
    interfaces = usage.interfaces_of(world, one.key)
    if interfaces:
        shown["networkInterfaces"] = [{"id": user} for user in interfaces]
    subnets = usage.subnets_of(world, one.key, "networkSecurityGroup")
    if subnets:
        shown["subnets"] = [{"id": user} for user in subnets]
    return shown


def _rule_body(one: Resource, index: int) -> dict[str, Any]:
    """Here `type` comes before `properties`, as in the default rules."""
    body = child_body(KIND, PART.name, one, one.children[index], one.children[index].props)
    properties = body.pop("properties")
    return {**body, "properties": properties}


def _free(world: World, one: Resource) -> None:
    users = [*usage.interfaces_of(world, one.key), *usage.subnets_of(world, one.key, "networkSecurityGroup")]
    if users:
        raise filter_errors.security_group_in_use(one.id, ", ".join(users))


def _read(draft: Draft) -> Mapping[str, Any]:
    return {}


def _rule(properties: Content, rule_id: str) -> Mapping[str, Any]:
    priority = properties.number("priority", 0)
    if not 100 <= priority <= 4096:
        raise filter_errors.bad_priority(priority)
    shown: dict[str, Any] = {}
    if properties.has("description"):
        shown["description"] = properties.text("description")
    shown["protocol"] = _choice(properties, "protocol", PROTOCOLS)
    for name in ("sourcePortRange", "destinationPortRange"):
        shown.update(_one_or_many(properties, name, properties.texts(f"{name}s")))
    for name in ("sourceAddressPrefix", "destinationAddressPrefix"):
        shown.update(_one_or_many(properties, name, properties.texts(f"{name}es")))
    for value in (*_ports(properties, "sourcePortRange"), *_ports(properties, "destinationPortRange")):
        _check_port(value)
    shown["access"] = _choice(properties, "access", ACCESS)
    shown["priority"] = priority
    shown["direction"] = _choice(properties, "direction", DIRECTIONS)
    return {**shown, **{plural: list(properties.texts(plural)) for plural in PLURALS}}


def _one_or_many(properties: Content, name: str, several: tuple[str, ...]) -> dict[str, str]:
    given = properties.text(name)
    if not given and not several:
        raise errors.wrong_type(properties.at(name), f"Required property '{name}' not found in JSON.")
    return {name: given} if given else {}


def _ports(properties: Content, name: str) -> tuple[str, ...]:
    single = properties.text(name)
    return (*((single,) if single else ()), *properties.texts(f"{name}s"))


def _check_port(value: str) -> None:
    if value == "*":
        return
    ends = value.split("-")
    if len(ends) > 2 or not all(one.isascii() and one.isdigit() and int(one[:9]) <= 65535 for one in ends):
        raise filter_errors.bad_port(value)
    if len(ends) == 2 and int(ends[0]) > int(ends[1]):
        raise filter_errors.bad_port(value)


def _choice(properties: Content, name: str, known: Mapping[str, str]) -> str:
    given = properties.text(name)
    if given.lower() not in known:
        raise errors.bad_choice(properties.at(name), given, ", ".join(known.values()))
    return known[given.lower()]


def _fits(one: Resource) -> None:
    """Priority and direction are unique in a group."""
    seen: dict[tuple[int, str], str] = {}
    for rule in one.children:
        where = (rule.props["priority"], rule.props["direction"])
        if where in seen:
            raise filter_errors.rules_conflict(rule.name, seen[where])
        seen[where] = rule.name


PART = Part("securityRules", "PutSecurityRuleOperation", "DeleteSecurityRuleOperation", _rule, _fits)
KIND = Kind(
    name="networkSecurityGroups",
    put_name="PutNetworkSecurityGroupOperation",
    delete_name="DeleteNetworkSecurityGroupOperation",
    read=_read,
    look=_look,
    free=_free,
    part=PART,
)
RULES = Children(KIND, PART)
