"""What stands in the way of traffic, made in the simulator by whoever tells a story of it."""

from __future__ import annotations

from typing import Any

from armsim_process import ArmsimProcess

DENY_ALL = {
    "name": "deny-all",
    "properties": {
        "priority": 100,
        "direction": "Inbound",
        "access": "Deny",
        "protocol": "*",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
    },
}


def security_group(azure: ArmsimProcess, *rules: dict[str, Any], name: str = "closed") -> dict[str, Any]:
    """A network security group with these rules; the properties of a subnet that refers to it."""
    path = f"{azure.group('rg')}/providers/Microsoft.Network/networkSecurityGroups/{name}"
    azure.put(path, {"location": "westeurope", "properties": {"securityRules": list(rules)}})
    return {"networkSecurityGroup": {"id": path}}


def route_table(azure: ArmsimProcess, name: str, *routes: tuple[str, str, str], **properties: Any) -> dict[str, Any]:
    """A route table with routes of (prefix, next hop, address or nothing); the properties of a subnet that refers to it."""
    path = f"{azure.group('rg')}/providers/Microsoft.Network/routeTables/{name}"
    rows = [
        {
            "name": f"to-{hop.lower()}",
            "properties": {
                "addressPrefix": prefix,
                "nextHopType": hop,
                **({"nextHopIpAddress": address} if address else {}),
            },
        }
        for prefix, hop, address in routes
    ]
    azure.put(path, {"location": "westeurope", "properties": {"routes": rows, **properties}})
    return {"routeTable": {"id": path}}


def subnet(azure: ArmsimProcess, vnet: str, prefix: str, **properties: Any) -> None:
    """The subnet `all` of a VNet."""
    azure.put(f"{vnet}/subnets/all", {"properties": {"addressPrefix": prefix, **properties}})
