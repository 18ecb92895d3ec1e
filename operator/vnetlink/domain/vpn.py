"""What makes two gateways and two connections: wanted gateways, connection options, the shared key's Secret and its rotation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum

from vnetlink.domain.arm_id import ConnectionId, GatewayId, PublicIpId

GATEWAY_SUBNET = "GatewaySubnet"
VNET2VNET = "Vnet2Vnet"
DEFAULT_ASN = 65515  # ARM's, when none is given (arm.md 6)


class OnFailure(Enum):
    """What to do when a new key does not bring the tunnel up in time."""

    ROLLBACK = "Rollback"
    HOLD = "Hold"


@dataclass(frozen=True, slots=True)
class IpsecPolicy:
    """ARM's ipsecPolicies entry; names and values are ARM's own."""

    sa_life_time_seconds: int
    sa_data_size_kilobytes: int
    ipsec_encryption: str
    ipsec_integrity: str
    ike_encryption: str
    ike_integrity: str
    dh_group: str
    pfs_group: str


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """What both connections have in common. `protocol` and `mode` are ARM's connectionProtocol and connectionMode.

    In a spec `mode` is that of the connection in VNet 1; the other one gets the counterpart.
    """

    protocol: str = "IKEv2"
    mode: str = "Default"
    dpd_timeout_seconds: int = 45
    routing_weight: int = 10
    enable_bgp: bool = False
    ipsec_policies: tuple[IpsecPolicy, ...] = ()

    @property
    def counterpart(self) -> ConnectionOptions:
        """The options of the other end: where one only starts the tunnel, the other only answers; two that wait wait for ever."""
        opposite = {"InitiatorOnly": "ResponderOnly", "ResponderOnly": "InitiatorOnly"}
        return replace(self, mode=opposite.get(self.mode, self.mode))

    def differences(self, shown: ConnectionOptions) -> tuple[str, ...]:
        """ARM's names of the properties in which `shown` is not as asked."""
        pairs = (
            ("connectionProtocol", self.protocol, shown.protocol),
            ("connectionMode", self.mode, shown.mode),
            ("dpdTimeoutSeconds", self.dpd_timeout_seconds, shown.dpd_timeout_seconds),
            ("routingWeight", self.routing_weight, shown.routing_weight),
            ("enableBgp", self.enable_bgp, shown.enable_bgp),
            ("ipsecPolicies", self.ipsec_policies, shown.ipsec_policies),
        )
        return tuple(name for name, mine, theirs in pairs if mine != theirs)


@dataclass(frozen=True, slots=True)
class GatewayCreation:
    """How to make a gateway. `public_ips`: one id, or two for active-active; None where the name is left to us."""

    sku: str = "VpnGw1AZ"
    generation: str = "Generation1"
    active_active: bool = False
    asn: int | None = None
    public_ips: tuple[PublicIpId | None, ...] = (None,)
    subnet_prefix: str | None = None
    subnet_prefix_length: int = 27
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WantedVpnSide:
    """spec.vpn.vnet1 or .vnet2. `gateway` None: the VNet's one VPN gateway. `creation` None: it is only selected."""

    gateway: GatewayId | None = None
    creation: GatewayCreation | None = None
    connection: ConnectionId | None = None


@dataclass(frozen=True, slots=True)
class SecretKeyRef:
    """A value in a Secret of the object's own namespace."""

    name: str
    key: str = "sharedKey"


@dataclass(frozen=True, slots=True)
class WantedSharedKey:
    """spec.vpn.sharedKey."""

    secret: SecretKeyRef
    generate: bool = False
    verify_timeout: timedelta = timedelta(minutes=10)
    on_failure: OnFailure = OnFailure.ROLLBACK


@dataclass(frozen=True, slots=True)
class GatewayShape:
    """The body of a gateway to be made, apart from its addresses: everything that ARM needs to be told."""

    sku: str
    generation: str
    active_active: bool
    enable_bgp: bool
    asn: int | None
    tags: tuple[tuple[str, str], ...]
