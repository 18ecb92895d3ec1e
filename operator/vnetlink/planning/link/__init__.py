"""Decisions about a VNetLink. Pure: no module here reads or writes anything."""
