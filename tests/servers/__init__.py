"""Real servers for tests, started on loopback and ended with everything they started."""
