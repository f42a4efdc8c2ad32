"""Entries of the audit log: caller, action and analysis."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access.authentication import address_of
from service.access.route_access import Note, access_of
from service.storage.audit import AuditEntry


class AuditNotes:
    """Record caller, action and analysis after the answer; each route declares which calls are recorded."""

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
                scope["state"]["services"].audit_writer.note(entry)


def _entries(scope: Scope, status: int, *, is_unfinished: bool) -> list[AuditEntry]:
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
    entry = AuditEntry(
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
