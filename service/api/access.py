"""What routes declare about access, written into the description of the interface."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute

from service.access.route_access import Access, Need, access_of
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


class UndeclaredRoute(Exception):
    """A route without ``Access``: it is not decided who may call it and what is recorded."""


def declarations(routes: Iterable[BaseRoute]) -> dict[tuple[str, str], Access]:
    """The ``Access`` of each route, by method and path.

    Raises
    ------
    UndeclaredRoute
        When one has none.
    """
    found: dict[tuple[str, str], Access] = {}
    for route in iter_route_contexts(list(routes)):
        access = access_of(route.original_route)
        if access is None:
            raise UndeclaredRoute(f"{_name(route)} declares no Access; see service.access.route_access.")
        found |= {(method, route.path_format or ""): access for method in route.methods or ()}
    return found


def _name(route: RouteContext) -> str:
    return f"{', '.join(sorted(route.methods or ()))} {route.path}"


def describe(document: dict[str, Any], declared: Mapping[tuple[str, str], Access]) -> None:
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
            access = declared[method.upper(), path]
            if access.is_page and "text/html" in operation["responses"].get("200", {}).get("content", {}):
                operation["responses"]["303"] = {"description": "A browser that is not signed in is led to `/sign-in`."}
            operation["security"] = []
            if access.need != "public":
                scopes = [] if access.need == "any" else [access.need]
                operation["security"] = [{}, {"key": scopes}, {"session": scopes}]
            _add_refusals(operation, method, access.need)


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
