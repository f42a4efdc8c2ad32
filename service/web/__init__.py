"""The edge: what is done around every request, whichever route it meets."""
