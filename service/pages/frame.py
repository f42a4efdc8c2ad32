"""The common frame of all pages: head, navigation, notice, and the policy that lets only own files run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fitting.analysis import NOTICE
from fitting.errors import FittingError
from service.errors import NotFound, ServiceProblem
from service.pages.markup import code
from service.pages.static_files import address
from service.problem_documents import from_schema_errors, problem_of
from service.reports import numbers, values
from service.reports.icons import icon
from service.reports.texts import text, text_or

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_SESSION = "mrsquant_session"
"""Session cookie; the frame only checks whether it exists."""


class _PageRoute(APIRoute):
    """Answers refusals as pages: people read no problem documents."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, with refusals turned into pages."""
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await answer(request)
            except (ServiceProblem, FittingError) as error:
                return refusal(request, error)
            except RequestValidationError as error:
                if any(item["loc"][0] == "path" for item in error.errors()):
                    return refusal(request, NotFound(room("nowhere")))
                return refusal(request, from_schema_errors(error.errors()))

        return handler


def page_router(*, in_schema: bool = False) -> APIRouter:
    """A router of pages; most of them are no part of the interface for programs."""
    return APIRouter(
        tags=["pages"], default_response_class=HTMLResponse, include_in_schema=in_schema, route_class=_PageRoute
    )


def refusal(request: Request, error: ServiceProblem | FittingError) -> HTMLResponse:
    """A refusal as a page."""
    problem = problem_of(error, request.state.request_id)
    answer = page("problem.html", status_code=problem.status, request=request, problem=problem)
    if isinstance(error, ServiceProblem):
        answer.headers.update(error.headers or {})
    return answer


def page(template: str, status_code: int = 200, *, request: Request | None = None, **content: object) -> HTMLResponse:
    """A page in the common frame; with ``request`` its navigation knows where it is and whether one is signed in."""
    here = "" if request is None else request.url.path
    signed_in = request is not None and _SESSION in request.cookies
    html = environment().get_template(template).render(here=here, signed_in=signed_in, **content)
    return HTMLResponse(html, status_code, headers={"Content-Security-Policy": _POLICY})


@cache
def environment() -> Environment:
    """Templates with what each of them may use."""
    made = Environment(
        loader=PackageLoader("service.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(notice=NOTICE, t=text, tr=room, t_or=_text_or_none, icon=_icon, static=address)
    made.globals.update(with_sd=numbers.with_sd, studies_of=values.studies, inferred=values.inferred)
    made.filters |= {
        "code": code,
        "plain": numbers.plain,
        "plain3": numbers.significant,
        "sd": lambda value: numbers.significant(value, 2),
        "plain1": lambda value: numbers.plain(value, 2),
    }
    return made


def room(key: str, **values: object) -> str:
    """The text of the reading room at a key of the catalogue."""
    return text(f"room.{key}", **values)


def _text_or_none(key: str) -> str:
    return text_or(key, "")


def _icon(name: str) -> Markup:
    return Markup(icon(name))  # noqa: S704 (our own markup)
