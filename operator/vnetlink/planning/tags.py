"""Azure's tags that say whose a resource is (design/api.md, Ownership). Only what record and tag agree on is ours to delete."""

from __future__ import annotations

from vnetlink.domain.kinds import KINDS
from vnetlink.domain.specs import ObjectKey, Owner
from vnetlink.planning.actions import Tags

MANAGED_BY = "managed-by"
OWNER = "vnetlink-owner"
HANDED_OVER = "vnetlink-handed-over"
SUBNET_MADE = "vnetlink-gateway-subnet"
ADDRESSES_MADE = "vnetlink-public-ips"  # roles of those that are handed over with a gateway
OURS = frozenset({MANAGED_BY, OWNER, HANDED_OVER, SUBNET_MADE, ADDRESSES_MADE})  # what they say counts as proof


def owner_tag(installation: str, key: ObjectKey) -> str:
    """The value of the tag vnetlink-owner."""
    return f"{installation}/{KINDS[key.kind]}/{key.namespace}/{key.name}"


def own_tag(owner: Owner) -> str:
    """The value that names `owner`."""
    return owner_tag(owner.record.installation, owner.meta.key)


def owned(owner: Owner, tags: Tags) -> Tags:
    """The user's tags with ours, which say who may delete the thing."""
    return tuple(sorted({**dict(tags), MANAGED_BY: "vnetlink", OWNER: own_tag(owner)}.items()))


def tagged(owner: Owner, tags: Tags) -> bool:
    """Whether the tags say that the thing is this object's."""
    return dict(tags).get(OWNER) == own_tag(owner)
