"""Pages for people: recent analyses with their reports, and the addresses of the interface."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from fitting.analysis import NOTICE
from service.api.dependencies import Repository
from service.api.problems import responses
from service.storage.repositories import Filters

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

_TEMPLATES = Environment(loader=PackageLoader("service.api"), autoescape=True, undefined=StrictUndefined)


@router.get("/", summary="Recent analyses", responses=responses())
def start_page(repository: Repository) -> HTMLResponse:
    """The newest analyses with links to their reports."""
    rows = repository.page(Filters(), None, 50).rows
    return page("start.html", rows=rows)


@router.get("/docs", summary="The interface, for people", responses=responses())
def docs_page(request: Request) -> HTMLResponse:
    """Every call in one table; made here, so that it needs no network."""
    description: dict[str, Any] = request.app.openapi()
    return page("docs.html", paths=description["paths"])


def page(template: str, status_code: int = 200, **content: object) -> HTMLResponse:
    """A page in the common frame."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(notice=NOTICE, **content), status_code)
