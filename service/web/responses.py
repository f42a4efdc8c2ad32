"""Problem documents on the wire, for every exception that can reach it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from fitting.errors import FittingError
from service.errors import (
    InternalError,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    ServiceProblem,
    StorageFull,
    Unavailable,
)
from service.logs import frames_of
from service.problem_documents import from_schema_errors, problem_of
from service.storage.database import is_refused_value, is_storage_full
from service.web.negotiation import preferred

log = structlog.get_logger()

_LATER = {"Retry-After": "60"}


def problem_response(error: FittingError | ServiceProblem, request_id: str) -> Response:
    """The answer to a client about ``error``."""
    problem = problem_of(error, request_id)
    headers = error.headers if isinstance(error, ServiceProblem) else None
    return Response(problem.model_dump_json(), problem.status, headers=headers, media_type="application/problem+json")


AsPage = Callable[[Request, "FittingError | ServiceProblem"], Response]
"""A refusal as a page for people."""


def install(app: FastAPI, as_page: AsPage) -> None:
    """Let every refusal of ``app`` be answered with a problem document, or as a page to a browser."""
    app.state.refusal_as_page = as_page
    app.add_exception_handler(FittingError, _refused)
    app.add_exception_handler(ServiceProblem, _refused)
    app.add_exception_handler(RequestValidationError, _failed_schema)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(SQLAlchemyError, _database)
    app.add_exception_handler(OSError, _disk)


def _answer(request: Request, error: FittingError | ServiceProblem) -> Response:
    if _for_people(request):
        return cast("AsPage", request.app.state.refusal_as_page)(request, error)
    return problem_response(error, cast("str", request.state.request_id))


def _for_people(request: Request) -> bool:
    """Whether a browser looks for a page; the API always answers problem documents."""
    if request.url.path.startswith("/v1/"):
        return False
    return preferred(request.headers.get("accept"), ("application/problem+json", "text/html")) == "text/html"


def _refused(request: Request, error: Exception) -> Response:
    return _answer(request, cast("FittingError | ServiceProblem", error))


def _failed_schema(request: Request, error: Exception) -> Response:
    methods = _methods(request, request.url.path)
    if methods and request.method not in methods:  # it was taken for an id at the same place
        return _not_allowed(request, methods)
    return _answer(request, from_schema_errors(cast("RequestValidationError", error).errors()))


def _framework(request: Request, error: Exception) -> Response:
    """What the framework itself refuses: unknown addresses, wrong methods, broken bodies."""
    raised = cast("HTTPException", error)
    match raised.status_code:
        case HTTPStatus.SEE_OTHER:
            return Response(status_code=raised.status_code, headers=raised.headers)
        case HTTPStatus.NOT_FOUND:
            return _answer(request, NotFound("Unknown address; /docs and /openapi.json list all addresses."))
        case HTTPStatus.METHOD_NOT_ALLOWED:
            route = getattr(request.scope.get("route"), "path", "")
            return _not_allowed(request, _methods(request, request.url.path) or _methods(request, route))
        case HTTPStatus.BAD_REQUEST:
            return _answer(request, MalformedRequest("The request cannot be parsed."))
        case _:
            log.error("unexpected refusal by the framework", status=raised.status_code)
            return _answer(request, InternalError("The request was refused for an unforeseen reason."))


def _methods(request: Request, path: str) -> list[str]:
    """Methods of a documented path; the framework knows one route at a time."""
    return sorted(name.upper() for name in request.app.openapi()["paths"].get(path, ()))


def _not_allowed(request: Request, methods: list[str]) -> Response:
    detail = f"{request.method} is not possible here; the Allow header names what is."
    return _answer(request, MethodNotAllowed(detail, headers={"Allow": ", ".join(methods)}))


def _database(request: Request, error: Exception) -> Response:
    if is_refused_value(error):
        log.error("value refused by the database", error=type(error).__name__, frames=frames_of(error))
        return _answer(request, InternalError("A value of the request was not checked before it was used."))
    log.error("database does not answer", error=type(error).__name__)
    if is_storage_full(error):
        return _answer(request, _storage_full())
    detail = "The database does not answer; try again."
    return _answer(request, Unavailable(detail, headers={"Retry-After": "5"}))


def _disk(request: Request, error: Exception) -> Response:
    log.error("file cannot be kept or read", error=type(error).__name__, errno=cast("OSError", error).errno)
    if is_storage_full(error):
        return _answer(request, _storage_full())
    return _answer(request, InternalError("A file could not be kept or read; the operator finds why in the log."))


def _storage_full() -> StorageFull:
    return StorageFull("There is no space left for this; nothing was kept. Try again later.", headers=_LATER)
