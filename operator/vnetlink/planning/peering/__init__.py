"""What happens next to a PeeringPair."""
