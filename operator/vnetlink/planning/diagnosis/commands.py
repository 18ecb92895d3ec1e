"""The az commands of a diagnosis, ready to paste."""

from __future__ import annotations

from shlex import quote

from vnetlink.domain.arm_id import NetworkSecurityGroupId, PeeringId, RouteTableId
from vnetlink.domain.network_security import NetworkSecurityGroup, PortRange, SecurityRule
from vnetlink.planning.diagnosis.security import Part, protocols

_FIRST_PRIORITY, _LAST_PRIORITY = 100, 4096  # network-security-groups-overview.md, "Security rules"
_MOST_PREFIXES = 16


def show_rule(nsg: NetworkSecurityGroupId, rule: SecurityRule) -> str:
    """Show this rule."""
    return f"az network nsg rule show --ids {quote(f'{nsg}/securityRules/{rule.name}')}"


def list_rules(nsg: NetworkSecurityGroupId) -> str:
    """List its rules, Azure's own too."""
    return f"az network nsg rule list {_inside(nsg)} --include-default --output table"


def allow_before(nsg: NetworkSecurityGroup, rule: SecurityRule, part: Part) -> str | None:
    """Make a rule that lets `part` pass before `rule` denies it; None when no priority is free for it, or it has too many
    prefixes for one line."""
    taken = {one.priority for one in nsg.rules if one.way is rule.way}
    highest = min(rule.priority - 1, _LAST_PRIORITY)
    free = next((number for number in range(highest, _FIRST_PRIORITY - 1, -1) if number not in taken), None)
    if free is None or len(part.sources) + len(part.destinations) > _MOST_PREFIXES:
        return None
    protocol, ports = _protocol(part)
    return (
        f"az network nsg rule create {_inside(nsg.id)} --name allow-vnetlink-{free} --priority {free}"
        f" --direction {rule.way.value} --access Allow --protocol {quote(protocol)}"
        f" --source-address-prefixes {' '.join(part.sources)} --destination-address-prefixes {' '.join(part.destinations)}"
        f" --destination-port-ranges {ports}"
    )


def delete_route(table: RouteTableId, name: str) -> str:
    """Delete this route."""
    return f"az network route-table route delete --ids {quote(f'{table}/routes/{name}')}"


def show_route(table: RouteTableId, name: str) -> str:
    """Show this route."""
    return f"az network route-table route show --ids {quote(f'{table}/routes/{name}')}"


def propagate(table: RouteTableId) -> str:
    """Let the gateway's routes reach the subnets of this table."""
    return f"az network route-table update --ids {quote(str(table))} --disable-bgp-route-propagation false"


def allow_forwarded(peering: PeeringId) -> str:
    """Let this peering take traffic that an appliance forwards."""
    return f"az network vnet peering update --ids {quote(str(peering))} --set allowForwardedTraffic=true"


def allow_access(peering: PeeringId) -> str:
    """Let this peering's VNet count the other one as its own."""
    return f"az network vnet peering update --ids {quote(str(peering))} --set allowVirtualNetworkAccess=true"


def _inside(nsg: NetworkSecurityGroupId) -> str:
    return f"--subscription {nsg.subscription} --resource-group {quote(nsg.resource_group)} --nsg-name {nsg.name}"


def _protocol(part: Part) -> tuple[str, str]:
    """One rule has one protocol: the part's own, or any."""
    found = protocols(part.space[2])
    protocol, ports = found[0]
    every = ports in ((), (PortRange(),))
    return (protocol.value if len(found) == 1 else "*"), "'*'" if every else " ".join(_text(one) for one in ports)


def _text(ports: PortRange) -> str:
    return str(ports.first) if ports.first == ports.last else f"{ports.first}-{ports.last}"
