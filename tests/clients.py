"""Clients of a service in this process."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.testclient import TestClient


def on_this_machine(app: FastAPI) -> TestClient:
    """A client like a program on the same machine, who needs no key."""
    return TestClient(app, "http://localhost", client=("127.0.0.1", 50000))
