"""Around every request: by which name it was asked, from which site, and a note of who did what."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access.authentication import address_of
from service.errors import CrossSite, ServiceProblem, UnknownHost
from service.responses import problem_response
from service.settings import Settings
from service.storage.audit import Entry

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
"""Names of a machine to itself. A service without keys answers to no other: a page of another site may have the
browser ask for that site's name at this machine's address (DNS rebinding), and read the answer."""

_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
"""``Host`` header: a name or an address, and maybe a port (RFC 9110, section 7.2)."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LISTS = frozenset({"/", "/v1/analyses", "/compare", "/subjects/{pseudonym}", "/v1/subjects/{pseudonym}/timeline"})
"""Show several analyses; a route that says which (``request.state.shown``) is noted for each of them."""
_IN_TRANSACTION = frozenset({("POST", "/v1/analyses"), ("DELETE", "/v1/analyses/{analysis_id}")})
"""Recorded together with what they change."""


class NameAndSite:
    """Refuses to be asked under a strange name, and to change anything because another site said so."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        names = settings.allowed_hosts or (() if settings.is_guarded else LOOPBACK_NAMES)
        self._names: Collection[str] = frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await problem_response(refusal, scope["state"]["request_id"])(scope, receive, send)

    def _refusal(self, scope: Scope) -> ServiceProblem | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        if not self._is_ours(host):
            return UnknownHost(
                "The service does not go by the name in the Host header; operators set MRSQUANT_ALLOWED_HOSTS, and "
                "without keys it is asked as localhost."
            )
        if scope["method"] not in _SAFE and "authorization" not in headers and _is_cross_site(headers, host):
            return CrossSite("Another web site made this request; use the service's own pages, or send a key.")
        return None

    def _is_ours(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return not host and not self._names  # HTTP/1.0 knows no Host
        return not self._names or found[1] in self._names


class AuditTrail:
    """Notes who did what to which analysis, after it was answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, is_unfinished = 500, False

        async def send_watched(message: Message) -> None:
            nonlocal status, is_unfinished
            if message["type"] == "http.response.start":
                status = message["status"]
                is_unfinished = status < 400 and "retry-after" in Headers(raw=message["headers"])
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        finally:
            # a look at an analysis that still waits or runs has shown nothing
            if not (is_unfinished and scope["method"] in _SAFE):
                for entry in _entries(scope, status):
                    scope["state"]["services"].trail.note(entry)


def _is_cross_site(headers: Headers, host: str) -> bool:
    """Browsers say where a request comes from; programs say nothing and are not led by web sites."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and origin.lower() not in {f"http://{host}", f"https://{host}"}


def _entries(scope: Scope, status: int) -> list[Entry]:
    """One note of a request, or one for each analysis that a look at several of them showed."""
    entry = _entry(scope, status)
    shown = scope["state"].get("shown", ())
    if entry is None or not shown:
        return [] if entry is None else [entry]
    return [entry._replace(analysis_id=analysis_id) for analysis_id in shown]


def _entry(scope: Scope, status: int) -> Entry | None:
    """What is worth a note: every change, every look at analyses, and every refusal of one who is known."""
    state: dict[str, Any] = scope["state"]
    path = getattr(scope.get("route"), "path", "")
    principal = state.get("principal")
    if principal is None and not state.get("wrong_key"):
        return None
    method = scope["method"]
    analysis_id = _uuid(scope.get("path_params", {}).get("analysis_id"))
    is_change = method not in _SAFE and not ((method, path) in _IN_TRANSACTION and status < 400)
    is_look = method in _SAFE and (analysis_id is not None or path in _LISTS)
    if not (is_change or is_look or status in {401, 403}):
        return None
    return Entry(
        actor="unknown" if principal is None else principal.name,
        project=None if principal is None else principal.project,
        action=f"{method} {path}",
        status=status,
        request_id=state["request_id"],
        analysis_id=analysis_id,
        address=address_of(HTTPConnection(scope)) or None,
    )


def _uuid(text: object) -> str | None:
    """An id of our form; what else stands in its place, a client wrote."""
    try:
        return str(uuid.UUID(str(text)))
    except ValueError:
        return None
