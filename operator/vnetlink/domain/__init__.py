"""The nouns: what is wanted, what was seen, what came of it. No I/O, no decisions."""
