"""Around every request: by which name it was asked, from which site, and a note of who did what."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access.authentication import address_of
from service.access.route_access import Note, access_of
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
    """Notes who did what to which analysis, after it was answered; each route declares what is worth a note."""

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
            for entry in _entries(scope, status, is_unfinished=is_unfinished):
                scope["state"]["services"].trail.note(entry)


def _is_cross_site(headers: Headers, host: str) -> bool:
    """Browsers say where a request comes from; programs say nothing and are not led by web sites."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and origin.lower() not in {f"http://{host}", f"https://{host}"}


def _entries(scope: Scope, status: int, *, is_unfinished: bool) -> list[Entry]:
    """One note of a request, one for each analysis that it showed, or none."""
    state: dict[str, Any] = scope["state"]
    route: Any = scope.get("route")
    principal = state.get("principal")
    access = access_of(route)
    if access is None or (principal is None and not state.get("wrong_key")):
        return []
    analysis_id = _uuid(scope.get("path_params", {}).get("analysis_id"))
    if not _is_noted(access.note, status, has_id=analysis_id is not None, is_unfinished=is_unfinished):
        return []
    entry = Entry(
        actor="unknown" if principal is None else principal.name,
        project=None if principal is None else principal.project,
        action=f"{scope['method']} {route.path}",
        status=status,
        request_id=state["request_id"],
        analysis_id=analysis_id,
        address=address_of(HTTPConnection(scope)) or None,
    )
    return [entry._replace(analysis_id=one) for one in state.get("shown", ())] or [entry]


def _is_noted(note: Note, status: int, *, has_id: bool, is_unfinished: bool) -> bool:
    """Whether a call of a known caller, answered with ``status``, is kept."""
    match note:
        case "change":
            return True
        case "own-transaction":
            return status >= HTTPStatus.BAD_REQUEST
        case "list" | "several":
            is_look = True
        case "one":
            is_look = has_id
        case _:
            is_look = False
    # a look at an analysis that still waits or runs has shown nothing
    return (is_look and not is_unfinished) or status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def _uuid(text: object) -> str | None:
    """An id of our form; what else stands in its place, a client wrote."""
    try:
        return str(uuid.UUID(str(text)))
    except ValueError:
        return None
