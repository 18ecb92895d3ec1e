"""ARM ids as values: parsed strictly, re-emitted canonically, compared without case. Never a raw string in a URL."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Matched against the lower-cased, ASCII-only text: with re.IGNORECASE U+212A would pass for a k (design/cel.md).
_VNET = re.compile(
    r"/subscriptions/(?P<subscription>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"/resourcegroups/(?P<group>[-a-z0-9_.()]{0,89}[-a-z0-9_()])"
    r"/providers/microsoft[.]network/virtualnetworks/(?P<name>[a-z0-9][-a-z0-9_.]{0,62}[a-z0-9_])"
)
_PEERING_NAME = re.compile(r"[A-Za-z0-9_](?:[-A-Za-z0-9_.]{0,78}[A-Za-z0-9_])?")


class InvalidId(ValueError):
    """The text is not exactly the ARM id that was expected; `str()` says what is."""


@dataclass(frozen=True, slots=True, eq=False)
class VnetId:
    """The id of a virtual network. Equal to another when they differ in casing only, as in ARM."""

    subscription: str
    resource_group: str
    name: str

    @classmethod
    def parse(cls, text: str) -> VnetId:
        """The id in `text`; raises InvalidId for anything but a virtual network's full id."""
        match = _VNET.fullmatch(text.lower()) if text.isascii() else None
        if match is None:
            raise InvalidId(
                f"{text[:120]!r} is not the id of a virtual network: write /subscriptions/<guid>/resourceGroups/"
                "<group>/providers/Microsoft.Network/virtualNetworks/<name>"
            )
        return cls(*(text[match.start(part) : match.end(part)] for part in ("subscription", "group", "name")))

    @property
    def key(self) -> str:
        """The lower-cased id: what is compared, sorted and locked on."""
        return str(self).lower()

    def __str__(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.Network/virtualNetworks/{self.name}"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VnetId) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, slots=True, eq=False)
class PeeringId:
    """The id of a peering: it lives in `vnet`, and its name says nothing about where it leads."""

    vnet: VnetId
    name: str

    @classmethod
    def parse(cls, text: str) -> PeeringId:
        """The id in `text`; raises InvalidId for anything but a peering's full id."""
        vnet, separator, name = _split_child(text, "virtualnetworkpeerings")
        if not separator or not valid_peering_name(name):
            raise InvalidId(f"{text[:120]!r} is not the id of a virtual network peering")
        return cls(VnetId.parse(vnet), name)

    @property
    def key(self) -> str:
        """The lower-cased id."""
        return str(self).lower()

    def __str__(self) -> str:
        return f"{self.vnet}/virtualNetworkPeerings/{self.name}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PeeringId) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def valid_peering_name(name: str) -> bool:
    """Whether ARM takes `name` for a peering: 1 to 80 word characters, dots, dashes (arm.md 4, InvalidResourceName)."""
    return _PEERING_NAME.fullmatch(name) is not None


def _split_child(text: str, collection: str) -> tuple[str, str, str]:
    position = text.lower().rfind(f"/{collection}/") if text.isascii() else -1
    if position < 0:
        return text, "", ""
    end = position + len(collection) + 2
    return text[:position], text[position:end], text[end:]
