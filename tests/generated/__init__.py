"""Clients that other people's generators make of ``openapi.yaml``, sent to a running service (``make clients``)."""
