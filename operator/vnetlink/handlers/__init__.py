"""What comes from outside: the watch (the only importer of kopf), what it brings, and the health probes."""
