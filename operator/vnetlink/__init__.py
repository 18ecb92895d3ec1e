"""vnetlink: keeps two Azure virtual networks connected, both directions, and says so."""
