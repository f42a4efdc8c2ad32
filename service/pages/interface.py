"""``/docs``: every call of the interface in one table, made here so that it needs no network."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from service.access.route_access import PUBLIC
from service.api.problems import responses
from service.pages.frame import page, page_router

router = page_router(in_schema=True)


@router.get("/docs", dependencies=[Depends(PUBLIC)], summary="The interface, for people", responses=responses())
def docs_page(request: Request) -> HTMLResponse:
    """Every call in one table."""
    description: dict[str, Any] = request.app.openapi()
    return page("docs.html", request=request, paths=description["paths"])
