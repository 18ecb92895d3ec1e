"""Refusals and failed operations of private DNS (arm.md 10). Never decides when."""

from __future__ import annotations

from typing import Any

from .errors import Refusal, gateway


def record_exists(what: str) -> dict[str, Any]:
    return {"code": "PreconditionFailed", "message": f"{what} exists already and hence cannot be created again."}


def record_modified(what: str) -> dict[str, Any]:
    return {"code": "PreconditionFailed", "message": f"{what} has been modified (etag mismatch)."}


def zone_has_links(zone: str) -> Refusal:
    """Unverified: status, code and text chosen."""
    text = f"The Private DNS zone {zone} cannot be deleted because it has virtual network links."
    return Refusal(409, "CannotDeleteResource", text)


def bad_dns_name(name: str) -> Refusal:
    """Unverified: code and text chosen."""
    return Refusal(400, "BadRequest", f"The name '{name[:100]}' is not a valid DNS zone name.")


def zone_must_be_global(location: str) -> Refusal:
    text = f"The provided location '{location[:80]}' is not available for resource type 'Microsoft.Network/privateDnsZones'."
    return gateway(400, "LocationNotAvailableForResourceType", f"{text} List of available regions is 'global'.")


def linked_already(zone: str, other: str) -> Refusal:
    """Unverified: code and text chosen."""
    text = f"The virtual network is linked to the Private DNS zone {zone} already, by {other}."
    return Refusal(409, "Conflict", text)
