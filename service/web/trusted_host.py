"""The ``Host`` header names this service: a guard against DNS rebinding."""

from __future__ import annotations

import re
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import UnknownHost
from service.settings import Settings
from service.web.responses import problem_response

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
"""Names of a machine to itself. A service without keys answers to no other: a page of another site may have the
browser ask for that site's name at this machine's address (DNS rebinding), and read the answer."""

_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
"""``Host`` header: a name or an address, and maybe a port (RFC 9110, section 7.2)."""


class TrustedHost:
    """Refuses requests whose ``Host`` is malformed or names another host."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        names = settings.allowed_hosts or (() if settings.is_guarded else LOOPBACK_NAMES)
        self._names: Collection[str] = frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_trusted(Headers(scope=scope).get("host", "").lower()):
            await self._app(scope, receive, send)
            return
        refusal = UnknownHost(
            "The service does not go by the name in the Host header; operators set MRSQUANT_ALLOWED_HOSTS, and "
            "without keys it is asked as localhost."
        )
        await problem_response(refusal, scope["state"]["request_id"])(scope, receive, send)

    def _is_trusted(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return not host and not self._names  # HTTP/1.0 knows no Host
        return not self._names or found[1] in self._names
