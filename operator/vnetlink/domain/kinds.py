"""The kinds of objects that we serve, each by its plural: so kubectl, paths of the API server and ObjectKey name them."""

from __future__ import annotations

AZURE_CREDENTIALS, VNET_LINKS = "azurecredentials", "vnetlinks"
PEERING_PAIRS, VPN_CONNECTION_PAIRS = "peeringpairs", "vpnconnectionpairs"
PAIRS = (PEERING_PAIRS, VPN_CONNECTION_PAIRS)  # what a VNetLink makes

KINDS = {
    AZURE_CREDENTIALS: "AzureCredential",
    VNET_LINKS: "VNetLink",
    PEERING_PAIRS: "PeeringPair",
    VPN_CONNECTION_PAIRS: "VpnConnectionPair",
}
