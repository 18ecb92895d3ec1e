"""The properties of a peering that a spec asks for and ARM shows, in ARM's words."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class PeeringOptions:
    """What we write into a peering. Field names are ARM's in snake case; subnet names are empty for a whole-VNet peering."""

    allow_virtual_network_access: bool = True
    allow_forwarded_traffic: bool = False
    allow_gateway_transit: bool = False
    use_remote_gateways: bool = False
    peer_complete_vnets: bool = True
    local_subnet_names: tuple[str, ...] = ()
    remote_subnet_names: tuple[str, ...] = ()
    enable_only_ipv6_peering: bool = False

    def differences(self, other: PeeringOptions) -> tuple[str, ...]:
        """Names of the fields that differ, in ARM's spelling; subnet names are compared without order and case."""
        return tuple(
            arm_name(field.name)
            for field in fields(self)
            if _normal(getattr(self, field.name)) != _normal(getattr(other, field.name))
        )

    def changes_from(self, other: PeeringOptions) -> tuple[str, ...]:
        """What has to change in `other` to become this, for people: `allowForwardedTraffic: false -> true`."""
        return tuple(
            f"{arm_name(field.name)}: {shown(getattr(other, field.name))} -> {shown(getattr(self, field.name))}"
            for field in fields(self)
            if _normal(getattr(self, field.name)) != _normal(getattr(other, field.name))
        )


def shown(value: object) -> str:
    """A value as YAML has it."""
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value).lower()


def arm_name(field: str) -> str:
    """ARM's spelling of a field: allow_forwarded_traffic is allowForwardedTraffic."""
    head, *rest = field.split("_")
    spelled = head + "".join(word.capitalize() for word in rest)
    return spelled.replace("Ipv6", "IPv6")


def _normal(value: object) -> object:
    return frozenset(str(name).lower() for name in value) if isinstance(value, tuple) else value
