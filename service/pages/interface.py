"""``/docs``: every call of the interface with a form to try it, made here so that it needs no network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from service.access.route_access import PUBLIC
from service.api.problems import responses
from service.pages.frame import page, page_router

router = page_router(in_schema=True)
_FORM = "multipart/form-data"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class OperationParameter:
    """One value that a call takes."""

    name: str
    place: str
    """``path``, ``query``, ``header``, ``file`` or ``part``."""
    is_required: bool
    several: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One call, with what its form needs."""

    method: str
    path: str
    summary: str
    description: str
    parts: tuple[OperationParameter, ...]
    takes_json: bool
    """Whether its body is JSON alone; a form with files has parts."""


@router.get("/docs", dependencies=[Depends(PUBLIC)], summary="The interface, for people", responses=responses())
def docs_page(request: Request) -> HTMLResponse:
    """Every call in one table, with a form to try it on this server."""
    description: dict[str, Any] = request.app.openapi()
    return page("docs.html", request=request, calls=list(calls(description)), server=str(request.base_url).rstrip("/"))


def calls(description: dict[str, Any]) -> Iterator[Operation]:
    """The calls of an OpenAPI document, in its order."""
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            parameters = [
                OperationParameter(item["name"], item["in"], bool(item.get("required")))
                for item in operation.get("parameters", ())
            ]
            yield Operation(
                method.upper(),
                path,
                operation["summary"],
                operation.get("description", ""),
                (*parameters, *_of_form(content.get(_FORM, {}).get("schema", {}))),
                _JSON in content and _FORM not in content,
            )


def _of_form(schema: dict[str, Any]) -> Iterator[OperationParameter]:
    needed = schema.get("required", ())
    for name, item in schema.get("properties", {}).items():
        place = "file" if item.get("items", item).get("format") == "binary" else "part"
        yield OperationParameter(name, place, name in needed, item.get("type") == "array")
