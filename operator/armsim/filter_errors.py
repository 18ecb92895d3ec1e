"""Refusals about security groups, route tables and interfaces (arm.md 8), one constructor a code. Never decides when."""

from __future__ import annotations

from .errors import Refusal, invalid


def security_group_in_use(group: str, users: str) -> Refusal:
    text = (
        f"Network security group {group} cannot be deleted because it is in use by the following resources: {users}. "
        "In order to delete the Network security group, remove the association with the resource(s). To learn how to "
        "do this, see aka.ms/deletensg."
    )
    return invalid("InUseNetworkSecurityGroupCannotBeDeleted", text)


def route_table_in_use(table: str, user: str) -> Refusal:
    """Code verified, text chosen (arm.md 8)."""
    text = f"Route table {table} is in use and cannot be deleted. In order to delete it, dissociate it from {user}."
    return invalid("InUseRouteTableCannotBeDeleted", text)


def bad_priority(value: int) -> Refusal:
    text = f"Security rule has invalid Priority. Value provided: {value} Allowed range 100-4096."
    return invalid("SecurityRuleInvalidPriority", text)


def bad_port(value: str) -> Refusal:
    text = (
        f"Security rule has invalid Port range. Value provided: {value}. Value should be an integer OR integer range "
        "with '-' delimiter. Valid range 0-65535."
    )
    return invalid("SecurityRuleInvalidPortRange", text)


def rules_conflict(one: str, other: str) -> Refusal:
    """Text chosen."""
    text = f"Security rule {one} conflicts with rule {other}. Rules cannot have the same Priority and Direction."
    return invalid("SecurityRuleConflict", text)


def next_hop(route: str) -> Refusal:
    """Unverified: code and text chosen."""
    text = f"Route {route} must have a nextHopIpAddress when and only when its nextHopType is VirtualAppliance."
    return invalid("InvalidNextHopIpAddress", text)


def static_address_taken(address: str, user: str) -> Refusal:
    """Unverified: text chosen."""
    text = f"IP configuration {user} is using the private IP address {address} already."
    return invalid("PrivateIPAddressInUse", text)
