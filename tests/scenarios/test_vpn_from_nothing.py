"""From two VNets and a key to a tunnel: one object makes subnets, addresses, gateways and both connections."""

from __future__ import annotations

from vpn_estate import KEY, VpnEstate


def test_one_apply_makes_two_gateways_and_two_connections_with_one_key(vpn: VpnEstate) -> None:
    app, data = vpn.two_vnets()
    vpn.secret()
    vpn.start()

    vpn.vpn("app-to-data", app, data)
    vpn.kubectl("wait", "--for=condition=Ready", "vpnpair/app-to-data", "--timeout=60s")

    assert vpn.names("virtualNetworkGateways") == ["app-gateway", "data-gateway"]
    assert vpn.names("publicIPAddresses") == ["app-gateway-ip", "data-gateway-ip"]
    assert vpn.names("connections") == ["app-data", "data-app"]
    assert vpn.shared_key("app-data") == vpn.shared_key("data-app") == KEY
    assert len(vpn.writes()) == 8
