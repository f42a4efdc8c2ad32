"""How much the service does, how fast it answers meanwhile, and whether it grows."""
