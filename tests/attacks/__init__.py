"""Attacks against a running service: a registry of what is tried and what must hold (``make attacks``)."""
