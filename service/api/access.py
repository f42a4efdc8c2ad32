"""Which call needs which scope: the one table, asked before every call and written into the description."""

from __future__ import annotations

from typing import Any, Literal, cast
from urllib.parse import quote

from fastapi import HTTPException, Request

from service.access.principal import Scope
from service.api.dependencies import services_of
from service.api.problems import responses
from service.errors import (
    CrossSite,
    MalformedRequest,
    NotAllowed,
    NotAuthenticated,
    ServiceProblem,
    TooManyRequests,
    UnknownHost,
)

PUBLIC = frozenset({"/healthz", "/readyz", "/problems", "/problems/{code}", "/openapi.json", "/docs"})
"""Says nothing about anybody; for everybody."""
SIGN_IN = frozenset({"/sign-in", "/sign-out"})

_UNRECORDED = frozenset({"/metrics"})
"""Shows no analysis, and is there for times when the audit log cannot be written."""
_KNOWLEDGE = ("/v1/norms", "/v1/regions", "/v1/basis-sets")
_EXCEPTIONS: dict[tuple[str, str], Scope] = {
    ("GET", "/metrics"): "admin",
    ("GET", "/v1/audit"): "admin",
    ("POST", "/v1/norms"): "admin",
    ("POST", "/norms"): "admin",  # the same from the page
}
_BY_METHOD: dict[str, Scope] = {"GET": "read", "HEAD": "read", "DELETE": "admin"}
_SIGNED = ("/sign-offs", "/sign-off")

Need = Literal["public", "any"] | Scope


def needed(method: str, path: str) -> Need:
    """What a call of ``method`` on the route ``path`` (its template) needs; a route nobody thought of is not open.

    Reading needs ``read``, changing ``submit``, removing ``admin``; reports are signed with ``sign``.
    """
    if path in PUBLIC or path in SIGN_IN or path.startswith("/static"):
        return "public"
    if (method, path) in _EXCEPTIONS:
        return _EXCEPTIONS[method, path]
    if method == "GET" and path.startswith(_KNOWLEDGE):
        return "any"
    if method not in _BY_METHOD and path.endswith(_SIGNED):
        return "sign"
    return _BY_METHOD.get(method, "submit")


async def authorise(request: Request) -> None:
    """Let the request through, or refuse it before anything of it is read.

    Raises
    ------
    NotAuthenticated, NotAllowed, TooManyRequests
    Unavailable
        When what is asked could not be recorded.
    """
    path = cast("str", request.scope["route"].path)
    need = needed(request.method, path)
    if need == "public" and path not in SIGN_IN:
        return
    if path not in _UNRECORDED:
        services_of(request).trail.admit()
    if need == "public":
        return
    try:
        principal = await services_of(request).authenticator.principal(request)
    except NotAuthenticated as error:
        if _is_page_for_people(request, path):
            raise HTTPException(303, headers={"Location": _sign_in_address(request)}) from error
        raise
    request.state.principal = principal
    if need != "any" and need not in principal.scopes:
        raise NotAllowed(f"This needs a key with the scope '{need}'.", scope=need)


def _is_page_for_people(request: Request, path: str) -> bool:
    is_page = not path.startswith("/v1/") or path.endswith("/report")
    return request.method == "GET" and is_page and "text/html" in request.headers.get("accept", "")


def _sign_in_address(request: Request) -> str:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"/sign-in?next={quote(here, safe='/')}"


def describe(document: dict[str, Any]) -> None:
    """Write what each call needs, and how it refuses, into an OpenAPI document."""
    document["components"]["securitySchemes"] = {
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "A device's key (`mrsq_…`) or a person's OpenID Connect token. Without configured keys "
            "none is needed, and only the machine itself is answered.",
        },
        "session": {"type": "apiKey", "in": "cookie", "name": "mrsquant_session", "description": "Made by `/sign-in`."},
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            need = needed(method.upper(), path)
            if need != "public" and "text/html" in operation["responses"].get("200", {}).get("content", {}):
                operation["responses"]["303"] = {"description": "A browser that is not signed in is led to `/sign-in`."}
            if need != "public":
                scopes = [] if need == "any" else [need]
                operation["security"] = [{}, {"key": scopes}, {"session": scopes}]
            _add_refusals(operation, method, need)


def _add_refusals(operation: dict[str, Any], method: str, need: Need) -> None:
    kinds: list[type[ServiceProblem]] = [UnknownHost] if method in {"get", "head"} else [UnknownHost, CrossSite]
    if "requestBody" in operation:
        kinds.append(MalformedRequest)
    if need != "public":
        kinds += [NotAuthenticated, NotAllowed, TooManyRequests]
    for status, answer in responses(*kinds, everywhere=False).items():
        kept = operation["responses"].get(str(status))
        words = answer["description"] if kept is None else f"{answer['description']} {kept['description']}"
        operation["responses"][str(status)] = {**(kept or {}), **answer, "description": words}
    operation["responses"] = dict(sorted(operation["responses"].items()))
