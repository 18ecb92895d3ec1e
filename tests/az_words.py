"""Carries out the az commands that the operator's messages show, as the PUT and DELETE of ARM that az makes of them.

Only what the messages use; an option that az does not know fails, as it would in a shell.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

from armsim_process import ArmsimProcess

_FLAGS = {
    "allow-vnet-access": "allowVirtualNetworkAccess",
    "allow-forwarded-traffic": "allowForwardedTraffic",
    "allow-gateway-transit": "allowGatewayTransit",
    "use-remote-gateways": "useRemoteGateways",
    "enable-only-ipv6": "enableOnlyIPv6Peering",
}
_LISTS = {"local-subnet-names": "localSubnetNames", "remote-subnet-names": "remoteSubnetNames"}
_PLACE = ("subscription", "resource-group", "vnet-name", "name", "remote-vnet")


def commands(text: str) -> list[str]:
    """Every az command in a message; a command ends with its sentence, or with the message."""
    return [found.rstrip(".") for found in re.findall(r"az (?:(?!, or )[^;])+?(?=\. [A-Z]|, or |;|$)", text)]


def run(azure: ArmsimProcess, text: str) -> None:
    """Do what the one az command in `text` says."""
    (command,) = commands(text)
    words = _words(command)
    verb, options = words[1:5], _options(words[5:])
    match verb:
        case ["network", "vnet", "peering", "create"]:
            _create(azure, options)
        case ["network", "vnet", "peering", "delete"]:
            azure.delete(options["ids"][0])
        case ["network", "vnet", "peering", "sync"]:
            (peering,) = options["ids"]
            azure.put(f"{peering}?syncRemoteAddressSpace=true", azure.get(peering))
        case _:
            raise AssertionError(f"az knows no such command: {command}")


def _words(command: str) -> list[str]:
    """As a shell takes it: a parenthesis or an angle bracket that is not quoted is none of the command's words."""
    reader = shlex.shlex(command, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    return list(reader)


def _create(azure: ArmsimProcess, options: dict[str, list[str]]) -> None:
    """az sends every flag, False when it is not given."""
    unknown = options.keys() - {*_FLAGS, *_LISTS, *_PLACE, "peer-complete-vnets"}
    assert not unknown, f"az network vnet peering create knows no {sorted(unknown)}"
    where = {name: " ".join(options[name]) for name in _PLACE}
    flags: dict[str, Any] = {arm: name in options and _truth(options[name]) for name, arm in _FLAGS.items()}
    lists = {arm: options[name] for name, arm in _LISTS.items() if name in options}
    whole = "peer-complete-vnets" not in options or _truth(options["peer-complete-vnets"])
    vnet = (
        f"/subscriptions/{where['subscription']}/resourceGroups/{where['resource-group']}"
        f"/providers/Microsoft.Network/virtualNetworks/{where['vnet-name']}"
    )
    azure.peering(vnet, where["name"], where["remote-vnet"], peerCompleteVnets=whole, **flags, **lists)


def _options(words: list[str]) -> dict[str, list[str]]:
    options: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            values = options.setdefault(word[2:], [])
        else:
            values.append(word)
    return options


def _truth(values: list[str]) -> bool:
    return not values or values[0].lower() in ("1", "t", "true", "y", "yes")
