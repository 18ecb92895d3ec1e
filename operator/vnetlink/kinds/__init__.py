"""What differs between the kinds of objects that have a turn: what they read, plan, show and tell."""
