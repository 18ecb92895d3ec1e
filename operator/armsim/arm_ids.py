"""Reads request paths and resource ids into parts, and writes canonical ids. Knows no resource's rules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

NETWORK = "Microsoft.Network"
NAME = re.compile(r"\w(?:[\w.\-]{0,78}\w)?", re.ASCII)
GROUP_NAME = re.compile(r"[\w.()\-]{0,89}[\w()\-]")


@dataclass(frozen=True, slots=True)
class Place:
    """What a path points at. `types` has one entry more than `names` for a collection; both keep the client's case."""

    subscription: str = ""
    group: str = ""
    namespace: str = ""
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return "/".join(self.types).lower()

    @property
    def collection(self) -> bool:
        return len(self.types) > len(self.names)

    @property
    def scope(self) -> str:
        """The id as the client wrote it, for messages and role checks."""
        text = f"/subscriptions/{self.subscription}"
        if self.group:
            text += f"/resourceGroups/{self.group}"
        if self.namespace:
            text += f"/providers/{self.namespace}"
            for index, kind in enumerate(self.types):
                text += f"/{kind}" + (f"/{self.names[index]}" if index < len(self.names) else "")
        return text


def segments(path: str) -> tuple[str, ...]:
    """Decoded after splitting, so that %2f stays inside its segment."""
    parts = path.split("/")[1:] if path.startswith("/") else path.split("/")
    if parts and parts[-1] == "":
        parts = parts[:-1]
    return tuple(unquote(part) if "%" in part else part for part in parts)


def place(parts: tuple[str, ...]) -> Place | None:
    """None when the path is no ARM path under a subscription."""
    match [part.lower() if index % 2 == 0 else part for index, part in enumerate(parts)]:
        case ["subscriptions", subscription]:
            return Place(subscription)
        case ["subscriptions", subscription, "resourcegroups", *rest] if len(rest) <= 1:
            return Place(subscription, rest[0] if rest else "", "", ("resourceGroups",), tuple(rest))
        case ["subscriptions", subscription, "locations"]:
            return Place(subscription, "", "", ("locations",), ())
        case ["subscriptions", subscription, "operationresults", job]:
            return Place(subscription, "", "", ("operationresults",), (job,))
        case ["subscriptions", subscription, "resourcegroups", group, "providers", namespace, *_]:
            return _typed(Place(subscription, group, namespace), parts[6:])
        case ["subscriptions", subscription, "providers", namespace, *_]:
            return _typed(Place(subscription, "", namespace), parts[4:])
        case _:
            return None


def _typed(base: Place, rest: tuple[str, ...]) -> Place | None:
    if not rest:
        return None
    return Place(base.subscription, base.group, base.namespace, rest[0::2], rest[1::2])


def key(resource_id: str) -> str:
    """Ids are compared without case (arm.md 1.1)."""
    return resource_id.rstrip("/").lower()


def group_id(subscription: str, group: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def network_id(subscription: str, group: str, kind: str, name: str) -> str:
    return f"{group_id(subscription, group)}/providers/{NETWORK}/{kind}/{name}"


def entity_key(resource_id: str) -> str:
    """The key of the top-level resource that an id names, whatever of its children follows."""
    return "/".join(resource_id.split("/")[:9]).lower()


def vnet_place(resource_id: str) -> Place | None:
    """The parts of a virtual network's id, None for anything else."""
    if not resource_id.startswith("/"):
        return None
    found = place(segments(resource_id))
    if found is None or found.collection or found.kind != "virtualnetworks" or not found.group:
        return None
    return found if found.namespace.lower() == NETWORK.lower() and NAME.fullmatch(found.names[0]) else None
