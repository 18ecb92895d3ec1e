"""Decisions about a VpnConnectionPair. Pure: no module here reads or writes anything."""
