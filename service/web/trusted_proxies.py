"""Headers of reverse proxies: read from the proxies that the operator named, from no other."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from service.access.addresses import Network, canonical

_FORWARDING = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip"})
"""Headers by which a proxy says for whom it asks."""


class TrustedProxies:
    """Takes client address and scheme from ``X-Forwarded-For`` and ``X-Forwarded-Proto`` of the named proxies.

    The client is the right-most address that is no named proxy: everything left of it, the client wrote itself.
    ``Forwarded`` (RFC 7239) is never read. ``request.state.is_forwarded`` marks requests through a proxy that is not
    named.
    """

    def __init__(self, app: ASGIApp, proxies: Sequence[Network]) -> None:
        self._app = app
        self._proxies = tuple(proxies)
        believing: Any = self._checked  # Starlette's and uvicorn's types of one interface
        self._believing: Any = ProxyHeadersMiddleware(believing, [str(network) for network in proxies])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host, port = scope.get("client") or ("", 0)
        peer = scope["client"] = (canonical(host) or host, port)
        if self._is_named(peer[0]):
            scope["state"]["peer"] = peer
            await self._believing(scope, receive, send)
            return
        scope["state"]["is_forwarded"] = any(name in _FORWARDING for name, _ in scope["headers"])
        await self._app(scope, receive, send)

    def _is_named(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)

    async def _checked(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on with the client that the proxy named, or with the proxy itself when that is no address."""
        host, port = scope["client"]
        address = canonical(host)
        scope["client"] = scope["state"]["peer"] if address is None else (address, port)
        await self._app(scope, receive, send)
