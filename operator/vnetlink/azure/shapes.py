"""Looks into ARM's JSON without tripping: what is missing or of another shape reads as empty. Invents nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from vnetlink.domain.arm_id import (
    ConnectionId,
    GatewayId,
    InvalidId,
    NetworkSecurityGroupId,
    PrivateDnsZoneId,
    PublicIpId,
    RouteTableId,
    SubnetId,
    VnetId,
    ZoneLinkId,
)
from vnetlink.domain.observed import Provisioning

Json = Mapping[str, Any]
AnyId = TypeVar(
    "AnyId",
    VnetId,
    GatewayId,
    PublicIpId,
    ConnectionId,
    SubnetId,
    ZoneLinkId,
    PrivateDnsZoneId,
    NetworkSecurityGroupId,
    RouteTableId,
)

_PROVISIONING = {
    "succeeded": Provisioning.SUCCEEDED,
    "failed": Provisioning.FAILED,
    "canceled": Provisioning.FAILED,
    "deleting": Provisioning.DELETING,
}


class Unintelligible(ValueError):
    """JSON, but not what was asked for."""


def properties(holder: Json) -> Json:
    """`properties` of a resource."""
    return mapping(holder, "properties")


def mapping(holder: Json, name: str) -> Json:
    """The object under `name`."""
    inner = holder.get(name)
    return inner if isinstance(inner, Mapping) else {}


def objects(value: object) -> Iterator[Json]:
    """The objects of a list."""
    return (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else iter(())


def texts(value: object) -> tuple[str, ...]:
    """The items of a list as text."""
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def text(holder: Json, name: str, default: str = "") -> str:
    """The text under `name`, just as ARM wrote it."""
    value = holder.get(name)
    return value if isinstance(value, str) and value else default


def word(holder: Json, name: str) -> str:
    """The text under `name`, to be compared without case."""
    return str(holder.get(name) or "").lower()


def flag(holder: Json, name: str, default: bool) -> bool:
    """The boolean under `name`."""
    value = holder.get(name)
    return value if isinstance(value, bool) else default


def number(holder: Json, name: str, default: int = 0) -> int:
    """The whole number under `name`."""
    value = holder.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def tags(holder: Json) -> tuple[tuple[str, str], ...]:
    """The tags of a resource, sorted by name."""
    return tuple(sorted((str(name), str(value or "")) for name, value in mapping(holder, "tags").items()))


def reference(holder: object) -> str:
    """The id in `{"id": …}`, as ARM wrote it."""
    return str(holder.get("id") or "") if isinstance(holder, Mapping) else ""


def identify(kind: type[AnyId], holder: object) -> AnyId | None:
    """The id in `{"id": …}`, None when it is not of that kind."""
    try:
        return kind.parse(reference(holder))
    except InvalidId:
        return None


def provisioning(inner: Json) -> Provisioning:
    """Missing means that ARM has nothing to say; a word nobody knows means that something runs."""
    return _PROVISIONING.get(word(inner, "provisioningState") or "succeeded", Provisioning.UPDATING)
