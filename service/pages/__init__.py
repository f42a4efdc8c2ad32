"""The reading room: pages for people, made on the server; complete without a script and usable by keyboard."""

from __future__ import annotations

from fastapi import APIRouter

from service.pages import (
    analysis,
    analysis_list,
    cohorts,
    comparison,
    documentation,
    example_analysis,
    export,
    interface,
    norms,
    problem_types,
    sign_in,
    sites,
    static_files,
    subject,
    upload,
)

_PAGES = (
    analysis_list,
    upload,
    analysis,
    comparison,
    example_analysis,
    export,
    subject,
    norms,
    sites,
    cohorts,
    interface,
    documentation,
    problem_types,
    static_files,
    sign_in,
)

router = APIRouter()
for _page in _PAGES:
    router.include_router(_page.router)
