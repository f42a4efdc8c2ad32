"""``/problems``: what a problem's ``type`` leads to, as JSON for programs and as a page for people."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from service.access.route_access import PUBLIC
from service.api.problems import ProblemType, ProblemTypes, describe, problem_types, responses
from service.errors import UnknownProblem
from service.pages.frame import page
from service.web.negotiation import preferred

_PAGE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}

router = APIRouter(tags=["problems"])


@router.get(
    "/problems",
    dependencies=[Depends(PUBLIC)],
    summary="List the kinds of problems",
    response_model=ProblemTypes,
    responses=_PAGE | responses(),
)
def list_problems(request: Request) -> ProblemTypes | Response:
    """Every ``code`` with its status and what to do about it; a page for browsers."""
    known = problem_types()
    return page("problem_types.html", request=request, kinds=known.problems) if _for_people(request) else known


@router.get(
    "/problems/{code}",
    dependencies=[Depends(PUBLIC)],
    summary="Describe a kind of problem",
    response_model=ProblemType,
    responses=_PAGE | responses(UnknownProblem),
)
def get_problem(request: Request, code: str) -> ProblemType | Response:
    """Description of a problem's ``type``; a page for browsers."""
    kind = describe(code)
    return page("problem_type.html", request=request, kind=kind) if _for_people(request) else kind


def _for_people(request: Request) -> bool:
    return preferred(request.headers.get("accept"), ("application/json", "text/html")) == "text/html"
