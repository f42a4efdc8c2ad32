"""What both clients need of a connection: its address, key and time limits."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urljoin

import httpx2

from service.client.errors import Unreachable
from service.client.exchanges import HttpRequest

KEY_VARIABLE = "MRSQUANT_API_KEY"
"""Environment variable with the key for services that need one; an option would be visible in the process list."""
TIMEOUT = httpx2.Timeout(120.0, connect=10.0)
"""Seconds: an upload may take long, a connection may not."""


def base_of(url: str) -> str:
    """The base address, whether or not it was given with a slash at the end."""
    return url.rstrip("/") + "/"


def headers_of(key: str | None) -> dict[str, str]:
    """Headers with the key, or with that of ``MRSQUANT_API_KEY``."""
    key = key or os.environ.get(KEY_VARIABLE)
    return {"Authorization": f"Bearer {key}"} if key else {}


def arguments_of(base: str, call: HttpRequest) -> dict[str, Any]:
    """Arguments of ``request`` of an HTTP client."""
    return {"method": call.method, "url": urljoin(base, call.address), **call.arguments}


def unreachable(base: str, error: Exception) -> Unreachable:
    """The failure of a connection as one of the client."""
    reason = str(error) or type(error).__name__
    return Unreachable("server-unreachable", base, f"{reason}; is the service running there?")
